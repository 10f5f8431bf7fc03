"""What tenants have used, for whoever watches. In: charges and preemptions. Out: counters that never go backwards, by tenant.

What decides who is next (fairness.py) is lifted and forgotten as tenants come and go; these are not. Tenants are counted apart as they
come, up to so many, so that no number of them fills up memory or what an engine says of itself; the others are `other` together.
"""

from collections import Counter
from collections.abc import Iterable

from alize.engine.base import TenantStats
from alize.engine.sequence import Sequence

__all__ = ["MOST", "OTHER", "Tenants"]

MOST = 1000
"""Tenants that are counted apart, the first to come."""

OTHER = "other"
"""The name of all the others together."""


class Tenants:
    """Of one engine."""

    def __init__(self) -> None:
        self._apart: dict[str, None] = {}  # those that are counted apart, in the order in which they came
        self._used: Counter[str] = Counter()
        self._preemptions: Counter[str] = Counter()

    def used(self, tenant: str, tokens: int) -> None:
        """Count weighted tokens."""
        self._used[self._name(tenant)] += tokens

    def gave_way(self, sequence: Sequence) -> None:
        """Count a preemption."""
        sequence.preempted += 1
        self._preemptions[self._name(sequence.request.tenant)] += 1

    def stats(self, running: Iterable[Sequence], waiting: Iterable[Sequence]) -> dict[str, TenantStats]:
        """What each tenant has used since the beginning, and has here now."""
        now, queued, tokens = Counter[str](), Counter[str](), Counter[str]()
        for sequence in running:
            now[self._name(sequence.request.tenant)] += 1
        for sequence in waiting:
            name = self._name(sequence.request.tenant)
            queued[name] += 1
            tokens[name] += sequence.pending
        names = [*self._apart, *([OTHER] if OTHER in {*self._used, *now, *queued} else [])]
        return {name: TenantStats(self._used[name], self._preemptions[name], now[name], queued[name], tokens[name]) for name in names}

    def count_from(self, other: "Tenants") -> None:
        """Go on with another engine's counters."""
        self._apart, self._used, self._preemptions = dict(other._apart), Counter(other._used), Counter(other._preemptions)

    def _name(self, tenant: str) -> str:
        """What a tenant is counted as; from now on apart, where there is room for one more."""
        if tenant not in self._apart:
            if len(self._apart) >= MOST:
                return OTHER
            self._apart[tenant] = None
        return tenant
