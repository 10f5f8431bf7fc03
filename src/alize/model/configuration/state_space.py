"""State spaces (Mamba-2). In: `params` whose model_type is "mamba". Out: a ModelConfig."""

from collections.abc import Mapping
from typing import Any

from alize.errors import CheckpointInvalid
from alize.model.config import ModelConfig, StateSpace
from alize.model.configuration.values import integer, layers_of, positive

__all__ = ["state_space_model"]

_OF_OTHERS = {"sliding_window": "a sliding window", "moe": "experts", "vision_encoder": "an image encoder", "multimodal": "an encoder"}
"""Keys of a transformer that would change what is computed."""


def state_space_model(params: Mapping[str, Any]) -> ModelConfig:
    """Keys: dim, n_layers, vocab_size, n_groups, rms_norm, residual_in_fp32, tied_embeddings, max_position_embeddings, norm_eps; those that
    Mistral leaves at the defaults of mamba_ssm, in the words of config.json: expand, head_dim, state_size, conv_kernel.

    Raises CheckpointInvalid, also for parts of a transformer beside the state space: no release has both, and none is left out in silence.
    """
    for key, part in _OF_OTHERS.items():
        if params.get(key) is not None:
            raise CheckpointInvalid(
                f"The model's configuration has {part} ('{key}') beside a state space, which this version cannot run.",
                remedy="`alize models` lists what it can.",
            )
    if not params.get("rms_norm", True):
        raise CheckpointInvalid("The model's configuration has rms_norm = false; only RMSNorm is understood.")
    dim, head_dim, expand = integer(params, "dim"), integer(params, "head_dim", 64), integer(params, "expand", 2)
    if not head_dim or expand * dim % head_dim:
        raise CheckpointInvalid(f"The model's configuration has head_dim = {head_dim}, which does not divide {expand} times {dim} inputs.")
    return ModelConfig(
        dim=dim,
        layers=layers_of(params),
        heads=0,
        kv_heads=0,
        head_dim=0,
        hidden=0,
        vocab=integer(params, "vocab_size"),
        max_context=integer(params, "max_position_embeddings"),
        norm_eps=positive(params, "norm_eps", 1e-5),
        tied=bool(params.get("tied_embeddings", False)),
        state_space=StateSpace(
            state=integer(params, "state_size", 128),
            heads=expand * dim // head_dim,
            head_dim=head_dim,
            groups=integer(params, "n_groups"),
            conv=integer(params, "conv_kernel", 4),
            wide_residual=bool(params.get("residual_in_fp32", True)),
        ),
    )
