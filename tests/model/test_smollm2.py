"""The real model: our logits on its dequantised weights are those of transformers' Llama."""

import warnings
from pathlib import Path

import numpy as np
import pytest

from alize.tokenize import load_tokenizer
from alize.weights.checkpoints import open_checkpoint
from alize.weights.checkpoints.base import Checkpoint

torch = pytest.importorskip("torch")
from alize.model.attend import PackedCausal  # noqa: E402
from alize.model.load import load_model  # noqa: E402

TEXT = (
    "The mistral is a strong, cold, northwesterly wind that blows from southern France into the Gulf of Lion. It is most common in the "
    "winter and spring, and strongest in the transition between the two seasons. 1, 1, 2, 3, 5, 8, 13: each number is the sum of the "
    "two before it. def mean(values): return sum(values) / len(values)"
)


def halves(weight: np.ndarray, heads: int) -> np.ndarray:
    """Rows of each head from pairs (2i, 2i+1) to transformers' halves (i, i + H/2)."""
    return weight.reshape(heads, -1, 2, weight.shape[-1]).swapaxes(1, 2).reshape(weight.shape)


def as_transformers(checkpoint: Checkpoint):  # type: ignore[no-untyped-def]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from transformers import LlamaConfig, LlamaForCausalLM

    config = LlamaConfig(
        hidden_size=576,
        num_hidden_layers=30,
        num_attention_heads=9,
        num_key_value_heads=3,
        intermediate_size=1536,
        vocab_size=49152,
        max_position_embeddings=8192,
        rms_norm_eps=1e-5,
        rope_parameters={"rope_type": "default", "rope_theta": 100000.0},
        tie_word_embeddings=True,
    )
    with torch.device("meta"):
        model = LlamaForCausalLM(config)
    model = model.to_empty(device="cpu")
    model.model.rotary_emb = type(model.model.rotary_emb)(config)  # its frequencies are computed, not loaded
    inner = {
        "self_attn.q_proj": "attention.wq",
        "self_attn.k_proj": "attention.wk",
        "self_attn.v_proj": "attention.wv",
        "self_attn.o_proj": "attention.wo",
        "mlp.gate_proj": "feed_forward.w1",
        "mlp.down_proj": "feed_forward.w2",
        "mlp.up_proj": "feed_forward.w3",
        "input_layernorm": "attention_norm",
        "post_attention_layernorm": "ffn_norm",
    }
    tensors = {"model.embed_tokens.weight": checkpoint.array("tok_embeddings.weight"), "model.norm.weight": checkpoint.array("norm.weight")}
    for layer in range(30):
        for theirs, ours in inner.items():
            array = checkpoint.array(f"layers.{layer}.{ours}.weight")
            if ours.endswith("wq"):
                array = halves(array, 9)
            if ours.endswith("wk"):
                array = halves(array, 3)
            tensors[f"model.layers.{layer}.{theirs}.weight"] = array
    missing = model.load_state_dict({name: torch.tensor(array) for name, array in tensors.items()}, strict=False)
    assert missing.missing_keys in ([], ["lm_head.weight"])
    model.tie_weights()
    return model.eval()


@pytest.mark.slow
def test_logits_on_real_text_are_those_of_transformers(smollm2: Path) -> None:
    checkpoint = open_checkpoint(smollm2)
    tokens = torch.tensor(load_tokenizer(checkpoint.tokenizer).encode(TEXT))
    ours = load_model(checkpoint)
    with torch.no_grad():
        logits = ours.head(ours(tokens, torch.arange(len(tokens)), PackedCausal(ours.config, [len(tokens)])))
        expected = as_transformers(checkpoint)(tokens[None]).logits[0]
    assert len(tokens) > 80
    difference = logits - expected
    assert difference.abs().max() / (expected.max() - expected.min()) < 1e-5  # the worst of four million, of the whole spread
    assert difference.std() / expected.std() < 3e-6  # the usual one
