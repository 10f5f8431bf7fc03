"""How much of a prompt a step takes beside answers. In: what steps took. Out: a number of tokens.

A step that reads 512 tokens takes as long as thirty that write one, and every stream waits for it. So where answers are being written, a
prompt gets as many tokens a step as keep the step within a bound: a setting, or a multiple of what the answers alone take. Both costs are
measured, on this machine, as it is now:

    alone     of a step in which so many answers are written, and nothing is read: the median of the last ones
    each      of a token that is read: the median of (a step's seconds - alone) / tokens

    8 answers alone take 7 ms, a token of a prompt 0.4 ms, the bound is twice 7 ms    →    (14 - 7) / 0.4 = 17 tokens

A median, so that one step that another program held up counts for nothing. Where costs are not known yet it begins with a few tokens, and
takes at most twice as many as it has seen. What is drawn never depends on it: only when.
"""

import math
from collections import deque
from collections.abc import Iterable

__all__ = ["FIRST", "LEAST", "TIMES", "Pace"]

TIMES = 2.0
"""How long a step may take, in steps without a prompt. The pause that a reader notices is three times the usual one; the rest is for
what no estimate knows: of a hundred steps the longest takes half as much again."""

LEAST = 8
"""Tokens of prompts that a step takes at least, however slow the machine: a prompt must come to its end. Of fewer, the cost of a token is
not measured: it would be the difference of two nearly equal numbers."""

FIRST = 32
"""Tokens of prompts where nothing was measured yet."""

_KEPT = 9
_ENOUGH = 3  # steps of which a median says something


class Pace:
    """Measured costs of one engine's steps."""

    def __init__(self, most: int, seconds: float) -> None:
        """`most`: tokens of any step. `seconds`: the bound of one; 0 is TIMES what answers take alone, where some are written; infinity
        none."""
        self._most, self._seconds = most, seconds
        self._alone: dict[int, deque[float]] = {}  # by the number of answers
        self._beside: deque[tuple[float, int]] = deque(maxlen=_KEPT)  # seconds of a token that was read beside answers; how many were
        self._apart: deque[float] = deque(maxlen=_KEPT)  # and where nothing was written

    def most(self, answers: int) -> int:
        """How many tokens of prompts a step may take beside so many answers. Where there are none, only a bound that was set holds."""
        if self._seconds == math.inf or not (answers or self._seconds):
            return self._most
        if not answers:
            each = _middle(self._apart) if self._apart else self.each()
            return min(self._most, FIRST if each is None else max(LEAST, int(min(self._seconds / max(each, 1e-9), self._most))))
        each, spare = self.each(), self.spare(answers)
        if each is None or spare is None:
            return min(FIRST, self._most)
        if spare <= 0:
            return min(LEAST, self._most)
        most = self._most if spare >= each * self._most else int(spare / each)
        if not self._alone and not self._seconds:
            most = max(most, FIRST)  # the bound itself is a guess
        seen = max((tokens for _, tokens in self._beside), default=0)
        return min(self._most, max(LEAST, min(most, max(FIRST, 2 * seen))))

    def spare(self, answers: int) -> float | None:
        """How much longer than its answers alone a step may take, in seconds; below 0 where these take too long. None: not known."""
        alone = self.alone(answers)
        return None if alone is None else (self._seconds or TIMES * alone) - alone

    def took(self, seconds: float, answers: int, prompt: int) -> None:
        """What a step took in which so many answers got a token each, and so many tokens of prompts were read."""
        if not prompt:
            if answers not in self._alone:
                self._alone[answers] = deque(maxlen=_KEPT)
            self._alone[answers].append(seconds)
        elif prompt >= LEAST:
            alone = self.alone(answers)
            if alone is None:
                self._apart.append(seconds / (prompt + answers))
            else:
                cost = max(0.0, seconds - alone) / prompt
                if answers:
                    self._beside.append((cost, prompt))
                else:
                    self._apart.append(cost)

    def alone(self, answers: int) -> float | None:
        """What a step takes that writes so many answers: None where nothing is known. As if one more cost what a token of a prompt does."""
        if not answers:
            return 0.0
        if answers in self._alone:
            return _middle(self._alone[answers])
        each = self.each()
        if not self._alone:
            return None if each is None else answers * each
        nearest = min(self._alone, key=lambda known: (abs(known - answers), known))
        known = _middle(self._alone[nearest])
        share = known * answers / nearest  # as if they were all there is to it
        if each is None:
            return max(known, share)
        return max(min(known, share), known + (answers - nearest) * each)

    def more(self, answers: int, rows: int) -> float:
        """What a step takes that writes so many answers and computes so many rows more: infinity where that is not known.

        As long as few such steps were seen, as if a row took what a token of a prompt does: one slow step says nothing.
        """
        seen = self._alone.get(answers + rows, ())
        known, alone, each = _middle(seen) if seen else math.inf, self.alone(answers), self.each()
        if len(seen) >= _ENOUGH or alone is None:
            return known
        return min(known, alone + rows * each if each is not None else alone * (answers + rows) / max(1, answers))

    def each(self) -> float | None:
        """What a token of a prompt takes; beside answers rather than apart, where a step has fewer and each costs more."""
        if self._beside:
            return _middle(cost for cost, _ in self._beside)
        return _middle(self._apart) if self._apart else None


def _middle(values: Iterable[float]) -> float:
    """The median. (Python's library for it takes 15 ms to import, while somebody waits for a first word.)"""
    ordered = sorted(values)
    return (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2
