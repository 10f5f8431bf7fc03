"""Voxtrals of random weights, from their files to official clients: what they write of sounds is what transformers writes."""

import asyncio
import base64
import io
import json
import re
import shutil
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from mistralai.client import Mistral
from openai import OpenAI
from websockets.exceptions import ConnectionClosedOK
from websockets.sync.client import connect

from tests.e2e.conftest import KEY, House

torch = pytest.importorskip("torch")
from alize.prompt.sounds import drawn, samples_of  # noqa: E402
from alize.tokenize import Tokenizer, load_tokenizer  # noqa: E402
from alize.weights.checkpoints.base import TokenizerFiles  # noqa: E402
from tests.pixtral import as_two_ggufs  # noqa: E402
from tests.voxtral import REALTIME, sound, write_tiny_voxtral, written  # noqa: E402

pytestmark = pytest.mark.slow
ANSWER = 10
FILES = {"one chunk": sound(1.5, "FLAC", rate=44100, channels=2), "two chunks": sound(30.5, "OGG", seed=1)}


@pytest.fixture(scope="module")
def voxtral(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    folder = tmp_path_factory.mktemp("voxtral")
    return folder, write_tiny_voxtral(folder)


@pytest.fixture(scope="module")
def realtime(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Any]:
    folder = tmp_path_factory.mktemp("realtime")
    return folder, write_tiny_voxtral(folder, REALTIME)


@contextmanager
def client(house: Callable[..., House], folder: Path) -> Iterator[tuple[Mistral, House]]:
    running = house(model=str(folder), dtype="float32", max_context="800")
    with Mistral(api_key=KEY, server_url=running.url) as official:
        yield official, running


def tokenizer_of(folder: Path) -> Tokenizer:
    return load_tokenizer(TokenizerFiles(files={"tekken.json": folder / "tekken.json"}))


def likeliest(theirs: Any, tokenizer: Tokenizer, prompt: list[int], most: int, **more: Any) -> str:
    """What transformers says to a prompt, taking the likeliest token each time."""
    tokens = list(prompt)
    with torch.no_grad():
        for _ in range(most):
            tokens.append(int(theirs(torch.tensor([tokens]), use_cache=False, **more).logits[0, -1].argmax()))
            if tokens[-1] in tokenizer.stop_ids:
                break
    return tokenizer.decode(tokens[len(prompt) :])


def features(data: bytes) -> Any:
    return torch.stack(torch.tensor(drawn(samples_of(data, 100, ""), 128, 480_000)).split(3000, dim=1))


@pytest.fixture(scope="module")
def in_ggufs(voxtral: tuple[Path, Any], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The same model as llama.cpp has it."""
    return as_two_ggufs(voxtral[0], tmp_path_factory.mktemp("ggufs"))


@pytest.mark.parametrize(("name", "form"), [*((name, "a folder") for name in FILES), ("two chunks", "two GGUFs")])
def test_the_official_clients_read_what_transformers_writes(
    house: Callable[..., House], voxtral: tuple[Path, Any], in_ggufs: Path, name: str, form: str
) -> None:
    folder, theirs = voxtral
    tokenizer, data = tokenizer_of(folder), FILES[name]
    with client(house, folder if form == "a folder" else in_ggufs) as (official, running):
        (card,) = official.models.list().data or []
        assert card.capabilities.audio
        assert card.capabilities.audio_transcription
        heard = features(data)
        prompt = tokenizer.transcription(375 * len(heard), "fr")
        answer = official.audio.transcriptions.complete(model=card.id, file={"file_name": "a", "content": data}, language="fr")
        # Random weights rarely end by themselves: the beginning is compared, as far as it is written out whole.
        says = likeliest(theirs, tokenizer, prompt, ANSWER, input_features=heard)
        assert answer.text.startswith(says.rstrip("\ufffd"))
        assert len(says) > ANSWER
        assert answer.usage.prompt_tokens == len(prompt)
        assert answer.usage.prompt_audio_seconds == (2 if name == "one chunk" else 31)
        assert answer.language == "fr"
        events = list(official.audio.transcriptions.stream(model=card.id, file={"file_name": "a", "content": data}, language="fr"))
        assert "".join(event.data.text for event in events if event.event == "transcription.text.delta") == answer.text
        assert events[-1].data.text == answer.text
        other = OpenAI(api_key=KEY, base_url=f"{running.url}/v1")
        assert other.audio.transcriptions.create(model=card.id, file=("a.wav", data), language="fr").text == answer.text


@pytest.mark.parametrize("form", ["a folder", "two GGUFs"])
def test_a_chat_about_a_sound_says_what_transformers_says(
    house: Callable[..., House], voxtral: tuple[Path, Any], in_ggufs: Path, form: str
) -> None:
    folder, theirs = voxtral
    tokenizer, data = tokenizer_of(folder), FILES["one chunk"]
    served = folder if form == "a folder" else in_ggufs
    with client(house, served) as (official, _):
        heard = features(data)
        prompt = tokenizer.template(
            [{"role": "user", "content": [{"type": "audio", "tokens": 375}, {"type": "text", "text": "What is it?"}]}]
        )
        content = [{"type": "input_audio", "input_audio": written(data)}, {"type": "text", "text": "What is it?"}]
        messages: Any = [{"role": "user", "content": content}]
        answer = official.chat.complete(model=served.name, messages=messages, temperature=0, max_tokens=ANSWER)
        assert answer.choices[0].message.content == likeliest(theirs, tokenizer, prompt, ANSWER, input_features=heard)
        assert json.loads(answer.model_dump_json())["usage"]["prompt_audio_seconds"] == 2


def test_a_stream_writes_what_transformers_writes(house: Callable[..., House], realtime: tuple[Path, Any]) -> None:
    """Of every token but the first ones, with its own piece of sound."""
    folder, theirs = realtime
    tokenizer, data = tokenizer_of(folder), sound(0.4)
    prompt, marks = tokenizer.transcription(1), tokenizer.audio_marks
    assert marks is not None
    with client(house, folder) as (official, _):
        (card,) = official.models.list().data or []
        assert not card.capabilities.audio
        assert not card.capabilities.completion_chat
        assert card.capabilities.audio_transcription
        silence = marks.before * 1280, marks.behind * 1280
        mel = torch.tensor(drawn(samples_of(data, 100, ""), 128, 1280, *silence, loudest=1.5))
        tokens = list(prompt)
        with torch.no_grad():
            while len(tokens) <= mel.shape[1] // 8 and tokens[-1] not in tokenizer.stop_ids:
                heard = mel[None, :, : 8 * len(tokens)]
                said = theirs(torch.tensor([tokens]), input_features=heard, num_delay_tokens=6, use_cache=False)
                tokens.append(int(said.logits[0, -1].argmax()))
        answer = official.audio.transcriptions.complete(model=card.id, file={"file_name": "a.wav", "content": data})
        assert answer.text == tokenizer.decode(tokens[len(prompt) :])
        assert answer.usage.prompt_tokens == len(prompt)
        assert answer.usage.completion_tokens == len(tokens) - len(prompt)


@pytest.mark.parametrize("seed", [0, 1])
def test_a_sound_in_pieces_is_written_as_the_whole_is(house: Callable[..., House], realtime: tuple[Path, Any], seed: int) -> None:
    """By the official client while it is spoken, and by POST, at once and streamed; with segments that say when."""
    from mistralai.client.models import AudioFormat

    folder, _ = realtime
    numbers, rate = np.random.default_rng(seed), (16000, 24000)[seed]
    data = sound(2.3, rate=rate, seed=seed)
    samples = (soundfile.read(io.BytesIO(data), dtype="int16")[0]).tobytes()
    cuts = [0, *sorted(numbers.integers(0, len(samples), 30).tolist()), len(samples)]

    async def spoken(official: Mistral) -> list[Any]:
        async def pieces() -> AsyncIterator[bytes]:
            for start, end in pairwise(cuts):
                yield samples[start:end]

        form = AudioFormat(encoding="pcm_s16le", sample_rate=rate)
        return [event async for event in official.audio.realtime.transcribe_stream(pieces(), model=folder.name, audio_format=form)]

    with client(house, folder) as (official, _):
        asked: Any = {"model": folder.name, "file": {"file_name": "a.wav", "content": data}, "timestamp_granularities": ["segment"]}
        whole = official.audio.transcriptions.complete(**asked)
        streamed = list(official.audio.transcriptions.stream(**asked))
        live = asyncio.run(spoken(official))
        assert len(whole.text) > 20
        assert live[-1].text == whole.text == streamed[-1].data.text
        assert "".join(event.text for event in live if event.type == "transcription.text.delta") == whole.text
        assert live[-1].usage.completion_tokens == whole.usage.completion_tokens
        assert live[-1].usage.prompt_audio_seconds == whole.usage.prompt_audio_seconds == 3
        assert whole.segments
        assert live[-1].segments == streamed[-1].data.segments == whole.segments
        assert all(0 <= each.start < each.end < 5 for each in whole.segments)


def test_a_session_ends_with_its_client_and_with_its_server(house: Callable[..., House], realtime: tuple[Path, Any]) -> None:
    """Real signals: who leaves frees the engine, and SIGTERM has what was heard said before the process ends with status 0."""
    folder, _ = realtime
    samples = soundfile.read(io.BytesIO(sound(1.5)), dtype="int16")[0].tobytes()
    append = json.dumps({"type": "input_audio.append", "audio": base64.b64encode(samples).decode()})
    running = house(model=str(folder), dtype="float32", max_context="800")
    address = f"{running.url.replace('http', 'ws')}/v1/audio/transcriptions/realtime?model={folder.name}"
    headers = {"Authorization": f"Bearer {KEY}"}

    def until(socket: Any, kind: str) -> dict[str, Any]:
        while (message := json.loads(socket.recv()))["type"] != kind:
            pass
        return message

    with connect(address, additional_headers=headers) as socket:
        socket.send(append)
        until(socket, "transcription.text.delta")
        running.wait_busy()
    with running.client() as client:
        running.until(lambda: re.search(r"^alize_num_requests_running\S* 0", client.get("/metrics").text, re.MULTILINE))
        assert [row["outcome"] for row in running.until(lambda: client.get("/api/usage/requests").json()["data"])] == ["cancelled"]
    with connect(address, additional_headers=headers) as socket:
        socket.send(append)
        until(socket, "transcription.text.delta")
        running.process.send_signal(signal.SIGTERM)
        assert until(socket, "transcription.done")["usage"]["prompt_audio_seconds"] == 2
        with pytest.raises(ConnectionClosedOK):
            socket.recv()
        assert socket.close_code == 1001
    assert running.process.wait(60) == 0
    assert "Traceback" not in running.log.read_text()


def test_a_tokenizer_of_other_pieces_than_the_weights_is_named(
    house: Callable[..., House], voxtral: tuple[Path, Any], tmp_path: Path
) -> None:
    other = shutil.copytree(voxtral[0], tmp_path / "other")
    tekken = json.loads((other / "tekken.json").read_text())
    tekken["audio"]["chunk_length_s"] = 20.0
    (other / "tekken.json").write_text(json.dumps(tekken))
    running = house(wait=False, model=str(other), dtype="float32")
    assert running.process.wait(120) == 1
    assert "in pieces of 320000" in running.log.read_text()
