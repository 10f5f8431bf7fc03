"""Write the hashed locks. In: pyproject.toml. Out: requirements.lock (to run), requirements-dev.lock (to test and check, too), and
requirements-compiler.lock (to build where there is no compiler).

One lock serves Linux and macOS, x86-64 and arm64, Python 3.11 to 3.13. No index's address is written down: pip's own configuration
decides where packages come from, their hashes whether they are the right ones. PyTorch stays out, see pyproject.toml.
"""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COMMON = ("--universal", "--generate-hashes", "--python-version", "3.11", "--no-header", "--no-annotate", "--quiet")
LOCKS = {
    "requirements.lock": ("pyproject.toml", "--extra", "build"),
    "requirements-dev.lock": (
        *("pyproject.toml", "--extra", "build", "--extra", "postgres", "--extra", "otlp", "--extra", "dev"),
        *("--constraint", "requirements.lock"),
    ),
    "requirements-compiler.lock": ("--group", "compiler"),
}


def main() -> int:
    for name, what in LOCKS.items():
        command = [sys.executable, "-m", "uv", "pip", "compile", *what, *COMMON, *sys.argv[1:], "--output-file", name]
        status = subprocess.run(command, cwd=ROOT, stdout=subprocess.DEVNULL).returncode
        if status:
            return status
        text = (ROOT / name).read_text()
        if "\ntorch==" in text:
            print(f"{name}: something asks for PyTorch, which must stay out of the locks.", file=sys.stderr)
            return 1
        print(f"{name}: {text.count('==')} packages")
    return 0


if __name__ == "__main__":
    sys.exit(main())
