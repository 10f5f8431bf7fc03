"""A slice of a list. In: its items, and where it goes on. Out: one value."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

Item = TypeVar("Item")

__all__ = ["Page"]


@dataclass(frozen=True, slots=True)
class Page(Generic[Item]):
    """A slice of a list. `next` is the cursor of the following page, None at the end."""

    items: Sequence[Item]
    next: str | None = None
