"""Whether a tokenizer and weights see and hear alike. In: what each says of pictures and sounds. Out: nothing, or CheckpointInvalid."""

from pathlib import Path

from alize.engine.base import ModelInfo
from alize.errors import CheckpointInvalid
from alize.prompt.spectrogram import HOP
from alize.tokenize import Tokenizer

__all__ = ["check_senses"]


def check_senses(info: ModelInfo, tokenizer: Tokenizer, path: Path) -> None:
    """Raises CheckpointInvalid where the tokenizer cuts pictures or sounds into other pieces than the weights."""
    sight, marks = info.sight, tokenizer.image_marks
    if sight is not None and marks is not None and marks.side not in (0, sight.side):
        raise CheckpointInvalid(
            f"{path}: an image's token is {sight.side} pixels a side for the model, and {marks.side} for its tokenizer.",
            remedy="The files are of different models: fetch them again.",
        )
    hearing, sounds = info.hearing, tokenizer.audio_marks
    if hearing is None or sounds is None:
        return
    samples = hearing.frames * HOP
    wanted = (samples, samples * hearing.piece, hearing.delay)
    if (sounds.samples, sounds.piece, sounds.delay) != wanted:
        raise CheckpointInvalid(
            f"{path}: a sound's token is {sounds.samples} samples for its tokenizer, in pieces of {sounds.piece}, {sounds.delay} behind; "
            f"for the model it is {wanted[0]}, in pieces of {wanted[1]}, {wanted[2]} behind.",
            remedy="The files are of different models: fetch them again.",
        )
