"""A Pixtral of random weights, as a release holds it. In: a folder. Out: transformers' model, and its files, or those of a GGUF."""

import json
import shutil
from functools import partial
from pathlib import Path
from typing import Any

from alize.convert.words import entries_of
from alize.weights.checkpoints import TokenizerFiles
from alize.weights.checkpoints.gguf_file import read_gguf
from alize.weights.checkpoints.gguf_write import write_gguf
from alize.weights.checkpoints.vision_config import MEAN, SPREAD
from alize.weights.checkpoints.writing import new_tensor
from tests.model.families import PIXTRAL, Family, reference, saved

SIDE, MOST = 16, 1024
TINY = Family(
    "Llava",
    {"sliding_window": None, "vocab_size": 131072, "max_position_embeddings": 4096},
    "ForConditionalGeneration",
    "mistral",
    eye={"patch_size": SIDE, "image_size": MOST, "hidden_act": "silu", "num_hidden_layers": 3},
    around=PIXTRAL,
)


def write_tiny_pixtral(folder: Path) -> Any:
    """transformers' model; the folder then holds the same weights and the tokenizer of Pixtral that mistral-common carries."""
    import mistral_common

    model = reference(TINY)
    shutil.copy(Path(mistral_common.__file__).parent / "data" / "tekken_240911.json", saved(model, folder) / "tekken.json")
    return model


TEMPLATE = """{{ bos_token }}{% for message in messages %}{% set parts = message['content'] %}{% if message['role'] != 'user' %}
{{- parts }}</s>{% elif parts is string %}[INST]{{ parts }}[/INST]{% else %}[INST]{% if parts | length == 2 %}
{%- set parts = parts | sort(attribute='type') %}{% endif %}{% for part in parts %}
{%- if part['type'] == 'text' %}{{ part['text'] }}{% else %}[IMG]{% endif %}{% endfor %}[/INST]{% endif %}{% endfor %}"""
"""In Jinja; like mistral-common, it puts one image before the one text that comes with it."""
BREAK = 12


def for_converter(folder: Path) -> Path:
    """With what llama.cpp's converter asks of a release beside its weights."""
    (folder / "preprocessor_config.json").write_text(json.dumps({"image_mean": MEAN, "image_std": SPREAD}))
    (folder / "tokenizer_config.json").write_text("{}")
    (folder / "tokenizer.json").write_text(json.dumps({"added_tokens": [{"id": BREAK, "content": "[IMG_BREAK]"}]}))
    return folder


def as_two_ggufs(folder: Path, target: Path) -> Path:
    """The same model as llama.cpp's converter writes it, and the tokenizer of `folder` in its GGUF."""
    from tests.model.converter import as_gguf

    source = for_converter(shutil.copytree(folder, target / "source"))
    tekken = source / "tekken.json"
    words = entries_of(TokenizerFiles(files={"tekken.json": tekken}, chat_template=TEMPLATE))
    (target / "both").mkdir()
    as_gguf(source, target / "both" / "mmproj-F32.gguf", more=("--mmproj",))
    converted = read_gguf(as_gguf(source, target / "words.gguf"))
    tensors = [new_tensor(tensor.name, tensor.kind, tensor.shape, partial(iter, [tensor.data])) for tensor in converted.tensors.values()]
    with (target / "both" / "model.gguf").open("wb") as file:
        write_gguf(file, converted.metadata | words, tensors)
    return target / "both"
