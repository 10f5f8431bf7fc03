"""Whose places are taken. In: each that is taken and given back, by tenant. Out: whether there is one more for somebody.

The queue that one workspace has filled is not full for another, nor for other people of it: whoever has fewer places than would be an even
share is given one more, beyond those that there are.

    4 places, all of one/ada    →    none for one/ada; 2 more for two/bob, half of them; then 1 for one/cyd, half of that half
"""

from collections import Counter

from alize.engine.fairness import parent, parts

__all__ = ["Shares"]


class Shares:
    """Places of one kind."""

    def __init__(self) -> None:
        self._taken = Counter[str]()  # by tenant, and by what it is part of
        self._sharers = Counter[str]()  # how many that have places are directly part of each; of all under ""
        self.total = 0

    def take(self, tenant: str) -> None:
        self.total += 1
        for part in parts(tenant):
            self._sharers[parent(part)] += not self._taken[part]
            self._taken[part] += 1

    def give_back(self, tenant: str) -> None:
        self.total -= 1
        for part in parts(tenant):
            self._taken[part] -= 1
            if not self._taken[part]:
                del self._taken[part]
                self._sharers[parent(part)] -= 1
                if not self._sharers[parent(part)]:
                    del self._sharers[parent(part)]

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
        for part in parts(tenant):
            share //= self._sharers[parent(part)] + (part not in self._taken)
            if self._taken[part] < share:
                return True
        return False
