"""Sounds of a request: those that a model cannot hear are refused, and a stream brings a piece with every token."""

import numpy as np
import pytest

from alize.engine.base import Hearing, Request, Sound
from alize.engine.core import Core
from alize.engine.runners.fake import FakeRunner
from alize.engine.schedule import Limits
from alize.errors import InvalidRequest, UnsupportedParameter


def heard(tokens: int, start: int, bands: int = 3, frames: int = 2) -> Sound:
    return Sound.of(np.ones((bands, tokens * frames), np.float32), frames, start)


def test_sounds_that_cannot_be_heard_are_refused_by_what_is_wrong_with_them() -> None:
    engine = Core(FakeRunner(hearing=Hearing(bands=3, frames=2, piece=2)), Limits(media_bytes=200), {"full": 8})
    tokens = tuple(range(20))
    for sounds, wrong in (
        ((heard(3, 0),), "3 tokens"),  # half of what is heard together
        ((heard(2, 0, bands=4),), "64 bytes"),
        ((heard(2, 19),), r"19 … 20"),
        ((heard(2, -1),), r"-1 … 0"),
        ((heard(2, 0), heard(2, 1)), "alone"),
        ((heard(6, 0), heard(6, 6)), "288 bytes; 200"),
    ):
        with pytest.raises(InvalidRequest, match=wrong):
            engine.add(Request("a", tokens, max_tokens=1, sounds=sounds))
    engine.add(Request("a", tokens, max_tokens=1, sounds=(heard(2, 0), heard(2, 4))))
    deaf = Core(FakeRunner(), Limits(), {"full": 8}, "deaf")
    with pytest.raises(UnsupportedParameter, match="deaf takes no sounds"):
        deaf.add(Request("a", tokens, max_tokens=1, sounds=(heard(2, 0),)))


def test_a_stream_is_one_sound_that_lasts_as_long_as_its_answer() -> None:
    engine = Core(FakeRunner(hearing=Hearing(bands=3, frames=2, piece=1, delay=4)), Limits(decode_steps=8), {"full": 8}, "stream")
    tokens = tuple(range(10))
    for sounds, wrong in (
        ((), "one sound"),
        ((heard(20, 1),), "one sound"),
        ((heard(9, 0),), "one sound"),
        ((heard(14, 0),), "ends before"),
    ):
        with pytest.raises(InvalidRequest, match=wrong):
            engine.add(Request("a", tokens, max_tokens=6, sounds=sounds))
    with pytest.raises(UnsupportedParameter, match="one sound"):
        engine.score(tokens)
    engine.add(Request("a", tokens, max_tokens=6, sounds=(heard(15, 0),)))
    steps = 0
    while engine.busy:
        engine.step()
        steps += 1
    assert steps == 1 + 6  # it is encoded; then never several at once: each brings its own piece of sound
