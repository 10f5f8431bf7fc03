"""Fewer bits, the specification. In: weights, and what they are multiplied with on real text. Out: rounded weights that hurt less.

A matrix in b bits is a whole number q for each weight and a scale s for each group of weights in a row:

    w ≈ s · q     q = round(w / s), cut off at -2ᵇ⁻¹ and 2ᵇ⁻¹ - 1

In eight bits s is the group's largest |w| / (2ᵇ⁻¹ - ½), and a weight is off by half a scale at most. In four bits s is searched near the
one that makes the weight furthest from zero exactly -8, for the least error of the group.

What counts is how far the *products* are off, and there inputs are not alike: in every layer, a few of them are ten to a hundred times as
large as the rest, always the same ones. An error in a weight that meets a large input is felt as many times more. Activation-aware
quantisation (AWQ, Lin et al. 2024) moves the error elsewhere before rounding. For any positive a, one for each input,

    W x  =  (W · a) (x / a)

in exact numbers. Where a is large, the weight is larger against its group's scale, so its rounding is a smaller part of it; and x / a
costs nothing where the layer before can be divided instead:

    attention_norm  →  wq, wk, wv          wv (its rows)  →  wo
    ffn_norm        →  w1, w3              w3 (its rows)  →  w2

Too large an a makes the group's scale grow, and the others' errors with it. So a = mean(|x|)^α, and of twenty values of α from 0 (no
change) to 0.95 the one is taken whose products on the text are nearest to those of the unrounded weights.

T tokens, I inputs, O outputs.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn

from alize.model.build import Model, packed_memory
from alize.model.config import ModelConfig
from alize.model.load import load_model
from alize.weights.checkpoints.base import Checkpoint
from alize.weights.quantized.packed import REACH

__all__ = ["BALANCED", "balance", "heads_of", "rounded", "rounded_fp8", "rounding", "spread", "watched"]

Round = Callable[[Tensor], Tensor]

ALPHAS = tuple(step / 20 for step in range(20))
TOKENS, WINDOW, ROWS = 2048, 512, 256  # of the text that are run, at once, and of their rows that products are compared on
BALANCED = {
    "attention_norm": ("attention.wq", "attention.wk", "attention.wv"),
    "attention.wv": ("attention.wo",),
    "ffn_norm": ("feed_forward.w1", "feed_forward.w3"),
    "feed_forward.w3": ("feed_forward.w2",),
}
"""What is divided, and the matrices whose inputs that divides."""


def rounded(weight_OI: Tensor, bits: int, group: int = 0, search: bool = True) -> Tensor:
    """The weights as they come back; `group` 0 is a scale a row. Without `search`, those of four bits have the scale it starts from.

    >>> rounded(torch.tensor([[0.10, -0.80, 0.02, 0.31]]), bits=4, search=False)
    tensor([[ 0.1000, -0.8000,  0.0000,  0.3000]])
    """
    half = 2 ** (bits - 1)
    groups = weight_OI.reshape(len(weight_OI), -1, group or weight_OI.shape[1])
    furthest = groups.gather(-1, groups.abs().argmax(-1, keepdim=True))
    few = _searched(groups, furthest, half) if search and bits < 8 else furthest / -half
    scale = few if bits < 8 else furthest.abs() / (half - 0.5)
    scale = torch.where(scale == 0, torch.ones_like(scale), scale)
    return ((groups / scale).round().clamp(-half, half - 1) * scale).flatten(-2)


def _searched(groups: Tensor, furthest: Tensor, half: int) -> Tensor:
    """Of the scales near the one that makes the furthest weight -half, each fitted to the levels that it gives, the one with the least
    error (weights/quantized/search.py)."""
    unit = torch.where(furthest == 0, torch.ones_like(furthest), furthest.abs())
    groups, furthest = groups / unit, furthest / unit
    weight = groups.square().mean(-1, keepdim=True).sqrt() + groups.abs()
    best, found = torch.zeros_like(unit), furthest / -half
    for tenths in (0, *range(-REACH, 0), *range(1, REACH + 1)):
        levels = (-(half + tenths / 10) / furthest * groups).round().clamp(-half, half - 1)
        product = (weight * groups * levels).sum(-1, keepdim=True)
        square = (weight * levels.square()).sum(-1, keepdim=True)
        gained = product.square() / square  # by how much the error is less than that of zeros
        found = torch.where(gained > best, product / square, found)
        best = torch.maximum(best, gained.nan_to_num(0))
    return found * unit


def rounded_fp8(weight_OI: Tensor) -> Tensor:
    """The weights as they come back from floats of eight bits, a scale a row."""
    largest = weight_OI.abs().amax(-1, keepdim=True)
    scale = torch.where(largest == 0, torch.ones_like(largest), largest / 448)
    return (weight_OI / scale).to(torch.float8_e4m3fn).to(weight_OI.dtype) * scale


def rounding(bits: int | None, group: int, fits: Callable[[tuple[int, ...]], bool]) -> Round:
    """What becomes of a matrix, near enough to choose by: `bits` None is FP8; one whose shape does not fit stays as it is.

    Scales are not searched here: it would be done twenty times for each matrix, and finds the same factors.
    """

    def round(weight_OI: Tensor) -> Tensor:
        if not fits(tuple(weight_OI.shape)):
            return weight_OI
        return rounded_fp8(weight_OI) if bits is None else rounded(weight_OI, bits, group, search=False)

    return round


def balance(weights_OI: Sequence[Tensor], x_TI: Tensor, round: Round, heads: tuple[int, int, int] | None = None) -> Tensor:
    """a, one factor for each input. `heads`: (key/value heads, query heads of each, width) where inputs of several query heads come from
    one row of wv, and can only be divided together: then one factor for each of those rows, [K · H]."""
    size_I = x_TI.abs().mean(0)
    size = size_I if heads is None else size_I.view(heads).mean(1).flatten()
    best, found = float("inf"), torch.ones_like(size)
    for alpha in ALPHAS:
        a = size.clamp_min(1e-5).pow(alpha)
        a = a / (a.max() * a.min()).sqrt()  # around 1
        a_I = spread(a, heads)
        apart = sum(float((x_TI @ (round(w_OI * a_I) / a_I - w_OI).T).square().sum()) for w_OI in weights_OI)
        if apart < best:
            best, found = apart, a
    return found


def spread(a: Tensor, heads: tuple[int, int, int] | None) -> Tensor:
    """One factor for each input, where query heads share them.

    >>> spread(torch.tensor([1., 2., 3., 4.]), (2, 2, 2))
    tensor([1., 2., 1., 2., 3., 4., 3., 4.])
    """
    return a if heads is None else a.view(heads[0], 1, heads[2]).expand(heads).flatten()


def heads_of(config: ModelConfig) -> tuple[int, int, int] | None:
    """For `balance` of wo; None where each query head has keys and values of its own."""
    return None if config.heads == config.kv_heads else (config.kv_heads, config.heads // config.kv_heads, config.head_dim)


def watched(
    checkpoint: Checkpoint, config: ModelConfig, tokens: Sequence[int], round: Round, report: Callable[[int, int], None]
) -> dict[str, npt.NDArray[np.float32]]:
    """The factors of every layer, "layers.0.ffn_norm" → a. Runs the model once; a layer's inputs are forgotten when it is balanced."""
    model = load_model(checkpoint)
    tokens_T = torch.tensor(tokens[:TOKENS])
    lengths = [min(WINDOW, len(tokens_T) - start) for start in range(0, len(tokens_T), WINDOW)]
    positions_T = torch.cat([torch.arange(length) for length in lengths])
    found: dict[str, npt.NDArray[np.float32]] = {}
    with torch.no_grad(), _Watch(model, lambda layer, seen: _balance_layer(model, layer, seen, round, found, report)):
        model(tokens_T, positions_T, packed_memory(config, lengths))
    return found


def _balance_layer(
    model: Model,
    layer: int,
    seen: dict[str, Tensor],
    round: Round,
    found: dict[str, npt.NDArray[np.float32]],
    report: Callable[[int, int], None],
) -> None:
    block = model.layers[layer]
    for source, targets in BALANCED.items():
        weights = [_weight(block.get_submodule(name)) for name in targets]
        heads = heads_of(model.config) if targets == ("attention.wo",) else None
        found[f"layers.{layer}.{source}"] = balance(weights, seen[targets[0]], round, heads).numpy()
    report(layer + 1, len(model.layers))


def _weight(module: nn.Module) -> Tensor:
    return module.get_parameter("weight").float()


class _Watch:
    """While it is entered, `layer_seen` is called after each layer with the inputs of its matrices, some rows of each."""

    def __init__(self, model: Model, layer_seen: Callable[[int, dict[str, Tensor]], None]) -> None:
        self._model, self._layer_seen = model, layer_seen
        self._hooks: list[Any] = []

    def __enter__(self) -> None:
        for layer, block in enumerate(self._model.layers):
            seen: dict[str, Tensor] = {}
            for targets in BALANCED.values():
                self._hooks.append(block.get_submodule(targets[0]).register_forward_pre_hook(_keeping(seen, targets[0])))
            self._hooks.append(block.register_forward_hook(self._after(layer, seen)))

    def __exit__(self, *_: object) -> None:
        for hook in self._hooks:
            hook.remove()

    def _after(self, layer: int, seen: dict[str, Tensor]) -> Callable[..., None]:
        def told(*_: object) -> None:
            self._layer_seen(layer, seen)
            seen.clear()

        return told


def _keeping(seen: dict[str, Tensor], name: str) -> Callable[[nn.Module, tuple[Tensor, ...]], None]:
    def keep(_: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        (x_TI,) = inputs
        seen[name] = x_TI[:: max(1, len(x_TI) // ROWS)].float()

    return keep
