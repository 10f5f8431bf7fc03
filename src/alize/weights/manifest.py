"""What is in the state folder. In: `home`. Out: which models were brought, and the record of each.

home/models/mistral-7b-instruct-v0.3/manifest.json      written last: a folder without one is not here yet
                                     consolidated.safetensors, params.json, …
home/models/.incoming/…                                 unfinished pulls, locks
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import msgspec

from alize.errors import CheckpointInvalid
from alize.weights.catalog import Card

__all__ = ["MANIFEST", "Entry", "Manifest", "folder_of", "incoming", "installed", "read_manifest", "weights_sha256"]

MANIFEST = "manifest.json"
VERSION = 1
MAX_FOLDER = 200  # bytes; file systems take 255, and pulls append to it
MAX_ID = 1000  # characters


@dataclass(frozen=True, slots=True)
class Entry:
    """One file of a model."""

    path: str  # relative to the model's folder
    bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Manifest:
    """The record of one model that was brought."""

    card: Card
    source: str  # where the bytes came from, see sources.py; a card may be brought from elsewhere than it says
    folder: Path  # where the files are: inside `home`, or wherever a recorded model lies
    weights: str  # what to open, relative to `folder`: a GGUF file, or "." for the folder itself
    files: tuple[Entry, ...]
    pulled_at: str  # ISO 8601, UTC
    revision: str | None = None  # commit of a hub
    version: int = VERSION

    @property
    def path(self) -> Path:
        """What to give to open_checkpoint."""
        return self.folder if self.weights == "." else self.folder / self.weights

    @property
    def sha256(self) -> str:
        """Of the weights."""
        return weights_sha256(self.files)

    def is_whole(self) -> bool:
        """Whether every file is there at its size. `verify` reads them, too."""
        try:
            return all(
                (self.folder / entry.path).is_file() and (self.folder / entry.path).stat().st_size == entry.bytes for entry in self.files
            )
        except OSError:  # a folder that may not be entered any more, a disk that is gone
            return False

    def text(self, home: Path) -> str:
        """The record as JSON. A folder inside `home` is not written down, so that `home` can be moved."""
        folder = None if self.folder == folder_of(home, self.card.id) else str(self.folder)
        card = asdict(self.card) | {"capabilities": sorted(self.card.capabilities)}
        values = asdict(self) | {"folder": folder, "card": card}
        return json.dumps(values, indent=2) + "\n"


def weights_sha256(files: Iterable[Entry]) -> str:
    """Of the weights file; of several, that of the lines `sha256  path`, as sha256sum prints them, in the order of their paths."""
    weights = [entry for entry in files if entry.path.endswith((".gguf", ".safetensors"))]
    if len(weights) == 1:
        return weights[0].sha256
    lines = "".join(f"{entry.sha256}  {entry.path}\n" for entry in sorted(weights, key=lambda entry: entry.path))
    return hashlib.sha256(lines.encode()).hexdigest()


def folder_of(home: Path, id: str) -> Path:
    """The folder of a model, which may not exist.

    >>> folder_of(Path("/h"), "owner/name:model.gguf").as_posix()
    '/h/models/owner--name--model.gguf'
    """
    name = "".join("--" if c in "/:" else c if c.isalnum() or c in "-_.@+" else "-" for c in id).lstrip(".")
    if len(name.encode()) > MAX_FOLDER:
        name = f"{id[:32]}-{hashlib.sha256(id.encode()).hexdigest()[:32]}".replace("/", "--").replace(":", "--")
    return home / "models" / name


def incoming(home: Path, id: str) -> Path:
    """Where an unfinished pull keeps its bytes, to go on from them."""
    return home / "models" / ".incoming" / folder_of(home, id).name


def read_manifest(home: Path, id: str) -> Manifest | None:
    """The record of a model; None where it was not brought. Raises CheckpointInvalid for a record that cannot be read."""
    if not id or len(id) > MAX_ID or not id.isprintable():
        return None
    manifest = _read(folder_of(home, id))
    return manifest if manifest is not None and manifest.card.id == id else None


def installed(home: Path) -> list[Manifest]:
    """Every model that was brought, by id. Folders without a readable record are left out."""
    found: list[Manifest] = []
    if (home / "models").is_dir():
        for folder in (home / "models").iterdir():
            try:
                manifest = _read(folder) if folder.is_dir() else None
            except CheckpointInvalid:
                continue
            if manifest is not None:
                found.append(manifest)
    return sorted(found, key=lambda manifest: manifest.card.id)


def _read(folder: Path) -> Manifest | None:
    path = folder / MANIFEST
    try:
        return _manifest(json.loads(path.read_text("utf-8")), folder)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise CheckpointInvalid(f"{path} cannot be read: {error.strerror}.", remedy="Check its permissions.") from error
    except (ValueError, KeyError, TypeError, AssertionError, RecursionError, msgspec.MsgspecError) as error:
        raise CheckpointInvalid(f"{path} is damaged: {error!r}.", remedy=f"Delete {folder} and pull the model again.") from error


def _manifest(values: Mapping[str, Any], folder: Path) -> Manifest:
    if values["version"] != VERSION:
        raise ValueError(f"it is of version {values['version']}, and {VERSION} can be read")
    return msgspec.convert({**values, "folder": values["folder"] or str(folder)}, Manifest, dec_hook=_path)


def _path(kind: type, value: Any) -> Path:
    """What msgspec has no type of its own for."""
    if not isinstance(value, str):
        raise ValueError(f"it names {value!r} as its folder"[:200])
    return Path(value)
