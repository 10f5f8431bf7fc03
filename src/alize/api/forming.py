"""The form that a chat request wants its answer in. In: the request, and what it may call. Out: the grammar of its answer, or None.

What goes together is said in `prompt/matching.py`, and how the answer begins is known only of its prompt: `asking.py` adds it.
"""

import json
from typing import Any

from alize.api.parts import Served
from alize.api.schemas.chat import ChatCompletionRequest
from alize.api.schemas.content import TextChunk
from alize.api.schemas.extensions import StructuredOutputs
from alize.api.schemas.messages import AssistantMessage
from alize.engine.grammar import Grammar, check_length
from alize.errors import InvalidRequest
from alize.prompt.matching import matched
from alize.prompt.tools import Offer
from alize.tokenize.text import texts_in

__all__ = ["goes_on", "grammar_of", "whole_grammar"]

_EXTENSION = "structured_outputs"


def grammar_of(request: ChatCompletionRequest) -> Grammar | None:
    """The form alone. Raises InvalidRequest for one that is incomplete or asked for twice."""
    wanted, other = request.response_format, request.structured_outputs
    if wanted.type != "json_schema" and wanted.json_schema is not None:
        raise InvalidRequest(
            f"response_format has a json_schema, but is of the type {wanted.type}.",
            param="response_format",
            remedy='Send the type "json_schema" with it.',
        )
    if wanted.type == "json_schema" and wanted.json_schema is None:
        raise InvalidRequest(
            "response_format is json_schema, but has no json_schema.",
            param="response_format",
            remedy='Send {"type": "json_schema", "json_schema": {"name": …, "schema": …}}.',
        )
    if wanted.type == "text":
        grammar = None if other is None else _of_extension(other)
    elif other is not None:
        raise InvalidRequest("response_format and structured_outputs both say what the answer looks like.", param="structured_outputs")
    else:
        grammar = _json({"type": "object"} if wanted.json_schema is None else wanted.json_schema.schema_, "response_format")
    if grammar is not None:
        check_length(grammar)
    return grammar


def whole_grammar(form: Grammar | None, offer: Offer | None, request: ChatCompletionRequest, served: Served) -> Grammar | None:
    """What the answer must match: its form, and calls held to the schemas of their tools. None where nothing is held.

    Raises UnsupportedParameter for a form that cannot be held beside the tools, and for `strict` where calls cannot be.
    """
    hindrances = {
        "ignore_eos asks for more than calls": bool(request.ignore_eos),
        "min_tokens asks for more than calls": bool(request.min_tokens),
        f"what serves {served.card.id} has no grammars": not served.engine.info.grammars,
    }
    return matched(form, offer, hindrances, continuing=goes_on(request))


def goes_on(request: ChatCompletionRequest) -> bool:
    """Whether the answer goes on from a text: one that goes on from a thought has said nothing yet."""
    last = request.messages[-1] if request.messages else None
    if not isinstance(last, AssistantMessage) or not last.prefix:
        return False
    chunks = last.content if isinstance(last.content, list) else []
    return bool(last.content) if isinstance(last.content, str) else any(isinstance(each, TextChunk) and each.text for each in chunks)


def _of_extension(wanted: StructuredOutputs) -> Grammar:
    given = [name for name in ("json_", "regex", "choice", "grammar") if getattr(wanted, name) is not None]
    if len(given) != 1:
        raise InvalidRequest("structured_outputs takes one of json, regex, choice and grammar.", param="structured_outputs")
    if wanted.regex is not None:
        return Grammar("regex", wanted.regex, param=_EXTENSION)
    if wanted.grammar is not None:
        return Grammar("lark", wanted.grammar, param=_EXTENSION)
    if wanted.choice is not None:
        return Grammar("own", "start: " + " | ".join(json.dumps(text, ensure_ascii=False) for text in wanted.choice), param=_EXTENSION)
    return _json(wanted.json_, _EXTENSION)


def _json(schema: Any, param: str) -> Grammar:
    for _ in texts_in(schema, param):  # nested no deeper than can be walked, and text
        pass
    return Grammar("json", json.dumps(schema, ensure_ascii=False), param=param)
