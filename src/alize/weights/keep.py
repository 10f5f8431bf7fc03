"""From files to a model that is here. In: files, fetched or lying somewhere. Out: a manifest in the state folder, written last."""

import os
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from alize.errors import DownloadFailed
from alize.weights.catalog import Card, cards
from alize.weights.checkpoints import open_checkpoint
from alize.weights.checkpoints.layout import is_projector, layout_of, names_in, projector_of, split_of
from alize.weights.describe import describe
from alize.weights.files import Progress, exclusive, prepared, remove, replaced, sha256_of, sync_folder, writing
from alize.weights.manifest import MANIFEST, Entry, Manifest, folder_of, incoming, read_manifest, weights_sha256
from alize.weights.sources import Source

__all__ = ["described_at", "keep", "recorded", "sha256_at"]


def keep(card: Card | None, id: str, source: Source, files: Path, entries: tuple[Entry, ...], revision: str | None, home: Path) -> Manifest:
    """Move the folder `files` to its place, once its checkpoint opens. The caller holds the model's lock.

    Raises CheckpointInvalid, with the files left where they are: another version of this program may be able to run them. Raises
    DownloadFailed where the card knows other weights.
    """
    weights = weights_of(entries)
    described = described_at(files / weights, id, str(source))
    folder = folder_of(home, id)
    manifest = Manifest(card or described, str(source), folder, weights, entries, _now(), revision)
    if card is not None and card.sha256 not in (None, manifest.sha256):
        raise DownloadFailed(
            f"{source} gave weights with the SHA-256 {manifest.sha256}, and the card of '{id}' says {card.sha256}.",
            remedy="Do not use them.",
        )
    replaced(files / MANIFEST, manifest.text(home))
    with writing(folder):
        remove(folder)  # of an earlier pull that is no longer whole
        os.rename(files, folder)
        sync_folder(folder.parent)
        remove(incoming(home, id))
    return manifest


def recorded(path: Path, id: str, home: Path, report: Progress) -> Manifest:
    """Record weights that stay where they are, under `id` or, where the catalog knows their SHA-256, under the id it gives them.

    Raises CheckpointInvalid for weights that cannot be run, DownloadFailed where `id` is taken by other weights.
    """
    described = described_at(path, id, str(path))
    folder, entries = _hashed(path, lambda done, total: report(done, total, id))
    draft = Manifest(described, str(path), folder, weights_of(entries), entries, _now())
    manifest = replace(draft, card=_card_for(draft, id) or described)
    id = manifest.card.id
    place = folder_of(home, id)
    lock = prepared(incoming(home, id).parent) / (place.name + ".lock")
    with exclusive(lock, lambda: report(0, 0, f"{id} (another pull of it is running)")):
        here = read_manifest(home, id)
        if here is not None and here.is_whole():
            if here.sha256 != manifest.sha256:
                raise DownloadFailed(
                    f"Other weights are here as '{id}' already, from {here.source}.", remedy=f"Rename {path.name}, or delete {place}."
                )
            if here.folder == place:  # a copy in `home`, which nobody can take away
                return here
        replaced(prepared(place) / MANIFEST, manifest.text(home))
    return manifest


def sha256_at(path: Path) -> str:
    """Of the weights at a path, as a manifest would say it: every byte of them is read."""
    return weights_sha256(_hashed(path, lambda done, total: None)[1])


def _hashed(path: Path, progress: Callable[[int, int], None]) -> tuple[Path, tuple[Entry, ...]]:
    """The folder and the files of the model at a path."""
    folder = path if path.is_dir() else path.parent
    names = _of_gguf(path) if path.suffix == ".gguf" else layout_of(names_in(folder), str(folder)).files
    total, before, entries = sum((folder / name).stat().st_size for name in names), 0, list[Entry]()
    for name in names:
        digest = sha256_of(folder / name, lambda done, before=before: progress(before + done, total))
        entries.append(Entry(name, (folder / name).stat().st_size, digest))
        before += entries[-1].bytes
    return folder, tuple(entries)


def _of_gguf(path: Path) -> tuple[str, ...]:
    """All pieces of a GGUF, the template that lies beside one without, and what it sees or hears with."""
    projector = projector_of(names_in(path.parent), path.name, str(path.parent))
    with closing(open_checkpoint(path)) as checkpoint:
        beside = sorted(checkpoint.tokenizer.files)
    return (*beside, *([projector] if projector else []), *split_of(path.name))


def _card_for(draft: Manifest, id: str) -> Card | None:
    """The catalog's card for these weights: by their SHA-256, else by the name they lie under, if it could be true."""
    known = next((card for card in cards() if card.sha256 == draft.sha256), None)
    named = next((card for card in cards() if card.id == id), None)
    if known is None and named is not None and named.sha256 is not None:
        raise DownloadFailed(
            f"{draft.source} is not the '{id}' of the catalog: its SHA-256 is {draft.sha256}, not {named.sha256}.",
            remedy="Give it another name.",
        )
    return known or named


def weights_of(entries: tuple[Entry, ...]) -> str:
    """What to open in a model's folder: its (first) GGUF file, else the folder itself."""
    return min((entry.path for entry in entries if entry.path.endswith(".gguf") and not is_projector(entry.path)), default=".")


def described_at(path: Path, id: str, source: str) -> Card:
    """A card made from the weights themselves. Raises CheckpointInvalid where they do not open."""
    checkpoint = open_checkpoint(path)
    try:
        return describe(checkpoint, id, source, int(path.stat().st_mtime))
    finally:
        checkpoint.close()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
