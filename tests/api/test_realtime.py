"""Transcription while somebody speaks: a WebSocket on a real socket, by hand and by Mistral's client."""

import asyncio
import json
import threading
from collections.abc import AsyncIterator, Callable
from typing import Any

import numpy as np
import pytest
from mistralai.client import Mistral
from mistralai.client.models import AudioFormat
from mistralai.extra.exceptions import RealtimeTranscriptionWSError

from alize.api.dictation import Dictation
from alize.api.hearing import ears_of
from alize.api.live import Live, Speech
from alize.engine.base import Hearing
from alize.engine.fake import FakeEngine, saying
from alize.errors import EngineCrashed, QueueFull
from alize.prompt.sounds import drawn
from alize.prompt.streamed import Streamed
from alize.tokenize.bytes import ByteTokenizer
from tests.talking import EAR, END, PATH, SAYS, TENTH, append, spoken, writing
from tests.voxtral import sound


async def test_text_comes_while_the_sound_still_does(hall: Callable[..., Any]) -> None:
    here, sound = await hall(), spoken(1.0)
    async with here.talk() as talk:
        created = await talk.read()
        assert created["session"].pop("request_id")
        format = {"encoding": "pcm_s16le", "sample_rate": 16000}
        assert created == {
            "type": "session.created",
            "session": {"model": "fake", "audio_format": format, "target_streaming_delay_ms": 200},
        }
        await talk.send(append(sound[: 4 * TENTH]))
        first = await talk.until("transcription.text.delta")
        assert first[-1]["text"] == "B"
        await talk.send({"type": "input_audio.flush"}, append(sound[4 * TENTH :]), END)
        rest = await talk.until("transcription.done")
        done = rest[-1]
        text = "".join(one["text"] for one in (*first, *rest) if one["type"] == "transcription.text.delta")
        assert text == done["text"] == SAYS[:11]  # one letter for each tenth of a second, and one behind the prompt
        assert (done["model"], done["language"]) == ("fake", None)
        assert done["usage"].pop("prompt_tokens_details") == {"cached_tokens": 0}
        assert done["usage"] == {"prompt_tokens": 5, "completion_tokens": 11, "total_tokens": 16, "prompt_audio_seconds": 1}
        assert await talk.closed() == 1000
    (row,) = await here.desk.rows()
    assert (row.endpoint, row.outcome, row.prompt_tokens, row.completion_tokens) == (PATH, "length", 5, 11)


async def test_the_engine_hears_what_a_file_of_the_sound_would_be(hall: Callable[..., Any]) -> None:
    """In pieces of any size, also within a sample; at another rate, too."""
    here, sound, heard = await hall(), spoken(1.23), []
    hear = here.desk.engine.hear

    def listened(request: str, data: bytes, *, last: bool) -> None:
        heard.append(np.frombuffer(data, np.float32).reshape(-1, 8))
        hear(request, data, last=last)

    here.desk.engine.hear = listened
    async with here.talk() as talk:
        for start in range(0, len(sound), 777):
            await talk.send(append(sound[start : start + 777]))
        await talk.send(END)
        await talk.until("transcription.done")
    (asked,) = here.desk.engine.asked
    whole = drawn(np.frombuffer(sound, "<i2") / np.float32(32768), 8, 1600, 3200, 4800, 1.5)
    together = np.concatenate([asked.sounds[0].array(8).T, *heard])
    assert np.abs(together.T - whole).max() < 1e-5
    assert asked.tokens == (256, 264, 264, 264, 264)


@pytest.mark.parametrize("early", ["asked", "ended", "begun"])
async def test_a_sound_may_end_before_it_is_asked_about_or_the_engine_has_begun(hall: Callable[..., Any], early: str) -> None:
    here, told = await hall(), []
    here.desk.engine.hear = lambda request, data, *, last: told.append((request, len(data), last))
    (served,) = here.desk.parts.own
    ears = ears_of(served)
    assert ears is not None
    live = Live(Speech(served, ears, here.desk.owner, 100.0), "pcm_s16le", 16000)
    await live.push(spoken(0.5))
    if early == "ended":
        await live.end()
    asked = await live.question()
    if early == "asked":
        await live.end()
    live.begin("a")
    if early == "begun":
        await live.end()
    (sound,) = asked.question.choices[0].sounds
    assert (sound.most == 0) == (early == "ended")
    assert sound.length + sum(size for _, size, _ in told) // 320 == 10  # of 320 bytes: two of silence, five of sound, three of silence
    assert [last for _, _, last in told] == ([] if early == "ended" else [True])


async def test_an_end_that_is_still_being_read_is_no_end_yet(hall: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """The end is drawn in a thread: whoever asks meanwhile must not take what there is for all of it."""
    here = await hall()
    (served,) = here.desk.parts.own
    ears = ears_of(served)
    assert ears is not None
    live = Live(Speech(served, ears, here.desk.owner, 100.0), "pcm_s16le", 16000)
    await live.push(spoken(0.5))
    drawn_in_thread, begun, asked = Streamed.end, threading.Event(), threading.Event()

    def end(streamed: Streamed) -> Any:
        columns = drawn_in_thread(streamed)
        begun.set()
        asked.wait()
        return columns

    monkeypatch.setattr(Streamed, "end", end)
    ending = asyncio.create_task(live.end())
    await asyncio.to_thread(begun.wait)
    sound = (await live.question()).question.choices[0].sounds[0]
    asked.set()
    await ending
    assert sound.most > sound.length


async def test_the_official_client_speaks_with_it(hall: Callable[..., Any]) -> None:
    here, sound = await hall(), spoken(1.0)

    async def pieces() -> AsyncIterator[bytes]:
        for start in range(0, len(sound), TENTH):
            yield sound[start : start + TENTH]

    with Mistral(api_key=here.desk.key, server_url=f"http://127.0.0.1:{here.port}") as official:
        client = official.audio.realtime
        format = AudioFormat(encoding="pcm_s16le", sample_rate=16000)
        events = [event async for event in client.transcribe_stream(pieces(), model="fake-latest", audio_format=format)]
    kinds = [event.type for event in events]
    assert kinds[:2] == ["session.created", "session.updated"]
    assert kinds[-1] == "transcription.done"
    assert {*kinds[2:-1]} == {"transcription.text.delta", "transcription.segment"}
    assert "".join(event.text for event in events if event.type == "transcription.text.delta") == SAYS[:11] == events[-1].text
    assert events[-1].segments[0].text == "Bonjour, le"
    assert (events[-1].segments[0].start, events[-1].segments[0].end) == (0.0, 1.1)


async def test_a_file_has_its_segments_where_they_are_asked_for(hall: Callable[..., Any]) -> None:
    here = await hall(
        engine=FakeEngine(lambda request: [*b"Hi. ", *[264] * 12, *b"You!", 264, *b" Me", *[264] * 40], vocab_size=267, hearing=EAR)
    )
    file = {"file": ("a.wav", sound(3.0), "audio/wav")}
    plain = (await here.desk.client.post("/v1/audio/transcriptions", data={"model": "fake"}, files=file)).json()
    assert (plain["text"], plain["segments"]) == ("Hi. You! Me", [])
    form = {"model": "fake", "timestamp_granularities[]": "segment"}
    timed = (await here.desk.client.post("/v1/audio/transcriptions", data=form, files=file)).json()
    assert [(one["text"], one["start"], one["end"]) for one in timed["segments"]] == [
        ("Hi.", 0.0, 0.3),  # a token is a tenth of a second here
        ("You!", 1.6, 2.0),
        ("Me", 2.2, 2.4),
    ]
    streamed = await here.desk.client.post("/v1/audio/transcriptions", data={**form, "stream": "true"}, files=file)
    events = [json.loads(line.removeprefix("data: ")) for line in streamed.text.splitlines() if line.startswith("data: ")]
    assert [event["text"] for event in events if event["type"] == "transcription.segment"] == ["Hi.", "You!", "Me"]
    assert events[-1]["segments"] == timed["segments"]
    refused = await here.desk.client.post("/v1/audio/transcriptions", data={**form, "timestamp_granularities[]": "word"}, files=file)
    assert refused.status_code == 400
    assert "when a word begins" in refused.json()["message"]


async def test_a_session_is_set_up_before_its_first_sound(hall: Callable[..., Any]) -> None:
    here = await hall()
    async with here.talk() as talk:
        await talk.read()
        format = {"encoding": "pcm_mulaw", "sample_rate": 8000}
        empty = {"diarize": False, "context_bias": [], "language": None, "target_streaming_delay_ms": 200, "turn_detection": None}
        await talk.send({"type": "session.update", "session": {"audio_format": format, **empty}})
        assert (await talk.read())["session"]["audio_format"] == format
        await talk.send({"type": "session.update", "session": {}})
        assert (await talk.read())["session"]["audio_format"] == format
        await talk.send(append(bytes(range(256)) * 50), END)
        assert (await talk.until("transcription.done"))[-1]["usage"]["prompt_audio_seconds"] == 2
    (asked,) = here.desk.engine.asked
    assert asked.max_tokens > 10


UPDATE = {"type": "session.update"}


@pytest.mark.parametrize(
    ("messages", "code", "says"),
    [
        (["{"], 422, "JSON"),
        (["[]"], 422, "message"),
        (['{"type": NaN}'], 422, "JSON"),
        ([b"\x00\x01"], 400, "text"),
        ([{"type": "input_audio"}], 422, "input_audio"),
        ([{"type": "input_audio.append"}], 422, "audio"),
        ([{"type": "input_audio.append", "audio": 5}], 422, "audio"),
        ([{"type": "input_audio.append", "audio": "!!!!"}], 400, "base64"),
        ([append(bytes(262_146))], 413, "262144"),
        ([append(b"abc"), END], 3310, "within a sample"),
        ([END], 3310, "no length"),
        ([append(bytes(TENTH)), END, append(bytes(TENTH))], 400, "has ended"),
        ([append(bytes(TENTH)), END, END], 400, "has ended"),
        ([append(bytes(100_000)), append(bytes(100_000))], 3310, "longer than 4 seconds"),
        ([append(bytes(2)), {**UPDATE, "session": {}}], 400, "behind the first sound"),
        ([{**UPDATE, "session": {"audio_format": {"encoding": "mp3", "sample_rate": 16000}}}], 422, "pcm_s16le"),
        ([{**UPDATE, "session": {"audio_format": {"encoding": "pcm_s16le", "sample_rate": 10**9}}}], 422, "96000"),
        ([{**UPDATE, "session": {"target_streaming_delay_ms": 240}}], 400, "200 ms"),
        ([{**UPDATE, "session": {"diarize": True}}], 400, "diarize"),
        ([{**UPDATE, "session": {"context_bias": ["Alizé"]}}], 400, "context_bias"),
        ([{**UPDATE, "session": {"language": "fr"}}], 400, "language"),
        ([{**UPDATE, "session": {"speaker_references": {"a": "b"}}}], 400, "speaker_references"),
        ([{**UPDATE, "session": {"turn_detection": {}}}], 400, "turn_detection"),
        ([{**UPDATE, "session": {"echo": 1}}], 422, "echo"),
        ([UPDATE], 422, "session"),
    ],
)
async def test_what_is_wrong_is_said_and_ends_the_session(hall: Callable[..., Any], messages: list[Any], code: int, says: str) -> None:
    here = await hall(engine=held(), max_audio_seconds=4.0)
    async with here.talk() as talk:
        await talk.read()
        await talk.send(*messages)
        error = (await talk.until("error"))[-1]["error"]
        assert error["code"] == code
        assert says in error["message"]
        assert await talk.closed() == 1008
    assert (await here.desk.engine.until(lambda stats: stats.running + stats.waiting == 0)).running == 0


def held() -> FakeEngine:
    """An engine that gives nothing, so that no session is over before all was said."""
    engine = writing()
    engine.hold()
    return engine


async def test_a_message_that_is_too_long_is_not_read(hall: Callable[..., Any]) -> None:
    here = await hall()
    async with here.talk() as talk:
        await talk.read()
        await talk.send(" " * (512 * 1024 + 1))
        assert await talk.closed() == 1009


@pytest.mark.parametrize(("query", "code", "says"), [("", 400, "missing"), ("?model=nobody", 1500, "nobody"), ("?model=", 400, "missing")])
async def test_a_model_that_is_not_there_is_said_in_the_session(hall: Callable[..., Any], query: str, code: int, says: str) -> None:
    here = await hall()
    async with here.talk(query) as talk:
        error = (await talk.read())["error"]
        assert error["code"] == code
        assert says in error["message"]
        assert error["param"] == "model"
        assert await talk.closed() == 1008


@pytest.mark.parametrize("whole", [True, False])
async def test_a_model_that_cannot_write_while_it_hears_says_so(hall: Callable[..., Any], whole: bool) -> None:
    tokenizer = ByteTokenizer(sounds=whole)
    hearing = Hearing(bands=8, frames=10, piece=2) if whole else None
    engine = FakeEngine(saying("Bonjour.", tokenizer), vocab_size=267, hearing=hearing)
    here = await hall(engine=engine, tokenizer=tokenizer)
    async with here.talk() as talk:
        error = (await talk.read())["error"]
        assert ("whole sounds only" if whole else "that has audio_transcription_realtime") in error["message"]
        assert await talk.closed() == 1008
    official = Mistral(api_key=here.desk.key, server_url=f"http://127.0.0.1:{here.port}")
    with pytest.raises(RealtimeTranscriptionWSError, match="whole sounds only" if whole else "cannot hear"):
        await official.audio.realtime.connect("fake")


# ── how it ends otherwise ──


async def test_who_leaves_ends_what_the_engine_does(hall: Callable[..., Any]) -> None:
    here = await hall()
    async with here.talk() as talk:
        await talk.send(append(spoken(0.5)))
        await talk.until("transcription.text.delta")
        await here.desk.engine.until(lambda stats: stats.running == 1)
    await here.desk.engine.until(lambda stats: stats.aborted == 1)
    await here.desk.parts.draining.finished()
    (row,) = await here.desk.rows()
    assert row.outcome == "cancelled"


async def test_who_says_nothing_for_long_is_not_waited_for(hall: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Dictation, "patience", 0.05)
    here = await hall()
    async with here.talk() as talk:
        await talk.send(append(spoken(0.5)))
        while (message := await talk.read())["type"] != "error":
            await talk.send({"type": "input_audio.flush"}, append(b""))  # which is no sound
        error = message["error"]
        assert error["code"] == 408
        assert await talk.closed() == 1008
    assert (await here.desk.engine.until(lambda stats: stats.running == 0)).running == 0


@pytest.mark.parametrize("sound", [True, False])
async def test_a_server_that_stops_says_what_it_has_heard(hall: Callable[..., Any], sound: bool) -> None:
    here = await hall()
    async with here.talk() as talk:
        await talk.read()
        if sound:
            await talk.send(append(spoken(0.5)))
            await talk.until("transcription.text.delta")
        here.desk.parts.draining.begin()
        if sound:
            await talk.send(append(spoken(0.5)), END)  # nobody has told the client yet
            assert (await talk.until("transcription.done"))[-1]["text"] == SAYS[:6]
        assert await talk.closed() == 1001
        assert (await here.refused())[0] == 503
    await here.desk.parts.draining.finished()


async def test_an_engine_that_ends_or_is_full_is_said_to_be_tried_again(hall: Callable[..., Any]) -> None:
    here = await hall()
    async with here.talk() as talk:
        await talk.send(append(spoken(0.5)))
        await talk.until("transcription.text.delta")
        here.desk.engine.crash()
        assert (await talk.until("error"))[-1]["error"]["code"] == EngineCrashed.status
        assert await talk.closed() == 1013
    here.desk.engine.restart()
    here.desk.engine.fail(QueueFull("Others come first."))
    async with here.talk() as talk:
        await talk.send(append(spoken(0.5)))
        assert (await talk.until("error"))[-1]["error"]["code"] == 3505
        assert await talk.closed() == 1013


async def test_a_sound_that_outlasts_the_context_is_not_passed_over(hall: Callable[..., Any]) -> None:
    here = await hall(engine=writing(max_context=12))
    async with here.talk() as talk:
        await talk.send(append(spoken(3.0)), END)
        found = await talk.until("error")
        assert "12 tokens is full" in found[-1]["error"]["message"]
        assert "".join(one["text"] for one in found if one["type"] == "transcription.text.delta") == SAYS[:7]
    (row,) = await here.desk.rows()
    assert row.completion_tokens == 7


async def test_a_model_may_stop_before_the_sound_does(hall: Callable[..., Any]) -> None:
    here = await hall(engine=writing("Oui."))
    async with here.talk() as talk:
        await talk.send(append(spoken(2.0)))
        assert (await talk.until("transcription.done"))[-1]["text"] == "Oui."
        assert await talk.closed() == 1000


async def test_many_speak_at_once(hall: Callable[..., Any]) -> None:
    here = await hall()

    async def one(length: int) -> str:
        async with here.talk() as talk:
            sound = spoken(length / 10)
            for start in range(0, len(sound), 1000):
                await talk.send(append(sound[start : start + 1000]))
            await talk.send(END)
            return (await talk.until("transcription.done"))[-1]["text"]

    assert await asyncio.gather(*map(one, range(4, 20))) == [SAYS[: length + 1] for length in range(4, 20)]
    assert len(await here.desk.rows()) == 16


async def test_the_log_names_the_route_and_nothing_that_was_sent(hall: Callable[..., Any], caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    here = await hall()
    async with here.talk("?model=fake&secret=hidden") as talk:
        await talk.send(append(spoken(0.5)), END)
        await talk.until("transcription.done")
        await talk.closed()
    await here.desk.parts.draining.finished()
    (line,) = [record for record in caplog.records if getattr(record, "route", "") == PATH]
    assert (line.status, line.model, line.completion_tokens) == (101, "fake", 6)  # type: ignore[attr-defined]
    assert not any("hidden" in record.getMessage() for record in caplog.records if record.name.startswith("alize"))
    metrics = (await here.desk.client.get("/metrics")).text
    assert f'route="{PATH}",status="101"' in metrics
