"""Which models a server offers. In: the settings, the model that is being loaded, the budget. Out: a source of each, the default first.

Nothing is loaded: the files of those that are here are looked at, so that what can never be loaded is refused at the start.
"""

import logging
from collections.abc import Iterator
from dataclasses import dataclass

from alize.api.pool.refusals import will_not_fit
from alize.api.pool.source import LocalSource
from alize.engine.choose_runner import uses_gpu
from alize.engine.fit import gib
from alize.errors import LocalError, Missing, OutOfMemory, SettingInvalid
from alize.settings import Settings
from alize.weights.catalog import Card, find, resolved
from alize.weights.pull import installed, located

__all__ = ["INSTALLED", "Offer", "offers"]

_log = logging.getLogger("alize.api")
INSTALLED = "installed"
_DEFAULT = "model"  # in the setting `pinned`


@dataclass(frozen=True, slots=True)
class Offer:
    """One model."""

    source: LocalSource
    least: int | None  # bytes that it needs; None where it is not here yet, or being loaded
    pinned: bool = False


async def offers(settings: Settings, default: LocalSource, budget: int) -> list[Offer]:
    """The default, then those of `models`, then the one that embeds.

    Raises SettingInvalid for what cannot be offered, InvalidModel for a name that nothing answers to, CheckpointInvalid, OutOfMemory.
    """
    if settings.models and not settings.memory and default.config is not None and uses_gpu(default.config):
        raise SettingInvalid(
            "memory: what a GPU has free is not known before the first model is loaded, and several are offered.",
            param="memory",
            remedy="Set it to the GiB that all of them may take there.",
        )
    sources = {default.card.id: default}
    for name, card in _named(settings):
        if (other := sources.get(card.id)) is None:
            sources[card.id] = LocalSource(settings, name, card)
        elif other is not default and name != other.name and name not in _names(card):
            raise SettingInvalid(f"models: '{name}'{settings.came('models')} is called {card.id}, as another one is.", param="models")
    if (reader := _embedder(settings)) is not None and reader.id not in sources:
        sources[reader.id] = LocalSource(settings, settings.embedding_model, reader, behind=True)
    pinned = _pinned(settings, sources, default)
    leasts = await _check_fit(settings, sources, default, pinned, budget)
    return [Offer(source, leasts.get(id), id in pinned) for id, source in sources.items()]


def _named(settings: Settings) -> Iterator[tuple[str, Card]]:
    """What the setting `models` names, and what that is."""
    aliases = settings.aliases()
    for name in settings.models:
        if name == INSTALLED:
            for manifest in installed(settings.home):
                if manifest.card.capabilities != frozenset({"embeddings"}):
                    yield manifest.card.id, manifest.card
            continue
        try:
            yield name, located(name, settings.home, aliases)[0]
        except Missing as missing:
            card = None if settings.offline else find(name, aliases)
            if card is None:  # nothing is known of it but that somebody may have it
                raise SettingInvalid(
                    f"models: {missing.message}{settings.came('models')}", param="models", remedy=missing.remedy
                ) from missing
            yield name, card


def _embedder(settings: Settings) -> Card | None:
    """None where the settings name none; or, and the log says so, where it cannot be read, or is not here and may not be fetched, or
    nothing is known of it before. Raises InvalidModel, SettingInvalid for a model that makes no vectors."""
    if not settings.embedding_model:
        return None
    aliases = settings.aliases()
    try:
        card, _ = located(settings.embedding_model, settings.home, aliases)
    except Missing as missing:
        card = None if settings.offline else find(settings.embedding_model, aliases)
        if card is None:
            _log.info("no embeddings: %s", missing.text)
            return None
    except LocalError as error:
        _log.warning("no embeddings: %s", error.text)
        return None
    if "embeddings" not in card.capabilities:
        raise SettingInvalid(
            f"embedding_model = {settings.embedding_model!r}{settings.came('embedding_model')} makes no vectors of texts.",
            param="embedding_model",
        )
    return card


def _pinned(settings: Settings, sources: dict[str, LocalSource], default: LocalSource) -> set[str]:
    found: set[str] = set()
    for name in settings.pinned:
        wanted = default.card.id if name == _DEFAULT else resolved(name, settings.aliases())
        ids = [id for id, source in sources.items() if wanted in (*_names(source.card), source.name)]
        if not ids:
            raise SettingInvalid(
                f"pinned: '{name}'{settings.came('pinned')} is none of this server's models.",
                param="pinned",
                remedy=f"It offers {', '.join(sources)}; the setting `models` names further ones.",
            )
        found.update(ids)
    return found


async def _check_fit(
    settings: Settings, sources: dict[str, LocalSource], default: LocalSource, pinned: set[str], budget: int
) -> dict[str, int]:
    """What each needs that is here.

    Raises what is wrong with a model that could never be loaded, and OutOfMemory for pinned ones that could not be awake together.

    One that is there only because it is installed is left out instead, as is one that embeds: talk goes on. What embeds and has no room
    is refused when it is asked.
    """
    leasts: dict[str, int] = {}
    for id, source in list(sources.items()):
        if source is default:
            continue  # the engine says it of the default, with what is free then
        try:
            if not source.is_here:
                continue
            leasts[id] = await source.prepare(budget)
            if leasts[id] > budget and not source.behind:
                raise will_not_fit(id, leasts[id], budget)
        except LocalError as error:
            wished = INSTALLED not in settings.models or source.name in settings.models
            if (wished and not source.behind) or id in pinned:
                raise
            _log.warning("the model %s is not offered: %s", id, error.text)
            leasts.pop(id, None)
            del sources[id]
    held = {id: leasts[id] for id in pinned if id in leasts}
    if default.card.id in pinned and held:
        held[default.card.id] = await default.least(budget)
    if sum(held.values()) > budget:
        each = ", ".join(f"{id} {gib(size)}" for id, size in held.items())
        raise OutOfMemory(
            f"pinned{settings.came('pinned')}: {each} at least, together {gib(sum(held.values()))}; the budget is {gib(budget)}.",
            remedy="Pin fewer, choose smaller ones, or raise the setting `memory`.",
        )
    return leasts


def _names(card: Card) -> tuple[str, ...]:
    return (card.id, *card.aliases)
