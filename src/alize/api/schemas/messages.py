"""Messages of a conversation. In: their JSON. Out: typed messages. Their order is checked in `prompt/messages.py`."""

from typing import Annotated, Literal

from pydantic import Field

from alize.api.schemas.content import ContentChunk, SystemMessageContentChunks
from alize.api.schemas.values import Integer, JsonObject, Natural, Schema

__all__ = ["AssistantMessage", "DeltaMessage", "FunctionCall", "Message", "SystemMessage", "ToolCall", "ToolMessage", "UserMessage"]


class FunctionCall(Schema):
    name: str = Field(description="In a stream, empty but for a call's first piece.")
    arguments: JsonObject | str = Field(description="JSON as a text, as the model wrote it; it may be none.")


class ToolCall(Schema):
    id: str = "null"
    type: Literal["function"] = "function"
    function: FunctionCall
    index: Integer = 0


class SystemMessage(Schema):
    role: Literal["system", "developer"] = Field(description="`developer` is OpenAI's newer name for `system`.")
    content: str | list[SystemMessageContentChunks]


class UserMessage(Schema):
    role: Literal["user"]
    content: str | list[ContentChunk] | None


class AssistantMessage(Schema):
    role: Literal["assistant"]
    content: str | list[ContentChunk] | None = None
    tool_calls: list[ToolCall] | None = None
    prefix: bool = Field(False, description="Continue this message instead of answering it: the answer begins with its text.")


class ToolMessage(Schema):
    role: Literal["tool"]
    content: str | list[ContentChunk] | None
    tool_call_id: str | None = None
    name: str | None = None


Message = Annotated[SystemMessage | UserMessage | AssistantMessage | ToolMessage, Field(discriminator="role")]


class DeltaMessage(Schema):
    """What a chunk of a stream adds to a message."""

    role: str | None = None
    content: str | list[ContentChunk] | None = None
    tool_calls: list[ToolCall] | None = None
    tool_call_id: str | None = None
    index: Natural | None = None
    metadata: JsonObject | None = None
