"""Adapters with random numbers. In: the shapes of a model's layers. Out: a file as mistral-finetune writes it, or a folder as PEFT does."""

import json
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

PEFT = {"q": "self_attn.q_proj", "v": "self_attn.v_proj", "down": "mlp.down_proj"}


def write_release(path: Path, shapes: Mapping[str, tuple[int, ...]], seed: int = 0, rank: int = 4, size: float = 0.3) -> Path:
    """`shapes`: layer → [out, in]. The same bytes for the same seed."""
    numbers = np.random.default_rng(seed)
    tensors: dict[str, np.ndarray] = {}
    for layer, (out, into) in sorted(shapes.items()):
        tensors[f"{layer}.lora_A.weight"] = (numbers.standard_normal((rank, into)) * size).astype(np.float32)
        tensors[f"{layer}.lora_B.weight"] = (numbers.standard_normal((out, rank)) * size).astype(np.float32)
    path.parent.mkdir(parents=True, exist_ok=True)
    save_file(tensors, path)
    return path


def write_peft(folder: Path, layers: int, shapes: Mapping[str, tuple[int, int]], seed: int = 0, rank: int = 4, size: float = 0.3) -> Path:
    """`shapes`: part of a layer, as in PEFT's table above → [out, in]."""
    numbers = np.random.default_rng(seed)
    folder.mkdir(parents=True, exist_ok=True)
    tensors: dict[str, np.ndarray] = {}
    for layer in range(layers):
        for part, (out, into) in sorted(shapes.items()):
            stem = f"base_model.model.model.layers.{layer}.{PEFT[part]}"
            tensors[f"{stem}.lora_A.weight"] = (numbers.standard_normal((rank, into)) * size).astype(np.float32)
            tensors[f"{stem}.lora_B.weight"] = (numbers.standard_normal((out, rank)) * size).astype(np.float32)
    save_file(tensors, folder / "adapter_model.safetensors")
    (folder / "adapter_config.json").write_text(json.dumps({"peft_type": "LORA", "r": rank, "lora_alpha": rank, "bias": "none"}))
    return folder
