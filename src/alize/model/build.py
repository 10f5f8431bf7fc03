"""Which model a configuration is of. In: a ModelConfig. Out: the module, without weights, and the memory it is called with."""

from collections.abc import Sequence

from alize.model.attend import Attend, PackedCausal
from alize.model.config import ModelConfig
from alize.model.embedder import PackedBidirectional, TextEncoder
from alize.model.hearing import HearingTransformer
from alize.model.mamba import Mamba
from alize.model.remember import PackedStates, Remember
from alize.model.seeing import SeeingTransformer
from alize.model.transformer import Transformer

__all__ = ["Model", "build_model", "packed_memory"]

Model = Transformer | Mamba | TextEncoder
"""Called alike: `hidden = model(tokens, positions, memory, embeds)`, then `model.head(rows of hidden)`."""


def build_model(config: ModelConfig) -> Model:
    if config.state_space is not None:
        return Mamba(config, config.state_space)
    if config.encoder is not None:
        return TextEncoder(config, config.encoder)
    if config.hearing is not None:
        return HearingTransformer(config, config.hearing)
    return Transformer(config) if config.vision is None else SeeingTransformer(config, config.vision)


def packed_memory(config: ModelConfig, lengths: Sequence[int]) -> Attend | Remember:
    """For sequences that lie end to end and begin in this call; nothing is kept of them."""
    if config.encoder is not None:
        return PackedBidirectional(lengths)
    return PackedCausal(config, lengths) if config.state_space is None else PackedStates(lengths)
