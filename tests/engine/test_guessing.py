"""What may follow is guessed from what the text, or a prediction, says already; guesses change when tokens come, and never which."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alize.engine.guessing import MOST, Guesser

TEXT = [10, 11, 12, 13, 14, 15, 16, 17, 18, 19]


def drawn_along(guesser: Guesser, tokens: list[int], text: list[int]) -> list[tuple[int, ...]]:
    """What was guessed before each token of `text`, which is drawn one by one."""
    guesses: list[tuple[int, ...]] = []
    for token in text:
        guesses.append(guesser.guess(tokens, MOST))
        tokens.append(token)
        guesser.learn((token,))
    return guesses


def test_what_stood_behind_the_last_three_tokens_is_guessed() -> None:
    assert Guesser().guess([*TEXT, 1, 12, 13, 14], 3) == (15, 16, 17)


def test_two_alike_are_none() -> None:
    assert Guesser().guess([*TEXT, 1, 13, 14], 3) == ()


def test_the_last_place_counts() -> None:
    assert Guesser().guess([1, 2, 3, 7, 1, 2, 3, 8, 1, 2, 3], 1) == (8,)


def test_a_guess_goes_on_where_the_one_before_was_right() -> None:
    guesses = drawn_along(Guesser(), [*TEXT, 10, 11, 12], [13, 14, 15])
    assert [guess[:2] for guess in guesses] == [(13, 14), (14, 15), (15, 16)]


def test_and_is_looked_for_anew_where_it_was_wrong() -> None:
    guesses = drawn_along(Guesser(), [*TEXT, 10, 11, 12], [13, 99, 15, 16, 17, 18])
    assert [guess[:1] for guess in guesses] == [(13,), (14,), (), (), (), (18,)]


def test_what_repeats_itself_is_guessed_to_go_on() -> None:
    assert Guesser().guess([5, 1, 2, 3, 1, 2, 3], 7) == (1, 2, 3, 1, 2, 3, 1)


def test_a_prediction_is_guessed_from_its_beginning() -> None:
    guesser = Guesser(TEXT)
    guesser.learn((10,))  # the first token comes with the prompt's last
    assert guesser.guess([1, 2, 10], 3) == (11, 12, 13)


def test_and_found_again_behind_what_differs() -> None:
    guesser = Guesser(TEXT)
    guesser.learn((10,))
    guesses = drawn_along(guesser, [1, 10], [11, 55, 13, 14, 15])
    assert [guess[:1] for guess in guesses] == [(11,), (12,), (), (), (15,)]


def test_behind_its_end_nothing_is_guessed() -> None:
    guesser = Guesser(TEXT)
    guesser.learn((10,))
    guesses = drawn_along(guesser, [1, 10], [*TEXT[1:], 30, 31])
    assert guesses[8] == (19,)
    assert guesses[9:] == [(), ()]


def test_several_tokens_at_once_are_learnt_as_one_by_one() -> None:
    together, apart = Guesser(TEXT), Guesser(TEXT)
    together.learn(TEXT[:6])
    for token in TEXT[:6]:
        apart.learn((token,))
    assert together.guess(TEXT[:6], 4) == apart.guess(TEXT[:6], 4) == tuple(TEXT[6:])
    assert together.chance > Guesser(TEXT).chance


def test_chances_fall_where_guesses_are_wrong_and_rise_where_they_are_right() -> None:
    right, wrong = Guesser(), Guesser()
    begun = right.chance
    drawn_along(right, [*TEXT, 10, 11, 12], TEXT[3:])
    drawn_along(wrong, [1, 2, 3, 7, 1, 2, 3], [8, 1, 2, 3, 9, 1, 2, 3, 6])
    assert wrong.chance < begun < right.chance < 1


def test_a_long_prompt_is_taken_in_over_several_steps() -> None:
    prompt = [number % 30_000 for number in range(5000)]
    guesser = Guesser()
    assert guesser.guess([*prompt, 4000, 4001, 4002], 1) == ()
    tokens = [*prompt, 4000, 4001, 4002]
    for _ in range(20):
        found = guesser.guess(tokens, 1)
    assert found == (4003,)


@given(st.lists(st.integers(0, 4), min_size=1, max_size=60), st.lists(st.integers(0, 4), max_size=30), st.integers(0, 2**16))
def test_every_guess_stands_somewhere_in_what_is_known(tokens: list[int], predicted: list[int], seed: int) -> None:
    """Whatever is drawn meanwhile, in however many at a time."""
    chance, guesser, text = random.Random(seed), Guesser(predicted), list(tokens)
    for _ in range(20):
        guess = guesser.guess(text, MOST)
        assert len(guess) <= MOST
        assert set(guess) <= set(text) | set(predicted)
        assert 0 < guesser.chance < 1
        gained = [*guess[: chance.randrange(len(guess) + 1)], chance.randrange(5)]
        text += gained
        guesser.learn(gained)


@pytest.mark.parametrize("predicted", [(), (1,), (1, 2)])
def test_what_is_too_short_to_look_for_is_no_error(predicted: tuple[int, ...]) -> None:
    guesser = Guesser(predicted)
    assert guesser.guess([1], 5) in ((), predicted)
    guesser.learn((1, 2, 3))
    assert guesser.guess([1, 1, 2, 3], 5) == ()
