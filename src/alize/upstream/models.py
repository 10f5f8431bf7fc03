"""What the upstream offers. In: the JSON of its `/v1/models`, and the names that the settings want. Out: models, under our names.

Cards come in many forms: Mistral's and Alizé's say what a model can do and how long its context is, OpenAI's say a name and little
else. What a card does not say is not made up: capabilities are then that it chats, the context is the setting `upstream_context`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from alize.upstream.address import Address, is_near

__all__ = ["MOST_MODELS", "UpstreamModel", "models_of"]

MOST_MODELS = 2000
"""Models of a list that are looked at."""
_LONGEST_NAME = 200
_MOST_HOSTS = 10
_LONGEST_TEXT = 2000  # characters of a description
_PASSED = ("completion_chat", "function_calling", "reasoning", "vision", "audio")
"""Capabilities that the chat endpoint passes on; others need endpoints that are not passed on."""
_CONTEXTS = ("max_context_length", "max_model_len", "context_length", "context_window", "n_ctx", "n_ctx_train")
"""Where Mistral, vLLM, OpenRouter, Groq and llama.cpp say it."""


@dataclass(frozen=True, slots=True)
class UpstreamModel:
    """One model of the upstream."""

    id: str  # here
    there: str  # as it is asked for
    host: str  # of the upstream
    context: int  # tokens
    mistral: bool = False  # speaks Mistral's form of the API, which refuses fields of OpenAI's
    aliases: tuple[str, ...] = ()
    name: str = ""
    description: str = ""
    owned_by: str = ""
    created: int = 0  # Unix seconds
    capabilities: frozenset[str] = frozenset({"completion_chat"})
    licence: str | None = None
    temperature: float | None = None
    left: tuple[str, ...] = ()  # hosts that its questions reach, outside this machine


def models_of(listing: Sequence[object], wanted: Sequence[str], address: Address, context: int) -> list[UpstreamModel]:
    """The models to offer, in the order of the settings, else of the list.

    `listing`: the cards of its `/v1/models`, none where it is not known. `wanted`: names there, or `here=there`; one that is not listed is
    offered all the same, since not every server lists all it answers for; without any, all that are listed and chat.
    """
    cards = _cards(listing)
    if not wanted:
        every = [_model(name, name, card, address, context) for name, card in cards.items()]
        return [model for model in every if "completion_chat" in model.capabilities]
    found: list[UpstreamModel] = []
    for pair in wanted:
        here, _, there = (part.strip() for part in pair.partition("="))
        found.append(_model(here, there or here, cards.get(there or here, {}), address, context))
    return found


def _cards(listing: Sequence[object]) -> dict[str, Mapping[str, Any]]:
    """By name; the first of one name counts, and what is no card is passed over."""
    cards: dict[str, Mapping[str, Any]] = {}
    for card in listing[:MOST_MODELS]:
        if isinstance(card, Mapping):
            name = _text(cast("Mapping[str, object]", card).get("id"))
            if name and len(name) <= _LONGEST_NAME:
                cards.setdefault(name, cast("Mapping[str, Any]", card))
    return cards


def _model(here: str, there: str, card: Mapping[str, Any], address: Address, context: int) -> UpstreamModel:
    given = card.get("capabilities")
    able: Mapping[str, object] = cast("Mapping[str, object]", given) if isinstance(given, Mapping) else {}
    mistral = "completion_chat" in able or address.host == "api.mistral.ai"
    aliases = card.get("aliases")
    names = [name for name in cast("list[object]", aliases)[:100] if isinstance(name, str)] if isinstance(aliases, list) else []
    hosts = ["" if address.loopback else address.host, *_beyond(card)]
    return UpstreamModel(
        id=here,
        there=there,
        host=address.host,
        context=_context(card) or context,
        mistral=mistral,
        aliases=tuple(name for name in names if name != there and len(name) <= _LONGEST_NAME) if here == there else (),
        name=_text(card.get("name"))[:_LONGEST_NAME],
        description=_text(card.get("description"))[:_LONGEST_TEXT],
        owned_by=_text(card.get("owned_by"))[:_LONGEST_NAME],
        created=_whole(card.get("created")),
        capabilities=frozenset(name for name in _PASSED if able.get(name) is True) if able else frozenset({"completion_chat"}),
        licence=_text(card.get("license"))[:_LONGEST_NAME] or None,
        temperature=_temperature(card.get("default_model_temperature")),
        left=tuple(dict.fromkeys(host for host in hosts if host)),
    )


def _beyond(card: Mapping[str, Any]) -> list[str]:
    """The hosts that an Alizé which asks an upstream of its own says that a question reaches; its neighbours are on its machine."""
    left = card.get("left")
    said = cast("list[object]", left)[:_MOST_HOSTS] if isinstance(left, list) else [card.get("served_by")]
    hosts = [_text(host)[:_LONGEST_NAME] for host in said]
    return [host for host in hosts if not is_near(host)]


def _context(card: Mapping[str, Any]) -> int:
    meta = card.get("meta")
    places = [card, cast("Mapping[str, Any]", meta)] if isinstance(meta, Mapping) else [card]
    return next((size for place in places for name in _CONTEXTS if (size := _whole(place.get(name)))), 0)


def _temperature(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 2 else None


def _text(value: object) -> str:
    """On one line; "" for what is none."""
    line = " ".join(value.split()) if isinstance(value, str) else ""
    return line if line.isprintable() else ""


def _whole(value: object) -> int:
    """0 for what is no positive whole number of 63 bits."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**63 else 0
