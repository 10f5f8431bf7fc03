"""Releases for Hugging Face's transformers. In: a folder with config.json and safetensors. Out: a Checkpoint in canonical names.

transformers rotates the first half of a head against the second, so the rows of queries and keys are stored in halves; a
StoredTensor says so, and its array is permuted to the interleaved layout. Latent attention is stored interleaved already.
"""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, cast

from alize.errors import CheckpointInvalid
from alize.weights.checkpoints.audio_config import encoder_of
from alize.weights.checkpoints.beside import stated_licence, tokenizer_files
from alize.weights.checkpoints.encoder import encoding, from_encoder
from alize.weights.checkpoints.fields import printable, read_json, shown
from alize.weights.checkpoints.gemma import READS_TEXT_ALONE, SEES, without_eyes
from alize.weights.checkpoints.halves import in_halves
from alize.weights.checkpoints.huggingface_config import BARE, params_of
from alize.weights.checkpoints.layout import INDEX, MODULES, POOLING, Layout
from alize.weights.checkpoints.mamba import from_mamba
from alize.weights.checkpoints.mapped import FileTensor, MappedCheckpoint
from alize.weights.checkpoints.names import from_consolidated, from_gemma, from_huggingface, named
from alize.weights.checkpoints.packed_file import packing_of, unpacked
from alize.weights.checkpoints.pooling import pooling_of
from alize.weights.checkpoints.safetensors_file import read_safetensors
from alize.weights.checkpoints.scaled import fp8_blocks, scaled
from alize.weights.checkpoints.stacked import unstacked

__all__ = ["open_huggingface"]

KEEPS_NAMES = frozenset({"mistral_large4"})
"""Families whose tensors are named here, too, as Mistral names them, and rotated in pairs."""
NAMES = {"mamba2": from_mamba, **dict.fromkeys(("gemma3_text", SEES), from_gemma), **dict.fromkeys(KEEPS_NAMES, from_consolidated)}


def open_huggingface(folder: Path, layout: Layout) -> MappedCheckpoint:
    """Raises CheckpointInvalid naming the file and what is wrong in it."""
    config = read_json(folder / "config.json")
    params = params_of(config, folder / "config.json")
    pooling, encoder = pooling_of(folder, layout), params.get("model_type") == "encoder"
    bare = _is_bare(config)
    if pooling is not None:
        params["pooling"] = pooling
    elif bare:
        raise CheckpointInvalid(
            f"{folder} is a model without a head, and nothing says how it makes a vector of a text.",
            remedy=f"Put {MODULES} and {POOLING} of the release beside it.",
        )
    kept = config.get("model_type") in KEEPS_NAMES
    where = folder / "config.json"
    files, blocks, packing = _tensors(folder, layout), fp8_blocks(config, where), packing_of(config, where)
    if config["model_type"] == SEES:
        files = without_eyes(files)
    ears = encoder_of(params)
    if encoder:
        tensors = named(folder, scaled(folder, encoding(files), blocks), from_encoder)
    else:
        canonical = NAMES.get(config["model_type"], from_huggingface) if ears is None else partial(from_huggingface, hears=True)
        files = _whole_names(files) if bare else files
        stored = scaled(folder, files, blocks) if packing is None else unpacked(folder, files, packing)
        tensors = named(folder, unstacked(folder, stored), canonical)
    if ears is not None:
        ears["learned_positions"] = "whisper_encoder.embed_positions.weight" in tensors
    if params.setdefault("tied_embeddings", "output.weight" not in tensors):
        tensors.pop("output.weight", None)  # transformers puts the embedding table in its place, too
    if not encoder:
        params["qkv_bias"] = "layers.0.attention.wq.bias" in tensors
    metadata = (
        {"name": folder.name}
        | stated_licence(folder)
        | {key: config[key] for key in ("dtype", "torch_dtype", "transformers_version") if key in config}
    )
    if not kept and not encoder:
        tensors = in_halves(folder, params, tensors)
    left_out = READS_TEXT_ALONE if config["model_type"] == SEES else None
    return MappedCheckpoint("huggingface", folder, params, tensors, tokenizer_files(folder, layout), metadata, left_out=left_out)


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


def _is_bare(config: Mapping[str, Any]) -> bool:
    classes: Any = config.get("architectures")
    return isinstance(classes, list) and len(cast("list[Any]", classes)) == 1 and str(cast("list[Any]", classes)[0]).endswith(BARE)


def _whole_names(tensors: list[FileTensor]) -> list[FileTensor]:
    """As they are called in a model that has a head."""
    return [replace(tensor, name=f"model.{tensor.name}") for tensor in tensors]
