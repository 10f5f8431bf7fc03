"""What every Tokenizer has in common: above all the way from ids to text. In: a Vocabulary. Out: the methods that need nothing else.

How text becomes ids differs from release to release; what ids say stands in the vocabulary, whoever made them.
"""

from collections.abc import Sequence

from alize.errors import UnsupportedParameter
from alize.tokenize.base import AudioMarks, CallMarks, TextStream
from alize.tokenize.stream import VocabularyStream
from alize.tokenize.vocabulary import Vocabulary

__all__ = ["VocabularyDecoder"]


class VocabularyDecoder:
    """Decodes and streams. Immutable; one instance serves all threads. See `Tokenizer` for what each method promises."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self.vocab_size = vocabulary.size
        self.bos_id = vocabulary.bos_id
        self.stop_ids = vocabulary.stop_ids
        self.image_marks = vocabulary.image_marks
        self.thought_marks = vocabulary.thought_marks
        self.audio_marks: AudioMarks | None = vocabulary.audio_marks
        self.call_marks: CallMarks | None = None

    def transcription(self, tokens: int, language: str | None = None) -> list[int]:
        """See `Tokenizer.transcription`: what most tokenizers have no markers for."""
        raise UnsupportedParameter("This model's tokenizer has no markers of a transcription.", param="model", remedy="Choose a Voxtral.")

    def encode(self, text: str) -> list[int]:
        """Ids of plain text."""
        raise NotImplementedError

    def enclosed(self, text: str) -> list[int]:
        """Ids of a whole text, with the control tokens that the release puts around one."""
        before = () if self.bos_id is None else (self.bos_id,)
        return [*before, *self.encode(text), *self._vocabulary.after]

    def decode(self, ids: Sequence[int]) -> str:
        """Text of ids, control tokens left out, broken UTF-8 as U+FFFD. Raises IndexError outside the vocabulary."""
        stream = VocabularyStream(self._vocabulary)
        return stream.push(ids).text + stream.flush().text

    def token_bytes(self, token: int) -> bytes:
        """The bytes one id adds to a text; b"" for control tokens. Raises IndexError outside the vocabulary."""
        return self._vocabulary.bytes_of(token)

    def token_text(self, token: int) -> str:
        """How to show one id to a person. Raises IndexError outside the vocabulary."""
        return self._vocabulary.name(token)

    def stream(self, stop: Sequence[str] = (), *, continuing: bool = False) -> TextStream:
        """A fresh stream; see `TextStream`. Raises InvalidRequest for an empty stop string."""
        return VocabularyStream(self._vocabulary, stop, continuing=continuing)
