"""What is refused anyway wakes no model: neither one that was never loaded, of which only its card is known, nor one that was."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from alize.api.pool import Pool
from tests.serving import CARD, Desk
from tests.sources import FakeSource, pool_of
from tests.voxtral import sound

SECOND = sound(1.0)
TALKS = replace(CARD, id="talks", aliases=(), capabilities=frozenset({"completion_chat"}))
READS = replace(CARD, id="reads", aliases=(), capabilities=frozenset({"embeddings"}))
USER = {"role": "user", "content": "Hi"}
TOOL = {"type": "function", "function": {"name": "look", "parameters": {"type": "object", "properties": {}}}}
PICTURE = {"role": "user", "content": [{"type": "image_url", "image_url": "data:image/png;base64,AAAA"}]}
SOUND = {"role": "user", "content": [{"type": "input_audio", "input_audio": "AAAA"}]}
LOADED_BEFORE = pytest.mark.parametrize("before", [False, True], ids=["never loaded", "loaded before"])


async def sleeping(new_desk: Callable[..., Any], *sources: FakeSource, before: bool) -> Desk:
    """All of them asleep, each with a count of 0."""
    pool: Pool = pool_of(*sources)
    desk: Desk = await new_desk(pool=pool)
    for id, resident in pool.residents.items() if before else ():
        await pool.begin(resident)
        pool.sleep(resident)
        while resident.state != "asleep":
            assert resident.task is not None, id
            await resident.task
    for source in sources:
        source.asked = 0
    return desk


@LOADED_BEFORE
async def test_a_chat(new_desk: Callable[..., Any], before: bool) -> None:
    talks, reads = FakeSource(TALKS), FakeSource(READS)
    desk = await sleeping(new_desk, talks, reads, before=before)
    for wrong, param in (
        ({"guardrails": [{"block_on_error": True}]}, "guardrails"),
        ({"store": True}, "store"),
        ({"top_logprobs": 2}, "top_logprobs"),
        ({"messages": []}, "messages"),
        ({"messages": [USER, {"role": "assistant", "content": "Well"}]}, "messages.1"),
        ({"messages": [PICTURE]}, "messages.0.content.0"),
        ({"messages": [SOUND]}, "messages.0.content.0"),
        ({"tool_choice": "any"}, "tool_choice"),
        ({"tools": [{**TOOL, "function": {**TOOL["function"], "parameters": {"type": 3}}}]}, "tools.0.function.parameters"),  # type: ignore[dict-item]
        ({"response_format": {"type": "json_schema"}}, "response_format"),
        ({"structured_outputs": {"regex": "a+", "choice": ["b"]}}, "structured_outputs"),
        ({"n": 0}, None),
    ):
        answer = await desk.chat(**{"model": "talks", **wrong})
        assert 400 <= answer.status_code < 500, answer.text
        assert param is None or answer.json()["param"].startswith(param), answer.text
    assert (await desk.chat(model="reads")).status_code == 400
    assert (talks.asked, reads.asked) == (0, 0)
    assert (await desk.chat(model="talks")).status_code == 200
    assert talks.asked == 1


async def test_what_a_model_was_seen_to_lack_when_it_was_loaded(new_desk: Callable[..., Any]) -> None:
    """The card says that it sees, and may think; these weights do not. Other weights may."""
    source = FakeSource(replace(CARD, id="talks", aliases=()))
    desk = await sleeping(new_desk, source, before=True)
    for wrong in ({"messages": [PICTURE]}, {"prompt_mode": "reasoning"}, {"reasoning_effort": "high"}):
        assert (await desk.chat(model="talks", **wrong)).status_code == 400
    assert source.asked == 0
    other = FakeSource(source.card)
    assert desk.parts.pool is not None
    await desk.parts.pool.reload(desk.parts.pool.residents["talks"], other)
    assert (await desk.chat(model="talks", messages=[PICTURE])).status_code == 400
    assert other.asked == 1, "nothing was known of these"


@LOADED_BEFORE
async def test_a_gap_vectors_and_what_is_said(new_desk: Callable[..., Any], before: bool) -> None:
    talks, reads = FakeSource(TALKS), FakeSource(READS)
    desk = await sleeping(new_desk, talks, reads, before=before)
    post = desk.client.post
    for answer in (
        await post("/v1/fim/completions", json={"model": "talks", "prompt": "a"}),
        await post("/v1/embeddings", json={"model": "talks", "input": "a"}),
        await post("/v1/embeddings", json={"model": "reads", "input": []}),
        await post("/v1/embeddings", json={"model": "reads", "input": ["a", ""]}),
        await post("/v1/audio/transcriptions", data={"model": "talks"}, files={"file": ("a.wav", SECOND)}),
        await post("/v1/client/sessions", json={"purpose": "realtime", "model": "talks"}),
    ):
        assert answer.status_code == 400, answer.text
    assert (talks.asked, reads.asked) == (0, 0)


@pytest.mark.parametrize(
    ("fields", "file"),
    [
        ({"diarize": "true"}, SECOND),
        ({"timestamp_granularities": "word"}, SECOND),
        ({"file_url": "http://a.example/b"}, SECOND),
        ({}, None),
        ({}, b"hello"),
    ],
)
async def test_a_transcription_that_could_not_be_made(new_desk: Callable[..., Any], fields: dict[str, str], file: bytes | None) -> None:
    source = FakeSource(replace(CARD, id="hears", aliases=(), capabilities=frozenset({"audio_transcription"})))
    desk = await sleeping(new_desk, source, before=False)
    files = {"file": ("a.wav", file)} if file is not None else {"none": ("", b"")}
    answer = await desk.client.post("/v1/audio/transcriptions", data={"model": "hears", **fields}, files=files)
    assert answer.status_code in (400, 422), answer.text
    assert source.asked == 0


async def test_a_dimension_that_vectors_were_seen_not_to_have(new_desk: Callable[..., Any]) -> None:
    source = FakeSource(READS)
    desk = await sleeping(new_desk, source, before=True)
    answer = await desk.client.post("/v1/embeddings", json={"model": "reads", "input": "a", "output_dimension": 10_000})
    assert (answer.status_code, answer.json()["param"], source.asked) == (400, "output_dimension", 0)
