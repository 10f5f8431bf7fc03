"""GGUF checkpoints. In: one .gguf file, or any piece of a split one. Out: a Checkpoint in canonical names.

The architectures `llama` (which Mistral's dense models are released under as well) and `mistral3` are read. An entry about the
architecture that is not known here is refused by name, never skipped: it would change every answer.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from alize.errors import CheckpointInvalid
from alize.weights.checkpoints.base import StoredTensor, TokenizerFiles
from alize.weights.checkpoints.fields import Fields, shown
from alize.weights.checkpoints.gguf_file import GgufFile, read_gguf
from alize.weights.checkpoints.layout import split_of
from alize.weights.checkpoints.mapped import MappedCheckpoint
from alize.weights.checkpoints.names import from_gguf, named

__all__ = ["open_gguf", "pieces_of"]

ARCHITECTURES = ("llama", "mistral3")


def open_gguf(path: Path) -> MappedCheckpoint:
    """Raises CheckpointInvalid naming the file and what is wrong in it."""
    files = [read_gguf(piece) for piece in pieces_of(path)]
    metadata = files[0].metadata
    _check_split(files)
    architecture = metadata.get("general.architecture")
    if architecture not in ARCHITECTURES:
        raise CheckpointInvalid(
            f"{path} is of the architecture {shown(architecture)}, which cannot be run.",
            remedy=f"Supported are {', '.join(ARCHITECTURES)}.",
        )
    tensors = named(path, (tensor for file in files for tensor in file.tensors.values()), from_gguf)
    template = metadata.get("tokenizer.chat_template")
    return MappedCheckpoint(
        "gguf",
        path,
        _params(Fields(path, metadata, f"{architecture}."), tensors),
        tensors,
        TokenizerFiles(
            gguf={key: value for key, value in metadata.items() if key.startswith("tokenizer.")},
            chat_template=template if isinstance(template, str) else None,
        ),
        {key.removeprefix("general."): value for key, value in metadata.items() if key.startswith("general.")},
    )


def pieces_of(path: Path) -> list[Path]:
    """All files of a split checkpoint, in order; the path alone where it is not split.

    Raises CheckpointInvalid naming the first piece that is missing.
    """
    pieces = [path.with_name(name) for name in split_of(path.name)]
    for piece in pieces:
        if not piece.is_file():
            several = f": {path.name} is one of {len(pieces)} pieces" if len(pieces) > 1 else ""
            raise CheckpointInvalid(f"{piece} is missing{several}.", remedy="Put all pieces into one folder.")
    return pieces


def _check_split(files: list[GgufFile]) -> None:
    for number, file in enumerate(files):
        stated = file.metadata.get("split.no", 0), file.metadata.get("split.count", 0) or 1
        if stated != (number, len(files)):
            piece, count = map(shown, stated)
            raise CheckpointInvalid(
                f"{file.path} says inside that it is piece {piece} (from 0) of {count}; its name says {number} of {len(files)}.",
                remedy="Fetch the pieces again under their own names.",
            )
    total, claimed = sum(len(file.tensors) for file in files), files[0].metadata.get("split.tensors.count")
    if len(files) > 1 and claimed not in (None, total):
        raise CheckpointInvalid(
            f"{files[0].path} claims {shown(claimed)} tensors in all pieces, which hold {total}.", remedy="Fetch them again."
        )


def _params(fields: Fields, tensors: Mapping[str, StoredTensor]) -> dict[str, Any]:
    """The entries of the architecture in the vocabulary of params.json."""
    embedding = tensors.get("tok_embeddings.weight")
    if embedding is None or len(embedding.shape) != 2:
        raise CheckpointInvalid(f"{fields.path} has no table 'token_embd.weight' of embeddings.", remedy="It holds no language model.")
    heads, dim = fields.integer("attention.head_count"), fields.integer("embedding_length")
    head_dim = fields.integer("attention.key_length", dim // max(1, heads))
    params: dict[str, Any] = {
        "dim": dim,
        "n_layers": fields.integer("block_count"),
        "n_heads": heads,
        "n_kv_heads": fields.integer("attention.head_count_kv", heads),
        "head_dim": head_dim,
        "hidden_dim": fields.integer("feed_forward_length"),
        "vocab_size": embedding.shape[0],
        "norm_eps": _shortest(fields.number("attention.layer_norm_rms_epsilon")),
        "rope_theta": _shortest(fields.number("rope.freq_base", 10000.0)),
        "max_position_embeddings": fields.integer("context_length"),
        "tied_embeddings": "output.weight" not in tensors,
        "qkv_bias": "layers.0.attention.wq.bias" in tensors,
    }
    window = fields.integer("attention.sliding_window", 0)
    if window:
        params["sliding_window"] = window
    fields.expect("attention.value_length", head_dim)
    fields.expect("rope.dimension_count", head_dim)
    fields.expect("vocab_size", embedding.shape[0])
    fields.expect("rope.scaling.type", "none")
    fields.expect("rope.scale_linear", 1.0)
    fields.expect("expert_count", 0)
    fields.expect("expert_used_count", 0)
    fields.expect("attention.causal", True)
    if fields.get("rope.scaling.type") is not None:  # none: the factors beside it say nothing
        fields.seen.update(key for key in fields.values if ".rope.scaling." in key)
    fields.refuse_rest()
    tokens: list[str] | None = fields.values.get("tokenizer.ggml.tokens")
    if isinstance(tokens, list) and len(tokens) > embedding.shape[0]:
        raise CheckpointInvalid(f"{fields.path} names {len(tokens)} tokens for {embedding.shape[0]} embeddings.", remedy="It is damaged.")
    return params


def _shortest(value: float) -> float:
    """The shortest decimal that is the same float32: a file's 9.99999974e-06 was 1e-05 in the configuration it was made from."""
    return float(str(np.float32(value)))
