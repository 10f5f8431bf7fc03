"""Files that lie, one lie each, named after it: every one is refused in words that name what is wrong, and none is made room for.

A file that breaks a reader once is added here, with the words it must be refused with in says.json.
"""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.weights.checkpoints.tiny_mmproj import EYE, EYE_TENSORS, mmproj, write
from tests.weights.checkpoints.tiny_release import saved_by_transformers

pytest.importorskip("torch")
CORPUS = Path(__file__).parent / "corpus"
SAYS: dict[str, str] = json.loads((CORPUS / "says.json").read_text())


@pytest.fixture(scope="module")
def said(tiny_checkpoint: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str, str]]:
    """What was said of each file."""
    models = tmp_path_factory.mktemp("models")
    shutil.copytree(tiny_checkpoint, models / "released")
    for name, shard in (("saved", "1GB"), ("sharded", "3KB")):
        saved_by_transformers(models / name, "Llama", shard)
        shutil.copyfile(CORPUS.parent / "whole-tokenizer.json", models / name / "tokenizer.json")
    write(models / "sighted", mmproj(EYE, EYE_TENSORS))
    command = [sys.executable, "-m", "tests.weights.corpus_reader", str(models), str(tmp_path_factory.mktemp("work"))]
    files = sorted(str(path) for path in CORPUS.glob("*/*"))
    done = subprocess.run([*command, *files], cwd=Path(__file__).parents[2], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    return {name: (end, words) for name, end, words in lines}


def test_the_words_are_of_the_files_that_are_there() -> None:
    assert set(SAYS) == {f"{path.parent.name}/{path.name}" for path in CORPUS.glob("*/*")}


@pytest.mark.parametrize("file", SAYS)
def test_each_is_refused_in_words_that_name_what_is_wrong(file: str, said: dict[str, tuple[str, str]]) -> None:
    end, words = said[file]
    assert end == "refused", words
    assert SAYS[file] in words
    assert len(words) < 1500
    assert words.replace("\n", "").isprintable()
