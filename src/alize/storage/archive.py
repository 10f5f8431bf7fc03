"""A backup's one file. In: files with their paths. Out: a .tar.gz that any tar can list, whose last member says what must be in it.

    alize-backup/home/…              the state folder
    alize-backup/database.pgdump     where the database is PostgreSQL
    alize-backup/manifest.json       every file's size and SHA-256, the schema, the models to pull again

Reading trusts nothing. Headers are read 512 bytes at a time, and only plain files in these places are taken: no links, no devices,
no way out of the folder, no more bytes than the disk has room for.
"""

import gzip
import hashlib
import io
import json
import os
import shutil
import tarfile
import zlib
from dataclasses import asdict, dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO, Literal, Protocol

import msgspec

from alize.errors import BackupFailed

__all__ = ["DUMP", "HOME", "ArchiveWriter", "Entry", "Manifest", "unpack"]

HOME = "home"
DUMP = "database.pgdump"  # in PostgreSQL's custom format

FORMAT = 1
_ROOT = "alize-backup/"
_MANIFEST = "manifest.json"
_BLOCK = 512  # bytes, by the tar format
_CHUNK = 1 << 20  # bytes
_LONGEST_NAME = 4096  # bytes
_MOST_FILES = 1_000_000
_LARGEST_MANIFEST = 256 << 20  # bytes: a million files
_SPARE = 64 << 20  # bytes of the disk that unpacking leaves free


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of the archive, by its path there."""

    path: str
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a backup holds."""

    alize: str  # the version that wrote it
    created: str  # ISO 8601, UTC
    database: Literal["sqlite", "postgresql"]
    schema: str  # the database's revision
    files: tuple[Entry, ...] = ()
    models: tuple[dict[str, Any], ...] = field(default=())  # left out, to be pulled again: their own manifests, with `id`
    left_out: tuple[str, ...] = ()  # what is neither state nor a model: links, sockets
    format: int = FORMAT


@dataclass(frozen=True, slots=True)
class _Format:
    format: int


class _Readable(Protocol):
    def read(self, size: int = -1, /) -> bytes: ...


class ArchiveWriter:
    """Writes an archive from its first byte to its last; without `finish` it is not one."""

    def __init__(self, file: BinaryIO) -> None:
        self._gzip = gzip.GzipFile(fileobj=file, mode="wb", compresslevel=6, mtime=0)
        # GNU, since it says large sizes in the header itself; pax would put them into a text of any length.
        self._tar = tarfile.TarFile(fileobj=self._gzip, mode="w", format=tarfile.GNU_FORMAT)
        self.files: list[Entry] = []

    def add(self, path: str, source: BinaryIO) -> None:
        """Add what the open file holds now. Raises BackupFailed where it becomes shorter meanwhile."""
        size = os.fstat(source.fileno()).st_size
        reader = _Hashing(source)
        try:
            self._tar.addfile(_header(path, size), reader)
        except OSError as error:
            if reader.ended:
                raise BackupFailed(f"{path} became shorter while it was read.", remedy="Try again.") from error
            raise
        self.files.append(Entry(path, size, reader.hash.hexdigest()))

    def finish(self, manifest: Manifest) -> None:
        """Write the manifest, which must name `self.files`, and close the archive."""
        text = json.dumps(asdict(manifest), indent=1).encode()
        self._tar.addfile(_header(_MANIFEST, len(text)), io.BytesIO(text))
        self._tar.close()
        self._gzip.close()


def unpack(archive: Path, folder: Path) -> Manifest:
    """Write the archive's files into the empty `folder`, check them all against its manifest, and return that.

    Raises BackupFailed, naming what is wrong, for anything but a whole archive of this kind; `folder` then holds rubbish.
    """
    found: dict[str, Entry] = {}
    manifest: Manifest | None = None
    try:
        with gzip.open(archive, "rb") as stream:
            while (header := _next_header(stream)) is not None:
                path, size = header
                if manifest is not None or path in found or len(found) >= _MOST_FILES:
                    raise BackupFailed(f"{archive} is not a backup: '{_short(path)}' stands where nothing should.")
                if path == _MANIFEST:
                    manifest = _read_manifest(stream, size)
                else:
                    found[path] = _write(stream, path, size, folder)
                _skip_padding(stream, size)
            _check_end(stream)
    except (EOFError, zlib.error, tarfile.TarError, gzip.BadGzipFile) as error:
        raise BackupFailed(f"{archive} is cut off or damaged: {error}.", remedy="Use another copy. Nothing was changed.") from error
    except OSError as error:
        raise BackupFailed(f"{archive} cannot be unpacked: {os.strerror(error.errno or 0)}.", remedy="Nothing was changed.") from error
    if manifest is None:
        raise BackupFailed(f"{archive} is cut off: it has no manifest at its end.", remedy="Use another copy. Nothing was changed.")
    _compare(archive, manifest, found)
    return manifest


class _Hashing:
    """A file that is hashed as it is read."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.hash = hashlib.sha256()
        self.ended = False

    def read(self, size: int = -1, /) -> bytes:
        data = self._file.read(size)
        self.hash.update(data)
        self.ended = self.ended or len(data) < size
        return data


def _header(path: str, size: int) -> tarfile.TarInfo:
    header = tarfile.TarInfo(_ROOT + path)
    header.size = size
    header.mode = 0o600
    return header


def _next_header(stream: _Readable) -> tuple[str, int] | None:
    """The next file's path and size; None at the end. Raises BackupFailed for whatever is not a plain file of ours."""
    long_name: str | None = None
    while True:
        block = _exactly(stream, _BLOCK)
        if not any(block):
            return None
        info = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
        if info.type == tarfile.GNUTYPE_LONGNAME and long_name is None and 0 <= info.size <= _LONGEST_NAME:
            long_name = _exactly(stream, info.size).rstrip(b"\0").decode("utf-8", "surrogateescape")
            _skip_padding(stream, info.size)
            continue
        name = info.name if long_name is None else long_name
        if info.type != tarfile.REGTYPE or info.size < 0:
            raise BackupFailed(f"The archive holds '{_short(name)}', which is no plain file: it is not a backup of Alizé.")
        return _checked(name), info.size


def _checked(name: str) -> str:
    path = name.removeprefix(_ROOT)
    place, *parts = path.split("/")
    known = path in (_MANIFEST, DUMP) or (place == HOME and len(parts) > 0)
    if not name.startswith(_ROOT) or not known or any(part in ("", ".", "..") or "\0" in part for part in parts):
        raise BackupFailed(f"The archive holds '{_short(name)}', which is no place for a file: it is not a backup of Alizé.")
    return path


def _write(stream: _Readable, path: str, size: int, folder: Path) -> Entry:
    free = shutil.disk_usage(folder).free - _SPARE
    if size > free:
        raise BackupFailed(
            f"'{_short(path)}' has {size:,} bytes, and {max(free, 0):,} are free.", remedy="Free some space. Nothing was changed."
        )
    target = folder.joinpath(*PurePosixPath(path).parts)
    for parent in reversed(target.parents):
        if parent.is_relative_to(folder):
            parent.mkdir(mode=0o700, exist_ok=True)
    digest = hashlib.sha256()
    left = size
    with open(target, "xb", opener=_private) as file:
        while left:
            chunk = _exactly(stream, min(left, _CHUNK))
            digest.update(chunk)
            file.write(chunk)
            left -= len(chunk)
        file.flush()
        os.fsync(file.fileno())
    return Entry(path, size, digest.hexdigest())


def _private(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_NOFOLLOW, 0o600)


def _read_manifest(stream: _Readable, size: int) -> Manifest:
    if size > _LARGEST_MANIFEST:
        raise BackupFailed("The archive's manifest is too large to be one.")
    text = _exactly(stream, size)
    try:
        # The standard library's reader, since a path may hold bytes that are no Unicode, which msgspec's refuses.
        said: Any = json.loads(text)
        written_as = msgspec.convert(said, _Format).format
        if written_as != FORMAT:
            raise BackupFailed(f"The backup is of format {written_as}, which this version does not know.", remedy="Use a newer Alizé.")
        return msgspec.convert(said, Manifest)
    except (msgspec.MsgspecError, ValueError, RecursionError) as error:
        raise BackupFailed(f"The archive's manifest cannot be read: {error}.") from error


def _compare(archive: Path, manifest: Manifest, found: dict[str, Entry]) -> None:
    expected = {entry.path: entry for entry in manifest.files}
    for path in expected.keys() | found.keys():
        if expected.get(path) != found.get(path):
            how = "is missing" if path not in found else "is not in the manifest" if path not in expected else "has another checksum"
            raise BackupFailed(f"{archive} is damaged: '{_short(path)}' {how}.", remedy="Use another copy. Nothing was changed.")


def _exactly(stream: _Readable, size: int) -> bytes:
    data = stream.read(size)
    if len(data) < size:
        raise EOFError("it ends too early")
    return data


def _skip_padding(stream: _Readable, size: int) -> None:
    _exactly(stream, -size % _BLOCK)


def _check_end(stream: _Readable) -> None:
    """Read what is left, which is zeros, so that gzip compares its own checksum too."""
    rest = stream.read(_CHUNK)
    if any(rest) or len(rest) == _CHUNK:
        raise BackupFailed("The archive goes on after its end: it is not a backup of Alizé.")


def _short(name: str) -> str:
    """A stranger's text, fit to be shown."""
    return ascii(name[:100])[1:-1]
