"""What is read ahead of whoever takes it is not kept when it was taken, or when nobody wants it any more."""

import subprocess
import sys
from pathlib import Path

import pytest

READ = """
import os, sys, threading, time
from dataclasses import replace
from pathlib import Path
from alize.engine.base import Request
from alize.engine.core import Core
from alize.engine.runners.base import CacheGroup
from alize.engine.runners.fake import FakeRunner
from alize.engine.saved.folder import Folder
from alize.engine.saved.prefixes import Prefixes
from alize.engine.saved.store import Saved, Store
from alize.engine.schedule import Limits
from alize.engine.sequence import Sequence

SIZE, COUNT, TIMES = 200_000, 150, 3

def used():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") >> 20

class Large(FakeRunner):
    def __init__(self):
        super().__init__()
        self._info = replace(self._info, groups=(CacheGroup("full", "full", (0,), SIZE),))

    def write_block(self, group, block, data):
        assert len(data) == SIZE
        written.append(data[0])
        if data[0] == COUNT - 1:
            kept.append(data)  # behind all the others, so that the heap does not shrink by itself

class Watched(Folder):
    # says what is read, and waits at one place where it is told to

    def __init__(self, *given):
        super().__init__(*given)
        self.reads, self.changed, self.at = 0, threading.Condition(), None
        self.comes, self.goes_on = threading.Event(), threading.Event()

    def read(self, *given):
        if self.reads == self.at:
            self.comes.set()
            assert self.goes_on.wait(20)
        data = super().read(*given)
        if self.reads == self.at:
            kept.append(data)
        with self.changed:
            self.reads += 1
            self.changed.notify_all()
        return data

    def wait_for(self, reads):
        with self.changed:
            assert self.changed.wait_for(lambda: self.reads >= reads, 20)

def memory_is_given_back():
    ends = time.monotonic() + 20
    while used() - before > 15:
        assert time.monotonic() < ends, f"{used() - before} MiB are kept"
        time.sleep(0.001)  # between two looks

folder, written, kept, runner = Watched(Path(sys.argv[1]), 1 << 30), [], [], Large()
folder.begin()
folder.wait()
saved, engine = Saved(folder, "ab" * 16), Core(runner, Limits(), {"full": TIMES * COUNT + 1})
prefixes, store = Prefixes(saved, runner, engine.scheduler), Store(saved, runner.info.groups)
waiting = [Sequence(Request(str(start), tuple(range(start, start + 16 * COUNT + 1)), 1), 0) for start in range(TIMES)]
for sequence in waiting:
    sequence.link(16 * COUNT)
    for place, link in enumerate(sequence.links):
        assert store.save("full", link, place, bytes([place]) * SIZE, time.time())
before = used()

def take(number):
    assert prefixes.begin(waiting[number])
    folder.wait_for(COUNT * (number + 1))  # as in a step that takes as long
    while not prefixes.ready():
        prefixes.wait()

take(0)  # the C library takes even large pieces from a thread's heap, once one was freed
"""

TAKEN = """
for number in range(1, TIMES):
    take(number)
assert written == [*range(COUNT)] * TIMES and len(kept) == TIMES
memory_is_given_back()
prefixes.close(0)
"""

LEFT = """
folder.at = 2 * COUNT - 10  # and what is read there is kept, so that the heap does not shrink by itself
assert prefixes.begin(waiting[1])
assert folder.comes.wait(20)
assert used() - before > 15, "it is there before"
prefixes.remove("1")
folder.goes_on.set()
folder.wait_for(folder.at + 1)
memory_is_given_back()
assert folder.reads == folder.at + 1 and len(written) == COUNT, "nothing more is read"
prefixes.close(0)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="its heaps are those of glibc")
@pytest.mark.parametrize("then", [TAKEN, LEFT], ids=["taken", "left amid"])
def test_memory_of_what_was_read_is_given_back_when_it_is_done_with(tmp_path: Path, then: str) -> None:
    subprocess.run([sys.executable, "-c", READ + then, str(tmp_path / "prefixes")], check=True, timeout=60)
