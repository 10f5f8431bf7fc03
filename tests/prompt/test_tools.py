"""Tools of a request: what is none is refused by its place, and a forced call begins as its form does."""

from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alize.errors import InvalidRequest, UnsupportedParameter
from alize.prompt.parts import Call, Part, joined
from alize.prompt.reading import AnswerReader
from alize.prompt.tools import offered, plain_tools
from alize.prompt.turns import Message, Tool, ToolCall, plain_conversation, plain_offer
from alize.tokenize.base import CallMarks, ThoughtMarks
from alize.tokenize.bytes import ByteTokenizer
from tests.calling import TOKENIZER, TOOL, ids_of

MARKS = TOKENIZER.call_marks
assert MARKS is not None
HERMES = CallMarks("json", "<tool_call>", "</tool_call>")
PLAIN = plain_tools([TOOL])


def read(
    words: str, thoughts: ThoughtMarks | None = None, stop: tuple[str, ...] = (), marks: CallMarks = MARKS
) -> tuple[list[Any], AnswerReader]:
    """What is thought, said and called, in the order in which it came."""
    reader = AnswerReader(TOKENIZER, stop, thoughts, offer=offered(marks, PLAIN))
    parts = [part for id in ids_of(words) if not reader.stopped for part in reader.push(id)]
    found = joined([*parts, *reader.flush()])
    return [(one.name, one.arguments) if isinstance(one, Call) else (one.text, one.thought) for one in found], reader


def test_thoughts_texts_and_calls_come_in_order():
    words = "[THINK]Hm.[/THINK]On it. [TOOL_CALLS]weather[ARGS]{}"
    found, reader = read(words, TOKENIZER.thought_marks)
    assert found == [("Hm.", True), ("On it.", False), ("weather", "{}")]
    assert reader.called


def test_marks_that_are_text_within_a_thought_are_thought():
    call = '<tool_call>\n{"name": "weather", "arguments": {}}\n</tool_call>'
    found, reader = read(f"<think>\n{call}\n</think>\n\n{call}", ThoughtMarks(), marks=HERMES)
    assert found == [(call, True), ("weather", "{}")]
    assert reader.called


def test_text_before_a_thought_is_not_put_behind_it():
    found, _ = read("a <tool[THINK]b[/THINK]_call>", TOKENIZER.thought_marks, marks=HERMES)
    assert found == [("a <tool", False), ("b", True), ("_call>", False)]


def test_a_stop_string_ends_a_call_where_it_stands():
    found, reader = read('[TOOL_CALLS]weather[ARGS]{"city": "Aix"}', stop=("Aix",))
    assert found == [("weather", '{"city": "')]
    assert reader.stopped
    assert not reader.called


def test_a_stop_string_behind_a_whole_call_leaves_it_whole():
    found, reader = read("[TOOL_CALLS]weather[ARGS]{}\nEND", stop=("END",))
    assert found == [("weather", "{}")]
    assert reader.called


def test_without_an_offer_control_tokens_say_nothing():
    reader = AnswerReader(TOKENIZER)
    parts = [part for id in ids_of("a[TOOL_CALLS]weather[ARGS]{}") for part in reader.push(id)]
    assert joined([*parts, *reader.flush()]) == [Part("aweather{}")]


def test_a_prefix_is_a_person_s_and_calls_nothing():
    reader = AnswerReader(TOKENIZER, continuing=True, offer=offered(HERMES, PLAIN))
    words = '<tool_call>{"name": "weather", "arguments": {}}</tool_call>'
    assert joined(reader.repeat(words)) == [Part(words)]
    assert not reader.called


@pytest.mark.parametrize(
    "function",
    [
        None,
        7,
        {},
        {"name": 7},
        {"name": "f\n"},
        {"name": "f", "description": 7},
        {"name": "f", "parameters": []},
        {"name": "f", "parameters": {"properties": 1}},
        {"name": "f", "parameters": {"type": "object", "properties": {"a": {"type": "str"}}}},
    ],
)
def test_what_is_no_tool_is_refused(function: Any):
    with pytest.raises(InvalidRequest) as caught:
        plain_tools([{"type": "function", "function": function}])
    assert (caught.value.param or "").startswith("tools.0.function")


@pytest.mark.parametrize("pattern", [r"^\p{L}+$", "(?<year>[0-9]{4})", "a{99999999999999999999}", "(" * 3000 + "a" + ")" * 3000])
@pytest.mark.parametrize(
    "holds", [lambda pattern: {"properties": {"a": {"pattern": pattern}}}, lambda pattern: {"patternProperties": {pattern: {}}}]
)
def test_a_pattern_is_for_whoever_checks_by_it(pattern: str, holds: Any):
    parameters = holds(pattern)
    assert (
        plain_tools([{"type": "function", "function": {"name": "f", "parameters": parameters}}])[0]["function"]["parameters"] == parameters
    )


def test_a_refusal_is_short_however_long_the_names_are():
    parameters = {"properties": {"y" * 10**6: {"type": "x" * 10**6}}}
    with pytest.raises(InvalidRequest, match=r"parameters\.properties\.y+ is no JSON schema") as caught:
        plain_tools([{"type": "function", "function": {"name": "f", "parameters": parameters}}])
    assert len(caught.value.text) < 1000


def test_a_model_that_calls_none_is_offered_none():
    with pytest.raises(UnsupportedParameter, match="has no place for tools") as caught:
        offered(None, PLAIN, model="some")
    assert caught.value.param == "tools"


WORDS = st.sampled_from(["name", "function", "parameters", "type", "properties", "$ref", "items"])
LEAVES = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
JSON = st.recursive(LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=4), max_leaves=12)


@given(sent=JSON)
def test_whatever_is_sent_as_a_tool_is_taken_or_refused(sent: Any):
    with suppress(InvalidRequest):
        assert plain_tools([{"type": "function", "function": sent}])[0]["function"]["name"]


def test_values_and_dictionaries_say_the_same():
    tool = Tool("weather", "Of a city.", TOOL["function"]["parameters"])
    assert plain_offer([tool]) == plain_offer([TOOL]) == (PLAIN, frozenset())
    call = ToolCall("abcdefghi", "weather", "{}")
    turns = [Message("user", "Hi"), Message("assistant", tool_calls=[call]), Message("tool", "22", tool_call_id="abcdefghi")]
    asked, calling, result = plain_conversation(turns, "some", ())
    assert asked == {"role": "user", "content": "Hi"}
    assert calling["tool_calls"] == [{"id": "abcdefghi", "type": "function", "function": {"name": "weather", "arguments": "{}"}}]
    assert result == {"role": "tool", "content": "22", "tool_call_id": "abcdefghi", "name": "weather"}
    for wrong in ("weather", {"name": "weather"}, [7]):
        with pytest.raises(InvalidRequest, match="tools"):
            plain_offer(wrong)  # pyright: ignore[reportArgumentType]


def test_the_tokenizer_of_bytes_writes_what_it_reads():
    call = {"id": "abcdefghi", "type": "function", "function": {"name": "weather", "arguments": '{"a": 1}'}}
    ids = TOKENIZER.template([{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "So", "tool_calls": [call]}], PLAIN)
    answer = ids[ids.index(260) + 1 : -2]
    assert answer == ids_of('So[TOOL_CALLS]weather[ARGS]{"a": 1}')
    with pytest.raises(UnsupportedParameter, match="tools"):
        ByteTokenizer().template([{"role": "user", "content": "Hi"}], PLAIN)
