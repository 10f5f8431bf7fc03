"""Which model a name means. In: an id or an alias. Out: a model of this server or of its upstream; InvalidModel with names that come near.

A name of this server never means a model elsewhere: what is asked of it stays here, whatever the upstream comes to offer.
"""

from collections.abc import Callable, Iterator

from alize.api.parts import Parts, Served, Sleeping
from alize.errors import AlizeError, EngineUnavailable, InvalidModel, UnsupportedParameter
from alize.reasons import because
from alize.settings import Settings
from alize.upstream import UpstreamModel
from alize.weights.catalog import near_misses, resolved

__all__ = ["embeds", "model_named", "writer_named"]

_Model = Served | Sleeping | UpstreamModel


def writer_named(name: str, parts: Parts, settings: Settings) -> Served | Sleeping | UpstreamModel:
    """The model of an id or alias, which is asked for text; it may sleep, and lending.py wakes it.

    Raises InvalidModel, UnsupportedParameter for one that makes none, EngineUnavailable for an adapter that could not be loaded.
    """
    found = model_named(name, parts, settings, _writes)
    if not isinstance(found, UpstreamModel) and not _writes(found) and (isinstance(found, Sleeping) or found.lender is not None):
        raise UnsupportedParameter(
            f"The model {found.card.id} makes vectors of texts; it writes none.",
            param="model",
            remedy="Choose another of GET /v1/models.",
            reason=because("model_writes_nothing", model=found.card.id),
        )
    if isinstance(found, Served) and found.lost is not None:
        raise EngineUnavailable(
            f"The model {found.card.id} is an adapter that could not be loaded: {found.lost.told}",
            param="model",
            remedy="Whoever runs this server must mend it; until then choose another of GET /v1/models.",
            reason=because("adapter_lost", model=found.card.id, detail=found.lost.told),
        )
    return found


def embeds(model: _Model) -> bool:
    """Whether a model makes vectors of texts, as far as its card says."""
    return "embeddings" in _capabilities(model)


def model_named(name: str, parts: Parts, settings: Settings, suits: Callable[[_Model], bool] = lambda _: True) -> _Model:
    """The model of an id or alias. Raises InvalidModel, which names no model that does not suit what is asked."""
    aliases, upstream = settings.aliases(), parts.upstream
    name = resolved(name, aliases)
    own: list[_Model] = [*parts.own]
    for served in own:
        if name in _names(served):
            return served
    if upstream is not None and (found := upstream.find(name)):
        return found
    others: list[_Model] = [] if upstream is None else [*upstream.models.values()]
    fit = [known for model in (*own, *others) if suits(model) for known in _names(model)]
    known = [*(alias for alias in aliases if resolved(alias, aliases) in fit), *fit]
    raise _unknown(name, near_misses(name, known), None if upstream is None else upstream.error)


def _unknown(name: str, near: list[str], away: AlizeError | None) -> InvalidModel:
    """`away`: why it is not known now what the upstream has."""
    remedy = "GET /v1/models lists those that are served."
    reason = because("model_unknown_near", model=name[:200], near=near) if near else because("model_unknown", model=name[:200])
    if away is not None:
        remedy += f" What the upstream has is not known now: {away.text}"
        reason = because("model_unknown_upstream_away", model=name[:200], detail=away.text)
    hint = f"Did you mean {' or '.join(near)}? " if near else ""
    said = f"Invalid model: {name[:200]}." if name else "Invalid model: the name is empty."
    return InvalidModel(said, param="model", remedy=hint + remedy, reason=reason if name else because("model_unnamed"))


def _writes(model: _Model) -> bool:
    return _capabilities(model) != frozenset({"embeddings"})


def _capabilities(model: _Model) -> frozenset[str]:
    return model.capabilities if isinstance(model, UpstreamModel) else model.card.capabilities


def _names(model: _Model) -> Iterator[str]:
    card = model if isinstance(model, UpstreamModel) else model.card
    yield card.id
    yield from card.aliases
