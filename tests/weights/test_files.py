"""Files that must be whole or absent: one writer at a time, and nothing left of its lock."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from alize.errors import DownloadFailed
from alize.weights.files import exclusive, remove, writing


def test_a_lock_is_held_by_one_at_a_time_however_often_it_is_made_and_deleted(tmp_path: Path) -> None:
    """Each holder deletes the file; one that waited on the deleted file must not think that it holds the new one."""
    path, inside, times = tmp_path / "lock", threading.Semaphore(1), 400

    def enter(_: int) -> bool:
        with exclusive(path, lambda: None):
            alone = inside.acquire(blocking=False)
            os.sched_yield()
            if alone:
                inside.release()
            return alone

    with ThreadPoolExecutor(8) as pool:
        assert all(pool.map(enter, range(times)))
    assert list(tmp_path.iterdir()) == []


def test_who_has_to_wait_is_told_once(tmp_path: Path) -> None:
    told, entered, leave = threading.Event(), threading.Event(), threading.Event()
    waits: list[None] = []

    def hold() -> None:
        with exclusive(tmp_path / "lock", lambda: None):
            entered.set()
            assert leave.wait(30)

    def wait() -> None:
        with exclusive(tmp_path / "lock", lambda: (waits.append(None), told.set())):  # type: ignore[func-returns-value]
            pass

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(hold)
        assert entered.wait(30)
        second = pool.submit(wait)
        assert told.wait(30)
        leave.set()
        first.result()
        second.result()
    assert len(waits) == 1
    assert list(tmp_path.iterdir()) == []


def test_a_place_whose_folder_is_missing_or_a_file_is_said_to_be_unwritable(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    for path in (tmp_path / "no" / "such" / "target", tmp_path / "file" / "below" / "target"):
        remove(path)
        with pytest.raises(DownloadFailed, match="cannot be written"), writing(path):
            path.write_text("")
