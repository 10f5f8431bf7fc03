"""Text as it comes. In: token ids. Out: the text that is certain so far, cut at the earliest stop string.

Whatever way the bytes are split into tokens, the pieces put together are what decoding all of them at once would give, up to the
first stop string. "First" is by where the match begins; of two that begin together, the one that ends first, so that an answer ends
without waiting for a longer one (the text is the same). A character is held back until its last byte has come, and text only as long
as it may still be the beginning of a stop string.
"""

import codecs
from array import array
from collections.abc import Sequence
from functools import lru_cache

from alize.errors import InvalidRequest
from alize.tokenize.base import Piece
from alize.tokenize.vocabulary import Vocabulary

__all__ = ["StopStrings", "VocabularyStream"]


class StopStrings:
    """The automaton of Aho and Corasick (1975): reads text once, whatever the number of stop strings. Immutable, shared by streams.

    A state is the longest end of the text that begins some stop string; `depth` is its length. States follow each other along a stop
    string, so that most edges lead to the next state and only branches are stored: some 20 bytes a character.
    """

    def __init__(self, stops: tuple[str, ...]) -> None:
        self.firsts = frozenset(stop[0] for stop in stops)
        self.depth = array("i", [0])
        self.ended = array("i", [0])  # by state: length of the longest stop string that ends here
        self._parent = array("i", [-1])
        self._fallback = array("i", [0])
        self._labels = [""]  # by state: the character that leads to it
        self._branches: dict[tuple[int, str], int] = {}
        for stop in stops:
            self._add(stop)
        for state in sorted(range(1, len(self._labels)), key=self.depth.__getitem__):
            self._link(state)

    def _add(self, stop: str) -> None:
        state = 0
        for character in stop:
            following = self._edge(state, character)
            if following is None:
                following = len(self._labels)
                if following != state + 1:
                    self._branches[state, character] = following
                self._labels.append(character)
                self._parent.append(state)
                self.depth.append(self.depth[state] + 1)
                self._fallback.append(0)
                self.ended.append(0)
            state = following
        self.ended[state] = len(stop)

    def _link(self, state: int) -> None:
        """Where to fall back when no edge fits, and which shorter stop string ends in the same place. Shallower states come first."""
        parent = self._parent[state]
        if parent:
            self._fallback[state] = self.advance(self._fallback[parent], self._labels[state])
        self.ended[state] = self.ended[state] or self.ended[self._fallback[state]]

    def _edge(self, state: int, character: str) -> int | None:
        following = state + 1
        if following < len(self._labels) and self._parent[following] == state and self._labels[following] == character:
            return following
        return self._branches.get((state, character))

    def advance(self, state: int, character: str) -> int:
        """The state after one more character."""
        while True:
            following = self._edge(state, character)
            if following is not None:
                return following
            if not state:
                return 0
            state = self._fallback[state]


@lru_cache(maxsize=32)
def _stop_strings(stops: tuple[str, ...]) -> StopStrings:
    return StopStrings(stops)


class VocabularyStream:
    """A TextStream over the bytes of a vocabulary. One answer, one thread."""

    def __init__(self, vocabulary: Vocabulary, stop: Sequence[str] = (), *, continuing: bool = False) -> None:
        """`continuing`: the ids follow text that was already shown, so a sentencepiece's first space is text.

        Raises InvalidRequest for an empty stop string.
        """
        if not all(stop):
            raise InvalidRequest("stop holds an empty string, which would end every answer before it begins.", param="stop")
        self._vocabulary = vocabulary
        self._stops = _stop_strings(tuple(stop)) if stop else None
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._at_start = bool(vocabulary.leading_space) and not continuing
        self._held = ""
        self._state = 0
        self._found: tuple[int, int] | None = None  # start and length of the best match, within what is held
        self._done = False

    def push(self, ids: Sequence[int]) -> Piece:
        """Add ids; see `TextStream.push`. Raises IndexError for an id outside the vocabulary."""
        pieces = self._vocabulary.pieces
        if self._done:
            return Piece()
        if any(not 0 <= token < len(pieces) for token in ids):
            raise IndexError(f"a token of {list(ids)} is outside the vocabulary of {len(pieces)}")
        data = self._first_bytes(ids) if self._at_start else b"".join([pieces[token] for token in ids])
        return self._advance(self._decoder.decode(data))

    def flush(self) -> Piece:
        """End the answer; see `TextStream.flush`."""
        if self._done:
            return Piece()
        piece = self._advance(self._decoder.decode(b"", final=True))
        if self._done:
            return piece
        self._done = True
        if self._found is None:
            return Piece(piece.text + self._held)
        start, length = self._found
        return Piece(piece.text + self._held[:start], self._held[start : start + length])

    def _first_bytes(self, ids: Sequence[int]) -> bytes:
        for index, token in enumerate(ids):
            if piece := self._vocabulary.pieces[token]:
                self._at_start = False
                first = piece[1:] if token in self._vocabulary.leading_space else piece
                return first + b"".join([self._vocabulary.pieces[later] for later in ids[index + 1 :]])
        return b""

    def _advance(self, text: str) -> Piece:
        stops = self._stops
        if stops is None or not text:
            return Piece(text)
        if not self._state and self._found is None and stops.firsts.isdisjoint(text):
            return Piece(text)
        buffer = self._held + text
        for position in range(len(self._held), len(buffer)):
            self._state = stops.advance(self._state, buffer[position])
            if length := stops.ended[self._state]:
                start = position + 1 - length
                if self._found is None or start < self._found[0]:
                    self._found = (start, length)
            if self._found is not None and position + 1 - stops.depth[self._state] >= self._found[0]:
                start, length = self._found  # nothing that may still come begins earlier
                self._done = True
                self._held = ""
                return Piece(buffer[:start], buffer[start : start + length])
        sure = len(buffer) - stops.depth[self._state]
        if self._found is not None:
            sure = min(sure, self._found[0])
            self._found = (self._found[0] - sure, self._found[1])
        self._held = buffer[sure:]
        return Piece(buffer[:sure])
