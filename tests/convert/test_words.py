"""Tokenizers, templates and licences go along, whatever the form."""

import json
import shutil
from contextlib import closing
from pathlib import Path

import mistral_common
import pytest

from alize.convert.check import Form
from alize.convert.licence import licence_entries
from alize.convert.words import check_words, entries_of, files_of
from alize.errors import CheckpointInvalid, ConversionFailed
from alize.tokenize import load_tokenizer
from alize.weights.checkpoints import TokenizerFiles, open_checkpoint
from alize.weights.describe import describe
from tests.tiny_model import write_tiny_gguf

DATA = Path(mistral_common.__file__).parent / "data"
MODELS = {
    "tokenizer.model.v1": "tokenizer.model.v1",
    "tokenizer.model.v3": "mistral_instruct_tokenizer_240323.model.v3",
    "tokenizer.model.v7": "mistral_instruct_tokenizer_241114.model.v7",
    "tekken.json": "tekken_240911.json",
}


def written(folder: Path, tokenizer: TokenizerFiles) -> TokenizerFiles:
    """The tokenizer's files, in a folder."""
    folder.mkdir()
    for name, content in files_of(tokenizer).items():
        assert isinstance(content, str)
        (folder / name).write_text(content)
    return TokenizerFiles(files={path.name: path for path in folder.iterdir()})


@pytest.mark.parametrize("name", [pytest.param(name, marks=pytest.mark.slow) for name in MODELS])
def test_mistral_s_tokenizers_cut_the_same_in_a_gguf_and_in_tokenizer_json(name: str, tmp_path: Path) -> None:
    release = TokenizerFiles(files={name: DATA / MODELS[name]})
    in_gguf = TokenizerFiles(gguf=entries_of(release))
    check_words(release, in_gguf)
    check_words(in_gguf, written(tmp_path / "files", in_gguf))


def test_a_byte_level_tokenizer_is_the_same_after_both_ways(tmp_path: Path) -> None:
    checkpoint = open_checkpoint(write_tiny_gguf(tmp_path / "tiny.gguf"))
    files = written(tmp_path / "files", checkpoint.tokenizer)
    template = checkpoint.tokenizer.chat_template
    back = entries_of(TokenizerFiles(files=files.files, chat_template=template))
    assert back | checkpoint.tokenizer.gguf == back
    talk = [{"role": "user", "content": "he 12"}]
    assert load_tokenizer(files).template(talk) == load_tokenizer(checkpoint.tokenizer).template(talk)


def test_a_tokenizer_that_cuts_otherwise_is_refused(tmp_path: Path) -> None:
    checkpoint = open_checkpoint(write_tiny_gguf(tmp_path / "tiny.gguf"))
    files = written(tmp_path / "files", checkpoint.tokenizer)
    path = files.files["tokenizer.json"]
    document = json.loads(path.read_text())
    document["normalizer"] = {"type": "Lowercase"}
    path.write_text(json.dumps(document))
    with pytest.raises(ConversionFailed, match="otherwise"):
        check_words(checkpoint.tokenizer, files)
    with pytest.raises(ConversionFailed, match="no name in a GGUF"):
        entries_of(files)


@pytest.mark.parametrize("form", ["consolidated", "huggingface"])
def test_template_and_licence_are_kept_through_a_gguf(form: Form, tmp_path: Path) -> None:
    from alize.convert.release import Order, convert

    tiny = write_tiny_gguf(tmp_path / "tiny.gguf")
    convert(tiny, tmp_path / "folder", Order(form, licence="Apache-2.0"))
    assert describe(open_checkpoint(tmp_path / "folder"), "tiny", "", 0).licence == "apache-2.0"
    (tmp_path / "folder" / "LICENSE").write_text("Do what you like.")
    convert(tmp_path / "folder", tmp_path / "again.gguf", Order("gguf"))
    convert(tmp_path / "again.gguf", tmp_path / "last", Order(form))
    again = open_checkpoint(tmp_path / "again.gguf")
    assert again.metadata["license"] == "apache-2.0"
    assert again.tokenizer.chat_template == open_checkpoint(tiny).tokenizer.chat_template
    assert (tmp_path / "last" / "LICENSE").read_text() == "Do what you like."
    assert "apache-2.0" in (tmp_path / "last" / "README.md").read_text()


@pytest.mark.parametrize("form", ["gguf", "consolidated", "huggingface"])
def test_a_template_that_lies_beside_a_gguf_goes_with_it(form: Form, tmp_path: Path) -> None:
    from alize.convert.release import Order, convert

    tiny, target = write_tiny_gguf(tmp_path / "tiny.gguf", None), tmp_path / "out" / ("model.gguf" if form == "gguf" else "folder")
    (tmp_path / "chat_template.jinja").write_text("{{ messages[0].content }}")
    convert(tiny, target, Order(form))
    if form == "gguf":
        assert not (target.parent / "chat_template.jinja").exists()
    with closing(open_checkpoint(target)) as again:
        assert again.tokenizer.chat_template == "{{ messages[0].content }}"


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("added_tokens", [{"content": "<far>", "id": 2**45, "special": True}]),
        ("added_tokens", [{"id": 3}]),
        ("model", []),
        ("model", {"type": "BPE", "vocab": {"a": "b"}, "merges": []}),
    ],
)
def test_a_tokenizer_json_that_lies_is_refused_before_anything_is_made_of_it(key: str, value: object, tmp_path: Path) -> None:
    files = written(tmp_path / "files", open_checkpoint(write_tiny_gguf(tmp_path / "tiny.gguf")).tokenizer)
    path = files.files["tokenizer.json"]
    path.write_text(json.dumps(json.loads(path.read_text()) | {key: value}))
    with pytest.raises(CheckpointInvalid, match=r"tokenizer\.json"):
        entries_of(files)


@pytest.mark.parametrize("specials", [2**45, 1.0, -1, True, None])
def test_a_tekken_that_lies_about_its_control_tokens_is_refused(specials: object, tmp_path: Path) -> None:
    path = tmp_path / "tekken.json"
    size = specials + 1 if isinstance(specials, int | float) else 1
    config = {"default_num_special_tokens": specials, "default_vocab_size": size}
    control = [{"rank": 0, "token_str": "<unk>"}]
    path.write_text(json.dumps({"config": config, "vocab": [{"token_bytes": "YQ=="}], "special_tokens": control}))
    with pytest.raises(CheckpointInvalid, match=r"tekken\.json"):
        entries_of(TokenizerFiles(files={"tekken.json": path}))


@pytest.mark.parametrize(
    ("card", "named"),
    [
        ("---\ntags:\n- a\nlicense: 'mit'\n---\nlicense: other\n", "mit"),
        ("---\ntags: a\n---\nlicense: mit\n", None),
        ("license: mit\n", None),
        ("---\n" + "license: a b\n" * 80_000, None),  # read in a moment: its head never ends
        ("", None),
    ],
)
def test_a_licence_is_what_the_head_of_a_card_says(card: str, named: str | None, tiny_checkpoint: Path, tmp_path: Path) -> None:
    shutil.copytree(tiny_checkpoint, tmp_path / "model")
    (tmp_path / "model" / "README.md").write_text(card)
    assert licence_entries(open_checkpoint(tmp_path / "model"), None).get("general.license") == named
