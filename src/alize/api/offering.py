"""The tools of a chat request. In: the request, and the model that is asked. Out: what its answer may call, or None."""

from alize.api.parts import Served
from alize.api.schemas.chat import ChatCompletionRequest
from alize.api.schemas.tools import ToolChoice
from alize.errors import InvalidRequest
from alize.prompt.tools import Offer, PlainTool, offered, plain_tools, strict_among

__all__ = ["offer_of", "tools_of"]


def offer_of(request: ChatCompletionRequest, served: Served) -> Offer | None:
    """Raises as `tools_of`, UnsupportedParameter for a model that calls no tools, InvalidRequest for a call that is forced upon an answer
    whose beginning is given."""
    tools = tools_of(request)
    if not tools:
        return None
    offer = offered(
        served.call_marks,
        tools,
        _wanted(request),
        parallel=request.parallel_tool_calls,
        model=served.card.id,
        strict=strict_among([tool.model_dump() for tool in request.tools or ()]),
    )
    if offer.begun and request.messages and getattr(request.messages[-1], "prefix", False):
        raise InvalidRequest(
            "tool_choice forces the answer to begin as a call, but the last message with prefix true says how it begins.",
            param="tool_choice",
            remedy="Send tool_choice: auto, or no prefix.",
        )
    return offer


def tools_of(request: ChatCompletionRequest) -> list[PlainTool]:
    """What may be called of a model that calls tools. Raises InvalidRequest for tools that are none, and for a choice among none."""
    wanted = _wanted(request)
    if not request.tools and wanted not in ("auto", "none"):
        raise InvalidRequest(
            f"tool_choice {wanted[:100]!r} forces a call, but there are no tools to call.",
            param="tool_choice",
            remedy="Send tools, or tool_choice: auto.",
        )
    if not request.tools or request.tool_choice == "none":
        return []
    return plain_tools([tool.model_dump() for tool in request.tools])


def _wanted(request: ChatCompletionRequest) -> str:
    choice = request.tool_choice
    return choice.function.name if isinstance(choice, ToolChoice) else choice
