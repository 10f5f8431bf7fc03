"""ByteTokenizer: an alphabet of 256 bytes and eight control tokens, for `FakeEngine`. In: text and messages. Out: ids, and text again.

    0 … 255 the bytes · 256 begin · 257 end of turn · 258 system · 259 user · 260 assistant · 261 tool · 262 before a gap · 263 after it
    with images: 264 a square · 265 the end of a row · 266 the end of an image

>>> ByteTokenizer().template([{"role": "user", "content": "Hi"}])
[256, 259, 72, 105, 257, 260]
"""

from collections.abc import Mapping, Sequence
from typing import Any

from alize.errors import InvalidMessageOrder, UnsupportedParameter
from alize.tokenize.decoder import VocabularyDecoder
from alize.tokenize.infill import InfillMarkers
from alize.tokenize.text import check_text, parts_of
from alize.tokenize.vocabulary import Vocabulary

__all__ = ["ByteTokenizer"]

_BEGIN, _END = 256, 257
_ROLES = {"system": 258, "user": 259, "assistant": 260, "tool": 261}
_GAP = InfillMarkers(prefix=262, suffix=263, middle=None)
_CONTROL = {"<begin>": _BEGIN, "<end>": _END, **{f"<{role}>": id for role, id in _ROLES.items()}, "<before>": 262, "<after>": 263}
_IMAGES = {"[IMG]": 264, "[IMG_BREAK]": 265, "[IMG_END]": 266}


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

    def __init__(self, images: bool = False) -> None:
        """`images`: it has a place for images."""
        super().__init__(_vocabulary(_CONTROL | (_IMAGES if images else {})))

    def encode(self, text: str) -> list[int]:
        check_text(text)
        return list(text.encode())

    def infill(self, before: str, after: str) -> list[int]:
        return [_BEGIN, *_GAP.join(self.encode(before), self.encode(after))]

    def template(self, messages: Sequence[Mapping[str, Any]], tools: Sequence[Mapping[str, Any]] = ()) -> list[int]:
        if tools or any(message.get("tool_calls") for message in messages):
            raise UnsupportedParameter("This tokenizer cannot say tools.", param="tools")
        ids = [_BEGIN]
        for index, message in enumerate(messages):
            if message["role"] not in _ROLES:
                raise InvalidMessageOrder(f"There is no role '{message['role']}'.", param=f"messages.{index}.role")
            ids += [_ROLES[message["role"]], *self._content(message)]
            if not message.get("prefix"):
                ids.append(_END)
        return ids if messages and messages[-1].get("prefix") else [*ids, _ROLES["assistant"]]

    def _content(self, message: Mapping[str, Any]) -> list[int]:
        parts = parts_of(message)
        if not parts:
            return self.encode(message.get("content") or "")
        marks = self.image_marks
        if marks is None:
            raise UnsupportedParameter("This tokenizer has no place for images.", param="messages")
        return [
            id
            for part in parts
            for id in (self.encode(part["text"]) if part["type"] == "text" else marks.tokens(part["rows"], part["columns"]))
        ]
