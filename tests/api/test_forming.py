"""The form of an answer over the API: what is asked for in which way, what is incomplete, and what is none."""

import json
from typing import Any

import pytest

from alize.api.forming import goes_on, grammar_of
from alize.api.schemas.chat import ChatCompletionRequest
from alize.engine.grammar import Grammar
from tests.calling import TOOL
from tests.serving import Desk

SCHEMA = {"type": "object", "properties": {"a": {"type": "integer"}}}
ASKED: dict[str, Any] = {"model": "fake", "messages": [{"role": "user", "content": "?"}]}


@pytest.mark.parametrize(
    ("more", "grammar"),
    [
        ({}, None),
        ({"response_format": {"type": "text"}}, None),
        ({"response_format": {"type": "json_object"}}, Grammar("json", '{"type": "object"}')),
        (
            {"response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": SCHEMA, "strict": True}}},
            Grammar("json", json.dumps(SCHEMA)),
        ),
        ({"structured_outputs": {"json": SCHEMA}}, Grammar("json", json.dumps(SCHEMA))),
        ({"structured_outputs": {"regex": "[ab]"}}, Grammar("regex", "[ab]")),
        ({"structured_outputs": {"choice": ['say "é"', "b"]}}, Grammar("own", r'start: "say \"é\"" | "b"')),
        ({"structured_outputs": {"grammar": 'start: "x"'}}, Grammar("lark", 'start: "x"')),
        ({"response_format": {"type": "json_object"}, "tools": [TOOL], "tool_choice": "none"}, Grammar("json", '{"type": "object"}')),
    ],
)
def test_each_way_of_asking_is_one_grammar(more: dict[str, Any], grammar: Grammar | None) -> None:
    request = ChatCompletionRequest.model_validate({**ASKED, **more})
    found = grammar_of(request)
    if grammar is None or found is None:
        assert found is grammar
    else:
        assert (found.kind, found.text) == (grammar.kind, grammar.text)
        assert found.param in more


THOUGHT = {"type": "thinking", "thinking": [{"type": "text", "text": "Hm"}], "closed": False}
TEXT = {"type": "text", "text": "It is"}


@pytest.mark.parametrize(
    ("content", "text"),
    [("It is", True), ("", False), (None, False), ([THOUGHT], False), ([TEXT], True), ([{**THOUGHT, "closed": True}, TEXT], True)],
)
def test_an_answer_that_goes_on_from_a_thought_goes_on_from_no_text(content: Any, text: bool) -> None:
    for prefix in (True, False):
        last = {"role": "assistant", "content": content, "prefix": prefix}
        request = ChatCompletionRequest.model_validate({**ASKED, "messages": [*ASKED["messages"], last]})
        assert goes_on(request) == (prefix and text)


@pytest.mark.parametrize(
    ("more", "param"),
    [
        ({"response_format": {"type": "json_schema"}}, "response_format"),
        ({"response_format": {"type": "json_schema", "json_schema": {"name": "x"}}}, "response_format.json_schema.schema"),
        ({"response_format": {"type": "json_object"}, "structured_outputs": {"regex": "a"}}, "structured_outputs"),
        ({"structured_outputs": {}}, "structured_outputs"),
        ({"structured_outputs": {"regex": "a", "choice": ["b"]}}, "structured_outputs"),
        ({"structured_outputs": {"choice": []}}, "structured_outputs.choice"),
        ({"structured_outputs": {"lark": "a"}}, "structured_outputs.lark"),
        ({"response_format": {"type": "text", "json_schema": {"name": "x", "schema": SCHEMA}}}, "response_format"),
        ({"structured_outputs": {"json": {"enum": ["x" * 1_048_576]}}}, "structured_outputs"),
    ],
)
async def test_what_is_no_form_is_refused_by_its_place(desk: Desk, more: dict[str, Any], param: str) -> None:
    answer = await desk.chat(**more)
    assert answer.status_code in (400, 422), answer.text
    assert answer.json()["param"] == param
