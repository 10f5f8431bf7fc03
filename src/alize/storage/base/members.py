"""People's places in workspaces. In: names, or a workspace. Out: records."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from alize.storage.base.page import Page

__all__ = ["Member", "MemberRepository"]


@dataclass(frozen=True, slots=True)
class Member:
    """A person's place in a workspace."""

    id: str
    organization: str
    workspace: str
    principal: str
    name: str
    role: str  # "owner", "member"
    created: datetime


class MemberRepository(Protocol):
    async def bootstrap(self, organization: str, workspace: str, name: str) -> Member:
        """Create organization, workspace and its owner by these names, or return the owner that is there.

        Takes no tenant: it makes the first one.
        """
        ...

    async def list(self, workspace: str, *, limit: int = 100, after: str | None = None) -> Page[Member]: ...
