"""Certificates that nobody vouches for. In: a folder, and whose it is. Out: it and its key; without openssl the test is skipped."""

import shutil
import subprocess
from pathlib import Path

import pytest

__all__ = ["self_signed"]


def self_signed(folder: Path, subject: str = "IP:127.0.0.1", name: str = "cert") -> tuple[Path, Path]:
    if shutil.which("openssl") is None:
        pytest.skip("openssl is not installed")
    certificate, key = folder / f"{name}.pem", folder / f"{name}.key"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 1 -subj /CN=localhost"
    files = ["-keyout", str(key), "-out", str(certificate), "-addext", f"subjectAltName={subject}"]
    subprocess.run([*command.split(), *files], check=True, capture_output=True)
    return certificate, key
