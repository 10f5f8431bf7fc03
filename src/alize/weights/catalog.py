"""The models that are known by name. In: a name or an alias. Out: the Card that says what the model is and where it comes from.

The cards stand in cards.toml beside this file.
"""

import difflib
import functools
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from alize.errors import InvalidModel, UnsupportedParameter

__all__ = ["CAPABILITIES", "Card", "cards", "check_embeds", "find", "near_misses", "resolved", "unknown"]

CAPABILITIES = frozenset(
    {
        "completion_chat",
        "function_calling",
        "reasoning",
        "completion_fim",
        "fine_tuning",
        "vision",
        "ocr",
        "classification",
        "moderation",
        "audio",
        "audio_transcription",
        "audio_transcription_realtime",
        "audio_speech",
        "unified_resources",
        "embeddings",
    }
)
"""The flags of the public API's ModelCapabilities, and the one that it has no flag for."""


@dataclass(frozen=True, slots=True)
class Card:
    """One model, as its makers describe it."""

    id: str
    aliases: tuple[str, ...] = ()
    name: str = ""  # for people
    description: str = ""
    capabilities: frozenset[str] = frozenset()  # what the model was made for; what this version cannot serve yet, the API leaves out
    context: int = 32768  # tokens
    licence: str | None = None  # SPDX where there is one; None where it is not known
    source: str = ""  # see sources.py
    sha256: str | None = None  # of the weights; None where it is known only once they are here
    default_temperature: float | None = None
    default_max_tokens: int = 0  # 0: what the context leaves
    owned_by: str = ""
    created: int = 0  # Unix seconds
    languages: tuple[str, ...] = ()  # BCP 47; () where they are many, or its makers do not say
    size: int = 0  # bytes of the weights; 0 where they were not measured
    told_tools: bool = False  # its template has no place for tools, so the house tells it of them (prompt/told.py)

    def __post_init__(self) -> None:
        unknown = self.capabilities - CAPABILITIES
        assert not unknown, f"{self.id}: no such capability: {', '.join(sorted(unknown))}"


@functools.cache
def cards() -> tuple[Card, ...]:
    """Every card of the catalog, the default model first."""
    return tuple(_card(id, entry) for id, entry in tomllib.loads(Path(__file__).with_name("cards.toml").read_text("utf-8")).items())


def _card(id: str, entry: Mapping[str, Any]) -> Card:
    released: date = entry["released"]
    given = {key: value for key, value in entry.items() if key != "released"}
    given["aliases"], given["capabilities"] = tuple(entry.get("aliases", ())), frozenset(entry["capabilities"])
    given["languages"] = tuple(entry.get("languages", ()))
    return Card(id=id, created=int(datetime(released.year, released.month, released.day, tzinfo=UTC).timestamp()), **given)


def find(name: str, aliases: Mapping[str, str]) -> Card | None:
    """The card of an id or alias; None where the catalog has none. `aliases` are the setting's, and come before the catalog's."""
    name = resolved(name, aliases)
    return next((card for card in cards() if name == card.id), None) or next((card for card in cards() if name in card.aliases), None)


def resolved(name: str, aliases: Mapping[str, str]) -> str:
    """The name that an alias of the setting stands for, however many lie in between.

    >>> resolved("small", {"small": "tiny", "tiny": "smollm2-135m-instruct"})
    'smollm2-135m-instruct'
    """
    for _ in aliases:  # as many steps as there are aliases: a circle of them ends, too
        name = aliases.get(name, name)
    return name


def check_embeds(card: Card, remedy: str) -> None:
    """Raises UnsupportedParameter for a model that was not made to embed: vectors of a chat model can be had, and mean little."""
    if "embeddings" not in card.capabilities:
        raise UnsupportedParameter(f"The model {card.id} does not embed.", param="model", remedy=remedy)


def near_misses(name: str, known: Iterable[str]) -> list[str]:
    """Up to three names that somebody who wrote `name` may have meant: those it is a part of, then those that look alike."""
    names, wanted = {candidate.lower(): candidate for candidate in known}, name.lower()[:200]
    parts = [candidate for candidate in names if len(wanted) >= 3 and wanted in candidate]
    alike = difflib.get_close_matches(wanted, names, n=3, cutoff=0.5)
    return [names[match] for match in dict.fromkeys([*parts, *alike])][:3]


def unknown(name: str, aliases: Mapping[str, str], more: Iterable[str] = ()) -> InvalidModel:
    """The error for a name that nothing answers to. `more` are further names that would have done, such as those of pulled models."""
    if name.startswith((".", "/", "~")) or name.endswith((".gguf", ".safetensors")):
        return InvalidModel(f"There is no file or folder '{name[:200]}'.", param="model", remedy="Check the path.")
    known = [*aliases, *more, *(known for card in cards() for known in (card.id, *card.aliases))]
    near = near_misses(name, known)
    hint = f"Did you mean {' or '.join(near)}? " if near else ""
    return InvalidModel(f"There is no model '{name[:200]}'.", param="model", remedy=f"{hint}`alize models list` shows those there are.")
