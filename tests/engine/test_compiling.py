"""What compiling a grammar takes for a moment is not kept by the thread that does it."""

import subprocess
import sys

import pytest

COMPILED = """
import json, os, sys, time
from alize.engine.base import Request
from alize.engine.grammar import Grammar
from alize.engine.guides import Guides
from alize.engine.sequence import Sequence
from alize.engine.guide import words_of
from alize.tokenize.bytes import ByteTokenizer

def used():
    with open("/proc/self/statm") as file:
        return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE") >> 20

def compile(text, *tenants):
    waiting = [Sequence(Request(tenant, (0,), 1, tenant=tenant), 0) for tenant in tenants]
    for sequence in waiting:
        guides.begin(sequence, Grammar("json", text))
    while waiting:
        guides.wait()
        for sequence, error in guides.ready():
            assert error is None, error
            waiting.remove(sequence)

words = ByteTokenizer()
guides = Guides(lambda: words_of(words), words.vocab_size)
compile('{"type": "object"}', "a")
before = used()
large = json.dumps({"properties": {f"p{number}": {"type": "string", "maxLength": 20 + number} for number in range(3000)}})
compile(large, *sys.argv[1:])  # right behind another, after which memory was given back
ends = time.monotonic() + 20
while used() - before > 27:  # MiB, of 31; 24 are the grammar's own. By the thread, behind what it has made
    assert time.monotonic() < ends, f"{used() - before} MiB are kept"
    time.sleep(0.001)
"""


@pytest.mark.skipif(sys.platform != "linux", reason="its heaps are those of glibc")
@pytest.mark.parametrize("tenants", [["a"], ["a", "b"]], ids=" and ".join)
def test_what_compiling_takes_for_a_moment_is_given_back(tenants: list[str]) -> None:
    """Also where the last turn finds that somebody else's had it done."""
    subprocess.run([sys.executable, "-c", COMPILED, *tenants], check=True, timeout=30)
