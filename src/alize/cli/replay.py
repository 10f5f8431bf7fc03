"""`alize replay`. In: a record of an answer. Out: whether the answer comes again, token by token; if not, where it does not, and why."""

import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from alize.cli.options import AdapterPath, AsJson, Home
from alize.errors import AlizeError, InvalidModel, InvalidRequest, Missing, NotFound

if TYPE_CHECKING:
    from alize.engine.record import ReplayRecord
    from alize.engine.replay import Replayed
    from alize.library import Model
    from alize.settings import Settings

__all__ = ["replay"]

CANNOT = 2
"""The exit status where an answer cannot be made again at all."""

_UNCHANGED = (
    "Nothing that decides a token has changed. Either the record is not as it was given, or this is a fault of Alizé: please report it."
)

Record = Annotated[
    str,
    typer.Argument(
        help="A file that holds it, or - for standard input: `replay` of an answer, or what GET /api/messages/{id}/replay gives.",
        show_default=False,
        metavar="RECORD",
    ),
]
Weights = Annotated[
    str | None,
    typer.Option(
        "--model", "-m", help="Another place of the weights: an id, an alias or a path.", show_default="found by their hash", metavar="NAME"
    ),
]


def replay(record: Record, model: Weights = None, adapter: AdapterPath = None, home: Home = None, as_json: AsJson = False) -> None:
    """Make a recorded answer again and compare it token by token.

    Status 0: identical. 1: another token came; which, how likely both were, and what is not as it was. 2: it cannot be made again here.

    curl … /v1/chat/completions -d '{…, "replay": true}' | jq '.choices[0].replay' | alize replay -
    """
    from alize.cli.report import say
    from alize.cli.terminal import print_json
    from alize.settings import Settings

    told: list[dict[str, Any]] = []
    identical = True
    try:
        from alize.engine.record import read_records

        settings, records = Settings.load(home=home), read_records(_given(record))
        for number, (one, loaded, found) in enumerate(_each(records, settings, model, adapter), 1):
            identical &= found.identical
            told.append(_facts(one, loaded, found))
            if not as_json:
                _show(one, loaded, found, f"Part {number} of {len(records)}: " if len(records) > 1 else "")
    except AlizeError as error:
        say(error, as_json)
        raise typer.Exit(CANNOT) from error
    if as_json:
        print_json({"identical": identical, "records": told})
    if not identical:
        raise typer.Exit(1)


def _given(place: str) -> bytes:
    """What is written there. Raises NotFound and InvalidRequest."""
    from alize.engine.record import LARGEST

    if place == "-":
        return sys.stdin.buffer.read(LARGEST + 1)
    try:
        with Path(place).open("rb") as file:
            return file.read(LARGEST + 1)
    except FileNotFoundError:
        raise NotFound(f"There is no file '{place[:200]}'.", remedy="Give the path of a record, or - to read one from a pipe.") from None
    except (OSError, ValueError) as error:
        raise InvalidRequest(f"'{place[:200]}' cannot be read: {getattr(error, 'strerror', error)}.") from None


@dataclass(frozen=True, slots=True)
class _Place:
    """What to load for a record; the same for all parts of most answers."""

    model: str
    adapter: Path | None
    settings: tuple[tuple[str, Any], ...]
    sha256: str | None  # of the weights


def _each(
    records: "list[ReplayRecord]", settings: "Settings", model: str | None, adapter: Path | None
) -> "Iterator[tuple[ReplayRecord, Model, Replayed]]":
    """Each record, the model it was replayed with, and what came of it."""
    from contextlib import ExitStack, closing

    from alize.cli.run import load

    with ExitStack() as stack:
        at: _Place | None = None
        loaded: Model | None = None
        hashes = dict[Path, "str | None"]()
        for record in records:
            place = _place(record, settings, model, adapter, hashes)
            if loaded is None or place != at:
                stack.close()
                at, loaded = place, load(place.model, settings.home, place.adapter, **dict(place.settings))
                stack.enter_context(closing(loaded))
            yield record, loaded, loaded.replay(record, place.sha256)


def _place(
    record: "ReplayRecord", settings: "Settings", model: str | None, adapter: Path | None, hashes: "dict[Path, str | None]"
) -> _Place:
    """Where the weights of a record are. `hashes`: of what was read already. Raises Missing, InvalidModel, CheckpointInvalid."""
    from alize.weights.keep import sha256_at
    from alize.weights.pull import located

    name = model or _named(record, settings)
    card, path = located(name, settings.home, settings.aliases())
    if record.adapter is not None and adapter is None:
        known = settings.adapter_paths().get(record.adapter.name)
        adapter = None if known is None else Path(known)
    sha256 = card.sha256
    if not sha256 and record.weights_sha256 is not None:
        sha256 = hashes[path] if path in hashes else hashes.setdefault(path, sha256_at(path))
    return _Place(name, adapter if record.adapter is not None else None, tuple(_as_it_was(record)), sha256)


def _named(record: "ReplayRecord", settings: "Settings") -> str:
    """The model here that has the weights of a record, or its name."""
    from alize.weights.catalog import cards
    from alize.weights.pull import installed, located

    wanted = record.weights_sha256
    if wanted is not None:
        here = next((manifest for manifest in installed(settings.home) if manifest.sha256 == wanted and manifest.is_whole()), None)
        if here is not None:
            return here.card.id
    try:
        if located(settings.model, settings.home, settings.aliases())[0].id == record.model:
            return settings.model
    except (Missing, InvalidModel):
        pass
    try:
        located(record.model, settings.home, settings.aliases())
    except InvalidModel:
        raise Missing(f"The model '{record.model}' is not here.", remedy="Name the place of its weights: --model PATH.") from None
    except Missing:
        known = next((card for card in cards() if wanted is not None and card.sha256 == wanted), None)
        raise Missing(
            f"The weights of '{record.model}' are not here.",
            remedy=f"Fetch them: alize pull {known.id if known else record.model}. Or name their place: --model PATH.",
        ) from None
    return record.model


def _as_it_was(record: "ReplayRecord") -> Iterator[tuple[str, Any]]:
    """Settings that decide a token, or keep memory small. The kernels stay those of the settings: they decide nothing."""
    facts = record.engine
    yield "max_context", facts.max_context
    yield "max_running", 1
    if facts.runner.startswith("torch-"):
        yield from (("runner", "torch"), ("dtype", facts.dtype), ("cache_dtype", "auto"))
    else:
        yield from (("runner", "auto"), ("dtype", "auto"), ("weights_in_memory", "auto"))
        # Where another runner has to do, int8 is refused; bfloat16 is what that may keep.
        yield "cache_dtype", "bfloat16" if facts.cache_dtype == "bfloat16" else "auto"


def _facts(record: "ReplayRecord", model: "Model", found: "Replayed") -> dict[str, Any]:
    """One replay as JSON."""
    difference = found.difference
    return {
        "identical": found.identical,
        "model": model.info.id,
        "tokens": len(found.tokens),
        "recorded_tokens": len(record.answer),
        "finish": found.finish if record.finish is not None else None,
        "recorded_finish": record.finish,
        "difference": None
        if difference is None
        else {
            **asdict(difference),
            "recorded_text": _text(model, difference.recorded),
            "found_text": _text(model, difference.found),
        },
        "changed": [asdict(each) for each in found.changed],
        "seconds": round(found.seconds, 3),
        "first_token_seconds": round(found.first_token_seconds, 3),
    }


def _show(record: "ReplayRecord", model: "Model", found: "Replayed", part: str) -> None:
    from alize.cli.terminal import clean
    from alize.wording import quantity

    speed = f"{quantity(len(found.tokens), 'token')} in {found.seconds:.2f} s, the first after {found.first_token_seconds:.2f} s"
    typer.echo(f"{part}{_verdict(record, model, found)} ({speed}, by {model.info.runner}).")
    shown = [each for each in found.changed if found.identical or each.decides]
    if found.identical and shown:
        typer.echo("Not as it was, and without effect:")
    elif not found.identical:
        typer.echo("What may be why:" if shown else _UNCHANGED)
    for each in shown:
        typer.echo(clean(f"  {each.what}: {each.recorded} in the record, {each.here} here"))


def _verdict(record: "ReplayRecord", model: "Model", found: "Replayed") -> str:
    from alize.cli.terminal import clean

    if found.ends is not None:
        return f"The {len(found.tokens)} tokens are identical, but it ended by '{found.ends[1]}', and in the record by '{found.ends[0]}'"
    if found.difference is None:
        as_far = "" if record.finish is not None else ", as far as the record goes: the answer was ended from outside"
        return f"identical{as_far}"
    difference = found.difference
    then = _token(model, difference.recorded, difference.recorded_logprob)
    now = _token(model, difference.found, difference.found_logprob)
    return clean(f"Token {difference.index} differs: {then} in the record, {now} here")


def _token(model: "Model", token: int | None, logprob: float | None) -> str:
    if token is None:
        return "the end"
    likely = "" if logprob is None else f", log-probability {logprob:.3f}"
    return f"{token} {_text(model, token)!r}{likely}"


def _text(model: "Model", token: int | None) -> str | None:
    """How a token is written; of one that the vocabulary has not, nothing."""
    try:
        return None if token is None else model.tokenizer.token_text(token)
    except IndexError:
        return ""
