"""The Tokenizer seam. In: text and messages. Out: token ids, and bytes again.

The engine knows only ids; everything that knows a model's alphabet and its chat template is behind this Protocol.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

__all__ = ["ImageMarks", "Piece", "TextStream", "Tokenizer"]


@dataclass(frozen=True, slots=True)
class ImageMarks:
    """The control tokens of an image: a row of them for each row of its squares.

    >>> ImageMarks(10, 12, 13).tokens(rows=2, columns=3)
    [10, 10, 10, 12, 10, 10, 10, 13]
    """

    square: int  # [IMG]
    row: int  # [IMG_BREAK], behind each row but the last
    end: int  # [IMG_END], behind the last
    side: int = 0  # pixels a side of a square, where the tokenizer's file says; 0 where it does not
    most: int = 0  # pixels of the longest side of an image

    def tokens(self, rows: int, columns: int) -> list[int]:
        """The tokens of an image of so many squares."""
        return [*([*[self.square] * columns, self.row] * rows)[:-1], self.end]


@dataclass(frozen=True, slots=True)
class Piece:
    """Text released by a stream. `stopped` names the stop string that ended it, if one did."""

    text: str = ""
    stopped: str | None = None


class TextStream(Protocol):
    """Turns ids into text as they come. Never emits half a character; holds back what may become a stop string."""

    def push(self, ids: Sequence[int]) -> Piece:
        """Add ids and return the text that is now certain. After `stopped` is set, further ids are ignored and give ""."""
        ...

    def flush(self) -> Piece:
        """Return what was held back; bytes that never became a character turn into U+FFFD. Later pushes give ""."""
        ...


class Tokenizer(Protocol):
    """One model's alphabet and template."""

    vocab_size: int
    bos_id: int | None  # what a plain text must begin with; None where the model was trained without
    stop_ids: frozenset[int]  # drawing one of these ends an answer
    image_marks: ImageMarks | None  # None where the vocabulary has none

    def encode(self, text: str) -> list[int]:
        """Ids of plain text: markers of the template inside it (`<|im_start|>`, `[INST]`) are text, never control tokens."""
        ...

    def enclosed(self, text: str) -> list[int]:
        """Ids of a whole text that is to be embedded: with the control tokens that the release puts around one, `[CLS] … [SEP]`."""
        ...

    def decode(self, ids: Sequence[int]) -> str:
        """Text of ids, control tokens left out, broken UTF-8 as U+FFFD."""
        ...

    def token_bytes(self, token: int) -> bytes:
        """The bytes one id adds to a text; b"" for control tokens. Raises IndexError outside the vocabulary."""
        ...

    def token_text(self, token: int) -> str:
        """How to show one id to a person: control tokens by name."""
        ...

    def stream(self, stop: Sequence[str] = (), *, continuing: bool = False) -> TextStream:
        """A fresh stream. The earliest match of any stop string ends it, and the string itself is not returned.

        `continuing`: the ids follow text already shown (an answer after a prefix). Sentencepiece drops a space at the start of a text,
        and must keep it there. Raises InvalidRequest for an empty stop string.
        """
        ...

    def template(self, messages: Sequence[Mapping[str, Any]], tools: Sequence[Mapping[str, Any]] = ()) -> list[int]:
        """Ids of a conversation, ready for the model to continue.

        Messages are `{"role", "content": str, …}`; a last assistant message with `"prefix": True` is left open, to be continued.
        Control tokens come from the template alone: text that looks like one stays text.
        Contents, where present, are str, or a list of `{"type": "text", "text": str}` and `{"type": "image", "rows", "columns"}`; of an
        image, all its marks are returned. The arguments of tool calls are JSON as str.
        Raises InvalidMessageOrder where the template forbids the sequence of roles, UnsupportedParameter for tools it cannot say.
        """
        ...

    def infill(self, before: str, after: str) -> list[int]:
        """Ids that the model continues with what belongs between two texts. Raises UnsupportedParameter where it has no markers."""
        ...
