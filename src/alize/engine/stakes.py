"""Whether a draft model is worth its time. In: what steps took, how often its tokens were right. Out: how many to ask it for; 0: none.

Every token that it writes costs a step of its own, and a row of the model's. So as many are asked for as make the most tokens a second, by
what both have taken lately, and none where that is hardly more than without. That is an expectation; what came of it is kept as a balance,
in steps that the model alone would have taken:

    + 0.01      for every step without a draft: what may be lost by trying again
    + saved     tokens that a draft has given beside one for each answer, each worth its share of a step
    - spent     what reading and drafting took, and what the step took longer

Where the balance is used up nothing is drafted, and what costs more than there is is not read. So in the long run one step in a hundred is
lost by a draft model that is no good, and the first tries together are worth four.
"""

import math
from collections.abc import Sequence

from alize.engine.guessing import MOST
from alize.engine.pace import FIRST, LEAST, Pace

__all__ = ["Stakes"]

_LENGTHS = (1, 2, 3, 4, 6, 8, 12, MOST)  # drafts that are compared
_GAIN = 1.05
"""Times as many tokens a second as without."""

_EARNED, _GRANTED, _KEPT = 0.01, 4.0, 64.0  # of the balance: for a step, at first, and at most
_TRY, _TRIED_AFTER = 2, 64
"""Tokens of a draft that is a mere try, and steps after which there is one: what is written now may be easier than what was."""

_LOOKED_AT_AFTER = 8  # steps, where it did not pay: to find that out takes a twentieth of a millisecond


class Stakes:
    """Of one draft model. What it takes is told to `pace`."""

    def __init__(self, most: int) -> None:
        """`most`: tokens of any step."""
        self.pace = Pace(most, math.inf)
        self.balance = _GRANTED
        self._since = _TRIED_AFTER + 1  # steps without a draft
        self._times = 1.0  # as many tokens a second with the last draft that was thought of as without
        self._asked = False  # for some in the step before, or to read what they need

    def rests(self) -> bool:
        """Whether nothing is drafted in this step, whoever is in it. Asked once in every step that might have a draft."""
        self._since += 1
        looked_at = self._asked or self._since > _TRIED_AFTER or self._since % _LOOKED_AT_AFTER == 0
        self._asked = False
        return self.balance <= 0 or not looked_at

    def wrote(self) -> None:
        """That a draft was written: the next mere try is a while off."""
        self._since = 0

    def beats(self, chance: float) -> bool:
        """Whether drafts promise more than a guess with this chance, which takes no time."""
        return 1 + _right(chance, MOST) < self._times

    def length(self, chances: Sequence[float], rows: int, pace: Pace, most: int) -> int:
        """How many tokens to draft of sequences with these chances of a right one, in a step of `rows` answers of a model of that pace;
        at most `most` of them all together."""
        if not pace.alone(rows) or len(chances) > most:
            return 0
        length, self._times = self._best(chances, rows, pace)
        if self._times < _GAIN:
            length = _TRY if self._since > _TRIED_AFTER else 0
        self._asked = length > 0
        return min(length, most // len(chances))

    def _best(self, chances: Sequence[float], rows: int, pace: Pace) -> tuple[int, float]:
        """The length of a draft that makes the most tokens a second, and how many times as many that are as without."""
        alone, each = pace.alone(rows), self.pace.alone(len(chances))
        best, times = 0, 1.0
        if not alone or each is None:
            return best, times
        for length in _LENGTHS:
            seconds = length * each + pace.more(rows, len(chances) * length)
            found = (1 + sum(_right(chance, length) for chance in chances) / rows) * alone / seconds if seconds > 0 else 0.0
            if found > times:
                best, times = length, found
        return best, times

    def readable(self, rows: int, pace: Pace) -> int:
        """How many tokens may be read beside a step of `rows` answers, so that it takes no longer than if the model read some."""
        each, spare = self.pace.each(), pace.spare(rows)
        if each is None or spare is None:
            return FIRST
        return max(LEAST, int(min(spare, 2**31 * each) / each)) if each else 2**31

    def reads(self, behind: int, written: int, chance: float, rows: int, pace: Pace) -> bool:
        """Whether so many tokens that were not drafted along are worth reading, where so many were written since.

        An answer may end with the next token. So it is read as soon as that costs no more than what drafts would have saved of it so far:
        an answer is most likely to go on for about as long again.
        """
        each, alone = self.pace.each(), pace.alone(rows)
        if each is None or not alone or behind <= LEAST:
            return True
        cost = behind * each / alone
        if cost > self.balance or self._since > _TRIED_AFTER:
            return cost <= self.balance
        return cost <= written / rows * (self._best([chance] * rows, rows, pace)[1] - 1)

    def settle(self, seconds: float, spent: float, gained: int, rows: int, pace: Pace) -> None:
        """Of a step of `rows` answers that took so long: how long drafting took before it, and how many tokens drafts have given."""
        alone = pace.alone(rows)
        if not spent:
            self.balance += _EARNED
        elif alone:
            self.balance += gained / rows - (spent + max(0.0, seconds - alone)) / alone
        self.balance = min(self.balance, _KEPT)


def _right(chance: float, length: int) -> float:
    """How many tokens of a draft are likely to be right.

    >>> _right(0.5, 2)
    0.75
    """
    return chance * (1 - chance**length) / (1 - chance) if chance < 1 else length
