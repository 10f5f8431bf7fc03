"""BERT and RoBERTa. In: names and entries as a file has them. Out: canonical names, and `params` for model/params.py.

    tok_embeddings.weight [V, D]     pos_embeddings.weight [P, D]     type_embeddings.weight [K, D]     norm.{weight,bias} [D]
    layers.N.attention.{wq,wk,wv,wo}.{weight [D, D], bias [D]}        layers.N.attention_norm.{weight,bias} [D]
    layers.N.feed_forward.{w1.{weight [F, D], bias [F]}, w2.{weight [D, F], bias [D]}}     layers.N.ffn_norm.{weight,bias} [D]

No part of a text's rows, and left out: the pooler, which is of BERT's own training, and a table of the numbers 0, 1, 2, …
Source: the configuration classes of transformers 5.24.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from alize.errors import CheckpointInvalid
from alize.weights.checkpoints.fields import Fields
from alize.weights.checkpoints.mapped import FileTensor

__all__ = ["encoder_params", "encoding", "from_encoder"]

_OUTER = {
    "embeddings.word_embeddings": "tok_embeddings",
    "embeddings.position_embeddings": "pos_embeddings",
    "embeddings.token_type_embeddings": "type_embeddings",
    "embeddings.LayerNorm": "norm",
}
_LAYER = {
    "attention.self.query": "attention.wq",
    "attention.self.key": "attention.wk",
    "attention.self.value": "attention.wv",
    "attention.output.dense": "attention.wo",
    "attention.output.LayerNorm": "attention_norm",
    "intermediate.dense": "feed_forward.w1",
    "output.dense": "feed_forward.w2",
    "output.LayerNorm": "ffn_norm",
}
_NAME = re.compile(r"encoder\.layer\.(\d{1,4})\.(.+)\.(weight|bias)", re.ASCII)
_UNUSED = re.compile(r"pooler\.dense\.(weight|bias)|embeddings\.(position|token_type)_ids")
_BEHIND_PADDING = frozenset({"roberta", "xlm-roberta"})
"""Families whose first position is the one behind the padding token's number."""


def from_encoder(name: str) -> str | None:
    """
    >>> from_encoder("encoder.layer.3.attention.self.query.bias"), from_encoder("embeddings.LayerNorm.weight")
    ('layers.3.attention.wq.bias', 'norm.weight')
    """
    whole, _, kind = name.rpartition(".")
    if whole in _OUTER and kind in ("weight", "bias"):
        return f"{_OUTER[whole]}.{kind}"
    found = _NAME.fullmatch(name)
    return None if found is None or found[2] not in _LAYER else f"layers.{int(found[1])}.{_LAYER[found[2]]}.{found[3]}"


def encoding(tensors: Iterable[FileTensor]) -> Iterator[FileTensor]:
    """Those that the rows of a text come from."""
    return (tensor for tensor in tensors if not _UNUSED.fullmatch(tensor.name))


def encoder_params(fields: Fields) -> dict[str, Any]:
    """Of a config.json. Raises CheckpointInvalid for what this version cannot run."""
    fields.expect("hidden_act", "gelu")
    fields.expect("position_embedding_type", "absolute")
    fields.expect("is_decoder", False)
    fields.expect("add_cross_attention", False)
    rows = fields.integer("max_position_embeddings")
    first = fields.integer("pad_token_id", 1) + 1 if fields.get("model_type") in _BEHIND_PADDING else 0
    if rows <= first:
        raise CheckpointInvalid(f"{fields.path}: 'max_position_embeddings' is {rows}, and the first position is {first}.")
    return {
        "model_type": "encoder",
        "dim": fields.integer("hidden_size"),
        "n_layers": fields.integer("num_hidden_layers"),
        "n_heads": fields.integer("num_attention_heads"),
        "hidden_dim": fields.integer("intermediate_size"),
        "vocab_size": fields.integer("vocab_size"),
        "norm_eps": fields.number("layer_norm_eps", 1e-12),
        "max_position_embeddings": rows,
        "position_offset": first,
        "type_vocab_size": fields.integer("type_vocab_size", 2),
        "tied_embeddings": True,
    }
