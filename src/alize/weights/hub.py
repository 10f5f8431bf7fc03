"""A repository of a Hugging Face hub. In: owner/name. Out: the files of it that make a model, each held against the hub's checksum.

Two addresses are used: the list of files of a revision, with sizes and checksums, and each file at the commit that the list names, so
that a push in between cannot mix two releases. Source: the hub's public HTTP API.
"""

import json
import os
import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal, cast
from urllib.parse import quote

import httpx

from alize.errors import DownloadFailed
from alize.weights.checkpoints.fields import read_json
from alize.weights.checkpoints.huggingface import params_of
from alize.weights.checkpoints.layout import layout_of
from alize.weights.download import Wanted, fetch_file, refusal
from alize.weights.files import make_room, prepared, remove, replaced, writing
from alize.weights.manifest import Entry
from alize.weights.sources import HubSource, inside

__all__ = ["fetch_hub"]

TIMEOUT = httpx.Timeout(30.0, connect=10.0)  # seconds without a byte
MAX_LISTING = 64 * 2**20  # bytes of the list of files


def fetch_hub(
    source: HubSource, staging: Path, target: Path, endpoint: str, progress: Callable[[int, int], None]
) -> tuple[tuple[Entry, ...], str]:
    """Bring the files into the folder `target` and return them with the commit they are of. `staging` keeps what is unfinished.

    Raises DownloadFailed, and CheckpointInvalid where the repository holds no model that can be run.
    """
    repository = f"{endpoint.rstrip('/')}/{source.repository}"
    try:
        with _client() as client:
            commit, listed = _listed(client, f"{endpoint.rstrip('/')}/api/models/{source.repository}/revision/{quote(source.revision)}")
            chosen = {name: listed[name] for name in layout_of(listed, repository, source.file).files}
            return _fetched(client, f"{repository}/resolve/{commit}", chosen, staging, target, progress), commit
    except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as error:  # the last: a name that can be no host's
        raise DownloadFailed(
            f"The hub at {endpoint} cannot be reached for {source.repository}: {str(error).rstrip('.') or type(error).__name__}.",
            remedy="Check the network and the setting hub_endpoint, or bring the files yourself: alize pull FOLDER",
        ) from error


def _client() -> httpx.Client:
    """Raises DownloadFailed where the environment's token, proxy or certificates cannot be used."""
    token = os.environ.get("HF_TOKEN", "").strip()  # files of secrets end in a new line
    if not token.isascii() or not token.isprintable():
        raise DownloadFailed("HF_TOKEN holds a character that is in no token.", remedy="Copy it again.")
    headers = {"User-Agent": "alize"} | ({"Authorization": f"Bearer {token}"} if token else {})
    try:
        # A redirection to another host is followed without the token: httpx drops it there.
        return httpx.Client(headers=headers, timeout=TIMEOUT, follow_redirects=True)
    except (ImportError, ValueError, OSError) as error:
        raise DownloadFailed(
            f"The network cannot be used as the environment says: {error}.",
            remedy="Check HTTP_PROXY, HTTPS_PROXY, ALL_PROXY, SSL_CERT_FILE and SSL_CERT_DIR.",
        ) from error


def _listed(client: httpx.Client, url: str) -> tuple[str, dict[str, Wanted | None]]:
    """The commit of a revision, and its files by name; None for one whose checksum the hub does not give."""
    with client.stream("GET", url, params={"blobs": "true"}) as response:
        if response.status_code != 200:
            raise refusal(response, url)
        text = bytearray()
        for piece in response.iter_bytes():
            text += piece
            if len(text) > MAX_LISTING:
                raise DownloadFailed(f"{url} lists more than {MAX_LISTING} bytes.", remedy="Check the setting hub_endpoint.")
    try:
        values: Any = json.loads(text)
        commit, entries = values["sha"], cast("list[Mapping[str, Any]]", values["siblings"])
        if not isinstance(commit, str) or not re.fullmatch(r"[0-9a-f]{7,64}", commit):
            raise ValueError(f"its commit is {commit!r}"[:200])
        return commit, {entry["rfilename"]: _wanted(entry) for entry in entries if _is_safe(entry["rfilename"])}
    except (ValueError, KeyError, TypeError, RecursionError) as error:
        raise DownloadFailed(
            f"{url} did not answer as a hub does: {error!r}.", remedy="Check the setting hub_endpoint: it names the hub's first page."
        ) from error


def _is_safe(name: Any) -> bool:
    """Names that would lead out of the folder they are put in are no files of a model: they are not taken up at all."""
    return isinstance(name, str) and inside(name)


def _wanted(entry: Mapping[str, Any]) -> Wanted | None:
    lfs: Any = entry.get("lfs")
    size, digest = (lfs["size"], lfs["sha256"]) if lfs else (entry.get("size"), entry.get("blobId"))
    kind: Literal["sha256", "git"] = "sha256" if lfs else "git"
    if isinstance(size, bool) or not isinstance(size, int) or not 0 <= size < 2**63 or not isinstance(digest, str):
        return None
    return Wanted(size, kind, digest) if re.fullmatch("[0-9a-f]{64}" if lfs else "[0-9a-f]{40}", digest) else None


def _fetched(
    client: httpx.Client, url: str, chosen: Mapping[str, Wanted | None], staging: Path, target: Path, progress: Callable[[int, int], None]
) -> tuple[Entry, ...]:
    """Fetch what is missing. The journal says which files are whole already, so that none is read again to find out."""
    wanted = {name: _checksummed(url, name, file) for name, file in chosen.items()}
    journal, whole = staging / "whole.json", _journal(staging / "whole.json")
    with writing(target):
        _take_back(staging, target, wanted, whole)
    kept = {name for name, file in wanted.items() if name in whole and whole[name][0] == file.digest and (target / name).is_file()}
    with writing(target):
        _clear(staging, target, kept, {file.digest for file in wanted.values()})
    total, done = sum(file.bytes for file in wanted.values()), sum(wanted[name].bytes for name in kept)
    make_room(staging, total - done - sum(path.stat().st_size for path in staging.glob("*.part")), url.partition("/resolve/")[0])
    for name, file in wanted.items():
        if name not in kept:
            prepared((target / name).parent)
            part = staging / f"{file.digest}.part"
            digest = fetch_file(
                client, f"{url}/{quote(name)}", part, target / name, file, lambda here, done=done: progress(done + here, total)
            )
            whole[name] = file.digest, digest
            replaced(journal, json.dumps(whole))
            done += file.bytes
        if name == "config.json":
            params_of(read_json(target / name), target / name)  # what cannot be run is found out before gigabytes of it are here
    return tuple(Entry(name, file.bytes, whole[name][1]) for name, file in wanted.items())


def _checksummed(url: str, name: str, file: Wanted | None) -> Wanted:
    if file is None:
        raise DownloadFailed(
            f"{url}/{name}: the hub gives no size or checksum for it.",
            remedy="Fetch the files yourself, and record them: alize pull FOLDER",
        )
    return file


def _journal(path: Path) -> dict[str, tuple[str, str]]:
    """{name: (checksum of the hub, SHA-256)} of whole files. One that was cut off while it was written counts for nothing."""
    try:
        values: Any = json.loads(path.read_text("utf-8"))
        return {str(name): (str(digest), str(sha256)) for name, (digest, sha256) in values.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}


def _take_back(staging: Path, target: Path, wanted: Mapping[str, Wanted], whole: Mapping[str, tuple[str, str]]) -> None:
    """What was killed between naming a file and noting it left one that may be whole: its checksum decides, not the network."""
    for name, file in wanted.items():
        path = target / name
        if whole.get(name, ("",))[0] != file.digest and path.is_file() and path.stat().st_size == file.bytes:
            os.replace(path, staging / f"{file.digest}.part")


def _clear(staging: Path, target: Path, kept: set[str], digests: set[str]) -> None:
    """Delete what an earlier revision left."""
    for path in target.rglob("*"):
        if path.is_file() and path.relative_to(target).as_posix() not in kept:
            remove(path)
    for path in staging.glob("*.part"):
        if path.stem not in digests:
            remove(path)
