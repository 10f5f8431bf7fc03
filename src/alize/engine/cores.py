"""How many cores may compute here. In: what the system and a container allow. Out: a number, at least 1."""

import os
from contextlib import suppress
from pathlib import Path

__all__ = ["cores", "quota"]


def cores() -> int:
    """Cores that this process may use: those it is bound to, and no more than its control group grants."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    granted: float | None = None
    with suppress(OSError, UnicodeDecodeError):  # no control groups here
        granted = quota(Path("/sys/fs/cgroup/cpu.max").read_text("utf-8"))
    return max(1, min(allowed, round(granted))) if granted else allowed


def quota(text: str) -> float | None:
    """Cores that a control group grants, from its `cpu.max`.

    >>> quota("150000 100000")
    1.5
    >>> quota("max 100000") is None
    True
    """
    share, _, period = text.strip().partition(" ")
    return int(share) / int(period) if share.isdigit() and period.isdigit() and int(period) else None
