"""Chat: each field of a request does what it says, or is refused by its name."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from alize.api.schemas.chat import ChatCompletionRequest, ChatCompletionResponse
from alize.api.schemas.extensions import ChatExtensions
from alize.engine.base import SamplingParams
from alize.engine.fake import FakeEngine, saying
from alize.errors import EngineCrashed
from alize.prompt import SAFE_PROMPT
from alize.weights.catalog import Card
from tests.serving import TOKENIZER, Desk

SMALL = {"type": "object"}


async def sampling(desk: Desk, **more: Any) -> SamplingParams:
    response = await desk.chat(**more)
    assert response.status_code == 200, response.text
    return desk.engine.asked[-1].sampling


async def refused(desk: Desk, **more: Any) -> dict[str, Any]:
    response = await desk.chat(**more)
    assert response.status_code == 400, response.text
    assert not desk.engine.asked
    return response.json()


def prompt_text(desk: Desk) -> str:
    return TOKENIZER.decode(desk.engine.asked[-1].tokens)


# ── what an answer looks like ──


async def test_an_answer_has_the_shape_that_clients_parse(desk: Desk) -> None:
    body = (await desk.chat()).json()
    assert body == {
        "id": body["id"],
        "object": "chat.completion",
        "created": body["created"],
        "model": "fake",
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": "Hello", "tool_calls": None, "prefix": False},
                "finish_reason": "stop",
            }
        ],
        "usage": {"prompt_tokens": 6, "completion_tokens": 6, "total_tokens": 12, "prompt_tokens_details": {"cached_tokens": 0}},
    }
    assert len(body["id"]) == 32
    int(body["id"], 16)
    ChatCompletionResponse.model_validate(body)


async def test_an_answer_with_everything_is_as_documented(desk: Desk) -> None:
    body = (await desk.chat(n=2, logprobs=True, top_logprobs=3, service_tier="auto")).json()
    ChatCompletionResponse.model_validate(body)
    assert body["usage"]["service_tier"] == "standard"


async def test_answers_are_exactly_json(desk: Desk) -> None:
    assert (await desk.chat()).headers["content-type"] == "application/json"


async def test_the_model_is_answered_by_the_name_it_was_asked_by(new_desk: Any) -> None:
    desk = await new_desk(model_aliases="mistral-small-latest=fake")
    for name in ("fake", "fake-latest", "mistral-small-latest"):
        assert (await desk.chat(model=name)).json()["model"] == name
    assert {row.model for row in await desk.rows()} == {"fake"}


async def test_an_unknown_model_is_a_400_that_says_what_there_is(desk: Desk) -> None:
    body = await refused(desk, model="fakee")
    assert (body["code"], body["param"]) == ("1500", "model")
    assert "Did you mean fake" in body["message"]


async def test_a_model_that_does_not_chat_is_refused(new_desk: Any) -> None:
    body = await refused(await new_desk(card=Card("fake", capabilities=frozenset({"completion_fim"}))))
    assert body["param"] == "model"


# ── sampling ──


@pytest.mark.parametrize(
    ("field", "sent", "meant", "value"),
    [
        ("temperature", 0, "temperature", 0),
        ("temperature", 1.5, "temperature", 1.5),
        ("top_p", 0.25, "top_p", 0.25),
        ("top_p", None, "top_p", 1.0),
        ("top_k", 7, "top_k", 7),
        ("top_k", -1, "top_k", 0),
        ("min_p", 0.1, "min_p", 0.1),
        ("presence_penalty", -2, "presence_penalty", -2),
        ("frequency_penalty", 1.5, "frequency_penalty", 1.5),
        ("repetition_penalty", 1.1, "repetition_penalty", 1.1),
        ("repetition_penalty", None, "repetition_penalty", 1.0),
        ("logit_bias", {"7": 1, "2": -0.5}, "logit_bias", ((2, -0.5), (7, 1.0))),
        ("random_seed", 2**63 - 1, "seed", 2**63 - 1),
        ("seed", 7, "seed", 7),
        ("logprobs", True, "logprobs", 0),
        ("logprobs", False, "logprobs", None),
    ],
)
async def test_sampling_fields_reach_the_engine(desk: Desk, field: str, sent: Any, meant: str, value: Any) -> None:
    assert getattr(await sampling(desk, **{field: sent}), meant) == value


async def test_the_temperature_is_the_requests_else_the_one_that_was_set_else_the_models(new_desk: Any) -> None:
    desk = await new_desk(default_temperature=0.4)
    assert (await sampling(desk)).temperature == 0.4
    assert (await sampling(desk, temperature=None)).temperature == 0.4
    card = Card("fake", capabilities=frozenset({"completion_chat"}), default_temperature=0.0)
    desk = await new_desk(card=card)
    assert (await sampling(desk)).temperature == 0.0
    assert (await sampling(desk, temperature=0.2)).temperature == 0.2
    desk = await new_desk(default_temperature=0.4, card=card)
    assert (await sampling(desk)).temperature == 0.4, "what somebody set on purpose goes before the model's own"
    assert (await desk.client.get("/v1/models/fake")).json()["default_model_temperature"] == 0.4


@pytest.mark.parametrize(("own", "given", "holds"), [(512, {}, 512), (512, {"default_max_tokens": 9}, 9), (0, {}, 0)])
async def test_the_card_says_how_long_an_answer_gets_without_a_limit(new_desk: Any, own: int, given: dict[str, int], holds: int) -> None:
    desk = await new_desk(card=Card("fake", capabilities=frozenset({"completion_chat"}), default_max_tokens=own), **given)
    assert (await desk.client.get("/v1/models/fake")).json()["default_max_tokens"] == holds


async def test_without_a_seed_each_answer_has_its_own(desk: Desk) -> None:
    assert len({(await sampling(desk)).seed for _ in range(5)}) == 5


async def test_choices_draw_differently_and_the_first_as_if_it_were_alone(desk: Desk) -> None:
    await desk.chat(n=4, seed=5)
    seeds = [request.sampling.seed for request in desk.engine.asked]
    assert seeds[0] == 5
    assert len(set(seeds)) == 4
    await desk.chat(n=4, seed=5)
    assert [request.sampling.seed for request in desk.engine.asked[4:]] == seeds
    assert all(0 <= seed < 2**63 for seed in seeds)


async def test_work_that_nobody_watches_says_so_and_nobody_goes_before_all_others(desk: Desk) -> None:
    await desk.chat()
    await desk.chat(priority=-10, n=2)
    assert [request.priority for request in desk.engine.asked] == [0, -10, -10]
    for wrong in (1, -101, 0.5, "high"):
        assert (await desk.chat(priority=wrong)).status_code == 422


async def test_each_person_and_each_key_has_a_share_of_its_workspace(desk: Desk) -> None:
    await desk.chat()
    (request,) = desk.engine.asked
    row = (await desk.rows())[0]
    assert request.tenant == f"{desk.owner.workspace}/{row.principal}"


@pytest.mark.parametrize("shared", [False, True])
async def test_a_key_finds_what_was_computed_for_another_only_where_that_is_wanted(new_desk: Callable[..., Any], shared: bool) -> None:
    desk: Desk = await new_desk(share_prefixes=shared)
    asked = {"model": "fake", "messages": [{"role": "user", "content": "What the instructions of a whole house begin with. " * 2}]}

    async def cached(key: str) -> int:
        answer = await desk.client.post("/v1/chat/completions", json=asked, headers={"Authorization": f"Bearer {key}"})
        return answer.json()["usage"]["prompt_tokens_details"]["cached_tokens"]

    other = await desk.make_key()
    assert await cached(desk.key) == 0
    assert (await cached(other) > 0) == shared
    assert await cached(desk.key) > 0


async def test_n_choices_are_n_answers_and_one_prompt(desk: Desk) -> None:
    body = (await desk.chat(n=3)).json()
    assert [choice["index"] for choice in body["choices"]] == [0, 1, 2]
    assert body["usage"]["prompt_tokens"] == 6
    assert body["usage"]["completion_tokens"] == 18


async def test_logprobs_come_in_the_form_both_clients_parse(desk: Desk) -> None:
    body = (await desk.chat(logprobs=True, top_logprobs=2)).json()
    content = body["choices"][0]["logprobs"]["content"]
    assert "".join(entry["token"] for entry in content) == "Hello"
    assert content[0]["bytes"] == [72]
    assert content[0]["token_id"] == 72
    assert content[0]["logprob"] == pytest.approx(-0.693147, abs=1e-6)
    assert [entry["token"] for entry in content[0]["top_logprobs"]] == ["H", "I"]
    assert "logprobs" not in (await desk.chat()).json()["choices"][0]


# ── how an answer ends ──


@pytest.mark.parametrize(
    ("more", "text", "reason"),
    [
        ({}, "Hello", "stop"),
        ({"max_tokens": 3}, "Hel", "length"),
        ({"max_completion_tokens": 3}, "Hel", "length"),
        ({"max_tokens": 0}, "", "length"),
        ({"stop": "l"}, "He", "stop"),
        ({"stop": ["o", "ll"]}, "He", "stop"),
        ({"stop": []}, "Hello", "stop"),
        ({"stop": None}, "Hello", "stop"),
        ({"min_tokens": 7, "max_tokens": 9}, "HelloHell", "length"),
        ({"ignore_eos": True, "max_tokens": 8}, "HelloHel", "length"),
    ],
)
async def test_an_answer_ends_where_it_was_asked_to(desk: Desk, more: dict[str, Any], text: str, reason: str) -> None:
    choice = (await desk.chat(**more)).json()["choices"][0]
    assert (choice["message"]["content"], choice["finish_reason"]) == (text, reason)


async def test_a_full_context_ends_an_answer_with_its_own_reason(new_desk: Any) -> None:
    desk = await new_desk(engine=FakeEngine(saying("Hello", TOKENIZER), max_context=8))
    choice = (await desk.chat()).json()["choices"][0]
    assert (choice["message"]["content"], choice["finish_reason"]) == ("He", "model_length")


async def test_the_setting_limits_an_answer_that_gives_no_limit(new_desk: Any) -> None:
    desk = await new_desk(default_max_tokens=2)
    assert (await desk.chat()).json()["choices"][0]["message"]["content"] == "He"
    assert (await desk.chat(max_tokens=4)).json()["choices"][0]["message"]["content"] == "Hell"


async def test_a_prompt_that_is_too_long_is_refused_with_both_numbers(desk: Desk) -> None:
    body = await refused(desk, content="x" * 5000)
    assert body["code"] == "3051"
    assert "5004 tokens" in body["message"]
    assert "4096" in body["message"]
    assert "at most 4095 tokens" in body["message"]
    assert (await desk.chat("x" * (4095 - 4))).status_code == 200


async def test_a_long_prompt_is_tokenized_aside_and_answered(new_desk: Any) -> None:
    desk = await new_desk(engine=FakeEngine(saying("Hello", TOKENIZER), max_context=100_000))
    assert (await desk.chat("x" * 50_000)).json()["usage"]["prompt_tokens"] == 50_004


# ── messages ──


async def test_a_prefix_is_continued_and_repeated(desk: Desk) -> None:
    messages = [{"role": "user", "content": "Hi"}, {"role": "assistant", "content": "Oh! ", "prefix": True}]
    assert (await desk.chat(messages=messages)).json()["choices"][0]["message"]["content"] == "Oh! Hello"
    assert desk.engine.asked[-1].tokens[-1] == ord(" ")  # left open: no end of turn


async def test_the_safe_prompt_comes_first(desk: Desk) -> None:
    await desk.chat(safe_prompt=True)
    assert prompt_text(desk).startswith(SAFE_PROMPT)
    await desk.chat(safe_prompt=False)
    assert SAFE_PROMPT not in prompt_text(desk)


async def test_a_developer_is_a_system(desk: Desk) -> None:
    for role in ("system", "developer"):
        await desk.chat(messages=[{"role": role, "content": "Be brief."}, {"role": "user", "content": "Hi"}])
    assert desk.engine.asked[0].tokens == desk.engine.asked[1].tokens


async def test_chunks_of_text_are_text(desk: Desk) -> None:
    await desk.chat(messages=[{"role": "user", "content": [{"type": "text", "text": "Hi"}, {"type": "text", "text": "there"}]}])
    assert prompt_text(desk) == "Hi\n\nthere"


@pytest.mark.parametrize(
    ("messages", "code"),
    [
        ([], None),
        ([{"role": "assistant", "content": "Hi"}], "3230"),
        ([{"role": "user", "content": "Hi"}, {"role": "assistant", "content": None}], None),
        ([{"role": "tool", "content": "x", "tool_call_id": "abcdefghi"}], "3230"),
        (
            [
                {"role": "user", "content": "Hi"},
                {"role": "assistant", "tool_calls": [{"id": "short", "function": {"name": "f", "arguments": "{}"}}]},
                {"role": "tool", "content": "x", "tool_call_id": "short"},
            ],
            "3280",
        ),
    ],
)
async def test_conversations_out_of_order_are_refused(desk: Desk, messages: list[Any], code: str | None) -> None:
    body = await refused(desk, messages=messages)
    assert body["code"] == code
    assert body["param"].startswith("messages")


@pytest.mark.parametrize(
    "chunk",
    [
        {"type": "image_url", "image_url": "https://example.org/a.png"},
        {"type": "image_url", "image_url": {"url": "data:image/png;base64,AA==", "detail": "low"}},
        {"type": "document_url", "document_url": "https://example.org/a.pdf"},
        {"type": "input_audio", "input_audio": "AA=="},
        {"type": "file", "file_id": "00000000-0000-0000-0000-000000000000"},
    ],
)
async def test_what_a_text_model_cannot_read_is_refused_by_its_place(desk: Desk, chunk: dict[str, Any]) -> None:
    body = await refused(desk, messages=[{"role": "user", "content": [{"type": "text", "text": "See:"}, chunk]}])
    assert (body["code"], body["param"]) == ("unsupported_parameter", "messages.0.content.1")


# ── fields that are refused by name, or change nothing ──


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("response_format", {"type": "json_object"}),
        ("response_format", {"type": "json_schema", "json_schema": {"name": "x", "schema": SMALL}}),
        ("tools", [{"type": "function", "function": {"name": "f", "parameters": SMALL}}]),
        ("guardrails", [{"block_on_error": True}]),
        ("prompt_mode", "reasoning"),
        ("reasoning_effort", "high"),
        ("store", True),
        ("prompt_logprobs", True),
    ],
)
async def test_what_is_not_served_yet_is_refused_by_name(desk: Desk, field: str, value: Any) -> None:
    body = await refused(desk, **{field: value})
    assert (body["code"], body["param"]) == ("unsupported_parameter", field)
    assert field in body["message"]


@pytest.mark.parametrize(
    "more",
    [
        {"response_format": {"type": "text"}, "structured_outputs": None},
        {"tools": [], "tool_choice": "auto"},
        {"tools": None, "tool_choice": "none"},
        {"tools": [{"type": "function", "function": {"name": "f", "parameters": SMALL}}], "tool_choice": "none"},
        {"prediction": {"type": "content", "content": ""}},
        {"guardrails": []},
        {"reasoning_effort": "none"},
        {"parallel_tool_calls": False},
        {"metadata": {"trip": {"to": "Lima"}}},
        {"prompt_cache_key": "k"},
        {"service_tier": "standard_only"},
        {"replay": False},
        {"user": "u-1", "store": False, "logit_bias": {}, "stream_options": {"include_usage": True}},
        {"repetition_penalty": 1, "prompt_logprobs": False, "top_prompt_logprobs": 0},
    ],
)
async def test_fields_that_ask_for_nothing_are_accepted(desk: Desk, more: dict[str, Any]) -> None:
    response = await desk.chat(**more)
    assert response.status_code == 200, response.text
    assert response.json()["choices"][0]["message"]["content"] == "Hello"


NULLABLE = sorted(name for name, field in ChatCompletionRequest.model_fields.items() if not field.is_required() and field.default is None)


@pytest.mark.parametrize("more", [{name: None} for name in NULLABLE] + [dict.fromkeys(NULLABLE)], ids=[*NULLABLE, "all"])
async def test_null_is_the_same_as_nothing(desk: Desk, more: dict[str, None]) -> None:
    """Clients send null for what their caller did not give."""
    assert (await desk.chat(random_seed=1)).status_code == 200
    assert (await desk.chat(**({"random_seed": 1} | more))).status_code == 200
    plain, nulled = desk.engine.asked
    if "random_seed" in more:
        nulled = replace(nulled, sampling=replace(nulled.sampling, seed=1))
    assert replace(nulled, id=plain.id) == plain


@pytest.mark.parametrize(("alias", "name"), [("seed", "random_seed"), ("max_completion_tokens", "max_tokens")])
async def test_two_names_of_one_field_must_agree(desk: Desk, alias: str, name: str) -> None:
    assert (await desk.chat(**{alias: 5, name: 5})).status_code == 200
    response = await desk.chat(**{alias: 5, name: 6})
    assert response.status_code == 400
    assert response.json()["param"] == alias


async def test_top_logprobs_need_logprobs(desk: Desk) -> None:
    assert (await refused(desk, top_logprobs=2))["param"] == "top_logprobs"


def test_every_field_of_the_request_is_tried_in_this_file() -> None:
    """A field that is added has to be added here, too."""
    text = Path(__file__).read_text("utf-8")
    fields = [*ChatCompletionRequest.model_fields, *ChatExtensions.model_fields]
    assert [name for name in fields if f'"{name}"' not in text and f"{name}=" not in text and name != "stream"] == []


# ── what goes wrong ──


async def test_a_full_queue_is_a_429_that_says_when_to_come_back(new_desk: Any) -> None:
    desk = await new_desk(engine=FakeEngine(saying("Hello", TOKENIZER), max_requests=1))
    desk.engine.hold()
    first = asyncio.create_task(desk.chat())
    await desk.engine.until(lambda stats: stats.waiting == 1)
    response = await desk.chat()
    assert (response.status_code, response.json()["code"], response.headers["retry-after"]) == (429, "3505", "1")
    desk.engine.release()
    assert (await first).status_code == 200
    assert len(await desk.rows()) == 1


@pytest.mark.parametrize("stream", [False, True])
async def test_an_engine_that_is_down_is_a_503_that_says_when_to_come_back(desk: Desk, stream: bool) -> None:
    desk.engine.crash()
    response = await desk.chat(stream=stream)
    assert (response.status_code, response.json()["code"], response.headers["retry-after"]) == (503, "engine_unavailable", "2")
    desk.engine.restart()
    assert (await desk.chat(stream=stream)).status_code == 200


async def test_an_engine_that_dies_under_a_whole_answer_is_a_503(desk: Desk) -> None:
    desk.engine.fail(EngineCrashed("The engine ended.", retry_after=2.0), after=3)
    response = await desk.chat()
    assert (response.status_code, response.json()["code"]) == (503, "engine_crashed")
    (row,) = await desk.rows()
    assert (row.outcome, row.prompt_tokens, row.completion_tokens) == ("error", 6, 3)
