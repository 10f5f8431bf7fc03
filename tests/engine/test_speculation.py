"""Guesses that are computed with the token before them leave every answer as it is, and are made where that is faster."""

import doctest
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alize.engine import base
from alize.engine.base import Request, SamplingParams, TokenLogprob
from alize.engine.core import Core
from alize.engine.guessing import Guesser
from alize.engine.lookout import Lookout
from alize.engine.pace import Pace
from alize.engine.runners.base import Output
from alize.engine.runners.fake import FakeRunner
from alize.engine.schedule import Limits
from alize.engine.sequence import Sequence
from alize.engine.speculation import judged, worth
from tests.engine.engines import alone, drain


def ticking() -> Callable[[], float]:
    """A clock by which every step takes as long: guesses always pay."""
    state = [0.0]

    def clock() -> float:
        state[0] += 1.0
        return state[0]

    return clock


def core(limits: Limits | None = None, window: int | None = None, blocks: int = 64, states: bool = False) -> Core:
    runner = FakeRunner(window=window, states=states, vocab=64)
    sizes = {group.name: 8 if group.kind == "recurrent" else blocks for group in runner.info.groups}
    return Core(runner, limits or Limits(), sizes, clock=ticking())


def asked(id: str, *, tokens: tuple[int, ...] = tuple(range(1, 21)), most: int = 40, **more: Any) -> Request:
    return Request(id, tokens, most, **more)


def told(engine: Core) -> tuple[int, int]:
    stats = engine.stats()
    return stats.guessed_tokens, stats.accepted_tokens


def test_of_a_step_that_is_cut_the_guesses_that_are_left_count() -> None:
    assert doctest.testmod(base).failed == 0


@pytest.mark.parametrize("window", [None, 20])
def test_an_answer_that_is_predicted_takes_few_steps_and_is_the_same(window: int | None) -> None:
    request = asked("a")
    expected = alone(request, window)
    engine = core(window=window)
    engine.add(replace(request, predicted=tuple(expected)))
    assert drain(engine)["a"] == expected
    guessed, accepted = told(engine)
    assert accepted == guessed > 30
    assert engine.stats().steps < 10


def test_a_prediction_that_is_wrong_changes_nothing() -> None:
    request = asked("a")
    engine = core()
    engine.add(replace(request, predicted=tuple(range(1, 60))))
    assert drain(engine)["a"] == alone(request)


@settings(max_examples=60)
@given(
    edits=st.lists(st.tuples(st.integers(0, 39), st.integers(0, 63)), max_size=6),
    lengths=st.lists(st.integers(1, 40), min_size=1, max_size=5),
    temperature=st.sampled_from([0.0, 1.0, 3.0]),
    penalty=st.sampled_from([0.0, 1.5]),
    stop=st.booleans(),
    minimum=st.integers(0, 12),
    window=st.sampled_from([None, 20]),
    step_tokens=st.sampled_from([4, 16, 512]),
    blocks=st.sampled_from([12, 64]),
    seed=st.integers(0, 2**16),
)
def test_whatever_is_predicted_and_whoever_shares_the_step_answers_are_the_same(
    edits: list[tuple[int, int]],
    lengths: list[int],
    temperature: float,
    penalty: float,
    stop: bool,
    minimum: int,
    window: int | None,
    step_tokens: int,
    blocks: int,
    seed: int,
) -> None:
    sampling = SamplingParams(temperature=temperature, seed=seed, frequency_penalty=penalty)
    requests = [
        asked(
            str(number),
            tokens=tuple((seed + number + place) % 64 for place in range(length)),
            most=30 + number,
            sampling=sampling,
            stop_ids=frozenset({5, 9}) if stop else frozenset(),
            min_tokens=minimum,
        )
        for number, length in enumerate(lengths)
    ]
    expected = {request.id: alone(request, window) for request in requests}
    engine = core(Limits(step_tokens=step_tokens, max_running=4), window, blocks)
    for request in requests:
        predicted = list(expected[request.id])
        for place, token in edits:
            predicted[place % len(predicted)] = token
        engine.add(replace(request, predicted=tuple(predicted)))
    assert drain(engine) == expected


def test_log_probabilities_are_those_of_the_tokens() -> None:
    request = asked("a", sampling=SamplingParams(logprobs=2))
    plain = core(Limits(speculation=False))
    plain.add(request)
    expected = [logprob for step in steps(plain) for logprob in step.logprobs]
    engine = core()
    engine.add(replace(request, predicted=tuple(alone(request))))
    assert [logprob for step in steps(engine) for logprob in step.logprobs] == expected
    assert told(engine)[1] > 0


def steps(engine: Core) -> list[Any]:
    found: list[Any] = []
    while engine.busy:
        found += engine.step()
    return found


def test_an_answer_says_how_many_were_guessed_and_how_many_were_right() -> None:
    request = asked("a")
    engine = core()
    engine.add(replace(request, predicted=tuple(alone(request))))
    last = steps(engine)[-1]
    assert (last.guessed, last.accepted) == told(engine)


@pytest.mark.parametrize("more", [{"limits": Limits(speculation=False)}, {"states": True}])
def test_where_it_is_off_or_a_state_cannot_go_back_nothing_is_guessed(more: dict[str, Any]) -> None:
    engine = core(**more)
    engine.add(asked("a", predicted=tuple(range(64))))
    drain(engine)
    assert told(engine) == (0, 0)


# ── what is worth its time ──


def sequence(chance: float) -> Sequence:
    made = Sequence(asked("a"), 0)
    made.guesser = Guesser((1, 2, 3))
    made.guesser.odds.chance = chance
    return made


def pace(seconds: Callable[[int], float]) -> Pace:
    made = Pace(512, 0.0)
    for rows in range(1, 80):
        made.took(seconds(rows), rows, 0)
    return made


def test_where_a_row_more_costs_nothing_all_are_computed() -> None:
    one = sequence(0.9)
    assert worth({one: (1, 2, 3, 4, 5)}, 1, pace(lambda rows: 1.0), 100) == {one: 5}


def test_where_it_costs_as_much_as_the_first_none_are() -> None:
    assert worth({sequence(0.9): (1, 2, 3, 4, 5)}, 1, pace(float), 100) == {}


def test_as_many_as_are_likely_enough() -> None:
    """A row more takes a fifth of the first: a guess pays while it is right with more than that share of what a step gains a second."""
    likely, unlikely = sequence(0.9), sequence(0.3)
    cost = pace(lambda rows: 0.8 + 0.2 * rows)
    guesses = {likely: tuple(range(15)), unlikely: tuple(range(15))}
    counts = worth(guesses, 2, cost, 100)
    assert counts[likely] >= 3
    assert counts.get(unlikely, 0) <= 1


def test_those_that_nothing_is_guessed_of_do_not_wait_long_for_others() -> None:
    """Eight sequences, of which one is sure: a step may take a tenth longer for it and no more."""
    one = sequence(0.98)
    assert worth({one: tuple(range(15))}, 8, pace(lambda rows: 7 + 0.5 * rows), 100) == {one: 2}


def test_where_no_step_was_timed_nothing_is_guessed() -> None:
    assert worth({sequence(0.9): (1, 2)}, 1, Pace(512, 0.0), 100) == {}


# ── which draws count ──


def drawn(*tokens: int) -> tuple[tuple[int, ...], ...]:
    return tuple((token,) for token in tokens)


@pytest.mark.parametrize(
    ("tokens", "gained"),
    [
        (drawn(7, 8, 9), ((7, 8, 9),)),
        (drawn(7, 1, 9), ((7, 1),)),
        (drawn(1, 8, 9), ((1,),)),
        (drawn(7, 99, 9), ((7, 99),)),
    ],
)
def test_draws_count_up_to_the_first_that_was_not_guessed(tokens: tuple[tuple[int, ...], ...], gained: Any) -> None:
    one = sequence(0.9)
    assert judged(Output(tokens), [one], {one: (7, 8)}).tokens == gained


def test_behind_an_end_nothing_counts() -> None:
    one = Sequence(asked("a", stop_ids=frozenset({7})), 0)
    assert judged(Output(drawn(7, 8, 9)), [one], {one: (7, 8)}).tokens == ((7,),)


def test_a_row_without_a_token_ends_what_reached_it_and_nothing_else() -> None:
    reached, apart = sequence(0.9), sequence(0.9)
    output = Output(((7,), (), (9,), (1,), ()), failures=((1, "NaN"), (4, "NaN")))
    found = judged(output, [reached, apart], {reached: (7, 8), apart: (2,)})
    assert found.tokens == ((7,), (1,))
    assert found.failures == ((0, "NaN"),)


def test_log_probabilities_go_with_their_tokens() -> None:
    one, other = sequence(0.9), sequence(0.9)
    scores = tuple((TokenLogprob(-float(row)),) for row in range(4))
    found = judged(Output(drawn(7, 8, 9, 3), scores), [one, other], {one: (7, 1)})
    assert found.tokens == ((7, 8), (3,))
    assert found.logprobs == ((TokenLogprob(0.0), TokenLogprob(-1.0)), (TokenLogprob(-3.0),))


def test_a_cost_of_nothing_is_none_that_is_believed() -> None:
    """A step beside answers that took no longer than these alone were thought to: the clock says less than it can."""
    made = Pace(512, 0.0)
    made.took(10.0, 0, 10)
    made.took(1.0, 1, 8)
    assert made.alone(1) == 0.0
    assert worth({sequence(0.9): (1, 2)}, 1, made, 100) == {}


def test_one_slow_step_does_not_end_guessing() -> None:
    made = Pace(512, 0.0)
    for _ in range(9):
        made.took(1.0, 1, 0)
    made.took(10.0, 0, 500)  # 20 ms a token of a prompt
    made.took(9.0, 4, 0)
    one = sequence(0.9)
    assert worth({one: (1, 2, 3)}, 1, made, 100) == {one: 3}
    for _ in range(3):
        made.took(9.0, 4, 0)
    assert worth({one: (1, 2, 3)}, 1, made, 100) == {one: 2}


def test_more_than_sixteen_answers_guess_nothing() -> None:
    engine = core(Limits(max_running=32), blocks=256)
    for number in range(17):
        engine.add(asked(str(number), predicted=tuple(range(64))))
    while engine.busy:
        engine.step()
        if len(engine.scheduler.running) > 16:
            assert told(engine) == (0, 0)


def test_a_token_that_the_model_has_no_row_for_is_never_computed() -> None:
    engine = core()
    engine.add(asked("a", predicted=(7, 9, 64, 5)))
    (waiting,) = engine.scheduler.waiting
    assert waiting.guesser is not None
    waiting.guesser.learn((7,))
    assert waiting.guesser.guess([1, 7], 5) == (9,)


def test_what_is_never_worth_a_row_is_looked_for_ever_more_seldom() -> None:
    lookout, looks = Lookout(), list[int]()
    for step in range(100):
        if lookout.due():
            looks.append(step)
            lookout.looked(worth=False)
    assert looks == [0, 1, 2, 3, 5, 9, 17, 33, 65, 97]


def test_and_in_every_step_again_once_it_is() -> None:
    lookout = Lookout()
    for _ in range(20):
        if lookout.due():
            lookout.looked(worth=False)
    while not lookout.due():
        pass
    lookout.looked(worth=True)
    assert lookout.due()
