"""The real server in a process of its own: it starts, says what it serves, drains, dies, comes back, and refuses what cannot be."""

import asyncio
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from alize.api.serve import Started, announce
from alize.governance import first_key
from alize.settings import Settings
from alize.storage import open_database
from tests.certificates import self_signed
from tests.tiny_model import write_tiny_gguf
from tests.upstream.hostile import hostile, says

pytest.importorskip("torch")

SERVE = """
import sys
from alize.api.serve import serve
from alize.errors import AlizeError
from alize.settings import Settings
try:
    serve(Settings.load())
except AlizeError as error:
    sys.exit(error.text)
"""
SERVE_EACH = """
import json, sys
from alize.api.serve import serve
from alize.errors import AlizeError
from alize.settings import Settings
said = []
for environment in json.load(sys.stdin):
    try:
        serve(Settings.load(environment))
        said.append("It serves.")
    except AlizeError as error:
        said.append(error.text)
print(json.dumps(said))
"""
slow = pytest.mark.slow  # a server takes about 3 s to start


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_tiny_gguf(tmp_path_factory.mktemp("model") / "tiny.gguf")


@dataclass
class Running:
    """A server's process, and what it said when it was ready."""

    process: asyncio.subprocess.Process
    address: str
    key: str | None
    client: httpx.AsyncClient
    said: str

    async def chat(self, **more: Any) -> httpx.Response:
        body = {"model": "tiny", "messages": [{"role": "user", "content": "hello"}], **more}
        return await self.client.post("/v1/chat/completions", json=body)

    async def ended(self) -> int:
        return await self.process.wait()


def environment(home: Path, model: Path, **more: str) -> dict[str, str]:
    given = {"ALIZE_HOME": str(home), "ALIZE_MODEL": str(model), "ALIZE_PORT": "0", "ALIZE_DTYPE": "float32", "ALIZE_THREADS": "1", **more}
    outside = {name: value for name, value in os.environ.items() if not name.startswith("ALIZE_")}
    return {**outside, "ALIZE_CACHE_MEMORY": "0.01", **given}


@asynccontextmanager
async def serving(home: Path, model: Path, verify: Any = True, **more: str) -> AsyncIterator[Running]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", SERVE, env=environment(home, model, **more), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout
    assert process.stderr
    try:
        said = ""
        while "Documentation" not in said:
            line = await process.stdout.readline()
            assert line, (await process.stderr.read()).decode()
            said += line.decode()
        address = re.search(r"https?://\S+", said)
        key = re.search(r"alz_\w+", said)
        assert address
        headers = {"Authorization": f"Bearer {key[0] if key else more.get('ALIZE_API_KEY', 'none')}"}
        async with httpx.AsyncClient(base_url=address[0], headers=headers, timeout=60, verify=verify) as client:
            yield Running(process, address[0], key and key[0], client, said)
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


@pytest.fixture
async def server(tmp_path: Path, model: Path) -> AsyncIterator[Running]:
    async with serving(tmp_path / "home", model) as running:
        yield running


def failing(home: Path, model: Path, **more: str) -> str:
    """What a server says that cannot start."""
    done = subprocess.run([sys.executable, "-c", SERVE], env=environment(home, model, **more), capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    return done.stderr


@slow
def test_a_tokenizer_of_another_model_s_pictures_is_named_when_the_server_starts(tmp_path: Path) -> None:
    """Not that the model cannot be loaded, which is all that clients are told."""
    from tests.pixtral import write_tiny_pixtral

    write_tiny_pixtral(tmp_path / "pixtral")
    tekken = tmp_path / "pixtral" / "tekken.json"
    words = json.loads(tekken.read_text())
    words["image"]["image_patch_size"] *= 2
    tekken.write_text(json.dumps(words))
    said = failing(tmp_path / "home", tmp_path / "pixtral", ALIZE_EMBEDDING_MODEL="")
    assert "The files are of different models: fetch them again." in said


async def test_it_answers_and_ends_with_status_0(server: Running) -> None:
    assert (await server.client.get("/health")).json()["status"] == "ready"
    answer = (await server.chat(max_tokens=5, temperature=0)).json()
    assert answer["usage"]["completion_tokens"] <= 5
    assert (await server.client.get("/metrics")).status_code == 200
    server.process.send_signal(signal.SIGTERM)
    assert await server.ended() == 0


@slow
async def test_extreme_values_are_computed(server: Running) -> None:
    """Each alone and all together: the schema allows them, so an answer comes."""
    extremes: dict[str, Any] = {
        "temperature": 1e-300,
        "top_p": 1e-300,
        "top_k": 2**31 - 1,
        "min_p": 1.0,
        "presence_penalty": -2,
        "frequency_penalty": 2,
        "random_seed": 2**63 - 1,
        "n": 128,
        "logprobs": True,
        "stop": ["x" * 1000] * 16,
        "min_tokens": 2**63 - 1,
    }
    for given in ({}, *({name: value} for name, value in extremes.items()), extremes):
        response = await server.chat(max_tokens=4, **given)
        assert response.status_code == 200, response.text
        assert response.json()["choices"][-1]["finish_reason"] in ("stop", "length")
    answer = (await server.chat(max_tokens=2**63 - 1, min_tokens=2**63 - 1)).json()
    assert answer["choices"][0]["finish_reason"] == "model_length"
    assert answer["usage"]["total_tokens"] == 512


@slow
async def test_running_answers_finish_and_new_requests_are_refused(server: Running) -> None:
    text = ""
    body = {"model": "tiny", "messages": [{"role": "user", "content": "hello"}], "stream": True, "max_tokens": 300, "ignore_eos": True}
    async with server.client.stream("POST", "/v1/chat/completions", json=body) as response:
        async for piece in response.aiter_text():
            if not text:
                server.process.send_signal(signal.SIGTERM)
                while (await server.client.get("/health")).status_code == 200:
                    pass  # until the signal has arrived; the answer goes on meanwhile
                refused = await server.chat()
                assert (refused.status_code, refused.json()["code"]) == (503, "engine_unavailable")
            text += piece
    assert text.endswith("data: [DONE]\n\n")
    assert json.loads(text.split("\n\n")[-3].removeprefix("data: "))["usage"]["completion_tokens"] == 300
    assert await server.ended() == 0


@slow
@pytest.mark.parametrize("by", ["patience", "a second signal"])
async def test_an_answer_that_takes_too_long_ends_with_an_error_and_the_server_with_0(tmp_path: Path, model: Path, by: str) -> None:
    seconds = "0" if by == "patience" else "600"
    async with serving(tmp_path / "home", model, ALIZE_DRAIN_SECONDS=seconds) as server:
        body = {"model": "tiny", "messages": [{"role": "user", "content": "hello"}], "stream": True, "ignore_eos": True, "n": 64}
        text = ""
        async with server.client.stream("POST", "/v1/chat/completions", json=body) as response:
            async for piece in response.aiter_text():
                if not text:
                    for _ in range(1 if by == "patience" else 2):
                        server.process.send_signal(signal.SIGTERM)
                        if by != "patience":
                            while (await server.client.get("/health")).status_code == 200:
                                pass
                text += piece
        assert '"code":"engine_unavailable"' in text.split("event: error")[1]
        assert "[DONE]" not in text
        assert await server.ended() == 0


@slow
async def test_killed_it_comes_back_with_every_answer_that_was_given(tmp_path: Path, model: Path) -> None:
    async with serving(tmp_path / "home", model) as server:
        key = server.key
        given = {(await server.chat(max_tokens=3)).json()["id"] for _ in range(5)}
        server.process.kill()
        await server.ended()
    async with serving(tmp_path / "home", model) as server:
        assert server.key is None  # it is shown once
        headers = {"Authorization": f"Bearer {key}"}
        rows = (await server.client.get("/api/usage/requests", headers=headers)).json()["data"]
        assert {row["id"] for row in rows} == given


@slow
async def test_a_killed_engine_comes_back_under_the_same_server(server: Running) -> None:
    engine = await asyncio.create_subprocess_exec("pgrep", "-P", str(server.process.pid), stdout=subprocess.PIPE)
    pids = (await engine.communicate())[0].split()
    text = ""
    body = {"model": "tiny", "messages": [{"role": "user", "content": "hello"}], "stream": True, "ignore_eos": True, "n": 64}
    async with server.client.stream("POST", "/v1/chat/completions", json=body) as response:
        async for piece in response.aiter_text():
            if not text:
                for pid in pids:
                    os.kill(int(pid), signal.SIGKILL)
            text += piece
    assert '"code":"engine_crashed"' in text.split("event: error")[1]
    while (await server.client.get("/health")).status_code == 503:
        pass
    assert (await server.chat(max_tokens=3)).status_code == 200
    row = (await server.client.get("/api/usage/requests")).json()["data"][-1]
    assert row["outcome"] == "error"
    assert row["completion_tokens"] > 0


@slow
async def test_a_fixed_key_and_no_keys_at_all(tmp_path: Path, model: Path) -> None:
    async with serving(tmp_path / "fixed", model, ALIZE_API_KEY="a-key-that-is-given") as server:
        assert server.key is None
        assert (await server.client.get("/v1/models")).status_code == 200
        assert (await server.client.get("/v1/models", headers={"Authorization": "Bearer x"})).status_code == 401
    async with serving(tmp_path / "open", model, ALIZE_AUTH="false") as server:
        assert server.key is None
        assert (await server.client.get("/v1/models")).status_code == 200
        assert (await server.client.get("/v1/models", headers={"Host": "rebound.example"})).status_code == 401


async def test_a_start_says_which_key_it_made_and_how_to_make_another(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """A variable that was meant for another server's key would else make it an admin key here, and nobody would know."""
    settings = Settings.load({"ALIZE_API_KEY": "a-key-that-is-given", "ALIZE_HOME": str(tmp_path / "my home")})
    database = open_database(settings)
    await database.migrate()
    for _ in range(2):
        announce(Started("http://127.0.0.1:8600", "tiny", settings, await first_key(database, settings)))
    await database.close()
    first, second = capsys.readouterr().out.split("Alizé serves")[1:]
    assert "api_key (environment: ALIZE_API_KEY) is an admin key here" in first
    assert f"alize keys create NAME --home '{tmp_path}/my home'" in second
    assert "a-key-that-is-given" not in first + second


@slow
@pytest.mark.parametrize("reached", [{"ALIZE_HOST": "0.0.0.0"}, {"ALIZE_TRUSTED_PROXIES": "127.0.0.1"}, {"ALIZE_ROOT_PATH": "/house"}])
async def test_where_others_can_come_the_first_account_needs_the_token_that_is_printed(
    tmp_path: Path, model: Path, reached: dict[str, str]
) -> None:
    account = {"email": "ada@example.org", "name": "Ada", "password": "correct horse"}
    async with serving(tmp_path / "home", model, **reached) as server:
        token = re.search(r"/setup with the token (\S+)", server.said)
        assert token
        assert (await server.client.post("/api/setup", json=account)).status_code == 403
        assert (await server.client.post("/api/setup", json=account | {"token": token[1]})).status_code == 201
    async with serving(tmp_path / "home", model, **reached) as server:
        assert "token" not in server.said


@slow
async def test_a_second_server_on_one_home_is_refused(server: Running, model: Path, tmp_path: Path) -> None:
    said = await asyncio.to_thread(failing, tmp_path / "home", model)
    assert f"is in use by process {server.process.pid}" in said


def test_a_taken_port_is_said_before_the_model_is_loaded(tmp_path: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = other.getsockname()[1]
        said = failing(tmp_path / "home", tmp_path / "no-such-model.gguf", ALIZE_PORT=str(port))
    assert f"Port {port} on 127.0.0.1 is taken" in said


REFUSED = (
    ({"ALIZE_HOST": "no.such.host.invalid"}, "no address of this machine"),
    ({"ALIZE_HOST": "192.0.2.1"}, "cannot be listened on"),
    ({"ALIZE_TLS_CERTIFICATE": "none.pem", "ALIZE_TLS_KEY": "none.pem"}, "none.pem cannot be read"),
    ({"ALIZE_MODEL": "smollm2-135m-instruct", "ALIZE_OFFLINE": "1"}, "`offline` forbids"),
    ({"ALIZE_MODEL": "smollm2-135m"}, "Did you mean smollm2-135m-instruct"),
    ({"ALIZE_DATABASE_URL": "mysql://x"}, "not supported"),
    ({"ALIZE_UPSTREAM_URL": "https://api.mistral.ai/v1", "ALIZE_OFFLINE": "1"}, "api.mistral.ai, which is not this machine, but offline"),
)


@pytest.fixture(scope="module")
def refusals(tmp_path_factory: pytest.TempPathFactory, model: Path) -> list[str]:
    """What a server says to each of REFUSED, from one process: what it imports takes most of a second of the processor."""
    given = [environment(tmp_path_factory.mktemp("refused") / "home", model, **settings) for settings, _ in REFUSED]
    done = subprocess.run([sys.executable, "-c", SERVE_EACH], input=json.dumps(given), capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("number", range(len(REFUSED)), ids=[said for _, said in REFUSED])
def test_what_cannot_be_is_said_in_a_sentence(refusals: list[str], number: int) -> None:
    assert REFUSED[number][1] in refusals[number]


def test_the_server_itself_loads_neither_pytorch_nor_what_only_some_models_need() -> None:
    """It starts fast, and 754 MB of PyTorch are the engine's process alone to have."""
    code = "import sys, alize.api.server, alize.assistant.serving; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"torch", "transformers", "mistral_common", "huggingface_hub", "tokenizers", "soundfile", "soxr", "PIL"}.intersection(loaded)


def test_the_engines_process_begins_before_the_server_has_loaded_itself() -> None:
    """They load side by side: what is imported first, the engine waits for."""
    code = "import sys, alize.cli.up, alize.api.serve; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert "alize.engine.process" in loaded
    assert not {"numpy", "asyncio", "fastapi", "pydantic", "sqlalchemy", "uvicorn"}.intersection(loaded)


# ── an upstream ──


@slow
async def test_a_server_starts_without_its_upstream_keeps_its_key_and_ends_what_still_runs_there(tmp_path: Path, model: Path) -> None:
    key = "sk-a-secret-that-nobody-may-see"
    async with hostile() as upstream:
        upstream.listing = [asyncio.Event()]  # it never says what it has
        upstream.streams(says("Hel"), asyncio.Event())
        given = {"ALIZE_UPSTREAM_URL": upstream.url, "ALIZE_UPSTREAM_KEY": key, "ALIZE_UPSTREAM_MODELS": "theirs"}
        async with serving(tmp_path / "home", model, **given, ALIZE_DRAIN_SECONDS="0") as server:
            assert [card["id"] for card in (await server.client.get("/v1/models")).json()["data"]] == ["tiny", "all-minilm-l6-v2", "theirs"]
            (engine,) = psutil.Process(server.process.pid).children()
            assert key not in str(engine.environ())
            text = ""
            body = {"model": "theirs", "messages": [{"role": "user", "content": "hello"}], "stream": True}
            async with server.client.stream("POST", "/v1/chat/completions", json=body) as response:
                async for piece in response.aiter_text():
                    text += piece
                    server.process.send_signal(signal.SIGTERM)
            assert '"content":"Hel"' in text
            assert '"code":"engine_unavailable"' in text.split("event: error")[1]
            assert await server.ended() == 0


# ── TLS ──


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    folder = tmp_path_factory.mktemp("tls")
    for name in ("one", "other"):
        self_signed(folder, name=name)
    return lambda name: folder / name


@slow
async def test_it_serves_https(tmp_path: Path, model: Path, certificate: Callable[[str], Path]) -> None:
    trusted = ssl.create_default_context(cafile=str(certificate("one.pem")))
    settings = {"ALIZE_TLS_CERTIFICATE": str(certificate("one.pem")), "ALIZE_TLS_KEY": str(certificate("one.key"))}
    async with serving(tmp_path / "home", model, trusted, **settings) as server:
        assert server.address.startswith("https://")
        response = await server.client.get("/v1/models")
        assert response.status_code == 200
        assert "max-age" in response.headers["strict-transport-security"]


def test_a_key_of_another_certificate_is_refused(tmp_path: Path, model: Path, certificate: Callable[[str], Path]) -> None:
    settings = {"ALIZE_TLS_CERTIFICATE": str(certificate("one.pem")), "ALIZE_TLS_KEY": str(certificate("other.key"))}
    assert "do not belong together" in failing(tmp_path / "home", model, **settings)


# ── behind a proxy ──


@slow
async def test_forwarded_headers_are_believed_from_trusted_proxies_only(tmp_path: Path, model: Path) -> None:
    """Seen by the header that only answers over https have."""
    for trusted in ("127.0.0.1", "192.0.2.7"):
        async with serving(tmp_path / f"home-{trusted}", model, ALIZE_TRUSTED_PROXIES=trusted) as server:
            response = await server.client.get("/health", headers={"X-Forwarded-For": "192.0.2.1", "X-Forwarded-Proto": "https"})
            assert ("strict-transport-security" in response.headers) == (trusted == "127.0.0.1")
