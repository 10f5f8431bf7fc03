"""How vocabularies spell bytes. In: the text of one entry. Out: the bytes it stands for.

Two spellings exist. *Byte-level* (GPT-2 and its heirs) writes each of the 256 bytes as one printable character: `Ġ` is a space, `Ċ` a
newline. *Sentencepiece* writes text as it is, with `▁` for a space and `<0x0A>` for a byte that no other entry covers.
"""

import re
from functools import cache

__all__ = ["BYTE_PIECE", "SPACE_MARK", "byte_level_bytes", "byte_level_characters", "sentencepiece_bytes"]

SPACE_MARK = "\u2581"
BYTE_PIECE = re.compile(r"<0x([0-9A-Fa-f]{2})>")


@cache
def byte_level_characters() -> tuple[str, ...]:
    """The character that stands for each byte: itself where printable in Latin-1, else the next free one from U+0100 on.

    >>> byte_level_characters()[0x20], byte_level_characters()[0x41]
    ('Ġ', 'A')
    """
    printable = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    shifted = iter(range(0x100, 0x200))
    return tuple(chr(byte) if byte in printable else chr(next(shifted)) for byte in range(256))


@cache
def _byte_of_character() -> dict[str, int]:
    return {character: byte for byte, character in enumerate(byte_level_characters())}


def byte_level_bytes(text: str) -> bytes:
    """The bytes a byte-level entry stands for; an entry with a character outside the alphabet stands for its own UTF-8."""
    try:
        return bytes(map(_byte_of_character().__getitem__, text))
    except KeyError:
        return text.encode()


def sentencepiece_bytes(text: str, is_byte: bool) -> bytes:
    """The bytes a sentencepiece entry stands for; `is_byte` where the vocabulary marks it as a byte piece."""
    if is_byte:
        found = BYTE_PIECE.fullmatch(text)
        if found is None:
            raise ValueError(f"{text!r} is marked as a byte but is not written <0xHH>")
        return bytes([int(found[1], 16)])
    return text.replace(SPACE_MARK, " ").encode()
