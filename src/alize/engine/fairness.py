"""Who is next. In: waiting sequences. Out: the one to admit.

Tenants share the machine by virtual token counters (Sheng et al. 2024): each tenant's counter grows by what it uses, and the tenant that
has used least goes first. A tenant may be part of another, as a person is of a workspace: `workspace/person`. The machine is shared among
workspaces, and a workspace's share among its people, however many of them ask; who weighs twice as much as another beside it gets twice
as much, since each counter grows by what is used over its tenant's weight. One that was away comes back at the level of those
present, less what it has not used meanwhile, `CREDIT` at most: a question now and then is read at once, and idling for a day saves up no
more. What others who came back are ahead by does not lower that level. Within a tenant the order is that of arrival.

A higher priority goes before all that. So that nobody starves, waiting slowly lifts the priority of one request where nothing of its own
priority goes on, but never above the highest that somebody asked for. Of one of each priority, and no more: a thousand that have waited for
a day are no reason to let somebody wait who watches.
"""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from functools import lru_cache
from itertools import chain

from alize.engine.sequence import Sequence
from alize.engine.tenants import Tenants

__all__ = ["DRAWN_WEIGHT", "PROMPT_WEIGHT", "FairQueue", "Rank", "parts"]

Rank = tuple[int, tuple[float, ...], int]
"""Level of priority, negative; what the tenant has used, the whole that it is part of first; order of arrival."""

AGEING = 200  # steps of waiting that weigh as much as one level of priority, of one that is lifted
CREDIT = 1024  # weighted tokens: of who weighs more no more than of others, of who weighs less, in proportion, fewer
PROMPT_WEIGHT, DRAWN_WEIGHT = 1, 2  # a drawn token costs a pass over the weights, a prompt token shares one


class FairQueue:
    """Waiting sequences, and what each tenant has used."""

    def __init__(self, weights: Mapping[str, float] | None = None) -> None:
        """`weights`: of tenants, and of what they are part of, beside others of the same whole; 1 where nothing is said."""
        self._weights = weights or {}
        self._waiting: dict[str, Sequence] = {}
        self.used: dict[str, float] = {}  # by tenant, and by what it is part of, in weighted tokens: what decides, and no record
        self._came: dict[str, float] = {}  # at which level it came back: what it is ahead by is its own, and lowers nobody else's
        self.tenants = Tenants()  # the record

    def __len__(self) -> int:
        return len(self._waiting)

    def __iter__(self) -> Iterator[Sequence]:
        return iter(self._waiting.values())

    def add(self, sequence: Sequence, present: Iterable[str]) -> None:
        """Queue a sequence. `present` are the tenants with running work: a tenant that is new beside them starts near their level.

        That of a sequence that was preempted has not been away.
        """
        self.tenants.used(sequence.request.tenant, 0)  # it is known from now on
        others = {s.request.tenant for s in self._waiting.values()} | set(present)
        if not others:
            self.used.clear()  # alone: nobody to be fair to, and counters of tenants long gone would pile up
            self._came.clear()
        elif not sequence.admitted:
            self._come_back(sequence.request.tenant, others)
        self._waiting[sequence.request.id] = sequence

    def _come_back(self, tenant: str, others: Iterable[str]) -> None:
        here = {part for other in others for part in parts(other)}
        for part in parts(tenant):
            beside = [other for other in here if parent(other) == parent(part)]
            if part not in here and beside:
                level = min(max(self.used.get(other, 0), self._came.get(other, 0)) for other in beside)
                self._came[part] = level
                self.used[part] = max(self.used.get(part, 0), level - self._credit(part))

    def first(self, returning: bool = False, beside: Iterable[Sequence] = ()) -> Sequence | None:
        """The one to admit next; it stays queued until removed. `returning` considers only those that ran before and were preempted.

        `beside`: what runs, and has a priority too.
        """
        rank = self.rank(beside)
        return min((s for s in self._waiting.values() if s.admitted or not returning), key=rank, default=None)

    def rank(self, beside: Iterable[Sequence] = ()) -> "Callable[[Sequence], Rank]":
        """By which whoever waits, and what runs `beside`, are ordered at this moment: the lowest first."""
        highest = max((s.request.priority for s in chain(self._waiting.values(), beside)), default=0)
        used: dict[str, tuple[float, ...]] = {}  # a thousand may wait, of few tenants

        def rank(sequence: Sequence) -> Rank:
            request = sequence.request
            own = used.get(request.tenant)
            if own is None:
                own = used[request.tenant] = self._used(request.tenant)
            aged = sequence.waited // AGEING if sequence.lifted else 0
            return -min(request.priority + aged, highest), own, sequence.arrival

        return rank

    def long_after(self, sequence: Sequence, other: Sequence, rank: "Callable[[Sequence], Rank]") -> bool:
        """Whether it is of a lower level of priority than another, or its tenant has used more by half of what being away may be worth to
        the other's."""
        (level, used, _), (before, least, _) = rank(sequence), rank(other)
        parting = zip(parts(other.request.tenant), used, least, strict=False)
        return level > before or next((mine - theirs > self._credit(part) / 2 for part, mine, theirs in parting if mine != theirs), False)

    def _credit(self, part: str) -> float:
        """What being away may be worth to it, in what it has used over its weight."""
        return CREDIT / max(1, self._weights.get(part, 1))

    def share(self, sequence: Sequence) -> Rank:
        """The same order, but for who is lifted, for whoever waits elsewhere. Any thread may ask."""
        return -sequence.request.priority, self._used(sequence.request.tenant), sequence.arrival

    def _used(self, tenant: str) -> tuple[float, ...]:
        """What it has used over its weight, the whole that it is part of first."""
        return tuple(self.used.get(part, 0) for part in parts(tenant))

    def remove(self, request_id: str) -> Sequence | None:
        return self._waiting.pop(request_id, None)

    def charge(self, tenant: str, prompt: int, drawn: int) -> None:
        tokens = PROMPT_WEIGHT * prompt + DRAWN_WEIGHT * drawn
        for part in parts(tenant):
            self.used[part] = self.used.get(part, 0) + tokens / self._weights.get(part, 1)
        self.tenants.used(tenant, tokens)

    def age(self, running: Collection[Sequence], planned: Collection[Sequence]) -> None:
        """Count one more step of waiting for everyone queued, and for those that run and were not `planned` though they might have been;
        and lift of each priority one, where that is due."""
        behind = list(self._waiting.values())
        if len(planned) < len(running):
            behind += [sequence for sequence in running if sequence not in planned and sequence.ready]
        if not behind:
            return
        # Of whose priority something goes on needs nobody lifted.
        moving = {sequence.request.priority for sequence in planned}
        highest = max(moving | {sequence.request.priority for sequence in behind})
        late: dict[int, list[Sequence]] = {}
        for sequence in behind:
            sequence.waited += 1
            priority = sequence.request.priority
            if sequence.lifted:
                moving.add(priority)
            elif priority < highest and sequence.waited >= AGEING and priority not in moving:
                late.setdefault(priority, []).append(sequence)
        for priority, sequences in late.items():
            if priority not in moving:
                min(sequences, key=lambda sequence: (-(sequence.waited // AGEING), *self.share(sequence)[1:])).lifted = True


@lru_cache(maxsize=4096)
def parts(tenant: str) -> tuple[str, ...]:
    """A tenant, behind what it is part of.

    >>> parts("workspace/person")
    ('workspace', 'workspace/person')
    """
    names = tenant.split("/")
    return tuple("/".join(names[: count + 1]) for count in range(len(names)))


def parent(tenant: str) -> str:
    """
    >>> parent("workspace/person"), parent("workspace")
    ('workspace', '')
    """
    return tenant.rpartition("/")[0]
