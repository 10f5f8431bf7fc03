"""Reads files of the corpus, each as part of an otherwise whole model. In: folders and files, on the command line. Out: JSON lines.

It runs in a process of its own, which may take 256 MiB more than what it takes with everything imported.
"""

import json
import resource
import shutil
import sys
from pathlib import Path

import torch
from tokenizers import Tokenizer

from alize.errors import AlizeError
from alize.model.load import load_model
from alize.tokenize import huggingface, load_tokenizer, mistral, template
from alize.weights.checkpoints import open_checkpoint

ROOM = 256 * 2**20
PLACES = {
    "safetensors": ("released", "consolidated.safetensors"),
    "params": ("released", "params.json"),
    "config": ("saved", "config.json"),
    "index": ("sharded", "model.safetensors.index.json"),
    "tokenizer": ("saved", "tokenizer.json"),
    "tekken": ("saved", "tekken.json"),
    "sentencepiece": ("saved", "tokenizer.model.v3"),
    "template": ("saved", "chat_template.jinja"),
    "gguf": ("", "model.gguf"),
    "mmproj": ("sighted", "mmproj.gguf"),
}


def read(folder: Path) -> None:
    """As a server does with a model, up to its first prompt."""
    checkpoint = open_checkpoint(folder)
    load_model(checkpoint)
    tokenizer = load_tokenizer(checkpoint.tokenizer)
    tokenizer.template([{"role": "user", "content": "hello"}])


def main(models: Path, work: Path, files: list[Path]) -> None:
    assert all((torch, Tokenizer, huggingface, mistral, template))
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + ROOM,) * 2)
    for file in files:
        model, name = PLACES[file.parent.name]
        folder = work / file.parent.name / file.stem
        shutil.copytree(models / model, folder) if model else folder.mkdir(parents=True)
        shutil.copyfile(file, folder / name)
        try:
            read(folder)
            said = ["accepted", ""]
        except AlizeError as refused:
            said = ["refused", refused.text]
        except Exception as error:  # noqa: BLE001  (told to the test, whatever it is)
            said = ["broke", f"{type(error).__name__}: {error}"]
        shutil.rmtree(folder)
        print(json.dumps([f"{file.parent.name}/{file.name}", *said]), flush=True)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]), [Path(file) for file in sys.argv[3:]])
