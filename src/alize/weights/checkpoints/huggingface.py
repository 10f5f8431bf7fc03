"""Releases for Hugging Face's transformers. In: a folder with config.json and safetensors. Out: a Checkpoint in canonical names.

transformers rotates the first half of a head against the second, so the rows of queries and keys are stored in halves; a
StoredTensor says so, and its array is permuted to the interleaved layout. Latent attention is stored interleaved already.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from alize.errors import CheckpointInvalid
from alize.weights.checkpoints.base import StoredTensor
from alize.weights.checkpoints.beside import tokenizer_files
from alize.weights.checkpoints.fields import printable, read_json, shown
from alize.weights.checkpoints.huggingface_config import params_of
from alize.weights.checkpoints.layout import INDEX, Layout
from alize.weights.checkpoints.mamba import from_mamba
from alize.weights.checkpoints.mapped import FileTensor, MappedCheckpoint
from alize.weights.checkpoints.names import from_consolidated, from_huggingface, named
from alize.weights.checkpoints.safetensors_file import read_safetensors
from alize.weights.checkpoints.stacked import unstacked

__all__ = ["open_huggingface"]

KEEPS_NAMES = frozenset({"mistral_large4"})
"""Families whose tensors are named here, too, as Mistral names them, and rotated in pairs."""


def open_huggingface(folder: Path, layout: Layout) -> MappedCheckpoint:
    """Raises CheckpointInvalid naming the file and what is wrong in it."""
    config = read_json(folder / "config.json")
    params = params_of(config, folder / "config.json")
    kept = config.get("model_type") in KEEPS_NAMES
    canonical = from_mamba if config.get("model_type") == "mamba2" else from_consolidated if kept else from_huggingface
    tensors = named(folder, unstacked(folder, _tensors(folder, layout)), canonical)
    if params.setdefault("tied_embeddings", "output.weight" not in tensors):
        tensors.pop("output.weight", None)  # transformers puts the embedding table in its place, too
    params["qkv_bias"] = "layers.0.attention.wq.bias" in tensors
    metadata = {"name": folder.name} | {key: config[key] for key in ("dtype", "torch_dtype", "transformers_version") if key in config}
    if not kept:
        tensors = _in_halves(folder, params, tensors)
    return MappedCheckpoint("huggingface", folder, params, tensors, tokenizer_files(folder, layout), metadata)


def _tensors(folder: Path, layout: Layout) -> list[FileTensor]:
    """The tensors of all shards; with an index, of those it names, and it must be right about each."""
    if INDEX not in layout.configuration:
        return [tensor for name in layout.weights for tensor in read_safetensors(folder / name).values()]
    placed: Any = read_json(folder / INDEX).get("weight_map")
    if not isinstance(placed, dict) or not placed:
        raise CheckpointInvalid(f"{folder / INDEX} has no 'weight_map'.", remedy="Fetch the model again.")
    shards = cast("dict[str, Any]", placed)
    for name in set(map(repr, shards.values())) - set(map(repr, layout.weights)):
        raise CheckpointInvalid(f"{folder / INDEX} names {shown(name)}, which is no shard in this folder.", remedy="Fetch the model again.")
    files = {name: read_safetensors(folder / name) for name in layout.weights}
    for tensor, shard in shards.items():
        if tensor not in files[shard]:
            raise CheckpointInvalid(
                f"{folder / INDEX} says '{printable(tensor[:200])}' is in {shard}, and it is not.", remedy="Fetch the model again."
            )
    return [tensor for file in files.values() for tensor in file.values()]


def _in_halves(folder: Path, params: Mapping[str, Any], tensors: Mapping[str, StoredTensor]) -> dict[str, StoredTensor]:
    """Mark the rows that are stored in halves."""
    marked: dict[str, StoredTensor] = {}
    for name, tensor in tensors.items():
        heads, width = _rotated(name, params)
        if heads and (not tensor.shape or tensor.shape[0] != heads * width or width % 2):
            raise CheckpointInvalid(
                f"{folder}: '{name}' is of shape {list(tensor.shape)}, which is not {heads} heads of {width}.",
                remedy="config.json and the weights are of different models: fetch them again.",
            )
        marked[name] = replace(tensor, rotary_halves=heads)
    return marked


def _rotated(name: str, params: Mapping[str, Any]) -> tuple[int, int]:
    """How many heads, and how wide, the rows of a tensor are, where they are rotated; else 0."""
    part = name.split(".")[-2]
    if name.startswith("vision_encoder."):
        seen: Mapping[str, Any] = params.get("vision_encoder", {})
        heads = seen.get("num_attention_heads", 0) if part in ("wq", "wk") else 0
        return heads, seen.get("hidden_size", 0) // max(1, heads)
    if "kv_lora_rank" in params:
        return 0, 0  # interleaved in the file
    return params["n_heads"] if part == "wq" else params["n_kv_heads"] if part == "wk" else 0, params["head_dim"]
