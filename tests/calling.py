"""A model that calls tools, for tests. In: what it writes, or nothing. Out: scripts for FakeEngine, in Mistral's newest form.

Asked by a person it calls `weather`, told a result it says so: a whole round needs no more.
"""

import re
from collections.abc import Sequence
from typing import Any

from alize.engine.base import Request
from alize.engine.fake import FakeEngine, Reply
from alize.tokenize.bytes import ByteTokenizer

__all__ = ["ARGUMENTS", "TOKENIZER", "TOOL", "agent", "calling", "engine_of", "ids_of"]

TOKENIZER = ByteTokenizer(thoughts=True, calls=True)
_MARKS = {"[THINK]": 264, "[/THINK]": 265, "[TOOL_CALLS]": 266, "[CALL_ID]": 267, "[ARGS]": 268}
_USER, _TOOL = 259, 261
PARAMETERS: dict[str, Any] = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
TOOL: dict[str, Any] = {"type": "function", "function": {"name": "weather", "description": "Of a city.", "parameters": PARAMETERS}}
ARGUMENTS = '{"city":  "Aix-en-Provence é"}'  # with two spaces, which whoever writes it anew would lose


def ids_of(words: str) -> list[int]:
    """Of a text in which the marks are control tokens."""
    pattern = "|".join(map(re.escape, _MARKS))
    parts = re.split(f"({pattern})", words)
    return [id for part in parts for id in ([_MARKS[part]] if part in _MARKS else TOKENIZER.encode(part))]


def calling(words: str) -> Reply:
    ids = ids_of(words)
    return lambda request: ids


def agent(request: Request) -> Sequence[int]:
    """Calls a tool when it is asked, and says what the tool said."""
    last = max(place for place, id in enumerate(request.tokens) if id in (_USER, _TOOL))
    if request.tokens[last] == _USER:
        forced = request.tokens[-1] == _MARKS["[TOOL_CALLS]"]
        return ids_of(f"{'' if forced else '[TOOL_CALLS]'}weather[ARGS]{ARGUMENTS}")
    told = bytes(id for id in request.tokens[last:] if id < 256)
    return [*TOKENIZER.encode("It is "), *told]


def engine_of(reply: Reply, **more: Any) -> FakeEngine:
    return FakeEngine(reply, vocab_size=269, **more)
