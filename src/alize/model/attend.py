"""Who sees what. In: a layer's queries, keys and values. Out: what the queries see.

Where the keys and values of earlier tokens lie is not a layer's business: it hands its own to an `Attend` and receives what the queries
see. `PackedCausal` is the definition, for training and scoring; the serving runner brings one that reads a paged cache.

Every query has a score for every position before it: of 32,768 tokens and 32 heads that would be 128 GiB of numbers. So some queries are
answered after the others, as many at a time as have a bounded number of scores.

T tokens (all sequences end to end), S of them that ask together, L positions, N query heads, K key/value heads, H width of a key, V width
of a value, I heads of an indexer.
"""

from collections.abc import Sequence
from typing import Protocol

import torch
import torch.nn.functional as F
from torch import Tensor

from alize.model.config import ModelConfig
from alize.model.pieces import stretches

__all__ = ["Attend", "PackedCausal", "best", "causal_mask", "index_scores"]

MOST_SCORES = 2**26
"""That are in memory at once: 256 MiB in float32."""

TOGETHER = 512
"""Most queries that ask together. Fewer are a power of two, so that they never lie on both sides of a multiple of this."""


class Attend(Protocol):
    """Remembers each layer's keys and values and answers its queries."""

    def __call__(self, layer: int, q_TNH: Tensor, k_TKH: Tensor | None, v_TKV: Tensor | None, scale: float, chosen: bool = False) -> Tensor:
        """What each query sees, [T, N, V]: softmax(scale · q·k) over its own sequence's positions up to its own, times v.

        Keys and values are None where the layer of that number has made them before, in this same call of the model. `chosen` leaves
        only the positions of the last `choose`.
        """
        ...

    def choose(self, layer: int, q_TIH: Tensor, weight_TI: Tensor, k_TH: Tensor, top: int) -> None:
        """Choose for each query the `top` positions of highest index score, ties to the lower position, and remember the keys."""
        ...


class PackedCausal:
    """Each token sees its own sequence up to itself, and no further back than the layer's window. Nothing is kept between calls.

    Lengths [2, 3] and window 2; rows are queries, 1 = seen:

            a0 a1 b0 b1 b2
        a0   1
        a1   1  1
        b0         1
        b1         1  1
        b2            1  1
    """

    def __init__(self, config: ModelConfig, lengths: Sequence[int]) -> None:
        self.lengths = list(lengths)
        self.windows = [config.window if config.attention_kind(layer) == "sliding" else None for layer in range(config.layers)]
        sources = () if config.latent is None else config.latent.sources
        self._shared = {source for layer, source in enumerate(sources) if source != layer}
        self._kept: dict[int, tuple[Tensor, Tensor]] = {}
        self._choice: list[list[Tensor]] = []  # of each sequence, for each TOGETHER of its queries a mask [S, L]

    def __call__(self, layer: int, q_TNH: Tensor, k_TKH: Tensor | None, v_TKV: Tensor | None, scale: float, chosen: bool = False) -> Tensor:
        if k_TKH is None or v_TKV is None:
            k_TKH, v_TKV = self._kept[layer]
        elif layer in self._shared:
            self._kept[layer] = k_TKH, v_TKV
        seen: list[Tensor] = []
        for index, (q, k, v) in enumerate(zip(*(torch.split(x, self.lengths) for x in (q_TNH, k_TKH, v_TKV)), strict=True)):
            seen.append(self._seen(q, k, v, self.windows[layer], scale, self._choice[index] if chosen else None))
        return torch.cat(seen)

    def _seen(self, q_TNH: Tensor, k_TKH: Tensor, v_TKV: Tensor, window: int | None, scale: float, choice: list[Tensor] | None) -> Tensor:
        """What the queries of one sequence see."""
        groups = q_TNH.shape[1] // k_TKH.shape[1]
        q_NTH, k_NTH, v_NTV = q_TNH.transpose(0, 1), _shared(k_TKH, groups), _shared(v_TKV, groups)
        at, seen = torch.arange(len(q_TNH), device=q_TNH.device), list[Tensor]()
        for some in stretches(len(at), _together(len(at) * len(q_NTH))):
            start: int = some.start
            past = slice(0 if window is None else max(0, start - window + 1), some.stop)
            mask = causal_mask(at[some], at[past], window)
            if choice is not None:
                mask = mask & choice[start // TOGETHER][start % TOGETHER :][: len(mask), past]
            seen.append(F.scaled_dot_product_attention(q_NTH[:, some], k_NTH[:, past], v_NTV[:, past], attn_mask=mask, scale=scale))
        return torch.cat(seen, dim=1).transpose(0, 1)

    def choose(self, layer: int, q_TIH: Tensor, weight_TI: Tensor, k_TH: Tensor, top: int) -> None:
        self._choice = []
        for q, weight, k in zip(*(torch.split(x, self.lengths) for x in (q_TIH, weight_TI, k_TH)), strict=True):
            at = torch.arange(len(q), device=q.device)
            self._choice.append([])
            for some in stretches(len(q), TOGETHER):
                hidden = ~causal_mask(at[some], at[: some.stop], None)
                scores = index_scores(q[some], weight[some], k[: some.stop]).masked_fill(hidden, float("-inf"))
                self._choice[-1].append(best(scores, top))


def _shared(x_TKH: Tensor, groups: int) -> Tensor:
    """Each key or value head for every query head that reads it: [N, T, H]."""
    return x_TKH.transpose(0, 1).repeat_interleave(groups, 0)


def causal_mask(queries: Tensor, keys: Tensor, window: int | None) -> Tensor:
    """[queries, keys] of bool: may the query at one position see the key at another?

    >>> causal_mask(torch.tensor([4]), torch.arange(6), 3).tolist()
    [[False, False, True, True, True, False]]
    """
    behind = queries[:, None] - keys[None, :]
    return (behind >= 0) if window is None else (behind >= 0) & (behind < window)


def index_scores(q_TIH: Tensor, weight_TI: Tensor, k_LH: Tensor) -> Tensor:
    """How much each query wants each key, [T, L]: Σ over heads of weight · relu(q·k / √H) (DeepSeek-V3.2, eq. 1)."""
    wide = torch.promote_types(q_TIH.dtype, torch.float32)
    k_HL, scores = k_LH.to(wide).T, list[Tensor]()
    for some in stretches(len(q_TIH), _together(q_TIH.shape[1] * len(k_LH))):
        scores_SIL = F.relu(q_TIH[some].to(wide) @ k_HL * q_TIH.shape[-1] ** -0.5)
        scores.append(torch.einsum("si,sil->sl", weight_TI[some].to(wide), scores_SIL))
    return torch.cat(scores)


def _together(each: int) -> int:
    """How many queries that have so many scores each may ask together.

    >>> _together(100), _together(32 * 32768), _together(2**40)
    (512, 64, 1)
    """
    return min(TOGETHER, 1 << max(0, (MOST_SCORES // max(1, each)).bit_length() - 1))


def best(scores: Tensor, top: int) -> Tensor:
    """Of each row the `top` highest, ties to the lower index, as a mask.

    >>> best(torch.tensor([[1.0, 3.0, 3.0, 3.0]]), 2).tolist()
    [[False, True, True, False]]
    """
    if scores.shape[-1] <= top:
        return torch.ones_like(scores, dtype=torch.bool)
    order = scores.sort(dim=-1, descending=True, stable=True).indices[..., :top]
    return torch.zeros_like(scores, dtype=torch.bool).scatter_(-1, order, True)
