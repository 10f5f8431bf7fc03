"""Who is next. In: waiting sequences. Out: the one to admit.

Tenants share the machine by virtual token counters (Sheng et al. 2024): each tenant's counter grows by what it uses, and the tenant
that has used least goes first. One that was away comes back at the level of those present, so idling saves up nothing. Within a
tenant the order is that of arrival. A higher priority goes before all that; waiting raises priority slowly, so nobody starves.
"""

from collections.abc import Iterable, Iterator

from alize.engine.sequence import Sequence

__all__ = ["FairQueue"]

AGEING = 200  # steps of waiting that weigh as much as one level of priority
PROMPT_WEIGHT, DRAWN_WEIGHT = 1, 2  # a drawn token costs a pass over the weights, a prompt token shares one


class FairQueue:
    """Waiting sequences, and what each tenant has used."""

    def __init__(self) -> None:
        self._waiting: dict[str, Sequence] = {}
        self.used: dict[str, int] = {}  # by tenant, in weighted tokens

    def __len__(self) -> int:
        return len(self._waiting)

    def __iter__(self) -> Iterator[Sequence]:
        return iter(self._waiting.values())

    def add(self, sequence: Sequence, present: Iterable[str]) -> None:
        """Queue a sequence. `present` are the tenants with running work: a tenant that is new beside them starts at their level.

        That of a sequence that was preempted has not been away.
        """
        tenant = sequence.request.tenant
        others = {s.request.tenant for s in self._waiting.values()} | set(present)
        if not others:
            self.used.clear()  # alone: nobody to be fair to, and counters of tenants long gone would pile up
        elif tenant not in others and not sequence.admitted:
            level = min(self.used.get(other, 0) for other in others)
            self.used[tenant] = max(self.used.get(tenant, 0), level)
        self._waiting[sequence.request.id] = sequence

    def first(self, returning: bool = False) -> Sequence | None:
        """The one to admit next; it stays queued until removed. `returning` considers only those that ran before and were preempted."""
        return min((s for s in self._waiting.values() if s.admitted or not returning), key=self._rank, default=None)

    def remove(self, request_id: str) -> Sequence | None:
        return self._waiting.pop(request_id, None)

    def charge(self, tenant: str, prompt: int, drawn: int) -> None:
        self.used[tenant] = self.used.get(tenant, 0) + PROMPT_WEIGHT * prompt + DRAWN_WEIGHT * drawn

    def age(self) -> None:
        """Count one more step of waiting for everyone queued."""
        for sequence in self._waiting.values():
            sequence.waited += 1

    def _rank(self, sequence: Sequence) -> tuple[float, int, int]:
        tenant = sequence.request.tenant
        return (-(sequence.request.priority + sequence.waited // AGEING), self.used.get(tenant, 0), sequence.arrival)
