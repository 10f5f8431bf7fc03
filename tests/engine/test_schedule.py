"""The scheduler: whatever arrives, leaves or runs short, every answer is the one it would be alone.

A step is tried whole, on a runner that only counts: so here are `core.py` (`step`), `groups.py` (windows, pools that run out) and
`batch.py` (what a call is given, packed), too; beside it are files for what is shared, refused, scored or interrupted, for `fairness.py`
and for `pace.py`. `blocks.py` and `sample.py` have files of their own; `test_oracle.py` holds all of it, on a model, against the answer
given alone; `wire.py`, `worker.py` and `local.py` are in `test_local.py`.
"""

from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alize.engine.base import Image, Request, SamplingParams
from alize.engine.core import Core
from alize.engine.runners.fake import FakeRunner
from alize.engine.schedule import Limits
from tests.engine.engines import alone, core, drain, picture


@st.composite
def pictures(draw: st.DrawFn, length: int) -> tuple[Image, ...]:
    """A few images of two colours, wherever in a prompt there is room."""
    found: list[Image] = []
    for _ in range(draw(st.integers(0, 2))):
        free = found[-1].start + found[-1].length if found else 0
        image = picture(draw(st.integers(0, 1)), draw(st.integers(1, 4)), draw(st.sampled_from([1, 4])), free + draw(st.integers(0, 20)))
        if image.start + image.length <= length:
            found.append(image)
    return tuple(found)


PROMPTS = st.tuples(st.integers(0, 50), st.lists(st.integers(0, 5), min_size=1, max_size=40)).map(lambda p: tuple([1] * p[0] + p[1]))


@st.composite
def requests(draw: st.DrawFn) -> list[Request]:
    """Prompts that often begin alike, but for the images in them, greedy or sampled, of two tenants and priorities."""
    prompts = [draw(PROMPTS) for _ in range(draw(st.integers(1, 10)))]
    return [
        Request(
            id=str(index),
            tokens=tokens,
            images=draw(pictures(len(tokens))),
            max_tokens=draw(st.integers(1, 40)),
            sampling=SamplingParams(
                temperature=draw(st.sampled_from([0.0, 1.0])),
                seed=draw(st.integers(0, 3)),
                frequency_penalty=draw(st.sampled_from([0.0, 3.0])),
            ),
            min_tokens=draw(st.integers(0, 6)),
            stop_ids=frozenset(draw(st.sets(st.integers(0, 63), max_size=2))),
            tenant=draw(st.sampled_from(["a", "b"])),
            priority=draw(st.integers(0, 1)),
            salt=draw(st.sampled_from(["", "x"])),
        )
        for index, tokens in enumerate(prompts)
    ]


@st.composite
def limits(draw: st.DrawFn) -> Limits:
    return Limits(
        step_tokens=draw(st.sampled_from([16, 40, 512])),
        max_running=draw(st.integers(1, 8)),
        decode_steps=draw(st.sampled_from([1, 5])),
        prefix_cache=draw(st.booleans()),
        encode_tokens=draw(st.sampled_from([1, 7, 32])),
    )


LAYERS: list[dict[str, Any]] = [
    {},
    {"window": 20},
    {"states": True},
    {"states": True, "window": 20},
    {"states": True, "full": False},
]
ARRIVALS = given(requests(), limits(), st.integers(9, 30), st.integers(1, 8), st.sampled_from(LAYERS), st.data())


@settings(max_examples=60)
@ARRIVALS
def test_every_answer_is_the_one_given_alone(
    work: list[Request], bounds: Limits, blocks: int, slots: int, layers: dict[str, Any], data: st.DataObject
) -> None:
    answers_are_those_given_alone(work, bounds, blocks, slots, layers, data)


@pytest.mark.slow
@settings(max_examples=800)
@ARRIVALS
def test_every_answer_of_many_is_the_one_given_alone(
    work: list[Request], bounds: Limits, blocks: int, slots: int, layers: dict[str, Any], data: st.DataObject
) -> None:
    answers_are_those_given_alone(work, bounds, blocks, slots, layers, data)


def answers_are_those_given_alone(
    work: list[Request], bounds: Limits, blocks: int, slots: int, layers: dict[str, Any], data: st.DataObject
) -> None:
    engine = core(blocks, bounds, slots=slots, **layers)
    answers: dict[str, list[int]] = {}
    gone: set[str] = set()
    for request in work:
        engine.add(request)
        for _ in range(data.draw(st.integers(0, 4))):
            for step in engine.step():
                answers.setdefault(step.request_id, []).extend(step.tokens)
            engine.check()
        if data.draw(st.booleans()) and data.draw(st.booleans()):
            engine.abort(request.id)
            gone.add(request.id)
    drain(engine, answers)
    for request in work:
        expected = alone(request, **layers)
        got = answers.get(request.id, [])
        assert got == expected or (request.id in gone and got == expected[: len(got)])
    assert engine.stats().blocks_used == 0
    assert engine.stats().running == engine.stats().waiting == 0
    assert isinstance(engine.runner, FakeRunner)
    assert engine.runner.half is None
    assert max(engine.runner.pieces, default=0) <= bounds.encode_tokens


@dataclass
class Watched(FakeRunner):
    """Notes how many tokens each call was given."""

    def __post_init__(self) -> None:
        super().__init__()
        self.sizes: list[list[int]] = []

    def run(self, batch, sampling, max_steps=1):  # type: ignore[no-untyped-def]
        self.sizes.append(batch.lengths.tolist())
        return super().run(batch, sampling, max_steps)


def test_a_long_prompt_runs_beside_decodes_within_the_budget() -> None:
    runner = Watched()
    engine = Core(runner, Limits(step_tokens=32, prefix_cache=False), {"full": 64})
    engine.add(Request("short", (1, 2, 3), max_tokens=30))
    engine.step()
    engine.add(Request("long", tuple(range(60)) * 2, max_tokens=2))
    drain(engine)
    assert max(map(sum, runner.sizes)) <= 32
    assert runner.sizes[1:5] == [[1, 31], [1, 31], [1, 31], [1, 27]]


def test_several_decode_steps_take_one_call() -> None:
    runner = FakeRunner()
    engine = Core(runner, Limits(decode_steps=8), {"full": 64})
    engine.add(Request("a", (1, 2, 3), max_tokens=17))
    drain(engine)
    assert runner.calls == 1 + 2


def test_a_paused_engine_finishes_what_began_and_admits_nothing() -> None:
    engine = core()
    engine.add(Request("began", (1, 2), max_tokens=5))
    engine.step()
    engine.paused = True
    engine.add(Request("waits", (1, 2), max_tokens=5))
    assert set(drain(engine)) == {"began"}
    assert engine.settled
    engine.paused = False
    assert set(drain(engine)) == {"waits"}


def test_a_context_longer_than_the_cache_is_not_offered() -> None:
    engine = core(blocks=4)
    assert engine.info.max_context == 64
    engine.add(Request("a", (1,) * 60, max_tokens=100))
    assert len(drain(engine)["a"]) == 4


@pytest.mark.parametrize("blocks", [4, 11, 12])
def test_a_window_wider_than_its_pool_is_not_offered(blocks: int) -> None:
    """99 positions still seen and 64 new ones touch 12 blocks at most."""
    engine = Core(FakeRunner(window=100), Limits(step_tokens=64), {"full": 64, "sliding": blocks})
    assert engine.info.max_context == (512 if blocks == 12 else blocks * 16)
    engine.add(Request("a", (1,) * (engine.info.max_context - 8), max_tokens=100))
    for _ in range(50):
        engine.step()
    assert not engine.busy


def test_one_slot_holds_any_length_and_answers_wait_for_it() -> None:
    engine = core(full=False, states=True, slots=1)
    assert engine.info.max_context == 512
    asked = [Request(str(index), (index,) * 30, max_tokens=400) for index in range(3)]
    for request in asked:
        engine.add(request)
    answers: dict[str, list[int]] = {}
    for step in engine.step():
        answers[step.request_id] = list(step.tokens)
    assert (engine.stats().running, engine.stats().waiting, engine.stats().blocks_used) == (1, 2, 1)
    assert drain(engine, answers) == {request.id: alone(request, full=False, states=True) for request in asked}
    assert engine.stats().preemptions == 0


def test_a_stop_token_that_the_model_does_not_have_is_never_drawn() -> None:
    engine = core()
    engine.add(Request("a", (1, 2), max_tokens=5, stop_ids=frozenset({9999}), min_tokens=3))
    assert len(drain(engine)["a"]) == 5
