"""`alize up` where something is in the way: one clear sentence, and exit status 1."""

import shutil
import socket
import ssl
import subprocess
from collections.abc import Callable
from pathlib import Path

import httpx
import pytest

from tests.e2e.conftest import KEY, House

pytestmark = pytest.mark.slow


def refused(house: House) -> str:
    """What it said before it gave up."""
    assert house.process.wait(60) == 1
    text = house.log.read_text()
    assert "Traceback" not in text
    return text


def test_a_taken_port_is_named(house: Callable[..., House]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        assert str(port) in refused(house(wait=False, port=port))


def test_a_home_that_is_a_file_is_named(house: Callable[..., House], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert str(tmp_path / "file") in refused(house(tmp_path / "file", wait=False))


def test_the_open_internet_needs_keys(house: Callable[..., House]) -> None:
    assert "loopback" in refused(house(wait=False, auth="false", host="0.0.0.0"))


def test_a_misspelt_setting_is_named(house: Callable[..., House], tmp_path: Path) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "settings.toml").write_text("prot = 1\n")
    assert "prot" in refused(house(wait=False))


def test_damaged_weights_are_named(house: Callable[..., House], smollm2: Path, tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.gguf"
    damaged.write_bytes(smollm2.read_bytes()[:1_000_000])
    text = refused(house(wait=False, model=str(damaged)))
    assert "damaged.gguf" in text


@pytest.mark.skipif(shutil.which("openssl") is None, reason="makes its certificate with openssl")
def test_it_serves_https_with_a_certificate(house: Callable[..., House], tmp_path: Path) -> None:
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    subject = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1"]
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", *subject]
    subprocess.run([*command, "-keyout", str(key), "-out", str(certificate)], check=True, capture_output=True)
    running = house(wait=False, tls_certificate=str(certificate), tls_key=str(key))
    context = ssl.create_default_context(cafile=str(certificate))
    with httpx.Client(base_url=f"https://127.0.0.1:{running.port}", verify=context, headers={"Authorization": f"Bearer {KEY}"}) as client:
        running.until(lambda: client.get("/health/ready").status_code == 200)
        assert client.get("/v1/models").status_code == 200
    assert running.stop() == 0
