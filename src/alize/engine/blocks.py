"""Cache blocks of one group. In: block hashes. Out: block numbers, shared where the content is the same.

A block of 16 tokens is known by a chain: key = hash(key of the block before, its 16 tokens, the images and sounds these show). Two
prompts with the same beginning have the same keys there, whoever computed them. A block nobody uses stays findable until the pool needs
it back, oldest first. One that cannot be found is worth nothing to anybody, and goes before these: the one given back last first, whose
memory is there already, while that of blocks which were never written need not be.

    free list:  no key: newest ←→ … ←→ never used ←→ a key: oldest ←→ … ←→ newest     ref 0
    in use:     ref ≥ 1                                                               several sequences may hold one
"""

import hashlib
import struct
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from alize.engine.media import Medium
from alize.engine.runners.base import BLOCK

__all__ = ["BlockPool", "Link", "chain"]

_NUMBERS = struct.Struct(f"<{BLOCK}q")


@dataclass(frozen=True, slots=True)
class Link:
    """One full block in a chain of hashes."""

    key: bytes
    parent: bytes
    tokens: tuple[int, ...]  # the block's own 16 tokens, compared after a hit: a collision is then harmless
    media: tuple[tuple[bytes, int], ...] = ()  # those it shows a part of: the medium's key, where in its tokens the block begins


def chain(
    tokens: Sequence[int], root: bytes, after: Sequence[Link] = (), media: Sequence[Medium] = (), length: int | None = None
) -> list[Link]:
    """Links of the full blocks of `tokens`, or of the first `length` of them, that follow those in `after`.

    >>> [len(chain(range(n), b"")) for n in (15, 16, 40)]
    [0, 1, 2]
    """
    parent = after[-1].key if after else root
    links: list[Link] = []
    for start in range(len(after) * BLOCK, (len(tokens) if length is None else length) - BLOCK + 1, BLOCK):
        own = tuple(tokens[start : start + BLOCK])
        shows = tuple((medium.key, start - medium.start) for medium in media if -BLOCK < start - medium.start < medium.length)
        seen = b"".join(key + place.to_bytes(8, "little", signed=True) for key, place in shows)
        key = hashlib.blake2b(parent + _NUMBERS.pack(*own) + seen, digest_size=16).digest()
        links.append(Link(key, parent, own, shows))
        parent = key
    return links


class BlockPool:
    """Hands out block numbers 0 … size-1. Not thread-safe: one engine loop owns it."""

    def __init__(self, size: int) -> None:
        self.size = size
        self._refs = [0] * size
        self._links: list[Link | None] = [None] * size
        self._free: OrderedDict[int, None] = OrderedDict((block, None) for block in range(size))
        self._known: dict[bytes, int] = {}

    @property
    def free(self) -> int:
        return len(self._free)

    def find(self, link: Link) -> int | None:
        """The block with this content, or None. Changes nothing: hold it before relying on it."""
        block = self._known.get(link.key)
        return block if block is not None and self._links[block] == link else None

    def hold(self, block: int) -> None:
        """Take a reference on a block found."""
        if self._refs[block] == 0:
            del self._free[block]
        self._refs[block] += 1

    def take(self, count: int) -> list[int] | None:
        """`count` blocks with unknown content, the first of the free list, or None (and no change) where too few are free."""
        if count > len(self._free):
            return None
        taken: list[int] = []
        for _ in range(count):
            block, _nothing = self._free.popitem(last=False)
            self._forget(block)
            self._refs[block] = 1
            taken.append(block)
        return taken

    def label(self, block: int, link: Link) -> None:
        """Make a held block findable. A no-op where another block is known for the same content."""
        assert self._refs[block] > 0
        if link.key not in self._known and self._links[block] is None:
            self._known[link.key] = block
            self._links[block] = link

    def release(self, blocks: Iterable[int]) -> None:
        """Give references back. Pass a sequence's blocks last to first: the end of a prompt is the least likely to be shared."""
        for block in blocks:
            assert self._refs[block] > 0
            self._refs[block] -= 1
            if self._refs[block] == 0:
                self._free[block] = None
                if self._links[block] is None:
                    self._free.move_to_end(block, last=False)

    def clear(self) -> None:
        """Forget every content. Blocks in use stay in use."""
        self.forget(list(self._known.values()))

    def forget(self, blocks: Iterable[int]) -> None:
        """Make blocks findable no more; those in use stay in use."""
        for block in blocks:
            self._forget(block)
            if self._refs[block] == 0:
                self._free.move_to_end(block, last=False)

    def check(self) -> None:
        """Raise AssertionError where the books do not balance. Cheap enough to run whenever the engine is idle."""
        assert all((refs == 0) == (block in self._free) for block, refs in enumerate(self._refs)), "a block is both free and in use"
        labelled = {link.key: block for block, link in enumerate(self._links) if link is not None}
        assert labelled == self._known, "a known block does not carry its key"

    def _forget(self, block: int) -> None:
        link = self._links[block]
        if link is not None:
            del self._known[link.key]
            self._links[block] = None
