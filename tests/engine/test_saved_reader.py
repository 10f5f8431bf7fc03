"""What is read ahead of whoever takes it is not kept when it was taken."""

import subprocess
import sys
from pathlib import Path

import pytest

READ = """
import os, sys, time
from pathlib import Path
from alize.engine.base import Request
from alize.engine.blocks import chain
from alize.engine.runners.base import CacheGroup
from alize.engine.saved.folder import Folder
from alize.engine.saved.reader import Load, Reader
from alize.engine.saved.store import Saved, Store
from alize.engine.sequence import Sequence

SIZE, COUNT = 200_000, 150

def used():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") >> 20

folder = Folder(Path(sys.argv[1]), 1 << 30)
folder.begin()
folder.wait()
store = Store(Saved(folder, "ab" * 16), [CacheGroup("full", "full", (0,), SIZE)])
links = chain(range(16 * COUNT), b"")
for place, link in enumerate(links):
    assert store.save("full", link, place, bytes([place]) * SIZE, time.time())
reader, before, kept = Reader(store, lambda sequence: 0), used(), []
for _ in range(3):  # the C library takes even large pieces from a thread's heap, once one was freed
    load = Load(Sequence(Request("a", (0,), 1), 0), links, 0, [("full", link) for link in links])
    reader.begin(load)
    while not load.read:
        reader.wait([load], 1)
        if not load.read:
            time.sleep(0.001)  # between two looks
    found = reader.take(load, 1 << 30)
    assert [payload[0] for _, payload in found] == list(range(COUNT))
    kept.append(found[-1])  # behind all the others, so that the heap does not shrink by itself
    del found
    reader.done()
while used() - before > 15:
    time.sleep(0.001)  # between two looks
reader.close()
"""


@pytest.mark.skipif(sys.platform != "linux", reason="its heaps are those of glibc")
def test_memory_of_what_was_read_is_given_back_when_it_was_taken(tmp_path: Path) -> None:
    subprocess.run([sys.executable, "-c", READ, str(tmp_path / "prefixes")], check=True, timeout=30)
