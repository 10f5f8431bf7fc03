"""Models are written in other forms and fewer bits from the command line, and what that costs is printed."""

import json
from pathlib import Path

from tests.cli.conftest import Alize
from tests.model.families import SEEING, reference, saved
from tests.tiny_model import write_tiny_gguf


def test_a_model_is_converted_rounded_and_measured(alize: Alize, tmp_path: Path) -> None:
    tiny, folder, rounded = write_tiny_gguf(tmp_path / "tiny.gguf"), tmp_path / "folder", tmp_path / "rounded.gguf"
    done = alize("convert", str(tiny), "-o", str(folder), "--to", "huggingface", "--json")
    assert done.exit_code == 0, done.stderr
    size = sum(path.stat().st_size for path in folder.iterdir())
    assert json.loads(done.stdout) == {"path": str(folder), "form": "huggingface", "bytes": size, "projector": None}
    done = alize("quantize", str(folder), "-o", str(rounded), "--to", "q8_0")
    assert (done.exit_code, done.stdout.split()[0]) == (0, str(rounded))
    done = alize("eval", "quantization", str(tiny), str(folder), str(rounded), "--tokens", "100", "--json")
    assert done.exit_code == 0, done.stderr
    first, same, other = json.loads(done.stdout)
    assert (first["kl"], same["kl"], same["agreement"]) == (0, 0, 1)
    assert other["kl"] > 0
    assert other["model"] == "rounded.gguf"
    table = alize("eval", "quantization", str(tiny), str(rounded), "--tokens", "100").stdout
    assert "rounded.gguf" in table
    assert "perplexity" in table


def test_a_text_of_one_s_own_calibrates(alize: Alize, tmp_path: Path) -> None:
    tiny = write_tiny_gguf(tmp_path / "tiny.gguf")
    (tmp_path / "text").write_text("he said so, and he went. " * 40)
    done = alize("quantize", str(tiny), "-o", str(tmp_path / "few"), "--to", "int4-g32", "--calibrate", str(tmp_path / "text"))
    assert done.exit_code == 0, done.stderr
    assert (tmp_path / "few" / "config.json").exists()


def test_what_stays_in_sixteen_bits_is_said(alize: Alize, tmp_path: Path) -> None:
    done = alize("quantize", str(write_tiny_gguf(tmp_path / "tiny.gguf")), "-o", str(tmp_path / "few"), "--to", "int4-g64")
    assert done.exit_code == 0, done.stderr
    assert "matrices stay in 16 bits" in done.stderr


def test_what_has_no_tokenizer_is_said_to_have_none(alize: Alize, tiny_checkpoint: Path, tmp_path: Path) -> None:
    for arguments in (("convert", "--to", "huggingface"), ("quantize", "--to", "int8")):
        done = alize(arguments[0], str(tiny_checkpoint), "-o", str(tmp_path / arguments[0]), *arguments[1:])
        assert done.exit_code == 0, done.stderr
        assert "no tokenizer" in " ".join(done.stderr.split())
    worded = alize("convert", str(write_tiny_gguf(tmp_path / "tiny.gguf")), "-o", str(tmp_path / "worded"), "--to", "huggingface")
    assert "tokenizer" not in worded.stderr


def test_the_file_that_a_model_sees_with_is_named_and_missed(alize: Alize, tmp_path: Path) -> None:
    seeing = saved(reference(SEEING["merged patches"]), tmp_path / "theirs")
    model, projector = tmp_path / "out" / "model.gguf", tmp_path / "out" / "mmproj-model.gguf"
    done = alize("convert", str(seeing), "-o", str(model), "--to", "gguf")
    assert done.exit_code == 0, done.stderr
    assert [line.split()[0] for line in done.stdout.splitlines()] == [str(model), str(projector)]
    for folder, blind in ((tmp_path / "out", False), (tmp_path / "elsewhere", True)):
        done = alize("quantize", str(model), "-o", str(folder / "few.gguf"), "--to", "q8_0", "--json")
        assert done.exit_code == 0, done.stderr
        assert json.loads(done.stdout)["projector"] is None
        assert (f"reads text alone until {projector} lies beside it" in " ".join(done.stderr.split())) is blind


def test_mistakes_are_said_in_a_sentence(alize: Alize, tmp_path: Path) -> None:
    tiny = str(write_tiny_gguf(tmp_path / "tiny.gguf"))
    for arguments, words in (
        (("convert", tiny, "-o", tiny, "--to", "gguf"), "is there already"),
        (("convert", tiny, "-o", str(tmp_path / "model"), "--to", "gguf"), "ends in .gguf"),
        (("quantize", tiny, "-o", str(tmp_path / "model"), "--to", "q8_0"), "q8_0 is a file whose name ends in .gguf"),
        (("quantize", tiny, "-o", str(tmp_path / "a.gguf"), "--to", "int8"), "is written as a folder"),
        (("quantize", tiny, "-o", str(tmp_path / "few"), "--to", "int8", "--calibrate", str(tmp_path / "absent")), "cannot be read"),
        (("convert", str(tmp_path / "absent.gguf"), "-o", str(tmp_path / "few"), "--to", "huggingface"), "absent.gguf"),
    ):
        done = alize(*arguments)
        assert done.exit_code == 1, arguments
        assert words in " ".join(done.stderr.split()), done.stderr
