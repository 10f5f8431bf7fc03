"""Count the instructions of the AVX2 kernels. In: csrc/. Out: where one is not what csrc/counts/avx2.json has; status 1 if it is more.

    python scripts/count_instructions.py            what `make check` runs
    python scripts/count_instructions.py --write    keep what is counted now

callgrind counts to the instruction, however busy a machine is. valgrind knows no AVX-512 and hides it, so the core falls to AVX2 by
itself. Counts belong to one compiler: from the next version on the same source takes some percent more here and fewer there, and a guard
that fails for what nobody changed is soon switched off. With another compiler than theirs nothing is compared, and that is said.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
KEPT = ROOT / "csrc" / "counts" / "avx2.json"
TOLERANCE = 0.01

Counts = Mapping[str, int]


def main() -> int:
    cmake, valgrind = shutil.which("cmake"), shutil.which("valgrind")
    if cmake is None or valgrind is None:
        print("The kernels' instructions are not counted: that needs cmake and valgrind.", file=sys.stderr)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        driver = _built(cmake, Path(folder))
        if driver is None:
            print("The kernels' instructions are not counted: their driver could not be built (above).", file=sys.stderr)
            return 0 if shutil.which("c++") is None else 1
        compiler, kernels, found = _counted(valgrind, driver)
    if kernels != "avx2":
        print(f"The kernels' instructions are not counted: those of AVX2 are kept, and under valgrind this is {kernels}.", file=sys.stderr)
        return 0
    if sys.argv[1:] == ["--write"]:
        KEPT.write_text(json.dumps({"compiler": compiler, "instructions": found}, indent=2) + "\n")
        print(f"Kept the instructions of {len(found)} calls, compiled by {compiler}.")
        return 0
    kept = json.loads(KEPT.read_text())
    if kept["compiler"] != compiler:
        sentence = f"The kernels' instructions are not compared: those of {kept['compiler']} were kept, this is {compiler}."
        print(sentence, file=sys.stderr)
        return 0
    more, fewer = compare(kept["instructions"], found)
    print(*more, *fewer, sep="\n", end="\n" if more or fewer else "")
    if more:
        print("More instructions than were kept. Where that is wanted: python scripts/count_instructions.py --write", file=sys.stderr)
    elif fewer:
        print("Fewer instructions than were kept: python scripts/count_instructions.py --write")
    else:
        print(f"Counted the instructions of {len(found)} calls of AVX2 kernels: as kept, within {TOLERANCE:.0%}.")
    return 1 if more else 0


def compare(kept: Counts, found: Counts) -> tuple[list[str], list[str]]:
    """What is worse than kept, a sentence each: calls that take more, or that only one of both knows. And what is better."""
    more = [f"{name}: not counted any more" for name in kept if name not in found]
    fewer: list[str] = []
    for name, count in found.items():
        if name not in kept:
            more.append(f"{name}: {count:,}, never kept")
        elif abs(count - kept[name]) > TOLERANCE * kept[name]:
            sentence = f"{name}: {count:,}, kept {kept[name]:,} ({count / kept[name] - 1:+.1%})"
            (more if count > kept[name] else fewer).append(sentence)
    return more, fewer


def _built(cmake: str, folder: Path) -> Path | None:
    prepared = subprocess.run([cmake, "-S", str(ROOT), "-B", str(folder), "-DSKBUILD_PROJECT_VERSION=0"], stdout=subprocess.DEVNULL)
    if prepared.returncode:
        return None
    built = subprocess.run([cmake, "--build", str(folder), "--target", "counts", "--parallel"], stdout=subprocess.DEVNULL)
    return folder / "counts" if built.returncode == 0 else None


def _counted(valgrind: str, driver: Path) -> tuple[str, str, dict[str, int]]:
    """The compiler, which kernels, and instructions by call."""
    out = driver.parent / "counted"
    command = [valgrind, "--quiet", "--tool=callgrind", "--collect-atstart=no", f"--callgrind-out-file={out}", str(driver)]
    # Bound at once: the first call of a function would count the search for it.
    done = subprocess.run(command, check=True, capture_output=True, text=True, env={**os.environ, "LD_BIND_NOW": "1"})
    compiler, kernels = done.stdout.splitlines()
    found: dict[str, int] = {}
    for part in sorted(out.parent.glob(f"{out.name}.*"), key=lambda path: int(path.suffix[1:])):
        text = part.read_text()
        name = re.search(r"^desc: Trigger: Client Request: (.*)$", text, re.MULTILINE)
        total = re.search(r"^(?:totals|summary): (\d+)$", text, re.MULTILINE)
        if name and total:
            found[name[1]] = int(total[1])
    return compiler, kernels, found


if __name__ == "__main__":
    sys.exit(main())
