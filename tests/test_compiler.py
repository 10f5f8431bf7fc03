"""A machine without a C++ compiler is brought one, and what it builds computes the same bits."""

import os
import platform
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from build_backend import alize_build

ROOT = Path(__file__).resolve().parent.parent
TESTS = ("test_kernels.py", "test_sample.py", "test_turns.py")  # the arithmetic itself
"""Of the core: with these, what it computes is held to the contract and to the specification."""

Patch = pytest.MonkeyPatch

pytestmark = pytest.mark.skipif(
    sys.platform != "linux" or platform.libc_ver()[0] != "glibc" or platform.machine() not in ("x86_64", "aarch64"),
    reason="a compiler is brought to Linux with glibc alone",
)


@pytest.fixture
def bare(tmp_path: Path, monkeypatch: Patch) -> Path:
    """The folder that is all of PATH: a shell, and no compiler."""
    folder = tmp_path / "bare"
    folder.mkdir()
    (folder / "sh").symlink_to("/bin/sh")
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.delenv("CXX", raising=False)
    return folder


def _asked() -> list[str]:
    return [one for one in alize_build.get_requires_for_build_wheel() if one.startswith("ziglang")]


def test_it_is_asked_for_only_where_there_is_none(bare: Path, monkeypatch: Patch) -> None:
    monkeypatch.chdir(ROOT)
    (pin,) = _asked()
    assert pin in (ROOT / "requirements-compiler.lock").read_text()
    monkeypatch.setenv("CXX", "none")
    assert not _asked()
    monkeypatch.delenv("CXX")
    (bare / "clang++").symlink_to("/bin/sh")
    assert not _asked()


def test_make_goes_on_where_it_cannot_be_had(bare: Path, tmp_path: Path, monkeypatch: Patch, capfd: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(alize_build, "ROOT", tmp_path)  # where no lock is
    assert alize_build.main() == 0
    assert "PyTorch alone will run the models" in capfd.readouterr().err


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.skipif("BROUGHT" not in os.environ, reason="`make check` runs it with BROUGHT=1: it compiles for minutes")
def test_what_it_builds_computes_the_same_bits(bare: Path, tmp_path: Path) -> None:
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    brought = tmp_path / "brought"
    lock = ROOT / "requirements-compiler.lock"
    subprocess.run([*pip, "install", "--require-hashes", "--requirement", str(lock), "--target", str(brought)], check=True)
    building = {**os.environ, "PATH": str(bare), "PYTHONPATH": str(brought)}
    subprocess.run([*pip, "wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(tmp_path), str(ROOT)], check=True, env=building)
    (wheel,) = tmp_path.glob("*.whl")
    inside = "alize/engine/runners/native/libalize.so"
    with zipfile.ZipFile(wheel) as archive:
        library = Path(archive.extract(inside, tmp_path / "built"))
    assert b"ziglang" in library.read_bytes()
    shutil.rmtree(brought)  # 400 MB, and pytest keeps the folders of three runs
    tests = [str(ROOT / "tests" / "engine" / "native" / name) for name in TESTS]
    running = {**os.environ, "SANITIZED": str(library.parent)}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-n", "0", "-p", "no:cacheprovider", "-m", "not slow", *tests],
        cwd=ROOT,
        env=running,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stdout[-5000:]
