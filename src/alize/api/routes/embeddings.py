"""Embeddings. In: texts. Out: a vector for each, near each other where they mean the same.

body ─ schemas/embeddings ─ lending ─ embedding
"""

from functools import partial

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from alize.api.auth import Caller, Here
from alize.api.body import read
from alize.api.connection import while_connected
from alize.api.documentation import described
from alize.api.embedding import Embedding, check
from alize.api.lending import lent
from alize.api.naming import embeds, model_named
from alize.api.schemas.embeddings import EmbeddingRequest, EmbeddingResponse
from alize.api.schemas.extensions import EMBEDDING_ALIASES, without_aliases
from alize.api.trace import trace_of
from alize.errors import UnsupportedParameter
from alize.upstream import UpstreamModel

__all__ = ["router"]

router = APIRouter(tags=["embeddings"])
_PATH = "/v1/embeddings"


@router.post(_PATH, openapi_extra=described(EmbeddingResponse, request=EmbeddingRequest))
async def embeddings(request: Request, principal: Caller, here: Here) -> Response:
    """Make vectors of texts."""
    wanted = without_aliases(await read(request, EmbeddingRequest, strict=here.settings.strict), EMBEDDING_ALIASES)
    model, trace = model_named(wanted.model, here.parts, here.settings, embeds), trace_of(request.scope)
    if isinstance(model, UpstreamModel):
        raise UnsupportedParameter(
            f"The model {wanted.model} is another server's, which is asked for chat only.",
            param="model",
            remedy="Choose a model of GET /v1/models that has embeddings.",
        )
    served = await lent(model, request, partial(check, wanted, here.settings))
    embedding = Embedding(wanted, served, principal, here, trace, _PATH)
    body = await while_connected(request.receive, embedding.body())
    trace.headers.update(here.limits.headers(principal.workspace, cost=embedding.count))
    return Response(body, media_type="application/json")
