"""`alize models load` and what stands beside it. In: a running server of this machine. Out: its models, loaded, put to sleep, pinned.

The server is found by the lock of its state folder, or given with --url. For the one of this machine a key is made that is
revoked when the command ends, and expires after hours where it is killed: whoever can open the database could do anything with it.
"""

import os
import time
from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, cast
from urllib.parse import quote

import typer

from alize.cli.options import AsJson, Home

if TYPE_CHECKING:
    import httpx
    from prometheus_client.metrics_core import Metric

    from alize.governance.keys import MadeKey
    from alize.storage.base import Database

__all__ = ["COMMANDS", "states", "worded"]

Name = Annotated[str, typer.Argument(metavar="NAME", help="A model of the server: its id or an alias.")]
Url = Annotated[str, typer.Option("--url", help="The server.", show_default="the one that runs for the state folder")]
Key = Annotated[str, typer.Option("--key", help="An admin key of it.", show_default="ALIZE_API_KEY, else one made for this command")]
_LOOK = 0.3  # seconds between looks at a model that is being loaded
_LIFE = timedelta(hours=6)  # of the key: a model of 100 GB may have to be fetched
_PATIENCE = 5.0  # seconds for an answer to something that takes no time


def load(name: Name, url: Url = "", key: Key = "", home: Home = None, as_json: AsJson = False) -> None:
    """Load a model into the running server, and wait until it is awake. Others are put to sleep for it where they have to be."""
    with _server(home, url, key) as server:
        _show(_awaited(server, name), as_json)


def sleep(name: Name, url: Url = "", key: Key = "", home: Home = None, as_json: AsJson = False) -> None:
    """Put a model to sleep once its running answers have ended. Whoever asks it then wakes it."""
    with _server(home, url, key) as server:
        _show(server.post(name, "sleep"), as_json)


def pin(name: Name, url: Url = "", key: Key = "", home: Home = None, as_json: AsJson = False) -> None:
    """Never put a model to sleep, until the server ends. The setting `pinned` says so for every start."""
    with _server(home, url, key) as server:
        _show(server.post(name, "pin"), as_json)


def unpin(name: Name, url: Url = "", key: Key = "", home: Home = None, as_json: AsJson = False) -> None:
    """Let a model be put to sleep where another one needs its memory, until the server ends."""
    with _server(home, url, key) as server:
        _show(server.post(name, "unpin"), as_json)


def reload(
    name: Name,
    path: Annotated[Path | None, typer.Option("--path", help="Other weights, at a path of the server's machine.", metavar="PATH")] = None,
    model: Annotated[str, typer.Option("--model", help="Other weights: those of this model.", metavar="MODEL", show_default=False)] = "",
    url: Url = "",
    key: Key = "",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Read a model's weights again, or give it others. Running answers end with the old ones, and no request is lost."""
    wanted: dict[str, str] = {} if path is None else {"path": str(path.expanduser().absolute())}
    with _server(home, url, key) as server:
        _show(server.post(name, "reload", {**wanted, **({"model": model} if model else {})}, patience=None), as_json)


COMMANDS: dict[str, Callable[..., None]] = {"load": load, "sleep": sleep, "pin": pin, "unpin": unpin, "reload": reload}


def states(home: Path) -> dict[str, dict[str, Any]] | None:
    """How the models of the server that runs for a state folder stand, and their adapters, by id; None where none runs, or it does not say.

    From /metrics, which programs of this machine may read without a key: none is made for a look.
    """
    import httpx
    from prometheus_client.parser import text_string_to_metric_families

    from alize.storage.home import serving_at

    address = serving_at(home)
    if address is None:
        return None
    try:
        response = httpx.get(f"{address}/metrics", verify=False, timeout=_PATIENCE)
        families = {family.name: family for family in text_string_to_metric_families(response.raise_for_status().text)}
        return _states(families)
    except (httpx.HTTPError, KeyError, ValueError):
        return None


def _states(families: "Mapping[str, Metric]") -> dict[str, dict[str, Any]]:
    """Raises KeyError for what is not said."""

    def numbers(name: str) -> dict[str, int]:
        return {one.labels["model_name"]: int(one.value) for one in families[name].samples if one.name in (name, f"{name}_total")}

    reloading, pinned, held = (numbers(f"alize_model_{name}") for name in ("reloading", "pinned", "memory_bytes"))
    loads = numbers("alize_model_loads")
    found: dict[str, dict[str, Any]] = {}
    for labels in (one.labels for one in families["alize_model_state"].samples if one.value):
        id = labels["model_name"]
        found[id] = {"state": labels["state"], "reloading": bool(reloading[id]), "pinned": bool(pinned[id])}
        found[id] |= {"bytes": held[id], "generation": loads[id]}
    for one in families["alize_adapter_generation"].samples:
        model = one.labels["model_name"]
        own = {"bytes": 0, "generation": int(one.value), "adapter_of": model}  # what it takes is counted with its model
        found[one.labels["adapter"]] = {"state": found[model]["state"], **own}
    return found


def worded(entry: Mapping[str, Any] | None) -> str:
    """A state for a table."""
    from alize.cli.terminal import size

    if entry is None:
        return ""
    percent = f" {entry['percent']} %" if entry.get("percent") is not None else ""
    facts = [f"{'reloading' if entry.get('reloading') else entry['state']}{percent}"]
    if entry.get("pinned"):
        facts.append("pinned")
    if "adapter_of" in entry:
        facts.append(f"adapter of {entry['adapter_of']}")
    if entry["generation"] > 1:
        facts.append(f"version {entry['generation']}" if "adapter_of" in entry else f"loaded {entry['generation']} times")
    if entry["bytes"]:
        facts.append(size(entry["bytes"]))
    return ", ".join(facts)


class _Server:
    """The administrators' side of one server."""

    def __init__(self, client: "httpx.Client") -> None:
        self._client = client

    def models(self) -> list[dict[str, Any]]:
        return self._asked("GET", "/api/models")["data"]

    def post(self, name: str, what: str, body: Mapping[str, str] | None = None, patience: float | None = _PATIENCE) -> dict[str, Any]:
        return self._asked("POST", f"/api/models/{quote(name, safe='')}/{what}", body, patience)

    def _asked(self, method: str, path: str, body: Mapping[str, str] | None = None, patience: float | None = _PATIENCE) -> dict[str, Any]:
        """Raises what the server answers, and EngineUnavailable where it does not."""
        import httpx

        from alize.cli.remote import nobody, refusal
        from alize.errors import EngineUnavailable

        try:
            response = self._client.request(method, path, json=body, timeout=httpx.Timeout(patience, connect=_PATIENCE))
        except httpx.ConnectError as error:
            raise nobody(str(self._client.base_url)) from error
        except httpx.HTTPError as error:
            raise EngineUnavailable(f"{self._client.base_url} did not answer: {error or type(error).__name__}.") from error
        if response.status_code >= 400:
            raise refusal(response)
        return cast("dict[str, Any]", response.json())


@contextmanager
def _server(home: Path | None, url: str, key: str) -> Generator[_Server]:
    """Raises NotFound where no server runs for the state folder."""
    import httpx

    from alize.errors import InvalidRequest, NotFound
    from alize.settings import Settings
    from alize.storage.home import serving_at

    settings = Settings.load(home=home)
    address = url.rstrip("/").removesuffix("/v1") or serving_at(settings.home)
    if address is None:
        raise NotFound(
            f"No server runs for the state folder {settings.home}.", remedy="Start one: alize up. Or name one with --url and --key."
        )
    if not address.startswith(("http://", "https://")):
        raise InvalidRequest(f"'{url}' is not an address.", remedy="Write it whole: --url http://127.0.0.1:8600")
    given = key or os.environ.get("ALIZE_API_KEY", "")
    # A certificate of this machine's own server names its public host, which loopback is not.
    with _key(home, given, own=not url) as secret, httpx.Client(base_url=address, verify=bool(url)) as client:
        if secret:
            client.headers["Authorization"] = f"Bearer {secret}"
        yield _Server(client)


@contextmanager
def _key(home: Path | None, given: str, *, own: bool) -> Generator[str]:
    """The given one; else, for this machine's own server, one that ends with the command."""
    if given or not own:
        yield given
        return
    from alize.cli.database import on_database
    from alize.governance.keys import make_key, owner, revoke_key

    async def make(database: "Database") -> "MadeKey":
        maker = await owner(database)
        async with database.transaction() as store:
            return await make_key(store, maker, "alize models", scopes=("admin",), expires=datetime.now(UTC) + _LIFE)

    made = on_database(home, make)

    async def end(database: "Database") -> None:
        async with database.transaction() as store:
            await revoke_key(store, (await owner(database)).workspace, made.record.id)

    try:
        yield made.secret
    finally:
        on_database(home, end)


def _awaited(server: _Server, name: str) -> dict[str, Any]:
    """The model once it is awake. Raises EngineUnavailable where it cannot be loaded."""
    from alize.cli.progress import downloading
    from alize.errors import EngineUnavailable

    entry = server.post(name, "load")
    with downloading() as progress:
        while entry["state"] != "awake":
            if entry["state"] == "failed" and not entry["waiting"]:
                raise EngineUnavailable(f"{entry['id']} could not be loaded: {entry['error']}")
            if entry["state"] == "asleep" and not entry["waiting"]:
                raise EngineUnavailable(entry["error"] or f"{entry['id']} was loaded, and is asleep again: others needed its memory.")
            if progress is not None and entry["percent"] is not None:
                progress(entry["percent"], 100, f"Loading {entry['id']}")
            time.sleep(_LOOK)
            entry = next(one for one in server.models() if one["id"] == entry["id"])
    return entry


def _show(entry: Mapping[str, Any], as_json: bool) -> None:
    from alize.cli.terminal import print_json

    if as_json:
        print_json(dict(entry))
    else:
        typer.echo(f"{entry['id']}: {worded(entry)}")
