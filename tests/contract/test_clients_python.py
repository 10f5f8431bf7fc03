"""The official Python clients of Mistral and OpenAI, unmodified: models, chat, streams, and their own exceptions for what goes wrong."""

import asyncio
import math
from collections.abc import Iterator
from typing import Any

import openai
import pytest
from mistralai.client import Mistral
from mistralai.client.errors import HTTPValidationError, MistralError, SDKError

from alize.errors import EngineCrashed
from tests.contract.conftest import Place, is_answer
from tests.serving import Background, Desk, in_background

ASKED: list[Any] = [{"role": "user", "content": "What is the capital of France?"}]
SAMPLING: dict[str, Any] = {"messages": ASKED, "temperature": 0, "max_tokens": 20}


@pytest.fixture
def mistral(place: Place) -> Iterator[Mistral]:
    with Mistral(api_key=place.key, server_url=place.url) as client:
        yield client


@pytest.fixture
def open_ai(place: Place) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(api_key=place.key, base_url=f"{place.url}/v1", max_retries=0) as client:
        yield client


# ── Mistral's ──


def test_mistral_lists_and_finds_models(mistral: Mistral, place: Place) -> None:
    cards = mistral.models.list().data
    assert cards
    assert any(place.model in (card.id, *(card.aliases or [])) for card in cards)
    found = mistral.models.retrieve(model_id=place.model)
    assert found.type == "base"
    assert found.capabilities.completion_chat


def test_mistral_chats(mistral: Mistral, place: Place) -> None:
    answer = mistral.chat.complete(model=place.model, **SAMPLING)
    assert is_answer(place, str(answer.choices[0].message.content))
    assert answer.choices[0].finish_reason == "stop"
    assert answer.model == place.model
    assert answer.usage.total_tokens == answer.usage.prompt_tokens + answer.usage.completion_tokens


def test_mistral_streams_what_it_would_answer_whole(mistral: Mistral, place: Place) -> None:
    whole = mistral.chat.complete(model=place.model, **SAMPLING)
    with mistral.chat.stream(model=place.model, **SAMPLING) as stream:
        chunks = [event.data for event in stream]
    assert "".join(str(chunk.choices[0].delta.content or "") for chunk in chunks) == whole.choices[0].message.content
    assert chunks[-1].choices[0].finish_reason == whole.choices[0].finish_reason
    assert chunks[-1].usage
    assert chunks[-1].usage.completion_tokens == whole.usage.completion_tokens


async def test_mistral_streams_asynchronously(place: Place) -> None:
    async with Mistral(api_key=place.key, server_url=place.url) as client:
        stream = await client.chat.stream_async(model=place.model, **SAMPLING)
        async with stream:
            text = "".join([str(event.data.choices[0].delta.content or "") async for event in stream])
    assert is_answer(place, text)


def test_mistral_gives_every_field_it_has(mistral: Mistral, place: Place) -> None:
    answer = mistral.chat.complete(
        model=place.model,
        messages=[{"role": "system", "content": "Be brief."}, *ASKED],
        top_p=0.9,
        random_seed=7,
        stop=["\n\n"],
        presence_penalty=0.1,
        frequency_penalty=0.1,
        n=2,
        max_tokens=8,
        min_tokens=1,
        top_k=20,
        logprobs=True,
        top_logprobs=2,
        safe_prompt=True,
        metadata={"a": 1},
        tool_choice="none",
        response_format={"type": "text"},
        parallel_tool_calls=True,
        reasoning_effort="none",
        prompt_cache_key="x",
        service_tier="auto",
        prediction={"type": "content", "content": ""},
    )
    assert [choice.index for choice in answer.choices] == [0, 1]
    assert answer.choices[0].logprobs
    assert len(answer.choices[0].logprobs.content[0].top_logprobs or []) == 2


def test_mistral_raises_its_own_exceptions(mistral: Mistral, place: Place) -> None:
    with pytest.raises(SDKError) as unknown:
        mistral.chat.complete(model="nope", messages=ASKED)
    assert (unknown.value.status_code, '"code":"1500"' in unknown.value.body) == (400, True)
    assert '"reason":"model_unknown"' in unknown.value.body  # which is none of the public API's keys, and no hindrance
    with pytest.raises(HTTPValidationError) as invalid:
        mistral.chat.complete(model=place.model, messages=ASKED, temperature=9)
    assert invalid.value.data.detail
    assert invalid.value.data.detail[0].type == "less_than_equal"
    with pytest.raises(HTTPValidationError), mistral.chat.stream(model=place.model, messages=ASKED, temperature=9) as stream:
        list(stream)
    with Mistral(api_key="nope", server_url=place.url) as stranger, pytest.raises(SDKError) as unauthorized:
        stranger.models.list()
    assert unauthorized.value.status_code == 401


def test_mistral_embeds(mistral: Mistral, place: Place) -> None:
    one = mistral.embeddings.create(model=place.embedder, inputs="Where is my order?")
    two = mistral.embeddings.create(model=place.embedder, inputs=["Where is my order?", "It rains."], metadata={"a": 1})
    assert [each.index for each in two.data] == [0, 1]
    assert two.data[0].embedding == pytest.approx(one.data[0].embedding, abs=1e-6)
    assert math.hypot(*(two.data[1].embedding or [])) == pytest.approx(1)
    assert (two.usage.completion_tokens, two.model) == (0, place.embedder)
    small = mistral.embeddings.create(
        model=place.embedder, inputs="It rains.", output_dimension=8, output_dtype="ubinary", encoding_format="float"
    )
    assert len(small.data[0].embedding or []) == 1
    with pytest.raises(SDKError, match="nothing to embed"):
        mistral.embeddings.create(model=place.embedder, inputs=[])
    with pytest.raises(HTTPValidationError):
        mistral.embeddings.create(model=place.embedder, inputs="a", output_dimension=0)


# ── OpenAI's ──


def test_openai_embeds(open_ai: openai.OpenAI, place: Place) -> None:
    """It asks for base64 where nothing else is said, and reads it as float32."""
    coded = open_ai.embeddings.create(model=place.embedder, input=["Where is my order?", "It rains."])
    plain = open_ai.embeddings.create(model=place.embedder, input=["Where is my order?", "It rains."], encoding_format="float")
    assert [each.embedding for each in coded.data] == [pytest.approx(each.embedding, abs=1e-6) for each in plain.data]
    assert len(open_ai.embeddings.create(model=place.embedder, input="It rains.", dimensions=4, user="me").data[0].embedding) == 4
    assert coded.usage.prompt_tokens == coded.usage.total_tokens > 0
    with pytest.raises(openai.BadRequestError):
        open_ai.embeddings.create(model=place.embedder, input="")


def test_openai_lists_and_finds_models(open_ai: openai.OpenAI, place: Place) -> None:
    assert open_ai.models.list().data
    assert open_ai.models.retrieve(place.model).object == "model"


def test_openai_chats(open_ai: openai.OpenAI, place: Place) -> None:
    answer = open_ai.chat.completions.create(model=place.model, **SAMPLING)
    assert is_answer(place, answer.choices[0].message.content or "")
    assert answer.usage
    assert answer.usage.prompt_tokens_details is not None


def test_openai_streams_what_it_would_answer_whole(open_ai: openai.OpenAI, place: Place) -> None:
    whole = open_ai.chat.completions.create(model=place.model, **SAMPLING)
    chunks = list(open_ai.chat.completions.create(model=place.model, stream=True, stream_options={"include_usage": True}, **SAMPLING))
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == whole.choices[0].message.content
    usages = [chunk.usage for chunk in chunks if chunk.usage]
    assert whole.usage
    assert [usage.total_tokens for usage in usages] == [whole.usage.total_tokens]


def test_openai_goes_on_with_the_answer_it_was_given(open_ai: openai.OpenAI, place: Place) -> None:
    """Programs append the message object as it came."""
    first = open_ai.chat.completions.create(model=place.model, **SAMPLING)
    messages: list[Any] = [*ASKED, first.choices[0].message, {"role": "user", "content": "Are you sure?"}]
    assert open_ai.chat.completions.create(model=place.model, messages=messages, max_tokens=3).choices


def test_openai_uses_its_own_names(open_ai: openai.OpenAI, place: Place) -> None:
    answer = open_ai.chat.completions.create(
        model=place.model,
        messages=[{"role": "developer", "content": "Be brief."}, *ASKED],
        seed=7,
        max_completion_tokens=3,
        user="u-1",
        store=False,
        logprobs=True,
        top_logprobs=1,
    )
    assert answer.usage
    assert answer.usage.completion_tokens <= 3
    assert answer.choices[0].logprobs


def test_openai_raises_its_own_exceptions(open_ai: openai.OpenAI, place: Place) -> None:
    with pytest.raises(openai.BadRequestError, match="Invalid model: nope") as unknown:
        open_ai.chat.completions.create(model="nope", messages=ASKED)
    assert (unknown.value.code, unknown.value.param, unknown.value.type) == ("1500", "model", "invalid_request_error")
    with pytest.raises(openai.UnprocessableEntityError, match="temperature"):
        open_ai.chat.completions.create(model=place.model, messages=ASKED, temperature=1.9)
    with pytest.raises(openai.NotFoundError):
        open_ai.models.retrieve("nope")
    with openai.OpenAI(api_key="nope", base_url=f"{place.url}/v1", max_retries=0) as stranger, pytest.raises(openai.AuthenticationError):
        stranger.models.list()


# ── what goes wrong on the way ──


@pytest.fixture
def background(tmp_path: Any) -> Iterator[Background]:
    with in_background(tmp_path, requests_per_minute=3) as running:
        yield running


def test_a_stream_that_breaks_is_an_exception_and_not_a_short_answer(background: Background) -> None:
    async def break_next(desk: Desk) -> None:
        desk.engine.fail(EngineCrashed("The engine ended."), after=2)

    background.run(break_next)
    with openai.OpenAI(api_key=background.desk.key, base_url=f"{background.url}/v1", max_retries=0) as client:
        stream = client.chat.completions.create(model="fake", messages=ASKED, stream=True)
        with pytest.raises(openai.APIError, match="The engine ended"):
            list(stream)
    background.run(break_next)
    with (
        Mistral(api_key=background.desk.key, server_url=background.url) as client,
        pytest.raises(MistralError, match="Response validation failed"),
        client.chat.stream(model="fake", messages=ASKED) as events,
    ):
        list(events)


def test_a_rate_limit_is_each_clients_own_exception(background: Background) -> None:
    with openai.OpenAI(api_key=background.desk.key, base_url=f"{background.url}/v1", max_retries=0) as client:
        for _ in range(3):
            client.chat.completions.create(model="fake", messages=ASKED)
        with pytest.raises(openai.RateLimitError) as limited:
            client.chat.completions.create(model="fake", messages=ASKED)
    assert int(limited.value.response.headers["retry-after"]) >= 1
    with Mistral(api_key=background.desk.key, server_url=background.url) as client, pytest.raises(SDKError) as refused:
        client.chat.complete(model="fake", messages=ASKED)
    assert refused.value.status_code == 429


def test_a_client_that_closes_its_stream_stops_the_engine(background: Background) -> None:
    async def hold(desk: Desk) -> None:
        desk.engine.hold(after=2)

    async def aborted(desk: Desk) -> str:
        await desk.engine.until(lambda stats: stats.aborted == 1)
        await desk.parts.draining.finished()
        return (await desk.rows())[0].outcome

    background.run(hold)
    with openai.OpenAI(api_key=background.desk.key, base_url=f"{background.url}/v1", max_retries=0) as client:
        stream = client.chat.completions.create(model="fake", messages=ASKED, stream=True)
        next(iter(stream))
        stream.close()
    assert background.run(lambda desk: asyncio.wait_for(aborted(desk), 30)) == "cancelled"
