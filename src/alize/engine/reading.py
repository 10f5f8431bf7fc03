"""What is computed beside answers, and only read. In: texts as token ids. Out: scores, vectors, logits, in pieces between two steps.

Scratch blocks hold what is read; running sequences give way where there are none.
"""

from collections.abc import Callable, Generator, Iterator
from collections.abc import Sequence as Seq
from typing import Literal, TypeVar

import numpy as np
import numpy.typing as npt

from alize.engine.adapters import Adapters
from alize.engine.base import ModelInfo, Request, check_fits, check_writes
from alize.engine.batch import pack
from alize.engine.pooling import Pool, in_steps
from alize.engine.runners.base import Runner
from alize.engine.schedule import Limits, Scheduler

__all__ = ["Job", "Reading", "done"]

Result = TypeVar("Result")
Job = Generator[None, None, Result]
"""Work outside the batch, one piece for each `next`; its result is what it returns. Closing it early frees its blocks."""


def done(job: Job[Result]) -> Result:
    """All of it at once."""
    while True:
        try:
            next(job)
        except StopIteration as end:
            return end.value


class Reading:
    """Of one core. Its methods are those of `Core`."""

    def __init__(self, runner: Runner, scheduler: Scheduler, adapters: Adapters, limits: Limits, info: Callable[[], ModelInfo]) -> None:
        self._runner, self._scheduler, self._adapters, self._limits, self._info = runner, scheduler, adapters, limits, info

    def scoring(self, tokens: Seq[int], adapter: str | None = None) -> Job[list[float]]:
        """`score`, in pieces. One job at a time: two could hold all blocks and both wait for more."""
        scores: list[float] = []
        for start, logits in self._values(tokens, "logits", adapter):
            wide = logits.astype(np.float64)
            wide -= wide.max(axis=-1, keepdims=True)
            chosen = np.asarray(tokens[start + 1 : start + 1 + len(wide)])
            scores += (wide[np.arange(len(chosen)), chosen] - np.log(np.exp(wide[: len(chosen)]).sum(axis=-1))).tolist()
            yield
        return scores

    def embedding(self, batch: Seq[Seq[int]], adapter: str | None = None) -> Job[npt.NDArray[np.float32]]:
        """`embed`, in pieces of at most a step's tokens; of an encoder, of one whole text at least.

        Short texts go together, the shortest first: those of one length are computed as one.
        """
        for tokens in batch:
            check_fits(Request(id="", tokens=tuple(tokens), max_tokens=1), self._info(), drawn=0)
        pools = [Pool(self._runner.info.pooling) for _ in batch]
        for together in in_steps([len(tokens) for tokens in batch], self._limits.step_tokens, alone=bool(self._runner.info.groups)):
            texts = [batch[index] for index in together]
            if self._runner.info.writes:
                for _, hidden in self._values(texts[0], "hidden", adapter):
                    pools[together[0]].add(hidden)
                    yield
                continue
            rows = self._whole(texts)
            for index, text in zip(together, texts, strict=True):
                pools[index].add(rows[: len(text)])
                rows = rows[len(text) :]
            yield
        return np.stack([pool.vector() for pool in pools]) if pools else np.empty((0, self._runner.info.hidden_size), np.float32)

    def _whole(self, texts: Seq[Seq[int]]) -> npt.NDArray[np.float32]:
        """The rows of whole texts, one after the other, of a model that keeps nothing."""
        batch = pack([(list(text), 0, {}) for text in texts], (), [False] * len(texts), want="hidden")
        values = self._runner.run(batch, []).values
        assert values is not None
        return values

    def logits(self, tokens: Seq[int], adapter: str | None = None) -> npt.NDArray[np.float32]:
        """Logits of the token after each one: [len, V]. 200 KB a token for a vocabulary of 49,152."""
        return np.concatenate([logits for _, logits in self._values(tokens, "logits", adapter)])

    def _values(
        self, tokens: Seq[int], want: Literal["logits", "hidden"], adapter: str | None = None
    ) -> Iterator[tuple[int, npt.NDArray[np.float32]]]:
        """Yield (first index, values) piece by piece, computed in scratch blocks; running requests give way where needed.

        Raises PromptTooLong, InvalidRequest for ids outside the vocabulary, UnsupportedParameter for an adapter that is not there.
        """
        check_fits(Request(id="", tokens=tuple(tokens), max_tokens=1), self._info(), drawn=0)
        if want == "logits":
            check_writes(self._info())
        key, groups = self._adapters.hold(adapter), self._scheduler.groups
        tables = groups.empty()
        try:
            start = 0
            while start < len(tokens):
                piece = list(tokens[start : start + self._scheduler.beside(start)])
                self._scheduler.make_room(tables, start + len(piece))
                output = self._runner.run(
                    pack([(piece, start, tables)], self._runner.info.groups, [False], (key,) if key else (), want=want), []
                )
                assert output.values is not None
                groups.trim(tables, start + len(piece))
                yield start, output.values
                start += len(piece)
        finally:
            groups.release(tables)
            self._adapters.release(key)
