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
