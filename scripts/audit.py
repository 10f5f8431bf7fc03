"""Look the locked packages up in a vulnerability service. In: the locks and PyTorch's pin. Out: what is known; status 0 if all is well.

Status 1: a package has a known vulnerability. Status 3: some package was NOT AUDITED, because the service could not be reached or does
not answer for it. That is a failure too: a check that reports success for what it did not look at is worse than none. Where a machine
has no such service, ALLOW_UNAUDITED=1 turns status 3 into 0; the banner stays.
"""

import json
import os
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
LOCKS = ("requirements.lock", "requirements-dev.lock", "requirements-compiler.lock")
BANNER = "!" * 100


def main() -> int:
    answer = _ask(_pins())
    if answer is None:
        return _not_audited("the vulnerability service cannot be reached")
    vulnerable = [entry for entry in answer if entry.get("vulns")]
    skipped = [entry["name"] for entry in answer if "skip_reason" in entry]
    for entry in vulnerable:
        for vulnerability in entry["vulns"]:
            fixed = ", ".join(vulnerability["fix_versions"]) or "no release yet"
            print(f"{entry['name']} {entry['version']}: {vulnerability['id']}, fixed in {fixed}")
    if vulnerable:
        return 1
    if skipped:
        return _not_audited(f"the vulnerability service does not answer for {len(skipped)} of {len(answer)} packages ({skipped[0]}, …)")
    print(f"Audited {len(answer)} packages: none has a known vulnerability.")
    return 0


def _pins() -> list[str]:
    """`name==version` of all that is locked, each once; markers are dropped, so both sides of one are looked up."""
    pins = {line.split()[0] for name in LOCKS for line in _lines(name)}
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    return sorted({*pins, *extras["torch"]})


def _lines(name: str) -> list[str]:
    return [line for line in (ROOT / name).read_text().splitlines() if line and not line.startswith((" ", "#"))]


def _ask(pins: list[str]) -> list[dict[str, Any]] | None:
    """What the service says of each pin; None where it says nothing. Two versions of one package go into two lists: pip-audit reads one."""
    lists: list[dict[str, str]] = [{}, {}]
    for pin in pins:
        name = pin.split("==")[0]
        next(entries for entries in lists if name not in entries)[name] = pin
    answers: list[dict[str, Any]] = []
    for entries in lists:
        if not entries:
            continue
        with tempfile.NamedTemporaryFile("w", suffix=".txt") as file:
            file.write("\n".join(entries.values()) + "\n")
            file.flush()
            command = [sys.executable, "-m", "pip_audit", "--requirement", file.name, "--no-deps", "--disable-pip", "--format", "json"]
            done = subprocess.run([*command, "--progress-spinner", "off"], capture_output=True, text=True)
        try:
            answers.extend(json.loads(done.stdout)["dependencies"])
        except (json.JSONDecodeError, KeyError):
            print(done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "pip-audit said nothing.", file=sys.stderr)
            return None
    return answers


def _not_audited(why: str) -> int:
    allowed = os.environ.get("ALLOW_UNAUDITED") == "1"
    print(f"{BANNER}\nNOT AUDITED: {why}.\nNothing is known about vulnerabilities of what is installed here.\n{BANNER}")
    if not allowed:
        print("This fails the check. On a machine that cannot reach the service: make check ALLOW_UNAUDITED=1")
    return 0 if allowed else 3


if __name__ == "__main__":
    sys.exit(main())
