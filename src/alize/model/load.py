"""From a checkpoint to a running model. In: a Checkpoint and a dtype. Out: the model with its weights."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch.overrides import TorchFunctionMode

from alize.errors import CheckpointInvalid
from alize.model.build import Model, build_model
from alize.model.config import ModelConfig
from alize.model.params import read_params
from alize.weights.checkpoints.base import Checkpoint

__all__ = ["load_transformer"]

DESK = 1 << 26  # values, 256 MiB: a layer's tensors of seven billion weights; only what is used of it takes memory


def load_transformer(checkpoint: Checkpoint, dtype: torch.dtype = torch.float32, device: str = "cpu") -> Model:
    """Build the model a checkpoint describes and fill it, one tensor at a time.

    Raises CheckpointInvalid where a tensor is missing, does not have the shape that the configuration says, or has no place in it.
    """
    config = read_params(checkpoint.params)
    model = _built(checkpoint, config)
    wanted = {name for name, _ in model.named_parameters()} | {"output.weight"}  # a tied head may be there twice
    wanted |= {half for name in wanted for half in _halves(name) if name not in checkpoint}
    left = sorted(set(checkpoint) - wanted)
    if left:
        raise CheckpointInvalid(f"{checkpoint.path} holds '{left[0]}', which its configuration has no place for.")
    tensors: dict[str, torch.Tensor] = {}
    # Where tensors are decoded on their way to another dtype: fresh memory for each would double the time.
    kept = dtype == torch.float32 and torch.device(device).type == "cpu"  # what is decoded is the weight itself
    desk = np.empty(0 if kept else DESK, np.float32)
    for name, parameter in model.named_parameters():
        array = _array(checkpoint, name, parameter, desk)
        tensor = torch.as_tensor(array if array.flags.writeable else array.copy())
        tensors[name] = tensor.to(device=device, dtype=dtype)
    model.load_state_dict(tensors, strict=True, assign=True)
    return model.eval().requires_grad_(False)


def _built(checkpoint: Checkpoint, config: ModelConfig) -> Model:
    """The model without memory for its weights, which are replaced at once."""
    layers = config.layers + (config.vision.layers if config.vision else 0)
    experts = config.experts.count * sum(map(config.routed, range(config.layers))) if config.experts else 0
    for count, what in ((layers, "layers"), (experts, "experts")):
        if count > len(tuple(checkpoint)):  # said before it is built: the number is the file's word, and each takes memory
            raise CheckpointInvalid(f"{checkpoint.path} does not hold the {count} {what} of its configuration.")
    try:
        with torch.device("meta"), _Unfilled():
            return build_model(config)
    except (RuntimeError, TypeError) as error:  # what PyTorch says of a size that 64 bits do not hold
        raise CheckpointInvalid(f"{checkpoint.path} cannot be as large as its configuration says: {error}.") from error


def _array(checkpoint: Checkpoint, name: str, wanted: torch.Tensor, desk: npt.NDArray[np.float32]) -> npt.NDArray[Any]:
    """A tensor, put together where llama.cpp's converter has split it; decoded on the desk where it fits there.

    Raises CheckpointInvalid where it is missing or of another shape than `wanted`, before anything is decoded.
    """
    halves = () if name in checkpoint else _halves(name)
    missing = [part for part in halves or (name,) if part not in checkpoint]
    if missing:
        raise CheckpointInvalid(f"{checkpoint.path} has no tensor '{name}'.", remedy="It is incomplete or of another architecture.")
    if not halves:
        _check_shape(checkpoint, name, checkpoint.stored(name).shape, tuple(wanted.shape))
        return checkpoint.array(name, desk if wanted.numel() <= len(desk) else None)
    k_NCP, v_NVC = (tuple(checkpoint.stored(half).shape) for half in halves)
    if len(k_NCP) != 3 or len(v_NVC) != 3 or (k_NCP[0], k_NCP[1]) != (v_NVC[0], v_NVC[2]):
        raise CheckpointInvalid(f"{checkpoint.path}: '{halves[0]}' is {k_NCP} and '{halves[1]}' {v_NVC}: they do not fit.")
    _check_shape(checkpoint, name, (k_NCP[0] * (k_NCP[2] + v_NVC[1]), k_NCP[1]), tuple(wanted.shape))
    keys, values = map(checkpoint.array, halves)
    return np.concatenate([keys.swapaxes(1, 2), values], axis=1).reshape(tuple(wanted.shape))


def _check_shape(checkpoint: Checkpoint, name: str, shape: tuple[int, ...], wanted: tuple[int, ...]) -> None:
    if tuple(shape) != wanted:
        raise CheckpointInvalid(f"{checkpoint.path}: '{name}' is {tuple(shape)}, the configuration says {wanted}.")


def _halves(name: str) -> tuple[str, ...]:
    """What wkv_b, which unpacks latents to keys and values, is split into: wk_b [heads, rank, plain part], wv_b [heads, value, rank]."""
    if not name.endswith(".wkv_b.weight"):
        return ()
    return name.replace(".wkv_b.", ".wk_b."), name.replace(".wkv_b.", ".wv_b.")


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
