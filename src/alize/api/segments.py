"""When something was said. In: the pieces of a transcription, and behind how many tokens each was written. Out: segments with their times.

A model that writes while it hears writes a token for every 80 ms of sound, `delay` tokens behind it: what it wrote with the token i of its
answer, it wrote of what was heard until i · 80 ms. That is when it was sure of a word, about at the word's end, and no more is known: when
a word began is not, so there are no times of words.

A segment ends where nothing was written for a second, and behind the end of a sentence.

    i        3    4      5  …  20     21             0.08 s a token
    piece    Hel  lo.           Good   bye           (0.24, 0.40, "Hello.") (1.60, 1.76, "Goodbye")
"""

from collections.abc import Iterator
from dataclasses import dataclass

__all__ = ["Segment", "Segments"]

PAUSE = 1.0  # seconds
_ENDS = tuple(".!?…。！？")


@dataclass(frozen=True, slots=True)
class Segment:
    """What was said together. Seconds of the sound, without the silence around it."""

    text: str
    start: float
    end: float


class Segments:
    """
    >>> segments = Segments(0.08)
    >>> [*segments.add("Hel", 3), *segments.add("lo.", 4), *segments.add("Good", 20), *segments.add("bye", 21), *segments.end()]
    [Segment(text='Hello.', start=0.24, end=0.4), Segment(text='Goodbye', start=1.6, end=1.76)]
    """

    def __init__(self, token: float) -> None:
        """`token`: seconds that one stands for."""
        self._token, self._text, self._first, self._last = token, "", 0, 0

    def add(self, text: str, at: int) -> Iterator[Segment]:
        """The segment that ended before this piece, where one did. `at`: tokens of the answer before the one that gave it."""
        said = self._text.rstrip()
        if (at - self._last) * self._token > PAUSE or (said.endswith(_ENDS) and (text[:1].isspace() or said != self._text)):
            yield from self.end()
        if not self._text.strip():
            self._text, self._first = "", at
        self._text, self._last = self._text + text, at

    def end(self) -> Iterator[Segment]:
        """The last one, where something was said."""
        if self._text.strip():
            yield Segment(self._text.strip(), round(self._first * self._token, 2), round((self._last + 1) * self._token, 2))
        self._text = ""
