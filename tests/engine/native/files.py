"""Tiny models as the native core takes them. In: a path and a kind. Out: a GGUF of random weights in that kind."""

from pathlib import Path

import gguf
import numpy as np

__all__ = ["write_gguf"]

DIM, HIDDEN, LAYERS, HEADS, KV_HEADS, HEAD, VOCAB, CONTEXT = 96, 160, 3, 6, 2, 32, 203, 512


def write_gguf(path: Path, kind: str = "Q8_0", *, window: int = 0, head: int = HEAD) -> Path:
    """The same bytes every time. `window` is seen by every layer; 0: they see all."""
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_block_count(LAYERS)
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(DIM)
    writer.add_feed_forward_length(HIDDEN)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV_HEADS)
    writer.add_key_length(head)
    writer.add_value_length(head)
    writer.add_rope_dimension_count(head)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(VOCAB)
    if window:
        writer.add_sliding_window(window)
    numbers = np.random.default_rng(0)
    quantised = gguf.GGMLQuantizationType[kind]

    def add(name: str, rows: int, columns: int) -> None:
        values = (numbers.standard_normal((rows, columns)) * columns**-0.5).astype(np.float32)
        writer.add_tensor(name, gguf.quantize(values, quantised), raw_dtype=quantised)

    def norm(name: str) -> None:
        writer.add_tensor(name, (1 + numbers.standard_normal(DIM) * 0.1).astype(np.float32))

    add("token_embd.weight", VOCAB, DIM)
    norm("output_norm.weight")
    add("output.weight", VOCAB, DIM)
    for layer in range(LAYERS):
        norm(f"blk.{layer}.attn_norm.weight")
        norm(f"blk.{layer}.ffn_norm.weight")
        add(f"blk.{layer}.attn_q.weight", HEADS * head, DIM)
        add(f"blk.{layer}.attn_k.weight", KV_HEADS * head, DIM)
        add(f"blk.{layer}.attn_v.weight", KV_HEADS * head, DIM)
        add(f"blk.{layer}.attn_output.weight", DIM, HEADS * head)
        add(f"blk.{layer}.ffn_gate.weight", HIDDEN, DIM)
        add(f"blk.{layer}.ffn_up.weight", HIDDEN, DIM)
        add(f"blk.{layer}.ffn_down.weight", DIM, HIDDEN)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path
