"""Saved blocks: what is read is what was written or nothing, whatever happens to the files, and they never take more than their budget."""

import os
import random
import stat
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from shutil import rmtree

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from alize.engine.blocks import Link, chain
from alize.engine.runners.base import CacheGroup
from alize.engine.saved.folder import Folder
from alize.engine.saved.form import HEADER
from alize.engine.saved.store import Saved, Store

SIZE = 3000  # bytes of a block: with its header one page of a disk
GROUPS = (CacheGroup("full", "full", (0,), SIZE), CacheGroup("sliding", "sliding", (1,), SIZE, window=20))
LINKS = [*chain(range(96), b"a"), *chain(range(96), b"b"), *chain(range(32, 128), b"a")]
IDENTITIES = ("0" * 32, "1" * 32)
BUDGET = 12 * 4096


def store(root: Path, identity: str = IDENTITIES[0], budget: int = BUDGET) -> Store:
    folder = Folder(root, budget)
    folder.begin()
    folder.wait()
    return Store(Saved(folder, identity), GROUPS)


def payload(identity: str, group: str, link: Link) -> bytes:
    return random.Random(repr((identity, group, link))).randbytes(SIZE)


def files(root: Path) -> list[Path]:
    return [path for path in root.rglob("*") if path.is_file()]


class Disk(RuleBasedStateMachine):
    """Two models over one folder, a process that ends and begins, and others that damage, exchange and delete what lies there."""

    def __init__(self) -> None:
        super().__init__()
        self.root = Path(tempfile.mkdtemp()) / "prefixes"
        self.stores = {identity: store(self.root, identity) for identity in IDENTITIES}
        self.moment = time.time()

    def teardown(self) -> None:
        rmtree(self.root.parent)

    @rule(identity=st.sampled_from(IDENTITIES), group=st.sampled_from(GROUPS), place=st.integers(0, len(LINKS) - 1))
    def save(self, identity: str, group: CacheGroup, place: int) -> None:
        self.moment += 1
        link = LINKS[place]
        assert self.stores[identity].save(group.name, link, place % 6, payload(identity, group.name, link), self.moment)
        assert self.stores[identity].load(group.name, link) == payload(identity, group.name, link)

    @rule(identity=st.sampled_from(IDENTITIES), group=st.sampled_from(GROUPS), link=st.sampled_from(LINKS))
    def load(self, identity: str, group: CacheGroup, link: Link) -> None:
        one = self.stores[identity]
        path, corrupt = self.root / one.name(group.name, link), one.corrupt
        there = path.exists()
        found = one.load(group.name, link)
        assert found in (None, payload(identity, group.name, link))
        assert (one.corrupt > corrupt) == (there and found is None)
        assert path.exists() == one.has(group.name, link) == (found is not None)

    @rule(identity=st.sampled_from(IDENTITIES), links=st.lists(st.sampled_from(LINKS), max_size=4))
    def use_or_forget(self, identity: str, links: list[Link]) -> None:
        self.moment += 100
        self.stores[identity].use(links, self.moment)
        self.stores[identity].forget(links[:1])
        assert not any(self.stores[identity].has(group.name, link) for link in links[:1] for group in GROUPS)

    @rule(data=st.data())
    def damage(self, data: st.DataObject) -> None:
        if not (there := files(self.root)):
            return
        path = data.draw(st.sampled_from(sorted(there)))
        held, at = path.read_bytes(), data.draw(st.integers(0, HEADER + SIZE - 1))
        what = data.draw(st.sampled_from(["changed", "short", "long", "empty", "another's", "gone", "linked"]))
        other = data.draw(st.sampled_from(sorted(there)))
        match what:
            case "changed":
                path.write_bytes(held[:at] + bytes([held[at] ^ 1 << at % 8] if at < len(held) else b"") + held[at + 1 :])
            case "short" | "long" | "empty":
                path.write_bytes({"short": held[:at], "long": held + b"x", "empty": b""}[what])
            case "another's":
                path.write_bytes(other.read_bytes())
            case "linked":
                path.unlink()
                path.symlink_to("/dev/zero")
            case _:
                path.unlink()

    @rule()
    def begin_again(self) -> None:
        self.stores = {identity: store(self.root, identity) for identity in IDENTITIES}

    @invariant()
    def within_the_budget(self) -> None:
        one, other = (self.stores[identity].folder for identity in IDENTITIES)
        assert max(one.held, other.held) <= BUDGET
        assert not list(self.root.glob("*/.*")), "something half written was left"


Disk.TestCase.settings = settings(max_examples=40, stateful_step_count=30, deadline=None)
TestDisk = Disk.TestCase


def test_a_folder_of_two_processes_stays_near_its_budget(tmp_path: Path) -> None:
    """Each takes stock again after an eighth of it was written."""
    stores = [store(tmp_path / "prefixes", identity, 64 * 4096) for identity in IDENTITIES]
    for place in range(200):
        for one, identity in zip(stores, IDENTITIES, strict=True):
            (link,) = chain(range(place, place + 16), b"")
            one.save("full", link, 0, payload(identity, "full", link), time.time() + place)
    taken = sum(4096 for _ in files(tmp_path))
    assert 32 * 4096 <= taken <= (64 + 2 * 9) * 4096


def test_the_end_of_a_chain_goes_before_its_beginning_and_the_longest_unused_before_all(tmp_path: Path) -> None:
    one = store(tmp_path / "prefixes", budget=12 * 4096)
    old, new = chain(range(96), b"old"), chain(range(96), b"new")
    now = time.time()
    for links, moment in ((old, now - 900), (new, now - 600)):
        for place, link in enumerate(links):
            assert one.save("full", link, place, payload(IDENTITIES[0], "full", link), moment)
    one.use(old, now)
    again = store(tmp_path / "prefixes", budget=12 * 4096)  # the order is the files' own
    (more,) = chain(range(16), b"more")
    again.save("full", more, 0, payload(IDENTITIES[0], "full", more), now)
    assert [again.has("full", link) for link in old] == [True] * 6
    kept = [again.has("full", link) for link in new]
    assert kept == sorted(kept, reverse=True)
    assert not kept[-1]


def test_a_lower_budget_is_kept_from_the_start(tmp_path: Path) -> None:
    one = store(tmp_path / "prefixes")
    for place, link in enumerate(LINKS[:12]):
        one.save("full", link, place, payload(IDENTITIES[0], "full", link), time.time())
    assert one.folder.held == 12 * 4096
    assert store(tmp_path / "prefixes", budget=5 * 4096).folder.held <= 5 * 4096
    assert len(files(tmp_path)) <= 5


def test_what_is_larger_than_the_budget_is_not_saved(tmp_path: Path) -> None:
    one = store(tmp_path / "prefixes", budget=4095)
    assert not one.save("full", LINKS[0], 0, payload(IDENTITIES[0], "full", LINKS[0]), time.time())
    assert not files(tmp_path)


def test_nobody_else_may_read_what_is_saved(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        one = store(tmp_path / "prefixes")
        one.save("full", LINKS[0], 0, payload(IDENTITIES[0], "full", LINKS[0]), time.time())
    finally:
        os.umask(before)
    modes = {stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "prefixes", *(tmp_path / "prefixes").iterdir())}
    assert modes == {0o700}
    assert [stat.S_IMODE(path.stat().st_mode) for path in files(tmp_path)] == [0o600]


def test_a_folder_that_others_may_read_is_closed_to_them(tmp_path: Path) -> None:
    (tmp_path / "prefixes").mkdir(mode=0o755)
    store(tmp_path / "prefixes")
    assert stat.S_IMODE((tmp_path / "prefixes").stat().st_mode) == 0o700


def test_a_block_under_the_key_of_another_is_not_taken_for_it(tmp_path: Path) -> None:
    """As in `BlockPool.find`: whoever found two chains with one hash would get nothing by it."""
    one = store(tmp_path / "prefixes")
    mine = LINKS[0]
    one.save("full", mine, 0, payload(IDENTITIES[0], "full", mine), time.time())
    for other in (
        Link(mine.key, mine.parent, tuple(range(1, 17))),
        Link(mine.key, b"another salt", mine.tokens),
        Link(mine.key, mine.parent, mine.tokens, ((b"a picture", 0),)),
    ):
        one.save("full", mine, 0, payload(IDENTITIES[0], "full", mine), time.time())
        assert one.load("full", other) is None
    assert one.corrupt == 3


@pytest.mark.parametrize("make", [os.mkfifo, os.mkdir, lambda path: os.symlink("/", path)], ids=["pipe", "folder", "link"])
def test_what_is_no_file_is_not_read(tmp_path: Path, make: Callable[[Path], None]) -> None:
    one = store(tmp_path / "prefixes")
    path = tmp_path / "prefixes" / one.name("full", LINKS[0])
    path.parent.mkdir(parents=True)
    make(path)
    assert one.load("full", LINKS[0]) is None


def test_what_a_process_left_half_written_is_cleared_away_when_it_is_old(tmp_path: Path) -> None:
    folder = tmp_path / "prefixes" / IDENTITIES[0]
    folder.mkdir(parents=True)
    for name, age in ((".1-0", 7200), (".2-0", 1)):
        (folder / name).write_bytes(b"half")
        os.utime(folder / name, (time.time() - age,) * 2)
    store(tmp_path / "prefixes")
    assert [path.name for path in files(tmp_path)] == [".2-0"]
