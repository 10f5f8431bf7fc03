"""Transcription while somebody speaks: a WebSocket on a real socket, by hand and by Mistral's client."""

import asyncio
import base64
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import httpx
import numpy as np
import pytest
from mistralai.client import Mistral
from mistralai.client.models import AudioFormat
from mistralai.extra.exceptions import RealtimeTranscriptionWSError
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from alize.api.dictation import Dictation
from alize.api.hearing import ears_of
from alize.api.live import Live, Speech
from alize.engine.base import Hearing
from alize.engine.fake import FakeEngine, saying
from alize.errors import AuthenticationFailed, EngineCrashed, QueueFull
from alize.governance import Passes, Principal, revoke_key
from alize.prompt.sounds import drawn
from alize.tokenize.bytes import ByteTokenizer
from tests.serving import CARD, Desk, listening
from tests.voxtral import sound, wave

PATH = "/v1/audio/transcriptions/realtime"
TOKENIZER = ByteTokenizer(streams=True)
EAR = Hearing(bands=8, frames=10, piece=1, loudest=1.5, delay=2)  # a token is a tenth of a second; 0.3 s cover the prompt
CARD_THAT_HEARS = replace(CARD, capabilities=frozenset({"audio_transcription"}))
TENTH = 3200  # bytes
SAYS = "Bonjour, le vent. " * 20


def spoken(seconds: float = 1.0) -> bytes:
    return (wave(seconds)[:, 0] * 32767).astype("<i2").tobytes()


def append(data: bytes) -> dict[str, Any]:
    return {"type": "input_audio.append", "audio": base64.b64encode(data).decode()}


END = {"type": "input_audio.end"}


@dataclass
class Talk:
    """One session, from the client's side."""

    socket: ClientConnection

    async def send(self, *messages: Any) -> None:
        for message in messages:
            await self.socket.send(message if isinstance(message, str | bytes) else json.dumps(message))

    async def read(self) -> dict[str, Any]:
        return json.loads(await self.socket.recv())

    async def until(self, kind: str) -> list[dict[str, Any]]:
        """The messages up to the first of a kind."""
        found = [await self.read()]
        while found[-1]["type"] != kind:
            assert found[-1]["type"] != "error", found[-1]
            found.append(await self.read())
        return found

    async def closed(self) -> int:
        with pytest.raises(ConnectionClosed):
            await self.read()
        return self.socket.close_code or 0


@dataclass
class Hall:
    """A desk behind a socket."""

    desk: Desk
    port: int

    @asynccontextmanager
    async def talk(self, query: str = "?model=fake", key: str | None = "", **more: Any) -> AsyncIterator[Talk]:
        """`key`: None sends none, "" the desk's own."""
        headers = {} if key is None else {"Authorization": f"Bearer {key or self.desk.key}"}
        async with connect(
            f"ws://127.0.0.1:{self.port}{PATH}{query}", additional_headers={**headers, **more.pop("headers", {})}, **more
        ) as one:
            yield Talk(one)

    async def refused(self, **more: Any) -> tuple[int, dict[str, Any]]:
        with pytest.raises(InvalidStatus) as caught:
            async with self.talk(**more):
                pass
        return caught.value.response.status_code, json.loads(caught.value.response.body)


@pytest.fixture
async def hall(new_desk: Callable[..., Any]) -> AsyncIterator[Callable[..., Any]]:
    """Opens an application whose model writes while it hears."""
    async with AsyncExitStack() as stack:

        async def new(engine: FakeEngine | None = None, tokenizer: Any = TOKENIZER, card: Any = CARD_THAT_HEARS, **settings: Any) -> Hall:
            engine = engine or FakeEngine(saying(SAYS, TOKENIZER), vocab_size=267, hearing=EAR)
            desk = await new_desk(engine=engine, tokenizer=tokenizer, card=card, **settings)
            return Hall(desk, await stack.enter_async_context(listening(desk.app)))

        yield new


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
    (served,) = here.desk.parts.served()
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
    engine = FakeEngine(saying(SAYS, TOKENIZER), vocab_size=267, hearing=EAR)
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
        assert ("whole sounds only" if whole else "cannot hear") in error["message"]
        assert await talk.closed() == 1008
    official = Mistral(api_key=here.desk.key, server_url=f"http://127.0.0.1:{here.port}")
    with pytest.raises(RealtimeTranscriptionWSError, match="whole sounds only" if whole else "cannot hear"):
        await official.audio.realtime.connect("fake")


# ── who is let in ──


async def test_a_key_is_needed_and_may_stand_where_a_browser_can_send_one(hall: Callable[..., Any]) -> None:
    here = await hall()
    assert (await here.refused(key=None))[0] == 401
    status, body = await here.refused(key="alz_wrong")
    assert (status, body["code"]) == (401, "unauthorized")
    assert (await here.refused(key=await here.desk.make_key("admin")))[0] == 403
    assert (await here.refused(key=None, subprotocols=["realtime", "alz_wrong"]))[0] == 401
    async with here.talk(key=None, subprotocols=["realtime", here.desk.key]) as talk:
        assert talk.socket.subprotocol == "realtime"
        assert (await talk.read())["type"] == "session.created"


async def test_a_page_opens_sessions_with_a_pass_of_its_own_server(hall: Callable[..., Any]) -> None:
    here = await hall()
    key = await here.desk.make_key("inference")
    async with Mistral(api_key=key, server_url=f"http://127.0.0.1:{here.port}") as official:
        made = await official.realtime.sessions.create_async(request={"model": "fake", "purpose": "realtime", "ttl_seconds": 30})
    secret = made.client_secret.value
    assert made.expires_at == made.client_secret.expires_at
    async with here.talk(key=None, subprotocols=["realtime", secret], origin="https://elsewhere.example") as talk:
        await talk.send(append(spoken(0.5)), END)
        await talk.until("transcription.done")
    async with here.talk(key=secret) as talk:
        await talk.read()
    assert (await here.refused(query="?model=fake-latest", key=secret))[0] == 403
    assert (await here.refused(key=secret[:-1]))[0] == 401
    plain = await here.desk.client.get("/v1/models", headers={"Authorization": f"Bearer {secret}"})
    assert plain.status_code == 401  # it opens WebSockets, and nothing else
    (row,) = [row for row in await here.desk.rows() if row.outcome == "length"]
    async with here.desk.database.transaction() as store:
        await revoke_key(store, here.desk.owner.workspace, row.principal)
    assert (await here.refused(key=secret))[0] == 401


@pytest.mark.parametrize(
    ("wanted", "status", "says"),
    [
        ({"purpose": "realtime"}, 422, "model"),
        ({"purpose": "other", "model": "fake"}, 422, "purpose"),
        ({"purpose": "realtime", "model": "fake", "ttl_seconds": 601}, 422, "600"),
        ({"purpose": "realtime", "model": "fake", "ttl_seconds": 0}, 422, "1"),
        ({"purpose": "realtime", "model": "nobody"}, 400, "nobody"),
    ],
)
async def test_a_pass_that_would_open_nothing_is_not_made(hall: Callable[..., Any], wanted: dict[str, Any], status: int, says: str) -> None:
    answer = await (await hall()).desk.client.post("/v1/client/sessions", json=wanted)
    assert answer.status_code == status
    assert says in answer.text


def test_a_pass_ends_and_few_are_remembered() -> None:
    now = 0.0
    passes, who = Passes(lambda: now), Principal("k", "o", "w", frozenset({"inference"}), "key")
    first = passes.give(who, "fake", 5)
    now = 4.9
    assert passes.holder(first, "fake") is who
    now = 5.0
    with pytest.raises(AuthenticationFailed):
        passes.holder(first, "fake")
    kept = [passes.give(who, "fake", 5) for _ in range(10_001)]
    with pytest.raises(AuthenticationFailed):
        passes.holder(kept[0], "fake")
    assert passes.holder(kept[1], "fake") is who


@pytest.mark.parametrize(
    ("origin", "status"), [(None, 101), ("http://127.0.0.1:{port}", 101), ("https://evil.example", 403), ("null", 403)]
)
async def test_a_cookie_counts_for_pages_of_this_house_only(hall: Callable[..., Any], origin: str | None, status: int) -> None:
    here = await hall()
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{here.port}") as browser:
        account = {"email": "ada@example.com", "name": "Ada", "password": "correct horse battery"}
        made = await browser.post("/api/setup", json=account)
        assert made.status_code == 201, made.text
        cookie = "; ".join(f"{name}={value}" for name, value in browser.cookies.items())
    asked = {"key": None, "headers": {"Cookie": cookie}, "origin": origin and origin.format(port=here.port)}
    if status == 101:
        async with here.talk(**asked) as talk:
            assert (await talk.read())["type"] == "session.created"
    else:
        assert (await here.refused(**asked))[0] == status


async def test_without_accounts_a_page_from_elsewhere_is_not_let_in(hall: Callable[..., Any]) -> None:
    here = await hall(auth=False)
    assert (await here.refused(key=None, origin="https://evil.example"))[0] == 401
    async with here.talk(key=None) as talk:
        assert (await talk.read())["type"] == "session.created"


async def test_sessions_count_as_requests(hall: Callable[..., Any]) -> None:
    here = await hall(requests_per_minute=1)
    async with here.talk() as talk:
        await talk.read()
    status, body = await here.refused()
    assert (status, body["code"]) == (429, "1300")


async def test_only_this_address_becomes_a_websocket(hall: Callable[..., Any]) -> None:
    here = await hall()
    with pytest.raises(InvalidStatus) as caught:
        async with connect(f"ws://127.0.0.1:{here.port}/health"):
            pass
    assert caught.value.response.status_code == 200
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{here.port}") as client:
        assert (await client.get(PATH)).status_code == 404


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
    here = await hall(engine=FakeEngine(saying(SAYS, TOKENIZER), vocab_size=267, max_context=12, hearing=EAR))
    async with here.talk() as talk:
        await talk.send(append(spoken(3.0)), END)
        found = await talk.until("error")
        assert "12 tokens is full" in found[-1]["error"]["message"]
        assert "".join(one["text"] for one in found if one["type"] == "transcription.text.delta") == SAYS[:7]
    (row,) = await here.desk.rows()
    assert row.completion_tokens == 7


async def test_a_model_may_stop_before_the_sound_does(hall: Callable[..., Any]) -> None:
    here = await hall(engine=FakeEngine(saying("Oui.", TOKENIZER), vocab_size=267, hearing=EAR))
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
