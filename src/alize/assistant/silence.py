"""Whose worker died. In: what runs, look after look. Out: the runs that stood still for too many looks.

No clock is asked. Those of two servers differ, and each may jump by hours when it is set; that a row has not changed between two looks
of one server is true whatever they say. While the database cannot be reached nobody looks, and so nobody is taken for dead.
"""

from collections.abc import Collection, Sequence

from alize.storage.base import RunRecord

__all__ = ["LOOKS", "Silence"]

LOOKS = 5  # without a sign of life; they are some seconds apart


class Silence:
    """What one server has seen of the runs that others make."""

    def __init__(self) -> None:
        self._seen: dict[str, tuple[RunRecord, int]] = {}  # by id: as it was last seen, and how often it was seen so since

    def listen(self, running: Sequence[RunRecord], mine: Collection[str] = ()) -> list[RunRecord]:
        """Look once. Those that are `mine` live as long as this server does."""
        seen: dict[str, tuple[RunRecord, int]] = {}
        for run in running:
            if run.id in mine:
                continue
            last, still = self._seen.get(run.id, (None, 0))
            seen[run.id] = (run, still + 1 if last is not None and _same(last, run) else 0)
        self._seen = seen
        return [run for run, still in seen.values() if still >= LOOKS]


def _same(before: RunRecord, now: RunRecord) -> bool:
    return (before.worker, before.beat, before.seq) == (now.worker, now.beat, now.seq)
