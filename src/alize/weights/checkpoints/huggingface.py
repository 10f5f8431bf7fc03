"""Releases for Hugging Face's transformers. In: a folder with config.json and safetensors. Out: a Checkpoint in canonical names.

transformers rotates the first half of a head against the second, so the rows of queries and keys are stored in halves; a
StoredTensor says so, and its array is permuted to the interleaved layout. Source: the classes MistralConfig and LlamaConfig of
transformers 5.24, whose defaults stand in for entries that a config.json leaves out.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

from alize.errors import CheckpointInvalid
from alize.weights.checkpoints.base import StoredTensor
from alize.weights.checkpoints.beside import tokenizer_files
from alize.weights.checkpoints.fields import Fields, printable, read_json, shown
from alize.weights.checkpoints.layout import INDEX, Layout
from alize.weights.checkpoints.mapped import FileTensor, MappedCheckpoint
from alize.weights.checkpoints.names import from_huggingface, named
from alize.weights.checkpoints.safetensors_file import read_safetensors

__all__ = ["open_huggingface", "params_of"]

ARCHITECTURES = {"mistral": "MistralForCausalLM", "llama": "LlamaForCausalLM"}  # by model_type


def open_huggingface(folder: Path, layout: Layout) -> MappedCheckpoint:
    """Raises CheckpointInvalid naming the file and what is wrong in it."""
    config = read_json(folder / "config.json")
    params = params_of(config, folder / "config.json")
    tensors = named(folder, _tensors(folder, layout), from_huggingface)
    if params["tied_embeddings"]:
        tensors.pop("output.weight", None)  # transformers puts the embedding table in its place, too
    params["qkv_bias"] = "layers.0.attention.wq.bias" in tensors
    metadata = {"name": folder.name} | {key: config[key] for key in ("dtype", "torch_dtype", "transformers_version") if key in config}
    return MappedCheckpoint("huggingface", folder, params, _in_halves(folder, params, tensors), tokenizer_files(folder, layout), metadata)


def params_of(config: Mapping[str, Any], path: Path) -> dict[str, Any]:
    """A config.json in the vocabulary of params.json. Raises CheckpointInvalid for what this version cannot run."""
    fields = Fields(path, config)
    kind = fields.get("model_type")
    if not isinstance(kind, str) or kind not in ARCHITECTURES:
        raise CheckpointInvalid(
            f"{path} is of the model_type {shown(kind)}, which cannot be run.", remedy=f"Supported are {', '.join(ARCHITECTURES)}."
        )
    fields.expect("architectures", ARCHITECTURES[kind])
    fields.expect("hidden_act", "silu")
    fields.refuse("quantization_config", "weights quantised this way cannot be read; take the release that is not, or a GGUF")
    dim, heads = fields.integer("hidden_size"), fields.integer("num_attention_heads")
    params: dict[str, Any] = {
        "dim": dim,
        "n_layers": fields.integer("num_hidden_layers"),
        "n_heads": heads,
        "n_kv_heads": fields.integer("num_key_value_heads", heads if kind == "llama" else None),
        "head_dim": fields.integer("head_dim", dim // max(1, heads)),
        "hidden_dim": fields.integer("intermediate_size"),
        "vocab_size": fields.integer("vocab_size"),
        "norm_eps": fields.number("rms_norm_eps"),
        "rope_theta": _rope_theta(fields),
        "max_position_embeddings": fields.integer("max_position_embeddings"),
        "tied_embeddings": fields.flag("tie_word_embeddings", False),
    }
    if kind == "mistral" and config.get("sliding_window", 4096) is not None:
        params["sliding_window"] = fields.integer("sliding_window", 4096)
    if kind == "llama":
        fields.refuse("sliding_window", "the architecture llama has none")
    return params


def _rope_theta(fields: Fields) -> float:
    """The base of the rotation, which transformers 5 puts into `rope_parameters`. Stretched rotations are refused."""
    fields.expect("partial_rotary_factor", 1.0)
    theta = fields.number("rope_theta", 10000.0)
    for key in ("rope_scaling", "rope_parameters"):
        value = fields.get(key)
        if value is None:
            continue
        if not isinstance(value, dict):
            raise CheckpointInvalid(f"{fields.path}: '{key}' is {shown(value)}, not an object.", remedy="Fetch the model again.")
        rope = Fields(fields.path, {f"{key}.{name}": entry for name, entry in cast("dict[str, Any]", value).items()}, f"{key}.")
        for name in ("rope_type", "type"):
            rope.expect(name, "default")
        rope.expect("partial_rotary_factor", 1.0)
        theta = rope.number("rope_theta", theta)
        rope.refuse_rest()
    return theta


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
        part = name.split(".")[-2]
        heads = params["n_heads"] if part == "wq" else params["n_kv_heads"] if part == "wk" else 0
        if heads and (not tensor.shape or tensor.shape[0] != heads * params["head_dim"] or params["head_dim"] % 2):
            raise CheckpointInvalid(
                f"{folder}: '{name}' is of shape {list(tensor.shape)}, which is not {heads} heads of {params['head_dim']}.",
                remedy="config.json and the weights are of different models: fetch them again.",
            )
        marked[name] = replace(tensor, rotary_halves=heads)
    return marked
