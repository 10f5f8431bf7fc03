"""The conversation of a request. In: its messages, as the schemas let them through. Out: plain messages for `Tokenizer.template`.

What is checked here holds for every model and follows the public API; what one template forbids beyond that is its tokenizer's to say.

    role        may follow                        holds
    system      system, user, or nothing          text
    user        anything but open tool calls      text, images, sounds
    assistant   anything but open tool calls      text, tool calls, or both; `prefix` only at the end
    tool        assistant with tool calls, tool   the result of one call, by its id; text, images

Tool calls are *open* until each has its result. The last message is a user's, a tool's, or an assistant's with `prefix: true`.
Neighbours of one role are passed on as they are: Mistral's own template merges them, others may refuse them.
"""

import json
from collections.abc import Collection, Mapping, Sequence
from contextlib import suppress
from typing import Any, cast

from alize.errors import InvalidMessageOrder, InvalidRequest, InvalidToolCall
from alize.prompt.content import content_of
from alize.prompt.forms import CALL_ID, FUNCTION_NAME

__all__ = ["SAFE_PROMPT", "plain_messages"]

SAFE_PROMPT = (
    "Always assist with care, respect, and truth. Respond with utmost utility yet securely. "
    "Avoid harmful, unethical, prejudiced, or negative content. Ensure replies promote fairness and positivity."
)
"""What `safe_prompt: true` puts before the conversation: the text Mistral publishes."""

_FOLLOWS = {  # what may stand before each role, tool calls apart
    "system": {None, "system", "user"},
    "user": {None, "system", "user", "assistant", "tool"},
    "assistant": {None, "system", "user", "assistant", "tool"},
    "tool": {"assistant", "tool"},
}

Message = dict[str, Any]


def plain_messages(
    messages: Sequence[Mapping[str, Any]], *, safe_prompt: bool = False, model: str = "", reads: Collection[str] = ()
) -> list[Message]:
    """The same conversation with every content a string, or parts where there are images, sounds or thoughts and `model` reads
    them, and the arguments of every call JSON as a string.

    Each is `{"role", "content"}`, with `tool_calls` and `prefix` (assistant) or `tool_call_id` and `name` (tool).
    Raises InvalidMessageOrder for a wrong order, InvalidToolCall for a bad id or name, UnsupportedParameter for chunks that
    cannot be read, InvalidRequest for an assistant who says nothing and for no messages at all; `param` names the place.
    """
    if not messages:
        raise InvalidRequest("messages is empty: a conversation has at least one message.", param="messages")
    open_calls: dict[str, str] = {}  # ids without a result yet, in order, with what is called
    previous: str | None = None
    plain: list[Message] = []
    for index, message in enumerate(messages):
        path = f"messages.{index}"
        role = _role(message, path)
        _check_follows(role, previous, open_calls, path)
        one: Message = {"role": role, "content": ""}
        one["content"] = content_of(message.get("content"), role=role, path=f"{path}.content", model=model, reads=reads)
        if role == "assistant":
            _complete_assistant(one, message, path, is_last=index == len(messages) - 1)
            open_calls = {call["id"]: call["function"]["name"] for call in one.get("tool_calls", ())}
        elif role == "tool":
            _complete_tool(one, message, open_calls, path)
        plain.append(one)
        previous = role
    _check_end(plain[-1], open_calls, f"messages.{len(messages) - 1}")
    return _with_safe_prompt(plain) if safe_prompt else plain


def _role(message: Mapping[str, Any], path: str) -> str:
    role: object = message.get("role") if isinstance(message, Mapping) else None  # pyright: ignore[reportUnnecessaryIsInstance]
    if not isinstance(role, str) or role not in _FOLLOWS:
        raise InvalidRequest(f"{path}.role is {role!r}.", param=f"{path}.role", remedy=f"It may be {', '.join(_FOLLOWS)}.")
    return role


def _check_follows(role: str, previous: str | None, open_calls: Mapping[str, str], path: str) -> None:
    if open_calls and role != "tool":
        raise InvalidMessageOrder(
            f"{path}: a {role} message follows tool calls without a result ({_named(open_calls)}): not the same number of function calls"
            " and responses.",
            param=path,
            remedy="Send one tool message for each call first.",
        )
    if previous not in _FOLLOWS[role]:
        after = f"after role '{previous}'" if previous else "at the start"
        raise InvalidMessageOrder(f"{path}: unexpected role '{role}' {after}.", param=path)


def _check_end(last: Message, open_calls: Mapping[str, str], path: str) -> None:
    role = last["role"]
    if open_calls and role == "tool":
        raise InvalidMessageOrder(
            f"{path}: the last tool calls lack results for {_named(open_calls)}: not the same number of function calls and responses.",
            param=path,
            remedy="Send one tool message for each call.",
        )
    if role not in ("user", "tool") and not last.get("prefix"):
        raise InvalidMessageOrder(
            f"{path}: expected last role user or tool (or assistant with prefix true), but got {role}.",
            param=path,
            remedy="End with what the model shall answer.",
        )
    if open_calls:
        raise InvalidMessageOrder(f"{path}: a message with tool calls cannot be continued.", param=path)


def _complete_assistant(one: Message, message: Mapping[str, Any], path: str, *, is_last: bool) -> None:
    calls: object = message.get("tool_calls") or []
    if not isinstance(calls, list):
        raise InvalidToolCall(f"{path}.tool_calls is not a list.", param=f"{path}.tool_calls")
    calls = cast("list[object]", calls)
    if calls:
        one["tool_calls"] = [_call(call, f"{path}.tool_calls.{index}") for index, call in enumerate(calls)]
        if len({call["id"] for call in one["tool_calls"]}) != len(calls):
            raise InvalidToolCall(f"{path}.tool_calls: two calls have the same id.", param=f"{path}.tool_calls")
    elif not one["content"]:
        only = " beside reasoning, which this model cannot read" if message.get("content") else ""
        raise InvalidRequest(f"{path}: assistant message must have either content or tool_calls{only}.", param=path)
    if message.get("prefix"):
        if not is_last:
            raise InvalidMessageOrder(f"{path}: an assistant message with prefix true must be the last one.", param=f"{path}.prefix")
        one["prefix"] = True


def _call(call: object, path: str) -> Message:
    if not isinstance(call, Mapping):
        raise InvalidToolCall(f"{path} is not an object.", param=path)
    call = cast("Mapping[str, Any]", call)
    id: object = call.get("id")
    if not isinstance(id, str) or not CALL_ID.fullmatch(id):
        raise _bad_id(id, f"{path}.id")
    given: object = call.get("function")
    function: Mapping[str, Any] = cast("Mapping[str, Any]", given) if isinstance(given, Mapping) else {}
    name: object = function.get("name")
    if not isinstance(name, str) or not FUNCTION_NAME.fullmatch(name):
        raise InvalidToolCall(
            f"{path}.function.name was {name!r} but must be a-z, A-Z, 0-9, or contain underscores and dashes, with a maximum length of 64.",
            param=f"{path}.function.name",
        )
    return {"id": id, "type": "function", "function": {"name": name, "arguments": _arguments(function.get("arguments"), path)}}


def _arguments(arguments: object, path: str) -> str:
    if isinstance(arguments, str):
        return arguments
    if isinstance(arguments, Mapping):
        with suppress(TypeError, ValueError, RecursionError):
            return json.dumps(arguments, ensure_ascii=False, allow_nan=False)
    raise InvalidToolCall(f"{path}.function.arguments is neither JSON as a text nor an object.", param=f"{path}.function.arguments")


def _complete_tool(one: Message, message: Mapping[str, Any], open_calls: dict[str, str], path: str) -> None:
    id: object = message.get("tool_call_id")
    if not isinstance(id, str) or not CALL_ID.fullmatch(id):
        raise _bad_id(id, f"{path}.tool_call_id")
    if not open_calls:
        raise InvalidMessageOrder(f"{path}: more tool responses than tool calls: every call has its result already.", param=path)
    if id not in open_calls:
        raise InvalidToolCall(
            f"{path}.tool_call_id {id} answers no open call.",
            param=f"{path}.tool_call_id",
            remedy=f"Open are {_named(open_calls)}.",
        )
    called = open_calls.pop(id)
    one["tool_call_id"] = id
    one["name"] = message.get("name") or called  # OpenAI's clients leave it out, and some templates write it


def _named(ids: Mapping[str, str]) -> str:
    """The first few, so that a message stays a message."""
    return ", ".join([*list(ids)[:5], *(["…"] if len(ids) > 5 else [])])


def _bad_id(id: object, path: str) -> InvalidToolCall:
    if id is None or id == "null":
        return InvalidToolCall(f"{path}: the tool call id has to be defined: a-z, A-Z, 0-9, with a length of 9.", param=path)
    return InvalidToolCall(f"{path}: tool call id was {str(id)[:100]} but must be a-z, A-Z, 0-9, with a length of 9.", param=path)


def _with_safe_prompt(messages: list[Message]) -> list[Message]:
    first = messages[0]
    if first["role"] != "system":
        return [{"role": "system", "content": SAFE_PROMPT}, *messages]
    if isinstance(first["content"], list):
        return [{"role": "system", "content": [{"type": "text", "text": f"{SAFE_PROMPT}\n\n"}, *first["content"]]}, *messages[1:]]
    return [{"role": "system", "content": f"{SAFE_PROMPT}\n\n{first['content']}" if first["content"] else SAFE_PROMPT}, *messages[1:]]
