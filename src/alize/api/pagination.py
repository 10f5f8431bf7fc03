"""Lists. In: `limit` and `after` of a query. Out: a page, and the cursor of the next one.

GET …?limit=100            {"object": "list", "data": […], "has_more": true, "next": "CURSOR"}
GET …?limit=100&after=CURSOR
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Query

from alize.storage.base import Page

__all__ = ["Paging", "Slice", "as_list"]

Item = TypeVar("Item")


@dataclass(frozen=True, slots=True)
class Slice:
    """Which page."""

    limit: int
    after: str | None


def _slice(
    limit: Annotated[int, Query(ge=1, le=1000, description="Most entries of the page.")] = 100,
    after: Annotated[str | None, Query(min_length=1, max_length=1000, description="`next` of the page before.")] = None,
) -> Slice:
    return Slice(limit, after)


Paging = Annotated[Slice, Depends(_slice)]


def as_list(page: Page[Item], entry: Callable[[Item], dict[str, Any]]) -> dict[str, Any]:
    """The page as JSON."""
    return {"object": "list", "data": [entry(item) for item in page.items], "has_more": page.next is not None, "next": page.next}
