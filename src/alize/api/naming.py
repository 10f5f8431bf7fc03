"""Which model a name means. In: an id or an alias. Out: a model of this server or of its upstream; InvalidModel with names that come near.

A name of this server never means a model elsewhere: what is asked of it stays here, whatever the upstream comes to offer.
"""

from alize.api.parts import Parts, Served, Sleeping
from alize.errors import EngineUnavailable, InvalidModel, UnsupportedParameter
from alize.settings import Settings
from alize.upstream import UpstreamModel
from alize.weights.catalog import near_misses, resolved

__all__ = ["model_named", "writer_named"]


def writer_named(name: str, parts: Parts, settings: Settings) -> Served | UpstreamModel:
    """The model of an id or alias, which is asked for text.

    Raises InvalidModel, UnsupportedParameter for one that makes none, EngineUnavailable for an adapter that could not be loaded.
    """
    found = model_named(name, parts, settings)
    if isinstance(found, Sleeping):
        raise UnsupportedParameter(
            f"The model {found.card.id} makes vectors of texts; it writes none.", param="model", remedy="Choose another of GET /v1/models."
        )
    if isinstance(found, Served) and found.lost is not None:
        raise EngineUnavailable(
            f"The model {found.card.id} is an adapter that could not be loaded: {found.lost.told}",
            param="model",
            remedy="Whoever runs this server must mend it; until then choose another of GET /v1/models.",
        )
    return found


def model_named(name: str, parts: Parts, settings: Settings) -> Served | Sleeping | UpstreamModel:
    """The model of an id or alias. Raises InvalidModel."""
    name = resolved(name, settings.aliases())
    own = (*parts.served(), *parts.sleeping.values())
    for served in own:
        if name == served.card.id or name in served.card.aliases:
            return served
    upstream = parts.upstream
    if upstream is not None and (found := upstream.find(name)):
        return found
    known = [*settings.aliases(), *(known for served in own for known in (served.card.id, *served.card.aliases))]
    remedy = "GET /v1/models lists those that are served."
    if upstream is not None:
        known += [known for model in upstream.models.values() for known in (model.id, *model.aliases)]
        if upstream.error is not None:
            remedy += f" What the upstream has is not known now: {upstream.error.text}"
    near = near_misses(name, known)
    hint = f"Did you mean {' or '.join(near)}? " if near else ""
    said = f"Invalid model: {name[:200]}." if name else "Invalid model: the name is empty."
    raise InvalidModel(said, param="model", remedy=hint + remedy)
