"""Weights that lie on this disk, and finding again what is here."""

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from alize.errors import CheckpointInvalid, DownloadFailed, HomeUnusable, InvalidModel, Missing
from alize.model.params import read_params
from alize.weights.catalog import cards
from alize.weights.checkpoints import open_checkpoint
from alize.weights.manifest import folder_of, installed, read_manifest
from alize.weights.pull import located, pull, verify
from tests.weights.checkpoints.tiny_gguf import STRING, llama
from tests.weights.checkpoints.tiny_mmproj import EYE, EYE_TENSORS, mmproj, write

TINY = llama({"general.name": (STRING, "Tiny"), "general.license": (STRING, "mit"), "tokenizer.chat_template": (STRING, "{{ x }}")}).bytes()
DEFAULT = cards()[0]


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def tiny(tmp_path: Path) -> Path:
    path = tmp_path / "usb" / "My tiny (Q4).gguf"
    path.parent.mkdir()
    path.write_bytes(TINY)
    return path


def test_a_file_is_recorded_where_it_lies_and_found_by_its_name(tiny: Path, home: Path) -> None:
    assert pull(str(tiny), home) == tiny
    assert [path.name for path in home.rglob("*.gguf")] == []
    card, path = located("My-tiny-Q4", home, {})
    assert path == tiny
    assert (card.id, card.name, card.licence, card.context, card.owned_by) == ("My-tiny-Q4", "Tiny", "mit", 64, "local")
    assert card.capabilities == {"completion_chat"}
    assert card.sha256 == hashlib.sha256(TINY).hexdigest()
    verify(home, "My-tiny-Q4")
    assert located("small", home, {"small": "mine", "mine": "My-tiny-Q4"})[1] == tiny
    assert pull("My-tiny-Q4", home) == tiny  # by the name it was given, too


def test_what_a_model_sees_with_is_recorded_with_it_where_both_lie(tmp_path: Path, home: Path) -> None:
    folder = write(tmp_path / "usb", mmproj(EYE, EYE_TENSORS))
    assert pull(str(folder / "model.gguf"), home) == folder / "model.gguf"
    manifest = read_manifest(home, "model")
    assert manifest is not None
    assert {entry.path for entry in manifest.files} == {"model.gguf", "mmproj.gguf"}
    assert "vision" in located("model", home, {})[0].capabilities
    assert pull(str(folder), home) == folder / "model.gguf"
    verify(home, "usb")
    (folder / "mmproj.gguf").write_bytes(mmproj(EYE, EYE_TENSORS).bytes()[:-1] + b"\xff")
    with pytest.raises(CheckpointInvalid, match=r"mmproj\.gguf has the SHA-256"):
        verify(home, "usb")


def test_a_path_needs_no_pull(tiny: Path, home: Path) -> None:
    card, path = located(str(tiny), home, {})
    assert (card.id, card.sha256, path) == ("My-tiny-Q4", None, tiny)
    assert not home.exists()


def test_the_catalogs_weights_are_known_by_their_checksum_wherever_they_lie(smollm2: Path, home: Path) -> None:
    assert pull(str(smollm2), home) == smollm2
    card, path = located("alize-small-latest", home, {})
    assert (card, path) == (DEFAULT, smollm2)
    assert pull(DEFAULT, home, offline=True) == smollm2


def test_other_weights_cannot_pass_for_the_catalogs(tmp_path: Path, home: Path) -> None:
    path = tmp_path / f"{DEFAULT.id}.gguf"
    path.write_bytes(TINY)
    with pytest.raises(DownloadFailed, match=f"is not the '{DEFAULT.id}' of the catalog"):
        pull(str(path), home)


def test_weights_brought_by_hand_stand_for_a_card_without_a_checksum(tmp_path: Path, home: Path) -> None:
    path = tmp_path / "mistral-nemo-instruct-2407.gguf"
    path.write_bytes(TINY)
    pull(str(path), home)
    card, where = located("open-mistral-nemo", home, {})
    assert (card.id, card.context, where) == ("mistral-nemo-instruct-2407", 131072, path)


def test_a_name_that_other_weights_have_is_not_taken_from_them(tiny: Path, tmp_path: Path, home: Path) -> None:
    pull(str(tiny), home)
    moved = tmp_path / "elsewhere" / tiny.name
    moved.parent.mkdir()
    moved.write_bytes(TINY)
    assert pull(str(moved), home) == moved  # the same weights in another place
    moved.write_bytes(llama({"general.name": (STRING, "Tony")}).bytes() + bytes(32))
    assert pull(str(moved), home) == moved  # what was recorded is gone
    with pytest.raises(DownloadFailed, match=r"Other weights are here as 'My-tiny-Q4' already, from .*elsewhere"):
        pull(str(tiny), home)


def test_a_copy_in_the_state_folder_is_not_given_up_for_a_path(smollm2: Path, tmp_path: Path) -> None:
    cache = smollm2.parents[2]
    before = read_manifest(cache, DEFAULT.id)
    copy = tmp_path / "copy.gguf"
    copy.symlink_to(smollm2)
    assert pull(str(copy), cache) == smollm2
    assert read_manifest(cache, DEFAULT.id) == before


@pytest.mark.parametrize(
    "entries", [{"multimodal": [1]}, {"multimodal": "whisper_model_args"}, {"pooling": 3}, {"pooling": {"max_tokens": "x"}}]
)
def test_a_card_is_made_of_whatever_the_files_say(entries: dict[str, object], tiny_checkpoint: Path, tmp_path: Path, home: Path) -> None:
    """What cannot be run is refused, by its key, when it is loaded."""
    folder = shutil.copytree(tiny_checkpoint, tmp_path / "odd")
    params = json.loads((folder / "params.json").read_text())
    (folder / "params.json").write_text(json.dumps(params | entries))
    assert pull(str(folder), home) == folder
    with pytest.raises(CheckpointInvalid, match=r"pooling|max_tokens|multimodal"):
        read_params(open_checkpoint(folder).params)


def test_weights_that_cannot_be_opened_are_not_recorded(tmp_path: Path, home: Path) -> None:
    for name, content in {"a.gguf": b"", "b.gguf": TINY[:300], "c.gguf": b"PK\x03\x04"}.items():
        (tmp_path / name).write_bytes(content)
        with pytest.raises(CheckpointInvalid, match=name):
            pull(str(tmp_path / name), home)
    (tmp_path / "empty").mkdir()
    with pytest.raises(CheckpointInvalid, match="holds no model"):
        pull(str(tmp_path / "empty"), home)
    assert installed(home) == []


def test_a_change_of_one_byte_is_found_by_verify_and_one_of_the_size_by_everybody(tiny: Path, home: Path) -> None:
    pull(str(tiny), home)
    tiny.write_bytes(TINY[:-1] + b"\x01")
    assert located("My-tiny-Q4", home, {})[1] == tiny
    with pytest.raises(CheckpointInvalid, match=r"has the SHA-256 \w+, and had"):
        verify(home, "My-tiny-Q4")
    tiny.write_bytes(TINY + b"\0")
    with pytest.raises(InvalidModel):
        located("My-tiny-Q4", home, {})
    tiny.unlink()
    with pytest.raises(CheckpointInvalid, match=f"{tiny.name.split()[0]}.*cannot be read"):
        verify(home, "My-tiny-Q4")


def test_what_is_not_here_says_how_to_get_it(home: Path) -> None:
    with pytest.raises(Missing) as missing:
        located("alize-small-latest", home, {})
    assert missing.value.remedy == "Fetch it: alize pull smollm2-135m-instruct"
    with pytest.raises(Missing) as missing:
        located("mistralai/Mistral-7B-Instruct-v0.3", home, {})
    assert missing.value.remedy == "Fetch it: alize pull mistral-7b-instruct-v0.3"  # the catalog has a name for it
    with pytest.raises(Missing, match="'owner/name' is not here yet") as missing:
        located("owner/name", home, {})
    assert missing.value.remedy == "Fetch it: alize pull owner/name. Where a path was meant, there is nothing at it."
    with pytest.raises(Missing, match="'nothing' was not pulled"):
        verify(home, "nothing")


@pytest.mark.parametrize("ask", [lambda name, home: located(name, home, {}), pull])
def test_a_name_that_nothing_answers_to_comes_with_what_was_meant(ask, tiny: Path, home: Path) -> None:  # type: ignore[no-untyped-def]
    pull(str(tiny), home)
    for name, meant in {
        "smolm2-135m-instruct": "smollm2-135m-instruct",
        "Open-Mistral-Nem": "open-mistral-nemo",
        "my-tiny-q5": "My-tiny-Q4",
    }.items():
        with pytest.raises(InvalidModel, match=f"There is no model '{name}'") as refused:
            ask(name, home)
        assert f"Did you mean {meant}" in str(refused.value.remedy)
        assert refused.value.param == "model"
    with pytest.raises(InvalidModel, match=r"There is no file or folder '\./absent\.gguf'"):
        ask("./absent.gguf", home)


@pytest.mark.parametrize(
    "name",
    ["", " ", "\0", "x" * 100_000, "../../etc/passwd", "..", "a" * 200, "\u6c49" * 300, "/" * 5000, "é", "hub:", "hub:../x", "package:x"],
)
def test_hostile_names_are_refused_and_leave_nothing_behind(name: str, home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "here" / "deeper").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "here" / "deeper")  # ".." names a folder: here one without weights
    with pytest.raises((InvalidModel, CheckpointInvalid)) as refused:
        located(name, home, {})
    assert len(refused.value.text) < 1000
    assert not home.exists()


def test_aliases_that_go_in_circles_end(home: Path) -> None:
    with pytest.raises(InvalidModel):
        located("a", home, {"a": "b", "b": "a"})


def test_a_damaged_record_is_said_with_its_remedy(tiny: Path, home: Path) -> None:
    pull(str(tiny), home)
    path = folder_of(home, "My-tiny-Q4") / "manifest.json"
    record = json.loads(path.read_text())
    for damage in [
        "",
        "{",
        "[]",
        json.dumps({**record, "version": 99}),
        json.dumps({**record, "files": 7}),
        json.dumps({**record, "card": {}}),
        json.dumps({**record, "card": {**record["card"], "id": 7}}),
        json.dumps({**record, "folder": ["/"]}),
        json.dumps({**record, "weights": None}),
        json.dumps({**record, "files": [{**record["files"][0], "path": 7}]}),
        json.dumps({**record, "files": [{**record["files"][0], "bytes": "many"}]}),
    ]:
        path.write_text(damage)
        with pytest.raises(CheckpointInvalid, match=r"manifest\.json is damaged") as refused:
            located("My-tiny-Q4", home, {})
        assert "pull the model again" in str(refused.value.remedy)
        assert installed(home) == []


@pytest.mark.parametrize("place", ["/" + "x" * 300, "a null \0 byte"])
def test_a_record_of_a_place_that_cannot_be_read_is_of_a_model_that_is_not_here(place: str, tiny: Path, home: Path) -> None:
    pull(str(tiny), home)
    path = folder_of(home, "My-tiny-Q4") / "manifest.json"
    path.write_text(json.dumps({**json.loads(path.read_text()), "folder": place}))
    with pytest.raises(InvalidModel):
        located("My-tiny-Q4", home, {})
    with pytest.raises(CheckpointInvalid, match="cannot be read"):
        verify(home, "My-tiny-Q4")
    assert pull(str(tiny), home) == tiny


def test_a_state_folder_can_be_moved_with_what_is_in_it(smollm2: Path, tmp_path: Path) -> None:
    folder = folder_of(tmp_path / "moved", DEFAULT.id)
    folder.mkdir(parents=True)
    (folder / smollm2.name).symlink_to(smollm2)
    (folder / "manifest.json").write_bytes(smollm2.with_name("manifest.json").read_bytes())
    assert located(DEFAULT.id, tmp_path / "moved", {})[1] == folder / smollm2.name


def test_a_state_folder_that_cannot_be_one_is_said(tiny: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(HomeUnusable, match="cannot be made"):
        pull(str(tiny), tmp_path / "file")


def test_everything_that_is_here_is_listed(tiny: Path, home: Path) -> None:
    assert installed(home) == []
    pull(str(tiny), home)
    (home / "models" / "half-done").mkdir()
    assert [(manifest.card.id, manifest.path) for manifest in installed(home)] == [("My-tiny-Q4", tiny)]
    assert open_checkpoint(installed(home)[0].path).params["dim"] == 8
