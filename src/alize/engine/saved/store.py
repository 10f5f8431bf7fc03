"""The saved blocks of one model. In: links of a chain, and bytes. Out: those bytes and no others, or nothing.

Every promise rests on what is read, none on what was written: a file that is cut short, changed, exchanged for another or gone is a block
that was never saved. Whoever asks then computes it.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from alize.engine.blocks import Link
from alize.engine.runners.base import CacheGroup
from alize.engine.saved.folder import Folder
from alize.engine.saved.form import HEADER, sealed, unsealed

__all__ = ["Saved", "Store"]

_APART = 1e-3
"""Seconds by which a block is older than the one before it: of a chain the end goes first, which is worth nothing without its beginning."""


@dataclass(frozen=True, slots=True)
class Saved:
    """Where blocks are saved, and whose they are: 32 hexadecimal digits (identity.py)."""

    folder: Folder
    identity: str


class Store:
    """All methods may be called by any thread."""

    def __init__(self, where: Saved, groups: Sequence[CacheGroup]) -> None:
        self.folder, self._identity = where.folder, where.identity
        self._sizes = {group.name: group.bytes_per_block for group in groups}
        self._what = {name: hashlib.blake2b(f"{where.identity}.{name}".encode(), digest_size=16).digest() for name in self._sizes}
        self.corrupt = 0  # files that were not what they should have been, and are gone

    def name(self, group: str, link: Link) -> str:
        return f"{self._identity}/{link.key.hex()}.{group}"

    def has(self, group: str, link: Link) -> bool:
        """Whether there seems to be such a block: only `load` knows."""
        return self.folder.has(self.name(group, link))

    def load(self, group: str, link: Link) -> bytes | None:
        """What a runner kept of a block; None where there is none. A file that is anything else is removed, and counted."""
        name = self.name(group, link)
        data = self.folder.read(name, HEADER + self._sizes[group])
        if data is None:
            return None
        payload = unsealed(data, self._what[group], link)
        if payload is None:
            self.corrupt += 1
            self.folder.remove(name)
        return payload

    def save(self, group: str, link: Link, place: int, payload: bytes, moment: float) -> bool:
        """Write a block, the `place`-th of its chain, which was of use at a moment. False where it is larger than the budget.

        Raises OSError where the disk takes none.
        """
        return self.folder.write(self.name(group, link), sealed(self._what[group], link, payload), moment - place * _APART)

    def use(self, links: Sequence[Link], moment: float) -> None:
        """A chain was of use: it stays longer than others."""
        self.folder.use((self.name(group, link), moment - place * _APART) for place, link in enumerate(links) for group in self._sizes)

    def forget(self, links: Sequence[Link]) -> None:
        """Remove the blocks of a chain."""
        for link in links:
            for group in self._sizes:
                self.folder.remove(self.name(group, link))
