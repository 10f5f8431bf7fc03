"""An answer, read while it is made. In: its tokens. Out: its parts: what was thought, what is said, what is called.

id ─ tokenize.stream ─ stop strings ─ thoughts.ThoughtReader ┬ thought
                                                             └ text ─ calls.CallReader ┬ text
                                                                                       └ calls
Control tokens that are marks go past the stream, each to the reader whose mark it is.
"""

from collections.abc import Iterable, Sequence

from alize.prompt.parts import Call, Part
from alize.prompt.thoughts import ThoughtReader
from alize.prompt.tools import Offer
from alize.tokenize.base import Piece, ThoughtMarks, Tokenizer

__all__ = ["AnswerReader"]


class AnswerReader:
    """From the tokens of an answer to its parts. A stop string ends the answer wherever it stands, but not across a control token."""

    def __init__(
        self,
        tokenizer: Tokenizer,
        stop: Sequence[str] = (),
        marks: ThoughtMarks | None = None,
        *,
        opened: bool = False,
        continuing: bool = False,
        offer: Offer | None = None,
    ) -> None:
        """`continuing`: see `Tokenizer.stream`. `offer`: tools that may be called; without, a call is the text that it is written as.
        Raises InvalidRequest for an empty stop string."""
        self._tokenizer, self._stop, self._offer = tokenizer, stop, offer
        self._thoughts = ThoughtReader(marks, opened=opened)
        self._calls = None if offer is None else offer.reader()
        self._call_ids = frozenset(offer.marks.ids.values()) if offer is not None else frozenset[int]()
        self._ids = self._call_ids | frozenset((marks.ids if marks is not None else None) or ())
        self._stream = tokenizer.stream(stop, continuing=continuing or (offer is not None and bool(offer.begun)))
        self.stopped = False  # by a stop string, or since no more calls are wanted: nothing more is to be read
        self.stop: str | None = None  # which stop string ended it, if one did

    @property
    def called(self) -> bool:
        """Whether tools were called, each with the whole of its arguments."""
        return self._calls is not None and self._calls.whole

    def repeat(self, text: str) -> list[Part]:
        """The text that the answer goes on from, as the first of it. What it says of calls is a person's, and no bare call follows it."""
        if text and self._offer is not None:
            self._calls = self._offer.reader(continuing=True)
        return self._thoughts.push(text)

    def push(self, id: int) -> list[Part | Call]:
        """One token more."""
        if id not in self._ids:
            return self._read(self._stream.push((id,)))
        parts = self._read(self._stream.flush())
        if self.stopped:
            return parts
        self._stream = self._tokenizer.stream(self._stop, continuing=True)
        if self._calls is None or id not in self._call_ids:
            return parts + self._told(self._thoughts.control(id))
        parts += self._told(self._thoughts.end())
        return parts + self._checked(self._calls.control(id))

    def flush(self) -> list[Part | Call]:
        """The answer is over."""
        if self.stopped:
            return []
        parts = self._read(self._stream.flush())
        return parts if self.stopped else parts + self._rest()

    def _read(self, piece: Piece) -> list[Part | Call]:
        parts = self._told(self._thoughts.push(piece.text))
        if piece.stopped is not None and not self.stopped:
            parts += self._rest()
            self.stopped, self.stop = True, piece.stopped
        return parts

    def _rest(self) -> list[Part | Call]:
        """What the readers held back."""
        parts = self._told(self._thoughts.flush())
        return parts if self._calls is None else parts + self._calls.flush()

    def _told(self, parts: Iterable[Part]) -> list[Part | Call]:
        """Calls told from the text among these parts."""
        found: list[Part | Call] = []
        for part in parts:
            if self._calls is None:
                found.append(part)
            elif part.thought:
                found += [*self._calls.settle(), part]
            else:
                found += self._checked(self._calls.push(part.text))
        return found

    def _checked(self, parts: list[Part | Call]) -> list[Part | Call]:
        self.stopped |= self._calls is not None and self._calls.done
        return parts
