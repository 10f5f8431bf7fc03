"""A release's configuration. In: the `params` of a checkpoint, in the vocabulary of Mistral's params.json. Out: a ModelConfig.

GGUF and Hugging Face configurations are translated to this vocabulary when they are read (weights/checkpoints). Where Mistral has
published no params.json of a family, its keys here are those of its config.json.
"""

from collections.abc import Mapping
from typing import Any

from alize.errors import CheckpointInvalid
from alize.model.config import ModelConfig
from alize.model.configuration.decoder import decoder_model
from alize.model.configuration.encoder import encoder_model
from alize.model.configuration.state_space import state_space_model

__all__ = ["read_params"]

_LATER = frozenset({"quantization", "d_model"})
"""Keys that change the architecture and that are not translated yet: refused, never ignored."""


def read_params(params: Mapping[str, Any]) -> ModelConfig:
    """Raises CheckpointInvalid naming the first key that is missing, of the wrong type, or of an architecture that is not known.

    Which keys there are, the function of each family says.
    """
    refused = sorted(key for key in set(params) & _LATER if params[key] is not None)
    if refused:
        raise CheckpointInvalid(
            f"This checkpoint uses {', '.join(refused)}, which this version cannot run yet.", remedy="`alize models` lists what it can."
        )
    match params.get("model_type"):
        case "mamba":
            return state_space_model(params)
        case "encoder":
            return encoder_model(params)
        case _:
            return decoder_model(params)
