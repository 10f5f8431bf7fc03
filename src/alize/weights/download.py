"""One file over HTTP that survives interruptions. In: an address and what the file must be. Out: the file, whole and checked, or an error.

Bytes collect in a file of their own. A broken connection is taken up where it broke, in this run or the next; a file carries its name
only when its checksum held.
"""

import hashlib
import os
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import httpx

from alize.errors import DownloadFailed
from alize.weights.files import chunks_of, writing

__all__ = ["Wanted", "fetch_file", "refusal"]

RETRIES = 5  # in a row, without a single byte gained
FIRST_PAUSE = 0.5  # seconds before the first of them; it doubles


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the server said a file is."""

    bytes: int
    kind: Literal["sha256", "git"]  # git: SHA-1 over "blob SIZE\\0" and the content, as git names it
    digest: str  # hexadecimal


class _Broken(Exception):
    """The server cannot go on now; it may later."""


class _Partial:
    """A file that grows, and its digests, which cover every byte that is in it."""

    def __init__(self, path: Path, wanted: Wanted) -> None:
        self.path, self.wanted = path, wanted
        with writing(path):
            self.file = path.open("a+b")
            self._begin()
            self.file.seek(0)
            for piece in chunks_of(self.file):
                self._digest(piece)

    def _begin(self) -> None:
        self.bytes = 0
        self.sha256 = hashlib.sha256()
        self.git = hashlib.sha1(b"blob %d\0" % self.wanted.bytes, usedforsecurity=False)

    def _digest(self, piece: bytes) -> None:
        self.bytes += len(piece)
        self.sha256.update(piece)
        if self.wanted.kind == "git":
            self.git.update(piece)

    def append(self, piece: bytes) -> None:
        with writing(self.path):
            self.file.write(piece)
        self._digest(piece)

    def restart(self) -> None:
        with writing(self.path):
            self.file.truncate(0)
        self._begin()

    def checksum(self) -> str:
        return (self.sha256 if self.wanted.kind == "sha256" else self.git).hexdigest()

    def holds(self) -> bool:
        return self.bytes == self.wanted.bytes and self.checksum() == self.wanted.digest

    def finish(self, target: Path) -> None:
        with writing(target):
            self.file.flush()
            os.fsync(self.file.fileno())
            os.replace(self.path, target)


def fetch_file(
    client: httpx.Client,
    url: str,
    part: Path,
    target: Path,
    wanted: Wanted,
    progress: Callable[[int], None],
) -> str:
    """Fetch a file to `target`, by way of `part`, and return its SHA-256. `progress` is told the bytes that are there.

    Raises DownloadFailed: with what is there kept, where the network broke; with nothing kept, where the checksum failed twice.
    """
    partial = _Partial(part, wanted)
    with partial.file:
        for last in (False, True):
            if partial.bytes > wanted.bytes:
                partial.restart()
            _fill(client, url, partial, progress)
            if partial.holds():
                partial.finish(target)
                return partial.sha256.hexdigest()
            found = partial.checksum()
            partial.restart()
            if last:
                part.unlink()
                raise DownloadFailed(
                    f"{url}: what came twice has the checksum {found}, and the hub says {wanted.digest}.",
                    remedy="Something on the way changes or damages files: try another network or another hub_endpoint.",
                )
    raise AssertionError("the second round returns or raises")


def _fill(client: httpx.Client, url: str, partial: _Partial, progress: Callable[[int], None]) -> None:
    """Ask for what is missing until all of it is there."""
    most, failures = partial.bytes, 0
    progress(partial.bytes)
    while partial.bytes < partial.wanted.bytes:
        trouble: Exception = _Broken("it ended there")  # an answer that was shorter than the file, but whole
        try:
            _append(client, url, partial, progress)
        except (httpx.TransportError, _Broken) as error:
            trouble = error
        failures = 0 if partial.bytes > most else failures + 1
        most = max(most, partial.bytes)
        if failures > RETRIES:
            raise DownloadFailed(
                f"{url} broke off after {partial.bytes} of {partial.wanted.bytes} bytes: {trouble or type(trouble).__name__}.",
                remedy="Run the same command again: it goes on from there.",
            ) from trouble
        if failures:
            time.sleep(FIRST_PAUSE * 2 ** (failures - 1))


def _append(client: httpx.Client, url: str, partial: _Partial, progress: Callable[[int], None]) -> None:
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={partial.bytes}-"} if partial.bytes else {})
    with client.stream("GET", url, headers=headers) as response:
        if response.status_code == 416 or (response.status_code == 206 and not _continues(response, partial.bytes)):
            partial.restart()
            raise _Broken("it would not go on from where it stopped")
        if response.status_code == 429 or response.status_code >= 500:
            raise _Broken(f"it answered {response.status_code}")
        if response.status_code not in (200, 206):
            raise refusal(response, url)
        if _is_another(response, partial.wanted.bytes - (partial.bytes if response.status_code == 206 else 0)):
            raise _Broken("it answered with something else")
        if response.status_code == 200 and partial.bytes:  # this server sends whole files only
            partial.restart()
        for piece in response.iter_raw():  # as it comes: what is held back is lost when the connection breaks
            partial.append(piece)
            progress(min(partial.bytes, partial.wanted.bytes))
            if partial.bytes > partial.wanted.bytes:
                break  # too much: the checksum cannot hold any more


def _continues(response: httpx.Response, start: int) -> bool:
    return response.headers.get("Content-Range", "").startswith(f"bytes {start}-")


def _is_another(response: httpx.Response, missing: int) -> bool:
    """Whether the answer says itself that it is not the file, such as the page of a network that wants a login first.

    Taken up, it would cost all that comes after it: only the checksum at the end would tell.
    """
    length = response.headers.get("Content-Length", "")
    odd = length.isdecimal() and (int(length) > missing or (response.status_code == 200 and int(length) < missing))
    return odd or response.headers.get("Content-Encoding", "identity") != "identity"


def refusal(response: httpx.Response, what: str) -> DownloadFailed:
    """The error for an answer that is none. Hubs say in X-Error-Code what their statuses leave open."""
    code, status = response.headers.get("X-Error-Code", ""), response.status_code
    if code == "GatedRepo" or status == 403:
        return DownloadFailed(
            f"{what} is gated: its owner lets in those who accepted the licence.",
            remedy="Accept it on the hub's page of the model, and set HF_TOKEN to a token of yours.",
        )
    if code == "RevisionNotFound":
        return DownloadFailed(f"{what} does not exist: the repository has no such revision.", remedy="Leave it out, or check its spelling.")
    if status in (401, 404):
        return DownloadFailed(
            f"{what} does not exist, or is private ({status}).", remedy="Check the spelling; a private one opens to a token in HF_TOKEN."
        )
    return DownloadFailed(f"{what} answered {status}.", remedy="Try again later, or set another hub_endpoint.")
