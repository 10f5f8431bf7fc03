"""llama.cpp and what grew out of it, as peers. In: a C interface, how a context of it is opened and how a token is drawn. Out: timings.

Run by a peer's own Python beside `worker.py`, never imported by Alizé. A peer gets what it is best with: batches as large as it takes,
and flash attention on or off, whichever was faster when both were tried on the work at hand.
"""

import importlib
import sys
import time
from collections.abc import Callable
from typing import Any

worker: Any = importlib.import_module("worker")  # beside this file
numpy: Any = importlib.import_module("numpy")

__all__ = ["Batches"]

_BATCH = 512
_ROUNDED = 256  # the length of a sequence's part of a context is made a multiple of it

Open = Callable[[int, int, int, bool], Any]
"""(tokens of context, tokens of a batch, sequences, flash attention) → a context"""

Draw = Callable[[Any, int], int]
"""(context, row of the last batch) → the likeliest token"""


class Batches:
    """Runs works. Contexts are made for each: their size and number of sequences are fixed at birth."""

    def __init__(self, api: Any, open: Open, draw: Draw, *, flash_beside: bool = True) -> None:
        """`flash_beside`: whether flash attention works where a piece of a prompt and decodes share a batch."""
        self._api, self._open, self._draw, self._flash_beside = api, open, draw, flash_beside
        self._flash: dict[tuple[int, int, int], bool] = {}

    def measure(self, prompts: list[list[int]], steps: int, arriving: list[int]) -> Any:
        """The first time decides about flash attention; it also warms up."""
        shape = (len(prompts), len(prompts[0]), bool(steps) + len(arriving))
        if shape in self._flash:
            return self._run(prompts, steps, arriving, self._flash[shape])
        tried = {kind: self._run(prompts, steps, arriving, kind) for kind in (True, False) if not (kind and arriving) or self._flash_beside}
        self._flash[shape] = best = min(tried, key=lambda kind: tried[kind].seconds)
        return tried[best]

    def scores(self, tokens: list[int], vocabulary: int) -> Any:
        """Logits of the token after each of at most a batch's tokens."""
        self._context = self._open(_BATCH, _BATCH, 1, False)
        self._batch = self._api.llama_batch_init(_BATCH, 0, 1)
        try:
            self._batch.n_tokens = 0
            for position, token in enumerate(tokens):
                self._put(token, position, 0, True)
            self._decode()
            rows = [
                numpy.ctypeslib.as_array(self._api.llama_get_logits_ith(self._context, row), (vocabulary,)) for row in range(len(tokens))
            ]
            return numpy.array(rows)
        finally:
            self._api.llama_batch_free(self._batch)
            self._api.llama_free(self._context)

    def _run(self, prompts: list[list[int]], steps: int, arriving: list[int], flash: bool) -> Any:
        longest = max(map(len, prompts)) + steps + (steps // 2 if arriving else 0) + 1
        sequences = len(prompts) + bool(arriving)
        longest = -(-max(longest, len(arriving) + 1) // _ROUNDED) * _ROUNDED
        size = max(_BATCH, sequences)
        self._context = self._open(sequences * longest, size, sequences, flash)
        self._batch = self._api.llama_batch_init(size, 0, 1)
        try:
            start = time.perf_counter()
            last = [self._read(row, prompt) for row, prompt in enumerate(prompts)]
            read = time.perf_counter()
            if not steps:
                return worker.Timing(sum(map(len, prompts)), read - start)
            if arriving:
                return self._mixed(last, len(prompts[0]), steps, arriving)
            for step in range(steps):
                last = self._step(last, len(prompts[0]) + step)
            return worker.Timing(steps * len(prompts), time.perf_counter() - read)
        finally:
            self._api.llama_batch_free(self._batch)
            self._api.llama_free(self._context)

    def _read(self, row: int, prompt: list[int]) -> int:
        """Compute one prompt and draw the token after it."""
        for begin in range(0, len(prompt), _BATCH):
            self._batch.n_tokens = 0
            self._piece(row, prompt, begin, _BATCH)
            self._decode()
        return self._draw(self._context, self._batch.n_tokens - 1)

    def _step(self, last: list[int], position: int, row: int = 0, prompt: list[int] | None = None, begin: int = 0) -> list[int]:
        """One token of each sequence, and beside them as much of a prompt as the batch holds."""
        self._batch.n_tokens = 0
        for each, token in enumerate(last):
            self._put(token, position, each, True)
        if prompt:
            self._piece(row, prompt, begin, _BATCH - len(last))
        self._decode()
        return [self._draw(self._context, each) for each in range(len(last))]

    def _mixed(self, last: list[int], position: int, steps: int, arriving: list[int]) -> Any:
        start = time.perf_counter()
        for step in range(steps // 2):
            last = self._step(last, position + step)
        came = begin = time.perf_counter()
        position += steps // 2
        gaps: list[float] = []
        for step in range(steps):
            done = step * (_BATCH - len(last))
            left = arriving if done < len(arriving) else None
            last = self._step(last, position + step, len(last), left, done)
            gaps.append(time.perf_counter() - came)
            came += gaps[-1]
        tokens = len(arriving) + 1 + steps * len(last)
        return worker.Timing(tokens, came - begin, (begin - start) / (steps // 2), worker.percentile(gaps, 99))

    def _piece(self, row: int, prompt: list[int], begin: int, most: int) -> None:
        for position, token in enumerate(prompt[begin : begin + most], begin):
            self._put(token, position, row, position + 1 == len(prompt))

    def _put(self, token: int, position: int, row: int, wanted: bool) -> None:
        batch = self._batch
        index = batch.n_tokens
        batch.token[index], batch.pos[index], batch.logits[index] = token, position, wanted
        batch.n_seq_id[index] = 1
        batch.seq_id[index][0] = row
        batch.n_tokens += 1

    def _decode(self) -> None:
        status = self._api.llama_decode(self._context, self._batch)
        if status:
            sys.exit(f"llama_decode returned {status}")
