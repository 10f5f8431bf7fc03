"""Rotary layouts. In: tensors of a file that rotates the first half of a head against the second. Out: the same, marked as such.

transformers stores the rows of queries and keys so, and GGUF those of the families that came after Llama; array() permutes what is
marked to the interleaved layout. Whatever is made for each number of a head goes with it: biases, and the factors of a head's norm.
"""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from alize.errors import CheckpointInvalid
from alize.weights.checkpoints.audio_config import encoder_of
from alize.weights.checkpoints.base import StoredTensor

__all__ = ["in_halves"]


def in_halves(where: Path, params: Mapping[str, Any], tensors: Mapping[str, StoredTensor]) -> dict[str, StoredTensor]:
    """Raises CheckpointInvalid for rows that are not of the heads that the configuration says."""
    marked: dict[str, StoredTensor] = {}
    for name, tensor in tensors.items():
        heads, width = _rotated(name, params)
        if heads and (not tensor.shape or tensor.shape[0] != heads * width or width % 2):
            raise CheckpointInvalid(
                f"{where}: '{name}' is of shape {list(tensor.shape)}, which is not {heads} heads of {width}.",
                remedy="The configuration and the weights are of different models: fetch them again.",
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
    if name.startswith("whisper_encoder."):
        heard = encoder_of(params) or {}
        return heard["n_heads"] if part in ("wq", "wk") and heard["causal"] else 0, heard["head_dim"]
    if "kv_lora_rank" in params:
        return 0, 0  # interleaved in the file
    heads = {"wq": params.get("n_heads", 0), "wk": params.get("n_kv_heads", 0), "q_norm": 1, "k_norm": 1}
    return heads.get(part, 0), params.get("head_dim", 0)
