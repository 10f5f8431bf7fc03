"""Drawing the next token. In: logits [R, V] and how to sample each row. Out: one token per row. The definition for every runner.

A draw is decided by (seed, position) alone: the uniform number comes from a counter-based integer generator, and the token is the first
in order of id whose cumulative probability, over the tokens kept, exceeds it. So the same seed gives the same answer whatever shares
the batch. These rules never change, or answers replayed from a stored seed would.

Order: grammar mask and forbidden stops → penalties → (greedy: the highest, lowest id first) → temperature → top_k → min_p → top_p → draw.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from alize.engine.base import TokenLogprob
from alize.engine.runners.base import RowSampling

__all__ = ["sample_rows", "sample_token", "uniform"]

Floats = npt.NDArray[np.float32]
Ids = npt.NDArray[np.intp]
_MASK = 2**64 - 1
_COLDEST = 1e-30  # dividing by less overflows 32 bits, and below 1e-45 it is a division by 0


def uniform(seed: int, position: int) -> float:
    """A number in [0, 1) that depends on nothing but its arguments: 53 bits of SplitMix64 (Steele et al. 2014) over both.

    >>> uniform(7, 0) == uniform(7, 0), uniform(7, 0) == uniform(7, 1)
    (True, False)
    """
    mixed = _mix((_mix(seed & _MASK) + (position + 1) * 0x9E3779B97F4A7C15) & _MASK)
    return (mixed >> 11) * 2.0**-53


def sample_rows(logits: Floats, sampling: Sequence[RowSampling], positions: Sequence[int]) -> tuple[list[int], list[TokenLogprob | None]]:
    """Draw one token per row. `positions` are those the drawn tokens will take; `logits` [R, V] may be overwritten."""
    tokens: list[int] = []
    logprobs: list[TokenLogprob | None] = []
    for row, rule, position in zip(logits, sampling, positions, strict=True):
        before = row.copy() if rule.params.logprobs is not None else None
        token = sample_token(row, rule, position)
        tokens.append(token)
        logprobs.append(None if before is None else _logprob(before, token, rule.params.logprobs or 0))
    return tokens, logprobs


def sample_token(logits: Floats, rule: RowSampling, position: int) -> int:
    """Draw one token from logits [V], which may be overwritten."""
    _forbid(logits, rule)
    _penalize(logits, rule)
    params = rule.params
    if params.temperature < _COLDEST:
        return int(logits.argmax())  # numpy returns the first, hence the lowest id
    weights = np.exp((logits - logits.max()) / np.float32(params.temperature))  # probabilities up to a factor; the likeliest has 1
    keep = _kept(weights, params.top_k, params.min_p, params.top_p)
    candidates = np.flatnonzero(weights) if keep is None else np.sort(keep)
    cumulative = np.cumsum(weights[candidates], dtype=np.float64)
    drawn = int(np.searchsorted(cumulative, uniform(params.seed, position) * float(cumulative[-1]), side="right"))
    return int(candidates[min(drawn, len(candidates) - 1)])


def _forbid(logits: Floats, rule: RowSampling) -> None:
    if rule.mask is not None:
        allowed = np.unpackbits(rule.mask.view(np.uint8), bitorder="little")[: len(logits)].astype(np.bool_)
        logits[: len(allowed)][~allowed] = -np.inf
        logits[len(allowed) :] = -np.inf
    if rule.forbid_stop > 0 and rule.stop_ids:
        logits[[stop for stop in rule.stop_ids if stop < len(logits)]] = -np.inf  # a tokenizer may know more ids than the model draws


def _penalize(logits: Floats, rule: RowSampling) -> None:
    if rule.history and (rule.params.presence_penalty or rule.params.frequency_penalty):
        tokens, counts = np.unique(np.asarray(rule.history), return_counts=True)
        logits[tokens] -= (rule.params.presence_penalty + rule.params.frequency_penalty * counts).astype(np.float32)


def _kept(weights: Floats, top_k: int, min_p: float, top_p: float) -> Ids | None:
    """Ids that may be drawn, in no set order; None where nothing is cut. Each rule sees what the one before it left."""
    kept: Ids | None = None
    if 0 < top_k < len(weights):
        kept = _likeliest(weights, top_k)
    if min_p > 0:
        kept = np.flatnonzero(weights >= np.float32(min_p)) if kept is None else kept[weights[kept] >= np.float32(min_p)]
    if top_p < 1:
        own = weights if kept is None else weights[kept]
        nucleus = _nucleus(own, top_p)
        kept = nucleus if kept is None else kept[nucleus]
    return kept


def _nucleus(weights: Floats, top_p: float) -> Ids:
    """Indices of the smallest set of likeliest entries whose share of the whole reaches top_p."""
    limit = top_p * float(weights.sum(dtype=np.float64))
    # Sorting 49,152 numbers takes 3 ms; the likeliest few hundred nearly always hold all of top_p.
    order = _likeliest(weights, min(512, len(weights)))
    cumulative = np.cumsum(weights[order], dtype=np.float64)
    if cumulative[-1] < limit and len(order) < len(weights):
        order = _likeliest(weights, len(weights))
        cumulative = np.cumsum(weights[order], dtype=np.float64)
    return order[: int(np.searchsorted(cumulative, limit)) + 1]


def _likeliest(weights: Floats, count: int) -> Ids:
    """The `count` largest, in order; ties to the lower id, also at the border."""
    if count < len(weights):
        border = np.partition(weights, len(weights) - count)[len(weights) - count]
        above = np.flatnonzero(weights > border)
        chosen = np.concatenate([above, np.flatnonzero(weights == border)[: count - len(above)]])
    else:
        chosen = np.arange(len(weights))
    return chosen[np.lexsort((chosen, -weights[chosen]))]


def _logprob(logits: Floats, token: int, count: int) -> TokenLogprob:
    highest = float(logits.max())
    normalizer = highest + float(np.log(np.exp(logits - logits.max()).sum(dtype=np.float64)))
    top = _likeliest(logits, min(count, len(logits))) if count else ()
    return TokenLogprob(float(logits[token]) - normalizer, tuple((int(i), float(logits[i]) - normalizer) for i in top))


def _mix(value: int) -> int:
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & _MASK
    return value ^ (value >> 31)
