"""From a checkpoint to a running model. In: a Checkpoint and a dtype. Out: a Transformer with its weights."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch.overrides import TorchFunctionMode

from alize.errors import CheckpointInvalid
from alize.model.params import read_params
from alize.model.transformer import Transformer
from alize.weights.checkpoints.base import Checkpoint

__all__ = ["load_transformer"]

DESK = 1 << 26  # values, 256 MiB: a layer's tensors of seven billion weights; only what is used of it takes memory


def load_transformer(checkpoint: Checkpoint, dtype: torch.dtype = torch.float32, device: str = "cpu") -> Transformer:
    """Build the model a checkpoint describes and fill it, one tensor at a time.

    Raises CheckpointInvalid where a tensor is missing, does not have the shape that the configuration says, or has no place in it.
    """
    config = read_params(checkpoint.params)
    if config.layers > len(tuple(checkpoint)):  # said before it is built: the number is the file's word, and layers take memory
        raise CheckpointInvalid(f"{checkpoint.path} does not hold the {config.layers} layers of its configuration.")
    with torch.device("meta"), _Unfilled():  # no memory for weights that are replaced at once
        model = Transformer(config)
    left = sorted(set(checkpoint) - {name for name, _ in model.named_parameters()} - {"output.weight"})  # a tied head may be there twice
    if left:
        raise CheckpointInvalid(f"{checkpoint.path} holds '{left[0]}', which its configuration has no place for.")
    tensors: dict[str, torch.Tensor] = {}
    # Where tensors are decoded on their way to another dtype: fresh memory for each would double the time.
    kept = dtype == torch.float32 and torch.device(device).type == "cpu"  # what is decoded is the weight itself
    desk = np.empty(0 if kept else DESK, np.float32)
    for name, parameter in model.named_parameters():
        if name not in checkpoint:
            raise CheckpointInvalid(f"{checkpoint.path} has no tensor '{name}'.", remedy="It is incomplete or of another architecture.")
        shape, wanted = tuple(checkpoint.stored(name).shape), tuple(parameter.shape)
        if shape != wanted:
            raise CheckpointInvalid(f"{checkpoint.path}: '{name}' is {shape}, the configuration says {wanted}.")
        array = checkpoint.array(name, desk if parameter.numel() <= len(desk) else None)
        tensor = torch.as_tensor(array if array.flags.writeable else array.copy())
        tensors[name] = tensor.to(device=device, dtype=dtype)
    model.load_state_dict(tensors, strict=True, assign=True)
    return model.eval().requires_grad_(False)


class _Unfilled(TorchFunctionMode):
    """Within it, layers leave their parameters as they are allocated.

    Filling them at random, on a device without memory, imports PyTorch's compiler: 830 modules and a second of the processor, half of
    what an engine took to start.
    """

    def __torch_function__(
        self, func: Callable[..., Any], types: Sequence[type], args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        if getattr(func, "__module__", None) == torch.nn.init.__name__:
            return None
        return func(*args, **(kwargs or {}))
