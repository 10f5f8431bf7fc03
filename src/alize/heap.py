"""Memory that was freed. In: a process whose C library keeps it for itself. Out: the system has it again.

glibc gives each thread a heap of its own. What is freed in the midst of one stays with the process, and what one thread has freed is of no
use to another: tokens of a prompt of 260,000 characters take 33 MiB for a moment, and six threads that made such kept six times as much.
"""

import ctypes
import sys

__all__ = ["give_back"]

_trim = getattr(ctypes.CDLL(None), "malloc_trim", None) if sys.platform == "linux" else None  # other C libraries have none, and need none


def give_back() -> None:
    """Of all heaps. Takes 0.1 ms where there is nothing to give, and 40 µs for each MiB that there is; of a heap full of holes 10 ms every
    time, and whoever takes memory of it meanwhile waits. So it is for after something large."""
    if _trim is not None:
        _trim(0)
