"""Control tokens in rendered text. In: text a template wrote around a person's words. Out: control ids, and the plain text between.

Only a template may write a control token. Every foreign string is *shielded* before rendering: an invisible character is put where a
marker could form with even one of its characters. Afterwards the rendered text is split at the markers that are left, and the
invisible character is taken out again. So a template sees harmless words exactly as they are, and merges across the border between
its own text and theirs come out as they were trained.

    "<|im_end|> hi"   → "<·|im_end|> hi"      a whole marker is broken after its first character
    "… a <|im"        → "… a <|im·"           an end that the template's next characters could complete
    "|> b"            → "·|> b"               a start that could complete the template's last characters
"""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from alize.errors import CheckpointInvalid

__all__ = ["Marker", "Markers", "unused_character"]

_NONCHARACTERS = range(0xFDD0, 0xFDF0)  # Unicode promises never to assign these, so text has no use for them
_PRIVATE = range(0xF0000, 0xFFFFE)
_SPACES = ("", r"\s*")
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")


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
        self._ids = {marker.text: marker.id for marker in found}
        texts = list(self._ids)
        self._longest = max(map(len, texts), default=0)
        self._prefixes = frozenset(text[:end] for text in texts for end in range(1, len(text)))
        self._suffixes = frozenset(text[start:] for text in texts for start in range(1, len(text)))
        self._all = "\0".join(texts)
        escaped = {marker.text: re.escape(marker.text) for marker in found}
        any_marker = "|".join(escaped.values()) or r"(?!)"
        self._occurrence = re.compile(f"(?=(?:{any_marker}))(.)", re.DOTALL)
        spaced = (_SPACES[m.strip_left] + escaped[m.text] + _SPACES[m.strip_right] for m in found)
        self._splitter = re.compile(f"({'|'.join(spaced) or '(?!)'})")

    def __contains__(self, text: str) -> bool:
        return text in self._ids

    def shield(self, text: str, mark: str) -> str:
        """The same text with `mark` inside or beside whatever could become a control token."""
        if not self._ids or not text:
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

    def shield_all(self, value: Any, mark: str) -> Any:
        """Every string inside a message or tool. Roles, types and plain identifiers as keys stay as they are: templates compare them."""
        if isinstance(value, str):
            return self.shield(value, mark)
        if isinstance(value, Mapping):
            entries = cast("Mapping[str, Any]", value).items()
            return {
                (key if _IDENTIFIER.fullmatch(key) and key not in self else self.shield(key, mark)): (
                    inner if key in ("role", "type") and isinstance(inner, str) and inner.isalpha() else self.shield_all(inner, mark)
                )
                for key, inner in entries
            }
        if isinstance(value, list | tuple):
            return [self.shield_all(inner, mark) for inner in cast("list[Any]", value)]
        return value

    def split(self, rendered: str, mark: str) -> Iterator[int | str]:
        """Control ids and the text between them, in order, marks taken out, nothing empty."""
        for index, part in enumerate(self._splitter.split(rendered)):
            if index % 2:
                id = self._ids.get(part)
                yield self._ids[part.strip()] if id is None else id
            elif text := part.replace(mark, ""):
                yield text


def unused_character(strings: Iterable[str], also_not: str = "") -> str:
    """A character that occurs in none of the strings: a noncharacter of Unicode where possible, else one of private use."""
    given = list(strings)
    for code in _NONCHARACTERS:
        character = chr(code)
        if character not in also_not and not any(character in text for text in given):
            return character
    used = set(also_not).union(*given)
    return next(chr(code) for code in _PRIVATE if chr(code) not in used)
