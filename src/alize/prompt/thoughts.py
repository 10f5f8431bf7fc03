"""Thoughts and answer, told apart while they come. In: text, in whatever pieces, and control tokens. Out: parts that are one or the other.

A model that reasons writes what it thinks before what it says. Two ways are in use:

    [THINK]so 4 + 4[/THINK]8                    control tokens, which no text can be taken for: they count wherever they are drawn
    <think>\\nso 4 + 4\\n</think>\\n\\n8             text: it counts at the start of an answer only, since later it may be what is spoken of

Where the marks are text, the line breaks around a thought belong to them. A thought that the answer ends in stays
open; one without a word is none.

>>> reader = ThoughtReader(ThoughtMarks())
>>> for piece in ("<thi", "nk>so\\n", "</think>", "\\n8"):
...     print(reader.push(piece))
[]
[Part(text='so', thought=True, closed=False)]
[Part(text='', thought=True, closed=True)]
[Part(text='8', thought=False, closed=False)]
"""

from collections.abc import Sequence
from typing import Literal

from alize.prompt.parts import Part
from alize.tokenize.base import ThoughtMarks, Tokenizer

__all__ = ["ThoughtReader", "left_open"]

_State = Literal["start", "opened", "thought", "after", "text"]


class ThoughtReader:
    """Of one answer. Without marks, all is text."""

    def __init__(self, marks: ThoughtMarks | None, *, opened: bool = False) -> None:
        """`opened`: the prompt has begun the thought."""
        self._marks = marks or ThoughtMarks()
        self._by_text = marks is not None and marks.ids is None
        self._held = ""
        self._thought = False  # whether the thought has a word
        self._state: _State = ("opened" if self._by_text else "thought") if opened else "start" if self._by_text else "text"

    def push(self, text: str) -> list[Part]:
        """What is certain with this text."""
        if not self._by_text:
            return self._said(text) if text else []
        self._held += text
        parts: list[Part] = []
        while self._move(parts):
            pass
        return parts

    def control(self, id: int) -> list[Part]:
        """A control token was drawn. Others than the marks say nothing here."""
        if self._marks.ids is None or id not in self._marks.ids:
            return []
        was, self._state = self._state, "thought" if id == self._marks.ids[0] else "text"
        return self._closed("") if was == "thought" and self._state == "text" else []

    def end(self) -> list[Part]:
        """A call follows, even within a thought: that ends with it."""
        parts = self.flush()
        was, self._state = self._state, "text"
        return parts + (self._closed("") if was == "thought" else [])

    def flush(self) -> list[Part]:
        """What was held back: it became no mark."""
        held, self._held = self._held, ""
        if not held or self._state in ("opened", "after"):
            return []
        return self._said(held)

    def _said(self, text: str) -> list[Part]:
        thought = self._state == "thought"
        self._thought |= thought
        return [Part(text, thought)]

    def _closed(self, text: str) -> list[Part]:
        """The end of a thought, with its last words."""
        thought, self._thought = self._thought or bool(text), False
        return [Part(text, thought=True, closed=True)] if thought else []

    def _move(self, parts: list[Part]) -> bool:
        """One step through what is held. Whether another may follow."""
        match self._state:
            case "start":
                return self._at_start(self._marks.opens, parts)
            case "opened" | "after":
                self._held = self._held.lstrip("\n")
                if self._held:
                    self._state = "thought" if self._state == "opened" else "text"
                return bool(self._held)
            case "thought":
                return self._in_thought(self._marks.closes, parts)
            case "text":
                parts += [Part(self._held)] if self._held else []
                self._held = ""
                return False

    def _at_start(self, opens: str, parts: list[Part]) -> bool:
        words = self._held.lstrip()
        if words.startswith(opens):
            self._state, self._held = "opened", words[len(opens) :]
            return True
        if opens.startswith(words):  # may become one
            return False
        self._state = "text"
        return True

    def _in_thought(self, closes: str, parts: list[Part]) -> bool:
        end = self._held.find(closes)
        if end >= 0:
            parts += self._closed(self._held[:end].rstrip("\n"))
            self._state, self._held = "after", self._held[end + len(closes) :]
            return True
        sure = len(self._held)
        for size in range(min(len(closes) - 1, sure), 0, -1):
            if closes.startswith(self._held[sure - size :]):
                sure -= size
                break
        sure = len(self._held[:sure].rstrip("\n"))  # line breaks before a mark belong to it
        if sure:
            parts += self._said(self._held[:sure])
            self._held = self._held[sure:]
        return False


def left_open(marks: ThoughtMarks, tokens: Sequence[int], tokenizer: Tokenizer) -> bool:
    """Whether a prompt that ends where the model is to answer has begun its thought, as some templates do."""
    if marks.ids is not None:
        last = next((id for id in reversed(tokens) if id in marks.ids), None)
        return last == marks.ids[0]
    tail = tokenizer.decode(tokens[-2 * len(marks.opens) :])
    return tail.rstrip().endswith(marks.opens)
