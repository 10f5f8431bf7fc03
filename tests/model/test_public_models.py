"""Parameters of the released models, counted from their configurations, are those that their makers published.

Sources: params.json or config.json of each release on its makers' page; for Mistral Small 4 and Mistral Large 4 the defaults of
transformers 5.24, which are those releases. Figures are of the decoder, in billions, as far as the makers state digits.
"""

from typing import Any

import pytest

from alize.model.memory import parameters
from alize.model.params import read_params

DENSE = {"n_layers": 32, "n_heads": 32, "n_kv_heads": 8, "head_dim": 128, "hidden_dim": 14336}
WIDE = {"dim": 6144, "n_layers": 56, "n_heads": 48, "n_kv_heads": 8, "head_dim": 128, "hidden_dim": 16384, "vocab_size": 32768}
TOP2 = {"moe": {"num_experts": 8, "num_experts_per_tok": 2}}
SMALL_4 = {
    **{"dim": 4096, "n_layers": 36, "n_heads": 32, "hidden_dim": 12288, "vocab_size": 131072},
    **{"kv_lora_rank": 256, "q_lora_rank": 1024, "qk_rope_head_dim": 64, "qk_nope_head_dim": 64, "v_head_dim": 128},
    "moe": {"num_experts": 128, "num_experts_per_tok": 4, "expert_hidden_dim": 2048, "num_shared_experts": 1},
}
LARGE_4 = {
    **{"dim": 6144, "n_layers": 72, "n_heads": 64, "hidden_dim": 24576, "vocab_size": 204800},
    **{"kv_lora_rank": 512, "qk_rope_head_dim": 64, "qk_nope_head_dim": 64, "v_head_dim": 128, "lerope": True, "ssmax": True},
    "no_rope_layers": [int((layer + 1) % 4 != 0) for layer in range(72)],
    "indexer": {"topk": 2048, "n_heads": 32, "head_dim": 128},
    "moe": {
        **{"num_experts": 128, "num_experts_per_tok": 4, "expert_hidden_dim": 6144, "num_shared_experts": 1},
        "first_k_dense_replace": 1,
    },
}
MODELS: dict[str, tuple[dict[str, Any], str, str | None]] = {
    "Mistral 7B v0.1": ({**DENSE, "dim": 4096, "vocab_size": 32000}, "7.24", None),
    "Mistral 7B v0.3": ({**DENSE, "dim": 4096, "vocab_size": 32768}, "7.25", None),
    "Mistral NeMo 12B": ({**DENSE, "dim": 5120, "n_layers": 40, "vocab_size": 131072}, "12.2", None),
    "Mistral Small 22B and Codestral 22B": (WIDE, "22.2", None),
    "Mistral Small 24B": ({**DENSE, "dim": 5120, "n_layers": 40, "hidden_dim": 32768, "vocab_size": 131072}, "23.6", None),
    "Mistral Large 123B": (
        {**DENSE, "dim": 12288, "n_layers": 88, "n_heads": 96, "hidden_dim": 28672, "vocab_size": 32768},
        "123",
        None,
    ),
    "Ministral 8B": ({**DENSE, "dim": 4096, "n_layers": 36, "hidden_dim": 12288, "vocab_size": 131072}, "8.02", None),
    "Ministral 3 3B": (
        {**DENSE, "dim": 3072, "n_layers": 26, "hidden_dim": 9216, "vocab_size": 131072, "tied_embeddings": True},
        "3.4",
        None,
    ),
    "Ministral 3 8B": ({**DENSE, "dim": 4096, "n_layers": 34, "vocab_size": 131072}, "8.5", None),
    "Ministral 3 14B": ({**DENSE, "dim": 5120, "n_layers": 40, "hidden_dim": 16384, "vocab_size": 131072}, "13.5", None),
    "Mixtral 8x7B": ({**DENSE, **TOP2, "dim": 4096, "vocab_size": 32000}, "46.7", "12.9"),
    "Mixtral 8x22B": ({**WIDE, **TOP2}, "141", "39"),
    "Mistral Small 4": (SMALL_4, "119", None),
    "Mistral Large 4": (LARGE_4, "1050", "53"),
}

QWEN3 = {"n_heads": 32, "head_dim": 128, "vocab_size": 151936, "qk_norm": True}
GEMMA3 = {"vocab_size": 262144, "tied_embeddings": True, "qk_norm": True, "post_norms": True, "centred_norms": True}
BROUGHT: dict[str, tuple[dict[str, Any], str, str | None]] = {
    # Meta's model cards
    "Llama 3.1 8B": ({**DENSE, "dim": 4096, "vocab_size": 128256}, "8.03", None),
    "Llama 3.2 1B": (
        {**DENSE, "dim": 2048, "n_layers": 16, "head_dim": 64, "hidden_dim": 8192, "vocab_size": 128256, "tied_embeddings": True},
        "1.24",
        None,
    ),
    "Llama 3.2 3B": (
        {**DENSE, "dim": 3072, "n_layers": 28, "n_heads": 24, "hidden_dim": 8192, "vocab_size": 128256, "tied_embeddings": True},
        "3.21",
        None,
    ),
    # Qwen's model cards
    "Qwen 2.5 1.5B": (
        {
            **{"dim": 1536, "n_layers": 28, "n_heads": 12, "n_kv_heads": 2, "hidden_dim": 8960, "vocab_size": 151936},
            **{"qkv_bias": True, "tied_embeddings": True},
        },
        "1.54",
        None,
    ),
    "Qwen 2.5 72B": (
        {**DENSE, "dim": 8192, "n_layers": 80, "n_heads": 64, "hidden_dim": 29568, "vocab_size": 152064, "qkv_bias": True},
        "72.7",
        None,
    ),
    "Qwen 3 8B": ({**QWEN3, "dim": 4096, "n_layers": 36, "n_kv_heads": 8, "hidden_dim": 12288}, "8.2", None),
    "Qwen 3 30B-A3B": (
        {
            **{**QWEN3, "dim": 2048, "n_layers": 48, "n_kv_heads": 4, "hidden_dim": 6144},
            "moe": {"num_experts": 128, "num_experts_per_tok": 8, "expert_hidden_dim": 768},
        },
        "30.5",
        None,  # 3.35 are active, of which the card keeps 3.3
    ),
    # Gemma 3 Technical Report, table 1: embeddings and the rest of the decoder
    "Gemma 3 1B": (
        {**GEMMA3, "dim": 1152, "n_layers": 26, "n_heads": 4, "n_kv_heads": 1, "head_dim": 256, "hidden_dim": 6912},
        "1.000",
        None,
    ),
    "Gemma 3 12B": (
        {**GEMMA3, "dim": 3840, "n_layers": 48, "n_heads": 16, "n_kv_heads": 8, "head_dim": 256, "hidden_dim": 15360},
        "11.8",
        None,
    ),
    "Gemma 3 27B": (
        {**GEMMA3, "dim": 5376, "n_layers": 62, "n_heads": 32, "n_kv_heads": 16, "head_dim": 128, "hidden_dim": 21504},
        "27.0",
        None,
    ),
    # the count of its tensors on its page
    "SmolLM3 3B": (
        {
            **{"dim": 2048, "n_layers": 36, "n_heads": 16, "n_kv_heads": 4, "hidden_dim": 11008, "vocab_size": 128256},
            "tied_embeddings": True,
        },
        "3.08",
        None,
    ),
}
MODELS |= BROUGHT


@pytest.mark.parametrize("model", MODELS)
def test_parameters_are_those_that_were_published(model: str) -> None:
    params, total, active = MODELS[model]
    config = read_params(params)
    assert billions(parameters(config), total) == total
    if active is not None:
        assert billions(parameters(config, active=True), active) == active


def billions(count: int, like: str) -> str:
    """With as many digits as the published figure has."""
    return f"{count / 1e9:.{len(like.partition('.')[2])}f}"
