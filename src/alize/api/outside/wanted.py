"""What may come from elsewhere. In: nothing. Out: the shape of a file that was fetched, and of what is said of those that are wanted."""

from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["File", "Wanted"]


@dataclass(frozen=True, slots=True)
class File:
    kind: str  # its media type, by how it begins
    data: bytes


@dataclass(frozen=True, slots=True)
class Wanted:
    """Files of some kinds, told by how they begin: what a server says of them counts for nothing."""

    what: str  # "picture", for a person
    names: str  # of the kinds, for a person
    accepted: tuple[str, ...]  # media types, as they are asked for
    kind_of: Callable[[bytes | bytearray], str | None]  # None: another kind
    most: int  # bytes
