"""One model's entries. In: what each id is and says. Out: its bytes, its name, and which ids are control tokens.

>>> entries = Vocabulary(pieces=(b"", b" hi"), texts=("<s>", "Ġhi"), control={"<s>": 0})
>>> entries.bytes_of(1), entries.name(0)
(b' hi', '<s>')
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import overload

from alize.tokenize.base import AudioMarks, ImageMarks, ThoughtMarks

__all__ = ["END_NAMES", "Spelled", "Vocabulary", "stop_ids"]


class Spelled(Sequence[bytes]):
    """Bytes of entries, made of how they are spelled when one is first asked for: an answer needs a hundred of 50,000.

    >>> Spelled(["Ġa", "b"], lambda id, text: text.encode().upper())[1]
    b'B'
    """

    def __init__(self, texts: Sequence[str], bytes_of: Callable[[int, str], bytes]) -> None:
        self._texts, self._bytes_of = texts, bytes_of
        self._known: list[bytes | None] = [None] * len(texts)

    def __len__(self) -> int:
        return len(self._known)

    @overload
    def __getitem__(self, index: int) -> bytes: ...

    @overload
    def __getitem__(self, index: slice) -> list[bytes]: ...

    def __getitem__(self, index: int | slice) -> bytes | list[bytes]:
        if isinstance(index, slice):
            return [self[id] for id in range(len(self))[index]]
        piece = self._known[index]
        if piece is None:
            id = index % len(self)
            piece = self._known[id] = self._bytes_of(id, self._texts[id])
        return piece


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """What each id adds to a text. Ids are 0 … size - 1; an id that no entry claims has an empty piece and an empty text."""

    pieces: Sequence[bytes]  # by id; b"" for control tokens
    texts: tuple[str, ...]  # by id, as the release spells them
    control: Mapping[str, int]  # spelling → id of the tokens that only a template may write
    special: Mapping[str, str] = field(default_factory=dict[str, str])  # "bos_token" → its spelling, as templates ask for it
    bos_id: int | None = None  # what a plain text begins with; None where the model was trained without
    stop_ids: frozenset[int] = frozenset()
    after: tuple[int, ...] = ()  # what is put behind a whole text; bos_id is put before it
    leading_space: frozenset[int] = frozenset()  # ids whose space is dropped at the start of a text (sentencepiece)

    @property
    def image_marks(self) -> ImageMarks | None:
        """The control tokens of images, by the names that all releases give them."""
        names = ("[IMG]", "[IMG_BREAK]", "[IMG_END]")
        return ImageMarks(*(self.control[name] for name in names)) if all(name in self.control for name in names) else None

    @property
    def audio_marks(self) -> AudioMarks | None:
        """The control tokens of sounds that are heard whole. How much of one is behind each is the same in every release so far."""
        names = ("[AUDIO]", "[BEGIN_AUDIO]")
        return AudioMarks(*(self.control[name] for name in names)) if all(name in self.control for name in names) else None

    @property
    def thought_marks(self) -> ThoughtMarks | None:
        """Control tokens around thoughts."""
        for opens, closes in (("[THINK]", "[/THINK]"), ("<think>", "</think>")):
            if opens in self.control and closes in self.control:
                return ThoughtMarks(opens, closes, (self.control[opens], self.control[closes]))
        return None

    @property
    def size(self) -> int:
        return len(self.pieces)

    def bytes_of(self, token: int) -> bytes:
        """The bytes of one id. Raises IndexError outside the vocabulary, below zero too."""
        if not 0 <= token < len(self.pieces):
            raise IndexError(f"token {token} is outside the vocabulary of {len(self.pieces)}")
        return self.pieces[token]

    def name(self, token: int) -> str:
        """How to show one id: its text, a part of a character as `<0xC3>`, a control token by its spelling."""
        piece = self.bytes_of(token)
        if not piece:
            return self.texts[token]
        try:
            return piece.decode()
        except UnicodeDecodeError:
            return "".join(f"<0x{byte:02X}>" for byte in piece)


# fmt: off
END_NAMES = frozenset({
    "</s>", "<eos>", "<end_of_turn>", "<|EOT|>", "<|end_of_text|>", "<|end|>", "<|endoftext|>", "<|eom_id|>", "<|eot_id|>", "<|im_end|>",
})
# fmt: on
"""Control tokens that end a turn or a text wherever they exist: files often name only one of theirs as the end."""


def stop_ids(control: Mapping[str, int], named: Iterable[int]) -> frozenset[int]:
    """Ids that end an answer: those the file names, and control tokens that by their spelling can mean nothing else."""
    return frozenset(named) | {id for text, id in control.items() if text in END_NAMES}
