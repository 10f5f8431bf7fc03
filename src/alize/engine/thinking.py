"""Thoughts before an answer that must match. In: the marks around a thought, and tokens as they are drawn. Out: which may follow, and
which of them belong to the match.

What the model thinks is free, but it cannot end the answer: only what stands behind the thought is one (where calls alone are held, the
answer may be nothing, so there it can). Where it ends is told exactly as `prompt/thoughts.py` tells thought from text, or a client would
read as the answer what was not held to its form.

    start ─ the mark that opens ─ thought ─ the mark that closes ─ after ─ form       marks that are text: line breaks behind them are no
      └───────────── the form's own beginning ──────────────────────────────┘         part of the answer, so the form cannot begin with one

Marks that are text are cut into tokens in any way. Of those that have the end of a closing mark only such may be drawn that end with it, or
with line breaks: what would stand behind it was looked at by nobody.
"""

import codecs
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from alize.engine.grammar import Thought

__all__ = ["Mask", "Place", "ThoughtMasks"]

Mask = npt.NDArray[np.uint32]

_BREAKS = 2  # line breaks that may be drawn between a mark and the answer

Whose = Literal["thought", "form", "either"]


class ThoughtMasks:
    """What may be drawn around and within thoughts, of one vocabulary and its marks. Some 20 masks of as many bits as there are tokens."""

    def __init__(self, thought: Thought, pieces: Sequence[bytes], ends: Collection[int], size: int) -> None:
        """`pieces`, `ends`: see `Words`. `size`: logits of a row."""
        self.thought, self.pieces = thought, pieces
        self.opens, self.closes = thought.opens.encode(), thought.closes.encode()
        self._size = size
        never = self._mask([id for id in (*thought.never, *(() if thought.ends else ends)) if id < size])
        free = self._mask(range(size)) & ~never
        by_first: dict[bytes, list[tuple[int, bytes]]] = {}  # a mask is of few tokens: the others are looked at once
        for id, piece in enumerate(pieces[:size]):
            by_first.setdefault(piece[:1], []).append((id, piece))
        led = by_first.get(b"\n", [])
        self.breaks, self.led = self._where(led, lambda piece: not piece.strip(b"\n")), self._where(led, lambda piece: True)
        if thought.ids is not None:
            self.opening, self.closing = [self._mask([thought.ids[0]])], [free]
            return
        rests = [self.opens[place:] for place in range(len(self.opens))]
        self.opening = [self._where(by_first.get(rest[:1], []), self._opens(rest)) for rest in rests]
        some = [(id, piece) for id, piece in enumerate(pieces[:size]) if self.closes[-1:] in piece]
        self.closing = [free & ~self._where(some, self._goes_on(self.closes[:place])) for place in range(len(self.closes))]

    def overlap(self, text: bytes) -> int:
        """How much of the closing mark a text without it ends with."""
        sizes = range(min(len(self.closes) - 1, len(text)), 0, -1)
        return next((size for size in sizes if self.closes.startswith(text[-size:])), 0)

    def _opens(self, rest: bytes) -> Callable[[bytes], bool]:
        """Of a piece, whether it goes on with the opening mark, of which so much is left."""
        return lambda piece: rest.startswith(piece) or (piece.startswith(rest) and self.closes not in piece)

    def _goes_on(self, begun: bytes) -> Callable[[bytes], bool]:
        """Of a piece, whether it has the end of a closing mark that has begun so, and then something else."""
        return lambda piece: bool((begun + piece).partition(self.closes)[2].strip(b"\n"))

    def _where(self, known: Sequence[tuple[int, bytes]], holds: Callable[[bytes], bool]) -> Mask:
        return self._mask([id for id, piece in known if holds(piece)])

    def _mask(self, ids: Sequence[int]) -> Mask:
        bits = np.zeros(-(-self._size // 32) * 32, np.bool_)
        bits[np.asarray(ids, np.intp)] = True
        return np.packbits(bits, bitorder="little").view(np.uint32)


@dataclass(slots=True)
class Place:
    """Where one answer has got to."""

    masks: ThoughtMasks
    phase: Literal["start", "thought", "after", "form"]
    asked: bool
    seen: bytes = b""  # at the start: what was said, which may become a mark
    overlap: int = 0  # in a thought: how much of the mark stands at its end
    breaks: int = 0  # behind it
    lost: bool = False  # at the start: it can become a mark alone

    @classmethod
    def of(cls, masks: ThoughtMasks, thought: Thought) -> "Place":
        """Before the first token."""
        return cls(masks, "thought" if thought.begun else "start", thought.asked)

    def begin(self, text: str) -> str:
        """Go on from a text that the prompt ends with. What of it belongs to the form."""
        ids, opens, closes = self.masks.thought.ids, self.masks.opens, self.masks.closes
        if not text or (ids is not None and self.phase == "thought"):
            return ""
        rest = text.encode()
        if self.phase == "start":
            if ids is not None or self._look(rest) != "thought":
                self.phase = "form" if ids is not None else self.phase
                return text
            rest = self._stripped(rest)[0][len(opens) :]
        _, mark, behind = rest.partition(closes)
        if not mark:
            self.phase, self.overlap = "thought", self.masks.overlap(rest)
            return ""
        behind = behind.lstrip(b"\n")
        self.phase, self.breaks = "form" if behind else "after", 0
        return behind.decode()

    def move(self, token: int) -> Whose:
        """A token was drawn: whose it is. `either`: it may become a mark, or be the form's."""
        ids, ending = self.masks.thought.ids, self.masks.thought.ending
        piece = self.masks.pieces[token] if token < len(self.masks.pieces) else b""
        match self.phase:
            case "start" if ids is not None and token == ids[0]:
                self.phase = "thought"
            case "start" if ids is None and piece:
                return self._look(self.seen + piece)
            case "thought" if ids is not None and token == ids[1]:
                self.phase = "form"
            case "thought" if token not in ending:
                self._think(piece)
            case "after" if piece and not piece.strip(b"\n"):
                self.breaks += len(piece)
            case _:
                self.phase = "form"
                return "form"
        return "thought"

    def mask(self, form: Mask) -> Mask:
        """What may be drawn, where the form allows so much."""
        masks = self.masks
        match self.phase:
            case "thought":
                return masks.closing[self.overlap]
            case "start":
                own = np.zeros_like(form) if self.lost else form
                said, cut = self._stripped(self.seen)
                return own | masks.opening[len(said)] if self.asked and not cut else own
            case "after":
                own = form & ~masks.led
                return own | masks.breaks if self.breaks < _BREAKS else own
            case "form":
                return form

    def _look(self, seen: bytes) -> Whose:
        """All that was said, where it may have become a mark."""
        self.seen, opens = seen, self.masks.opens
        said, cut = self._stripped(seen)
        if cut:
            return "either"
        if said.startswith(opens):
            self.phase = "thought"
            self._think(said[len(opens) :])
            return "thought"
        if opens.startswith(said):
            return "either"
        self.phase = "form"
        return "form"

    def _think(self, piece: bytes) -> None:
        if self.masks.thought.ids is not None:
            return
        text = self.masks.closes[: self.overlap] + piece
        _, mark, behind = text.partition(self.masks.closes)
        if mark:
            self.phase, self.breaks = "after", len(behind)
        else:
            self.overlap = self.masks.overlap(text)

    @staticmethod
    def _stripped(text: bytes) -> tuple[bytes, bool]:
        """Without the white space that may stand before a mark; and whether all that is left is a part of a character, maybe of such."""
        said, read = codecs.utf_8_decode(text, "replace", False)
        said = said.lstrip()
        return said.encode(), not said and read < len(text)
