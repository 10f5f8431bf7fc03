"""How much of a prompt a step takes beside answers. In: what steps took. Out: an allowance of tokens and of time.

A step that reads 512 tokens takes as long as thirty that write one, and every stream waits for it. So where answers are being written, a
prompt gets as many tokens a step as keep the step within a bound: a setting, or a multiple of what the answers alone take. Both costs are
measured, on this machine, as it is now:

    alone     of a step in which so many answers are written, and nothing is read: the median of the last ones
    each      of a token that is read: the median of (a step's seconds - alone) / tokens
    deeper    how much more of it for every token before it: the median of the slopes between a less deep step and a deeper one, each
              step in one pair (the incomplete method of Theil 1950)

    8 answers alone take 7 ms, the first token of a prompt 0.4 ms, the bound is twice 7 ms    →    (14 - 7) / 0.4 = 17 tokens
    behind 1,000 tokens, where one takes 0.0003 ms more for each of these                     →    (14 - 7) / (0.4 + 0.3) = 10

Medians, so that one step that another program held up counts for nothing. Where costs are not known yet it begins with a few tokens, and
takes at most twice as many as it has seen. What is drawn never depends on it: only when.
"""

import math
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import islice
from typing import NamedTuple

__all__ = ["FIRST", "LEAST", "TIMES", "Allowance", "Pace"]

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
_COMPARED = 32  # steps between which slopes are sought
_APART = 128  # how many tokens deeper one of two is at least: 16 steps of 8
_PAIRS = 4  # of which a slope is believed
_OWN = 0.25
"""What of a token's cost is its own at least, wherever it is: what is known of deep ones says little of what the first of a text take."""


@dataclass(slots=True)
class Allowance:
    """What one step may still read."""

    tokens: int
    seconds: float = math.inf
    each: float = 0.0  # seconds of a token that none is before
    deeper: float = 0.0  # how many more for each that is
    least: int = 0  # tokens that may be read, whatever they take
    read: int = field(default=0, init=False)
    _before: int = field(default=0, init=False)  # how many are before each that is read, all added up

    def __bool__(self) -> bool:
        return self.fits() > 0

    @property
    def depth(self) -> float:
        """How many tokens are before one that is read, on average."""
        return self._before / self.read if self.read else 0.0

    def fits(self, start: int = 0) -> int:
        """How many tokens there is room for behind `start` others; for none, maybe, where there is for some that are less deep.

        >>> Allowance(512, 0.007, 0.0004).fits(), Allowance(512, 0.007, 0.0004, 3e-7).fits(1000), Allowance(5, 0.007, 0.0004).fits()
        (17, 9, 5)
        """
        if self.seconds == math.inf:
            return self.tokens
        if self.seconds <= 0:
            return min(self.tokens, self.least)
        first = self.each + self.deeper * (start - 0.5)
        root = math.sqrt(first * first + 2 * self.deeper * self.seconds)  # of n · first + n² · deeper / 2 = seconds
        most = math.inf
        if first > 0:  # of both ways to write the positive n the one that subtracts nothing
            most = 2 * self.seconds / (first + root)
        elif self.deeper:
            most = (root - first) / self.deeper
        return int(min(self.tokens, max(self.least, most)))

    def take(self, start: int, count: int) -> None:
        """Read so many tokens behind `start` others."""
        before = count * start + count * (count - 1) // 2
        self.tokens -= count
        self.least = max(0, self.least - count)
        self.seconds -= count * self.each + before * self.deeper
        self.read += count
        self._before += before


class _Step(NamedTuple):
    """One that has read something."""

    each: float  # seconds of a token
    depth: float  # how many were before one, on average
    tokens: int


class _Costs:
    """Of reading, by the last steps."""

    def __init__(self) -> None:
        self._steps = deque[_Step](maxlen=_COMPARED)
        self._deeper = 0.0
        self._line: tuple[float, float] | None = None

    def __bool__(self) -> bool:
        return bool(self._steps)

    def add(self, each: float, depth: float, tokens: int) -> None:
        self._steps.append(_Step(each, depth, tokens))
        self._line = None

    @property
    def seen(self) -> int:
        """The most tokens of one step."""
        return max((step.tokens for step in self._last), default=0)

    @property
    def each(self) -> float:
        """What a token took, wherever it was."""
        return _middle(step.each for step in self._last)

    def line(self) -> tuple[float, float]:
        """What one takes that none is before, and how much more for each that is. As long as few were deeper than others, the latter is
        as it was; it goes through what the last ones took in any case."""
        if self._line is None:
            ordered = sorted(self._steps, key=lambda step: step.depth)
            pairs = zip(ordered, ordered[(len(ordered) + 1) // 2 :], strict=False)
            slopes = [(deep.each - less.each) / (deep.depth - less.depth) for less, deep in pairs if deep.depth - less.depth >= _APART]
            if len(slopes) >= _PAIRS:
                self._deeper = max(0.0, _middle(slopes))
            own = _middle(step.each - self._deeper * step.depth for step in self._last)
            if own < _OWN * self.each:
                own = _OWN * self.each
                self._deeper = max(0.0, _middle((step.each - own) / step.depth for step in self._last if step.depth))
            self._line = own, self._deeper
        return self._line

    @property
    def _last(self) -> Iterable[_Step]:
        return islice(reversed(self._steps), _KEPT)


class Pace:
    """Measured costs of one engine's steps."""

    def __init__(self, most: int, seconds: float) -> None:
        """`most`: tokens of any step. `seconds`: the bound of one; 0 is TIMES what answers take alone, where some are written; infinity
        none."""
        self._most, self._seconds = most, seconds
        self._alone: dict[int, deque[float]] = {}  # by the number of answers
        self._beside = _Costs()  # where answers are written too
        self._apart = _Costs()  # and where none is

    def allow(self, answers: int, tokens: int | None = None) -> Allowance:
        """For prompts, in a step of so many answers that may read `tokens` at most. Beside no answers only a bound that was set holds."""
        tokens = self._most if tokens is None else tokens
        if self._seconds == math.inf or not (answers or self._seconds):
            return Allowance(tokens)
        costs, spare = self._reading(answers), self.spare(answers)
        if not costs or spare is None:
            return Allowance(min(FIRST, tokens))
        each, deeper = costs.line()
        if spare > 0 and not each:  # so few cost too little to be seen; or what answers take was measured while something else ran
            return Allowance(min(FIRST, tokens))
        if not self._alone and not self._seconds:
            spare = max(spare, FIRST * each)  # the bound itself is a guess
        if answers:
            tokens = min(tokens, max(FIRST, 2 * self._beside.seen))
        return Allowance(tokens, spare, each, deeper, LEAST)

    def _reading(self, answers: int) -> _Costs:
        """Beside answers a step has fewer tokens, and each costs more."""
        first, second = (self._beside, self._apart) if answers else (self._apart, self._beside)
        return first or second

    def spare(self, answers: int) -> float | None:
        """How much longer than its answers alone a step may take, in seconds; below 0 where these take too long. None: not known."""
        alone = self.alone(answers)
        return None if alone is None else (self._seconds or TIMES * alone) - alone

    def took(self, seconds: float, answers: int, prompt: int, depth: float = 0.0) -> None:
        """What a step took in which so many answers got a token each, and so many tokens of prompts were read, behind `depth` others on
        average."""
        if not prompt:
            if answers not in self._alone:
                self._alone[answers] = deque(maxlen=_KEPT)
            self._alone[answers].append(seconds)
        elif prompt >= LEAST:
            alone = self.alone(answers)
            if alone is None:
                self._apart.add(seconds / (prompt + answers), depth, prompt)
            else:
                (self._beside if answers else self._apart).add(max(0.0, seconds - alone) / prompt, depth, prompt)

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
        """What a token of a prompt takes, beside answers rather than apart; None where nothing is known."""
        costs = self._reading(1)
        return costs.each if costs else None


def _middle(values: Iterable[float]) -> float:
    """The median. (Python's library for it takes 15 ms to import, while somebody waits for a first word.)"""
    ordered = sorted(values)
    return (ordered[(len(ordered) - 1) // 2] + ordered[len(ordered) // 2]) / 2
