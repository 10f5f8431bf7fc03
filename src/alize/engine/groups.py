"""A sequence's blocks in every cache group. In: how many positions must be in the cache. Out: block tables.

Layers that see the whole past and layers that see a window of it keep different things, so each kind is a group with its own pool
and every sequence has one table per group. A table grows at the end; a sliding group also gives back the blocks that no query can
see any more, leaving -1 in their place; a recurrent group has one slot for a sequence and never another:

    window 20, blocks of 16, next position 60:   full [5, 9, 2, 7]     sliding [-1, -1, 4, 1]     recurrent [3]
                                                 position 41 is the first still seen, in block 2
"""

import sys
from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from alize.engine.blocks import BlockPool, Link
from alize.engine.runners.base import BLOCK, CacheGroup

__all__ = ["CacheGroups", "Tables", "first_seen_block", "longest"]


class Tables(dict[str, list[int]]):
    """Group name → block numbers; -1 where the block was given back. Only CacheGroups changes one."""

    __slots__ = ("_rows", "changed", "room")

    def __init__(self, names: Sequence[str] = ()) -> None:
        super().__init__((name, []) for name in names)
        self.room = 0  # how many positions fit
        self.changed = True  # since a batch was last made of it
        self._rows: dict[str, npt.NDArray[np.int32]] = {}

    def row(self, name: str) -> npt.NDArray[np.int32]:
        """A group's blocks as batches have them, kept until they change: a long table takes longer to copy than a step may cost."""
        found = self._rows.get(name)
        if found is None:
            found = self._rows[name] = np.array(self[name], np.int32)
        return found

    def touch(self, room: int) -> None:
        """Its blocks are others now, and so many positions fit."""
        self.room, self.changed = room, True
        self._rows.clear()


class CacheGroups:
    """The pools of all groups, moved together: a request either gets room in every group or changes nothing."""

    def __init__(self, groups: Sequence[CacheGroup], blocks: Mapping[str, int]) -> None:
        self.groups = tuple(groups)
        self.pools = {group.name: BlockPool(blocks[group.name]) for group in groups}
        self._sliding = [group for group in groups if group.kind == "sliding"]
        self.slides = bool(self._sliding)  # whether `trim` ever has something to do

    @property
    def total(self) -> int:
        return sum(pool.size for pool in self.pools.values())

    @property
    def used(self) -> int:
        return sum(pool.size - pool.free for pool in self.pools.values())

    @property
    def shares(self) -> bool:
        """Whether sequences can have a prefix in common. A state has moved on to its sequence's end: nobody else can begin from it."""
        return all(group.kind != "recurrent" for group in self.groups)

    def empty(self) -> Tables:
        return Tables([group.name for group in self.groups])

    def match(self, links: Sequence[Link], longest: int, elsewhere: Callable[[str, Link], bool] | None = None) -> int:
        """How many leading blocks of a chain every group can give, at most `longest`. Changes nothing.

        A full group needs all of them; a sliding one only those that the next position can still see; a recurrent one has none to give.
        `elsewhere`: which blocks of a group could be brought from there.
        """
        if not self.shares:
            return 0
        reach = min(len(links), longest)
        for group in self.groups:
            if group.kind == "full":
                reach = next((i for i, link in enumerate(links[:reach]) if self._lacks(group.name, link, elsewhere)), reach)
        while reach > 0:
            missing = self._missing(links, reach, elsewhere)
            if missing is None:
                return reach
            reach = missing
        return 0

    def adopt(self, links: Sequence[Link]) -> Tables:
        """Hold the blocks of a matched chain and return them as tables."""
        tables = self.empty()
        for group in self.groups:
            pool, first = self.pools[group.name], first_seen_block(group, len(links) * BLOCK)
            for index, link in enumerate(links):
                block = pool.find(link) if index >= first else -1
                assert block is not None, "match() promised this block"
                if block >= 0:
                    pool.hold(block)
                tables[group.name].append(block)
        tables.touch(len(links) * BLOCK)
        return tables

    def grow(self, tables: Tables, length: int, spare: int = 0) -> bool:
        """Extend the tables to `length` positions. False, and no change, where a group would keep fewer than `spare` free blocks.

        Slots are not spared: a sequence that has one never asks for another.
        """
        if length <= tables.room:
            return True
        wanted = [(group, _blocks(group, length) - len(tables[group.name])) for group in self.groups]
        for group, count in wanted:
            if count > 0 and self.pools[group.name].free < count + (0 if group.kind == "recurrent" else spare):
                return False
        for group, count in wanted:
            if count > 0:
                taken = self.pools[group.name].take(count)
                assert taken is not None
                tables[group.name] += taken
        tables.touch(-(-length // BLOCK) * BLOCK)
        return True

    def trim(self, tables: Tables, computed: int) -> None:
        """Give back the blocks of sliding groups that the position `computed` and later ones cannot see."""
        for group in self._sliding:
            table = tables[group.name]
            for index in range(min(first_seen_block(group, computed), len(table)) - 1, -1, -1):
                if table[index] < 0:
                    break
                self.pools[group.name].release([table[index]])
                table[index] = -1
                tables.touch(tables.room)

    def label(self, tables: Tables, links: Sequence[Link], start: int) -> None:
        """Make blocks start … of a sequence findable; `links` are those of the whole sequence."""
        for name, table in tables.items():
            for index in range(start, len(links)):
                if table[index] >= 0:
                    self.pools[name].label(table[index], links[index])

    def release(self, tables: Tables) -> None:
        """Give everything back and empty the tables."""
        for name, table in tables.items():
            self.pools[name].release(block for block in reversed(table) if block >= 0)
            table.clear()
        tables.touch(0)

    def forget(self, links: Sequence[Link]) -> None:
        """Make the blocks of a chain findable no more, those too that a sliding group has given back; who holds some keeps them."""
        for pool in self.pools.values():
            pool.forget([block for block in map(pool.find, links) if block is not None])

    def clear(self) -> None:
        for pool in self.pools.values():
            pool.clear()

    def check(self) -> None:
        for pool in self.pools.values():
            pool.check()

    def refresh(self, links: Sequence[Link]) -> None:
        """Make what nobody uses of a chain the last to be taken, its end before its beginning."""
        for pool in self.pools.values():
            for block in map(pool.find, reversed(links)):
                if block is not None:
                    pool.hold(block)
                    pool.release([block])

    def _lacks(self, group: str, link: Link, elsewhere: Callable[[str, Link], bool] | None) -> bool:
        return self.pools[group].find(link) is None and not (elsewhere is not None and elsewhere(group, link))

    def _missing(self, links: Sequence[Link], reach: int, elsewhere: Callable[[str, Link], bool] | None) -> int | None:
        """The index of the last block that some sliding group lacks for a hit of `reach` blocks, or None."""
        for group in self.groups:
            if group.kind == "sliding":
                for index in range(reach - 1, first_seen_block(group, reach * BLOCK) - 1, -1):
                    if self._lacks(group.name, links[index], elsewhere):
                        return index
        return None


def longest(group: CacheGroup, blocks: int, step_tokens: int) -> int:
    """The longest context that one sequence can reach in a pool of so many blocks, computed `step_tokens` at a time.

    >>> sliding = CacheGroup("s", "sliding", (0,), 0, window=20)
    >>> longest(sliding, 4, 32), longest(sliding, 5, 32) > 10**9  # 19 tokens still seen and 32 new ones touch at most 5 blocks
    (64, True)
    >>> longest(CacheGroup("r", "recurrent", (0,), 0), 1, 32) > 10**9  # one slot holds any length
    True
    """
    if group.kind == "recurrent":
        return sys.maxsize if blocks else 0
    if group.kind == "sliding" and group.window is not None and blocks > -(-(group.window - 1 + step_tokens) // BLOCK):
        return sys.maxsize  # blocks come back as fast as they are taken
    return blocks * BLOCK


def _blocks(group: CacheGroup, length: int) -> int:
    """How many blocks of a group a sequence of `length` tokens has taken, those it gave back included."""
    return min(length, 1) if group.kind == "recurrent" else -(-length // BLOCK)


def first_seen_block(group: CacheGroup, position: int) -> int:
    """Index of the first block that a query at `position` can see.

    >>> first_seen_block(CacheGroup("s", "sliding", (0,), 0, window=20), 60)
    2
    """
    if group.kind != "sliding" or group.window is None:
        return 0
    return max(0, position - group.window + 1) // BLOCK
