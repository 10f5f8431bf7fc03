"""A tiny model and what it sees or hears with, each a GGUF whose every entry and tensor can be made to lie."""

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from tests.weights.checkpoints.tiny_gguf import ARRAY, BOOL, FLOAT32, STRING, UINT32, Gguf, entry, llama

Entries = Mapping[str, tuple[int, Any]]
Shapes = Mapping[str, tuple[int, ...]]
WIDTH = 8  # of the model's embeddings
F32 = 0

EYE: Entries = {
    "general.architecture": (STRING, "clip"),
    "general.type": (STRING, "mmproj"),
    "clip.projector_type": (STRING, "pixtral"),
    "clip.has_vision_encoder": (BOOL, True),
    "clip.vision.projection_dim": (UINT32, WIDTH),
    "clip.vision.image_size": (UINT32, 16),
    "clip.vision.patch_size": (UINT32, 2),
    "clip.vision.embedding_length": (UINT32, 8),
    "clip.vision.feed_forward_length": (UINT32, 12),
    "clip.vision.block_count": (UINT32, 1),
    "clip.vision.attention.head_count": (UINT32, 2),
    "clip.vision.attention.layer_norm_epsilon": (FLOAT32, 1e-5),
    "clip.vision.image_mean": (ARRAY, (FLOAT32, [0.48145466, 0.4578275, 0.40821073])),
    "clip.vision.image_std": (ARRAY, (FLOAT32, [0.26862954, 0.26130258, 0.27577711])),
    "clip.vision.spatial_merge_size": (UINT32, 2),
    "clip.use_silu": (BOOL, True),
}
EYE_TENSORS: Shapes = {
    "v.patch_embd.weight": (8, 3, 2, 2),
    "v.pre_ln.weight": (8,),
    "mm.input_norm.weight": (8,),
    "mm.patch_merger.weight": (8, 32),
    "mm.1.weight": (WIDTH, 8),
    "mm.2.weight": (WIDTH, WIDTH),
    "v.blk.0.ln1.weight": (8,),
    "v.blk.0.ln2.weight": (8,),
    **{f"v.blk.0.attn_{part}.weight": (8, 8) for part in ("q", "k", "v", "out")},
    "v.blk.0.ffn_gate.weight": (12, 8),
    "v.blk.0.ffn_up.weight": (12, 8),
    "v.blk.0.ffn_down.weight": (8, 12),
}
EAR: Entries = {
    "general.architecture": (STRING, "clip"),
    "clip.projector_type": (STRING, "voxtral"),
    "clip.has_audio_encoder": (BOOL, True),
    "clip.audio.projection_dim": (UINT32, WIDTH),
    "clip.audio.embedding_length": (UINT32, 8),
    "clip.audio.feed_forward_length": (UINT32, 32),
    "clip.audio.block_count": (UINT32, 1),
    "clip.audio.attention.head_count": (UINT32, 2),
    "clip.audio.attention.layer_norm_epsilon": (FLOAT32, 1e-5),
    "clip.audio.num_mel_bins": (UINT32, 4),
    "clip.audio.projector.stack_factor": (UINT32, 4),
}
EAR_TENSORS: Shapes = {
    "a.conv1d.1.weight": (8, 4, 3),
    "a.conv1d.1.bias": (8, 1),
    "a.conv1d.2.weight": (8, 8, 3),
    "a.conv1d.2.bias": (8, 1),
    "a.position_embd.weight": (20, 8),
    **{f"a.post_ln.{suffix}": (8,) for suffix in ("weight", "bias")},
    **{f"a.blk.0.{part}.{suffix}": (8,) for part in ("ln1", "ln2") for suffix in ("weight", "bias")},
    **{f"a.blk.0.attn_{part}.weight": (8, 8) for part in ("q", "k", "v", "out")},
    **{f"a.blk.0.attn_{part}.bias": (8,) for part in ("q", "v", "out")},
    "a.blk.0.ffn_up.weight": (32, 8),
    "a.blk.0.ffn_up.bias": (32,),
    "a.blk.0.ffn_down.weight": (8, 32),
    "a.blk.0.ffn_down.bias": (8,),
    "mm.a.mlp.1.weight": (WIDTH, 32),
    "mm.a.mlp.2.weight": (WIDTH, WIDTH),
}
DECODER: Shapes = {
    "token_embd.weight": (5, WIDTH),
    "output_norm.weight": (WIDTH,),
    "blk.0.attn_norm.weight": (WIDTH,),
    "blk.0.ffn_norm.weight": (WIDTH,),
    "blk.0.attn_q.weight": (8, WIDTH),
    "blk.0.attn_k.weight": (4, WIDTH),
    "blk.0.attn_v.weight": (4, WIDTH),
    "blk.0.attn_output.weight": (WIDTH, 8),
    "blk.0.ffn_gate.weight": (16, WIDTH),
    "blk.0.ffn_up.weight": (16, WIDTH),
    "blk.0.ffn_down.weight": (WIDTH, 16),
}


def tensors(shapes: Shapes, seed: int = 0) -> dict[str, Any]:
    """Where each lies, and their bytes: fields of a `Gguf`."""
    numbers, placed, data = np.random.default_rng(seed), [], b""
    for name, shape in shapes.items():
        placed.append((name, shape[::-1], F32, len(data)))
        part = (numbers.standard_normal(math.prod(shape)) * 0.3).astype("<f4").tobytes()
        data += part + bytes(-len(part) % 32)
    return {"tensors": placed, "data": data}


def mmproj(entries: Entries, shapes: Shapes, changes: Mapping[str, tuple[int, Any] | None] | None = None) -> Gguf:
    """`changes` replaces or (None) removes entries."""
    changed = {**entries, **(changes or {})}
    return Gguf(entries=[entry(key, *pair) for key, pair in changed.items() if pair is not None], **tensors(shapes, 1))


def write(folder: Path, projector: Gguf | bytes, name: str = "mmproj.gguf", **model: Any) -> Path:
    """Both, in one folder."""
    folder.mkdir(exist_ok=True)
    (folder / "model.gguf").write_bytes(llama(**{**tensors(DECODER), **model}).bytes())
    (folder / name).write_bytes(projector if isinstance(projector, bytes) else projector.bytes())
    return folder
