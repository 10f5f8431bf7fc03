"""The form that a chat request wants its answer in. In: the request, and what it may call. Out: the grammar of its answer, or None."""

import json
from typing import Any

from alize.api.parts import Served
from alize.api.schemas.chat import ChatCompletionRequest
from alize.api.schemas.extensions import StructuredOutputs
from alize.engine.grammar import LONGEST, Grammar, check_length
from alize.errors import InvalidRequest, UnsupportedParameter
from alize.prompt.held import held_calls
from alize.prompt.tools import Offer
from alize.tokenize.text import texts_in

__all__ = ["grammar_of", "grammar_of_offer"]

_EXTENSION = "structured_outputs"


def grammar_of(request: ChatCompletionRequest, served: Served) -> Grammar | None:
    """Raises InvalidRequest for a form that is incomplete or asked for twice, UnsupportedParameter for what it cannot be combined with."""
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
        _refuse_beside(request, served, grammar.param)
    return grammar


def grammar_of_offer(offer: Offer | None, request: ChatCompletionRequest, served: Served) -> Grammar | None:
    """That holds calls to the schemas of their tools. None where there are none, and where nothing can be held to them.

    Raises UnsupportedParameter for `strict` there.
    """
    if offer is None:
        return None
    last = request.messages[-1] if request.messages else None
    hindrances = {
        f"the model {served.card.id} may think before it calls, unless tool_choice forces a call": served.thought_marks is not None
        and not offer.begun,
        "the answer has a prefix": bool(getattr(last, "prefix", False)),
        "ignore_eos asks for more than calls": bool(request.ignore_eos),
        "min_tokens asks for more than calls": bool(request.min_tokens),
        f"what serves {served.card.id} has no grammars": not served.engine.info.grammars,
    }
    held = held_calls(offer, hindrances, LONGEST)
    return None if held is None else Grammar("own", *held, param="tools")


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


def _refuse_beside(request: ChatCompletionRequest, served: Served, form: str) -> None:
    """What would be part of an answer beside its form."""
    last = request.messages[-1] if request.messages else None
    beside = {
        "tools": bool(request.tools) and request.tool_choice != "none",
        "messages": bool(getattr(last, "prefix", False)),
        "model": served.thought_marks is not None,
    }
    why = {
        "tools": f"{form} cannot be combined with tools yet: a call would have another form.",
        "messages": f"{form} cannot be combined with a prefix yet: the answer would begin outside of its form.",
        "model": f"{form} cannot be combined with {served.card.id} yet: it thinks before it answers.",
    }
    for param, there in beside.items():
        if there:
            raise UnsupportedParameter(why[param], param=param, remedy=f"Leave {form} out, or ask without the other.")
