"""Tiny models as the native core takes them. In: a path and kinds. Out: a GGUF of random weights in these."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import gguf
import numpy as np
import numpy.typing as npt

from tests.engine.native.blocks import SUPER, random_blocks

__all__ = ["Experts", "write_gguf"]

DIM, HIDDEN, LAYERS, HEADS, KV_HEADS, HEAD, VOCAB, CONTEXT = 96, 352, 3, 6, 2, 32, 203, 512  # HIDDEN: chunks of which the last is smaller


@dataclass(frozen=True)
class Experts:
    """Of every layer. `sharp`: how far apart their logits are."""

    count: int = 6
    active: int = 2
    sharp: float = 2.0


def write_gguf(
    path: Path,
    kind: str = "Q8_0",
    *,
    window: int = 0,
    head: int = HEAD,
    others: Mapping[str, str] | None = None,
    experts: Experts | None = None,
    normed: bool = False,
    vocab: int = VOCAB,
) -> Path:
    """The same bytes every time. `window` is seen by every layer; 0: they see all. `others`: kinds of tensors by a part of their names.
    `normed`: queries and keys are, as in Qwen 3.

    Kinds in blocks of 256 make a model as wide as that.
    """
    dim, hidden, heads, kv_heads = (256, 512, 256 // head, 2) if kind in SUPER else (DIM, HIDDEN, HEADS, KV_HEADS)
    writer = gguf.GGUFWriter(path, "llama" if not normed else "qwen3" if experts is None else "qwen3moe")
    writer.add_block_count(LAYERS)
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(dim)
    writer.add_feed_forward_length(hidden)
    writer.add_head_count(heads)
    writer.add_head_count_kv(kv_heads)
    writer.add_key_length(head)
    writer.add_value_length(head)
    writer.add_rope_dimension_count(head)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(vocab)
    if window:
        writer.add_sliding_window(window)
    if experts is not None:
        writer.add_expert_count(experts.count)
        writer.add_expert_used_count(experts.active)
        writer.add_expert_feed_forward_length(hidden)
    numbers = np.random.default_rng(0)

    def add(name: str, rows: int, columns: int, stack: int = 0) -> None:
        own = next((other for part, other in (others or {}).items() if part in name), kind)
        quantised = gguf.GGMLQuantizationType[own]
        every = rows * max(1, stack)
        if own in SUPER:
            data = random_blocks(own, every, columns, numbers, size=columns**-0.5).bytes
        else:
            data = gguf.quantize((numbers.standard_normal((every, columns)) * columns**-0.5).astype(np.float32), quantised)
        writer.add_tensor(name, data.reshape(stack, rows, -1) if stack else data, raw_dtype=quantised)

    def norm(name: str, width: int = dim) -> None:
        writer.add_tensor(name, (1 + numbers.standard_normal(width) * 0.1).astype(np.float32))

    add("token_embd.weight", vocab, dim)
    norm("output_norm.weight")
    add("output.weight", vocab, dim)
    for layer in range(LAYERS):
        norm(f"blk.{layer}.attn_norm.weight")
        norm(f"blk.{layer}.ffn_norm.weight")
        add(f"blk.{layer}.attn_q.weight", heads * head, dim)
        add(f"blk.{layer}.attn_k.weight", kv_heads * head, dim)
        add(f"blk.{layer}.attn_v.weight", kv_heads * head, dim)
        add(f"blk.{layer}.attn_output.weight", dim, heads * head)
        if normed:
            norm(f"blk.{layer}.attn_q_norm.weight", head)
            norm(f"blk.{layer}.attn_k_norm.weight", head)
        stack, end = (experts.count, "_exps") if experts is not None else (0, "")
        if experts is not None:
            router = numbers.standard_normal((experts.count, dim)) * experts.sharp * dim**-0.5
            writer.add_tensor(f"blk.{layer}.ffn_gate_inp.weight", _sixteen(router))
        add(f"blk.{layer}.ffn_gate{end}.weight", hidden, dim, stack)
        add(f"blk.{layer}.ffn_up{end}.weight", hidden, dim, stack)
        add(f"blk.{layer}.ffn_down{end}.weight", dim, hidden, stack)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


def _sixteen(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float32]:
    """Numbers that bfloat16 has: whatever a release is converted to, they stay."""
    return (values.astype(np.float32).view(np.uint32) & np.uint32(0xFFFF0000)).view(np.float32)
