"""Forms beside prefixes, thoughts and tools over the API, by a real core and a random model: whatever is drawn, what comes matches."""

import json
import re
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from alize.api.parts import Served
from alize.engine.build import EngineConfig, build_core
from alize.engine.record import read_record, record_of
from alize.engine.schedule import Limits
from alize.tokenize.bytes import ByteTokenizer
from tests.engine.native.files import write_gguf
from tests.matrix.serving import InLoop
from tests.serving import CARD, Desk, opened

THINKER, TEXT = ByteTokenizer(thoughts=True, calls=True), ByteTokenizer(calls=True)
OPENS, CLOSES, CALLS = (THINKER._vocabulary.control[mark] for mark in ("[THINK]", "[/THINK]", "[TOOL_CALLS]"))
SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {"city": {"type": "string", "minLength": 1, "maxLength": 6}, "days": {"type": "integer", "minimum": 0, "maximum": 99}},
    "required": ["city", "days"],
    "additionalProperties": False,
}
FORM = {"type": "json_schema", "json_schema": {"name": "trip", "schema": SCHEMA}}
TOOL = {"type": "function", "function": {"name": "book", "parameters": SCHEMA}}
ASKED = [{"role": "user", "content": "Where?"}]


def engine_of(folder: Path, tokenizer: ByteTokenizer) -> InLoop:
    path = write_gguf(folder / f"{tokenizer.vocab_size}.gguf", vocab=tokenizer.vocab_size)
    config = EngineConfig(str(path), device="cpu", threads=1, cache_bytes=4 << 20, limits=Limits())
    return InLoop(build_core(config, tokenizer=lambda: tokenizer))


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    models = {
        "thinker": Served(engine_of(tmp_path, THINKER), THINKER, replace(CARD, id="thinker", aliases=())),  # type: ignore[arg-type]
        "plain": Served(engine_of(tmp_path, TEXT), TEXT, replace(CARD, id="plain", aliases=())),  # type: ignore[arg-type]
        "spelling": Served(  # its marks of thoughts are text
            engine_of(tmp_path, TEXT),
            TEXT,
            replace(CARD, id="spelling", aliases=(), capabilities=CARD.capabilities | {"reasoning"}),  # type: ignore[arg-type]
        ),
    }
    (tmp_path / "home").mkdir()
    async with opened(tmp_path / "home", models=models) as desk:
        yield desk
    for model in models.values():
        await model.engine.close()


async def ask(desk: Desk, model: str = "plain", **more: Any) -> Any:
    body = {"model": model, "messages": ASKED, "max_tokens": 200, "temperature": 1.0, **more}
    return await desk.client.post("/v1/chat/completions", json=body)


def parts(message: dict[str, Any]) -> tuple[str, str]:
    """Text and thought."""
    content = message["content"] or ""
    if isinstance(content, str):
        return content, ""
    text = "".join(part["text"] for part in content if part["type"] == "text")
    return text, "".join(each["text"] for part in content if part["type"] == "thinking" for each in part["thinking"])


def streamed(answer: Any) -> tuple[str, str, str]:
    """Text, thought and reason, put together."""
    text = thought = reason = ""
    for line in answer.text.split("\n\n"):
        if line.startswith("data: {"):
            choice = json.loads(line.removeprefix("data: "))["choices"][0]
            more = parts(choice["delta"])
            text, thought, reason = text + more[0], thought + more[1], choice["finish_reason"] or reason
    return text, thought, reason


def valid(text: str) -> bool:
    jsonschema.validate(json.loads(text), SCHEMA)
    return True


def held(answer: Any) -> dict[str, Any]:
    """The first choice, which matches wherever it has ended by itself."""
    assert answer.status_code == 200, answer.text
    choice = answer.json()["choices"][0]
    for call in choice["message"].get("tool_calls") or []:
        assert choice["finish_reason"] == "length" or valid(call["function"]["arguments"])
    if choice["finish_reason"] == "stop":
        assert valid(parts(choice["message"])[0])
    return choice


# ── behind a prefix ──


@pytest.mark.parametrize("prefix", ["{", '{"city": "', '{"city":"Aix","days":1', '{"city":"Aix","days":1}', '{"city": "é'])
async def test_a_prefix_and_what_follows_it_match_together(desk: Desk, prefix: str) -> None:
    messages = [*ASKED, {"role": "assistant", "content": prefix, "prefix": True}]
    for seed in range(3):
        more: dict[str, Any] = {"messages": messages, "response_format": FORM, "random_seed": seed}
        choice = held(await ask(desk, **more))
        assert choice["finish_reason"] == "stop"
        assert choice["message"]["content"].startswith(prefix)
        assert streamed(await ask(desk, **more, stream=True)) == (choice["message"]["content"], "", "stop")


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("prefix", "named"), [("Sure", "it is 'Sure'"), ('{"country', "behind '{\"c' it has 'ountry'"), ('{"city":"Aix","days":1}!', "has '!'")]
)
async def test_a_prefix_that_begins_nothing_of_the_form_is_refused_before_the_first_token(
    desk: Desk, prefix: str, named: str, stream: bool
) -> None:
    messages = [*ASKED, {"role": "assistant", "content": prefix, "prefix": True}]
    refused = await ask(desk, messages=messages, response_format=FORM, stream=stream)
    assert (refused.status_code, refused.json()["param"]) == (400, "messages")
    assert named in refused.json()["message"]


async def test_other_forms_go_on_from_a_prefix_too(desk: Desk) -> None:
    messages = [*ASKED, {"role": "assistant", "content": "ab", "prefix": True}]
    for form, whole in (
        ({"regex": "[a-c]{4}"}, "[a-c]{4}"),
        ({"choice": ["abc", "b"]}, "abc"),
        ({"grammar": 'start: "a" b\nb: "bcc"'}, "abcc"),
    ):
        choice = (await ask(desk, messages=messages, structured_outputs=form)).json()["choices"][0]
        assert (bool(re.fullmatch(whole, choice["message"]["content"])), choice["finish_reason"]) == (True, "stop")


# ── behind a thought ──


async def test_a_thought_is_free_and_the_answer_behind_it_matches(desk: Desk) -> None:
    thoughts: list[str] = []
    for seed in range(8):
        more: dict[str, Any] = {"response_format": FORM, "random_seed": seed, "logit_bias": {OPENS: 2, CLOSES: 2}, "max_tokens": 400}
        choice = held(await ask(desk, "thinker", **more))
        text, thought = parts(choice["message"])
        assert choice["finish_reason"] == "stop"
        assert streamed(await ask(desk, "thinker", **more, stream=True)) == (text, thought, "stop")
        thoughts.append(thought)
    assert any(len(thought) > 3 for thought in thoughts), thoughts


async def test_a_model_may_answer_without_a_thought(desk: Desk) -> None:
    choice = held(await ask(desk, "thinker", response_format=FORM, logit_bias={OPENS: -100}))
    assert (choice["finish_reason"], parts(choice["message"])[1]) == ("stop", "")


async def test_a_thought_that_does_not_end_is_cut_and_no_answer(desk: Desk) -> None:
    more: dict[str, Any] = {"response_format": FORM, "logit_bias": {OPENS: 5, CLOSES: -100, 257: 50}, "max_tokens": 60}
    choice = held(await ask(desk, "thinker", **more))
    text, thought = parts(choice["message"])
    assert (choice["finish_reason"], text) == ("length", "")
    assert thought


async def test_a_thought_that_a_prefix_begins_goes_on(desk: Desk) -> None:
    begun = {"type": "thinking", "thinking": [{"type": "text", "text": "Hm, "}], "closed": False}
    messages = [*ASKED, {"role": "assistant", "content": [begun], "prefix": True}]
    choice = held(await ask(desk, "thinker", messages=messages, response_format=FORM, logit_bias={CLOSES: 6}, max_tokens=400))
    assert choice["finish_reason"] == "stop"
    assert parts(choice["message"])[1].startswith("Hm, ")
    closed = [{**begun, "closed": True}, {"type": "text", "text": '{"city"'}]
    messages = [*ASKED, {"role": "assistant", "content": closed, "prefix": True}]
    choice = held(await ask(desk, "thinker", messages=messages, response_format=FORM, logit_bias={OPENS: 50}))
    assert choice["finish_reason"] == "stop"
    assert parts(choice["message"])[1] == "Hm, "


async def test_marks_that_are_text_are_told_apart_as_well(desk: Desk) -> None:
    """A random model spells no mark: it is made to."""
    thinks = await ask(desk, "spelling", response_format=FORM, logit_bias={ord("<"): 100}, max_tokens=30)
    assert thinks.json()["choices"][0]["finish_reason"] == "length"
    assert parts(thinks.json()["choices"][0]["message"])[0] == ""
    answers = held(await ask(desk, "spelling", response_format=FORM, logit_bias={ord("<"): -100}))
    assert answers["finish_reason"] == "stop"
    messages = [*ASKED, {"role": "assistant", "content": "<think>Hm</think>\n\n{", "prefix": True}]
    choice = held(await ask(desk, "spelling", messages=messages, response_format=FORM))
    assert (choice["finish_reason"], parts(choice["message"])[1]) == ("stop", "Hm")


# ── beside tools ──


@pytest.mark.parametrize("model", ["plain", "thinker"])
@pytest.mark.parametrize("seed", range(3))
async def test_an_answer_is_a_call_or_of_the_form(desk: Desk, model: str, seed: int) -> None:
    thinks = {OPENS: 5, CLOSES: 6} if model == "thinker" else {}
    for likes in (-100, 50):
        calls = THINKER if model == "thinker" else TEXT
        bias = {**thinks, calls._vocabulary.control["[TOOL_CALLS]"]: likes}
        more: dict[str, Any] = {"tools": [TOOL], "response_format": FORM, "logit_bias": bias, "random_seed": seed, "max_tokens": 400}
        choice = held(await ask(desk, model, parallel_tool_calls=False, **more))
        called = choice["message"].get("tool_calls") or []
        assert (choice["finish_reason"], len(called)) == (("tool_calls", 1) if likes > 0 else ("stop", 0))
        assert bool(parts(choice["message"])[0]) != bool(called)


@pytest.mark.parametrize("choice", ["any", "required", {"type": "function", "function": {"name": "book"}}])
async def test_where_a_call_is_forced_the_form_has_no_say(desk: Desk, choice: Any) -> None:
    answer = held(await ask(desk, tools=[TOOL], tool_choice=choice, response_format={"type": "json_object"}, parallel_tool_calls=False))
    assert answer["finish_reason"] == "tool_calls"


async def test_where_no_call_is_allowed_there_is_the_form_alone(desk: Desk) -> None:
    bias = {TEXT._vocabulary.control["[TOOL_CALLS]"]: 100}
    assert held(await ask(desk, tools=[TOOL], tool_choice="none", response_format=FORM, logit_bias=bias))["finish_reason"] == "stop"


async def test_calls_behind_a_thought_match_their_schemas_without_any_form(desk: Desk) -> None:
    for seed in range(3):
        bias = {OPENS: 3, CLOSES: 4, CALLS: 5, 257: -100}
        more: dict[str, Any] = {"tools": [{**TOOL, "function": {**TOOL["function"], "strict": True}}], "random_seed": seed}
        choice = held(await ask(desk, "thinker", **more, logit_bias=bias, parallel_tool_calls=False, max_tokens=400))
        assert choice["finish_reason"] == "tool_calls"


async def test_behind_a_prefix_that_is_text_of_the_form_nothing_is_called(desk: Desk) -> None:
    messages = [*ASKED, {"role": "assistant", "content": '{"city"', "prefix": True}]
    bias = {TEXT._vocabulary.control["[TOOL_CALLS]"]: 100}
    assert held(await ask(desk, messages=messages, tools=[TOOL], response_format=FORM, logit_bias=bias))["finish_reason"] == "stop"


# ── made again ──


async def test_a_record_has_where_the_match_begins(desk: Desk) -> None:
    messages = [*ASKED, {"role": "assistant", "content": '{"city"', "prefix": True}]
    for model, more in (("plain", {"messages": messages}), ("thinker", {"logit_bias": {OPENS: 2, CLOSES: 2}, "max_tokens": 400})):
        engine: Any = next(served for served in desk.parts.own if served.card.id == model).engine
        engine.traces.clear()
        held(await ask(desk, model, response_format=FORM, random_seed=7, **more))
        (trace,) = engine.traces.values()
        record = record_of(trace.request, engine.info, trace.tokens, trace.last.finish)
        again = read_record(json.dumps(json.loads(_written(record))).encode())
        assert again == record
        assert again.request.grammar is not None
        assert replace(again.request.grammar, param="") == replace(trace.request.grammar, param="")
        tokens = [token async for step in engine.generate(again.request) for token in step.tokens]
        assert tokens == trace.tokens


def _written(record: Any) -> bytes:
    from alize.engine.record import written

    return written(record)
