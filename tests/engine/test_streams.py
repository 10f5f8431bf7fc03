"""A sound that is still coming: the answer is that of the whole sound, whatever pieces it comes in and whatever shares the engine."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alize.engine.base import Hearing, Request, SamplingParams, Sound, Step
from alize.engine.core import Core
from alize.engine.fake import FakeEngine
from alize.engine.runners.fake import FakeRunner
from alize.engine.schedule import Limits
from alize.engine.sounds import written
from alize.errors import InvalidRequest, QueueFull

EAR = Hearing(bands=3, frames=2, piece=1, delay=4)
PROMPT = tuple(range(10))


def drawn(tokens: int, bands: int = 3, frames: int = 2, seed: int = 0) -> Any:
    return np.random.default_rng(seed).standard_normal((bands, tokens * frames)).astype(np.float32)


def core(blocks: int = 12, limits: Limits = Limits(), hearing: Hearing = EAR) -> Core:  # noqa: B008 - it is frozen
    return Core(FakeRunner(hearing=hearing), limits, {"full": blocks})


def begun(id: str, whole: Any, frames: int, heard: int, **more: Any) -> Request:
    """A request with the first `heard` tokens of a sound, of which all will come."""
    most = whole.shape[1] // frames
    sound = Sound.begun(whole[:, : heard * frames], frames, most, Sound.of(whole, frames, 0).key)
    return Request(id, PROMPT, max_tokens=most - len(PROMPT) + 1, sounds=(sound,), **more)


def pieces(whole: Any, frames: int, heard: int, cuts: list[int]) -> Iterator[tuple[bytes, bool]]:
    """What is left of a sound, in pieces of so many tokens; the last says so, and may be empty."""
    at, end = heard * frames, whole.shape[1]
    for cut in cuts:
        yield written(whole[:, at : at + cut * frames]), False
        at = min(end, at + cut * frames)
    yield written(whole[:, at:]), True


def told(engine: Core, steps: list[Step], given: dict[str, list[int]], ends: dict[str, str]) -> None:
    for step in steps:
        given.setdefault(step.request_id, []).extend(step.tokens)
        if step.finish:
            assert step.request_id not in ends
            ends[step.request_id] = step.finish


@given(
    st.lists(st.tuples(st.integers(10, 60), st.lists(st.integers(0, 9), max_size=12)), min_size=1, max_size=4),
    st.sampled_from([Limits(), Limits(step_tokens=4), Limits(prefix_cache=False), Limits(decode_steps=8)]),
    st.integers(9, 14),
    st.randoms(use_true_random=False),
)
@settings(deadline=None, max_examples=150)
def test_pieces_give_what_the_whole_gives(sounds: list[tuple[int, list[int]]], limits: Limits, blocks: int, random: Any) -> None:
    """Several at once, of unequal haste, in a cache too small for all of them."""
    alone: dict[str, list[int]] = {}
    for index, (tokens, _) in enumerate(sounds):
        whole, engine = Sound.of(drawn(tokens, seed=index), 2, 0), core()
        engine.add(Request(str(index), PROMPT, max_tokens=tokens - len(PROMPT) + 1, sounds=(whole,)))
        while engine.busy:
            told(engine, engine.step(), alone, {})
    engine = core(blocks, limits)
    left: dict[str, Iterator[tuple[bytes, bool]]] = {}
    given_, ends = dict[str, list[int]](), dict[str, str]()
    for index, (tokens, cuts) in enumerate(sounds):
        whole, heard = drawn(tokens, seed=index), random.randint(len(PROMPT), tokens)
        engine.add(begun(str(index), whole, 2, heard))
        left[str(index)] = pieces(whole, 2, heard, cuts)
    while left or engine.busy:
        if left and (not engine.busy or random.random() < 0.5):
            name = random.choice(sorted(left))
            data, last = next(left[name])
            told(engine, engine.hear(name, data, last=last), given_, ends)
            if last:
                del left[name]
        else:
            told(engine, engine.step(), given_, ends)
    assert given_ == alone
    assert ends == dict.fromkeys(alone, "length")
    engine.check()
    assert engine.stats().blocks_used == engine.stats().running == engine.stats().waiting == 0


def test_it_waits_for_sound_without_being_busy_and_lets_others_go_on() -> None:
    engine, whole = core(), drawn(20)
    engine.add(begun("a", whole, 2, 12))
    given_: dict[str, list[int]] = {}
    while engine.busy:
        told(engine, engine.step(), given_, {})
    assert len(given_["a"]) == 3  # one behind the prompt, one for each of two tokens of sound
    assert engine.step() == []
    assert not engine.settled
    engine.add(Request("b", PROMPT, max_tokens=5, sounds=(Sound.of(whole, 2, 0),)))
    ends: dict[str, str] = {}
    while engine.busy:
        told(engine, engine.step(), given_, ends)
    assert ends == {"b": "length"}
    engine.abort("a")
    assert engine.settled
    assert engine.stats().blocks_used == 0
    engine.check()


def test_an_answer_whose_sound_just_ends_ends_with_it() -> None:
    engine, whole = core(), drawn(20)
    engine.add(begun("a", whole, 2, 12))
    while engine.busy:
        engine.step()
    (last,) = engine.hear("a", b"", last=True)
    assert (last.finish, last.tokens, last.prompt_tokens) == ("length", (), 10)
    assert engine.hear("a", b"", last=True) == []
    assert engine.settled
    engine.check()


@pytest.mark.parametrize(
    ("data", "wrong"),
    [(bytes(24 * 9), "8 tokens that were announced|20 tokens"), (bytes(25), "no whole tokens of 24")],
)
def test_what_cannot_be_heard_is_refused_and_changes_nothing(data: bytes, wrong: str) -> None:
    engine, whole = core(), drawn(20)
    engine.add(begun("a", whole, 2, 12))
    with pytest.raises(InvalidRequest, match=wrong):
        engine.hear("a", data, last=True)
    engine.hear("a", bytes(24), last=True)
    with pytest.raises(InvalidRequest, match="has ended"):
        engine.hear("a", bytes(24), last=False)
    engine.add(Request("b", PROMPT, max_tokens=5, sounds=(Sound.of(whole, 2, 0),)))
    with pytest.raises(InvalidRequest, match="was whole"):
        engine.hear("b", bytes(24), last=False)
    engine.hear("nobody", data, last=True)


def test_a_sound_that_comes_is_announced_and_counted_as_long_as_it_may_become() -> None:
    engine, whole = core(limits=Limits(media_bytes=20 * 24 + 100 + 20 * 8), hearing=replace(EAR, kept=100, kept_each=8)), drawn(20)
    one = begun("a", whole, 2, 12)
    for sound, most, wrong in (
        (replace(one.sounds[0], most=11), 1, "cannot become"),
        (replace(one.sounds[0], most=2**40), 1, "cannot become"),
        (one.sounds[0], 12, "ends before"),
        (replace(one.sounds[0], most=21), 1, "are held at most"),
    ):
        with pytest.raises(InvalidRequest, match=wrong):
            engine.add(replace(one, sounds=(sound,), max_tokens=most))
    engine.add(one)
    with pytest.raises(QueueFull):
        engine.add(replace(one, id="b"))


# ── the fake engine keeps the same promises ──


async def test_the_fake_engine_gives_a_token_for_each_of_its_sound() -> None:
    engine, whole = FakeEngine(lambda request: tuple(range(40)), hearing=EAR), drawn(20)
    engine.hear("a", bytes(24), last=True)  # nobody asks yet
    steps = engine.generate(begun("a", whole, 2, 12))
    assert [(await anext(steps)).tokens for _ in range(3)] == [(0,), (1,), (2,)]
    engine.hear("a", written(whole[:, 24:26]), last=False)
    assert (await anext(steps)).tokens == (3,)
    engine.hear("a", b"", last=True)
    last = await anext(steps)
    assert (last.tokens, last.finish) == ((), "length")
    await steps.aclose()
    assert (await engine.stats()).aborted == 0
    again = engine.generate(begun("b", whole, 2, 12))
    await anext(again)
    engine.hear("b", bytes(25), last=False)
    with pytest.raises(InvalidRequest, match="no whole tokens"):
        await anext(again)


# ── a model ──


@pytest.fixture(scope="module")
def streaming() -> Any:
    pytest.importorskip("torch")
    from tests.engine.test_oracle import tiny

    return tiny("streaming")


@pytest.mark.parametrize("cuts", [[], [1] * 60, [7, 0, 13, 2], [33]])
@pytest.mark.parametrize("blocks", [40, 6])
def test_a_model_writes_of_pieces_what_it_writes_of_the_whole(streaming: Any, cuts: list[int], blocks: int) -> None:
    """In float64, where no rounding can tell the difference; also where sequences have to give way to one another."""
    from alize.engine.runners.torch import TorchRunner

    frames, bands = streaming.hearing.frames, streaming.hearing.mels
    given_, ends, alone = dict[str, list[int]](), dict[str, str](), dict[str, list[int]]()
    runner = TorchRunner(streaming)
    engine = Core(runner, Limits(), {group.name: blocks for group in runner.info.groups})
    left: dict[str, Iterator[tuple[bytes, bool]]] = {}
    for index in range(3):
        whole, sampling = drawn(70, bands, frames, index), SamplingParams(temperature=index % 2, seed=index)
        solo = Core(runner, Limits(), {group.name: 40 for group in runner.info.groups})
        solo.add(Request(str(index), PROMPT, max_tokens=61, sampling=sampling, sounds=(Sound.of(whole, frames, 0),)))
        while solo.busy:
            told(solo, solo.step(), alone, {})
    engine = Core(runner, Limits(), {group.name: blocks for group in runner.info.groups})
    for index in range(3):
        whole, sampling = drawn(70, bands, frames, index), SamplingParams(temperature=index % 2, seed=index)
        engine.add(begun(str(index), whole, frames, 10 + index, sampling=sampling))
        left[str(index)] = pieces(whole, frames, 10 + index, cuts)
    while left or engine.busy:
        while engine.busy:
            told(engine, engine.step(), given_, ends)
        for name in list(left):
            data, last = next(left[name])
            told(engine, engine.hear(name, data, last=last), given_, ends)
            if last:
                del left[name]
    assert given_ == alone
    assert blocks == 40 or engine.stats().preemptions > 0


@given(cuts=st.lists(st.integers(1, 30), max_size=8), window=st.integers(1, 9))
@settings(deadline=None, max_examples=40)
def test_an_encoder_hears_in_pieces_what_it_hears_at_once(cuts: list[int], window: int) -> None:
    torch = pytest.importorskip("torch")
    from alize.model.config import Hearing as Ear
    from alize.model.config import Stream
    from alize.model.listening import StreamEncoder

    torch.manual_seed(0)
    stream = Stream(window=window, rope_theta=1e4, delay=3, told=6)
    encoder = StreamEncoder(Ear(dim=16, layers=2, heads=2, head_dim=8, hidden=24, mels=6, stream=stream), stream).double()
    sound = torch.randn(6, 2 * sum(cuts) + 2, dtype=torch.float64)
    past, heard, at = None, [], 0
    with torch.no_grad():
        for cut in (*cuts, 1):
            rows, past = encoder.listen(sound[:, at : at + 2 * cut], past)
            heard.append(rows)
            at += 2 * cut
        assert (torch.cat(heard) - encoder(sound)).abs().max() < 1e-12
    assert past is not None
    assert past.seen[0][0].shape[1] == min(window - 1, len(torch.cat(heard)))
