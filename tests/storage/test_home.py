"""A state folder is made, refused with the reason, and served by one process at a time."""

import fcntl
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from alize.errors import HomeUnusable
from alize.settings import Settings
from alize.storage import open_database
from alize.storage.home import UNFINISHED, HomeLock, prepare_home, serving_at

HOLD = """
import os, signal, sys
from pathlib import Path
from alize.storage.home import HomeLock
HomeLock(Path(sys.argv[1])).acquire()
if "fork" in sys.argv:
    print("held by the parent of", os.getpid(), flush=True) if os.fork() == 0 else None
else:
    print("held", flush=True)
signal.pause()
"""


def holder(home: Path, *words: str) -> "tuple[subprocess.Popen[str], str]":
    """A process that has the lock and keeps it, and what it said when it had it."""
    process = subprocess.Popen([sys.executable, "-c", HOLD, home, *words], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    return process, process.stdout.readline().strip()


# ── making it ──


def test_a_new_folder_is_for_its_owner_alone(tmp_path: Path) -> None:
    home = prepare_home(tmp_path / "some" / "where")
    assert home.stat().st_mode & 0o777 == 0o700
    assert list(home.iterdir()) == []


def test_a_folder_that_is_there_is_taken_as_it_is(tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("mine")
    tmp_path.chmod(0o750)
    assert prepare_home(tmp_path) == tmp_path
    assert tmp_path.stat().st_mode & 0o777 == 0o750
    assert (tmp_path / "notes").read_text() == "mine"


def test_a_file_in_its_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("")
    for path in (tmp_path / "home", tmp_path / "home" / "below"):
        with pytest.raises(HomeUnusable, match="cannot be used") as caught:
            prepare_home(path)
        assert str(path) in caught.value.message
        assert "--home" in caught.value.text


def test_a_dangling_link_in_its_place_is_refused(tmp_path: Path) -> None:
    (tmp_path / "home").symlink_to(tmp_path / "nowhere")
    with pytest.raises(HomeUnusable):
        prepare_home(tmp_path / "home")


@pytest.mark.parametrize("name", ["x" * 300, "nul\0nul"])
def test_a_name_that_cannot_be_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(HomeUnusable):
        prepare_home(tmp_path / name)


def test_a_place_where_nobody_may_write_is_refused() -> None:
    with pytest.raises(HomeUnusable, match="cannot be used"):
        prepare_home(Path("/proc/alize"))


def test_too_little_free_space_is_refused_with_the_numbers(tmp_path: Path) -> None:
    with pytest.raises(HomeUnusable, match="MiB are free") as caught:
        prepare_home(tmp_path, least_free=1 << 62)
    assert f"{(1 << 62) / 2**20:.0f} are needed" in caught.value.message


def test_a_half_restored_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / UNFINISHED).touch()
    with pytest.raises(HomeUnusable, match="interrupted") as caught:
        prepare_home(tmp_path)
    assert "alize restore" in caught.value.text


async def test_the_database_lies_in_the_folder_unless_an_address_is_set(tmp_path: Path) -> None:
    database = open_database(Settings(home=tmp_path / "home 100% ?#"))
    await database.migrate()
    await database.close()
    assert (tmp_path / "home 100% ?#" / "alize.db").is_file()
    elsewhere = open_database(Settings(home=tmp_path / "none", database_url=f"sqlite:///{tmp_path}/other.db"))
    await elsewhere.migrate()
    await elsewhere.close()
    assert (tmp_path / "other.db").is_file()
    assert not (tmp_path / "none").exists()


# ── holding it ──


def test_a_second_process_is_refused_and_told_who_is_there(tmp_path: Path) -> None:
    process, _ = holder(tmp_path)
    try:
        with pytest.raises(HomeUnusable, match=f"in use by process {process.pid}"):
            HomeLock(tmp_path).acquire()
    finally:
        process.kill()
        process.communicate()


def test_whoever_only_looks_keeps_nobody_from_holding_it(tmp_path: Path) -> None:
    """`serving_at` has the lock for a moment, in which a server may start."""
    assert serving_at(tmp_path) is None
    (tmp_path / "lock").touch()
    with (tmp_path / "lock").open() as looking:
        fcntl.flock(looking, fcntl.LOCK_SH)
        ending = threading.Timer(0.02, fcntl.flock, (looking, fcntl.LOCK_UN))
        ending.start()
        with HomeLock(tmp_path) as lock:
            lock.say("http://127.0.0.1:1")
            assert serving_at(tmp_path) == "http://127.0.0.1:1"
        ending.join()


def test_a_process_that_was_killed_holds_nothing(tmp_path: Path) -> None:
    process, _ = holder(tmp_path)
    process.kill()
    process.communicate()
    assert (tmp_path / "lock").read_text() == f"{process.pid}\n"
    with HomeLock(tmp_path):
        assert (tmp_path / "lock").read_text() == f"{os.getpid()}\n"


def test_a_child_of_a_process_that_was_killed_holds_nothing(tmp_path: Path) -> None:
    process, said = holder(tmp_path, "fork")
    child = int(said.split()[-1])
    process.kill()
    process.wait()
    try:
        with HomeLock(tmp_path):
            os.kill(child, 0)  # it lives
    finally:
        os.kill(child, signal.SIGKILL)
        process.communicate()


def test_the_lock_is_free_after_its_block_and_taken_once_within(tmp_path: Path) -> None:
    lock = HomeLock(tmp_path)
    with lock:
        lock.acquire()
        with pytest.raises(HomeUnusable, match=f"process {os.getpid()}"):
            HomeLock(tmp_path).acquire()
    lock.release()
    with HomeLock(tmp_path):
        pass


@pytest.mark.parametrize("text", ["", "not a number", "1\n", "\xff" * 40])
def test_what_a_lock_file_says_means_nothing_without_the_lock(tmp_path: Path, text: str) -> None:
    (tmp_path / "lock").write_text(text, "latin-1")
    with HomeLock(tmp_path):
        pass


def test_a_lock_that_is_a_link_or_a_folder_is_refused(tmp_path: Path) -> None:
    (tmp_path / "precious").write_text("mine")
    (tmp_path / "lock").symlink_to(tmp_path / "precious")
    with pytest.raises(HomeUnusable):
        HomeLock(tmp_path).acquire()
    assert (tmp_path / "precious").read_text() == "mine"
    (tmp_path / "lock").unlink()
    (tmp_path / "lock").mkdir()
    with pytest.raises(HomeUnusable):
        HomeLock(tmp_path).acquire()


def test_a_folder_that_is_not_there_cannot_be_locked(tmp_path: Path) -> None:
    with pytest.raises(HomeUnusable):
        HomeLock(tmp_path / "none").acquire()
