"""Control tokens and people's words. In: strings, and text a template rendered. Out: strings that cannot become markers; ids and text.

See `template.py` for when each is used. To *shield* a string is to put an invisible mark where a marker could form with even one of
its characters; to *neutralise* it is to replace every character that a marker begins or ends with, and a text that is a marker's middle.

    shield      "<|im_end|> hi"   → "<·|im_end|> hi"      a whole marker is broken after its first character
                "… a <|im"        → "… a <|im·"           an end that the template's next characters could complete
                "|> b"            → "·|> b"               a start that could complete the template's last characters
    neutralise  "a <|im_end|>"    → "a ·|im_end|·"
                "im_end"          → "······"             which `'<|' + text + '|>'` would complete
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from alize.errors import CheckpointInvalid, InvalidRequest

__all__ = ["Marker", "Markers", "transform", "unused_characters"]

_UNUSED = (range(0xFDD0, 0xFDF0), range(0x10FFFD, 0x2FFFF, -1))  # noncharacters; then private use, then planes with nothing in them yet
_SPACES = ("", r"\s*")
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_FIXED = {  # what `role` and `type` may say; templates compare these words
    *("system", "user", "assistant", "tool", "function"),
    *("text", "image", "audio", "thinking"),
    *("string", "number", "integer", "boolean", "array", "object", "null"),
}


@dataclass(frozen=True, slots=True)
class Marker:
    """One control token as it is written."""

    text: str
    id: int
    strip_left: bool = False  # swallows the white space before it
    strip_right: bool = False  # … and after it


class Markers:
    """All control tokens of one vocabulary. Immutable; one instance serves all threads."""

    def __init__(self, markers: Iterable[Marker]) -> None:
        """Raises CheckpointInvalid for a control token of one character: it could not be told from a person's text."""
        found = sorted((marker for marker in markers if marker.text), key=lambda marker: (-len(marker.text), marker.text))
        for marker in found:
            if len(marker.text) == 1:
                raise CheckpointInvalid(
                    f"The vocabulary's control token {marker.id} is the single character {marker.text!r}.",
                    remedy="Such a token cannot be told from text: mark it as a normal token in the file.",
                )
        self._markers = {marker.text: marker for marker in found}
        texts = list(self._markers)
        self._longest = max(map(len, texts), default=0)
        self._prefixes = frozenset(text[:end] for text in texts for end in range(1, len(text)))
        self._suffixes = frozenset(text[start:] for text in texts for start in range(1, len(text)))
        self._all = "\0".join(texts)
        self._ends = frozenset(character for text in texts for character in (text[0], text[-1]))
        any_marker = "|".join(map(re.escape, texts)) or r"(?!)"  # the longest first
        self._literal = re.compile(f"({any_marker})")
        self._occurrence = re.compile(f"(?=(?:{any_marker}))(.)", re.DOTALL)
        self._splitter = self._splitting({text: text for text in texts})

    def __contains__(self, text: str) -> bool:
        return text in self._markers

    @property
    def by_text(self) -> dict[str, int]:
        """The id of each, by how it is written."""
        return {text: marker.id for text, marker in self._markers.items()}

    def literal_parts(self, text: str) -> list[str]:
        """The text cut at markers: every second part is one."""
        return self._literal.split(text)

    def ids(self, text: str) -> list[int]:
        """The markers in a text."""
        return [self._markers[found].id for found in self._literal.findall(text)]

    def shield(self, text: str, mark: str) -> str:
        """The same text with `mark` inside or beside whatever could become a control token."""
        if not self._markers or not text:
            return text
        whole = text
        if (core := text.strip()) and core != text:  # a template may trim what it is given: its edges are these then
            start = text.index(core)
            whole = text[:start] + self._shield_edges(core, mark) + text[start + len(core) :]
        whole = self._shield_edges(whole, mark)
        return self._occurrence.sub(lambda found: found[1] + mark, whole)

    def _shield_edges(self, text: str, mark: str) -> str:
        if len(text) < self._longest and text in self._all:
            return mark + text + mark
        span = range(1, min(self._longest, len(text) + 1))
        head = mark if any(text[:size] in self._suffixes for size in span) else ""
        tail = mark if any(text[-size:] in self._prefixes for size in span) else ""
        return head + text + tail

    def neutralise(self, text: str, mark: str) -> str:
        """The same text with `mark` in place of every character that a marker begins or ends with, and of all that lies inside one."""
        core = text.strip()  # what is left where a template trims
        if core and len(core) < self._longest and core in self._all:
            return mark * len(text)
        return text.translate({ord(character): mark for character in self._ends})

    def split(self, rendered: str, stand_ins: Mapping[str, str], mark: str | None = None) -> Iterator[int | str]:
        """Control ids and the text between them, in order, nothing empty.

        `stand_ins` maps characters to the markers they stand for. With `mark`, which is taken out again, markers written as text
        count too; without it they are text.
        """
        if mark is None:
            splitter = self._splitting(stand_ins)
        else:
            splitter = self._splitter
            rendered = rendered.translate({ord(character): marker for character, marker in stand_ins.items()})
        for index, part in enumerate(splitter.split(rendered)):
            if index % 2:
                written = part if part in self._markers else part.strip()
                yield self._markers[stand_ins.get(written, written)].id
            elif text := part if mark is None else part.replace(mark, ""):
                yield text

    def _splitting(self, stand_ins: Mapping[str, str]) -> re.Pattern[str]:
        """Finds what is shown for each marker, with the space it swallows."""
        ways = (
            _SPACES[self._markers[text].strip_left] + re.escape(shown) + _SPACES[self._markers[text].strip_right]
            for shown, text in stand_ins.items()
        )
        return re.compile(f"({'|'.join(ways) or '(?!)'})")


def transform(value: Any, change: Callable[[str], str]) -> Any:
    """Every string inside a message or a tool, changed. Known roles and types, and identifiers as keys, stay as they are."""
    if isinstance(value, str):
        return change(value)
    if isinstance(value, Mapping):
        return {
            (key if _IDENTIFIER.fullmatch(key) else change(key)): (
                inner if key in ("role", "type") and isinstance(inner, str) and inner in _FIXED else transform(inner, change)
            )
            for key, inner in cast("Mapping[str, Any]", value).items()
        }
    if isinstance(value, list | tuple):
        return [transform(inner, change) for inner in cast("list[Any]", value)]
    return value


def unused_characters(count: int, strings: Iterable[str]) -> list[str]:
    """Characters that occur in none of the strings: noncharacters of Unicode where possible, else such as mean nothing to others.

    Raises InvalidRequest for a hostile text that leaves too few of some 900 000.
    """
    given = list(strings)
    found = [chr(code) for code in _UNUSED[0] if not any(chr(code) in text for text in given)][:count]
    if len(found) < count:
        used = set[str]().union(*given)
        more = (chr(code) for code in _UNUSED[1] if chr(code) not in used)
        found += [character for character, _ in zip(more, range(count - len(found)), strict=False)]
    if len(found) < count:
        raise InvalidRequest("The messages use every character that Unicode has not given out.", param="messages")
    return found
