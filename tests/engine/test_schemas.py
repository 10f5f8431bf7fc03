"""Schemas that are written anew mean the same: whatever matches the one matches the other."""

from typing import Any

import jsonschema
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from alize.engine.grammar import json_rule
from alize.engine.schemas import readable

TYPES = ["string", "integer", "number", "boolean", "null", "array", "object"]
VALUES: list[Any] = ["a", "", 1, 0, 1.5, True, False, None, [], [1], {}, {"a": 1}]
KINDS = st.one_of(st.sampled_from(TYPES), st.lists(st.sampled_from(TYPES), min_size=1, unique=True))
CASES = st.lists(
    st.one_of(
        st.builds(lambda kinds: {"type": kinds}, KINDS),
        st.just({"type": "string", "minLength": 1}),
        st.just({"type": ["integer", "null"], "minimum": 1}),
        st.just({"const": 1}),
        st.just({"type": "array", "items": {"oneOf": [{"type": "string"}, {"type": "null"}]}}),
    ),
    min_size=1,
    max_size=4,
)


def fits(schema: Any, value: Any) -> bool:
    return jsonschema.Draft202012Validator(schema).is_valid(value)


@example(cases=[{"type": "integer"}, {"type": ["string", "integer", "number"]}], inner=False)
@given(cases=CASES, inner=st.booleans())
def test_one_of_several_cases(cases: list[Any], inner: bool) -> None:
    schema: dict[str, Any] = {"oneOf": cases}
    if inner:
        schema = {"type": "object", "properties": {"oneOf": schema}, "required": ["oneOf"]}
    written = readable(schema)
    for value in VALUES:
        value = {"oneOf": value} if inner else value
        assert fits(written, value) == fits(schema, value), (schema, written, value)


@pytest.mark.parametrize(
    ("schema", "written"),
    [
        ({"oneOf": [{"type": "string"}, {"type": "integer"}]}, {"anyOf": [{"type": "string"}, {"type": "integer"}]}),
        ({"oneOf": [{"type": "integer"}, {"type": "number"}]}, None),
        ({"oneOf": [{"type": "string", "minLength": 1}, {"type": "string"}]}, None),
        ({"oneOf": [{"$ref": "#/$defs/a"}, {"type": "string"}]}, None),
        ({"type": "string", "format": "byte"}, {"type": "string"}),
        ({"type": "string", "format": "idn-email"}, None),
        ({"const": {"oneOf": [{"type": "string"}], "format": "byte"}}, None),
        ({"properties": {"format": {"type": "string"}, "oneOf": {"enum": [1]}}}, None),
        ({"items": [{"format": "int32"}], "$defs": {"a": {"format": "x"}}}, {"items": [{}], "$defs": {"a": {}}}),
        ({"additionalProperties": {"format": "int32"}}, {"additionalProperties": {}}),
        ({"anyOf": [True, {"format": "x"}], "not": False}, {"anyOf": [True, {}], "not": False}),
    ],
)  # fmt: skip
def test_what_is_written_anew_and_what_is_not(schema: dict[str, Any], written: dict[str, Any] | None) -> None:
    assert readable(schema) == (schema if written is None else written)


def test_what_a_pointer_leads_into_stays_where_it_is() -> None:
    cases = {"oneOf": [{"type": "string"}, {"type": "integer"}]}
    assert '"oneOf"' in json_rule({"$defs": {"x": cases}, "$ref": "#/$defs/x/oneOf/1"})
    assert '"oneOf"' not in json_rule({"$defs": {"x": cases}, "$ref": "#/$defs/x"})
