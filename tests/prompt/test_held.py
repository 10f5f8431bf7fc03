"""Calls that are held to their schemas: whatever is drawn of what may be, what is read of it is calls whose arguments match."""

import json
import random
from typing import Any

import jsonschema
import numpy as np
import pytest

from alize.engine.grammar import Grammar
from alize.engine.guide import Compiler, Guide, Words
from alize.errors import InvalidRequest
from alize.prompt.held import grammar_of_calls
from alize.prompt.parts import Call, Part
from alize.prompt.told import TOLD
from alize.prompt.tools import Offer, offered
from alize.tokenize.base import CallMarks

OPENS, CLOSES, ARGS, ID, END = 256, 257, 258, 259, 260
WORDS = Words([bytes([id]) for id in range(256)] + [b""] * 5, range(256, 261), (END,), lambda text: list(text.encode()))
COMPILER = Compiler(WORDS, 261)
WEATHER: dict[str, Any] = {
    "type": "object",
    "properties": {"city": {"type": "string", "maxLength": 5}, "days": {"type": "integer", "minimum": 1, "maximum": 9}},
    "required": ["city", "days"],
    "additionalProperties": False,
}
COLOUR: dict[str, Any] = {
    "type": "object",
    "properties": {"of": {"$ref": "#/$defs/c"}},
    "required": ["of"],
    "additionalProperties": False,
    "$defs": {"c": {"enum": ["red", "blue"]}},
}
SCHEMAS = {"weather": WEATHER, "colour-of": COLOUR}
FORMS = {
    "mistral": CallMarks("json", "[TOOL_CALLS]", ids={"[TOOL_CALLS]": OPENS}, listed=True),
    "mistral, spelled": CallMarks("json", "[TOOL_CALLS]", listed=True),
    "named": CallMarks("named", "[TOOL_CALLS]", ids={"[TOOL_CALLS]": OPENS, "[ARGS]": ARGS}, listed=True),
    "named, with ids": CallMarks("named", "[TOOL_CALLS]", ids={"[TOOL_CALLS]": OPENS, "[ARGS]": ARGS, "[CALL_ID]": ID}, listed=True),
    "hermes": CallMarks("json", "<tool_call>", "</tool_call>", {"<tool_call>": OPENS, "</tool_call>": CLOSES}),
    "hermes, spelled": CallMarks("json", "<tool_call>", "</tool_call>"),
    "nemotron": CallMarks("json", "<TOOLCALL>", "</TOOLCALL>", listed=True),
    "llama": CallMarks("bare", "<|python_tag|>", ids={"<|python_tag|>": OPENS}, key="parameters"),
    "bare": CallMarks("bare", key="parameters"),
    "told": TOLD,
}


def tools() -> list[dict[str, Any]]:
    return [{"type": "function", "function": {"name": name, "description": "", "parameters": schema}} for name, schema in SCHEMAS.items()]


def offer_of(form: str, choice: str, *, parallel: bool = True) -> Offer:
    return offered(FORMS[form], tools(), choice, parallel=parallel)


def compiled(offer: Offer) -> Guide:
    text = grammar_of_calls(offer)
    assert text is not None
    return COMPILER.compile(Grammar("own", text, grammar_of_calls(offer, loose=True) or "", "tools"))


def allowed(guide: Guide) -> list[int]:
    return np.flatnonzero(np.unpackbits(guide.mask.view(np.uint8), bitorder="little")).tolist()


def drawn(guide: Guide, seed: int, begin: bytes | int = b"", most: int = 3000) -> list[int]:
    """Tokens of what may be, at random; first those of `begin`. It ends with the first end that may be, in one of two cases."""
    chance, tokens = random.Random(seed), list[int]()
    forced = [begin] if isinstance(begin, int) else list(begin)
    for _ in range(most):
        may = allowed(guide)
        if forced:
            token = forced.pop(0)
            assert token in may, f"{token} behind {tokens}"
        elif END in may and (len(may) == 1 or chance.random() < 0.5):
            return tokens
        else:
            letters = [id for id in may if id in (*range(97, 123), 34, 125, 93) or id >= 256]
            token = chance.choice([id for id in (letters or may) if id != END] or may)
        tokens.append(token)
        guide.take([token])
        assert guide.failure is None
    raise AssertionError("it does not end")


def read(offer: Offer, tokens: list[int]) -> tuple[str, list[tuple[str, str]]]:
    """Text and calls, as an answer's reader reads them."""
    reader = offer.reader()
    parts: list[Part | Call] = []
    text = bytearray()
    for token in tokens:
        if token < 256:
            text.append(token)
            continue
        parts += reader.push(text.decode())
        text.clear()
        parts += reader.control(token)
    parts += reader.push(text.decode()) + reader.flush()
    calls: dict[int, list[str]] = {}
    for part in parts:
        if isinstance(part, Call):
            calls.setdefault(part.number, [part.name, ""])[1] += part.arguments
    return "".join(part.text for part in parts if isinstance(part, Part)), [(name, arguments) for name, arguments in calls.values()]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("choice", ["any", "weather", "colour-of"])
@pytest.mark.parametrize("parallel", [True, False])
@pytest.mark.parametrize("seed", range(4))
def test_calls_that_are_forced_match_their_schemas(form: str, choice: str, parallel: bool, seed: int) -> None:
    offer = offer_of(form, choice, parallel=parallel)
    text, calls = read(offer, drawn(compiled(offer), seed))
    assert text == ""
    assert calls
    assert len(calls) == 1 or (parallel and choice == "any")
    for name, arguments in calls:
        assert choice in ("any", name)
        jsonschema.validate(json.loads(arguments), SCHEMAS[name])


@pytest.mark.parametrize("form", FORMS)
def test_an_answer_may_be_text_alone(form: str) -> None:
    offer = offer_of(form, "auto")
    guide = compiled(offer)
    text, calls = read(offer, drawn(guide, 1, b"It is 5 < 6, [1] and {x}."))
    assert calls == []
    assert text.startswith("It is 5 < 6, [1] and {x}.")


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("seed", range(3))
def test_what_begins_a_call_goes_on_as_one(form: str, seed: int) -> None:
    offer = offer_of(form, "auto")
    marks = offer.marks
    opens: bytes | int = marks.ids.get(marks.opens, marks.opens.encode()) if marks.form != "bare" else b'{"name": "'
    _, calls = read(offer, drawn(compiled(offer), seed, opens))
    assert calls
    for name, arguments in calls:
        jsonschema.validate(json.loads(arguments), SCHEMAS[name])


@pytest.mark.parametrize("form", [form for form in FORMS if FORMS[form].form != "bare"])
def test_calls_may_follow_text(form: str) -> None:
    offer = offer_of(form, "auto")
    guide = compiled(offer)
    guide.take(list(b"Let me see."))
    marks = offer.marks
    opens = [marks.ids[marks.opens]] if marks.opens in marks.ids else list(marks.opens.encode())
    for token in opens:
        assert token in allowed(guide)
        guide.take([token])
    tokens = [*b"Let me see.", *opens, *drawn(guide, 5)]
    text, calls = read(offer, tokens)
    assert text == "Let me see."
    assert calls


def test_what_cannot_be_held_to_is_refused_for_a_strict_tool_and_left_out_for_another() -> None:
    unique = {"type": "object", "properties": {"a": {"type": "array", "items": {"enum": [1, 2]}, "uniqueItems": True}}, "required": ["a"]}
    tool = {"type": "function", "function": {"name": "f", "description": "", "parameters": unique}}
    marks = FORMS["hermes"]
    with pytest.raises(InvalidRequest, match="uniqueItems") as refused:
        compiled(offered(marks, [tool], "any", strict=frozenset({"f"})))
    assert refused.value.param == "tools"
    offer = offered(marks, [tool], "any")
    _, calls = read(offer, drawn(compiled(offer), 1, b'\n{"name": "f", "arguments": {"a": [1]'))
    assert json.loads(calls[0][1])["a"] == [1]


def test_how_a_schema_wants_to_be_read_does_not_count() -> None:
    schema = {**WEATHER, "x-guidance": {"whitespace_flexible": True, "lenient": True}}
    tool = {"type": "function", "function": {"name": "f", "description": "", "parameters": schema}}
    guide = compiled(offered(FORMS["named"], [tool], "f"))
    guide.take([ord("{")])
    assert ord("\t") not in allowed(guide)


@pytest.mark.parametrize("part", [{"$ref": "#/nowhere"}, {"type": "string", "pattern": "(?=x)y"}])
def test_a_schema_that_cannot_be_compiled_leaves_an_object_unless_it_is_strict(part: dict[str, Any]) -> None:
    tool = {"type": "function", "function": {"name": "f", "description": "", "parameters": {"properties": {"a": part}}}}
    _, calls = read(offered(FORMS["named"], [tool], "f"), drawn(compiled(offered(FORMS["named"], [tool], "f")), 3, b'{"b": 1}'))
    assert json.loads(calls[0][1])["b"] == 1
    with pytest.raises(InvalidRequest):
        compiled(offered(FORMS["named"], [tool], "f", strict=frozenset({"f"})))


@pytest.mark.parametrize("schema", [{"type": "string"}, {"type": ["object", "null"]}, {}])
def test_arguments_are_an_object_whatever_the_schema_says(schema: dict[str, Any]) -> None:
    tool = {"type": "function", "function": {"name": "f", "description": "", "parameters": schema}}
    assert {chr(token) for token in allowed(compiled(offered(FORMS["named"], [tool], "f")))} <= {" ", "{"}


@pytest.mark.parametrize("form", FORMS)
def test_an_answer_may_be_nothing(form: str) -> None:
    assert END in allowed(compiled(offer_of(form, "auto")))


def test_parameters_between_tags_are_not_held() -> None:
    assert grammar_of_calls(Offer(CallMarks("functions", "<tool_call>", "</tool_call>"), tools())) is None
