"""POST /v1/audio/transcriptions, and sounds in a chat: read where they may be, placed where they stand, counted, refused by their place."""

import json
import re
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from alize.engine.base import Hearing
from alize.engine.fake import FakeEngine, saying
from alize.prompt.sounds import drawn, samples_of
from alize.tokenize.bytes import ByteTokenizer
from tests.elsewhere import elsewhere, picture
from tests.serving import CARD, Desk
from tests.voxtral import sound, written

HEARING = Hearing(bands=8, frames=10, piece=2)  # a token is a tenth of a second, two are heard together
CARD_THAT_HEARS = replace(CARD, capabilities=CARD.capabilities | {"audio", "audio_transcription"})
SECOND = sound(1.0)
PATH = "/v1/audio/transcriptions"


@pytest.fixture
async def hearing(new_desk: Callable[..., Any]) -> Callable[..., Any]:
    """Opens an application whose model hears."""

    async def new(**settings: Any) -> Desk:
        tokenizer = ByteTokenizer(sounds=True)
        engine = FakeEngine(saying("Bonjour.", tokenizer), vocab_size=267, hearing=HEARING)
        return await new_desk(engine=engine, tokenizer=tokenizer, card=CARD_THAT_HEARS, **settings)

    return new


async def send(desk: Desk, file: bytes | None = SECOND, **fields: Any) -> Any:
    files = {} if file is None else {"file": ("a.wav", file, "audio/wav")}
    return await desk.client.post(PATH, data={"model": "fake", **fields}, files=files)


async def test_a_file_is_written_down(hearing: Callable[..., Any]) -> None:
    desk = await hearing()
    answer = await send(desk)
    assert answer.status_code == 200, answer.text
    (asked,) = desk.engine.asked
    assert asked.tokens == (256, 265, *[264] * 10, 266)
    assert asked.sampling.temperature == 0
    assert [(one.start, one.length) for one in asked.sounds] == [(2, 2), (4, 2), (6, 2), (8, 2), (10, 2)]
    together = np.concatenate([one.array(8) for one in asked.sounds], axis=1)
    assert np.array_equal(together, drawn(samples_of(SECOND, 2, ""), 8, 3200))
    used = {"prompt_tokens": 13, "completion_tokens": 9, "total_tokens": 22, "prompt_audio_seconds": 1}
    body = answer.json()
    assert body["usage"].pop("prompt_tokens_details") == {"cached_tokens": 0}
    assert body == {"model": "fake", "text": "Bonjour.", "language": None, "segments": [], "usage": used}
    (row,) = await desk.rows()
    assert (row.endpoint, row.prompt_tokens) == (PATH, 13)


async def test_a_language_is_said_and_a_temperature_taken(hearing: Callable[..., Any]) -> None:
    desk = await hearing()
    answer = await send(desk, language="fr", temperature="0.5")
    assert answer.json()["language"] == "fr"
    (asked,) = desk.engine.asked
    assert bytes(asked.tokens[12:-1]) == b"lang:fr"
    assert asked.sampling.temperature == 0.5


@pytest.mark.parametrize("nothing", ["", "null"])
async def test_what_a_form_leaves_empty_is_left_out(hearing: Callable[..., Any], nothing: str) -> None:
    answer = await send(await hearing(), language=nothing, temperature=nothing, file_url=nothing, stream=nothing)
    assert answer.status_code == 200
    assert answer.json()["language"] is None


async def test_the_events_of_a_stream_add_up_to_the_text(hearing: Callable[..., Any]) -> None:
    desk = await hearing()
    answer = await send(desk, stream="true")
    assert answer.headers["content-type"].startswith("text/event-stream")
    events = [event.split("\n") for event in answer.text.strip().split("\n\n")]
    named = [(lines[0].removeprefix("event: "), json.loads(lines[1].removeprefix("data: "))) for lines in events]
    assert all(name == data["type"] for name, data in named)
    assert "".join(data["text"] for name, data in named if name == "transcription.text.delta") == "Bonjour."
    assert named[-1][0] == "transcription.done"
    assert named[-1][1]["text"] == "Bonjour."
    assert named[-1][1]["usage"]["prompt_audio_seconds"] == 1
    assert "[DONE]" not in answer.text


async def test_a_sound_may_be_elsewhere_where_a_setting_allows_it(hearing: Callable[..., Any]) -> None:
    async with elsewhere(answers={"/a.wav": picture(SECOND, "text/plain"), "/b.wav": picture()}) as there:
        desk = await hearing(outside_hosts=("pictures.example",))
        desk.app.state.house = replace(desk.app.state.house, parts=replace(desk.parts, wire=there.wire))
        answer = await send(desk, None, file_url="http://pictures.example/a.wav")
        assert answer.status_code == 200, answer.text
        assert answer.json()["text"] == "Bonjour."
        for url, why in (("http://pictures.example/b.wav", "no sound"), ("http://other.example/a.wav", "outside_hosts")):
            refused = await send(desk, None, file_url=url)
            assert (refused.status_code, refused.json()["code"], refused.json()["param"]) == (400, "3310", "file_url")
            assert why in refused.json()["message"]


@pytest.mark.parametrize(
    ("file", "fields", "param", "says"),
    [
        (None, {}, "file", "one sound"),
        (SECOND, {"file_url": "http://a.example/b"}, "file", "one sound"),
        (None, {"file_id": "7f3f1d3e-0000-4000-8000-000000000000"}, "file_id", "not kept yet"),
        (SECOND, {"timestamp_granularities": "segment"}, "timestamp_granularities", "writes no times"),
        (SECOND, {"timestamp_granularities[]": "word"}, "timestamp_granularities", "writes no times"),
        (SECOND, {"diarize": "true"}, "diarize", "apart"),
        (SECOND, {"replay": "true"}, "replay", "leaves sounds out"),
        (SECOND, {"context_bias": "Alizé"}, "context_bias", "not supported"),
        (SECOND, {"model": "nobody"}, "model", "nobody"),
        (b"", {}, "file", "empty"),
        (b"hello", {}, "file", "no sound of a kind"),
        (SECOND[:30], {}, "file", "damaged|no length"),
        (sound(4.1), {}, "file", "longer than 4 seconds"),
    ],
)
async def test_what_cannot_be_done_is_refused_by_its_field(
    hearing: Callable[..., Any], file: bytes | None, fields: dict[str, str], param: str, says: str
) -> None:
    desk = await hearing(max_audio_seconds=4.0)
    answer = await send(desk, file, **fields)
    assert answer.status_code == 400, answer.text
    assert answer.json()["param"] == param
    assert re.search(says, answer.json()["message"])
    assert desk.engine.asked == []


@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"language": "french"}, "language"),
        ({"temperature": "warm"}, "temperature"),
        ({"temperature": "nan"}, "temperature"),
        ({"stream": "perhaps"}, "stream"),
        ({"timestamp_granularities": "letter"}, "timestamp_granularities.0"),
        ({"response_format": "srt"}, "response_format"),
        ({"mood": "good"}, "mood"),
    ],
)
async def test_a_field_of_the_wrong_kind_is_named(hearing: Callable[..., Any], fields: dict[str, str], param: str) -> None:
    answer = await send(await hearing(), **fields)
    assert answer.status_code == 422
    assert answer.json()["param"] == param


@pytest.mark.parametrize(
    ("kind", "body", "status"),
    [
        ("application/json", b"{}", 422),
        ("multipart/form-data", b"x", 400),
        ("multipart/form-data; boundary=a", b"--a\r\nnothing", 422),
        ("multipart/form-data; boundary=a", b'--a\r\nContent-Disposition: form-data; name="model"\r\n\r\n\xff\r\n--a--\r\n', 400),
        ("multipart/form-data; boundary=a", b"--b", 400),
        ("application/x-www-form-urlencoded", b"model=fake&file=hello", 400),
        ("application/x-www-form-urlencoded", b"model=" + b"a" * 100_000, 400),
        ("application/x-www-form-urlencoded", b"a=1&" * 2000, 400),
    ],
)
async def test_what_is_no_form_is_refused(hearing: Callable[..., Any], kind: str, body: bytes, status: int) -> None:
    desk = await hearing()
    answer = await desk.client.post(PATH, content=body, headers={"Content-Type": kind})
    assert answer.status_code == status, answer.text


async def test_a_sound_past_the_context_is_refused_with_both_numbers_and_its_field(hearing: Callable[..., Any]) -> None:
    answer = await send(await hearing(max_body_bytes=2**25), sound(500.0))  # ten tokens a second, and three around them
    refused = answer.json()
    assert (answer.status_code, refused["code"], refused["param"]) == (400, "3051", "file"), answer.text
    assert "5003 tokens" in refused["message"]
    assert "4096" in refused["message"]


async def test_a_model_that_cannot_hear_says_so(desk: Desk) -> None:
    answer = await send(desk)
    assert answer.status_code == 400
    assert answer.json()["param"] == "model"
    assert "cannot hear" in answer.json()["message"]
    content = [{"type": "input_audio", "input_audio": written(SECOND)}]
    answer = await desk.client.post("/v1/chat/completions", json={"model": "fake", "messages": [{"role": "user", "content": content}]})
    assert answer.status_code == 400
    assert "reads text, not audio" in answer.json()["message"]


async def test_the_card_says_what_a_model_hears(hearing: Callable[..., Any], desk: Desk) -> None:
    for one, hears in ((await hearing(), True), (desk, False)):
        (card,) = (await one.client.get("/v1/models")).json()["data"]
        assert [card["capabilities"][name] for name in ("audio", "audio_transcription", "vision")] == [hears, hears, False]


# ── in a chat ──


@pytest.mark.parametrize("form", ["base64", "address", "object"])
async def test_a_sound_reaches_the_engine_where_it_stands_in_the_conversation(hearing: Callable[..., Any], form: str) -> None:
    desk, data = await hearing(), written(SECOND)
    sent = {"base64": data, "address": f"data:audio/wav;base64,{data}", "object": {"data": data, "format": "wav"}}[form]
    content = [{"type": "text", "text": "ab"}, {"type": "input_audio", "input_audio": sent}, {"type": "text", "text": "c"}]
    body = {"model": "fake", "messages": [{"role": "user", "content": content}]}
    answer = await desk.client.post("/v1/chat/completions", json=body)
    assert answer.status_code == 200, answer.text
    (asked,) = desk.engine.asked
    assert asked.tokens == (256, 259, *b"ab", 265, *[264] * 10, *b"c", 257, 260)
    assert [one.start for one in asked.sounds] == [5, 7, 9, 11, 13]
    assert answer.json()["usage"]["prompt_audio_seconds"] == 1
    streamed = await desk.client.post("/v1/chat/completions", json={**body, "stream": True})
    last = json.loads(streamed.text.strip().split("\n\n")[-2].removeprefix("data: "))
    assert last["usage"]["prompt_audio_seconds"] == 1


@pytest.mark.parametrize(
    ("role", "sent", "says"),
    [
        ("system", written(SECOND), ""),
        ("user", "!!!", "base64"),
        ("user", written(b"hello"), "no sound of a kind"),
        ("user", written(sound(4.1)), "longer than"),
        ("user", "http://a.example/b.wav", "outside_hosts"),
    ],
)
async def test_a_sound_that_cannot_be_heard_is_refused_by_its_place(hearing: Callable[..., Any], role: str, sent: str, says: str) -> None:
    desk = await hearing(max_audio_seconds=4.0)
    messages = [{"role": role, "content": [{"type": "input_audio", "input_audio": sent}]}, {"role": "user", "content": "a"}]
    answer = await desk.client.post("/v1/chat/completions", json={"model": "fake", "messages": messages})
    assert answer.status_code in (400, 422)
    assert says in answer.json()["message"]
    if role == "user":
        assert answer.json()["param"] == "messages.0.content.0"


async def test_all_sounds_together_are_no_longer_than_a_setting_says(hearing: Callable[..., Any]) -> None:
    desk = await hearing(max_audio_seconds=1.5)
    content = [{"type": "input_audio", "input_audio": written(SECOND)}] * 2
    answer = await desk.client.post("/v1/chat/completions", json={"model": "fake", "messages": [{"role": "user", "content": content}]})
    assert answer.status_code == 400
    assert answer.json()["param"] == "messages.0.content.1"
