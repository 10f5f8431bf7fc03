"""How much a workspace may use. In: requests and tokens as they come. Out: headers that say what is left, or RateLimited.

Each limit is a bucket that holds one minute's worth and is refilled all the time. A request needs one whole request and one token to
be there; what its prompt and answer then cost is taken out, below zero if need be, and has to flow back in before the next request:
so no answer is cut, and over time nobody gets more than the limit. Kept in memory: a restart fills the buckets.
"""

import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from alize.errors import RateLimited
from alize.reasons import because

__all__ = ["Limits"]


@dataclass(slots=True)
class _Bucket:
    per_minute: int
    level: float
    at: float  # when `level` was true

    def refill(self, now: float) -> None:
        self.level = min(self.per_minute, self.level + (now - self.at) * self.per_minute / 60)
        self.at = now

    def seconds_until(self, level: float) -> float:
        return max(0.0, level - self.level) * 60 / self.per_minute


@dataclass(frozen=True, slots=True)
class _Share:
    """One workspace's buckets; None is no limit."""

    requests: _Bucket | None
    tokens: _Bucket | None


class Limits:
    """The limits of every workspace."""

    def __init__(self, requests_per_minute: int, tokens_per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        """0 is no limit."""
        self._requests = requests_per_minute
        self._tokens = tokens_per_minute
        self._clock = clock
        self._shares: dict[str, _Share] = {}

    def admit(self, workspace: str) -> None:
        """Count one request. Raises RateLimited, which says how long to wait, and counts nothing then."""
        share = self._share(workspace)
        waits = [
            (bucket.seconds_until(1), what, bucket)
            for what, bucket in (("requests", share.requests), ("tokens", share.tokens))
            if bucket is not None and bucket.level < 1
        ]
        if waits:
            raise _exhausted(*max(waits, key=lambda wait: wait[0]))
        if share.requests is not None:
            share.requests.level -= 1

    def spend(self, workspace: str, tokens: int) -> None:
        """Take tokens of a prompt or an answer."""
        bucket = self._share(workspace).tokens
        if bucket is not None:
            bucket.level -= tokens

    def headers(self, workspace: str, cost: int | None = None) -> dict[str, str]:
        """What clients of the public API read, and the three common names for the limit that is nearest. {} without limits.

        `cost`: the tokens this request has used so far.
        """
        share = self._share(workspace)
        found: dict[str, str] = {}
        for name, bucket in (("req", share.requests), ("tokens", share.tokens)):
            if bucket is not None:
                found[f"X-RateLimit-Limit-{name}-Minute"] = str(bucket.per_minute)
                found[f"X-RateLimit-Remaining-{name}-Minute"] = str(max(0, math.floor(bucket.level)))
        if share.tokens is not None and cost is not None:
            found["X-RateLimit-Tokens-Query-Cost"] = str(cost)
        buckets = [bucket for bucket in (share.requests, share.tokens) if bucket is not None]
        if buckets:
            nearest = min(buckets, key=lambda bucket: bucket.level / bucket.per_minute)
            found["X-RateLimit-Limit"] = str(nearest.per_minute)
            found["X-RateLimit-Remaining"] = str(max(0, math.floor(nearest.level)))
            found["X-RateLimit-Reset"] = str(math.ceil(nearest.seconds_until(nearest.per_minute)))
        return found

    def _share(self, workspace: str) -> _Share:
        now = self._clock()
        share = self._shares.get(workspace)
        if share is None:
            buckets = (_Bucket(limit, limit, now) if limit else None for limit in (self._requests, self._tokens))
            share = self._shares[workspace] = _Share(*buckets)
        for bucket in (share.requests, share.tokens):
            if bucket is not None:
                bucket.refill(now)
        return share


def _exhausted(wait: float, what: str, bucket: _Bucket) -> RateLimited:
    most, seconds = bucket.per_minute, math.ceil(wait)
    return RateLimited(
        f"Your workspace has used its {most} {what} per minute.",
        remedy=f"Wait {seconds} s.",
        retry_after=wait,
        reason=because("requests_used", most=most, seconds=seconds)
        if what == "requests"
        else because("tokens_used", most=most, seconds=seconds),
    )
