"""The tools of a chat request. In: the request, and the model that is asked. Out: what its answer may call, or None."""

from alize.api.parts import Served
from alize.api.schemas.chat import ChatCompletionRequest
from alize.api.schemas.tools import ToolChoice
from alize.errors import InvalidRequest
from alize.prompt.tools import Offer, offered, plain_tools, strict_among

__all__ = ["offer_of"]


def offer_of(request: ChatCompletionRequest, served: Served) -> Offer | None:
    """Raises UnsupportedParameter for a model that calls no tools, InvalidRequest for tools that are none, for a choice among none, and
    for a call that is forced upon an answer whose beginning is given."""
    choice = request.tool_choice
    wanted = choice.function.name if isinstance(choice, ToolChoice) else choice
    if not request.tools and wanted not in ("auto", "none"):
        raise InvalidRequest(
            f"tool_choice {wanted[:100]!r} forces a call, but there are no tools to call.",
            param="tool_choice",
            remedy="Send tools, or tool_choice: auto.",
        )
    if not request.tools or choice == "none":
        return None
    given = [tool.model_dump() for tool in request.tools]
    tools = plain_tools(given)
    offer = offered(
        served.call_marks, tools, wanted, parallel=request.parallel_tool_calls, model=served.card.id, strict=strict_among(given)
    )
    if offer.begun and request.messages and getattr(request.messages[-1], "prefix", False):
        raise InvalidRequest(
            "tool_choice forces the answer to begin as a call, but the last message with prefix true says how it begins.",
            param="tool_choice",
            remedy="Send tool_choice: auto, or no prefix.",
        )
    return offer
