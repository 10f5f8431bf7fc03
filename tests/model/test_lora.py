"""Adapters against PEFT: the same adapter gives the same logits, put on a model or merged into its files."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from alize.model.build import Model, packed_memory  # noqa: E402
from alize.model.load import load_transformer  # noqa: E402
from alize.model.lora import adapt  # noqa: E402
from alize.weights.adapters import open_adapter  # noqa: E402
from alize.weights.checkpoints import open_checkpoint  # noqa: E402
from tests.model.peft_side import by_peft  # noqa: E402

NUMBERS = np.random.default_rng(0)
SEQUENCES: list[list[int]] = [NUMBERS.integers(0, 97, length).tolist() for length in (1, 5, 40)]
EVERY = {"r": 4, "lora_alpha": 6, "target_modules": "all-linear"}
MADE: dict[str, tuple[str, dict[str, Any]]] = {
    "every layer": ("dense", EVERY),
    "queries and keys": ("dense, head_dim of its own, tied head", {"r": 8, "lora_alpha": 4, "target_modules": ["q_proj", "k_proj"]}),
    "rsLoRA": ("dense", {**EVERY, "use_rslora": True}),
    "ranks and alphas of their own": (
        "dense, sliding window",
        {
            **EVERY,
            "rank_pattern": {"v_proj": 2, "^model.layers.1.self_attn.q_proj": 7},
            "alpha_pattern": {"layers.2.mlp.down_proj": 16, "k_proj": 1},
        },
    ),
    "experts": (
        "experts",
        {**EVERY, "target_modules": ["q_proj"], "target_parameters": ["mlp.experts.gate_up_proj", "mlp.experts.down_proj"]},
    ),
    "experts, one of their tensors": ("experts", {**EVERY, "target_modules": ["o_proj"], "target_parameters": ["mlp.experts.down_proj"]}),
    "latents": ("latent attention, grouped experts", EVERY),
    "latents, plain queries": ("latent attention, plain queries", EVERY),
    "indexer": ("indexer, unrotated layers, shared latents", {**EVERY, "target_modules": r".*language_model.*(_proj|wk|wq_b|with_mqa)"}),
    "state space": ("state space", {**EVERY, "target_modules": ["in_proj"]}),
}


def logits(model: Model, sequences: list[list[int]]) -> list[np.ndarray]:
    tokens = torch.tensor([token for each in sequences for token in each])
    lengths = [len(each) for each in sequences]
    positions = torch.cat([torch.arange(length) for length in lengths])
    with torch.no_grad():
        given = model.head(model(tokens, positions, packed_memory(model.config, lengths)))  # type: ignore[arg-type]
    return [each.numpy() for each in torch.split(given, lengths)]


def loaded(path: Path) -> Model:
    return load_transformer(open_checkpoint(path), torch.float64)


@pytest.mark.parametrize("made", MADE)
def test_an_adapter_of_peft_gives_the_logits_it_gives_there(made: str, tmp_path: Path) -> None:
    family, config = MADE[made]
    theirs = by_peft(family, tmp_path, config, SEQUENCES)
    model, adapter = loaded(tmp_path / "base"), open_adapter(tmp_path / "adapter")
    before = logits(model, SEQUENCES)
    adapt(model, adapter)
    ours = logits(model, SEQUENCES)
    for one, other in zip(ours, theirs, strict=True):
        assert np.abs(one - other).max() < 1e-8
    assert max(np.abs(one - other).max() for one, other in zip(ours, before, strict=True)) > 1e-3  # it does something
