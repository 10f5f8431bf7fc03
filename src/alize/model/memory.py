"""What a model weighs and what it remembers. In: a ModelConfig. Out: numbers of parameters, and of what is cached. No PyTorch here.

>>> mixtral = ModelConfig(4096, 32, 32, 8, 128, 14336, 32000, 32768, experts=Experts(count=8, active=2, hidden=14336))
>>> [round(count / 1e9, 1) for count in (parameters(mixtral), parameters(mixtral, active=True))]
[46.7, 12.9]
"""

from dataclasses import dataclass

from alize.model.config import Encoder, Experts, Hearing, LatentAttention, ModelConfig, StateSpace, Vision

__all__ = ["CacheRow", "cache_row", "cached_bytes", "cached_in_bytes", "parameters", "row_in_bytes", "slot_bytes"]


@dataclass(frozen=True, slots=True)
class CacheRow:
    """What one layer keeps of a token."""

    heads: int
    key: int  # numbers a head
    value: int
    inside: bool = False  # values are the first numbers of the keys, and are kept nowhere else (latent attention)
    index: int = 0  # numbers of the indexer's key

    @property
    def numbers(self) -> int:
        return self.heads * (self.key + (0 if self.inside else self.value)) + self.index


def cache_row(config: ModelConfig, layer: int) -> CacheRow:
    """All zero where the layer keeps nothing, since it reads what another one keeps."""
    if config.latent is None:
        return CacheRow(config.kv_heads, config.head_dim, config.head_dim)
    index = config.index.head_dim if config.index is not None and layer in config.index.layers else 0
    if config.latent.source(layer) != layer:
        return CacheRow(0, 0, 0, index=index)
    return CacheRow(1, config.latent.kv_rank + config.latent.rope_dim(layer), config.latent.kv_rank, inside=True, index=index)


def cached_bytes(config: ModelConfig, context: int, bytes_per_value: int) -> int:
    """What the cache holds of one sequence of that length. A window bounds it, a state never grows, an encoder has none."""
    if config.encoder is not None:
        return 0
    if config.state_space is not None:
        return config.layers * slot_bytes(config.state_space, bytes_per_value)
    kept = {"full": context, "sliding": min(context, config.window or context)}
    numbers = sum(cache_row(config, layer).numbers * kept[config.attention_kind(layer)] for layer in range(config.layers))
    return numbers * bytes_per_value


def row_in_bytes(head_dim: int) -> tuple[int, int]:
    """Bytes of a head's key and of its value where the native core keeps both in bytes, each with its scales: csrc/kernels.h."""
    return head_dim + head_dim // 16 * 4, head_dim + 4


def cached_in_bytes(config: ModelConfig, context: int) -> int:
    """`cached_bytes` of the native core, with keys and values in bytes."""
    return cached_bytes(config, context, 1) * sum(row_in_bytes(config.head_dim)) // (2 * config.head_dim)


def slot_bytes(space: StateSpace, bytes_per_value: int) -> int:
    """What one layer keeps of a sequence. The state is a sum over the whole past: float32 or wider, or it would lose what is small."""
    tail = (space.conv - 1) * space.channels  # the inputs that the convolution will see again
    return tail * bytes_per_value + space.inner * space.state * max(4, bytes_per_value)


def parameters(config: ModelConfig, active: bool = False) -> int:
    """All of them, or those that one token goes through: of the experts, the chosen ones. What sees or hears counts either way."""
    if config.encoder is not None:
        return _encoder(config, config.encoder)
    ends = config.dim * config.vocab * (1 if config.tied else 2) + config.dim
    if config.rope.learned:
        ends += (config.latent.rope_head_dim if config.latent else config.head_dim) // 2
    seeing = _vision(config.dim, config.vision) if config.vision else 0
    hearing = _hearing(config.dim, config.layers, config.hearing) if config.hearing else 0
    return ends + seeing + hearing + sum(_block(config, layer, active) for layer in range(config.layers))


def _encoder(config: ModelConfig, encoder: Encoder) -> int:
    rows = config.vocab + encoder.positions + encoder.types
    block = 4 * config.dim * (config.dim + 1) + config.hidden * (2 * config.dim + 1) + config.dim + 4 * config.dim
    return config.dim * (rows + 2) + config.layers * block


def _block(config: ModelConfig, layer: int, active: bool) -> int:
    if config.state_space is not None:
        return config.dim + _mixer(config.dim, config.state_space)
    attention = _attention(config) if config.latent is None else _latent(config, config.latent, layer)
    experts = config.experts if config.routed(layer) else None
    norms = (4 if config.post_norms else 2) * config.dim
    return norms + attention + (3 * config.dim * config.hidden if experts is None else _experts(config.dim, experts, active))


def _mixer(dim: int, space: StateSpace) -> int:
    projections = dim * (space.inner + space.channels + space.heads) + space.inner * dim
    return projections + space.channels * (space.conv + 1) + 3 * space.heads + space.inner


def _attention(config: ModelConfig) -> int:
    keys = 2 * config.kv_heads * config.head_dim
    queries = config.heads * config.head_dim
    normed = 2 * config.head_dim if config.qk_norm else 0
    return config.dim * (2 * queries + keys) + ((queries + keys) if config.qkv_bias else 0) + normed


def _latent(config: ModelConfig, latent: LatentAttention, layer: int) -> int:
    rotated = latent.rope_dim(layer)
    plain = latent.nope_head_dim + latent.rope_head_dim - rotated
    queries = config.heads * (plain + rotated)
    count = latent.q_rank * (config.dim + 1 + queries) if latent.q_rank else config.dim * queries
    if latent.source(layer) == layer:
        count += config.dim * (latent.kv_rank + rotated) + latent.kv_rank
    count += latent.kv_rank * config.heads * (plain + latent.v_head_dim) + config.heads * latent.v_head_dim * config.dim
    if latent.learned_temperature:
        count += 2 * config.heads
    if config.index is not None and layer in config.index.layers:
        heads, width = config.index.heads, config.index.head_dim
        count += config.dim * (heads * width + width + heads) + 2 * config.dim + 2 * width + 2 * heads
    return count


def _experts(dim: int, experts: Experts, active: bool) -> int:
    each = 3 * dim * experts.hidden
    return dim * experts.count + each * ((experts.active if active else experts.count) + experts.shared)


def _vision(dim: int, eye: Vision) -> int:
    encoder = 3 * eye.patch**2 * eye.dim + eye.dim + eye.layers * (4 * eye.dim**2 + 3 * eye.dim * eye.hidden + 2 * eye.dim)
    norm = eye.dim if eye.norm_eps is not None else 0
    return encoder + norm + (eye.dim * eye.merge) ** 2 + eye.dim * dim + dim**2 + (2 * dim if eye.bias else 0)


def _hearing(dim: int, layers: int, ear: Hearing) -> int:
    inner, stream = ear.heads * ear.head_dim, ear.stream
    convolutions = 3 * ear.dim * (ear.mels + ear.dim) + 2 * ear.dim
    attention = 4 * ear.dim * inner + 2 * inner + ear.dim  # keys have no bias
    norm = ear.dim * (1 if stream else 2)
    forward = ear.dim * ear.hidden * (3 if stream else 2) + ear.dim + (0 if stream else ear.hidden)
    adapter = ear.stack * ear.dim * dim + dim**2
    told = 2 * dim * stream.told * layers if stream else 0
    positions = ear.chunk * ear.dim if ear.learned else 0
    return convolutions + positions + ear.layers * (attention + forward + 2 * norm) + norm + adapter + told
