"""Archives that are not what they should be are refused, and nothing is changed."""

import gzip
import io
import json
import random
import shutil
import tarfile
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alize.errors import AlizeError, BackupFailed
from alize.storage.backup import restore
from alize.storage.home import prepare_home
from tests.storage.house import contents, members


def refused(path: Path, tmp_path: Path) -> AlizeError:
    """Restoring `path` fails, both into a new folder and by force over an old one, and leaves nothing behind."""
    old = tmp_path / "old"
    prepare_home(old)
    (old / "settings.toml").write_text("old = true")
    for home in (tmp_path / "fresh", old):
        with pytest.raises(BackupFailed) as caught:
            restore(path, home, force=True)
    assert not (tmp_path / "fresh").exists()
    assert [name for name in contents(old) if name != "lock"] == ["settings.toml"]
    return caught.value


def test_an_archive_cut_off_anywhere_is_refused(archived: Path, tmp_path: Path) -> None:
    data = archived.read_bytes()
    cuts = {0, 1, 10, 18, len(data) // 2, len(data) - 9, len(data) - 8, len(data) - 4, len(data) - 1}
    for length in cuts | {random.Random(3).randrange(len(data)) for _ in range(12)}:
        (tmp_path / "cut.tar.gz").write_bytes(data[:length])
        assert "cut off" in refused(tmp_path / "cut.tar.gz", tmp_path).message


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=40)
@given(at=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_an_archive_with_a_wrong_bit_is_refused_or_whole(archived: Path, tmp_path: Path, at: float, bit: int) -> None:
    data = bytearray(archived.read_bytes())
    data[int(at * len(data))] ^= 1 << bit
    (tmp_path / "bent.tar.gz").write_bytes(data)
    try:
        restore(tmp_path / "bent.tar.gz", tmp_path / "bent")
    except BackupFailed:
        assert not (tmp_path / "bent").exists()
    else:  # bits of gzip's header that mean nothing, such as the time
        assert (tmp_path / "bent" / "alize.db").is_file()
        shutil.rmtree(tmp_path / "bent")


@pytest.mark.parametrize(
    "what",
    [b"", b"hello", b"\x1f\x8b" + b"\0" * 100, gzip.compress(b""), gzip.compress(b"x" * 5000)],
    ids=["empty", "text", "zeros", "gzip of nothing", "gzip of text"],  # gzip writes the time: the bytes would name a test anew each second
)
def test_what_is_no_archive_is_refused(what: bytes, tmp_path: Path) -> None:
    (tmp_path / "no.tar.gz").write_bytes(what)
    refused(tmp_path / "no.tar.gz", tmp_path)


def test_an_archive_that_is_not_there_is_refused(tmp_path: Path) -> None:
    assert "No such file" in refused(tmp_path / "none.tar.gz", tmp_path).message
    assert "directory" in refused(tmp_path, tmp_path).message


Change = Callable[[dict[str, bytes]], None]


def rewritten(archived: Path, target: Path, change: Change, manifest: Callable[[dict[str, Any]], None] = lambda _: None) -> Path:
    """The archive with other members, and a manifest that fits them unless `manifest` spoils it."""
    found = members(archived)
    said = json.loads(found.pop("alize-backup/manifest.json"))
    change(found)
    said["files"] = [
        {"path": name.removeprefix("alize-backup/"), "bytes": len(data), "sha256": sha256(data).hexdigest()} for name, data in found.items()
    ]
    manifest(said)
    with tarfile.open(target, "w:gz", format=tarfile.GNU_FORMAT) as tar:
        for name, data in [*found.items(), ("alize-backup/manifest.json", json.dumps(said).encode())]:
            info = tarfile.TarInfo(name)
            info.size = len(data)
            tar.addfile(info, io.BytesIO(data))
    return target


def test_a_rewritten_archive_is_good_where_nothing_was_changed(archived: Path, tmp_path: Path) -> None:
    """So that the refusals below are for what each of them changes."""
    restore(rewritten(archived, tmp_path / "same.tar.gz", lambda _: None), tmp_path / "new")


@pytest.mark.parametrize(
    "name",
    [
        "/etc/passwd",
        "../outside",
        "alize-backup/../outside",
        "alize-backup/home/../../../outside",
        "alize-backup/home/a/../../../../outside",
        "alize-backup/home//outside",
        "alize-backup/home/./outside",
        "alize-backup/home/",
        "alize-backup/home",
        "alize-backup/other",
        "alize-backup/home/lock",
        "alize-backup/home/restore-unfinished",
        "alize-backup/home/" + "x" * 300,
        "alize-backup/home/" + "y/" * 2500 + "z",
        "alize-backup/home/settings.toml/below-a-file",
    ],
)
def test_a_member_that_points_elsewhere_is_refused(archived: Path, tmp_path: Path, name: str) -> None:
    hostile = rewritten(archived, tmp_path / "hostile.tar.gz", lambda found: found.update({name: b"evil"}))
    outside = {path.name for path in tmp_path.iterdir()}
    refused(hostile, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} - outside == {"old"}


@pytest.mark.parametrize(
    "kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE, tarfile.DIRTYPE, tarfile.XHDTYPE, b"S", b"K"]
)
def test_members_that_are_no_plain_files_are_refused(archived: Path, tmp_path: Path, kind: bytes) -> None:
    with tarfile.open(tmp_path / "hostile.tar.gz", "w:gz", format=tarfile.USTAR_FORMAT) as tar:
        info = tarfile.TarInfo("alize-backup/home/link")
        info.type, info.linkname = kind, "/etc/passwd"
        tar.addfile(info)
    assert "no plain file" in refused(tmp_path / "hostile.tar.gz", tmp_path).message


def test_a_member_that_claims_more_than_the_disk_holds_is_refused_before_it_is_written(archived: Path, tmp_path: Path) -> None:
    info = tarfile.TarInfo("alize-backup/home/big")
    info.size = 1 << 60
    with gzip.open(tmp_path / "bomb.tar.gz", "wb") as file:
        file.write(info.tobuf(tarfile.GNU_FORMAT) + b"\0" * 100_000)
    assert "are free" in refused(tmp_path / "bomb.tar.gz", tmp_path).message


def test_a_manifest_that_claims_to_be_endless_is_refused(tmp_path: Path) -> None:
    for name, kind in (("alize-backup/manifest.json", tarfile.REGTYPE), ("././@LongLink", tarfile.GNUTYPE_LONGNAME)):
        info = tarfile.TarInfo(name)
        info.type, info.size = kind, 1 << 40
        with gzip.open(tmp_path / "bomb.tar.gz", "wb") as file:
            file.write(info.tobuf(tarfile.GNU_FORMAT) + b"\0" * 100_000)
        refused(tmp_path / "bomb.tar.gz", tmp_path)


@pytest.mark.parametrize("kind", [tarfile.REGTYPE, tarfile.GNUTYPE_LONGNAME])
def test_a_member_of_less_than_nothing_is_refused(tmp_path: Path, kind: bytes) -> None:
    """The GNU format can say a negative size; read naively, that means all there is."""
    info = tarfile.TarInfo("alize-backup/home/less")
    info.type = kind
    header = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    header[124:136] = b"\xff" * 12  # the size: -1 in base 256
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    assert tarfile.TarInfo.frombuf(bytes(header), "utf-8", "strict").size == -1
    (tmp_path / "less.tar.gz").write_bytes(gzip.compress(bytes(header) + b"\0" * 100_000))
    assert "no plain file" in refused(tmp_path / "less.tar.gz", tmp_path).message


def test_members_twice_or_after_the_manifest_are_refused(archived: Path, tmp_path: Path) -> None:
    found = list(members(archived).items())
    for order in ([found[0], *found], [*found, ("alize-backup/home/late", b"")], [*found, found[-1]]):
        with tarfile.open(tmp_path / "hostile.tar.gz", "w:gz", format=tarfile.GNU_FORMAT) as tar:
            for name, data in order:
                info = tarfile.TarInfo(name)
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))
        refused(tmp_path / "hostile.tar.gz", tmp_path)


def drop_database(found: dict[str, bytes]) -> None:
    del found["alize-backup/home/alize.db"]


def nothing(_: dict[str, Any]) -> None:
    pass


@pytest.mark.parametrize(
    ("change", "manifest"),
    [
        (drop_database, nothing),
        (nothing, lambda said: said["files"].pop()),
        (nothing, lambda said: said["files"][0].update(sha256="0" * 64)),
        (nothing, lambda said: said["files"][0].update(bytes=1)),
        (nothing, lambda said: said["files"].append({"path": "home/more", "bytes": 0, "sha256": ""})),
        (nothing, lambda said: said.update(format=2)),
        (nothing, lambda said: said.update(schema="9999")),
        (nothing, lambda said: said.update(database="oracle")),
        (nothing, lambda said: said.update(database="postgresql")),
        (nothing, lambda said: said.update(files=None)),
        (nothing, lambda said: said.update(files=[{"path": 7}])),
        (nothing, lambda said: said.clear()),
    ],
)
def test_an_archive_that_is_not_what_its_manifest_says_is_refused(archived: Path, tmp_path: Path, change: Change, manifest: Change) -> None:
    refused(rewritten(archived, tmp_path / "hostile.tar.gz", change, manifest), tmp_path)


def test_a_backup_of_a_newer_schema_names_the_version_it_needs(archived: Path, tmp_path: Path) -> None:
    newer = rewritten(archived, tmp_path / "newer.tar.gz", nothing, lambda said: said.update(schema="0099", alize="7.0.0"))
    error = refused(newer, tmp_path)
    assert "0099" in error.text
    assert "7.0.0" in error.text
