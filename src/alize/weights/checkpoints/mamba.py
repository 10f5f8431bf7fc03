"""Mamba-2 in every format. In: names and entries as a file has them. Out: canonical names, and the words of params.json.

Beside the embeddings, the last norm and the head, which are named as in every other family:

    layers.N.norm.weight [D]                layers.N.mixer.in_proj.weight [2·I + 2·G·S + H, D]: z, x, B, C, dt
    layers.N.mixer.out_proj.weight [D, I]   layers.N.mixer.{conv1d.weight [C, 1, K], conv1d.bias [C]} of C = I + 2·G·S channels
    layers.N.mixer.norm.weight [I]          layers.N.mixer.{dt_bias, A_log, D} [H]        I = H heads · P, G groups of S numbers

Mistral's release and Hugging Face keep the names of mamba_ssm. A GGUF keeps -exp(A_log), leaves out the convolution's axis of length one
and gives some others one. Sources: the converters of transformers and of llama.cpp.
"""

import math
import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from alize.errors import CheckpointInvalid
from alize.weights.checkpoints.base import StoredTensor
from alize.weights.checkpoints.fields import Fields, shown
from alize.weights.checkpoints.names import from_gguf

__all__ = ["from_gguf_mamba", "from_mamba", "gguf_params", "huggingface_params", "release_params", "unfolded"]

Params = dict[str, Any]

CONTEXT = 262_144
"""Nothing in the model limits it; this is how far its makers tested it, and no configuration of theirs says it."""

_OUTER = {
    "backbone.embedding.weight": "tok_embeddings.weight",
    "backbone.embeddings.weight": "tok_embeddings.weight",
    "backbone.norm_f.weight": "norm.weight",
    "lm_head.weight": "output.weight",
}
_LAYER = re.compile(
    r"backbone\.(layers\.\d{1,4}\.(norm\.weight|mixer\.((in_proj|out_proj|norm|conv1d)\.weight|conv1d\.bias|dt_bias|A_log|D)))", re.ASCII
)
_GGUF_LAYER = {
    "attn_norm.weight": "norm.weight",
    "ssm_in.weight": "mixer.in_proj.weight",
    "ssm_conv1d.weight": "mixer.conv1d.weight",
    "ssm_conv1d.bias": "mixer.conv1d.bias",
    "ssm_dt.bias": "mixer.dt_bias",
    "ssm_a": "mixer.A_log",
    "ssm_d": "mixer.D",
    "ssm_norm.weight": "mixer.norm.weight",
    "ssm_out.weight": "mixer.out_proj.weight",
}


def from_mamba(name: str) -> str | None:
    """Of Mistral's release and of Hugging Face's.

    >>> from_mamba("model.backbone.layers.3.mixer.A_log"), from_mamba("backbone.embeddings.weight")
    ('layers.3.mixer.A_log', 'tok_embeddings.weight')
    """
    name = name.removeprefix("model.")
    found = _LAYER.fullmatch(name)
    return found[1] if found is not None else _OUTER.get(name)


def from_gguf_mamba(name: str) -> str | None:
    """
    >>> from_gguf_mamba("blk.3.ssm_a")
    'layers.3.mixer.A_log'
    """
    found = re.fullmatch(r"blk\.(\d{1,4})\.(.+)", name, re.ASCII)
    if found is None:
        return from_gguf(name)
    return f"layers.{int(found[1])}.{_GGUF_LAYER[found[2]]}" if found[2] in _GGUF_LAYER else None


def unfolded(tensors: Mapping[str, StoredTensor]) -> dict[str, StoredTensor]:
    """A GGUF's tensors in canonical shapes; A_log is marked, since the file has -exp of it."""
    return {name: _unfolded(name, tensor) for name, tensor in tensors.items()}


def _unfolded(name: str, tensor: StoredTensor) -> StoredTensor:
    if name.endswith(".conv1d.weight") and len(tensor.shape) == 2:
        return replace(tensor, shape=(tensor.shape[0], 1, tensor.shape[1]))
    if name.endswith((".mixer.norm.weight", ".A_log", ".D")):
        return replace(tensor, shape=(math.prod(tensor.shape),), negative_exp=name.endswith(".A_log"))
    return tensor


def release_params(params: Mapping[str, Any]) -> Params:
    """A params.json of Mistral's. Its vocabulary is rounded up, as the embeddings of the release are."""
    read: Params = {**params, "tied_embeddings": params.get("tie_embeddings", False)}
    vocab, multiple = params.get("vocab_size"), params.get("pad_vocab_size_multiple", 1)
    if isinstance(vocab, int) and isinstance(multiple, int) and multiple > 1:
        read["vocab_size"] = -(-vocab // multiple) * multiple
    read.setdefault("max_position_embeddings", CONTEXT)
    return read


def huggingface_params(fields: Fields) -> Params:
    """A config.json of the model_type mamba2. Which part of it only says how to begin a training is not read."""
    fields.expect("hidden_act", "silu")
    fields.expect("use_bias", False)
    fields.expect("use_conv_bias", True)
    for key in ("sliding_window", "num_local_experts", "vision_config"):
        fields.refuse(key, "this architecture has none")
    limit: Any = fields.get("time_step_limit")
    if limit is not None and limit not in ([0.0, math.inf], [0.0, {"__float__": "Infinity"}]):  # transformers 5 writes the latter
        raise CheckpointInvalid(f"{fields.path}: 'time_step_limit' is {shown(limit)}; this version runs models without one.")
    dim, heads, head_dim = fields.integer("hidden_size"), fields.integer("num_heads", 128), fields.integer("head_dim", 64)
    expand = fields.integer("expand", 2)
    if expand * dim != heads * head_dim:
        raise CheckpointInvalid(f"{fields.path}: {heads} 'num_heads' of {head_dim} are not 'expand' {expand} times {dim} inputs.")
    return {
        "model_type": "mamba",
        "dim": dim,
        "n_layers": fields.layers("num_hidden_layers"),
        "vocab_size": fields.integer("vocab_size"),
        "norm_eps": fields.number("layer_norm_epsilon", 1e-5),
        "tied_embeddings": fields.flag("tie_word_embeddings", False),
        "max_position_embeddings": fields.integer("max_position_embeddings", CONTEXT),
        "residual_in_fp32": fields.flag("residual_in_fp32", True),
        "expand": expand,
        "head_dim": head_dim,
        "n_groups": fields.integer("n_groups", 8),
        "state_size": fields.integer("state_size", 128),
        "conv_kernel": fields.integer("conv_kernel", 4),
    }


def gguf_params(fields: Fields) -> Params:
    """What only this architecture has. A GGUF says how many inputs and heads there are, and not how many times as many as embeddings."""
    dim, inner, heads = fields.integer("embedding_length"), fields.integer("ssm.inner_size"), fields.integer("ssm.time_step_rank")
    if not dim or not heads or inner % dim or inner % heads:
        raise CheckpointInvalid(
            f"{fields.path}: 'ssm.inner_size' {inner} cannot be shared by {heads} 'ssm.time_step_rank' of a width of {dim}.",
            remedy="The file is damaged: fetch it again.",
        )
    for key in ("feed_forward_length", "attention.head_count", "attention.head_count_kv"):
        fields.expect(key, 0)
    fields.expect("ssm.dt_b_c_rms", False)
    return {
        "model_type": "mamba",
        "expand": inner // dim,
        "head_dim": inner // heads,
        "n_groups": fields.integer("ssm.group_count"),
        "state_size": fields.integer("ssm.state_size"),
        "conv_kernel": fields.integer("ssm.conv_kernel"),
    }
