"""The native core under sanitizers. In: csrc/. Out: its tests, on a build that stops at the first thing that is undefined.

    python scripts/sanitize.py            address and undefined behaviour, what `make check` runs
    python scripts/sanitize.py thread     races between its threads

Python itself is not built so: the compiler's runtime is loaded before it.
"""

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
RUNTIMES = {"address,undefined": "libasan.so", "thread": "libtsan.so"}
OPTIONS = {"ASAN_OPTIONS": "detect_leaks=0:abort_on_error=1", "TSAN_OPTIONS": "halt_on_error=1", "UBSAN_OPTIONS": "print_stacktrace=1"}


def main() -> int:
    kind = "thread" if sys.argv[1:] == ["thread"] else "address,undefined"
    cmake, compiler = shutil.which("cmake"), shutil.which("g++")
    if cmake is None or compiler is None:
        print("The native core is not looked at with sanitizers: that needs cmake and g++.", file=sys.stderr)
        return 0
    found = subprocess.run([compiler, f"-print-file-name={RUNTIMES[kind]}"], check=True, capture_output=True, text=True)
    with tempfile.TemporaryDirectory() as folder:
        flags = f"-fsanitize={kind} -fno-sanitize-recover=all -g -O1"
        prepare = [cmake, "-S", str(ROOT), "-B", folder, f"-DCMAKE_CXX_COMPILER={compiler}", f"-DCMAKE_CXX_FLAGS={flags}"]
        subprocess.run([*prepare, "-DCMAKE_BUILD_TYPE=None", "-DSKBUILD_PROJECT_VERSION=0"], check=True, stdout=subprocess.DEVNULL)
        subprocess.run([cmake, "--build", folder, "--parallel"], check=True, stdout=subprocess.DEVNULL)
        environment = {**os.environ, **OPTIONS, "LD_PRELOAD": found.stdout.strip(), "SANITIZED": folder}
        tests = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "not slow", "tests/engine/native"]
        return subprocess.run([sys.executable, *tests], cwd=ROOT, env=environment).returncode


if __name__ == "__main__":
    sys.exit(main())
