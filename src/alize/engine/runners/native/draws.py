"""How the core draws a step's tokens. In: a rule for each row. Out: the structures of csrc/sample.h, and what the core wrote into them."""

import ctypes
import struct
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt

from alize.engine.base import TokenLogprob
from alize.engine.runners.base import RowSampling
from alize.engine.runners.native.library import DrawC, DrawnC, library, native_kernels
from alize.engine.sample import NOT_FINITE, NOTHING_LEFT, Drawn, sample_rows
from alize.errors import Missing

__all__ = ["Draws", "draw_rows"]

_FAILURES = {-1: NOT_FINITE, -2: NOTHING_LEFT}
_DRAW = struct.Struct("Qq6d6P7i0q")
"""DrawC in one call: its fields one by one take ten times as long."""


def draw_rows(logits: npt.NDArray[np.float32], rules: Sequence[RowSampling], positions: Sequence[int]) -> list[Drawn]:
    """`sample_rows` for runners that are not the core: it draws for them, too, where it was built. Both draw the same, to the bit."""
    kernels = _kernels()
    if kernels is None:
        return sample_rows(logits, rules, positions)
    draws, logits = Draws(rules, positions, logits.shape[1]), np.ascontiguousarray(logits)
    if library().alize_draw(kernels, logits.ctypes.data, logits.shape[1], len(rules), draws.draw, draws.drawn):
        raise MemoryError(f"no memory to draw a token of {logits.shape[1]}")
    return draws.found()


@cache
def _kernels() -> int | None:
    try:
        found = native_kernels()
    except Missing:
        return None
    return None if found is None else found[0]


class Draws:
    """Of rows that are drawn together. Lives until the core has drawn them."""

    def __init__(self, rules: Sequence[RowSampling], positions: Sequence[int], vocab: int) -> None:
        """`positions` are those the drawn tokens will take."""
        assert _DRAW.size == ctypes.sizeof(DrawC)
        self._counts = [None if rule.params.logprobs is None else min(rule.params.logprobs, vocab) for rule in rules]
        asked = [count for count in self._counts if count is not None]
        rows, most = len(rules), max(asked, default=0)
        self._tokens = np.empty(rows, np.int32)
        self._logprobs, self._tops, self._top_logprobs = np.empty(rows), np.empty((rows, most), np.int32), np.empty((rows, most))
        into = (each.ctypes.data for each in (self._tokens, self._logprobs, self._tops, self._top_logprobs))
        self._drawn = DrawnC(*into, most)
        self._kept: list[npt.NDArray[Any]] = []
        self._draw = b"".join([self._packed(rule, position) for rule, position in zip(rules, positions, strict=True)])

    @property
    def draw(self) -> bytes:
        """An array of DrawC."""
        return self._draw

    @property
    def drawn(self) -> int:
        """The address of a DrawnC."""
        return ctypes.addressof(self._drawn)

    @property
    def tokens(self) -> list[int]:
        """The tokens alone; below 0 where there is none."""
        return self._tokens.tolist()

    def found(self) -> list[Drawn]:
        """What the core has drawn, in the order of the rules."""
        return [self._of(row, token) for row, token in enumerate(self.tokens)]

    def _of(self, row: int, token: int) -> Drawn:
        count = self._counts[row]
        if token < 0:
            return Drawn(failure=_FAILURES[token])
        if count is None:
            return Drawn(token)
        top = zip(self._tops[row, :count].tolist(), self._top_logprobs[row, :count].tolist(), strict=True)
        return Drawn(token, TokenLogprob(float(self._logprobs[row]), tuple(top)))

    def _packed(self, rule: RowSampling, position: int) -> bytes:
        """What is zero has no effect."""
        params = rule.params
        prompt = said = biased = bias = forbidden = mask = prompt_count = said_count = biases = forbidden_count = words = 0
        if params.penalizes:
            prompt, prompt_count = self._ids(rule.prompt)
            said, said_count = self._ids(rule.history)
        if params.logit_bias:
            biased, biases = self._ids([token for token, _ in params.logit_bias])
            bias = self._array(np.array([bias for _, bias in params.logit_bias], np.float32))
        if rule.forbid_stop > 0:
            forbidden, forbidden_count = self._ids(rule.stop_ids)
        if rule.mask is not None:
            mask, words = self._array(rule.mask), len(rule.mask)
        return _DRAW.pack(
            *(params.seed, position, params.temperature, params.min_p, params.top_p),
            *(params.presence_penalty, params.frequency_penalty, params.repetition_penalty),
            *(prompt, said, biased, bias, forbidden, mask),
            *(prompt_count, said_count, biases, forbidden_count, words),
            *(min(params.top_k, 2**31 - 1), 0 if params.logprobs is None else 1 + params.logprobs),
        )

    def _ids(self, tokens: Iterable[int]) -> tuple[int, int]:
        ids = np.fromiter(tokens, np.int32)
        return self._array(ids), len(ids)

    def _array(self, array: npt.NDArray[Any]) -> int:
        kept = np.ascontiguousarray(array)
        self._kept.append(kept)
        return kept.ctypes.data
