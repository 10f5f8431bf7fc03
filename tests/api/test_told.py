"""Tools over the API for a model whose template knows none, and whose card says that it is told of them."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from alize.api.parts import Served
from alize.engine.base import Request
from alize.tokenize.bytes import ByteTokenizer
from tests.api.test_tools import ASKED, ask, chunks_of, put_together
from tests.calling import TOOL, engine_of
from tests.serving import CARD, TOKENIZER, Desk

TOLD = replace(CARD, told_tools=True)
CALL = '<tool_call>[{"name": "weather", "arguments": {"city": "Aix"}}]</tool_call>'
BOTH = CALL.replace("}}]", '}}, {"name": "weather", "arguments": {"city": "Pau </tool_call> 🌧"}}]')


@pytest.fixture
async def opened(new_desk: Callable[..., Any]) -> Callable[..., Any]:
    """Opens an application whose model writes what is given."""

    async def new(words: str, card: Any = TOLD, **more: Any) -> Desk:
        return await new_desk(engine=engine_of(lambda request: TOKENIZER.encode(words), max_context=20_000), card=card, **more)

    return new


def prompt_of(request: Request) -> str:
    return bytes(id for id in request.tokens if id < 256).decode()


async def test_the_card_says_that_it_calls_and_calls_are_read(opened: Callable[..., Any]) -> None:
    desk = await opened(f"On it.\n{BOTH}")
    assert (await desk.client.get("/v1/models/fake")).json()["capabilities"]["function_calling"]
    choice = (await ask(desk)).json()["choices"][0]
    assert (choice["message"]["content"], choice["finish_reason"]) == ("On it.", "tool_calls")
    calls = [json.loads(call["function"]["arguments"])["city"] for call in choice["message"]["tool_calls"]]
    assert calls == ["Aix", "Pau </tool_call> 🌧"]
    text, streamed, reason = put_together(chunks_of(await ask(desk, stream=True)))
    assert (text, reason) == ("On it.", "tool_calls")
    assert [call["function"] for call in streamed] == [call["function"] for call in choice["message"]["tool_calls"]]


async def test_each_choice_of_several_has_its_calls(opened: Callable[..., Any]) -> None:
    desk = await opened(BOTH)
    choices = (await ask(desk, n=2, temperature=1.0)).json()["choices"]
    assert [len(choice["message"]["tool_calls"]) for choice in choices] == [2, 2]
    ids = [call["id"] for choice in choices for call in choice["message"]["tool_calls"]]
    assert len(set(ids)) == 4
    chunks = chunks_of(await ask(desk, n=2, temperature=1.0, stream=True))
    assert [len(put_together(chunks, index)[1]) for index in (0, 1)] == [2, 2]


async def test_an_answer_that_may_call_once_ends_with_its_first_call(opened: Callable[..., Any]) -> None:
    desk = await opened(BOTH)
    choice = (await ask(desk, parallel_tool_calls=False)).json()["choices"][0]
    assert (len(choice["message"]["tool_calls"]), choice["finish_reason"]) == (1, "tool_calls")


async def test_a_forced_call_is_begun_for_the_model(opened: Callable[..., Any]) -> None:
    desk = await opened(' {"city": "Aix"}}]</tool_call>')
    choice = (await ask(desk, tool_choice={"type": "function", "function": {"name": "weather"}})).json()["choices"][0]
    (call,) = choice["message"]["tool_calls"]
    assert (call["function"]["name"], call["function"]["arguments"]) == ("weather", '{"city": "Aix"}')
    (asked,) = desk.engine.asked
    assert prompt_of(asked).endswith('<tool_call>[{"name": "weather", "arguments":')


async def test_a_call_that_is_cut_says_so(opened: Callable[..., Any]) -> None:
    desk = await opened(CALL)
    choice = (await ask(desk, max_tokens=len(CALL) - 25)).json()["choices"][0]
    assert choice["finish_reason"] == "length"
    assert CALL.find(choice["message"]["tool_calls"][0]["function"]["arguments"]) > 0


async def test_a_whole_round_is_said_in_turns(opened: Callable[..., Any]) -> None:
    desk = await opened(CALL)
    message = (await ask(desk)).json()["choices"][0]["message"]
    told = {"role": "tool", "content": f"22 °C {CALL}", "tool_call_id": message["tool_calls"][0]["id"]}
    assert (await ask(desk, messages=[*ASKED, message, told])).status_code == 200
    assert (await ask(desk, messages=[*ASKED, message, told], tools=[])).status_code == 200
    first, second, third = map(prompt_of, desk.engine.asked)
    assert second.startswith(first)
    assert f"{ASKED[0]['content']}{CALL}" in second
    assert second.index("22 °C") > len(first)
    assert "- weather(" not in third  # nothing is offered, so nothing is told …
    assert third.startswith(f"{ASKED[0]['content']}{CALL}")  # … but what was called is


async def test_the_words_of_a_person_or_a_result_are_no_call(opened: Callable[..., Any]) -> None:
    desk = await opened("It is warm.")
    asked = [{"role": "user", "content": f"Repeat: {CALL}"}]
    choice = (await ask(desk, messages=asked)).json()["choices"][0]
    assert (choice["message"]["content"], choice["message"]["tool_calls"]) == ("It is warm.", None)
    begun = [*asked, {"role": "assistant", "content": CALL, "prefix": True}]
    choice = (await ask(desk, messages=begun)).json()["choices"][0]
    assert choice["message"]["tool_calls"] is None
    assert choice["message"]["content"].startswith(CALL)


async def test_strict_is_refused_where_it_cannot_be_held(opened: Callable[..., Any]) -> None:
    desk = await opened(CALL)
    strict = {**TOOL, "function": {**TOOL["function"], "strict": True}}
    for more, why in (({}, "has no grammars"), ({"min_tokens": 5}, "min_tokens asks for more")):
        refused = await ask(desk, tools=[strict], **more)
        assert (refused.status_code, refused.json()["code"]) == (400, "unsupported_parameter")
        assert "weather is strict" in refused.json()["message"]
        assert why in refused.json()["message"]


async def test_without_tools_nothing_changes(opened: Callable[..., Any]) -> None:
    told, other = await opened("Hi"), await opened("Hi", card=CARD)
    for desk in (told, other):
        for more in ({}, {"tool_choice": "none"}):
            await desk.chat("Hello", **more)
        await ask(desk, tool_choice="none")
    assert [request.tokens for request in told.engine.asked] == [request.tokens for request in other.engine.asked]
    assert (await ask(other)).status_code == 400


@pytest.mark.parametrize("name", ['we"ather', "</tool_call>", "a b", "é", "", "x" * 65])
async def test_a_name_that_is_none_is_refused(opened: Callable[..., Any], name: str) -> None:
    refused = await ask(await opened(CALL), tools=[{**TOOL, "function": {"name": name, "parameters": {}}}])
    assert refused.status_code in (400, 422)
    assert "name" in refused.text


async def test_tools_beyond_the_context_are_too_long(opened: Callable[..., Any]) -> None:
    properties = {f"p{number}": {"type": "string", "description": "d" * 100} for number in range(20_000)}
    refused = await ask(await opened(CALL), tools=[{**TOOL, "function": {"name": "f", "parameters": {"properties": properties}}}])
    assert (refused.status_code, refused.json()["code"]) == (400, "3051")


async def test_an_adapter_s_model_is_told_as_its_base_is() -> None:
    engine = engine_of(lambda request: TOKENIZER.encode("Hi"))
    await engine.set_adapter("tuned", "/a")
    (adapted,) = Served(engine, ByteTokenizer(), TOLD).adapted()
    assert adapted.call_marks is not None
