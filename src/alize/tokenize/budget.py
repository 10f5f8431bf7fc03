"""What one rendering of a chat template may spend. In: what it is about to make. Out: nothing, or TemplateOverrun.

Text and lists are charged before they are made wherever the result can be larger than what it is made of.
"""

import re
import time
from collections.abc import Iterator
from contextvars import ContextVar
from typing import Any, cast

from alize.tokenize.weights import TemplateOverrun, Weights

__all__ = ["Budget", "TemplateOverrun", "budget"]

_CHARACTERS = 2**28  # ≈ 270 million made by one rendering, and 64 more for each character it is given
_CONTAINER = 2**26  # ≈ 67 million in one list, and 8 more for each character it is given
_SECONDS = 5.0
_WIDEST = 100_000  # padding, indents and the like
_LARGEST_BITS = 4096
_PRECISEST = 400  # digits behind the point; a float has no more than 324
_SEARCH = 64  # a text is searched from its end for one as long in the time that making the text takes
_WIDE_PERCENT = re.compile(r"%(?:\([^)]*\))?[-+ #]*(?:[\d.]*\d{6}|[\d.]*\*)")  # a width of six digits, or one that is computed
_WIDE_BRACES = re.compile(r"\{[^{}]*(?:\{|:[^{}]*\d{6})")
_NUMBER = re.compile(r"\d{1,6}")


class Budget:
    """The time and the characters left."""

    def __init__(self, marks: str = "") -> None:
        """`marks`: characters that stand for something else and stay as they are."""
        self.marks = marks
        self._until = time.thread_time() + _SECONDS
        self._turns = 0
        self.weights = Weights(self.turn)
        self._characters = _CHARACTERS

    def allow(self, *given: object) -> None:
        """Let a rendering that is given more, make more."""
        size = self.weights.size(*given)
        self._characters += 64 * size
        self.weights.most = _CONTAINER + 8 * size

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
        """Charge texts and lists by their own size, anything else as a short text; stop what holds, or is, too much."""
        self.weights.check(self.weights.size(*(value for value in values if not isinstance(value, str))))
        if any(isinstance(value, int) and _bits(value) > _LARGEST_BITS for value in values):
            raise TemplateOverrun("it made a huge number")
        self.charge(sum(map(_size, values)))

    def charge_text(self, name: str, given: list[Any]) -> None:
        """Charge a method or filter on text, by its name; `given` is the text it works on, then its arguments in their order."""
        if name in ("indent", "expandtabs", "center", "ljust", "rjust", "zfill"):
            self._charge_padding(name, given)
        elif name == "replace" and len(given) > 2:
            text, old, new = (value if isinstance(value, str) else str(value) for value in given[:3])
            self.charge(len(text) + (text.count(old) if old else len(text) + 1) * len(new))
        elif name == "join" and len(given) > 1:
            entries = cast("list[Any]", given[1])
            self.charge(self.weights.size(entries) + len(entries) * len(str(given[0])))
        elif name in ("split", "rsplit", "splitlines", "list"):
            self.charge(8 * len(cast("list[Any]", given[0])) if isinstance(given[0], str | list | tuple) else 0)
        elif name in ("format", "format_map"):
            self.charge_format(str(given[0]), given[1:])
        elif name == "round" and not all(abs(value) <= _PRECISEST for value in given[1:] if isinstance(value, int | float)):
            raise TemplateOverrun(f"it rounded to more than {_PRECISEST} digits")
        if name in ("rfind", "rindex", "rsplit", "rpartition") and len(given) > 1 and isinstance(given[1], str):
            self.charge(len(cast("str", given[0])) * len(given[1]) // _SEARCH)

    def _charge_padding(self, name: str, given: list[Any]) -> None:
        width = next((value if isinstance(value, int) else len(value) for value in given[1:] if isinstance(value, int | str)), 8)
        if width > _WIDEST:
            raise TemplateOverrun(f"it asked {name} for a width beyond {_WIDEST}")
        text = str(given[0])
        places = len(text.splitlines()) if name == "indent" else text.count("\t") if name == "expandtabs" else 0
        self.charge((1 + places) * width)

    def charge_format(self, text: str, values: object) -> None:
        """Charge a format, each place of which may print every value. Stop one whose width is huge, or computed."""
        self.charge(8 * len(text))  # it is read several times
        if _WIDE_PERCENT.search(text) or _WIDE_BRACES.search(text.replace("{{", "")):
            raise TemplateOverrun("it formats with a huge or a computed width")
        places = text.count("%") + text.count("{")
        self.charge(places * (self.weights.size(values) + max(_numbers(text), default=0)))

    def charge_product(self, left: Any, right: Any) -> None:
        """Charge `left * right`: a text or list so many times, or two numbers."""
        for value, times in ((left, right), (right, left)):
            if isinstance(value, str | list | tuple) and isinstance(times, int):
                self.charge(_size(cast("Any", value)) * max(times, 0))
                if not isinstance(value, str):
                    self.weights.check(self.weights.size(cast("object", value)) * max(times, 0))
        if _bits(left) + _bits(right) > _LARGEST_BITS:
            raise TemplateOverrun("it multiplied huge numbers")

    def check_power(self, left: Any, right: Any) -> None:
        """Stop `left ** right` beyond what fits into a few thousand bits."""
        if not isinstance(right, int | float) or abs(right) > 64 or _bits(left) > 64:
            raise TemplateOverrun("it raised a number to a huge power")


budget: ContextVar[Budget] = ContextVar("budget")
"""The budget of the rendering under way. Without one nothing is computed: constants are not folded while compiling either."""


def _numbers(text: str) -> Iterator[int]:
    return (int(found[0]) for found in _NUMBER.finditer(text))


def _bits(value: Any) -> int:
    return value.bit_length() if isinstance(value, int) else 0


def _size(value: object) -> int:
    """In characters; an entry of a list takes as much as eight."""
    if isinstance(value, list | tuple):
        return 8 * len(cast("list[Any]", value))
    return len(value) if isinstance(value, str) else 20
