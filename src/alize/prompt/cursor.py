"""A place in a text that is still coming. In: the text, piece by piece. Out: its words, for readers that wait where it has no more.

A reader is a generator: it yields where more is needed and goes on when some has been added. What it read and did not give out is
kept, up to a limit, so that it can be given out as text after all.

    held   … given out │ kept: read, and not given out │ not yet read
                       kept                            at
"""

import re
from collections.abc import Generator

from alize.prompt.extent import Extent

__all__ = ["Cursor", "EndedError", "MalformedError", "Reading", "Words"]

Reading = Generator[None, None, None]
Words = Generator[None, None, str]

_MOST = 65_536  # characters that are kept
_SPACE = re.compile(r"\s*")


class MalformedError(Exception):
    """What is kept is not what it began as."""


class EndedError(Exception):
    """There is no more text, and some is needed."""


class Cursor:
    """Of one text."""

    def __init__(self) -> None:
        self.held = ""
        self.at = self.kept = 0
        self.over = False  # all of the text has been added

    def add(self, text: str) -> None:
        """More of the text; what was given out is forgotten."""
        self.held = self.held[self.kept :] + text
        self.at, self.kept = self.at - self.kept, 0

    def more(self) -> Reading:
        """Wait for more. Raises EndedError where there is none, MalformedError where too much is kept."""
        if self.over:
            raise EndedError
        if len(self.held) - self.kept > _MOST:
            self.at = len(self.held)
            raise MalformedError
        yield

    def space(self) -> Reading:
        """Pass over white space, to the first character behind it."""
        while True:
            found = _SPACE.match(self.held, self.at)
            self.at = found.end() if found else self.at
            if self.at < len(self.held):
                return
            yield from self.more()

    def next(self) -> Words:
        """The next character that is no white space. It is not passed over."""
        yield from self.space()
        return self.held[self.at]

    def comes(self, words: str) -> Generator[None, None, bool]:
        """Whether these words come next; they are passed over then."""
        while len(self.held) - self.at < len(words) and words.startswith(self.held[self.at :]):
            yield from self.more()
        found = self.held.startswith(words, self.at)
        self.at += len(words) if found else 0
        return found

    def expect(self, words: str) -> Reading:
        """Pass over white space and these words. Raises MalformedError where others come."""
        yield from self.space()
        if not (yield from self.comes(words)):
            raise MalformedError

    def until(self, *marks: str, most: int = _MOST) -> Generator[None, None, tuple[str, str]]:
        """What stands before the first of these marks, and the mark, which is passed over. Raises MalformedError beyond `most`."""
        while True:
            found = [(place, mark) for mark in marks if mark and (place := self.held.find(mark, self.at)) >= 0]
            end, mark = min(found, default=(len(self.held), ""))
            if end - self.at > most:
                raise MalformedError
            if mark:
                words = self.held[self.at : end]
                self.at = end + len(mark)
                return words, mark
            yield from self.more()

    def value(self) -> Words:
        """A value of JSON, as it is written. Raises MalformedError where a control token stands in it."""
        yield from self.space()
        extent, words = Extent(), list[str]()
        while not extent.ended:
            while self.at == len(self.held):
                yield from self.more()
            start, self.at = self.at, extent.feed(self.held, self.at)
            words.append(self.held[start : self.at])
        if extent.broken:
            raise MalformedError
        return "".join(words)
