"""Fill-in-the-middle. In: the text before a gap and after it. Out: what belongs between, whole or as server-sent events.

body ─ schemas/fim ─ lending ─ asking ─ metering ─ delivering
"""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from alize.api.asking import ask_infill, check_infill
from alize.api.auth import Caller, Here
from alize.api.body import read
from alize.api.completion import Form
from alize.api.delivering import delivered
from alize.api.documentation import described
from alize.api.lending import lent
from alize.api.metering import Meter
from alize.api.naming import writer_named
from alize.api.schemas.chat import CompletionEvent
from alize.api.schemas.fim import FIMCompletionRequest, FIMCompletionResponse
from alize.api.trace import trace_of
from alize.errors import UnsupportedParameter
from alize.upstream import UpstreamModel

__all__ = ["router"]

router = APIRouter(tags=["fim"])
_PATH = "/v1/fim/completions"


@router.post(_PATH, openapi_extra=described(FIMCompletionResponse, request=FIMCompletionRequest, stream=CompletionEvent))
async def fim_completion(request: Request, principal: Caller, here: Here) -> Response:
    """Fill a gap in a text."""
    wanted = await read(request, FIMCompletionRequest, strict=here.settings.strict)
    model, trace = writer_named(wanted.model, here.parts, here.settings), trace_of(request.scope)
    if isinstance(model, UpstreamModel):
        raise UnsupportedParameter(
            f"The model {wanted.model} is another server's, which is asked for chat only.",
            param="model",
            remedy="Choose a model of GET /v1/models that has completion_fim.",
        )
    asked = await ask_infill(wanted, await lent(model, request, check_infill), principal, here.settings)
    meter = Meter(here, asked, principal, trace, _PATH)
    form = Form(asked.id, wanted.model, asked.served.tokenizer, replay=meter.answer.replay if wanted.replay else None)
    return await delivered(meter, form, request, stream=wanted.stream)
