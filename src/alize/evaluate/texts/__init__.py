"""Texts to measure with. In: a path, or the name of a text that comes along. Out: the text.

Two come along, in the wheel, so that anybody's figures are of the same text. Both are in the public domain everywhere:

    alice.txt    Lewis Carroll, Alice's Adventures in Wonderland (1865), chapters I and II
    holmes.txt   Arthur Conan Doyle, The Adventures of Sherlock Holmes (1892), the beginning of "A Scandal in Bohemia"

Taken from Project Gutenberg's editions 11 and 1661, without their headers; a paragraph is a line. What is measured with is Alice; what
is calibrated with is Holmes, so that nothing is measured on what it was fitted to.
"""

from pathlib import Path

from alize.errors import InvalidRequest

__all__ = ["CALIBRATION", "MEASURE", "text_at"]

CALIBRATION = Path(__file__).with_name("holmes.txt")
MEASURE = Path(__file__).with_name("alice.txt")
MOST = 64 << 20  # bytes


def text_at(path: Path) -> str:
    """Raises InvalidRequest for what is no text in UTF-8."""
    try:
        if path.stat().st_size > MOST:
            raise InvalidRequest(f"{path} is larger than {MOST >> 20} MiB.", remedy="Give a part of it.")
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidRequest(f"{path} cannot be read as a text: {error}.", remedy="Give the path of a text file in UTF-8.") from error
