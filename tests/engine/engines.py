"""Engines on the runner that only counts, for the scheduler's tests. In: limits. Out: cores, and what they answer."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from alize.engine.base import Image, Request, Sight
from alize.engine.core import Core
from alize.engine.guide import Words
from alize.engine.runners.fake import FakeRunner
from alize.engine.schedule import Limits


def core(
    blocks: int = 64,
    limits: Limits | None = None,
    window: int | None = None,
    full: bool = True,
    states: bool = False,
    slots: int = 8,
    words: Callable[[], Words] | None = None,
    speculation: bool = False,
) -> Core:
    """Without guesses, unless they are wished for: whether one pays is a matter of time, and steps are counted here."""
    runner = FakeRunner(window=window, full=full, states=states, sight=Sight(side=1, most=4))
    sizes = {group.name: slots if group.kind == "recurrent" else blocks for group in runner.info.groups}
    return Core(runner, replace(limits or Limits(), speculation=speculation), sizes, words=words)


def drain(engine: Core, into: dict[str, list[int]] | None = None) -> dict[str, list[int]]:
    answers: dict[str, list[int]] = {} if into is None else into
    while engine.busy:
        for step in engine.step():
            answers.setdefault(step.request_id, []).extend(step.tokens)
        engine.check()
    return answers


def alone(request: Request, window: int | None = None, **layers: bool) -> list[int]:
    engine = core(limits=Limits(prefix_cache=False), window=window, **layers)
    engine.add(request)
    return drain(engine)[request.id]


def picture(colour: int, rows: int, columns: int, start: int) -> Image:
    return Image.of(np.full((3, rows, columns), colour, np.float32), 1, start)
