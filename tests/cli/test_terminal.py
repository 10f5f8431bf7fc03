"""What reaches a terminal is text, never a command to it."""

import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from alize.cli.terminal import clean, size


@given(st.text())
def test_no_control_character_survives_but_newlines_and_tabs(text: str) -> None:
    kept = clean(text)
    assert all(unicodedata.category(character) != "Cc" or character in "\n\t" for character in kept)
    assert kept == "".join(character for character in text if unicodedata.category(character) != "Cc" or character in "\n\t")


def test_sizes_read_like_sizes() -> None:
    assert [size(count) for count in (0, 1023, 1024, 98_233_344, 2**40, 2**52)] == [
        "0 B",
        "1023 B",
        "1.0 KiB",
        "93.7 MiB",
        "1.0 TiB",
        "4096.0 TiB",
    ]
