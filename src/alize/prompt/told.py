"""Tools for a model whose template knows none: it is told in words. In: a conversation, and tools. Out: plain turns for its template.

    system     the system prompt, if there is one, and behind it the tools in a line each (signatures.py)
    …          four questions with a call, and three that need none: a small model does as it sees done, and not as it is told
    user       How warm is it in Aix and in Pau?
    assistant  <tool_call>[{"name": "weather", "arguments": {"city": "Aix"}}, {"name": "weather", "arguments": {"city": "Pau"}}]</tool_call>
    user       <tool_response>22 °C</tool_response>      one message for all results, in the order of the calls
               <tool_response>25 °C</tool_response>

Calls stand in a list since a small model then goes on or ends where it should: asked for one mark behind another it never ended, or never
went on. How the words and the examples were chosen, docs/log.md has. The text depends on the tools alone, so their prefix is cached.
"""

import json
from collections.abc import Mapping, Sequence
from itertools import groupby
from typing import Any

from alize.prompt.signatures import signatures
from alize.prompt.tools import Offer, PlainTool
from alize.tokenize.base import CallMarks

__all__ = ["TOLD", "for_template"]

TOLD = CallMarks("json", "<tool_call>", "</tool_call>", listed=True, told=True)
"""How a model calls that learns it from the house."""

_HEAD = "You are a helpful assistant with tools:"
_TAIL = "If a tool helps, call it, else answer in text."
_OPENS, _CLOSES = "<tool_response>", "</tool_response>"

Message = Mapping[str, Any]
_Calls = Sequence[tuple[str, str]]


def _written(calls: _Calls) -> str:
    """Names, and arguments as JSON."""
    each = ", ".join(f'{{"name": {json.dumps(name)}, "arguments": {arguments}}}' for name, arguments in calls)
    return f"{TOLD.opens}[{each}]{TOLD.closes}"


def _answered(*results: str) -> str:
    """One message for the results of all calls."""
    return "\n".join(f"{_OPENS}{result}{_CLOSES}" for result in results)


_SHOWN: tuple[tuple[str, str], ...] = (
    ("Remind me to water the plants at 18:30.", _written([("remind", '{"text": "water the plants", "time": "18:30"}')])),
    (_answered("done"), "I will remind you to water the plants at 18:30."),
    ("Write a short poem about rain.", "Rain falls soft on the roof,\nand the garden drinks."),
    (
        "How high are Mont Blanc and Etna?",
        _written([("get_height", '{"mountain": "Mont Blanc"}'), ("get_height", '{"mountain": "Etna"}')]),
    ),
    (_answered("4806 m", "3357 m"), "Mont Blanc is 4806 m high, and Etna is 3357 m high."),
    ("What is a triangle?", "A triangle is a shape with three sides."),
    ("What is the total of 12, 7 and 30?", _written([("add", '{"values": [12, 7, 30]}')])),
    (_answered("49"), "The total is 49."),
    ("Hello!", "Hello! How can I help you?"),
    ("Switch the fan in the attic on at speed 3.", _written([("set_fan", '{"room": "attic", "on": true, "speed": 3}')])),
    (_answered("done"), "The fan in the attic is on at speed 3."),
)
"""What a user says, and an assistant: four questions with a call, of no tool that anybody offers, and three that need none."""


def for_template(
    messages: Sequence[Message], offer: Offer | None, marks: CallMarks | None
) -> tuple[list[dict[str, Any]], Sequence[PlainTool]]:
    """The conversation that a template is given, a call begun at its end where one is forced, and the tools.

    `marks`: how the model calls. Of one that is told, the conversation says all of it, and there are no tools for the template.
    """
    tools = () if offer is None else offer.tools
    if marks is not None and marks.told:
        messages, tools = _told(messages, tools), ()
    plain = [dict(message) for message in messages]
    return plain if offer is None else offer.opened(plain), tools


def _told(messages: Sequence[Message], tools: Sequence[PlainTool]) -> list[Message]:
    turns: list[Message] = []
    places: dict[str, int] = {}  # of the last calls, by id: their results come in any order, and are told apart by their place alone
    for are_results, some in groupby(messages, key=lambda message: message["role"] == "tool"):
        if are_results:
            results = sorted(some, key=lambda message: places[message["tool_call_id"]])
            turns.append({"role": "user", "content": _joined("\n", *map(_result, results))})
            continue
        for message in some:
            places = {call["id"]: place for place, call in enumerate(message.get("tool_calls") or ())}
            turns.append(_with_calls_written(message))
    return _with_tools(turns, tools) if tools else turns


def _with_tools(turns: list[Message], tools: Sequence[PlainTool]) -> list[Message]:
    said = f"{_HEAD}\n{signatures(tools)}\n{_TAIL}"
    system = list[Message]()
    while turns and turns[0]["role"] == "system":
        system.append(turns.pop(0))
    if system:
        system[-1] = {**system[-1], "content": _joined("\n\n", system[-1]["content"], said)}
    shown = [{"role": role, "content": words} for pair in _SHOWN for role, words in zip(("user", "assistant"), pair, strict=True)]
    return [*(system or [{"role": "system", "content": said}]), *shown, *turns]


def _with_calls_written(message: Message) -> Message:
    """An answer whose calls are the last of its text."""
    calls: Sequence[Mapping[str, Any]] = message.get("tool_calls") or ()
    plain = {key: value for key, value in message.items() if key not in ("tool_calls", "tool_call_id", "name")}
    if not calls:
        return plain
    written = _written([(call["function"]["name"], _as_object(call["function"]["arguments"])) for call in calls])
    return {**plain, "content": _joined("\n", plain["content"], written)}


def _as_object(arguments: str) -> str:
    """As they are; what a model once wrote and is no object, quoted."""
    try:
        read: Any = json.loads(arguments)
    except (ValueError, RecursionError):
        read = None
    return arguments if isinstance(read, dict) else json.dumps(arguments, ensure_ascii=False)


def _result(message: Message) -> Any:
    return _joined("", _OPENS, message["content"], _CLOSES)


def _joined(between: str, *contents: Any) -> Any:
    """Several contents in one, empty ones left out: a text where all are texts, else the parts of all."""
    some = [content for content in contents if content]
    if all(isinstance(content, str) for content in some):
        return between.join(some)
    parts: list[Any] = []
    for content in some:
        parts += [{"type": "text", "text": between}] if parts and between else []
        parts += [{"type": "text", "text": content}] if isinstance(content, str) else content
    return parts
