"""How much memory there is. In: what the system and a container allow. Out: bytes in all and free, of this process's view.

A control group may grant less than the machine has. What its files take in memory counts as used there, though the system gives that
back at once where it is wanted: a mapped model that was just read would otherwise leave no room for itself.
"""

from dataclasses import dataclass
from pathlib import Path

__all__ = ["Memory", "available"]

GROUP = Path("/sys/fs/cgroup")


@dataclass(frozen=True, slots=True)
class Memory:
    """In bytes."""

    total: int
    free: int


def available(group: Path = GROUP) -> Memory:
    """Never more than the control group leaves."""
    import psutil

    machine = psutil.virtual_memory()
    limit, used = _number(group / "memory.max"), _number(group / "memory.current")
    if limit is None or used is None:
        return Memory(machine.total, machine.available)
    held = used - min(used, _statistic(group / "memory.stat", "inactive_file") + _statistic(group / "memory.stat", "active_file"))
    return Memory(min(machine.total, limit), max(0, min(machine.available, limit - held)))


def _number(path: Path) -> int | None:
    """None where there is no file, or `max` in it."""
    text = _read(path).strip()
    return int(text) if text.isdigit() else None


def _statistic(path: Path, name: str) -> int:
    found = [line.split()[1] for line in _read(path).splitlines() if line.split()[:1] == [name] and len(line.split()) == 2]
    return int(found[0]) if found and found[0].isdigit() else 0


def _read(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError):
        return ""
