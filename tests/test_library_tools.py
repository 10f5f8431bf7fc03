"""The library with tools: the real small model calls as the catalog's card says, as another template says, or by a path not at all."""

import json
from collections.abc import Iterator
from pathlib import Path

import jsonschema
import pytest

import alize
from alize.errors import InvalidRequest, UnsupportedParameter
from alize.tokenize import load_tokenizer
from alize.weights.checkpoints import open_checkpoint
from alize.weights.checkpoints.base import TokenizerFiles
from tests.tokenize.test_calls import TEMPLATES

pytest.importorskip("torch")

ASKED = [alize.Message("user", "How warm is it in Paris?")]
WEATHER = alize.Tool("weather", "Of a city.", {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]})


@pytest.fixture(scope="module")
def plain(smollm2: Path) -> Iterator[alize.Model]:
    loaded = alize.load(smollm2, cache_memory=0.2, dtype="float32", max_context=512)
    yield loaded
    loaded.close()


@pytest.fixture(scope="module")
def model(smollm2: Path, plain: alize.Model) -> alize.Model:
    """The same weights with another template, in the manner of Hermes."""
    checkpoint = open_checkpoint(smollm2)
    files = TokenizerFiles(gguf=dict(checkpoint.tokenizer.gguf), chat_template=TEMPLATES["hermes"])
    checkpoint.close()
    return alize.Model(plain.core, load_tokenizer(files))


@pytest.fixture(scope="module")
def told(smollm2: Path) -> Iterator[alize.Model]:
    """By its name, so with the card of the catalog: it is told of tools."""
    home = smollm2.parents[2]
    loaded = alize.load("smollm2-135m-instruct", home=home, offline=True, cache_memory=0.2, max_context=2048, threads=1)
    yield loaded
    loaded.close()


BOOKING = alize.Tool(
    "book_hotel",
    "Book a hotel room in a city.",
    {
        "type": "object",
        "properties": {"city": {"type": "string"}, "nights": {"type": "integer", "maximum": 30}, "view": {"enum": ["sea", "street"]}},
        "required": ["city", "nights", "view"],
        "additionalProperties": False,
    },
)
TO_BOOK = [alize.Message("user", "Book a hotel in Hamburg for 6 nights.")]


def test_the_default_model_calls_a_tool_that_is_named_with_arguments_that_match(told: alize.Model) -> None:
    answer = told.stream(TO_BOOK, tools=[WEATHER, BOOKING], tool_choice="book_hotel", temperature=0)
    assert "".join(answer) == ""
    (call,) = answer.calls
    assert (call.name, answer.finish) == ("book_hotel", "tool_calls")
    jsonschema.validate(json.loads(call.arguments), dict(BOOKING.parameters))
    again = told.stream(TO_BOOK, tools=[WEATHER, BOOKING], tool_choice="book_hotel", temperature=0)
    assert "".join(again) == ""
    assert again.calls[0].arguments == call.arguments


def test_what_is_told_of_the_same_tools_is_computed_once(told: alize.Model) -> None:
    told.chat(TO_BOOK, tools=[WEATHER], max_tokens=1)
    answer = told.stream([alize.Message("user", "Hi")], tools=[WEATHER], max_tokens=1)
    "".join(answer)
    assert answer.cached_tokens > 300
    assert answer.prompt_tokens - answer.cached_tokens < 48


def test_the_default_model_is_told_what_a_tool_gave(told: alize.Model) -> None:
    call = alize.ToolCall("abcdefghi", "weather", '{"city": "Paris"}')
    turns = [*ASKED, alize.Message("assistant", tool_calls=[call]), alize.Message("tool", "22 °C", tool_call_id="abcdefghi")]
    message = told.chat(turns, tools=[WEATHER], temperature=0, max_tokens=40)
    assert isinstance(message, alize.Message)
    assert message.content or message.tool_calls
    assert told.chat(turns, temperature=0, max_tokens=4)


@pytest.mark.parametrize("seed", range(4))
def test_whatever_the_default_model_is_made_to_write_is_a_call_of_what_is_offered(told: alize.Model, seed: int) -> None:
    answer = told.stream(ASKED, tools=[WEATHER, BOOKING], tool_choice="any", temperature=2, seed=seed, max_tokens=200)
    assert "".join(answer) == ""
    schemas = {tool.name: tool.parameters for tool in (WEATHER, BOOKING)}
    assert {call.name for call in answer.calls} <= schemas.keys()
    for call in answer.calls if answer.finish == "tool_calls" else answer.calls[:-1]:
        jsonschema.validate(json.loads(call.arguments), dict(schemas[call.name]))


def test_a_model_whose_template_takes_no_tools_refuses_them_where_no_card_says_that_it_is_told(plain: alize.Model) -> None:
    with pytest.raises(UnsupportedParameter, match="has no place for tools"):
        plain.chat(ASKED, tools=[WEATHER])
    with pytest.raises(InvalidRequest, match="no tools to call"):
        plain.stream(ASKED, tool_choice="any")


def test_a_forced_call_is_given_with_its_name_and_what_the_model_writes(model: alize.Model) -> None:
    answer = model.stream(ASKED, tools=[WEATHER], tool_choice="weather", temperature=0, max_tokens=12)
    assert "".join(answer) == ""
    (call,) = answer.calls
    assert call.name == "weather"
    assert call.arguments == model.tokenizer.decode(answer.tokens).lstrip()  # the model's own words
    assert call.arguments.startswith("{")
    assert (answer.finish, len(call.id)) == ("length", 9)
    assert answer.message == alize.Message("assistant", "", tool_calls=(call,))


def test_where_tools_are_given_a_chat_gives_the_message_to_go_on_from(model: alize.Model) -> None:
    call = alize.ToolCall("abcdefghi", "weather", '{"city": "Paris"}')
    turns = [*ASKED, alize.Message("assistant", tool_calls=[call]), alize.Message("tool", "22", tool_call_id="abcdefghi")]
    message = model.chat(turns, tools=[WEATHER], temperature=0, max_tokens=4)
    assert isinstance(message, alize.Message)
    assert message.content
    assert not message.tool_calls
    answer = model.chat(turns, temperature=0, max_tokens=4)
    assert isinstance(answer, str)


def test_a_forced_call_excludes_a_beginning_that_is_given(model: alize.Model) -> None:
    with pytest.raises(InvalidRequest, match="how the answer begins"):
        model.stream([*ASKED, alize.Message("assistant", "It", prefix=True)], tools=[WEATHER], tool_choice="any")
    with pytest.raises(InvalidRequest, match="none of the tools"):
        model.stream(ASKED, tools=[WEATHER], tool_choice="clock")


@pytest.mark.parametrize("choice", [{"type": "function", "function": {"name": "weather"}}, 7, ["weather"]])
def test_a_choice_is_a_text(model: alize.Model, choice: object) -> None:
    with pytest.raises(InvalidRequest, match="not a text") as refused:
        model.stream(ASKED, tools=[WEATHER], tool_choice=choice)  # pyright: ignore[reportArgumentType]
    assert "name of the function" in (refused.value.remedy or "")


PLACE = {
    "type": "object",
    "properties": {"place": {"type": "string", "maxLength": 12}},
    "required": ["place"],
    "additionalProperties": False,
}


@pytest.mark.parametrize("seed", range(3))
def test_beside_a_form_the_default_model_calls_or_answers_in_it(told: alize.Model, seed: int) -> None:
    form = alize.Grammar("json", json.dumps(PLACE))
    answer = told.stream(ASKED, tools=[WEATHER], grammar=form, temperature=1, seed=seed, max_tokens=200)
    text = "".join(answer)
    assert (answer.finish == "tool_calls") == bool(answer.calls) == (not text)
    if answer.finish == "stop":
        jsonschema.validate(json.loads(text), PLACE)


def test_a_form_begins_with_a_beginning_that_is_given(told: alize.Model) -> None:
    form = alize.Grammar("json", json.dumps(PLACE))
    text = told.chat([*ASKED, alize.Message("assistant", '{"pla', prefix=True)], grammar=form, temperature=1, seed=1)
    jsonschema.validate(json.loads('{"pla' + text), PLACE)
    with pytest.raises(InvalidRequest, match="begins nothing"):
        told.chat([*ASKED, alize.Message("assistant", "Paris", prefix=True)], grammar=form)
    with pytest.raises(UnsupportedParameter, match="goes on"):
        told.generate("{", grammar=form)
