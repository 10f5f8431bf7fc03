"""What a model is made of. In: numbers, from params.py. Out: one frozen ModelConfig, in which they fit together. No PyTorch here."""

from dataclasses import dataclass
from typing import Literal

from alize.errors import CheckpointInvalid
from alize.wording import quantity

__all__ = [
    "Encoder",
    "Experts",
    "Hearing",
    "LatentAttention",
    "ModelConfig",
    "Pooling",
    "Rope",
    "SparseIndex",
    "StateSpace",
    "Stream",
    "Temperature",
    "Vision",
]

Pooling = Literal["mean", "cls", "last"]
"""Which rows of a text become its vector: all, the first, the last. See embedder.py."""

LARGEST_IMAGE = 2**14
"""Pixels a side: a file's word alone makes no image larger."""
MOST_MELS = 1024


@dataclass(frozen=True, slots=True)
class Rope:
    """Rotary position embedding (Su et al. 2021), stretched beyond the context it was trained on where `factor` > 1."""

    theta: float = 10000.0
    factor: float = 1.0
    stretch: Literal["yarn", "llama3", "linear"] = "yarn"  # which pairs `factor` slows; linear: all of them
    original_context: int = 0  # the context the model was first trained on
    beta_fast: float = 32.0  # pairs that turn more often than this in the original context are left as they are
    beta_slow: float = 1.0  # pairs that turn less often are slowed by `factor`; those between, in proportion
    attention_scale: float = 1.0  # multiplies cos and sin
    score_scale: float = 1.0  # multiplies every score (DeepSeek-V2's way of saying the same)
    learned: bool = False  # each pair's speed is multiplied by exp(alpha), a weight of the model (Mistral Large 4)
    divisors: tuple[float, ...] = ()  # each pair's speed is divided by its own (what GGUF files have of Llama 3's stretching)


@dataclass(frozen=True, slots=True)
class Temperature:
    """Queries grow with their position by 1 + beta·log(1 + position // context) (Llama 4, Ministral 3, Mistral Small 4)."""

    beta: float
    context: int


@dataclass(frozen=True, slots=True)
class Experts:
    """Sparse feed-forward (Mixtral; the later ones with shared experts and groups, as in DeepSeek-V3)."""

    count: int
    active: int
    hidden: int
    shared: int = 0  # experts that every token goes through, as one feed-forward of shared · hidden
    groups: int = 1  # experts come in this many groups, of which a token may use …
    active_groups: int = 1  # … so many: those whose two best experts sum to most
    scale: float = 1.0  # multiplies what the chosen experts give
    first_layer: int = 0  # layers before this one are dense


@dataclass(frozen=True, slots=True)
class LatentAttention:
    """Multi-head latent attention (DeepSeek-V2): keys and values are cached as one low-rank vector and one rotated key."""

    kv_rank: int
    q_rank: int  # 0: queries are projected directly
    nope_head_dim: int
    rope_head_dim: int
    v_head_dim: int
    unrotated: frozenset[int] = frozenset()  # layers without positions: their rotary part is an ordinary one
    sources: tuple[int, ...] = ()  # per layer, the layer whose latents it reads; () = each its own
    learned_temperature: bool = False  # queries of a head are multiplied by s·log(position + 1) + b, both learned

    def rope_dim(self, layer: int) -> int:
        """How much of each head is rotated."""
        return 0 if layer in self.unrotated else self.rope_head_dim

    def source(self, layer: int) -> int:
        """The layer whose latents this one reads; its own number where it makes them."""
        return self.sources[layer] if self.sources else layer


@dataclass(frozen=True, slots=True)
class SparseIndex:
    """DeepSeek-V3.2's lightning indexer: small heads choose which positions a query attends to."""

    top: int
    heads: int
    head_dim: int
    layers: frozenset[int]  # the layers that choose; the others take the choice of the last one before them


@dataclass(frozen=True, slots=True)
class StateSpace:
    """Mamba-2 (Dao & Gu 2024), in place of attention and feed-forward in every layer."""

    state: int  # numbers that each input is spread over
    heads: int
    head_dim: int
    groups: int  # of heads that write and read alike
    conv: int  # tokens that the convolution sees
    wide_residual: bool = True  # what the layers add to is float32 or wider

    @property
    def inner(self) -> int:
        """Inputs of all heads."""
        return self.heads * self.head_dim

    @property
    def channels(self) -> int:
        """What goes through the convolution: the inputs, and where each group writes and reads."""
        return self.inner + 2 * self.groups * self.state


@dataclass(frozen=True, slots=True)
class Vision:
    """Pixtral's image encoder and the projector behind it (Agrawal et al. 2024)."""

    dim: int
    layers: int
    heads: int
    hidden: int
    patch: int  # pixels a side
    image: int  # longest side, in pixels, that an image may have
    rope_theta: float = 10000.0
    activation: Literal["silu", "gelu"] = "silu"  # of the feed-forward
    norm_eps: float | None = None  # of the norm before the projector; None where there is none
    merge: int = 0  # the patch merger makes one row of merge · merge patches; 0 where there is none
    bias: bool = True  # of the projector

    @property
    def side(self) -> int:
        """Pixels a side of what one token shows."""
        return self.patch * max(1, self.merge)

    def __post_init__(self) -> None:
        for name in ("dim", "layers", "heads", "hidden", "patch", "image"):
            if getattr(self, name) <= 0:
                raise CheckpointInvalid(f"The model's image encoder has {name} = {getattr(self, name)}; it must be positive.")
        if self.dim % self.heads or self.dim // self.heads % 4:
            raise CheckpointInvalid(
                f"The image encoder's {self.heads} heads share a width of {self.dim}: rows and columns need as many pairs of each head."
            )
        if not self.side <= self.image <= LARGEST_IMAGE:
            raise CheckpointInvalid(f"The model's images have {self.image} pixels a side; from {self.side} to {LARGEST_IMAGE} can be run.")


@dataclass(frozen=True, slots=True)
class Encoder:
    """A model that reads in both directions (Devlin et al. 2018), in place of the decoder."""

    positions: int  # rows of the table
    types: int  # of text, of which only the first is used
    first: int = 0  # the row of the first token

    def __post_init__(self) -> None:
        for name in ("positions", "types"):
            if getattr(self, name) <= 0:
                raise CheckpointInvalid(f"The encoder's configuration has {name} = {getattr(self, name)}; it must be positive.")


@dataclass(frozen=True, slots=True)
class Hearing:
    """Voxtral's audio encoder and the adapter behind it (Liu et al. 2025); with `stream`, Voxtral Realtime's."""

    dim: int
    layers: int
    heads: int
    head_dim: int
    hidden: int
    mels: int  # bands of the spectrogram
    chunk: int = 1500  # rows that are heard together, whatever follows: half a minute. Nothing to a stream
    learned: bool = False  # rows have positions from the file, not sines
    stack: int = 4  # rows that become one token
    loudest: float | None = None  # logarithm that a spectrogram counts as its loudest; None: each its own
    stream: "Stream | None" = None

    @property
    def frames(self) -> int:
        """Columns of the spectrogram that one token is made of: the second convolution takes every other one."""
        return 2 * self.stack

    @property
    def piece(self) -> int:
        """Tokens of what is heard together; 1 where every token is heard when it comes."""
        return 1 if self.stream else self.chunk // self.stack

    def __post_init__(self) -> None:
        for name in ("dim", "layers", "heads", "head_dim", "hidden", "mels", "chunk", "stack"):
            if getattr(self, name) <= 0:
                raise CheckpointInvalid(f"The model's audio encoder has {name} = {getattr(self, name)}; it must be positive.")
        if self.mels > MOST_MELS:
            raise CheckpointInvalid(
                f"The model's audio encoder has {quantity(self.mels, 'band')}; at most {MOST_MELS} have a place in a spectrogram."
            )
        if self.dim % 2:
            raise CheckpointInvalid(f"The model's audio encoder has a width of {self.dim}; sines and cosines need an even one.")
        if self.stream and self.head_dim % 2:
            raise CheckpointInvalid(f"The audio encoder's head_dim {self.head_dim} is odd: rotary positions need pairs.")
        if not self.stream and self.dim != self.heads * self.head_dim:
            raise CheckpointInvalid(f"The audio encoder's {self.heads} heads of {self.head_dim} do not share a width of {self.dim}.")
        if self.chunk % self.stack:
            raise CheckpointInvalid(f"{self.chunk} rows of the audio encoder cannot become tokens of {self.stack} each.")


@dataclass(frozen=True, slots=True)
class Stream:
    """What lets Voxtral Realtime hear while somebody speaks: nothing before depends on what comes after."""

    window: int  # rows, the last one included, that a row sees
    rope_theta: float
    delay: int  # tokens that the text is behind the sound; the decoder is told
    told: int  # width through which it is told
    norm_eps: float = 1e-5

    def __post_init__(self) -> None:
        for name in ("window", "delay", "told"):
            if getattr(self, name) <= 0:
                raise CheckpointInvalid(f"The model's stream of sound has {name} = {getattr(self, name)}; it must be positive.")


@dataclass(frozen=True, slots=True)
class ModelConfig:
    """Every member of the family in one value. A plain dense model leaves the optional parts None."""

    dim: int
    layers: int
    heads: int  # this and the next three are 0 where a state space takes the place of attention
    kv_heads: int
    head_dim: int
    hidden: int  # width of the feed-forward
    vocab: int
    max_context: int
    norm_eps: float = 1e-5
    rope: Rope = Rope()
    sliding_rope: Rope | None = None  # of the layers that see a window, where theirs is another (Gemma 3)
    unrotated: frozenset[int] = frozenset()  # layers without positions (SmolLM3); of latent attention, see there
    temperature: Temperature | None = None
    window: int | None = None  # sliding window, the position itself included
    pattern: tuple[Literal["full", "sliding"], ...] = ()  # attention kind, repeated over the layers; () = all alike
    tied: bool = False  # the head is the embedding table
    qkv_bias: bool = False
    qk_norm: bool = False  # queries and keys are normed before they are rotated, each head for itself (Qwen 3, Gemma 3)
    score_width: int = 0  # scores are divided by its square root; 0: head_dim
    post_norms: bool = False  # what attention and feed-forward give is normed before it is added (Gemma 3)
    centred_norms: bool = False  # norms keep their factors as distances from 1 (Gemma 3)
    activation: Literal["silu", "gelu_tanh"] = "silu"  # of the feed-forward
    embedding_scale: float = 1.0  # multiplies the tokens' embeddings
    experts: Experts | None = None
    latent: LatentAttention | None = None
    index: SparseIndex | None = None
    logit_cap: float = 0.0  # logits are cap·tanh(logits / cap)
    state_space: StateSpace | None = None
    vision: Vision | None = None
    encoder: Encoder | None = None
    pooling: Pooling | None = None  # of a model that was made to embed
    hearing: Hearing | None = None

    def __post_init__(self) -> None:
        attention = ("heads", "kv_heads", "head_dim", "hidden") if self.state_space is None else ()
        for name in ("dim", "layers", *attention, "vocab", "max_context"):
            if getattr(self, name) <= 0:
                raise CheckpointInvalid(f"The model's configuration has {name} = {getattr(self, name)}; it must be positive.")
        if self.state_space is not None:
            self._check_state_space(self.state_space)
            return
        if self.encoder is not None:
            self._check_encoder(self.encoder)
            return
        if self.window is not None and self.window <= 0:
            raise CheckpointInvalid(f"The model's configuration has a sliding window of {self.window}; it must be positive.")
        if self.heads % self.kv_heads:
            raise CheckpointInvalid(f"{quantity(self.heads, 'head')} cannot share {quantity(self.kv_heads, 'key/value head')} evenly.")
        if self.head_dim % 2:
            raise CheckpointInvalid(f"head_dim {self.head_dim} is odd: rotary positions need pairs.")
        others = (self.qk_norm, self.score_width, self.post_norms, self.centred_norms, self.sliding_rope, self.rope.divisors)
        if self.latent is not None and any(others):
            raise CheckpointInvalid("Latent attention goes with plain norms, scores and rotation, and this model's are others.")
        self._check_positions(self.rope, self.temperature)
        if self.experts is not None:
            self._check_experts(self.experts)
        if self.latent is not None:
            self._check_latent(self.latent)
        if self.index is not None:
            self._check_index(self.index)

    def _check_encoder(self, encoder: Encoder) -> None:
        if self.heads * self.head_dim != self.dim:
            raise CheckpointInvalid(f"A width of {self.dim} cannot be shared evenly by {quantity(self.heads, 'head')} of the encoder.")
        if self.max_context + encoder.first > encoder.positions:
            raise CheckpointInvalid(f"The encoder reads {quantity(self.max_context, 'token')} and has positions for {encoder.positions}.")

    def _check_state_space(self, space: StateSpace) -> None:
        for name in ("state", "heads", "head_dim", "groups", "conv"):
            if getattr(space, name) <= 0:
                raise CheckpointInvalid(f"The model's state space has {name} = {getattr(space, name)}; it must be positive.")
        if space.heads % space.groups:
            raise CheckpointInvalid(
                f"{quantity(space.heads, 'head')} of a state space cannot be in {quantity(space.groups, 'equal group')}."
            )

    def _check_positions(self, rope: Rope, temperature: Temperature | None) -> None:
        if rope.factor != 1.0 and rope.stretch != "linear" and (rope.original_context <= 0 or rope.theta <= 1.0):
            raise CheckpointInvalid(
                f"A context of {rope.original_context} cannot be stretched with a rope_theta of {rope.theta}: "
                "the one must be positive, the other above 1."
            )
        if rope.stretch == "llama3" and rope.beta_fast <= rope.beta_slow:
            raise CheckpointInvalid(
                f"Pairs that turn {rope.beta_fast} times cannot be left alone, and those of {rope.beta_slow} be slowed."
            )
        if rope.divisors and len(rope.divisors) != self.head_dim // 2:
            raise CheckpointInvalid(f"The model slows {quantity(len(rope.divisors), 'pair')} of a head that has {self.head_dim // 2}.")
        if temperature is not None and temperature.context <= 0:
            raise CheckpointInvalid(f"The model's temperature grows every {temperature.context} tokens; it must be a positive number.")

    def _check_experts(self, experts: Experts) -> None:
        for name in ("count", "active", "hidden", "groups", "active_groups"):
            if getattr(experts, name) <= 0:
                raise CheckpointInvalid(f"The model's experts have {name} = {getattr(experts, name)}; it must be positive.")
        if experts.count % experts.groups or experts.active_groups > experts.groups:
            raise CheckpointInvalid(
                f"{experts.count} experts cannot be chosen from {experts.active_groups} of {experts.groups} equal groups."
            )
        if experts.active_groups < experts.groups and experts.count < 2 * experts.groups:
            raise CheckpointInvalid(
                f"{experts.count} experts in {experts.groups} groups: a group is chosen by the best two of its experts."
            )
        if experts.active > experts.count // experts.groups * experts.active_groups:
            raise CheckpointInvalid(f"{experts.active} active experts are more than a token may choose from.")

    def _check_latent(self, latent: LatentAttention) -> None:
        for name in ("kv_rank", "nope_head_dim", "rope_head_dim", "v_head_dim"):
            if getattr(latent, name) <= 0:
                raise CheckpointInvalid(f"The model's latent attention has {name} = {getattr(latent, name)}; it must be positive.")
        if latent.rope_head_dim % 2:
            raise CheckpointInvalid(f"The rotated part of a head, {latent.rope_head_dim}, is odd: rotary positions need pairs.")
        if latent.kv_rank % 2 or latent.nope_head_dim % 2:
            raise CheckpointInvalid(
                f"A rank of {latent.kv_rank} and {latent.nope_head_dim} numbers before the pairs that rotate: both must be even."
            )
        for layer, source in enumerate(latent.sources):
            if len(latent.sources) != self.layers or not 0 <= source <= layer or latent.sources[source] != source:
                raise CheckpointInvalid(f"Layer {layer} reads the latents of layer {source}, which makes none before it.")
            if (layer in latent.unrotated) != (source in latent.unrotated):
                raise CheckpointInvalid(f"Layer {layer} reads the latents of layer {source}, and only one of them is rotated.")

    def _check_index(self, index: SparseIndex) -> None:
        for name in ("top", "heads", "head_dim"):
            if getattr(index, name) <= 0:
                raise CheckpointInvalid(f"The model's indexer has {name} = {getattr(index, name)}; it must be positive.")
        if self.latent is None or self.window is not None:
            raise CheckpointInvalid("An indexer goes with latent attention that sees everything, and this model's is another.")
        if index.head_dim < self.latent.rope_head_dim:
            raise CheckpointInvalid(
                f"The indexer's heads of {index.head_dim} have no room for the {self.latent.rope_head_dim} that rotate."
            )
        if 0 not in index.layers:
            raise CheckpointInvalid("The first layer has no indexer, and there is no choice before it to take.")

    def attention_kind(self, layer: int) -> Literal["full", "sliding"]:
        """Whether a layer sees the whole past or a window of it."""
        if self.pattern:
            return self.pattern[layer % len(self.pattern)]
        return "full" if self.window is None else "sliding"

    def routed(self, layer: int) -> bool:
        """Whether a layer's feed-forward is made of experts."""
        return self.experts is not None and layer >= self.experts.first_layer
