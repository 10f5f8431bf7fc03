"""From a checkpoint to a running model. In: a Checkpoint and a dtype. Out: the model with its weights."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from alize.errors import CheckpointInvalid
from alize.model.build import Model, build_model
from alize.model.config import ModelConfig
from alize.model.params import read_params
from alize.model.stored import StoredEmbedding, StoredLinear, Workers
from alize.weights.checkpoints.base import Checkpoint
from alize.weights.checkpoints.unpacking import halves_of, joined, joined_shape
from alize.weights.footprint import stays_stored

__all__ = ["Progress", "load_model", "unfilled"]

Progress = Callable[[int, int], None]
"""Called with the bytes of the file that are dealt with, and with all of them."""

PIECE = 1 << 17  # values decoded at once on their way to another type
GRAIN = 1 << 15  # PyTorch copies fewer than this without other threads: here every thread has a part of its own


def load_model(
    checkpoint: Checkpoint,
    dtype: torch.dtype = torch.float32,
    device: str = "cpu",
    *,
    stored: bool = False,
    settle: Callable[[str, nn.Module], None] | None = None,
    progress: Progress | None = None,
) -> Model:
    """Build the model a checkpoint describes and fill it, one tensor at a time.

    stored: matrices that take less memory as the file has them stay there, and are decoded piece by piece when they are used.
    settle: called with each module and its name once all within it is filled, so that it may be laid out anew before the next is read.

    Raises CheckpointInvalid where a tensor is missing, does not have the shape that the configuration says, or has no place in it;
    no weight is read before that is known.
    """
    config = read_params(checkpoint.params)
    model = _built(checkpoint, config)
    _check_names(checkpoint, model)
    total = sum(checkpoint.stored(name).data.nbytes for name in checkpoint)
    filling = _Filling(checkpoint, dtype, device, stored, Workers(), settle, progress, total)
    filling.fill("", model)
    if model.output is None and isinstance(model.tok_embeddings, StoredEmbedding):
        model.output = cast(nn.Linear, StoredLinear(model.tok_embeddings.matrix, None, filling.workers))
    return model.eval().requires_grad_(False)


def _check_names(checkpoint: Checkpoint, model: Model) -> None:
    """Every parameter has its tensor, of its shape, and every tensor its parameter."""
    wanted = {name for name, _ in model.named_parameters()} | {"output.weight"}  # a tied head may be there twice
    wanted |= {half for name in wanted for half in halves_of(name) if name not in checkpoint}
    left = sorted(set(checkpoint) - wanted)
    if left:
        raise CheckpointInvalid(f"{checkpoint.path} holds '{left[0]}', which its configuration has no place for.")
    for name, parameter in model.named_parameters():
        halves = () if name in checkpoint else halves_of(name)
        missing = [part for part in halves or (name,) if part not in checkpoint]
        if missing:
            raise CheckpointInvalid(f"{checkpoint.path} has no tensor '{name}'.", remedy="It is incomplete or of another architecture.")
        shape = _joined_shape(checkpoint, *halves) if halves else checkpoint.stored(name).shape
        if tuple(shape) != tuple(parameter.shape):
            raise CheckpointInvalid(f"{checkpoint.path}: '{name}' is {tuple(shape)}, the configuration says {tuple(parameter.shape)}.")


def _built(checkpoint: Checkpoint, config: ModelConfig) -> Model:
    """The model without memory for its weights, which are replaced at once."""
    layers = config.layers + sum(encoder.layers for encoder in (config.vision, config.hearing) if encoder)
    experts = config.experts.count * sum(map(config.routed, range(config.layers))) if config.experts else 0
    for count, what in ((layers, "layers"), (experts, "experts")):
        if count > len(tuple(checkpoint)):  # said before it is built: the number is the file's word, and each takes memory
            raise CheckpointInvalid(f"{checkpoint.path} does not hold the {count} {what} of its configuration.")
    try:
        return unfilled(config)
    except (RuntimeError, TypeError) as error:  # what PyTorch says of a size that 64 bits do not hold
        raise CheckpointInvalid(f"{checkpoint.path} cannot be as large as its configuration says: {error}.") from error


def unfilled(config: ModelConfig) -> Model:
    """A model whose weights have shapes and no memory."""
    with torch.device("meta"), _Unfilled():
        return build_model(config)


@dataclass
class _Filling:
    """A model on its way."""

    checkpoint: Checkpoint
    dtype: torch.dtype
    device: str
    stored: bool
    workers: Workers
    settle: Callable[[str, nn.Module], None] | None
    progress: Progress | None
    total: int  # bytes of the file
    done: int = 0

    def fill(self, name: str, module: nn.Module) -> None:
        """All within it first, then it is settled: never more than one module is in memory twice."""
        for part, child in list(module.named_children()):
            inner = f"{name}.{part}" if name else part
            layer = self._left_in_file(inner, child)
            if layer is None:
                self.fill(inner, child)
            else:
                setattr(module, part, layer)
        for part, parameter in list(module.named_parameters(recurse=False)):
            setattr(module, part, nn.Parameter(self._tensor(f"{name}.{part}" if name else part, parameter), requires_grad=False))
        if self.settle is not None:
            self.settle(name, module)

    def _left_in_file(self, name: str, layer: nn.Module) -> nn.Module | None:
        """What takes the place of a layer whose weights stay as they are stored; None where they do not."""
        weight = f"{name}.weight"
        if not self.stored or not isinstance(layer, nn.Linear | nn.Embedding) or weight not in self.checkpoint:
            return None
        tensor = self.checkpoint.stored(weight)
        if not stays_stored(tensor, self.dtype.itemsize):
            return None
        self._count(tensor.data.nbytes)
        matrix = self.checkpoint.matrix(weight)
        if isinstance(layer, nn.Embedding):
            return StoredEmbedding(matrix, self.dtype, self.device)
        given = cast("Tensor | None", layer.bias)
        return StoredLinear(matrix, None if given is None else self._tensor(f"{name}.bias", given), self.workers)

    def _tensor(self, name: str, wanted: Tensor) -> Tensor:
        names = (name,) if name in self.checkpoint else halves_of(name)
        if len(names) == 2:
            whole = joined(*(self.checkpoint.array(half) for half in names))
            tensor = torch.as_tensor(whole).to(self.dtype)
        else:
            tensor = torch.empty(wanted.shape, dtype=self.dtype)
            self._decode(name, tensor)
        for each in names:
            self._count(self.checkpoint.stored(each).data.nbytes)
            self.checkpoint.release(each)
        return tensor.to(self.device)

    def _decode(self, name: str, into: Tensor) -> None:
        """Decode a tensor to where it stays, without a second copy of it."""
        kind = self.checkpoint.stored(name).kind
        if into.ndim != 2 or kind == "F64":  # more than pieces of float32 could hold
            values = self.checkpoint.array(name)
            into.copy_(torch.as_tensor(values if values.flags.writeable else values.copy()))
            return
        matrix = self.checkpoint.matrix(name)
        rows, width = matrix.shape
        height = max(1, PIECE // max(1, width))

        def decode(start: int, stop: int) -> None:
            for first in range(start, stop, height):
                last = min(first + height, stop)
                if into.dtype == torch.float32:
                    matrix.rows(first, last, into[first:last].numpy().reshape(-1))
                else:
                    piece = matrix.rows(first, last, self.workers.desk(height * width)).reshape(-1)
                    whole = into[first:last].view(-1)
                    for part in range(0, len(piece), GRAIN - 1):
                        whole[part : part + GRAIN - 1] = torch.as_tensor(piece[part : part + GRAIN - 1])

        self.workers.split(rows, width, decode)

    def _count(self, bytes: int) -> None:
        self.done += bytes
        if self.progress is not None:
            self.progress(self.done, self.total)


def _joined_shape(checkpoint: Checkpoint, first: str, second: str) -> tuple[int, int]:
    """Of the two together. Raises CheckpointInvalid where they do not fit."""
    keys, values = checkpoint.stored(first).shape, checkpoint.stored(second).shape
    shape = joined_shape(keys, values)
    if shape is None:
        raise CheckpointInvalid(f"{checkpoint.path}: '{first}' is {keys} and '{second}' {values}: they do not fit.")
    return shape


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
