"""The official Python clients with tools, unmodified: a call in pieces and whole, and the round that answers it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import openai
import pytest
from jsonschema import validate
from mistralai.client import Mistral
from mistralai.client.errors import SDKError

from tests.calling import ARGUMENTS, TOKENIZER, TOOL, agent, engine_of
from tests.contract.conftest import Place, serving
from tests.serving import in_background

ASKED: list[Any] = [{"role": "user", "content": "How warm is Aix?"}]


@pytest.fixture(scope="module")
def caller(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    """A FakeEngine that calls, and says what it is told."""
    with in_background(tmp_path_factory.mktemp("caller"), engine=engine_of(agent), tokenizer=TOKENIZER) as running:
        yield Place(running.url, running.desk.key, "fake", "fake")


@pytest.fixture
def mistral(caller: Place) -> Iterator[Mistral]:
    with Mistral(api_key=caller.key, server_url=caller.url) as client:
        yield client


@pytest.fixture
def open_ai(caller: Place) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(api_key=caller.key, base_url=f"{caller.url}/v1", max_retries=0) as client:
        yield client


def test_mistral_goes_a_whole_round(mistral: Mistral):
    first = mistral.chat.complete(model="fake", messages=ASKED, tools=[TOOL], tool_choice="auto", parallel_tool_calls=True)
    message = first.choices[0].message
    assert first.choices[0].finish_reason == "tool_calls"
    assert message.tool_calls
    (call,) = message.tool_calls
    assert (call.function.name, call.function.arguments) == ("weather", ARGUMENTS)
    told: list[Any] = [*ASKED, message, {"role": "tool", "name": "weather", "content": "22 °C", "tool_call_id": call.id}]
    second = mistral.chat.complete(model="fake", messages=told, tools=[TOOL])
    assert (second.choices[0].message.content, second.choices[0].finish_reason) == ("It is 22 °C", "stop")


def test_mistral_streams_a_call(mistral: Mistral):
    with mistral.chat.stream(model="fake", messages=ASKED, tools=[TOOL], tool_choice="any") as stream:
        choices = [event.data.choices[0] for event in stream]
    pieces = [piece for choice in choices for piece in choice.delta.tool_calls or []]
    assert pieces[0].function.name == "weather"
    assert pieces[0].id != "null"
    assert {piece.index for piece in pieces} == {0}
    assert len(pieces) > 5
    assert choices[-1].finish_reason == "tool_calls"


def test_openai_goes_a_whole_round(open_ai: openai.OpenAI):
    tools: Any = [TOOL]
    first = open_ai.chat.completions.create(model="fake", messages=ASKED, tools=tools, parallel_tool_calls=False)
    message = first.choices[0].message
    assert first.choices[0].finish_reason == "tool_calls"
    assert message.tool_calls
    call: Any = message.tool_calls[0]
    assert json.loads(call.function.arguments) == {"city": "Aix-en-Provence é"}
    turns: list[Any] = [
        {"role": "assistant", "content": message.content, "tool_calls": [call.model_dump(include={"id", "type", "function"})]}
    ]
    told: list[Any] = [*ASKED, *turns, {"role": "tool", "content": "22 °C", "tool_call_id": call.id}]
    second = open_ai.chat.completions.create(model="fake", messages=told, tools=tools)
    assert (second.choices[0].message.content, second.choices[0].finish_reason) == ("It is 22 °C", "stop")


def test_openai_puts_the_pieces_of_a_call_together(open_ai: openai.OpenAI):
    """Its own helper adds texts to texts, ids among them."""
    tools: Any = [TOOL]
    with open_ai.chat.completions.stream(model="fake", messages=ASKED, tools=tools) as stream:
        events = list(stream)
        final = stream.get_final_completion()
    calls: Any = final.choices[0].message.tool_calls
    assert [(call.type, call.function.name, call.function.arguments) for call in calls] == [("function", "weather", ARGUMENTS)]
    assert len(calls[0].id) == 9
    assert any(event.type == "tool_calls.function.arguments.delta" for event in events)


@pytest.mark.slow
def test_a_model_without_a_form_of_calls_says_that_it_calls_no_tools(real: Place):
    """It is served from a path, so no card of the catalog says that it is told."""
    with Mistral(api_key=real.key, server_url=real.url) as client:
        assert not client.models.retrieve(model_id=real.model).capabilities.function_calling
        with pytest.raises(SDKError, match="has no place for tools"):
            client.chat.complete(model=real.model, messages=ASKED, tools=[TOOL])


# ── the default model, by its name ──


@pytest.fixture(scope="module")
def default(tmp_path_factory: pytest.TempPathFactory, smollm2: Path) -> Iterator[Place]:
    home = tmp_path_factory.mktemp("default")
    (home / "models").symlink_to(smollm2.parents[1])
    given = {"ALIZE_HOME": str(home), "ALIZE_PORT": "0", "ALIZE_API_KEY": "a-key-for-this-test", "ALIZE_CACHE_MEMORY": "0.2"}
    with serving(given) as url:
        yield Place(url, "a-key-for-this-test", "alize-small-latest", "")


@pytest.mark.slow
def test_the_default_model_calls_a_named_tool_for_mistral_s_client_and_reads_what_it_gave(default: Place):
    named: Any = {"type": "function", "function": {"name": "weather"}}
    with Mistral(api_key=default.key, server_url=default.url) as client:
        assert client.models.retrieve(model_id=default.model).capabilities.function_calling
        first = client.chat.complete(model=default.model, messages=ASKED, tools=[TOOL], tool_choice=named, n=2)
        assert first.choices[1].finish_reason == first.choices[0].finish_reason == "tool_calls"
        message = first.choices[0].message
        assert message.tool_calls
        (call,) = message.tool_calls
        assert isinstance(call.function.arguments, str)
        validate(json.loads(call.function.arguments), TOOL["function"]["parameters"])
        told: list[Any] = [*ASKED, message, {"role": "tool", "name": "weather", "content": "22 °C", "tool_call_id": call.id}]
        second = client.chat.complete(model=default.model, messages=told, tools=[TOOL], max_tokens=40).choices[0]
        assert second.message.content or second.message.tool_calls


@pytest.mark.slow
def test_the_default_model_streams_a_call_to_openai_s_client(default: Place):
    tools: Any = [{**TOOL, "function": {**TOOL["function"], "strict": True}}]
    with openai.OpenAI(api_key=default.key, base_url=f"{default.url}/v1", max_retries=0) as client:
        asked: Any = {"model": default.model, "messages": ASKED, "tools": tools, "tool_choice": "required", "temperature": 0}
        with client.chat.completions.stream(**asked) as stream:
            pieces = [event for event in stream if event.type == "tool_calls.function.arguments.delta"]
            final = stream.get_final_completion()
        calls: Any = final.choices[0].message.tool_calls
        assert final.choices[0].finish_reason == "tool_calls"
        assert len(pieces) > 1
        assert {call.function.name for call in calls} == {"weather"}
        for call in calls:
            validate(json.loads(call.function.arguments), TOOL["function"]["parameters"])
        cut = client.chat.completions.create(**{**asked, "max_tokens": 9})
        assert cut.choices[0].finish_reason == "length"


@pytest.mark.slow
@pytest.mark.parametrize("question", ["How warm is Aix? Call the tool.", "What is the capital of France? As JSON with place."])
def test_beside_a_form_the_default_model_calls_or_answers_in_it(default: Place, question: str):
    form: Any = {"type": "object", "properties": {"place": {"type": "string", "maxLength": 20}}, "required": ["place"]}
    form["additionalProperties"] = False
    wanted: Any = {"type": "json_schema", "json_schema": {"name": "place", "schema": form}}
    messages: Any = [{"role": "user", "content": question}]
    tools: Any = [{**TOOL, "function": {**TOOL["function"], "strict": True}}]
    with openai.OpenAI(api_key=default.key, base_url=f"{default.url}/v1", max_retries=0) as client:
        asked: Any = {"model": default.model, "messages": messages, "tools": tools, "response_format": wanted, "temperature": 0.9}
        for seed in range(3):
            whole = client.chat.completions.create(**asked, seed=seed, max_tokens=200).choices[0]
            calls: Any = whole.message.tool_calls or []
            assert bool(calls) != bool(whole.message.content)
            for call in calls if whole.finish_reason == "tool_calls" else ():
                validate(json.loads(call.function.arguments), TOOL["function"]["parameters"])
            if whole.finish_reason == "stop":
                validate(json.loads(whole.message.content or ""), form)
            chunks = list(client.chat.completions.create(**asked, seed=seed, max_tokens=200, stream=True))
            assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == (whole.message.content or "")
        forced = client.chat.completions.create(**asked, tool_choice="required", max_tokens=200).choices[0]
        assert forced.message.tool_calls
        assert not forced.message.content


@pytest.mark.slow
@pytest.mark.parametrize("stream", [False, True])
def test_two_strict_calls_of_one_answer_are_each_as_their_schema_says(default: Place, stream: bool):
    schema: Any = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"], "additionalProperties": False}
    told = {"weather": "The weather in a city.", "time": "The time in a city."}
    tools: Any = [
        {"type": "function", "function": {"name": name, "description": what, "parameters": schema, "strict": True}}
        for name, what in told.items()
    ]
    question: Any = [{"role": "user", "content": "Weather in Paris and time in Rome?"}]
    asked: Any = {"model": default.model, "messages": question, "tools": tools, "tool_choice": "required", "temperature": 0}
    with openai.OpenAI(api_key=default.key, base_url=f"{default.url}/v1", max_retries=0) as client:
        if stream:
            with client.chat.completions.stream(**asked, parallel_tool_calls=True) as pieces:
                choice = pieces.until_done().get_final_completion().choices[0]
        else:
            choice = client.chat.completions.create(**asked, parallel_tool_calls=True).choices[0]
        alone = client.chat.completions.create(**asked, parallel_tool_calls=False).choices[0]
    assert choice.finish_reason == alone.finish_reason == "tool_calls"
    calls: Any = choice.message.tool_calls
    assert {call.function.name: json.loads(call.function.arguments) for call in calls} == {
        "weather": {"city": "Paris"},
        "time": {"city": "Rome"},
    }
    assert len(alone.message.tool_calls or []) == 1


@pytest.mark.slow
@pytest.mark.parametrize("stream", [False, True])
def test_a_strict_tool_that_cannot_be_held_is_a_400_that_names_the_feature(default: Place, stream: bool):
    shape = {"type": "object", "properties": {"places": {"type": "array", "items": {"type": "string"}, "uniqueItems": True}}}
    tools: Any = [{"type": "function", "function": {"name": "visit", "parameters": shape, "strict": True}}]
    with openai.OpenAI(api_key=default.key, base_url=f"{default.url}/v1", max_retries=0) as client:
        for choice in ("auto", "required"):
            asked: Any = {"model": default.model, "messages": ASKED, "tools": tools, "tool_choice": choice, "stream": stream}
            with pytest.raises(openai.BadRequestError, match="uniqueItems") as refused:
                client.chat.completions.create(**asked)
            assert refused.value.param == "tools"
