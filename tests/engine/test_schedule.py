"""The scheduler: whatever arrives, leaves or runs short, every answer is the one it would be alone.

A step is tried whole, on a runner that only counts: so here are `core.py` (`step`, `score`, what is refused), `groups.py` (windows, pools
that run out), `batch.py` (what a call is given, packed) and `fairness.py` (shares, priority, ageing), too. `blocks.py` and `sample.py`
have files of their own; `test_oracle.py` holds all of it, on a model, against the answer given alone; `wire.py`, `worker.py` and `local.py`
are in `test_local.py`.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alize.engine.base import Image, Request, SamplingParams, Sight
from alize.engine.core import Core
from alize.engine.runners.fake import FakeRunner
from alize.engine.schedule import Limits
from alize.errors import Conflict, InvalidRequest, PromptTooLong, QueueFull, UnsupportedParameter


def core(
    blocks: int = 64, limits: Limits | None = None, window: int | None = None, full: bool = True, states: bool = False, slots: int = 8
) -> Core:
    runner = FakeRunner(window=window, full=full, states=states, sight=Sight(side=1, most=4))
    sizes = {group.name: slots if group.kind == "recurrent" else blocks for group in runner.info.groups}
    return Core(runner, limits or Limits(), sizes)


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


def test_a_shared_prompt_is_computed_once() -> None:
    engine = core()
    prompt = tuple(range(50))
    for index in range(8):
        engine.add(Request(str(index), (*prompt, index), max_tokens=3))
    drain(engine)
    assert engine.stats().cached_tokens == 7 * 48
    assert engine.runner.tokens == 51 + 7 * 3 + 8 * 2  # type: ignore[attr-defined]


def test_prefixes_are_not_shared_between_salts() -> None:
    engine = core()
    for salt in ("tenant-a", "tenant-b"):
        engine.add(Request(salt, tuple(range(50)), max_tokens=1, salt=salt))
        drain(engine)
    assert engine.stats().cached_tokens == 0


def test_several_decode_steps_take_one_call() -> None:
    runner = FakeRunner()
    engine = Core(runner, Limits(decode_steps=8), {"full": 64})
    engine.add(Request("a", (1, 2, 3), max_tokens=17))
    drain(engine)
    assert runner.calls == 1 + 2


def test_tenants_share_the_machine_evenly() -> None:
    engine = core(limits=Limits(max_running=2, prefix_cache=False))
    order: list[str] = []
    for index in range(6):
        engine.add(Request(f"busy-{index}", (1, index), max_tokens=4, tenant="busy"))
    for index in range(2):
        engine.add(Request(f"quiet-{index}", (2, index), max_tokens=4, tenant="quiet"))
    while engine.busy:
        order += [step.request_id for step in engine.step() if step.finish]
    assert [name for name in order[:4] if name.startswith("quiet")] == ["quiet-0", "quiet-1"]


def test_what_a_preemption_computes_again_is_not_charged_again() -> None:
    def charged(blocks: int) -> tuple[dict[str, int], int]:
        engine = core(blocks, Limits(prefix_cache=False))
        for name in ("a", "b"):
            engine.add(Request(name, (1,) * 40, max_tokens=60, tenant=name))
        drain(engine)
        return engine.scheduler.waiting.used, engine.stats().preemptions

    roomy, none = charged(64)
    tight, some = charged(9)
    assert (none, some > 0) == (0, True)
    assert tight == roomy == {"a": 40 + 2 * 60, "b": 40 + 2 * 60}


def test_higher_priority_goes_first_and_waiting_raises_it() -> None:
    engine = core(limits=Limits(max_running=1, prefix_cache=False))
    engine.add(Request("running", (1,), max_tokens=1))
    engine.add(Request("low", (1,), max_tokens=1))
    engine.add(Request("high", (1,), max_tokens=1, priority=1))
    order: list[str] = []
    while engine.busy:
        order += [step.request_id for step in engine.step() if step.finish]
    assert order == ["high", "running", "low"]


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


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"tokens": ()}, InvalidRequest),
        ({"tokens": (64,)}, InvalidRequest),
        ({"tokens": (-1,)}, InvalidRequest),
        ({"tokens": (1,) * 512}, PromptTooLong),
        ({"max_tokens": 0}, InvalidRequest),
        ({"grammar": "{}"}, UnsupportedParameter),
        ({"adapter": "mine"}, UnsupportedParameter),
    ],
)
def test_what_cannot_be_run_is_refused(change: dict[str, object], error: type[Exception]) -> None:
    engine = core()
    with pytest.raises(error):
        engine.add(replace(Request("a", (1,), max_tokens=1), **change))
    assert not engine.busy


def test_a_full_queue_and_a_used_id_are_refused() -> None:
    engine = core(limits=Limits(max_running=1, max_waiting=1))
    for name in "ab":
        engine.add(Request(name, (1,), max_tokens=1))
    with pytest.raises(QueueFull, match="2 requests came before"):
        engine.add(Request("c", (1,), max_tokens=1))
    with pytest.raises(Conflict):
        engine.add(Request("a", (1,), max_tokens=1))


def test_without_a_queue_what_can_run_is_still_accepted() -> None:
    engine = core(limits=Limits(max_running=2, max_waiting=0))
    for name in "ab":
        engine.add(Request(name, (1,), max_tokens=1))
    with pytest.raises(QueueFull):
        engine.add(Request("c", (1,), max_tokens=1))
    assert set(drain(engine)) == {"a", "b"}


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


def test_scoring_gives_back_what_lies_behind_the_window() -> None:
    engine = Core(FakeRunner(window=20), Limits(step_tokens=16), {"full": 32, "sliding": 4})
    assert len(engine.score([1] * 200)) == 199
    assert engine.stats().blocks_used == 0


@pytest.mark.parametrize("layers", [{"states": True}, {"states": True, "full": False}])
@pytest.mark.parametrize("steps", [1, 4])
def test_a_state_that_moved_in_a_step_that_raised_is_not_moved_again(layers: dict[str, bool], steps: int) -> None:
    class Interrupted(FakeRunner):
        def run(self, batch, sampling, max_steps=1):  # type: ignore[no-untyped-def]
            output = super().run(batch, sampling, max_steps)
            if self.calls in (3, 9):
                raise KeyboardInterrupt
            return output

    runner = Interrupted(**layers)
    engine = Core(runner, Limits(step_tokens=16, decode_steps=steps), {group.name: 40 for group in runner.info.groups})
    asked = [Request(name, tuple(range(30)), max_tokens=9) for name in ("first", "second")]
    for request in asked:
        engine.add(request)
    answers: dict[str, list[int]] = {}
    raised = 0
    while engine.busy:
        try:
            for step in engine.step():
                answers.setdefault(step.request_id, []).extend(step.tokens)
        except KeyboardInterrupt:
            raised += 1
        engine.check()
    assert raised == 2
    assert answers == {request.id: alone(request, **layers) for request in asked}


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


def test_no_prefix_is_shared_where_layers_keep_a_state() -> None:
    engine = core(states=True)
    for name in "ab":
        engine.add(Request(name, tuple(range(50)), max_tokens=3))
        drain(engine)
    assert engine.stats().cached_tokens == 0
    assert engine.runner.tokens == 2 * (50 + 2)  # type: ignore[attr-defined]


def test_scoring_takes_a_slot_and_running_work_gives_way() -> None:
    engine = core(full=False, states=True, slots=2, limits=Limits(step_tokens=16))
    asked = [Request(str(index), (index,) * 40, max_tokens=30) for index in range(2)]
    for request in asked:
        engine.add(request)
    answers: dict[str, list[int]] = {}
    for _ in range(8):
        for step in engine.step():
            answers.setdefault(step.request_id, []).extend(step.tokens)
    tokens = [index % 7 for index in range(100)]
    assert engine.score(tokens) == core(full=False, states=True).score(tokens)
    engine.check()
    assert drain(engine, answers) == {request.id: alone(request, full=False, states=True) for request in asked}
    assert engine.stats().preemptions == 1


@pytest.mark.parametrize("gone", ["first", "second", None])
def test_an_interrupted_step_leaves_nothing_behind_that_was_not_computed(gone: str | None) -> None:
    class Interrupted(FakeRunner):
        def run(self, batch, sampling, max_steps=1):  # type: ignore[no-untyped-def]
            if interrupt:
                raise KeyboardInterrupt
            return super().run(batch, sampling, max_steps)

    interrupt = True
    engine = Core(Interrupted(), Limits(), {"full": 64})
    asked = [Request(name, tuple(range(40)), max_tokens=5) for name in ("first", "second", "third")]
    for request in asked[:2]:
        engine.add(request)
    with pytest.raises(KeyboardInterrupt):
        engine.step()
    interrupt = False
    if gone:
        engine.abort(gone)
    engine.add(asked[2])
    given = drain(engine)
    assert given == {request.id: alone(request) for request in asked if request.id != gone}


def test_a_stop_token_that_the_model_does_not_have_is_never_drawn() -> None:
    engine = core()
    engine.add(Request("a", (1, 2), max_tokens=5, stop_ids=frozenset({9999}), min_tokens=3))
    assert len(drain(engine)["a"]) == 5


def test_scoring_uses_scratch_blocks_and_running_work_gives_way() -> None:
    engine = core(blocks=8)
    for index in range(2):
        engine.add(Request(str(index), (index,) * 40, max_tokens=30))
    engine.step()
    assert len(engine.score([1] * 100)) == 99
    engine.check()
    assert {name: len(tokens) for name, tokens in drain(engine).items()} == {"0": 29, "1": 29}
    assert engine.stats().preemptions > 0


@pytest.mark.parametrize("window", [None, 20])
def test_scoring_in_pieces_beside_answers_changes_neither(window: int | None) -> None:
    engine = core(16, Limits(step_tokens=16), window)
    asked = [Request(str(index), (index,) * 40, max_tokens=90) for index in range(3)]
    for request in asked:
        engine.add(request)
    tokens = [index % 7 for index in range(200)]
    job, answers, scores = engine.scoring(tokens), dict[str, list[int]](), list[float]()
    while not scores:
        for step in engine.step():
            answers.setdefault(step.request_id, []).extend(step.tokens)
        try:
            next(job)
        except StopIteration as end:
            scores = end.value
    assert scores == core(64, window=window).score(tokens)
    assert drain(engine, answers) == {request.id: alone(request, window) for request in asked}
    assert engine.stats().preemptions > 0


def test_scoring_that_is_given_up_frees_its_blocks() -> None:
    engine = core(limits=Limits(step_tokens=16))
    job = engine.scoring([1] * 100)
    next(job)
    assert engine.stats().blocks_used == 1
    job.close()
    assert engine.stats().blocks_used == 0


def test_images_that_cannot_be_seen_are_refused_by_what_is_wrong_with_them() -> None:
    engine = core(limits=Limits(media_bytes=200))
    tokens = tuple(range(20))
    for image, wrong in (
        (picture(0, 5, 1, 0), "5 rows"),  # taller than 4
        (picture(0, 1, 5, 0), "5 columns"),
        (replace(picture(0, 1, 1, 0), rows=0), "0 rows"),
        (replace(picture(0, 2, 2, 0), data=b"too few"), "7 bytes"),
        (picture(0, 4, 4, 1), r"1 … 20"),  # one token more than there are
        (picture(0, 1, 1, -1), r"-1 … 0"),
    ):
        with pytest.raises(InvalidRequest, match=wrong):
            engine.add(Request("a", tokens, max_tokens=1, images=(image,)))
    with pytest.raises(InvalidRequest, match="alone"):
        engine.add(Request("a", tokens, max_tokens=1, images=(picture(0, 2, 2, 0), picture(0, 2, 2, 5))))
    with pytest.raises(InvalidRequest, match="288 bytes; 200"):  # however long it waits
        engine.add(Request("a", tuple(range(40)), max_tokens=1, images=(picture(0, 4, 3, 0), picture(0, 4, 3, 20))))
    engine.add(Request("a", tokens, max_tokens=1, images=(picture(0, 4, 3, 0),)))
    with pytest.raises(QueueFull, match="images"):
        engine.add(Request("b", tokens, max_tokens=1, images=(picture(0, 4, 3, 0),)))
    blind = Core(FakeRunner(), Limits(), {"full": 8}, "blind")
    with pytest.raises(UnsupportedParameter, match="blind takes no images"):
        blind.add(Request("a", tokens, max_tokens=1, images=(picture(0, 1, 1, 0),)))


def test_a_prefix_is_shared_where_its_images_are_the_same_and_only_there() -> None:
    engine = core()
    tokens = tuple([1] * 50)

    def cached(*images: Image) -> int:
        engine.add(Request("a", tokens, max_tokens=1, images=images))
        gained = [step for _ in range(3) for step in engine.step()]  # up to the image, the image's encoding, the rest
        assert not engine.busy
        return sum(step.cached_tokens for step in gained)

    assert cached(picture(0, 4, 4, 20)) == 0
    assert cached(picture(0, 4, 4, 20)) == 48
    assert cached(picture(1, 4, 4, 20)) == 16  # up to the block in which another image begins
    assert cached(picture(0, 4, 4, 21)) == 16
    assert cached(picture(0, 2, 4, 20)) == 16
    assert cached() == 16
