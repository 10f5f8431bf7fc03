"""Models that only read (BERT, RoBERTa). In: `params` whose model_type is "encoder". Out: a ModelConfig."""

from collections.abc import Mapping
from typing import Any

from alize.errors import CheckpointInvalid
from alize.model.config import Encoder, ModelConfig
from alize.model.configuration.pooling import context_of, pooling_of
from alize.model.configuration.values import integer, layers_of, positive

__all__ = ["encoder_model"]


def encoder_model(params: Mapping[str, Any]) -> ModelConfig:
    """Keys: dim, n_layers, n_heads, hidden_dim, vocab_size, norm_eps, max_position_embeddings (rows of the table), position_offset,
    type_vocab_size, pooling {mode, max_tokens}."""
    dim, heads = integer(params, "dim"), integer(params, "n_heads")
    rows, first = integer(params, "max_position_embeddings"), integer(params, "position_offset", 0)
    pooling = pooling_of(params)
    if pooling is None:
        raise CheckpointInvalid("The encoder's configuration has no 'pooling': nothing says how its rows become a vector.")
    return ModelConfig(
        dim=dim,
        layers=layers_of(params),
        heads=heads,
        kv_heads=heads,
        head_dim=dim // max(heads, 1),
        hidden=integer(params, "hidden_dim"),
        vocab=integer(params, "vocab_size"),
        max_context=context_of(params, rows - first),
        norm_eps=positive(params, "norm_eps"),
        tied=True,
        encoder=Encoder(positions=rows, types=integer(params, "type_vocab_size"), first=first),
        pooling=pooling,
    )
