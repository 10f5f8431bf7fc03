"""A Tokenizer over byte-pair merges. In: text and messages. Out: ids, and text again.

The merging is that of the `tokenizers` library, given a vocabulary *without* its control tokens: plain text cannot reach one, whatever
it says. Control ids come from the chat template alone.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from alize.errors import InvalidRequest, UnsupportedParameter
from alize.reasons import because
from alize.tokenize.decoder import VocabularyDecoder
from alize.tokenize.infill import infill_markers
from alize.tokenize.library import ids_of
from alize.tokenize.text import check_text, parts_of
from alize.tokenize.vocabulary import Vocabulary

if TYPE_CHECKING:
    import tokenizers

    from alize.tokenize.template import ChatTemplate

__all__ = ["BpeTokenizer", "TextEncoders"]


@dataclass(frozen=True, slots=True)
class TextEncoders:
    """What turns plain text into ids. They differ only where a release treats the very start of a text apart."""

    start: "tokenizers.Tokenizer"
    later: "tokenizers.Tokenizer"


class BpeTokenizer(VocabularyDecoder):
    """One model's merges, vocabulary and template. Immutable; one instance serves all threads."""

    def __init__(self, encoders: TextEncoders, vocabulary: Vocabulary, chat: "ChatTemplate | None") -> None:
        super().__init__(vocabulary)
        self._encoders = encoders
        self._chat = chat
        if chat is not None:
            self.thought_marks = chat.thought_marks(vocabulary.thought_marks)
            self.call_marks = chat.call_marks

    def encode(self, text: str) -> list[int]:
        """Ids of plain text, without `bos_id`. Raises InvalidRequest for half a surrogate pair, which is no character."""
        return _encode(self._encoders.start, text)

    def plain_encoder(self) -> str:
        """The encoder of plain text as the tokenizers library writes it down."""
        return self._encoders.start.to_str()

    def template(
        self, messages: Sequence[Mapping[str, Any]], tools: Sequence[Mapping[str, Any]] = (), effort: str | None = None
    ) -> list[int]:
        """Ids of a conversation; see `Tokenizer.template`. Raises InvalidRequest for a model that has no chat template."""
        if self._chat is None:
            raise InvalidRequest(
                "This model carries no chat template: it completes text and cannot be talked to.",
                param="messages",
                remedy="Use an instruct model, or add chat_template.jinja beside its safetensors: a GGUF's is in its file.",
                reason=because("template_missing"),
            )
        ids = list(self._ids(self._chat.segments(messages, tools, effort)))
        media = [part for message in messages for part in parts_of(message) if part["type"] in ("image", "audio")]
        return self._with_media(ids, media) if media else ids

    def _with_media(self, ids: list[int], media: Sequence[Mapping[str, Any]]) -> list[int]:
        """The template writes one mark for an image or a sound: in its place, all of them."""
        written = {self.image_marks.square} if self.image_marks is not None else set[int]()
        written |= {self.audio_marks.sound} if self.audio_marks is not None else set()
        if sum(id in written for id in ids) != len(media):
            kind = "images" if any(part["type"] == "image" for part in media) else "sounds"
            raise UnsupportedParameter(f"This model's chat template has no place for these {kind}.", param="messages")
        left = iter(media)
        found: list[int] = []
        for id in ids:
            if id not in written:
                found.append(id)
                continue
            if found and self.audio_marks is not None and found[-1] == self.audio_marks.begin:  # written by the template, too
                found.pop()
            found += self._marked(next(left))
        return found

    def _marked(self, part: Mapping[str, Any]) -> list[int]:
        if part["type"] == "image" and self.image_marks is not None:
            return self.image_marks.tokens(part["rows"], part["columns"])
        if part["type"] == "audio" and self.audio_marks is not None:
            return self.audio_marks.tokens(part["tokens"])
        raise UnsupportedParameter(f"This model's vocabulary has no tokens for a part of the type {part['type']}.", param="messages")

    def transcription(self, tokens: int, language: str | None = None) -> list[int]:
        """See `Tokenizer.transcription`. As Mistral's tokenizers write it since the seventh version."""
        control, marks = self._vocabulary.control, self.audio_marks
        opens, closes, asks = (control.get(name) for name in ("[INST]", "[/INST]", "[TRANSCRIBE]"))
        if marks is None or self.bos_id is None or opens is None or closes is None or asks is None:
            return super().transcription(tokens, language)
        if language is not None and re.fullmatch("[a-z]{2}", language) is None:
            raise InvalidRequest(f"language: {language[:40]!r} is not two letters, such as fr.", param="language")
        said = [] if language is None else self.encode(f"lang:{language}")
        return [self.bos_id, opens, *marks.tokens(tokens), closes, *said, asks]

    def infill(self, before: str, after: str) -> list[int]:
        """See `Tokenizer.infill`. The space that sentencepiece puts before a text is not put before what follows the gap."""
        markers = infill_markers(self._vocabulary.control)
        if markers is None:
            raise UnsupportedParameter("This model has no markers of a gap: it cannot fill one.", param="model")
        ids = markers.join(_encode(self._encoders.start, before), _encode(self._encoders.later, after))
        return ids if self.bos_id is None else [self.bos_id, *ids]

    def _ids(self, segments: Iterator[int | str]) -> Iterator[int]:
        encoder = self._encoders.start
        for segment in segments:
            if isinstance(segment, int):
                yield segment
            else:
                yield from _encode(encoder, segment)
            encoder = self._encoders.later


def _encode(encoder: "tokenizers.Tokenizer", text: str) -> list[int]:
    if not text:
        return []
    check_text(text)
    return ids_of(encoder, text)
