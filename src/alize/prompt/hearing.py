"""Sounds among the tokens of a conversation. In: files, and how a model hears. Out: how many tokens each takes, and the engine's sounds.

bytes ─ prompt/sounds: samples, spectrogram ─ heard ─ the tokenizer's template: tokens with a place for each ─ laid ─ the engine's sounds
"""

from collections.abc import Sequence
from dataclasses import dataclass

from alize.engine.base import Hearing, Sound
from alize.errors import UnsupportedParameter
from alize.prompt.sounds import Floats, drawn, samples_of
from alize.prompt.spectrogram import RATE
from alize.tokenize.base import AudioMarks

__all__ = ["Ears", "Heard", "ears_with", "heard", "laid"]


@dataclass(frozen=True, slots=True)
class Ears:
    """How a model takes sounds, and how its tokenizer marks them."""

    hearing: Hearing
    marks: AudioMarks


@dataclass(frozen=True, slots=True)
class Heard:
    """A sound as the model takes it."""

    drawn: Floats
    tokens: int
    seconds: float  # as it was sent, without silence


def ears_with(marks: AudioMarks | None, hearing: Hearing | None) -> Ears | None:
    """None where a model takes no sounds, or where its tokenizer has no place for them."""
    return None if marks is None or hearing is None else Ears(hearing, marks)


def heard(data: bytes, most: float, path: str, ears: Ears) -> Heard:
    """A file as the model takes it. `most`: seconds. Raises InvalidMedia."""
    hearing, marks = ears.hearing, ears.marks
    samples = samples_of(data, most, path)
    silence = marks.before * marks.samples, marks.behind * marks.samples
    picture = drawn(samples, hearing.bands, marks.piece, *silence, hearing.loudest)
    return Heard(picture, picture.shape[1] // hearing.frames, len(samples) / RATE)


def laid(tokens: Sequence[int], all_heard: Sequence[Heard], ears: Ears) -> tuple[Sound, ...]:
    """The sounds where their tokens stand: both are in the order of the conversation. A stream begins with the prompt.

    Raises UnsupportedParameter for a template that has left one out.
    """
    frames, piece = ears.hearing.frames, ears.hearing.piece
    if ears.hearing.streams:
        return tuple(Sound.of(heard.drawn, frames, 0) for heard in all_heard)
    sounds: list[Sound] = []
    end = 0
    for one in all_heard:
        start = tokens.index(ears.marks.sound, end) if ears.marks.sound in tokens[end:] else len(tokens)
        end = start + one.tokens
        if list(tokens[start - 1 : end]) != ears.marks.tokens(one.tokens):
            raise UnsupportedParameter("This model's chat template has no place for these sounds.", param="messages")
        for at in range(0, one.tokens, piece):
            sounds.append(Sound.of(one.drawn[:, at * frames : (at + piece) * frames], frames, start + at))
    return tuple(sounds)
