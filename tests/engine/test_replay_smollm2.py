"""The real model on the native core: what is answered in a crowd, comes again alone on each other."""

from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from alize.engine.base import Request, SamplingParams
from alize.engine.build import EngineConfig, build_core
from alize.engine.core import Core
from alize.engine.grammar import Grammar
from alize.engine.record import ReplayRecord
from alize.engine.runners.native.library import native_kernels
from alize.engine.schedule import Limits
from alize.tokenize import tokenizer_at
from tests.adapters import write_peft
from tests.engine.native.kernels import NAMES
from tests.engine.test_replay import again, made
from tests.engine.test_speculation import ticking

pytestmark = [pytest.mark.slow, pytest.mark.skipif(native_kernels() is None, reason="the native core was not built")]

SCHEMA = '{"type": "object", "properties": {"wind": {"type": "string", "maxLength": 20}}, "required": ["wind"]}'
ALIKE = "You answer in one sentence, and name the sea wherever you can. " * 6
QUESTIONS = ("Name three winds.", "What is the capital of France?", "Write: the sea, the sea, the sea, the sea.", "Tell a story.")


@pytest.fixture(scope="module")
def opened(smollm2: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Core]:
    adapter = write_peft(tmp_path_factory.mktemp("adapter") / "own", 30, {"q": (576, 576), "v": (192, 576)}, seed=1, rank=8, size=0.1)

    def open(threads: int, kernels: str, limits: Limits) -> Core:
        own = {"own": str(adapter)}
        given = EngineConfig(str(smollm2), "smollm2", "ab" * 32, "native", threads=threads, cache_bytes=5 << 20, kernels=kernels)
        return build_core(replace(given, limits=limits, adapters=own), clock=ticking())

    return open


@pytest.fixture(scope="module")
def records(opened: Callable[..., Core], smollm2: Path) -> list[ReplayRecord]:
    words = tokenizer_at(smollm2)
    asked: list[Request] = []
    for number in range(16):
        talk = [{"role": "system", "content": ALIKE}] * (number % 2) + [{"role": "user", "content": QUESTIONS[number // 4]}]
        sampling = SamplingParams(temperature=0.9 * (number % 3 > 0), top_p=0.95, seed=number, repetition_penalty=1.0 + 0.1 * (number % 2))
        grammar = Grammar("json", SCHEMA) if number % 5 == 1 else None
        adapter = "own" if number % 5 == 2 else None
        request = Request(str(number), tuple(words.template(talk)), 24, sampling, words.stop_ids, grammar=grammar, adapter=adapter)
        asked.append(replace(request, tenant="ab"[number % 2], priority=-(number % 3 == 2), predicted=request.tokens))
    with closing(opened(0, "auto", Limits(max_context=512, step_tokens=64, max_running=8))) as busy:
        found = list(made(busy, asked).values())
        stats = busy.stats()
        happened = (stats.cached_tokens, stats.guessed_tokens, stats.accepted_tokens, stats.preemptions)
        assert min(happened) > 0, "what might change an answer happened"
    assert len(found) == len(asked)
    return found


@pytest.mark.parametrize("kernels", [name for name in NAMES if name != "portable"] or NAMES)  # that takes minutes, and has tests enough
def test_what_the_real_model_answered_in_a_crowd_comes_again_alone_on_other_kernels_and_one_thread(
    opened: Callable[..., Core], records: list[ReplayRecord], kernels: str
) -> None:
    with closing(opened(1, kernels, Limits(max_context=512, speculation=False, prefix_cache=False))) as calm:
        for record in records:
            found = again(calm, record)
            assert found.identical, found.difference
            assert {each.what for each in found.changed} <= {"runner"}
