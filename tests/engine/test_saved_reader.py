"""What is read ahead of whoever takes it is not kept when it was taken."""

import subprocess
import sys
from pathlib import Path

import pytest

READ = """
import os, sys, time
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

folder, written, kept, runner = Folder(Path(sys.argv[1]), 1 << 30), [], [], Large()
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
for sequence in waiting:  # the C library takes even large pieces from a thread's heap, once one was freed
    assert prefixes.begin(sequence)
    while not all(load.read for load in prefixes._loads.values()):
        time.sleep(0.001)  # as in a step that takes as long
    while not prefixes.ready():
        prefixes.wait()
assert written == [*range(COUNT)] * TIMES and len(kept) == TIMES
ends = time.monotonic() + 20
while used() - before > 15:
    assert time.monotonic() < ends, f"{used() - before} MiB are kept"
    time.sleep(0.001)  # between two looks
prefixes.close(0)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="its heaps are those of glibc")
def test_memory_of_what_was_read_is_given_back_when_it_was_taken(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", READ, str(tmp_path / "prefixes")], check=True, timeout=30)
