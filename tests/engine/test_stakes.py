"""A draft is asked for where it makes more tokens a second, and what is lost by trying is bounded."""

import random
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alize.engine.pace import Pace
from alize.engine.stakes import Stakes
from tests.engine.test_speculation import pace


def stakes(seconds: float) -> Stakes:
    """Of a draft model whose step takes so long."""
    made = Stakes(512)
    for rows in range(1, 20):
        made.pace.took(seconds, rows, 0)
    return made


def flat(rows: int) -> float:
    return 1.0


def steep(rows: int) -> float:
    return float(rows)


def test_a_cheap_draft_that_is_often_right_is_long() -> None:
    assert stakes(0.01).length([0.95], 1, pace(flat), 100) >= 8


def test_one_that_is_right_half_the_time_is_short() -> None:
    assert 1 <= stakes(0.1).length([0.5], 1, pace(flat), 100) <= 3


@pytest.mark.parametrize(("draft", "model"), [(0.9, flat), (0.1, steep)])
def test_where_a_draft_takes_as_long_as_its_model_or_rows_do_there_is_none_but_a_try(draft: float, model: Callable[[int], float]) -> None:
    asked, of = stakes(draft), pace(model)
    lengths = list[int]()
    for _ in range(500):
        lengths.append(0 if asked.rests() else asked.length([0.7], 1, of, 100))
        if lengths[-1]:
            asked.wrote()
    assert 0 < sum(map(bool, lengths)) < 10
    assert set(lengths) == {0, 2}


def test_nothing_is_asked_for_before_a_step_was_timed_or_where_rows_do_not_fit() -> None:
    assert stakes(0.01).length([0.9], 1, Pace(512, 0.0), 100) == 0
    assert stakes(0.01).length([0.9] * 8, 8, pace(flat), 7) == 0
    assert stakes(0.01).length([0.9] * 8, 8, pace(flat), 17) == 2


def test_a_draft_that_was_never_timed_is_tried_at_once() -> None:
    asked = Stakes(512)
    assert not asked.rests()
    assert asked.length([0.7], 1, pace(flat), 100) == 2


def test_where_the_balance_is_used_up_it_rests_until_steps_have_earned_a_try() -> None:
    asked, of = stakes(0.1), pace(flat)
    asked.settle(2.0, 3.0, 0, 1, of)
    assert asked.balance == 0
    for _ in range(63):
        assert asked.rests()
    asked.settle(1.0, 0.0, 0, 1, of)
    assert asked.balance > 0
    assert not asked.rests()


def reading(tried: bool = False) -> Stakes:
    """Of a draft model that reads a token in a hundredth of a step. `tried`: it has drafted in the step before."""
    made = stakes(0.1)
    made.pace.took(1.0, 0, 100)
    if tried:
        made.wrote()
    return made


def test_a_prompt_is_read_once_the_answer_has_shown_to_be_long() -> None:
    """It costs two steps of a balance of four, and what is right seven times of ten makes 1.9 times as many tokens."""
    asked, of = reading(tried=True), pace(flat)
    assert not asked.reads(200, 1, 0.7, 1, of)
    assert asked.reads(200, 4, 0.7, 1, of)
    assert not asked.reads(200, 4, 0.01, 1, of)
    assert asked.reads(2, 0, 0.7, 1, of)


def test_a_guess_that_takes_no_time_is_left_only_where_a_draft_promises_more() -> None:
    asked, of = stakes(0.1), pace(flat)
    assert not asked.beats(0.1)
    asked.length([0.8], 1, of, 100)
    assert asked.beats(0.1)
    assert not asked.beats(0.7)


def test_what_costs_more_than_there_is_is_not_read() -> None:
    asked, of = reading(), pace(flat)
    assert not asked.reads(500, 10_000, 0.9, 1, of)
    for _ in range(200):
        asked.settle(1.0, 0.0, 0, 1, of)
    assert asked.reads(500, 10_000, 0.9, 1, of)


def test_for_a_try_it_is_read_whatever_is_thought_of_it() -> None:
    assert reading().reads(200, 0, 0.01, 1, pace(flat))


def test_a_piece_of_a_prompt_takes_no_longer_than_a_step_may() -> None:
    asked, of = stakes(0.1), pace(flat)
    assert asked.readable(1, of) == 32
    assert reading().readable(1, of) == 100
    assert asked.readable(1, Pace(512, 0.0)) == 32


@given(
    right=st.floats(0, 1),
    believed=st.floats(0, 0.98),
    draft=st.floats(0.01, 2),
    row=st.floats(0, 1),
    seed=st.integers(0, 2**16),
)
def test_whatever_is_believed_little_is_lost(right: float, believed: float, draft: float, row: float, seed: int) -> None:
    """A thousand tokens of one answer: never more than four steps, a hundredth of all, and what the last draft took."""
    chance = random.Random(seed)
    asked, of = stakes(draft), pace(lambda rows: 1 + row * (rows - 1))
    spent, tokens = 0.0, 0
    while tokens < 1000:
        length = 0 if asked.rests() else asked.length([believed], 1, of, 100)
        if length:
            asked.wrote()
        gained = next((place for place in range(length) if chance.random() > right), length)
        seconds = 1 + row * length
        asked.settle(seconds, draft * length, gained, 1, of)
        spent, tokens = spent + seconds + draft * length, tokens + 1 + gained
    assert spent <= tokens * 1.01 + 4 + 15 * (draft + row)
