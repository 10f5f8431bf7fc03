"""Guesses, computed with the token before them. In: guesses, and what was drawn. Out: which to compute; of the draws, those that count.

A step that computes four rows of a sequence takes little longer than one that computes one: most of its time goes into reading weights. So
what may follow the last token is computed together with it, each guess as a row of its own, behind the ones before it:

    last token    the           guesses    old  name  is             rows    the  old  name  is
    drawn                                                                     old  name  was  used
                                                                              └ as guessed ┘   └ behind a wrong guess: not looked at
    gained        old name was

A row's draw depends on nothing but the tokens before it (the seed and the position decide, sample.py), so what is drawn is what would
have been drawn one by one, to the bit: nothing is lost, whatever is guessed. What a wrong guess left in the cache is written over.

How many are worth their time: a guess is right with the chance that its sequence has had so far, and a step's time by its number of rows is
known from steps before (pace.py). Guesses are added, the likeliest first, as long as tokens a second become more.
"""

import math
from collections.abc import Iterable, Mapping
from operator import itemgetter

from alize.engine.base import TokenLogprob
from alize.engine.guessing import MOST
from alize.engine.pace import Pace
from alize.engine.runners.base import Output
from alize.engine.sequence import Sequence

__all__ = ["MOST_ROWS", "judged", "worth"]

_SIZES = (1, 2, 3, 5, 7, 11, 15, 23, 31, 47, 63)  # guesses of a step that are compared, of all sequences
_GAIN = 1.05
"""Times as many tokens a second as without: what is not surely won is not tried."""

_UNLIKELY = 0.1
"""A guess that is right more seldom is not thought about: no row is that cheap."""

MOST_ROWS = 16
"""Sequences in a step of which something is guessed: where there are more, a row costs nearly as much as a token gains."""

_PATIENCE = 1.1
"""Times as long a step may take for sequences of which nothing is guessed: they gain nothing from it."""

Guesses = Mapping[Sequence, tuple[int, ...]]


def worth(guesses: Guesses, rows: int, pace: Pace, most: int) -> dict[Sequence, int]:
    """How many guesses of each sequence to compute beside `rows` rows, at most `most` in all. Sequences that are not named get none."""
    alone = pace.alone(rows)
    if not alone or not guesses:
        return {}
    each = list[tuple[float, Sequence]]()
    for sequence, guess in guesses.items():
        chance = right = _chance(sequence)
        for _ in guess[:MOST]:
            if right < _UNLIKELY:
                break
            each.append((right, sequence))
            right *= chance
    each.sort(key=itemgetter(0), reverse=True)
    best, chosen, longest = _GAIN * rows / alone, 0, alone * _PATIENCE if len(guesses) < rows else math.inf
    gain, counted = 0.0, 0
    for size in _SIZES:
        if size > min(most, len(each)):
            break
        gain += sum(chance for chance, _ in each[counted:size])
        counted, seconds = size, pace.more(rows, size)
        if 0 < seconds <= longest and (rows + gain) / seconds > best:
            best, chosen = (rows + gain) / seconds, size
    counts: dict[Sequence, int] = {}
    for _, sequence in each[:chosen]:
        counts[sequence] = counts.get(sequence, 0) + 1
    return counts


def judged(output: Output, rows: Iterable[Sequence], guesses: Guesses) -> Output:
    """The output of a batch with a row for each guess, as that of one without: of each sequence the tokens up to the first not guessed."""
    if not guesses:
        return output
    failed, row = dict(output.failures), 0
    tokens, logprobs, failures = list[tuple[int, ...]](), list[tuple[TokenLogprob, ...]](), list[tuple[int, str]]()
    for number, sequence in enumerate(rows):
        own = guesses.get(sequence, ())
        last = row + _agreed(output.tokens, row, own, sequence.request.stop_ids)
        tokens.append(sum(output.tokens[row : last + 1], ()))
        if output.logprobs:
            logprobs.append(sum(output.logprobs[row : last + 1], ()))
        if last in failed:
            failures.append((number, failed[last]))
        row += 1 + len(own)
    return Output(tuple(tokens), tuple(logprobs), tuple(failures))


def _agreed(drawn: tuple[tuple[int, ...], ...], row: int, guesses: tuple[int, ...], stops: frozenset[int]) -> int:
    """How many guesses are what was drawn; none behind a token that ends the answer."""
    for place, guess in enumerate(guesses):
        if drawn[row + place] != (guess,) or guess in stops:
            return place
    return len(guesses)


def _chance(sequence: Sequence) -> float:
    return 0.0 if sequence.guesser is None else sequence.guesser.chance
