"""ByteTokenizer: an alphabet of 256 bytes and eight control tokens, for `FakeEngine`. In: text and messages. Out: ids, and text again.

    0 … 255 the bytes · 256 begin · 257 end of turn · 258 system · 259 user · 260 assistant · 261 tool · 262 before a gap · 263 after it
    with images: 264 a square · 265 the end of a row · 266 the end of an image
    with sounds: 264 a tenth of a second · 265 begins one · 266 asks what was said; of a stream the first alone
    with thoughts, behind these: where one begins · where it ends
    with calls, behind these: [TOOL_CALLS] · [CALL_ID] · [ARGS]

>>> ByteTokenizer().template([{"role": "user", "content": "Hi"}])
[256, 259, 72, 105, 257, 260]
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from alize.errors import InvalidMessageOrder, UnsupportedParameter
from alize.tokenize.base import AudioMarks, CallMarks
from alize.tokenize.decoder import VocabularyDecoder
from alize.tokenize.infill import InfillMarkers
from alize.tokenize.text import check_text, parts_of, thought_of
from alize.tokenize.vocabulary import Vocabulary

__all__ = ["ByteTokenizer"]

_BEGIN, _END = 256, 257
_ROLES = {"system": 258, "user": 259, "assistant": 260, "tool": 261}
_GAP = InfillMarkers(prefix=262, suffix=263, middle=None)
_CONTROL = {"<begin>": _BEGIN, "<end>": _END, **{f"<{role}>": id for role, id in _ROLES.items()}, "<before>": 262, "<after>": 263}
_THOUGHTS = ("[THINK]", "[/THINK]")
_CALLS = ("[TOOL_CALLS]", "[CALL_ID]", "[ARGS]")
_IMAGES = {"[IMG]": 264, "[IMG_BREAK]": 265, "[IMG_END]": 266}
_SOUNDS = {"[AUDIO]": 264, "[BEGIN_AUDIO]": 265, "[TRANSCRIBE]": 266}


def _vocabulary(control: Mapping[str, int]) -> Vocabulary:
    return Vocabulary(
        pieces=(*(bytes([byte]) for byte in range(256)), *(b"" for _ in control)),
        texts=(*(f"<0x{byte:02X}>" for byte in range(256)), *control),
        control=control,
        bos_id=_BEGIN,
        stop_ids=frozenset({_END}),
    )


class ByteTokenizer(VocabularyDecoder):
    """See `Tokenizer` for what each method promises. Every text is exactly as many tokens as it has bytes."""

    def __init__(
        self, images: bool = False, sounds: bool = False, thoughts: bool = False, calls: bool = False, streams: bool = False
    ) -> None:
        """What it has a place for: images, or sounds, of which it `streams` one while it writes; thoughts; and tools, of which `calls` are
        written as Mistral's newest models do."""
        control = _CONTROL | (_IMAGES if images else _SOUNDS if sounds or streams else {})
        further = (*(_THOUGHTS if thoughts else ()), *(_CALLS if calls else ()))
        super().__init__(_vocabulary(control | {mark: 256 + len(control) + i for i, mark in enumerate(further)}))
        self.audio_marks = AudioMarks(264, begin=265, samples=1600, piece=3200) if sounds else None
        if streams:
            self.audio_marks = AudioMarks(264, samples=1600, piece=1600, before=2, behind=3, delay=2)
        if calls:
            ids = {mark: self._vocabulary.control[mark] for mark in _CALLS}
            self.call_marks = CallMarks("named", _CALLS[0], ids=ids, listed=True)

    def encode(self, text: str) -> list[int]:
        check_text(text)
        return list(text.encode())

    def infill(self, before: str, after: str) -> list[int]:
        return [_BEGIN, *_GAP.join(self.encode(before), self.encode(after))]

    def transcription(self, tokens: int, language: str | None = None) -> list[int]:
        if self.audio_marks is None:
            return super().transcription(tokens, language)
        if self.audio_marks.delay:
            return [_BEGIN, *[self.audio_marks.sound] * (self.audio_marks.before + self.audio_marks.delay)]
        return [_BEGIN, *self.audio_marks.tokens(tokens), *self.encode(f"lang:{language}" if language else ""), _SOUNDS["[TRANSCRIBE]"]]

    def template(
        self, messages: Sequence[Mapping[str, Any]], tools: Sequence[Mapping[str, Any]] = (), effort: str | None = None
    ) -> list[int]:
        if self.call_marks is None and (tools or any(message.get("tool_calls") for message in messages)):
            raise UnsupportedParameter("This tokenizer cannot say tools.", param="tools")
        ids = [_BEGIN, *([_ROLES["tool"], *self.encode(json.dumps(tools)), _END] if tools else ())]
        for index, message in enumerate(messages):
            if message["role"] not in _ROLES:
                raise InvalidMessageOrder(f"There is no role '{message['role']}'.", param=f"messages.{index}.role")
            ids += [_ROLES[message["role"]], *self._content(message), *self._calls(message)]
            if not message.get("prefix"):
                ids.append(_END)
        return ids if messages and messages[-1].get("prefix") else [*ids, _ROLES["assistant"]]

    def _content(self, message: Mapping[str, Any]) -> list[int]:
        parts = parts_of(message)
        if not parts:
            return self.encode(message.get("content") or "")
        return [id for part in parts for id in self._part(part)]

    def _calls(self, message: Mapping[str, Any]) -> list[int]:
        ids: list[int] = []
        for call in message.get("tool_calls") or ():
            opens, _, arguments = (self._vocabulary.control[mark] for mark in _CALLS)
            ids += [opens, *self.encode(call["function"]["name"]), arguments, *self.encode(call["function"]["arguments"])]
        return ids

    def _part(self, part: Mapping[str, Any]) -> list[int]:
        if part["type"] == "text":
            return self.encode(part["text"])
        if part["type"] == "thinking":
            return self._thinking(part)
        if part["type"] == "image" and self.image_marks is not None:
            return self.image_marks.tokens(part["rows"], part["columns"])
        if part["type"] == "audio" and self.audio_marks is not None:
            return self.audio_marks.tokens(part["tokens"])
        raise UnsupportedParameter(f"This tokenizer has no place for {part['type']}s.", param="messages")

    def _thinking(self, part: Mapping[str, Any]) -> list[int]:
        if self.thought_marks is None:
            return []
        opens, closes = (self._vocabulary.control[mark] for mark in _THOUGHTS)
        return [opens, *self.encode(thought_of(part)), *([closes] if part["closed"] else [])]
