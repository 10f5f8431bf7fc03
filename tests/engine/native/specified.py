"""The specification, rounding what the core rounds. In: a model's file, tokens. Out: how far the core's logits are from it."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from alize.model.attend import PackedCausal
from alize.model.load import load_model
from alize.weights.checkpoints import open_checkpoint
from tests.engine.native.kernels import BLOCK
from tests.engine.native.test_runner import logits, native

__all__ = ["distance"]


class Rounding(PackedCausal):
    """Keys and values in bfloat16."""

    def __call__(self, layer: int, q: Any, k: Any, v: Any, scale: float, chosen: bool = False) -> Any:
        return super().__call__(layer, q, *(part.float().bfloat16().double() for part in (k, v)), scale, chosen)


def rounded(_: object, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
    """Rows in blocks of 32, to eight bits beside what stands apart: csrc/contract.h."""
    blocks = inputs[0].unflatten(-1, (-1, BLOCK))
    sizes = blocks.abs().sort(-1).values
    apart = torch.where((blocks.abs() == sizes[..., -1:]) & (2 * sizes[..., -2:-1] <= sizes[..., -1:]), blocks, 0)
    scales = (blocks - apart).abs().amax(-1, keepdim=True) / 127
    return ((torch.round((blocks - apart) / scales) * scales + apart).flatten(-2),)


def distance(path: Path, floats: Callable[[str], bool]) -> Callable[[list[int]], float]:
    """As a share of how far logits vary. `floats`: whether a layer's rows stay as they are."""
    with closing(open_checkpoint(path)) as checkpoint:
        model = load_model(checkpoint, torch.float64)
    for name, layer in model.named_modules():
        if isinstance(layer, torch.nn.Linear) and not floats(name):
            layer.register_forward_pre_hook(rounded)

    def off(tokens: list[int]) -> float:
        with closing(native(path)) as runner:
            found = logits(runner, tokens)
        with torch.inference_mode():
            hidden = model(torch.tensor(tokens), torch.arange(len(tokens)), Rounding(model.config, [len(tokens)]))
            expected = model.head(hidden).numpy()
        return float(np.sqrt(((found - expected) ** 2).mean()) / expected.std())

    return off
