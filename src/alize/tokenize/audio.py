"""Where a sound stands in a prompt. In: mistral-common's tokenizer of a release that hears. Out: its marks, without any sound.

mistral-common decodes and resamples a sound to know how many tokens it takes. Here that is done before (prompt/sounds.py), by those
libraries, too: what takes the place of its encoder is told the number.
"""

from typing import Any

import numpy as np
from mistral_common.tokens.tokenizers.audio import Audio, AudioEncoding

from alize.tokenize.base import AudioMarks

__all__ = ["Heard", "audio_marks", "counted"]

MOST_ADDED = 600 * 16_000
"""Samples of silence: ten minutes. Voxtral fills half a minute up."""


class Heard:
    """Takes the place of mistral-common's audio encoder."""

    def __init__(self, encoder: Any, marks: AudioMarks) -> None:
        self.audio_config, self.special_ids, self._marks = encoder.audio_config, encoder.special_ids, marks
        self._silence = Audio(np.zeros(0, np.float32), 16_000, "wav")

    def __call__(self, chunk: Any) -> AudioEncoding:
        return AudioEncoding(tokens=self._marks.tokens(int(chunk.input_audio)), audio=self._silence)


def counted(tokens: int) -> str:
    """What `Heard` reads again."""
    return str(tokens)


def audio_marks(instruct: Any) -> AudioMarks | None:
    """Of a release that takes sounds; None for the others. From then on it marks them by their length alone."""
    encoder: Any = getattr(instruct, "audio_encoder", None)
    if encoder is None:
        return None
    ids, config = encoder.special_ids, encoder.audio_config
    samples = config.raw_audio_length_per_tok
    if config.is_streaming:
        marks = AudioMarks(
            sound=encoder.streaming_pad,
            samples=samples,
            piece=samples,
            before=config.n_left_pad_tokens,
            behind=config.n_right_pad_tokens(),
            delay=config.get_num_delay_tokens(),
        )
        return _checked(marks)
    assert ids.audio is not None, "there is no [AUDIO] among the control tokens"
    marks = _checked(AudioMarks(ids.audio, encoder.begin_audio_token, samples, config.chunk_frames if config.chunk_length_s else samples))
    instruct.audio_encoder = Heard(encoder, marks)
    return marks


def _checked(marks: AudioMarks) -> AudioMarks:
    """Raises ValueError where the file alone would make the shortest sound a long one: silence is added as it says."""
    added = (marks.before + marks.behind + marks.delay) * marks.samples
    if min(marks.samples, marks.piece) < 1 or min(marks.before, marks.behind, marks.delay) < 0 or max(marks.piece, added) > MOST_ADDED:
        raise ValueError(f"a sound would be filled up to {marks.piece} samples, with {added} around it; {MOST_ADDED} are the most")
    return marks
