"""A whole model of 150 KB that answers nonsense at once. In: a path. Out: a GGUF with random weights, a tokenizer of bytes, a template."""

from pathlib import Path

import gguf
import numpy as np

from alize.tokenize.alphabet import byte_level_characters

__all__ = ["TEMPLATE", "write_tiny_gguf"]

DIM, HIDDEN, LAYERS, HEADS, CONTEXT = 32, 64, 2, 4, 512
TEMPLATE = (
    "{% for m in messages %}<|start|>{{ m['role'] }}: {{ m['content'] }}<|end|>{% endfor %}"
    "{% if add_generation_prompt %}<|start|>assistant: {% endif %}"
)


def write_tiny_gguf(path: Path, template: str | None = TEMPLATE, seed: int = 0) -> Path:
    """The same bytes every time for the same seed. Without a template it does not chat."""
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_block_count(LAYERS)
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(DIM)
    writer.add_feed_forward_length(HIDDEN)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    tokens = [*byte_level_characters(), "he", "<|start|>", "<|end|>"]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(tokens)
    writer.add_token_types([1] * 257 + [3, 3])
    writer.add_token_merges(["h e"])
    writer.add_bos_token_id(257)
    writer.add_eos_token_id(258)
    if template is not None:
        writer.add_chat_template(template)
    numbers = np.random.default_rng(seed)

    def add(name: str, *shape: int) -> None:
        writer.add_tensor(name, (numbers.standard_normal(shape) * 0.3).astype(np.float32))

    add("token_embd.weight", len(tokens), DIM)
    add("output_norm.weight", DIM)
    add("output.weight", len(tokens), DIM)
    for layer in range(LAYERS):
        add(f"blk.{layer}.attn_norm.weight", DIM)
        add(f"blk.{layer}.ffn_norm.weight", DIM)
        for name in ("attn_q", "attn_k", "attn_v", "attn_output"):
            add(f"blk.{layer}.{name}.weight", DIM, DIM)
        add(f"blk.{layer}.ffn_gate.weight", HIDDEN, DIM)
        add(f"blk.{layer}.ffn_up.weight", HIDDEN, DIM)
        add(f"blk.{layer}.ffn_down.weight", DIM, HIDDEN)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path
