"""The three standard streams, as a shell left them. In: descriptors, open or closed, in any encoding. Out: streams that can be used.

Two things no command should have to think of. The number of a stream that was closed (`>&-`, some service managers) is given to the
next file that is opened: whoever prints would then write into the database. And a terminal whose encoding lacks a character must not
end an answer halfway.
"""

import os
import sys
from typing import Literal, TextIO

__all__ = ["is_unicode", "prepare_streams"]


def prepare_streams() -> None:
    """Point closed streams to nothing; show `?` for what the encoding of standard output lacks. Call before any file is opened."""
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)  # it gets the lowest number that is free: this one
    # Python leaves None where a stream was closed.
    sys.stdin = sys.stdin or _text(0, "r")  # pyright: ignore[reportUnnecessaryComparison]
    sys.stdout = sys.stdout or _text(1, "w")  # pyright: ignore[reportUnnecessaryComparison]
    sys.stderr = sys.stderr or _text(2, "w")  # pyright: ignore[reportUnnecessaryComparison]
    if not is_unicode(sys.stdout) and (reconfigure := getattr(sys.stdout, "reconfigure", None)):
        reconfigure(errors="replace")


def is_unicode(stream: TextIO) -> bool:
    """Whether every character can be written there. Standard error writes what it lacks as `\\u…`, which is no JSON beyond U+FFFF."""
    return (stream.encoding or "").lower().replace("_", "-").startswith("utf-")


def _text(descriptor: int, mode: Literal["r", "w"]) -> TextIO:
    return open(descriptor, mode, encoding="utf-8", closefd=False)
