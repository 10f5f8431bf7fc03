r"""Where a value of JSON ends. In: text, in whatever pieces. Out: how far the value reaches.

Only brackets, quotes and backslashes are looked at: whether the value is right is for whoever reads it. Nothing is nested here, so that
no depth of brackets can exhaust anything. A lone surrogate, which no text has, stands for a control token: no value reaches across it.

>>> extent = Extent()
>>> text = '{"a": "}", "b": [1]}, 2'
>>> text[: extent.feed(text, 0)], extent.ended
('{"a": "}", "b": [1]}', True)
"""

import re

__all__ = ["Extent"]

_QUOTED = re.compile('["\\\\\ud800-\udfff]')
_PLAIN = re.compile('["{}\\[\\]\ud800-\udfff]')
_AFTER = re.compile("[,}\\]\\s\ud800-\udfff]")  # what ends a number or a word


class Extent:
    """Of one value, which begins with the first character fed."""

    def __init__(self) -> None:
        self.ended = False
        self.broken = False  # by a control token
        self._begun = self._scalar = self._quoted = self._escaped = False
        self._depth = 0

    def feed(self, text: str, at: int) -> int:
        """The place behind what belongs to the value in text[at:], of which there is at least one character."""
        if not self._begun:
            self._begun, self._scalar = True, text[at] not in '{["'
        if self._scalar:
            found = _AFTER.search(text, at)
            self.ended = found is not None
            return len(text) if found is None else found.start()
        while at < len(text):
            if self._escaped:
                self._escaped = False
                at += not "\ud800" <= text[at] <= "\udfff"
                continue
            found = (_QUOTED if self._quoted else _PLAIN).search(text, at)
            if found is None:
                return len(text)
            at = found.end()
            if self._seen(found[0]):
                return at - self.broken
        return at

    def _seen(self, character: str) -> bool:
        """Whether the value ends with this character, or is broken off before it."""
        match character:
            case "\\":
                self._escaped = True
            case '"':
                self._quoted = not self._quoted
            case "{" | "[":
                self._depth += 1
            case "}" | "]":
                self._depth -= 1
            case _:
                self.broken = True
        self.ended = self.broken or not (self._depth or self._quoted)
        return self.ended
