"""Whose places are taken. In: each that is taken and given back, by tenant. Out: whether there is one more for somebody.

The queue that one workspace has filled is not full for another, nor for other people of it: whoever has fewer places than would be an even
share is given one more, beyond those that there are.

    4 places, all of one/ada    →    none for one/ada; 2 more for two/bob, half of them; then 1 for one/cyd, half of that half
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field

from alize.engine.fairness import parts

__all__ = ["Shares"]


@dataclass(slots=True)
class Shares:
    """Places of one kind."""

    total: int = 0
    _taken: Counter[str] = field(default_factory=Counter[str])  # by tenant, and by what it is part of
    _sharers: Counter[str | None] = field(default_factory=Counter[str | None])  # how many have places that are part of each; of all

    def take(self, tenant: str) -> None:
        self.total += 1
        for whole, part in _levels(tenant):
            self._sharers[whole] += not self._taken[part]
            self._taken[part] += 1

    def give_back(self, tenant: str) -> None:
        self.total -= 1
        for whole, part in _levels(tenant):
            self._taken[part] -= 1
            if not self._taken[part]:
                del self._taken[part]
                self._sharers[whole] -= 1
                if not self._sharers[whole]:
                    del self._sharers[whole]

    def room(self, tenant: str, places: int) -> bool:
        """Whether there is one more for a tenant, where there are so many places.

        >>> shares = Shares()
        >>> for _ in range(4):
        ...     shares.take("one/ada")
        >>> [shares.room(tenant, 4) for tenant in ("one/ada", "two/bob", "one/cyd")]
        [False, True, True]
        """
        if self.total < places:
            return True
        share = places
        for whole, part in _levels(tenant):
            share //= self._sharers[whole] + (part not in self._taken)
            if self._taken[part] < share:
                return True
        return False

    def ends(self, tenant: str, places: int) -> int:
        """How many have to be given back until one more of a tenant's would be among so many that are next, where tenants take turns and
        nobody else comes. Where all have more than their share it is at most a turn of each more than it takes.

        >>> shares = Shares()
        >>> for tenant in ("one/ada", "one/ada", "one/ada", "one/ada", "two/bob", "two/bob"):
        ...     shares.take(tenant)
        >>> shares.ends("one/ada", 4), shares.ends("two/bob", 4)  # until three are left; bob has one, after a turn of each
        (3, 2)
        >>> shares.ends("one/ada", 1), shares.ends("two/bob", 1)  # both of bob's, and his turn again
        (6, 6)
        """
        found, share, turns = self.total - places + 1, places, 1
        for whole, part in _levels(tenant):
            sharers = self._sharers[whole] + (part not in self._taken)
            share, turns = share // sharers, turns * sharers
            found = min(found, (self._taken[part] - share + 1) * turns)
        return max(1, found)


def _levels(tenant: str) -> Iterator[tuple[str | None, str]]:
    """What it is part of, itself, and itself as one beside those that are part of it: each behind the whole that it shares with others.

    >>> list(_levels("one/ada"))
    [(None, 'one'), ('one', 'one/ada'), ('one/ada', 'one/ada/')]
    """
    whole = None
    for part in (*parts(tenant), tenant + "/"):
        yield whole, part
        whole = part
