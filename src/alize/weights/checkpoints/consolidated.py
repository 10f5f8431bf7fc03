"""Mistral's own releases. In: a folder with params.json and consolidated*.safetensors. Out: a Checkpoint.

Names and layout of these files are the canonical ones: nothing is translated but the outer names of Mamba.
"""

from pathlib import Path

from alize.errors import CheckpointInvalid
from alize.weights.checkpoints.beside import stated_licence, tokenizer_files
from alize.weights.checkpoints.fields import read_json, shown
from alize.weights.checkpoints.layout import Layout
from alize.weights.checkpoints.mamba import from_mamba, release_params
from alize.weights.checkpoints.mapped import MappedCheckpoint
from alize.weights.checkpoints.names import from_consolidated, named
from alize.weights.checkpoints.safetensors_file import read_safetensors
from alize.weights.checkpoints.scaled import QUANTIZATION, fp8_blocks, scaled

__all__ = ["open_consolidated"]


def open_consolidated(folder: Path, layout: Layout) -> MappedCheckpoint:
    """Raises CheckpointInvalid naming the file and what is wrong in it."""
    files = [read_safetensors(folder / name) for name in layout.weights]
    params = read_json(folder / "params.json")
    blocks = fp8_blocks(params, folder / "params.json")
    params = {key: value for key, value in params.items() if key not in QUANTIZATION}
    canonical = from_consolidated
    if params.get("model_type") == "mamba":
        params, canonical = release_params(params), from_mamba
    tensors = named(folder, scaled(folder, (tensor for file in files for tensor in file.values()), blocks), canonical)
    embedding = tensors.get("tok_embeddings.weight")
    if embedding is None or len(embedding.shape) != 2:
        raise CheckpointInvalid(f"{folder} has no table 'tok_embeddings.weight' of embeddings.", remedy="It holds no language model.")
    if params.setdefault("vocab_size", embedding.shape[0]) != embedding.shape[0]:
        raise CheckpointInvalid(
            f"{folder / 'params.json'} says vocab_size {shown(params['vocab_size'])}, and the table has {embedding.shape[0]} embeddings.",
            remedy="The files are of different models: fetch them again.",
        )
    if "max_seq_len" in params:
        params.setdefault("max_position_embeddings", params["max_seq_len"])
    params["qkv_bias"] = "layers.0.attention.wq.bias" in tensors
    return MappedCheckpoint(
        "consolidated", folder, params, tensors, tokenizer_files(folder, layout), {"name": folder.name} | stated_licence(folder)
    )
