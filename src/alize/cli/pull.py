"""`alize pull`. In: a model's name in the catalog, `owner/name` of a hub, or a path. Out: its weights in the state folder, verified."""

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from alize.cli.options import AsJson, Home

if TYPE_CHECKING:
    from alize.settings import Settings
    from alize.weights.catalog import Card

__all__ = ["bring", "fetch", "pull"]


def pull(
    model: Annotated[
        str | None,
        typer.Argument(
            help="An id or alias (`alize models list`), owner/name of a hub, or a path to weights.", show_default="the setting `model`"
        ),
    ] = None,
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Fetch a model. Interrupted, the same command goes on where it stopped; what is here already is not fetched again.

    Gated models of a hub need its token in the variable HF_TOKEN.
    """
    from alize.cli.terminal import print_json
    from alize.settings import Settings

    card, path = fetch(Settings.load(home=home, model=model))
    if as_json:
        print_json({"id": card.id, "path": str(path), "sha256": card.sha256})
    else:
        typer.echo(f"{card.id}  {path}")


def bring(settings: "Settings") -> "tuple[Card, Path]":
    """The model that the settings name and its weights, fetched now, with a bar, where they are not here."""
    from alize.errors import Missing
    from alize.weights.pull import located

    try:
        return located(settings.model, settings.home, settings.aliases())
    except Missing:
        return fetch(settings)


def fetch(settings: "Settings") -> "tuple[Card, Path]":
    """Keep the model that the settings name in the state folder, or note where it lies if it is a path.

    A path may hold weights that the catalog knows: they are then recorded under its name for them, not the file's.
    """
    from alize.cli.progress import downloading
    from alize.storage.home import prepare_home
    from alize.weights.catalog import resolved
    from alize.weights.pull import installed, pull

    prepare_home(settings.home)
    name = resolved(settings.model, settings.aliases())
    with downloading() as progress:
        path = pull(name, settings.home, offline=settings.offline, endpoint=settings.hub_endpoint, progress=progress)
    recorded = next(manifest for manifest in installed(settings.home) if manifest.path == path)
    return replace(recorded.card, sha256=recorded.sha256), path
