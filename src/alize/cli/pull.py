"""`alize pull`. In: a model's name in the catalog, `owner/name` of a hub, or a path. Out: its weights in the state folder, verified."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from alize.cli.options import AsJson, Home

if TYPE_CHECKING:
    from alize.settings import Settings
    from alize.weights.catalog import Card

__all__ = ["bring", "pull"]


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

    card, path = bring(Settings.load(home=home, model=model))
    if as_json:
        print_json({"id": card.id, "path": str(path), "sha256": card.sha256})
    else:
        typer.echo(f"{card.id}  {path}")


def bring(settings: "Settings") -> "tuple[Card, Path]":
    """The model that the settings name and its weights, fetched now, with a bar, where they are not here."""
    from alize.cli.progress import downloading
    from alize.cli.terminal import stderr
    from alize.errors import Missing
    from alize.storage.home import prepare_home
    from alize.weights.catalog import resolved
    from alize.weights.pull import located, pull

    name = resolved(settings.model, settings.aliases())
    try:
        return located(name, settings.home, {})
    except Missing:
        prepare_home(settings.home)
    with downloading(stderr()) as progress:
        pull(name, settings.home, offline=settings.offline, endpoint=settings.hub_endpoint, progress=progress)
    return located(name, settings.home, {})
