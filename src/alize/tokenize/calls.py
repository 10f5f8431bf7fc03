"""In which form a model calls tools. In: what its chat template makes of one call that is known. Out: the marks, or None.

Nothing is guessed from a model's name: the template is asked to write a call, and what it wrote is read. A template that tells the
model in words how to call, and never writes a call itself, is taken at its word where that is a form that is read.
"""

import json
import re
from collections.abc import Mapping
from typing import Any, cast

from alize.tokenize.base import CallMarks

__all__ = ["PROBE", "QUESTION", "TOOL", "marks_in", "marks_told"]

QUESTION, _NAME, _KEY, _VALUE, _RESULT = "probe_question", "probe_function", "probe_key", "probe_value", "probe_result"
_CALL = {"id": "probe0000", "type": "function", "function": {"name": _NAME, "arguments": json.dumps({_KEY: _VALUE})}}
PROBE: list[dict[str, Any]] = [
    {"role": "user", "content": QUESTION},
    {"role": "assistant", "content": "", "tool_calls": [_CALL]},
    {"role": "tool", "content": _RESULT, "tool_call_id": "probe0000", "name": _NAME},
]
"""A question, one call and its result."""
_PARAMETERS: dict[str, Any] = {"type": "object", "properties": {_KEY: {"type": "string", "description": ""}}, "required": [_KEY]}
TOOL: dict[str, Any] = {"type": "function", "function": {"name": _NAME, "description": "", "parameters": _PARAMETERS}}

_CLOSES = {"[TOOL_CALLS]": "", "<tool_call>": "</tool_call>", "<TOOLCALL>": "</TOOLCALL>"}
_PYTHON = "<|python_tag|>"  # what Llama may put before a bare call
_NAMED = re.compile(rf"\[TOOL_CALLS\]\s*{_NAME}\s*(?:\[CALL_ID\]\s*probe0000\s*)?\[ARGS\]\s*\{{")
_FUNCTIONS = re.compile(
    rf"<tool_call>\s*<function={_NAME}>\s*<parameter={_KEY}>\s*{_VALUE}\s*</parameter>\s*</function>\s*</tool_call>",
)
_TOLD = re.compile(r"<tool_call>\s*\{\s*\"name\": <[\w-]+>, \"arguments\": <[\w-]+>\s*\}\s*</tool_call>")
_DECODER = json.JSONDecoder()


def marks_in(asked: str, called: str, control: Mapping[str, int]) -> CallMarks | None:
    """`asked`: a prompt of the probe's question; `called`: one of the whole probe; `control`: the ids of control tokens, by spelling."""
    answer = called[called.rfind(QUESTION) + len(QUESTION) :].partition(_RESULT)[0]
    turn = asked[asked.rfind(QUESTION) + len(QUESTION) :]
    if _NAMED.search(answer):
        return CallMarks("named", "[TOOL_CALLS]", ids=_among(control, "[TOOL_CALLS]", "[CALL_ID]", "[ARGS]"), listed=True)
    if _FUNCTIONS.search(answer):
        return CallMarks("functions", "<tool_call>", "</tool_call>", _among(control, "<tool_call>", "</tool_call>"))
    for opens, closes in _CLOSES.items():
        _, mark, behind = answer.partition(opens)
        if mark and (found := _json_call(behind)) and found[2].lstrip().startswith(closes):
            return CallMarks("json", opens, closes, _among(control, opens, closes), listed=found[1], key=found[0])
    bare = _json_call(answer.removeprefix(turn)) if answer.startswith(turn) else None
    if bare and not bare[1]:
        return CallMarks("bare", _PYTHON if _PYTHON in control else "", ids=_among(control, _PYTHON), key=bare[0])
    return None


def marks_told(asked: str, control: Mapping[str, int]) -> CallMarks | None:
    """Of a template that only says how to call. `asked`: a prompt with a tool."""
    if _TOLD.search(asked) is None:
        return None
    return CallMarks("json", "<tool_call>", "</tool_call>", _among(control, "<tool_call>", "</tool_call>"))


def _json_call(text: str) -> tuple[str, bool, str] | None:
    """The key of the arguments, whether the call stands in a list, and what follows. None where the probe's call does not come first."""
    start = text.lstrip()
    try:
        decoded: tuple[Any, int] = _DECODER.raw_decode(start)
    except (ValueError, RecursionError):
        return None
    read, end = decoded
    several = cast("list[Any]", read) if isinstance(read, list) else []
    listed = len(several) == 1
    first: Any = several[0] if listed else decoded[0]
    call: dict[str, Any] = cast("dict[str, Any]", first) if isinstance(first, dict) else {}
    if call.get("name") != _NAME:
        return None
    key = next((key for key in ("arguments", "parameters") if call.get(key) == {_KEY: _VALUE}), None)
    return None if key is None else (key, listed, start[end:])


def _among(control: Mapping[str, int], *marks: str) -> dict[str, int]:
    return {mark: control[mark] for mark in marks if mark in control}
