"""The library with tools: the real small model, whose own template takes none, is refused; with a template that does, it calls."""

from collections.abc import Iterator
from pathlib import Path

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


def test_a_model_whose_template_takes_no_tools_refuses_them(plain: alize.Model) -> None:
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
