"""The numbers of one model and one tenant. In: what happens to their answers. Out: observations, in series that are bounded in number.

A label costs memory for as long as the server runs, and a tenant's name costs a hundred numbers. So tenants are named as they come, up to
so many, and the rest share the name `other`.
"""

import re
from dataclasses import dataclass

from prometheus_client import Counter, Histogram

from alize.engine.base import Times
from alize.engine.tenants import OTHER

__all__ = ["ALL", "MODEL", "TENANT", "Series", "Tenants"]

MODEL, TENANT = "model_name", "tenant"
ALL = "all"
"""What every tenant is called where none is to be named."""

_SANE = re.compile(r"[A-Za-z0-9._:/-]{1,128}")  # as the server makes ids: nothing that somebody wrote


class Tenants:
    """What a tenant is called in a label. A name that was given stays, so that no counter goes backwards."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._named: set[str] = set()

    def label(self, tenant: str) -> str:
        """
        >>> tenants = Tenants(2)
        >>> [tenants.label(tenant) for tenant in ("w/a", "w/b", "w/c", "w/a", "Ada's\\n house")]
        ['w/a', 'w/b', 'other', 'w/a', 'other']
        >>> Tenants(0).label("w/a")
        'all'
        """
        if not self._most:
            return ALL
        if tenant not in self._named:
            if len(self._named) >= self._most or tenant in (ALL, OTHER) or not _SANE.fullmatch(tenant):
                return OTHER
            self._named.add(tenant)
        return tenant


@dataclass(frozen=True, slots=True)
class Series:
    """Found once for an answer: to look a label up takes longer than to count a token."""

    prompt: Counter
    cached: Counter
    generated: Counter
    guessed: Counter
    accepted: Counter
    queue: Histogram
    prefill: Histogram
    first: Histogram
    between: Histogram
    decode: Histogram
    prompt_sizes: Histogram
    answer_sizes: Histogram

    def taken(self, prompt: int, cached: int, times: Times | None) -> None:
        """An engine has begun an answer to so many tokens; `cached` of them were in its cache. `times`: where it says them."""
        self.prompt.inc(prompt)
        self.cached.inc(cached)
        if times is not None:
            self.queue.observe(times.queue)
            self.prefill.observe(times.prefill)

    def first_token(self, seconds: float) -> None:
        """So long after the request had come."""
        self.first.observe(seconds)

    def next_tokens(self, seconds: float, count: int) -> None:
        """`count` tokens came together, `seconds` after those before them."""
        for _ in range(count):
            self.between.observe(seconds / count)

    def finished(self, prompt: int, answer: int, decode: float | None) -> None:
        """A choice of a complete answer has so many tokens; its last came so many seconds after its first, where somebody waited for it."""
        self.prompt_sizes.observe(prompt)
        self.answer_sizes.observe(answer)
        if decode is not None:
            self.decode.observe(decode)

    def relayed(self, prompt: int, cached: int, answer: int) -> None:
        """An answer of another server took so many tokens, as far as it said."""
        self.prompt.inc(prompt)
        self.cached.inc(cached)
        self.generated.inc(answer)
