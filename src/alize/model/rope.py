"""Rotary position embedding (Su et al. 2021). In: heads and a rotation per token. Out: the heads, turned.

Interleaved layout: pair i of a head is elements (2i, 2i+1), one complex number, turned by position · speed[i]. The first pair turns
fastest, by one radian a token; the last of a long-context model, once in millions.
Angles and their sines are float32, as in the code these models were trained with (and in transformers): at position 8,000 a more
exact angle would differ from theirs by up to 5e-4.
"""

import math
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from alize.model.config import ModelConfig, Rope

__all__ = ["Places", "places", "rotate", "rotations", "speeds"]


def speeds(rope: Rope, width: int, device: torch.device | str = "cpu") -> Tensor:
    """Radians a token by which each pair of a head of this width turns, [width / 2], float32: theta^(-2i / width).

    A longer context is reached by slowing pairs down. YaRN (Peng et al. 2023, § 3.2) slows the pairs that have not turned once within
    the original context by `factor`, leaves those alone that turn 32 times and more in it, and goes from one to the other in a
    straight line over the pairs between. Llama 3 does so from 1 to 4 times, in a straight line over the times.

        times that a pair turns in the original context    100    8     4    2.5     1    0.1
        Llama 3, factor 8: its speed, of what it was         1    1     1    0.56   1/8   1/8

    >>> speeds(Rope(theta=100.0), 4).tolist()
    [1.0, 0.10000000149011612]
    """
    exponents = torch.arange(0, width, 2, dtype=torch.int64, device=device).float() / width
    plain = 1.0 / rope.theta**exponents
    if rope.divisors:
        return plain / torch.tensor(rope.divisors, device=device)
    if rope.factor == 1.0:
        return plain
    if rope.stretch == "linear":
        return plain / rope.factor
    if rope.stretch == "llama3":
        times = rope.original_context / (2 * math.pi / plain)
        kept = torch.clamp((times - rope.beta_slow) / (rope.beta_fast - rope.beta_slow), 0, 1)
        return (1 - kept) * plain / rope.factor + kept * plain
    first = max(math.floor(_pair_that_turns(rope.beta_fast, rope, width)), 0)
    last = min(math.ceil(_pair_that_turns(rope.beta_slow, rope, width)), width - 1)
    slowed = torch.clamp((torch.arange(width // 2, dtype=torch.float32, device=device) - first) / ((last - first) or 0.001), 0, 1)
    return plain / rope.factor * slowed + plain * (1 - slowed)


def _pair_that_turns(times: float, rope: Rope, width: int) -> float:
    """Which pair, in fractions, turns so many times within the original context: original · theta^(-2i / width) = 2π · times."""
    return width * math.log(rope.original_context / (times * 2 * math.pi)) / (2 * math.log(rope.theta))


def rotations(rope: Rope, width: int, positions: Tensor, alpha: Tensor | None = None) -> Tensor:
    """One complex number per position and pair: [T, width / 2], complex64. `alpha` [width / 2] changes the speeds by exp(alpha).

    >>> rotations(Rope(theta=100.0), 4, torch.tensor([0])).tolist()
    [[(1+0j), (1+0j)]]
    """
    speed = speeds(rope, width, positions.device)
    if alpha is not None:
        speed = speed * alpha.float().exp()
    angles = positions.float()[:, None] * speed[None, :]
    return torch.complex(angles.cos(), angles.sin()) * rope.attention_scale


def rotate(x_TNH: Tensor, rotation: Tensor) -> Tensor:
    """Turn every head of a token by the token's rotation. Computed in float32 or wider, returned in the type that came in."""
    wide = x_TNH.to(torch.promote_types(x_TNH.dtype, torch.float32))
    turned = torch.view_as_complex(wide.reshape(*wide.shape[:-1], -1, 2)) * rotation[:, None, :]
    return torch.view_as_real(turned).flatten(-2).to(x_TNH.dtype)


@dataclass(frozen=True, slots=True)
class Places:
    """What a layer must know of where the batch's tokens stand in their sequences."""

    positions_T: Tensor
    rotation: Tensor  # [T, width / 2], complex64
    temperature_T: Tensor | None = None  # queries are multiplied by it
    sliding_rotation: Tensor | None = None  # of layers that see a window, where theirs is another

    def of(self, kind: Literal["full", "sliding"]) -> Tensor:
        """The rotation of a layer of that kind."""
        return self.rotation if kind == "full" or self.sliding_rotation is None else self.sliding_rotation

    def warmed(self, q_TNH: Tensor) -> Tensor:
        """The queries with their temperature."""
        return q_TNH if self.temperature_T is None else q_TNH * self.temperature_T[:, None, None].to(q_TNH.dtype)


def places(config: ModelConfig, positions_T: Tensor, alpha: Tensor | None = None) -> Places:
    """Computed once for all layers."""
    width = config.head_dim if config.latent is None else config.latent.rope_head_dim
    temperature_T = None
    if config.temperature is not None:
        periods = torch.floor(positions_T.float() / config.temperature.context)
        temperature_T = 1 + config.temperature.beta * torch.log1p(periods)
    sliding = None if config.sliding_rope is None else rotations(config.sliding_rope, width, positions_T)
    return Places(positions_T, rotations(config.rope, width, positions_T, alpha), temperature_T, sliding)
