"""`alize up`. In: the settings. Out: a server, until it is told to stop."""

from collections.abc import Sequence
from contextlib import ExitStack
from typing import TYPE_CHECKING, Annotated

import typer

from alize.cli.options import Adapters, Home, ModelName

if TYPE_CHECKING:
    from alize.api.serve import Started
    from alize.api.server import Extension
    from alize.settings import Settings

__all__ = ["up"]


def up(
    port: Annotated[int | None, typer.Option("--port", "-p", help="Port to listen on.", show_default="8600")] = None,
    host: Annotated[str | None, typer.Option("--host", help="Address to listen on.", show_default="127.0.0.1")] = None,
    model: ModelName = None,
    adapter: Adapters = None,
    no_auth: Annotated[bool, typer.Option("--no-auth", help="Ask for no API key and no signing in; on loopback only.")] = False,
    offline: Annotated[bool, typer.Option("--offline", help="Ask nothing of the network: no weights, no pictures of answers.")] = False,
    home: Home = None,
) -> None:
    """Serve the API. SIGTERM or Ctrl-C lets running answers finish, then ends with status 0."""
    from alize.api.serve import announce, serve
    from alize.cli.progress import downloading
    from alize.loading import undisturbed
    from alize.settings import Settings

    auth, never_fetch = (False if no_auth else None), (True if offline else None)  # None: whatever the file or the environment says
    settings = Settings.load(home=home, port=port, host=host, model=model, adapters=adapter or None, auth=auth, offline=never_fetch)
    _say_what_is_fetched(settings)
    with ExitStack() as until_started:  # a download's bar must be gone before the server says that it is there
        until_started.enter_context(undisturbed())
        progress = until_started.enter_context(downloading())

        def started(facts: "Started") -> None:
            until_started.close()
            announce(facts)

        serve(settings, started, progress, _extensions)


def _extensions() -> "Sequence[Extension]":
    from alize.assistant.serving import assisting

    return [assisting]


def _say_what_is_fetched(settings: "Settings") -> None:
    """Minutes without a word are long, and the bar is drawn on a terminal alone."""
    from alize.cli.models import local_model
    from alize.cli.terminal import remark, size
    from alize.weights.catalog import find

    name, path = local_model(settings)
    if path is not None or settings.offline:
        return
    card = find(name, settings.aliases())
    much = f" ({size(card.size)})" if card and card.size else ""
    if card is None:  # owner/name of a hub, which a path that was mistyped may look like
        remark(f"There is no file or folder {name} here.")
    remark(f"Fetching the model {name}{much}, this once …")
