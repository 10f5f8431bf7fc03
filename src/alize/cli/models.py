"""`alize models`. In: the catalog and the state folder. Out: which models there are, which are here, and what one consists of."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from alize.cli import residents
from alize.cli.options import AsJson, Home

if TYPE_CHECKING:
    from alize.model.config import ModelConfig
    from alize.settings import Settings
    from alize.weights.catalog import Card
    from alize.weights.inspect import Facts
    from alize.weights.manifest import Manifest

__all__ = ["COMMANDS", "HELP", "local_model"]

_BYTES = 2  # of a cached number, in bfloat16
HELP = "List the models there are, look into one, verify one; load one into a running server, or put it to sleep."

Name = Annotated[
    str | None, typer.Argument(help="An id or alias, or a path to weights.", show_default="the setting `model`", metavar="[MODEL]")
]


def list_models(home: Home = None, as_json: AsJson = False) -> None:
    """Show the catalog and what was pulled, what is here first, then the adapters that the settings name.

    Where a server runs for this state folder, also the state of each of its models."""
    from alize.cli.terminal import print_json, print_table
    from alize.settings import Settings
    from alize.weights.catalog import cards
    from alize.weights.manifest import installed

    settings = Settings.load(home=home)
    here = {manifest.card.id: manifest for manifest in installed(settings.home)}
    known = [*(manifest.card for manifest in here.values()), *(card for card in cards() if card.id not in here)]
    aliases = settings.aliases()
    entries = [_entry(settings, card, here.get(card.id), [alias for alias, model in aliases.items() if model == card.id]) for card in known]
    entries += _adapters(settings)
    states = residents.states(settings.home)
    if states is not None:
        known_ids = {entry["id"] for entry in entries}
        entries = [*(_elsewhere(id) for id in states if id not in known_ids), *entries]
        entries = [{**entry, "state": states.get(entry["id"])} for entry in entries]
    draft = _draft(settings)
    for entry in entries:
        entry["drafts_for"] = settings.model if entry["id"] == draft else None
    if as_json:
        print_json(entries)
        return
    names = ("id", "aliases", "context", "licence", "here", "computed by", "deterministic")
    if states is None:
        print_table(names, [_row(entry) for entry in entries])
    else:
        print_table((*names, "state"), [[*_row(entry), residents.worded(entry["state"])] for entry in entries])


def inspect(model: Name = None, home: Home = None, as_json: AsJson = False) -> None:
    """Say what a model's files hold: format, parameters, how they are stored, memory by length of context, configuration, tokenizer.

    Also what would compute it here, whether it calls tools, and whether it thinks before it answers."""
    from alize.cli.terminal import print_json, print_table
    from alize.model.memory import cached_bytes, cached_in_bytes, parameters
    from alize.model.params import read_params
    from alize.settings import Settings
    from alize.weights.inspect import inspect
    from alize.weights.pull import located

    settings = Settings.load(home=home, model=model)
    card, path = located(settings.model, settings.home, settings.aliases())
    facts = inspect(path)
    config, able = read_params(facts.params), _able(card, path) | _runner(settings, path)
    if as_json:
        memory = {str(context): cached_bytes(config, context, _BYTES) for context in _contexts(config)}
        active = parameters(config, active=True)
        counted: dict[str, Any] = {"active_parameters": active, "cache_bytes": memory}
        if able["runner"] == "native":
            counted["cache_bytes_int8"] = {str(context): cached_in_bytes(config, context) for context in _contexts(config)}
        print_json({"id": card.id, "sha256": card.sha256, **asdict(facts), **counted, **able})
        return
    print_table(("", card.id), _facts(card, facts, config, able))


def verify(model: Name = None, home: Home = None, as_json: AsJson = False) -> None:
    """Read every file of a pulled model again and compare it with what came. Status 1 where something has changed."""
    from alize.cli.progress import downloading
    from alize.cli.terminal import print_json
    from alize.settings import Settings
    from alize.weights.pull import located, verify

    settings = Settings.load(home=home, model=model)
    card, _ = located(settings.model, settings.home, settings.aliases())
    with downloading() as progress:
        verify(settings.home, card.id, progress, settings.model)
    if as_json:
        print_json({"id": card.id, "sha256": card.sha256, "whole": True})
    else:
        typer.echo(f"{card.id} is as it came.")


COMMANDS: dict[str, Callable[..., None]] = {"list": list_models, "inspect": inspect, "verify": verify, **residents.COMMANDS}


def local_model(settings: "Settings") -> tuple[str, Path | None]:
    """The id of the model that the settings name, and its weights where they are on this disk. Raises InvalidModel, CheckpointInvalid."""
    from alize.errors import Missing
    from alize.weights.catalog import find
    from alize.weights.pull import located

    try:
        card, path = located(settings.model, settings.home, settings.aliases())
    except Missing:
        card, path = find(settings.model, settings.aliases()), None
    return (card.id if card else settings.model), path


def _entry(settings: "Settings", card: "Card", here: "Manifest | None", aliases: list[str]) -> dict[str, Any]:
    return {
        "id": card.id,
        "aliases": [*card.aliases, *aliases],
        "name": card.name,
        "description": card.description,
        "capabilities": sorted(card.capabilities),
        "context": card.context,
        "licence": card.licence,
        "source": card.source,
        "here": None
        if here is None
        else {
            "path": str(here.path),
            "bytes": sum(entry.bytes for entry in here.files),
            "sha256": here.sha256,
            "pulled_at": here.pulled_at,
            **_runner(settings, here.path),
        },
    }


def _draft(settings: "Settings") -> str | None:
    """The id of the draft model."""
    from dataclasses import replace

    from alize.errors import AlizeError

    try:
        return local_model(replace(settings, model=settings.draft_model))[0] if settings.draft_model else None
    except AlizeError:
        return settings.draft_model


def _adapters(settings: "Settings") -> Iterator[dict[str, Any]]:
    """Those of the setting. One that cannot be read is listed as that."""
    from alize.errors import CheckpointInvalid
    from alize.weights.adapters import open_adapter

    for name, path in settings.adapter_paths().items():
        entry: dict[str, Any] = {
            "id": name,
            "aliases": [],
            "name": name,
            "capabilities": [],
            "context": "",
            "licence": None,
            "source": path,
        }
        try:
            adapter = open_adapter(Path(path))
        except CheckpointInvalid as error:
            yield {**entry, "description": error.text, "here": None}
            continue
        size = sum(pair.a.data.nbytes + pair.b.data.nbytes for pair in adapter.layers.values())
        here = {"path": path, "bytes": size, "sha256": adapter.sha256, "pulled_at": None}
        yield {**entry, "description": f"An adapter of {settings.model}, of rank {adapter.rank}.", "here": here}


def _elsewhere(id: str) -> dict[str, Any]:
    """A model that a server offers, and that was not pulled: it lies at a path."""
    unknown: dict[str, Any] = {"name": id, "description": "", "capabilities": [], "context": "", "licence": None, "source": ""}
    return {"id": id, "aliases": [], **unknown, "here": None}


def _row(entry: dict[str, Any]) -> list[object]:
    from alize.cli.terminal import size

    here = size(entry["here"]["bytes"]) if entry["here"] else ""
    runner: str | None = entry["here"].get("runner", "") if entry["here"] else ""  # adapters have none
    by = {"native": "native core", "torch": "PyTorch", None: "nothing", "": ""}[runner]
    exact = {True: "yes", False: "no", None: ""}[entry["here"].get("deterministic") if entry["here"] else None]
    drafts = f", drafts for {entry['drafts_for']}" if entry["drafts_for"] else ""
    return [entry["id"], ", ".join(entry["aliases"]), entry["context"], entry["licence"] or "unknown", here, by + drafts, exact]


def _contexts(config: "ModelConfig") -> list[int]:
    """Lengths to say the memory of: in steps of four, and the longest."""
    return [*(length for length in (1024, 4096, 16384, 65536, 262144) if length < config.max_context), config.max_context]


def _able(card: "Card", path: Path) -> dict[str, bool | None]:
    """What a server would say of the model; None of one whose tokenizer cannot be used, which none would serve."""
    from alize.errors import CheckpointInvalid, Missing
    from alize.prompt.marks import call_marks_of, thought_marks_of
    from alize.tokenize import tokenizer_at

    try:
        tokenizer = tokenizer_at(path)
    except (CheckpointInvalid, Missing):
        return {"calls_tools": None, "thinks": None}
    return {
        "calls_tools": call_marks_of(tokenizer, card) is not None,
        "thinks": thought_marks_of(tokenizer, card.capabilities) is not None,
    }


def _runner(settings: "Settings", path: Path) -> dict[str, str | bool | None]:
    """What would compute a model here, and why not the native core; whether the same request always has the same answer then, and why.

    None for files that nothing can run.
    """
    from contextlib import closing

    from alize.engine.build import EngineConfig
    from alize.engine.choose_runner import DETERMINISTIC, choose_runner
    from alize.errors import AlizeError
    from alize.model.params import read_params
    from alize.weights.checkpoints import open_checkpoint

    try:
        with closing(open_checkpoint(path)) as checkpoint:
            name, reason = choose_runner(EngineConfig.of(settings, path, str(path)), checkpoint, read_params(checkpoint.params))
    except AlizeError as error:
        return {"runner": None, "runner_reason": error.message, "deterministic": None, "deterministic_reason": None}
    exact, why = DETERMINISTIC[name]
    return {"runner": name, "runner_reason": reason or None, "deterministic": exact, "deterministic_reason": why}


def _facts(card: "Card", facts: "Facts", config: "ModelConfig", able: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    from alize.cli.terminal import size
    from alize.model.memory import cached_bytes, cached_in_bytes, parameters
    from alize.wording import quantity

    yield "path", facts.path
    if facts.projector is not None:
        yield "sees or hears with", facts.projector
    if facts.left_out is not None:
        yield "left out", facts.left_out
    yield "format", facts.format
    yield "parameters", f"{facts.parameters:,}"
    if (active := parameters(config, active=True)) != parameters(config):
        yield "at work for a token", f"{active:,}"
    yield "size", size(facts.bytes)
    taken = {way: size(bytes) for way, bytes in facts.memory.items()}
    yield "in memory", f"{taken['float32']} in float32, {taken['bfloat16']} in bfloat16, {taken['stored']} as stored"
    states = "" if config.state_space is None else ", its states in 32"
    for context in _contexts(config):
        kept = f", {size(cached_in_bytes(config, context))} in 8, as the native core keeps it by default"
        native = kept if able["runner"] == "native" else ""
        yield f"cache of {context:,} tokens", f"{size(cached_bytes(config, context, _BYTES))} in 16 bits" + native + states
    for name, kind in facts.kinds.items():
        yield f"stored as {name}", f"{quantity(kind.tensors, 'tensor')}, {kind.parameters:,} values of {kind.bits:.2f} bits"
    for name, value in facts.params.items():
        yield name, value
    yield "tokenizer", f"{facts.tokenizer or 'none'}, {'with' if facts.chat_template else 'without'} a chat template"
    words = {True: "yes", False: "no", None: "unknown: the tokenizer cannot be used"}
    computed = {
        "native": "the native core",
        "torch": f"PyTorch, because {able['runner_reason']}",
        None: f"nothing: {able['runner_reason']}",
    }
    yield "computed by", computed[able["runner"]]
    if able["runner"] is not None:
        yield "deterministic", f"{words[able['deterministic']]}: {able['deterministic_reason']}"
    yield "calls tools", words[able["calls_tools"]]
    yield "thinks", words[able["thinks"]]
    yield "licence", card.licence or "unknown"
    yield "sha256", card.sha256 or "known once it is pulled"
