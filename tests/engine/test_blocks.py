"""Blocks: the books always balance, and what is found is what was asked for."""

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from alize.engine.blocks import BlockPool, Link, chain
from alize.engine.groups import CacheGroups
from alize.engine.runners.base import CacheGroup

TEXTS = [tuple(range(start, start + 64)) for start in (0, 0, 100)]
CHAINS = [chain(text[:length], root) for text in TEXTS for length in (16, 48, 64) for root in (b"a", b"b")]


class Pool(RuleBasedStateMachine):
    """Sequences that take, find, label and release blocks in any order, beside a plain model of what each holds."""

    def __init__(self) -> None:
        super().__init__()
        self.pool = BlockPool(12)
        self.held: list[list[int]] = []
        self.content: dict[int, Link] = {}

    @rule(links=st.sampled_from(CHAINS))
    def admit(self, links: list[Link]) -> None:
        found = []
        for link in links:
            block = self.pool.find(link)
            if block is None:
                break
            assert self.content[block] == link
            self.pool.hold(block)
            found.append(block)
        taken = self.pool.take(len(links) - len(found))
        if taken is None:
            self.pool.release(reversed(found))
            return
        assert not {block for other in self.held for block in other} & set(taken)
        for block, link in zip(taken, links[len(found) :], strict=True):
            self.content[block] = link
            self.pool.label(block, link)
        self.held.append(found + taken)

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def release(self, data: st.DataObject) -> None:
        index = data.draw(st.integers(0, len(self.held) - 1))
        self.pool.release(reversed(self.held.pop(index)))

    @rule()
    def forget(self) -> None:
        self.pool.clear()

    @invariant()
    def balanced(self) -> None:
        self.pool.check()
        assert self.pool.size - self.pool.free == len({block for blocks in self.held for block in blocks})


Pool.TestCase.settings = settings(max_examples=60, stateful_step_count=40)
TestPool = Pool.TestCase


def test_blocks_are_known_by_everything_before_them() -> None:
    same = chain(range(48), b"")
    other = chain([99, *range(1, 48)], b"")
    assert [link.key for link in same] == [link.key for link in chain(range(48), b"")]
    assert not {link.key for link in same} & {link.key for link in other}


def test_a_chain_can_be_extended() -> None:
    whole = chain(range(64), b"root")
    assert chain(range(64), b"root", whole[:2]) == whole[2:]


def test_different_roots_share_nothing() -> None:
    assert not {link.key for link in chain(range(64), b"a")} & {link.key for link in chain(range(64), b"b")}


def test_a_colliding_key_is_no_hit() -> None:
    pool = BlockPool(2)
    (block,) = pool.take(1) or []
    link = Link(b"key", b"", tuple(range(16)))
    pool.label(block, link)
    assert pool.find(link) == block
    assert pool.find(Link(b"key", b"", tuple(range(1, 17)))) is None


def test_of_blocks_that_can_be_found_the_longest_unused_is_taken_first() -> None:
    pool = BlockPool(3)
    first, second, third = (pool.take(1) or [] for _ in range(3))
    for (block,), link in zip((first, second, third), chain(range(48), b""), strict=True):
        pool.label(block, link)
    for blocks in (second, first, third):
        pool.release(blocks)
    assert pool.take(3) == [*second, *first, *third]


def test_what_nobody_can_find_is_taken_before_what_was_never_used_and_before_what_can_be_found() -> None:
    pool = BlockPool(4)
    found, one, other = (pool.take(1) or [] for _ in range(3))
    pool.label(found[0], chain(range(16), b"")[0])
    for blocks in (found, one, other):
        pool.release(blocks)
    assert pool.take(4) == [*other, *one, 3, *found]


def test_what_was_forgotten_is_taken_before_what_was_never_used() -> None:
    pool = BlockPool(3)
    (block,) = pool.take(1) or []
    pool.label(block, chain(range(16), b"")[0])
    pool.release([block])
    pool.clear()
    assert pool.take(3) == [block, 1, 2]


def test_a_sliding_group_gives_back_what_nobody_sees() -> None:
    groups = CacheGroups(
        [CacheGroup("full", "full", (0,), 1), CacheGroup("sliding", "sliding", (1,), 1, window=20)], {"full": 8, "sliding": 8}
    )
    tables = groups.empty()
    assert groups.grow(tables, 64)
    groups.trim(tables, 60)
    assert tables["sliding"][:2] == [-1, -1]
    assert groups.pools["sliding"].free == 6
    assert groups.pools["full"].free == 4


def test_a_hit_needs_every_group() -> None:
    groups = CacheGroups(
        [CacheGroup("full", "full", (0,), 1), CacheGroup("sliding", "sliding", (1,), 1, window=20)], {"full": 8, "sliding": 8}
    )
    tables, links = groups.empty(), chain(range(64), b"")
    assert groups.grow(tables, 64)
    groups.label(tables, links, 0)
    groups.trim(tables, 64)  # keeps what position 64 sees: from 45 on, blocks 2 and 3
    assert groups.match(links, 4) == 4
    assert groups.match(links, 3) == 3  # the blocks given back are still known, until the pool needs them
    taken = groups.pools["sliding"].take(6)
    assert taken is not None
    assert groups.match(links, 4) == 4
    assert groups.match(links, 3) == 0


def test_growing_is_all_or_nothing() -> None:
    groups = CacheGroups([CacheGroup("a", "full", (0,), 1), CacheGroup("b", "sliding", (1,), 1, window=4)], {"a": 4, "b": 2})
    tables = groups.empty()
    assert not groups.grow(tables, 64)
    assert tables == groups.empty()
    assert groups.used == 0
