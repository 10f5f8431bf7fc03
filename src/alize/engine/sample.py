"""Drawing the next token. In: logits [R, V] and how to sample each row. Out: one token per row. The definition for every runner.

A draw is decided by (seed, position) alone: the uniform number comes from a counter-based integer generator, and the token is the first
in order of id whose cumulative probability, over the tokens kept, exceeds it. So the same seed gives the same answer whatever shares
the batch. These rules never change, or answers replayed from a stored seed would.

Order: grammar mask and forbidden stops → logit_bias → repetition_penalty → presence and frequency penalties → (greedy: the highest, lowest
id first) → temperature → top_k → min_p → top_p → draw.

Everything is computed in operations that give the same bits on every machine (`exact.py`), and probabilities are whole numbers in
proportion to them: sums are exact, so their order is free. The native core computes the same (csrc/sample.h), and tests hold both equal.

A row with a logit that is NaN or +inf, or with no token that may be drawn, gives none, but says why: that is the end of its request alone.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from alize.engine.base import TokenLogprob
from alize.engine.exact import ONE, natural_log, weigh
from alize.engine.runners.base import RowSampling

__all__ = ["COLDEST", "NOTHING_LEFT", "NOT_FINITE", "Drawn", "sample_row", "sample_rows", "uniform"]

Floats = npt.NDArray[np.float32]
Ids = npt.NDArray[np.intp]
_MASK = 2**64 - 1

COLDEST = 1e-30
"""The temperature below which the likeliest is drawn: 1 / temperature overflows 32 bits not far from here."""

NOT_FINITE = "The model's numbers are no numbers here (NaN or infinite): no token can be drawn from them."
NOTHING_LEFT = "No token may be drawn: all of them are forbidden."


@dataclass(frozen=True, slots=True)
class Drawn:
    """What a row gave."""

    token: int = -1
    logprob: TokenLogprob | None = None  # where it was asked for
    failure: str | None = None  # why there is no token


def uniform(seed: int, position: int) -> float:
    """A number in [0, 1) that depends on nothing but its arguments: 53 bits of SplitMix64 (Steele et al. 2014) over both.

    >>> uniform(7, 0) == uniform(7, 0), uniform(7, 0) == uniform(7, 1)
    (True, False)
    """
    return _bits(seed, position) * 2.0**-53


def sample_rows(logits: Floats, sampling: Sequence[RowSampling], positions: Sequence[int]) -> list[Drawn]:
    """Draw one token per row. `positions` are those the drawn tokens will take; `logits` [R, V] may be overwritten."""
    return [sample_row(row, rule, position) for row, rule, position in zip(logits, sampling, positions, strict=True)]


def sample_row(logits: Floats, rule: RowSampling, position: int) -> Drawn:
    """Draw one token from logits [V], which may be overwritten."""
    if not (logits < np.inf).all():  # so it is with NaN
        return Drawn(failure=NOT_FINITE)
    before = logits.copy() if rule.params.logprobs is not None else None
    _forbid(logits, rule)
    _bias(logits, rule)
    _penalize(logits, rule)
    most = logits.max()
    if not -np.inf < most < np.inf:
        return Drawn(failure=NOT_FINITE if most > 0 else NOTHING_LEFT)
    token = int(logits.argmax()) if rule.params.temperature < COLDEST else _draw(logits, most, rule, position)
    return Drawn(token, None if before is None else _logprob(before, token, rule.params.logprobs or 0))


def _forbid(logits: Floats, rule: RowSampling) -> None:
    if rule.mask is not None:
        allowed = np.unpackbits(rule.mask.view(np.uint8), bitorder="little")[: len(logits)].astype(np.bool_)
        logits[: len(allowed)][~allowed] = -np.inf
        logits[len(allowed) :] = -np.inf
    if rule.forbid_stop > 0 and rule.stop_ids:
        logits[[stop for stop in rule.stop_ids if stop < len(logits)]] = -np.inf  # a tokenizer may know more ids than the model draws


def _bias(logits: Floats, rule: RowSampling) -> None:
    for token, bias in rule.params.logit_bias:
        logits[token] += np.float32(bias)


def _penalize(logits: Floats, rule: RowSampling) -> None:
    """Positive logits are divided by the repetition penalty and others multiplied with it, once; then the other two are subtracted."""
    params = rule.params
    if params.repetition_penalty != 1:
        seen = np.unique(np.asarray((*rule.prompt, *rule.history), np.intp))
        factor, own = np.float32(params.repetition_penalty), logits[seen]
        with np.errstate(over="ignore"):
            logits[seen] = np.where(own > 0, own / factor, own * factor)
    if rule.history and (params.presence_penalty or params.frequency_penalty):
        tokens, counts = np.unique(np.asarray(rule.history), return_counts=True)
        logits[tokens] -= (params.presence_penalty + params.frequency_penalty * counts).astype(np.float32)


def _draw(logits: Floats, most: np.float32, rule: RowSampling, position: int) -> int:
    params = rule.params
    weights = weigh(logits, most, np.float32(1.0 / params.temperature))
    kept: Ids | None = None  # None: all
    if 0 < params.top_k < len(logits):
        kept = _likeliest(logits, params.top_k)
    if params.min_p > 0:
        enough = weights.astype(np.float64) >= params.min_p * ONE
        kept = np.flatnonzero(enough) if kept is None else kept[enough[kept]]
    if params.top_p < 1:
        kept = _nucleus(logits, weights, np.flatnonzero(weights) if kept is None else kept, params.top_p)
    candidates = np.flatnonzero(weights) if kept is None else np.sort(kept)
    cumulative = np.cumsum(weights[candidates])
    target = _bits(params.seed, position) * int(cumulative[-1]) >> 53  # 0 … the sum - 1
    return int(candidates[np.searchsorted(cumulative, target, side="right")])


def _nucleus(logits: Floats, weights: npt.NDArray[np.int64], kept: Ids, top_p: float) -> Ids:
    """The fewest likeliest of those kept whose share of their sum reaches top_p."""
    total = int(weights[kept].sum())
    limit = min(max(math.ceil(top_p * float(total)), 1), total)
    # Sorting 49,152 numbers takes 3 ms; the likeliest few hundred nearly always hold all of top_p.
    for count in (512, len(kept)):
        order = kept[_likeliest(logits[kept], min(count, len(kept)))]
        cumulative = np.cumsum(weights[order])
        if cumulative[-1] >= limit:
            break
    return order[: int(np.searchsorted(cumulative, limit)) + 1]


def _likeliest(logits: Floats, count: int) -> Ids:
    """The `count` largest, in order; ties to the lower index, also at the border."""
    if count < len(logits):
        border = np.partition(logits, len(logits) - count)[len(logits) - count]
        above = np.flatnonzero(logits > border)
        chosen = np.concatenate([above, np.flatnonzero(logits == border)[: count - len(above)]])
    else:
        chosen = np.arange(len(logits))
    return chosen[np.lexsort((chosen, -logits[chosen]))]


def _logprob(logits: Floats, token: int, count: int) -> TokenLogprob:
    most = logits.max()
    normalizer = natural_log(int(weigh(logits, most, np.float32(1)).sum()))
    top = _likeliest(logits, min(count, len(logits))) if count else ()

    def of(index: int) -> float:
        return (float(logits[index]) - float(most)) - normalizer

    return TokenLogprob(of(token), tuple((int(index), of(int(index))) for index in top))


def _bits(seed: int, position: int) -> int:
    """53 of them."""
    return _mix((_mix(seed & _MASK) + (position + 1) * 0x9E3779B97F4A7C15) & _MASK) >> 11


def _mix(value: int) -> int:
    value = ((value ^ (value >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    value = ((value ^ (value >> 27)) * 0x94D049BB133111EB) & _MASK
    return value ^ (value >> 31)
