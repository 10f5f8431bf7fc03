"""One set of names. In: a tensor's name in a GGUF or in a Hugging Face release. Out: its canonical name, or None for one not known.

See base.py for the canonical names. Names not in these tables are never skipped: a tensor left out would change every answer.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from alize.errors import CheckpointInvalid
from alize.weights.checkpoints.audio_names import AUDIO, audio_name, without_embeddings_module
from alize.weights.checkpoints.base import StoredTensor
from alize.weights.checkpoints.fields import printable
from alize.weights.checkpoints.kinds import KINDS
from alize.weights.checkpoints.mapped import FileTensor
from alize.weights.checkpoints.vision_names import VISION, decoder_name, vision_name

__all__ = [
    "from_consolidated",
    "from_gemma",
    "from_gguf",
    "from_huggingface",
    "named",
    "to_consolidated",
    "to_gguf",
    "to_huggingface",
]

_GGUF = {"token_embd.weight": "tok_embeddings.weight", "output_norm.weight": "norm.weight", "output.weight": "output.weight"}
_GGUF_LAYER = {
    "attn_norm": "attention_norm",
    "attn_q": "attention.wq",
    "attn_k": "attention.wk",
    "attn_v": "attention.wv",
    "attn_output": "attention.wo",
    "ffn_norm": "ffn_norm",
    "ffn_gate": "feed_forward.w1",
    "ffn_down": "feed_forward.w2",
    "ffn_up": "feed_forward.w3",
    "attn_q_a": "attention.wq_a",
    "attn_q_a_norm": "attention.q_a_norm",
    "attn_q_b": "attention.wq_b",
    "attn_kv_a_mqa": "attention.wkv_a_with_mqa",
    "attn_kv_a_norm": "attention.kv_a_norm",
    "attn_kv_b": "attention.wkv_b",
    "attn_k_b": "attention.wk_b",
    "attn_v_b": "attention.wv_b",
    "ffn_gate_inp": "feed_forward.gate",
    "ffn_gate_shexp": "feed_forward.shared_experts.w1",
    "ffn_down_shexp": "feed_forward.shared_experts.w2",
    "ffn_up_shexp": "feed_forward.shared_experts.w3",
    "attn_q_norm": "attention.q_norm",
    "attn_k_norm": "attention.k_norm",
    "post_attention_norm": "attention_post_norm",
    "post_ffw_norm": "ffn_post_norm",
}
_GGUF_EXPERT = re.compile(r"blk\.(\d{1,4})\.ffn_(gate|down|up)\.(\d{1,4})\.weight", re.ASCII)
_HUGGINGFACE = {
    "model.embed_tokens.weight": "tok_embeddings.weight",
    "model.norm.weight": "norm.weight",
    "lm_head.weight": "output.weight",
}
_HUGGINGFACE_LAYER = {
    "input_layernorm": "attention_norm",
    "self_attn.q_proj": "attention.wq",
    "self_attn.k_proj": "attention.wk",
    "self_attn.v_proj": "attention.wv",
    "self_attn.o_proj": "attention.wo",
    "self_attn.q_a_proj": "attention.wq_a",
    "self_attn.q_a_layernorm": "attention.q_a_norm",
    "self_attn.q_b_proj": "attention.wq_b",
    "self_attn.kv_a_proj_with_mqa": "attention.wkv_a_with_mqa",
    "self_attn.kv_a_layernorm": "attention.kv_a_norm",
    "self_attn.kv_b_proj": "attention.wkv_b",
    "post_attention_layernorm": "ffn_norm",
    "mlp.gate_proj": "feed_forward.w1",
    "mlp.down_proj": "feed_forward.w2",
    "mlp.up_proj": "feed_forward.w3",
    "mlp.gate": "feed_forward.gate",
    "block_sparse_moe.gate": "feed_forward.gate",
    "mlp.shared_experts.gate_proj": "feed_forward.shared_experts.w1",
    "mlp.shared_experts.down_proj": "feed_forward.shared_experts.w2",
    "mlp.shared_experts.up_proj": "feed_forward.shared_experts.w3",
    "self_attn.q_norm": "attention.q_norm",
    "self_attn.k_norm": "attention.k_norm",
}
_GEMMA_LAYER = {
    **_HUGGINGFACE_LAYER,
    "post_attention_layernorm": "attention_post_norm",  # elsewhere, the name of the norm before the feed-forward
    "pre_feedforward_layernorm": "ffn_norm",
    "post_feedforward_layernorm": "ffn_post_norm",
}
_LAYER = r"model\.layers\.(\d{1,4})\.(.+)\.(weight|bias)"
_HUGGINGFACE_EXPERT = re.compile(r"(?:mlp|block_sparse_moe)\.experts\.(\d{1,4})\.(gate_proj|down_proj|up_proj|w1|w2|w3)", re.ASCII)
_PROJECTIONS = {"gate_proj": "w1", "down_proj": "w2", "up_proj": "w3"}
_BIASED = frozenset({"attention.wq", "attention.wk", "attention.wv"})

_CANONICAL = re.compile(
    r"(tok_embeddings|norm|output)\.weight"
    r"|lerope\.alpha"
    r"|layers\.\d{1,4}\.((attention|ffn)(_post)?_norm|attention\.(w[qkvo]|[qk]_norm)|feed_forward\.w[123])\.weight"
    r"|layers\.\d{1,4}\.attention\.w[qkv]\.bias"
    r"|layers\.\d{1,4}\.attention\.(wq_a|q_a_norm|wq_b|wkv_a_with_mqa|kv_a_norm|wkv_b)\.weight"
    r"|layers\.\d{1,4}\.attention\.(indexer\.)?ssmax_scaling\.[sb]"
    r"|layers\.\d{1,4}\.attention\.indexer\.((wq_b|wk|weights_proj|k_norm|q_input_norm)\.weight|(k_norm|q_input_norm)\.bias)"
    r"|layers\.\d{1,4}\.feed_forward\.(gate|(experts\.\d{1,4}|shared_experts)\.w[123])\.weight",
    re.ASCII,
)
_BESIDE_ATTENTION = re.compile(r"(layers\.\d{1,4})\.((gate|experts|shared_experts)\..+)", re.ASCII)
"""Mistral Large 3 and later keep their experts directly in the layer; Mixtral, and the canonical names, in its feed_forward."""
_COMPUTED = re.compile(r"rope\.freqs|(model\.layers\.\d+\.self_attn\.|model\.)?rotary_emb\.inv_freq|blk\.\d+\.attn_rot_embd\.weight")
"""Tensors that follow from the configuration, written by some older tools: the only ones that may be left out."""


def named(path: Path, tensors: Iterable[FileTensor], canonical: Callable[[str], str | None]) -> dict[str, StoredTensor]:
    """The tensors of all files of a checkpoint by their canonical names, in order.

    Raises CheckpointInvalid for a tensor that is not known, that is there twice, or that is stored in a way that cannot be read.
    """
    found: dict[str, StoredTensor] = {}
    for tensor in tensors:
        name = canonical(tensor.name)
        if name is None and _COMPUTED.fullmatch(tensor.name):
            continue
        if name is None:
            raise CheckpointInvalid(
                f"{path} holds '{printable(tensor.name[:200])}', which is no part of a model that can be run.",
                remedy="`alize models` lists the families that can.",
            )
        if name in found:
            raise CheckpointInvalid(f"{path}: tensor '{printable(tensor.name[:200])}' is there twice.", remedy="Fetch the files again.")
        if tensor.kind not in KINDS:
            raise CheckpointInvalid(
                f"{path}: tensor '{printable(tensor.name[:200])}' is stored as {tensor.kind}, which cannot be read.",
                remedy=f"Use a release stored as one of {', '.join(KINDS)}.",
            )
        found[name] = StoredTensor(name, tensor.kind, tensor.shape, tensor.data, scale=tensor.scale)
    return found


def from_consolidated(name: str) -> str | None:
    """Mistral's own names are the canonical ones.

    >>> from_consolidated("layers.3.experts.7.w1.weight")
    'layers.3.feed_forward.experts.7.w1.weight'
    """
    name = without_embeddings_module(_BESIDE_ATTENTION.sub(r"\1.feed_forward.\2", name))
    return name if _CANONICAL.fullmatch(name) or VISION.fullmatch(name) or AUDIO.fullmatch(name) else None


def from_gguf(name: str) -> str | None:
    """
    >>> from_gguf("blk.3.ffn_gate.weight")
    'layers.3.feed_forward.w1.weight'
    >>> from_gguf("blk.3.ffn_up.7.weight")
    'layers.3.feed_forward.experts.7.w3.weight'
    """
    if expert := _GGUF_EXPERT.fullmatch(name):
        return f"layers.{int(expert[1])}.feed_forward.experts.{int(expert[3])}.{_PROJECTIONS[expert[2] + '_proj']}.weight"
    return _translated(name, r"blk\.(\d{1,4})\.(\w+)\.(weight|bias)", _GGUF, _GGUF_LAYER)


def from_gemma(name: str) -> str | None:
    """
    >>> from_gemma("model.layers.3.post_attention_layernorm.weight"), from_gemma("language_model.model.norm.weight")
    ('layers.3.attention_post_norm.weight', 'norm.weight')
    """
    return _translated(decoder_name(name), _LAYER, _HUGGINGFACE, _GEMMA_LAYER)


def from_huggingface(name: str, hears: bool = False) -> str | None:
    """`hears`: of a model that does. What projects sounds is called there as what projects images is elsewhere.

    >>> from_huggingface("model.layers.3.self_attn.q_proj.weight")
    'layers.3.attention.wq.weight'
    >>> from_huggingface("model.layers.3.block_sparse_moe.experts.7.w2.weight")
    'layers.3.feed_forward.experts.7.w2.weight'
    """
    sensed = audio_name(name) if hears else vision_name(name)
    return sensed or _translated(decoder_name(name), _LAYER, _HUGGINGFACE, _HUGGINGFACE_LAYER)


_CANONICAL_LAYER = re.compile(r"layers\.(\d{1,4})\.(.+)\.(weight|bias)", re.ASCII)
_CANONICAL_EXPERT = re.compile(r"feed_forward\.experts\.(\d{1,4})\.(w[123])", re.ASCII)
_GGUF_PROJECTIONS = {"w1": "gate", "w2": "down", "w3": "up"}


def to_consolidated(name: str, latent: bool = False) -> str:
    """The name in a release of Mistral's; those with latent attention keep experts directly in the layer.

    >>> to_consolidated("layers.3.feed_forward.experts.7.w1.weight", latent=True)
    'layers.3.experts.7.w1.weight'
    """
    return re.sub(r"^(layers\.\d{1,4})\.feed_forward\.((gate|experts|shared_experts)\.)", r"\1.\2", name) if latent else name


def to_gguf(name: str) -> str | None:
    """What `from_gguf` reads as this name; None where nothing is. Of experts, the name of their stack.

    >>> to_gguf("layers.3.feed_forward.experts.7.w3.weight"), to_gguf("layers.3.attention.wq.weight")
    ('blk.3.ffn_up_exps.weight', 'blk.3.attn_q.weight')
    """
    found = _CANONICAL_LAYER.fullmatch(name)
    if found is None:
        return _inverse(_GGUF).get(name)
    layer, part, suffix = found.groups()
    if expert := _CANONICAL_EXPERT.fullmatch(part):
        return f"blk.{layer}.ffn_{_GGUF_PROJECTIONS[expert[2]]}_exps.{suffix}"
    theirs = _inverse(_GGUF_LAYER).get(part)
    return None if theirs is None else f"blk.{layer}.{theirs}.{suffix}"


def to_huggingface(name: str, mixtral: bool = False) -> str | None:
    """What `from_huggingface` reads as this name; None where nothing is. Mixtral has words of its own for its experts.

    >>> to_huggingface("layers.3.feed_forward.experts.7.w3.weight", mixtral=True)
    'model.layers.3.block_sparse_moe.experts.7.w3.weight'
    >>> to_huggingface("layers.3.feed_forward.experts.7.w3.weight")
    'model.layers.3.mlp.experts.7.up_proj.weight'
    """
    found = _CANONICAL_LAYER.fullmatch(name)
    if found is None:
        return _inverse(_HUGGINGFACE).get(name)
    layer, part, suffix = found.groups()
    within = "block_sparse_moe" if mixtral else "mlp"
    if expert := _CANONICAL_EXPERT.fullmatch(part):
        projection = expert[2] if mixtral else _inverse(_PROJECTIONS)[expert[2]]
        return f"model.layers.{layer}.{within}.experts.{expert[1]}.{projection}.{suffix}"
    theirs = f"{within}.gate" if part == "feed_forward.gate" else _inverse(_HUGGINGFACE_LAYER).get(part)
    return None if theirs is None else f"model.layers.{layer}.{theirs}.{suffix}"


def _inverse(table: Mapping[str, str]) -> dict[str, str]:
    return {canonical: theirs for theirs, canonical in table.items()}


def _translated(name: str, pattern: str, whole: Mapping[str, str], parts: Mapping[str, str]) -> str | None:
    if name in whole:
        return whole[name]
    found = re.fullmatch(pattern, name, re.ASCII)
    if found is None:
        return None
    layer, part, suffix = found.groups()
    expert = _HUGGINGFACE_EXPERT.fullmatch(part)
    if expert is not None and suffix == "weight":
        return f"layers.{int(layer)}.feed_forward.experts.{int(expert[1])}.{_PROJECTIONS.get(expert[2], expert[2])}.weight"
    if part not in parts or (suffix == "bias" and parts[part] not in _BIASED):
        return None
    return f"layers.{int(layer)}.{parts[part]}.{suffix}"
