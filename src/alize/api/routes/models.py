"""Models. In: nothing, or a name. Out: the cards of the models that are served here."""

from typing import Annotated, Any

import msgspec
from fastapi import APIRouter, Query
from starlette.responses import Response

from alize.api.asking import model_named
from alize.api.auth import Caller, Here
from alize.api.documentation import described
from alize.api.parts import House, Served
from alize.api.schemas.models import FTModelCard, ModelCapabilities, ModelCard, ModelList
from alize.api.support import SERVED
from alize.errors import InvalidModel, NotFound

__all__ = ["router"]

router = APIRouter(tags=["models"])


@router.get("/v1/models", openapi_extra=described(ModelList))
async def list_models(
    principal: Caller,
    here: Here,
    provider: Annotated[str | None, Query(description="Only models of this owner.")] = None,
    model: Annotated[str | None, Query(description="Only the model of this id or alias.")] = None,
) -> Response:
    """List the models that are served."""
    cards = [
        card
        for served in here.parts.models.values()
        if (card := _card(served, here)) and provider in (None, card["owned_by"]) and model in (None, card["id"], *card["aliases"])
    ]
    return _json({"object": "list", "data": cards})


@router.get("/v1/models/{model_id:path}", openapi_extra=described((ModelCard, FTModelCard)))
async def retrieve_model(model_id: str, principal: Caller, here: Here) -> Response:
    """Describe one model, named by its id or an alias."""
    try:
        return _json(_card(model_named(model_id, here.parts, here.settings), here))
    except InvalidModel as error:
        raise NotFound(f"There is no model '{model_id[:200]}' here.", param="model_id", remedy=error.remedy) from None


def _card(served: Served, here: House) -> dict[str, Any]:
    card, info = served.card, served.engine.info
    given = [alias for alias in here.settings.aliases() if model_named_as(alias, served, here)]
    return {
        "id": card.id,
        "object": "model",
        "created": card.created,
        "owned_by": card.owned_by,
        "capabilities": {name: name in card.capabilities & SERVED for name in ModelCapabilities.model_fields},
        "name": card.name or None,
        "description": card.description or None,
        "max_context_length": info.max_context,
        "aliases": list(dict.fromkeys([*card.aliases, *given])),
        "deprecation": None,
        "deprecation_replacement_model": None,
        "default_model_temperature": here.settings.temperature(card.default_temperature),
        "internal": False,
        "type": "base",
    }


def model_named_as(alias: str, served: Served, here: House) -> bool:
    """Whether an alias of the settings means this model. One that means nothing is no model's."""
    try:
        return model_named(alias, here.parts, here.settings) is served
    except InvalidModel:
        return False


def _json(body: dict[str, Any]) -> Response:
    return Response(msgspec.json.encode(body), media_type="application/json")
