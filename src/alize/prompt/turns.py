"""A conversation as programs write it. In: a question, or messages and tools as values or dictionaries. Out: plain ones for templates.

weather = Tool("weather", "The weather of a city.", {"type": "object", "properties": {"city": {"type": "string"}}})
turns = [Message("user", "How warm is Paris?")]
turns.append(model.chat(turns, tools=[weather]))            # Message("assistant", "", tool_calls=(ToolCall(…),))
turns.append(Message("tool", "22 °C", tool_call_id=turns[-1].tool_calls[0].id))
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from alize.errors import InvalidRequest
from alize.prompt.messages import plain_messages
from alize.prompt.tools import PlainTool, plain_tools, strict_among

__all__ = ["Conversation", "Message", "Tool", "ToolCall", "plain_conversation", "plain_offer"]


@dataclass(frozen=True, slots=True)
class ToolCall:
    """What an assistant asks to be run."""

    id: str  # nine letters and digits; its result names it
    name: str
    arguments: str  # JSON, as the model wrote it, which may be none


@dataclass(frozen=True, slots=True)
class Message:
    """One turn of a conversation. A last assistant message with `prefix` is continued rather than answered."""

    role: Literal["system", "user", "assistant", "tool"]
    content: str | Sequence[Mapping[str, Any]] = ""
    prefix: bool = False
    tool_calls: Sequence[ToolCall] = ()  # of an assistant
    tool_call_id: str | None = None  # of a tool's result: whose it is

    def plain(self) -> dict[str, Any]:
        """As the API writes it."""
        calls = [{"id": call.id, "function": {"name": call.name, "arguments": call.arguments}} for call in self.tool_calls]
        made: dict[str, Any] = {"role": self.role, "content": self.content, "prefix": self.prefix, "tool_calls": calls}
        return {**made, "tool_call_id": self.tool_call_id}


@dataclass(frozen=True, slots=True)
class Tool:
    """A function that an answer may call. The program runs it, not the model."""

    name: str  # letters, digits, _ and -, at most 64
    description: str = ""
    parameters: Mapping[str, Any] = field(default_factory=lambda: {"type": "object", "properties": {}})  # JSON schema

    def plain(self) -> dict[str, Any]:
        """As the API writes it."""
        return {"type": "function", "function": {"name": self.name, "description": self.description, "parameters": self.parameters}}


Conversation = str | Sequence[Message | Mapping[str, Any]]
"""A question, or the turns so far: Message values or {"role", "content"} dictionaries. For a model that sees or hears, a content may be a
list of {"type": "text", "text": …}, {"type": "image_url", "image_url": …} and {"type": "input_audio", "input_audio": …}: the path of a
file, an address `data:…`, or for a sound base64."""


def plain_conversation(conversation: Conversation, model: str, reads: Collection[str]) -> list[dict[str, Any]]:
    """Raises what `plain_messages` raises, and InvalidRequest for what is no conversation."""
    if isinstance(conversation, str):
        return [{"role": "user", "content": conversation}]
    if not isinstance(conversation, Sequence):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise InvalidRequest("A conversation is a text, or a list of messages.", param="messages")
    turns = [turn.plain() if isinstance(turn, Message) else turn for turn in conversation]
    return plain_messages(turns, model=model, reads=reads)


def plain_offer(tools: Sequence[Tool | Mapping[str, Any]]) -> tuple[list[PlainTool], frozenset[str]]:
    """The tools, and the names of the strict. Raises what `plain_tools` raises, and InvalidRequest for what is no list of tools."""
    if isinstance(tools, str | Mapping) or not isinstance(tools, Sequence):  # pyright: ignore[reportUnnecessaryIsInstance]
        raise InvalidRequest("tools is not a list of tools.", param="tools")
    given = [tool.plain() if isinstance(tool, Tool) else tool for tool in tools]
    for index, tool in enumerate(given):
        if not isinstance(tool, Mapping):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise InvalidRequest(f"tools.{index} is {tool!r:.100}, neither a Tool nor an object.", param=f"tools.{index}")
    return plain_tools(given), strict_among(given)
