"""What a text may go on with, taken from what it says already. In: the tokens so far, and a prediction where somebody gave one. Out: a few.

A text that is edited, quoted or counted up says much again. Where its last tokens stand somewhere before, what stood behind them there
may follow here ("prompt lookup decoding", Saxena 2023; a client's prediction is one more place to look). Whether guesses are right is
found out by the model itself, which computes several rows at once for little more than one (speculation.py).

    tokens   def area(a, b): return a * b ⏎ def volume(a, b      the last three, "(a, b", stood before ")"
    guess    ): return a * b …                                   as far as the model agrees
"""

from collections.abc import Sequence

__all__ = ["MOST", "Guesser", "Odds"]

MOST = 15
"""Guesses at a time: with the token before them they are as many rows as a tile of a matrix product has."""

_ALIKE, _ALIKE_PREDICTED = 3, 2
"""How many tokens must be the same for what stands behind them to be guessed; fewer where somebody says that the text comes again."""

_HOPE, _HOPE_PREDICTED, _HOPE_FORCED = 0.5, 0.9, 0.9
"""How likely a guess is right where none was seen to be right or wrong. Of one that must follow the model may draw a part."""

_WEIGHT = 8  # of what is known already, in guesses
_SURE = 0.98
_AT_ONCE = 256  # tokens that are looked at in one step at most: a long prompt costs nobody a pause
_KNOWN = 4096
"""Tokens of a prompt, its last, and of a prediction, its first, that are remembered: 200 bytes each."""


class Odds:
    """How likely guesses of one kind are right, by how often they were."""

    def __init__(self, chance: float, weight: int = _WEIGHT, beyond: "Odds | None" = None) -> None:
        """`weight` of what is known already, in guesses. `beyond`: those of more than this sequence, which learn the same."""
        self.chance = chance  # that a guess is right where the one before it was
        self._weight, self._beyond = weight, beyond

    def learn(self, hits: int, told: int) -> None:
        """Of `told` guesses so many were right."""
        self.chance = min(_SURE, (self.chance * self._weight + hits) / (self._weight + told))
        if self._beyond is not None:
            self._beyond.learn(hits, told)


class Guesser:
    """Of one sequence. Costs a microsecond a token where nothing is found."""

    def __init__(self, predicted: Sequence[int] = ()) -> None:
        self._predicted = tuple(predicted[:_KNOWN])
        self._alike = _ALIKE_PREDICTED if predicted else _ALIKE
        self._places: dict[tuple[int, ...], int] = {}  # tokens → where what stood behind them begins: below 0 in the prediction
        self._seen: int | None = None  # tokens whose places are known, or were too far back
        self._foreseen = self._alike  # and of the prediction
        self._at: int | None = -len(self._predicted) if predicted else None  # where the text is, if it goes on as it did before
        self._guess = self._predicted[: MOST + 1]  # what is thought to follow
        self._own = Odds(_HOPE_PREDICTED if predicted else _HOPE)
        self.odds = self._own  # of what was guessed last
        self._forced = Odds(_HOPE_FORCED)

    @property
    def chance(self) -> float:
        """That a guess is right where the one before it was."""
        return self.odds.chance

    def guess(self, tokens: Sequence[int], most: int) -> tuple[int, ...]:
        """What may follow `tokens`, in order. They are those of the call before and what was told to `learn` since."""
        self._note(tokens)
        self.odds = self._own
        if self._at is None:
            self._at = self._places.get(tuple(tokens[-self._alike :]))
        if self._at is not None and self._at >= len(tokens):
            self._at = None
        self._guess = () if self._at is None else self._behind(self._at, tokens)
        return self._guess[: min(most, MOST)]

    def expect(self, tokens: tuple[int, ...], odds: Odds | None = None) -> tuple[int, ...]:
        """What somebody else thinks to follow, in place of a guess; `odds`: of what they think, where they keep their own."""
        self._at, self._guess, self.odds = None, tokens, odds or self._own
        return tokens

    def force(self, tokens: tuple[int, ...]) -> tuple[int, ...]:
        """What must follow, as a grammar has it."""
        return self.expect(tokens, self._forced)

    def learn(self, drawn: Sequence[int]) -> None:
        """What the model drew where it was guessed, whether or not the guesses were computed with it."""
        wrong = next((place for place, (own, guess) in enumerate(zip(drawn, self._guess, strict=False)) if own != guess), None)
        told = min(len(drawn), len(self._guess)) if wrong is None else wrong + 1
        if told:
            hits = told if wrong is None else wrong
            self.odds.learn(hits, told)
        if self._at is None:
            self._guess = ()
        else:
            before, after = self._at, self._at + len(drawn)
            lost = wrong is not None or len(drawn) > len(self._guess) or before < 0 <= after  # the prediction has come to its end
            self._at, self._guess = (None, ()) if lost else (after, self._guess[len(drawn) :])

    def _behind(self, at: int, tokens: Sequence[int]) -> tuple[int, ...]:
        """One more than is ever computed: what comes behind all of them may be drawn, too."""
        if at < 0:
            start = at + len(self._predicted)
            return self._predicted[start : start + MOST + 1]
        period = len(tokens) - at  # what repeats itself goes on repeating
        return tuple([tokens[at + place % period] for place in range(MOST + 1)])

    def _note(self, tokens: Sequence[int]) -> None:
        """Remember where what stands behind the next tokens begins. Their own end is not yet noted when they are looked up."""
        begin = self._foreseen
        self._foreseen = min(begin + _AT_ONCE, max(begin, len(self._predicted)))
        for end in range(begin, self._foreseen):
            self._places[self._predicted[end - self._alike : end]] = end - len(self._predicted)
        seen = max(self._alike, len(tokens) - _KNOWN) if self._seen is None else self._seen
        self._seen = max(seen, min(len(tokens), seen + _AT_ONCE))
        for end in range(seen, self._seen):
            self._places[tuple(tokens[end - self._alike : end])] = end
