"""What a call to a runner has drawn so far. In: one token for each row that goes on, step by step. Out: which rows go on, an Output."""

from collections.abc import Iterable, Sequence

from alize.engine.base import TokenLogprob
from alize.engine.runners.base import Output, RowSampling
from alize.engine.sample import Drawn

__all__ = ["Gained"]


class Gained:
    """Tokens of each row of a batch, their log-probabilities where these were asked for, and what became of rows that give none."""

    def __init__(self, rows: int) -> None:
        self.tokens: list[list[int]] = [[] for _ in range(rows)]
        self._logprobs: list[list[TokenLogprob]] = [[] for _ in range(rows)]
        self._failures: list[tuple[int, str]] = []

    def add(self, rows: Sequence[int], found: Iterable[Drawn]) -> None:
        """The next token of each of `rows`."""
        for row, drawn in zip(rows, found, strict=True):
            if drawn.failure is not None:
                self._failures.append((row, drawn.failure))
                continue
            self.tokens[row].append(drawn.token)
            if drawn.logprob is not None:
                self._logprobs[row].append(drawn.logprob)

    def going(self, rows: Sequence[int], sampling: Sequence[RowSampling]) -> list[int]:
        """Those of `rows` that have reached neither an end nor a limit, and have not failed."""
        failed = {row for row, _ in self._failures}
        return [
            row
            for row in rows
            if row not in failed and len(self.tokens[row]) < sampling[row].limit and self.tokens[row][-1] not in sampling[row].stop_ids
        ]

    def output(self) -> Output:
        logprobs = tuple(map(tuple, self._logprobs)) if any(self._logprobs) else ()
        return Output(tuple(map(tuple, self.tokens)), logprobs, failures=tuple(self._failures))
