"""What one rendering of a chat template may spend. In: what it is about to make. Out: nothing, or TemplateOverrun.

Text and lists are charged before they are made wherever the result can be larger than what it is made of.
"""

import re
import time
from contextvars import ContextVar
from typing import Any, cast

from jinja2.exceptions import SecurityError

__all__ = ["Budget", "TemplateOverrun", "budget"]

_CHARACTERS = 2**28  # ≈ 270 million made by one rendering, and 64 more for each character it is given
_SECONDS = 5.0
_WIDEST = 100_000  # padding, indents and the like
_LARGEST_BITS = 4096
_PADDING = {"center": "", "ljust": "", "rjust": "", "zfill": "", "expandtabs": "\t", "indent": "\n"}  # … at each of these
_WIDE_PERCENT = re.compile(r"%(?:\([^)]*\))?[-+ #]*(?:[\d.]*\d{6}|[\d.]*\*)")  # a width of six digits, or one that is computed
_WIDE_BRACES = re.compile(r"\{[^{}]*(?:\{|:[^{}]*\d{6})")


class TemplateOverrun(SecurityError):
    """A template spent more time or memory than any honest one needs."""


class Budget:
    """The time and the characters left."""

    def __init__(self, given: int, marks: str = "") -> None:
        """`given`: how many characters the messages hold. `marks`: characters that stand for something else and stay as they are."""
        self.marks = marks
        self._characters = _CHARACTERS + 64 * given
        self._until = time.thread_time() + _SECONDS
        self._turns = 0

    def turn(self) -> None:
        """Charge one turn of a loop; the clock is read at every 64th, since reading it takes longer than most turns."""
        self._turns += 1
        if not self._turns % 64:
            self.check_time()

    def check_time(self) -> None:
        """Stop a template whose time is up."""
        if time.thread_time() > self._until:
            raise TemplateOverrun(f"it computed for more than {_SECONDS:g} seconds")

    def charge(self, characters: int) -> None:
        """Charge what is about to be made."""
        self._characters -= characters
        if self._characters < 0:
            raise TemplateOverrun(f"it made more than {_CHARACTERS} characters")

    def charge_value(self, *values: object) -> None:
        """Charge texts and lists by their size, anything else as a short text."""
        self.charge(sum(map(_size, values)))

    def charge_text(self, name: str, given: list[Any]) -> None:
        """Charge a method or filter on text, by its name; `given` is the text it works on, then its arguments."""
        if name in _PADDING:
            self._charge_padding(name, given)
        elif name == "replace":
            texts = [value for value in given if isinstance(value, str)]
            if len(texts) > 2:
                found = texts[0].count(texts[1]) if texts[1] else len(texts[0]) + 1
                self.charge(len(texts[0]) + found * len(texts[2]))
        elif name == "join" and len(given) > 1:
            entries = cast("list[Any]", given[1])
            self.charge(sum(map(_size, entries)) + len(entries) * len(str(given[0])))
        elif name in ("split", "rsplit", "splitlines", "list"):
            self.charge(8 * len(cast("str", given[0])) if isinstance(given[0], str | list | tuple) else 0)
        elif name in ("format", "format_map"):
            self.check_format(str(given[0]))

    def _charge_padding(self, name: str, given: list[Any]) -> None:
        width = next((value if isinstance(value, int) else len(value) for value in given[1:] if isinstance(value, int | str)), 8)
        if width > _WIDEST:
            raise TemplateOverrun(f"it asked {name} for a width beyond {_WIDEST}")
        self.charge((1 + str(given[0]).count(_PADDING[name])) * width if _PADDING[name] else width)

    def check_format(self, text: str) -> None:
        """Stop a format whose width is huge, or computed."""
        if _WIDE_PERCENT.search(text) or _WIDE_BRACES.search(text.replace("{{", "")):
            raise TemplateOverrun("it formats with a huge or a computed width")

    def charge_product(self, left: Any, right: Any) -> None:
        """Charge `left * right`: a text or list so many times, or two numbers."""
        for value, times in ((left, right), (right, left)):
            if isinstance(value, str | list | tuple) and isinstance(times, int):
                self.charge(_size(cast("Any", value)) * max(times, 0))
        if _bits(left) + _bits(right) > _LARGEST_BITS:
            raise TemplateOverrun("it multiplied huge numbers")

    def check_power(self, left: Any, right: Any) -> None:
        """Stop `left ** right` beyond what fits into a few thousand bits."""
        if not isinstance(right, int | float) or abs(right) > 64 or _bits(left) > 64:
            raise TemplateOverrun("it raised a number to a huge power")


budget: ContextVar[Budget] = ContextVar("budget")
"""The budget of the rendering under way. Without one nothing is computed: constants are not folded while compiling either."""


def _bits(value: Any) -> int:
    return value.bit_length() if isinstance(value, int) else 0


def _size(value: object) -> int:
    """In characters; an entry of a list takes as much as eight."""
    if isinstance(value, list | tuple):
        return 8 * len(cast("list[Any]", value))
    return len(value) if isinstance(value, str) else 20
