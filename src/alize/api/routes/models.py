"""Models. In: nothing, or a name. Out: the cards of the models that are served here, then of the upstream's."""

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Query
from starlette.responses import Response

from alize.api.auth import Caller, Here
from alize.api.documentation import described
from alize.api.hearing import ears_of, hears
from alize.api.looking import sees, sight_of
from alize.api.naming import model_named
from alize.api.parts import House, Served, Sleeping
from alize.api.schemas.models import FTModelCard, ModelCapabilities, ModelCard, ModelList
from alize.api.support import SERVED
from alize.errors import InvalidModel, NotFound
from alize.upstream import UpstreamModel

__all__ = ["router"]

router = APIRouter(tags=["models"])
SENSES = frozenset({"vision", "audio", "audio_transcription", "reasoning", "function_calling"})


@router.get("/v1/models", openapi_extra=described(ModelList))
async def list_models(
    principal: Caller,
    here: Here,
    provider: Annotated[str | None, Query(description="Only models of this owner.")] = None,
    model: Annotated[str | None, Query(description="Only the model of this id or alias.")] = None,
) -> Response:
    """List the models that are served."""
    upstream = here.parts.upstream
    models = [*here.parts.own, *(upstream.models.values() if upstream is not None else ())]
    cards = [
        card
        for one in models
        if (card := _card(one, here)) and provider in (None, card["owned_by"]) and model in (None, card["id"], *card["aliases"])
    ]
    return _json({"object": "list", "data": cards})


@router.get("/v1/models/{model_id:path}", openapi_extra=described((ModelCard, FTModelCard)))
async def retrieve_model(model_id: str, principal: Caller, here: Here) -> Response:
    """Describe one model, named by its id or an alias."""
    try:
        return _json(_card(model_named(model_id, here.parts, here.settings), here))
    except InvalidModel as error:
        raise NotFound(f"There is no model '{model_id[:200]}' here.", param="model_id", remedy=error.remedy) from None


def _card(model: Served | Sleeping | UpstreamModel, here: House) -> dict[str, Any]:
    """`license`, `default_max_tokens`, `languages`, `deterministic`, `served_by`, `left`, `state`, `loaded_percent` and `embeddings` are
    ours, the rest the public API's."""
    card = model if isinstance(model, UpstreamModel) else model.card
    able = card.capabilities if isinstance(model, UpstreamModel) else (card.capabilities - SENSES) & SERVED
    if isinstance(model, Served) and model.lost is None:
        able |= senses_of(model)
    elif isinstance(model, Sleeping):  # what it would be woken for
        able |= {sense for sense, has in (("vision", sees(model)), ("audio", hears(model))) if has}
    adapted = model if isinstance(model, Served) and model.adapter is not None else None
    given = [alias for alias in here.settings.aliases() if model_named_as(alias, model, here)]
    return {
        "id": card.id,
        "object": "model",
        "created": card.created,
        "owned_by": card.owned_by,
        "capabilities": {name: name in able for name in ModelCapabilities.model_fields},
        "name": card.name or None,
        "description": card.description or None,
        "max_context_length": _context(model),
        "aliases": list(dict.fromkeys([*card.aliases, *given])),
        "deprecation": None,
        "deprecation_replacement_model": None,
        "default_model_temperature": (
            model.temperature
            if isinstance(model, UpstreamModel)
            else here.settings.temperature(model.card.default_temperature)
            if _writes(model)
            else None
        ),
        "internal": False,
        **({"type": "fine-tuned", "job": "", "root": adapted.root, "archived": False} if adapted else {"type": "base"}),
        "license": card.licence,
        "languages": [] if isinstance(model, UpstreamModel) else list(model.card.languages),
        "default_max_tokens": None
        if isinstance(model, UpstreamModel) or not _writes(model)
        else here.settings.max_tokens(model.card.default_max_tokens),
        "deterministic": _deterministic(model),
        "served_by": (model.left[-1] if model.left else model.host) if isinstance(model, UpstreamModel) else "",
        "left": list(model.left) if isinstance(model, UpstreamModel) else [],
        **_state(model),
    }


def _writes(model: Served | Sleeping) -> bool:
    """Whether it has defaults for an answer."""
    return not model.card.capabilities.isdisjoint({"completion_chat", "completion_fim"})


def _state(model: Served | Sleeping | UpstreamModel) -> dict[str, Any]:
    """Of a model of an upstream nothing is known."""
    sleeping = model if isinstance(model, Sleeping) else model.lender if isinstance(model, Served) else None
    if sleeping is not None:
        return {"state": sleeping.state, "loaded_percent": sleeping.percent}
    return {"state": "awake" if isinstance(model, Served) else None, "loaded_percent": None}


def senses_of(model: Served) -> frozenset[str]:
    """Whatever a model was made for: these weights may have no eyes or ears, and their tokenizer no marks of thoughts or calls."""
    ears = ears_of(model)
    hears = ears is not None
    able = {"vision": sight_of(model) is not None, "audio": hears and not ears.hearing.streams, "audio_transcription": hears}
    able |= {"reasoning": model.thought_marks is not None, "function_calling": model.call_marks is not None}
    return frozenset(name for name, has in able.items() if has)


def _deterministic(model: Served | Sleeping | UpstreamModel) -> bool | None:
    served = None if isinstance(model, UpstreamModel) else model if isinstance(model, Served) else model.served
    return None if served is None else served.engine.info.batch_invariant


def _context(model: Served | Sleeping | UpstreamModel) -> int:
    if isinstance(model, UpstreamModel):
        return model.context
    served = model if isinstance(model, Served) else model.served
    return model.card.context if served is None else served.engine.info.max_context


def model_named_as(alias: str, model: Served | Sleeping | UpstreamModel, here: House) -> bool:
    """Whether an alias of the settings means this model. One that means nothing is no model's."""
    try:
        found = model_named(alias, here.parts, here.settings)
    except InvalidModel:
        return False
    return found == model


def _json(body: dict[str, Any]) -> Response:
    return Response(msgspec.json.encode(body), media_type="application/json")
