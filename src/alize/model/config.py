"""What a model is made of. In: the `params` of a checkpoint. Out: one frozen ModelConfig. No PyTorch here.

The vocabulary is that of Mistral's `params.json`; GGUF and Hugging Face configurations are translated to it when read.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from alize.errors import CheckpointInvalid

__all__ = ["Experts", "LatentAttention", "ModelConfig", "Rope", "StateSpace", "Vision"]


@dataclass(frozen=True, slots=True)
class Rope:
    """Rotary position embedding (Su et al. 2021), with YaRN's stretching (Peng et al. 2023) where `factor` > 1."""

    theta: float = 10000.0
    factor: float = 1.0
    original_context: int = 0  # YaRN: the context the model was first trained on
    beta_fast: float = 32.0
    beta_slow: float = 1.0
    attention_scale: float = 1.0  # multiplies cos and sin
    temperature_beta: float = 0.0  # queries grow by 1 + beta·log(1 + position // original_context) (Llama 4, Ministral 3)


@dataclass(frozen=True, slots=True)
class Experts:
    """Sparse feed-forward (Mixtral; DeepSeek-V3's routing for the later ones)."""

    count: int
    active: int
    hidden: int
    shared: int = 0
    groups: int = 1
    active_groups: int = 1
    scale: float = 1.0
    first_layer: int = 0  # layers before this one are dense
    score: Literal["softmax", "sigmoid"] = "softmax"


@dataclass(frozen=True, slots=True)
class LatentAttention:
    """Multi-head latent attention (DeepSeek-V2): keys and values are cached as one low-rank vector."""

    kv_rank: int
    q_rank: int
    nope_head_dim: int
    rope_head_dim: int
    v_head_dim: int


@dataclass(frozen=True, slots=True)
class StateSpace:
    """Mamba-2 (Dao & Gu 2024)."""

    state: int
    heads: int
    head_dim: int
    groups: int
    conv: int
    expand: int = 2
    chunk: int = 256


@dataclass(frozen=True, slots=True)
class Vision:
    """Pixtral's image encoder and the projector behind it."""

    dim: int
    layers: int
    heads: int
    hidden: int
    patch: int
    image: int  # largest side, pixels
    rope_theta: float = 10000.0
    merge: int = 1  # spatial merge of the projector
    image_token: int = 10
    break_token: int = 12
    end_token: int = 13


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """Every member of the family in one value. A plain dense model leaves the optional parts None."""

    dim: int
    layers: int
    heads: int
    kv_heads: int
    head_dim: int
    hidden: int  # width of the feed-forward
    vocab: int
    max_context: int
    norm_eps: float = 1e-5
    rope: Rope = Rope()
    window: int | None = None  # sliding window, the position itself included
    pattern: tuple[Literal["full", "sliding"], ...] = ()  # attention kind, repeated over the layers; () = all alike
    tied: bool = False  # the head is the embedding table
    qkv_bias: bool = False
    experts: Experts | None = None
    latent: LatentAttention | None = None
    state_space: StateSpace | None = None
    vision: Vision | None = None

    def __post_init__(self) -> None:
        for name in ("dim", "layers", "heads", "kv_heads", "head_dim", "hidden", "vocab", "max_context"):
            if getattr(self, name) <= 0:
                raise CheckpointInvalid(f"The model's configuration has {name} = {getattr(self, name)}; it must be positive.")
        if self.window is not None and self.window <= 0:
            raise CheckpointInvalid(f"The model's configuration has a sliding window of {self.window}; it must be positive.")
        if self.heads % self.kv_heads:
            raise CheckpointInvalid(f"{self.heads} heads cannot share {self.kv_heads} key/value heads evenly.")
        if self.head_dim % 2:
            raise CheckpointInvalid(f"head_dim {self.head_dim} is odd: rotary positions need pairs.")

    def attention_kind(self, layer: int) -> Literal["full", "sliding"]:
        """Whether a layer sees the whole past or a window of it."""
        if self.pattern:
            return self.pattern[layer % len(self.pattern)]
        return "full" if self.window is None else "sliding"

    @classmethod
    def from_params(cls, params: Mapping[str, Any]) -> "ModelConfig":
        """Read the vocabulary of params.json. Raises CheckpointInvalid naming the first key that is missing or of the wrong type.

        Keys: dim, n_layers, n_heads, n_kv_heads (= n_heads), head_dim (= dim // n_heads), hidden_dim, vocab_size, norm_eps, rope_theta,
        sliding_window, tied_embeddings, max_position_embeddings, yarn {…}. A key that changes the architecture and is not known is refused.
        """
        refused = sorted(set(params) & _LATER)
        if refused:
            raise CheckpointInvalid(
                f"This checkpoint uses {', '.join(refused)}, which this version cannot run yet.", remedy="`alize models` lists what it can."
            )
        dim, heads = _integer(params, "dim"), _integer(params, "n_heads")
        window = params.get("sliding_window")
        return cls(
            dim=dim,
            layers=_integer(params, "n_layers"),
            heads=heads,
            kv_heads=_integer(params, "n_kv_heads", heads),
            head_dim=_integer(params, "head_dim", dim // max(heads, 1)),
            hidden=_integer(params, "hidden_dim"),
            vocab=_integer(params, "vocab_size"),
            max_context=_integer(params, "max_position_embeddings", _integer(params, "model_max_length", 32768)),
            norm_eps=_positive(params, "norm_eps", 1e-5),
            rope=Rope(theta=_positive(params, "rope_theta", 10000.0)),
            window=None if window is None else _integer(params, "sliding_window"),
            tied=bool(params.get("tied_embeddings", False)),
            qkv_bias=bool(params.get("qkv_bias", False)),
        )


_LATER = frozenset(
    {"moe", "vision_encoder", "q_lora_rank", "kv_lora_rank", "yarn", "quantization", "d_model", "llama_4_scaling", "multimodal"}
)
"""Keys that change the architecture and that from_params does not translate yet: refused, never ignored."""


def _positive(params: Mapping[str, Any], key: str, default: float) -> float:
    value = params.get(key)
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < math.inf:
        raise CheckpointInvalid(f"The model's configuration has no positive number for '{key}' (found {value!r}).")
    return float(value)


def _integer(params: Mapping[str, Any], key: str, default: int | None = None) -> int:
    value = params.get(key, default)
    if isinstance(value, bool) or not isinstance(value, int):
        raise CheckpointInvalid(f"The model's configuration has no whole number for '{key}' (found {value!r}).")
    return value
