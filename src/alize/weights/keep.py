"""From files to a model that is here. In: files, fetched or lying somewhere. Out: a manifest in the state folder, written last."""

import os
from datetime import UTC, datetime
from pathlib import Path

from alize.errors import DownloadFailed
from alize.weights.catalog import Card, cards
from alize.weights.checkpoints import open_checkpoint
from alize.weights.checkpoints.layout import layout_of, split_of
from alize.weights.describe import describe
from alize.weights.files import Progress, exclusive, prepared, remove, sha256_of, sync_folder, write_hashed
from alize.weights.manifest import MANIFEST, Entry, Manifest, folder_of, incoming, read_manifest
from alize.weights.sources import Source

__all__ = ["keep", "recorded"]


def keep(card: Card | None, id: str, source: Source, files: Path, entries: tuple[Entry, ...], revision: str | None, home: Path) -> Manifest:
    """Move the folder `files` to its place, once its checkpoint opens. The caller holds the model's lock.

    Raises CheckpointInvalid, with the files left where they are: another version of this program may be able to run them.
    """
    weights = weights_of(entries)
    described = described_at(files / weights, id, str(source))
    folder = folder_of(home, id)
    manifest = Manifest(card or described, str(source), folder, weights, entries, _now(), revision)
    _write(manifest.text(home), files / MANIFEST)
    remove(folder)  # of an earlier pull that is no longer whole
    os.rename(files, folder)
    sync_folder(folder.parent)
    remove(incoming(home, id))
    return manifest


def recorded(path: Path, id: str, home: Path, report: Progress) -> Manifest:
    """Record weights that stay where they are, under `id` or, where the catalog knows their SHA-256, under the id it gives them.

    Raises CheckpointInvalid for weights that cannot be run, DownloadFailed where `id` is taken by other weights.
    """
    folder, names = _files_at(path)
    described = described_at(path, id, str(path))
    total, before, entries = sum((folder / name).stat().st_size for name in names), 0, list[Entry]()
    for name in names:
        digest = sha256_of(folder / name, lambda done, before=before: report(before + done, total, id))
        entries.append(Entry(name, (folder / name).stat().st_size, digest))
        before += entries[-1].bytes
    draft = Manifest(described, str(path), folder, weights_of(entries), tuple(entries), _now())
    known = next((card for card in cards() if card.sha256 == draft.sha256), None)
    named = next((card for card in cards() if card.id == id), None)
    if known is None and named is not None and named.sha256 is not None:
        raise DownloadFailed(
            f"{path} is not the '{id}' of the catalog: its SHA-256 is {draft.sha256}, not {named.sha256}.", remedy="Give it another name."
        )
    card = known or named or described
    place = prepared(folder_of(home, card.id).parent) / folder_of(home, card.id).name
    with exclusive(prepared(incoming(home, card.id).parent) / (place.name + ".lock"), lambda: report(0, 0, f"{card.id} (being pulled)")):
        before_it = read_manifest(home, card.id)
        if before_it is not None and before_it.is_whole() and before_it.sha256 != draft.sha256:
            raise DownloadFailed(
                f"Other weights are here as '{card.id}' already, from {before_it.source}.",
                remedy=f"Rename {path.name}, or delete {place}.",
            )
        manifest = Manifest(card, str(path), folder, draft.weights, draft.files, draft.pulled_at)
        _write(manifest.text(home), prepared(place) / MANIFEST)
    return manifest


def weights_of(entries: "tuple[Entry, ...] | list[Entry]") -> str:
    """What to open in a model's folder: its (first) GGUF file, else the folder itself."""
    return min((entry.path for entry in entries if entry.path.endswith(".gguf")), default=".")


def described_at(path: Path, id: str, source: str) -> Card:
    """A card made from the weights themselves. Raises CheckpointInvalid where they do not open."""
    checkpoint = open_checkpoint(path)
    try:
        return describe(checkpoint, id, source, int(path.stat().st_mtime))
    finally:
        checkpoint.close()


def _files_at(path: Path) -> tuple[Path, tuple[str, ...]]:
    if path.suffix == ".gguf":
        return path.parent, tuple(split_of(path.name))
    folder = path if path.is_dir() else path.parent
    return folder, layout_of(os.listdir(folder), str(folder)).files


def _write(text: str, path: Path) -> None:
    """Replace a file in one step."""
    fresh = path.with_name(path.name + ".new")
    write_hashed([text.encode()], fresh, lambda done: None)
    os.replace(fresh, path)
    sync_folder(path.parent)


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
