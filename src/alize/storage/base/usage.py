"""What requests cost. In: a record for each. Out: the list of them, and their sum."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from alize.storage.base.page import Page

__all__ = ["UsageRecord", "UsageRepository", "UsageTotals"]


@dataclass(frozen=True, slots=True)
class UsageRecord:
    """What one request cost. Written before the client is told that the answer is complete."""

    id: str  # the answer's, never the client's request id: a repeated one would be counted once
    workspace: str
    principal: str
    model: str
    endpoint: str
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int
    outcome: str  # finish reasons, "cancelled" or "error"
    created: datetime
    seconds: float


@dataclass(frozen=True, slots=True)
class UsageTotals:
    requests: int
    prompt_tokens: int
    cached_tokens: int
    completion_tokens: int


class UsageRepository(Protocol):
    async def add(self, usage: UsageRecord) -> None:
        """A second record with the same id and workspace is a no-op, so a retry never counts twice."""
        ...

    async def list(self, workspace: str, *, limit: int = 100, after: str | None = None) -> Page[UsageRecord]:
        """Newest first."""
        ...

    async def totals(self, workspace: str, *, since: datetime | None = None) -> UsageTotals: ...
