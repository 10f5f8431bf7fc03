"""Guesses computed by the native core leave every answer as it is: on every family of kernels, with windows, experts and both caches."""

from contextlib import ExitStack, closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from alize.engine.base import Request, SamplingParams
from alize.engine.core import Core
from alize.engine.drafting import Drafter
from alize.engine.runners.native.runner import CacheNumbers
from alize.engine.schedule import Limits
from tests.engine.engines import drain
from tests.engine.native.files import Experts, write_gguf
from tests.engine.native.kernels import NAMES
from tests.engine.native.test_runner import native, prompt

SAMPLED = (SamplingParams(), SamplingParams(temperature=0.8, top_p=0.9, seed=7), SamplingParams(repetition_penalty=1.3))


def ticking() -> Any:
    """A clock by which every step takes as long: guesses always pay."""
    return iter(range(10**9)).__next__


def answers(
    path: Path,
    requests: list[Request],
    kernels: str,
    cache: CacheNumbers,
    *,
    speculation: bool,
    blocks: int = 64,
    draft: Path | None = None,
) -> tuple[dict[str, list[int]], int]:
    with ExitStack() as held:
        runner = held.enter_context(closing(native(path, kernels=kernels, cache=cache)))
        drafter = None
        if draft is not None:
            small = held.enter_context(closing(native(draft, kernels=kernels, cache=cache)))
            drafter = Drafter(small, {group.name: 160 for group in small.info.groups}, runner.info.vocab_size, 512, lambda: 0.0)
        sizes = {group.name: blocks for group in runner.info.groups}
        engine = Core(runner, Limits(speculation=speculation), sizes, clock=ticking(), drafter=drafter)
        for request in requests:
            engine.add(request)
        found = drain(engine)
        return found, engine.stats().accepted_tokens


@pytest.mark.parametrize("kernels", NAMES)
@pytest.mark.parametrize(
    ("window", "experts", "cache"), [(0, None, "int8"), (40, None, "bfloat16"), (40, None, "int8"), (0, Experts(), "int8")]
)
def test_answers_are_those_without(tmp_path: Path, kernels: str, window: int, experts: Experts | None, cache: CacheNumbers) -> None:
    path = write_gguf(tmp_path / "tiny.gguf", "Q4_1", window=window, experts=experts)
    requests = [
        Request(str(number), tuple(prompt(30 + number, number)), 60, sampling, min_tokens=10, stop_ids=frozenset({3}))
        for number, sampling in enumerate(SAMPLED)
    ]
    plain, none = answers(path, requests, kernels, cache, speculation=False)
    predicted = [replace(request, predicted=tuple(plain[request.id][:40] + plain[request.id][42:])) for request in requests]
    guessed, accepted = answers(path, predicted, kernels, cache, speculation=True)
    assert guessed == plain
    assert (none, accepted > 30) == (0, True)


@pytest.mark.parametrize("same", [True, False])
@pytest.mark.parametrize(("window", "cache"), [(0, "int8"), (40, "int8"), (40, "bfloat16")])
@pytest.mark.parametrize(("streams", "blocks"), [(1, 64), (8, 160), (16, 64)])
def test_a_draft_model_changes_no_answer_and_one_that_is_the_same_is_always_right(
    tmp_path: Path, window: int, cache: CacheNumbers, same: bool, streams: int, blocks: int
) -> None:
    """With 64 blocks for sixteen, sequences are preempted. The other model has as many words, and says others."""
    path = write_gguf(tmp_path / "tiny.gguf", "Q4_1", window=window)
    other = path if same else write_gguf(tmp_path / "other.gguf", "Q8_0", normed=True)
    requests = [
        Request(str(number), tuple(prompt(30 + number, number)), 50, SAMPLED[0 if same else number % 3], tenant=str(number % 2))
        for number in range(streams)
    ]
    plain, _ = answers(path, requests, "", cache, speculation=False, blocks=blocks)
    drafted, accepted = answers(path, requests, "", cache, speculation=True, blocks=blocks, draft=other)
    assert drafted == plain
    assert accepted > 20 * streams or not same


@pytest.mark.parametrize("streams", [1, 4])
def test_all_that_the_same_model_drafts_is_accepted(tmp_path: Path, streams: int) -> None:
    """Sequences of random weights repeat nothing by which the text itself would guess, mostly: what it guesses may be wrong."""
    path = write_gguf(tmp_path / "tiny.gguf", "Q8_0")
    with closing(native(path)) as runner, closing(native(path)) as small:
        drafter = Drafter(small, {"full": 64}, small.info.vocab_size, 512, lambda: 0.0)
        engine = Core(runner, Limits(), {"full": 64}, clock=ticking(), drafter=drafter)
        for number in range(streams):
            engine.add(Request(str(number), tuple(prompt(40, number)), 60))
        drain(engine)
        stats = engine.stats()
    assert stats.accepted_tokens >= 0.9 * stats.guessed_tokens > 0
    assert stats.steps < 20
