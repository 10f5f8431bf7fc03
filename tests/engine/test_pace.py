"""A step's size by its time: answers go on in every step, a prompt too, and no step takes longer than its bound.

The clock is a machine's that takes as long as it says, so nothing here depends on how fast this one is.
"""

import math
import random
from dataclasses import replace

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from alize.engine.base import Request
from alize.engine.core import Core
from alize.engine.pace import FIRST, LEAST, TIMES, Allowance, Pace
from alize.engine.runners.base import Batch, Output
from alize.engine.runners.fake import FakeRunner
from alize.engine.schedule import Limits
from tests.engine.engines import alone, drain

COSTS = st.tuples(st.floats(1e-4, 0.1), st.floats(1e-5, 0.01), st.floats(1e-5, 0.02))
"""Seconds of a step, of an answer's token and of a prompt's."""


class Machine(FakeRunner):
    """Takes a set time for a step, for each row that decodes, for each token of a prompt and each before it, and notes what it got."""

    def __init__(self, step: float = 1.0, answer: float = 0.5, token: float = 0.1, deeper: float = 0.0) -> None:
        super().__init__(max_context=4096)
        self.step, self.answer, self.token, self.deeper = step, answer, token, deeper
        self.now = 0.0
        self.sizes: list[list[int]] = []
        self.seconds: list[float] = []

    def run(self, batch: Batch, sampling, max_steps: int = 1) -> Output:  # type: ignore[no-untyped-def]
        sizes: list[int] = batch.lengths.tolist()
        rows = list(zip(sizes, batch.contexts.tolist(), batch.sample.tolist(), strict=True))
        pieces = [(end - size, size) for size, end, drawn in rows if not (drawn and size == 1 < end)]
        answers = len(rows) - len(pieces)
        self.sizes.append(sizes)
        self.seconds.append(self.cost(answers, sum(sizes) - answers) + sum(self.behind(*piece) for piece in pieces))
        self.now += self.seconds[-1]
        return super().run(batch, sampling, max_steps)

    def cost(self, answers: int, prompt: int) -> float:
        return self.step + self.answer * answers + self.token * prompt

    def behind(self, start: int, count: int) -> float:
        return self.deeper * (count * start + count * (count - 1) / 2)


def timed(machine: Machine, **limits: float) -> Core:
    """An engine that sees no clock but the machine's."""
    bounds = replace(Limits(prefix_cache=False, max_context=4096, step_seconds=0.0), **limits)  # type: ignore[arg-type]
    return Core(machine, bounds, {"full": 2000}, clock=lambda: machine.now)


def answering(machine: Machine, answers: int, steps: int = 10, **limits: float) -> Core:
    """One that has answered so many requests for some steps."""
    engine = timed(machine, **limits)
    for index in range(answers):
        engine.add(Request(f"answer-{index}", (1, index), max_tokens=2000))
    for _ in range(steps):
        engine.step()
    machine.sizes.clear()
    machine.seconds.clear()
    return engine


@given(COSTS, st.integers(1, 40), st.floats(0, 1), st.integers(1, 5))
def test_a_step_takes_as_much_of_a_prompt_as_its_bound_allows(
    costs: tuple[float, float, float], answers: int, seconds: float, times: int
) -> None:
    machine, pace = Machine(*costs), Pace(512, seconds)
    bound = seconds or TIMES * machine.cost(answers, 0)
    for _ in range(times):
        pace.took(machine.cost(answers, 0), answers, 0)
    taken = pace.allow(answers).fits()
    assert taken == FIRST
    for _ in range(12):
        before, taken = taken, pace.allow(answers).fits()
        assert LEAST <= taken <= 512
        if pace.allow(answers).fits() != FIRST or before != FIRST:
            assert taken <= 2 * before
        pace.took(machine.cost(answers, taken), answers, taken)
    assert taken == LEAST or machine.cost(answers, taken) <= bound * (1 + 1e-9)
    assert taken == 512 or machine.cost(answers, taken + 1) > bound * (1 - 1e-9)


@given(COSTS, st.floats(0, 3), st.lists(st.integers(0, 4000), min_size=1, max_size=8))
def test_what_is_before_a_token_is_reckoned_with(costs: tuple[float, float, float], deeper: float, starts: list[int]) -> None:
    """Of what has been read here and there, what fits anywhere is known; and however many texts a step reads, it keeps its bound."""
    machine = Machine(*costs, deeper * costs[2] / 4000)
    bound = machine.cost(4, 20)
    pace = Pace(512, bound)
    pace.took(machine.cost(4, 0), 4, 0)
    for start in (0, 3500, 1000, 3000, 2000, 500, 2500, 1500):
        pace.took(machine.cost(4, 40) + machine.behind(start, 40), 4, 40, start + 39 / 2)
    room, seconds, read = pace.allow(4), machine.cost(4, 0), 0
    assert room.fits() <= 20
    for start in starts:
        count = room.fits(start)
        room.take(start, count)
        seconds += count * machine.token + machine.behind(start, count)
        read += count
        assert read <= LEAST or seconds <= bound * (1 + 1e-9)
    assert read >= LEAST


def test_steps_that_read_far_into_a_prompt_keep_the_bound_too() -> None:
    machine = Machine(deeper=0.0002)
    engine = answering(machine, 4, step_seconds=10.0)
    for index in range(6):
        engine.add(Request(f"long-{index}", (7, index) * 700, max_tokens=1))
        for _ in range(40):
            engine.step()
    known = machine.seconds[10:]
    assert max(known) <= 10 + 0.1  # a token of whose prompt begins
    assert sorted(known)[1] >= 10 - 0.1 - 1400 * 0.0002  # one more was none too many, but where it was twice what it had seen


def read(pace: Pace, machine: Machine, length: int, noise: random.Random, share: float, slow: range = range(0)) -> list[tuple[int, float]]:
    """How many tokens of a prompt beside 8 answers each step took, and how long it would have taken without the noise."""
    steps, start = list[tuple[int, float]](), 0
    while start < length:
        allowed = pace.allow(8)
        count = allowed.fits(start)
        allowed.take(start, count)
        seconds = machine.cost(8, count) + machine.behind(start, count)
        pace.took(seconds * noise.gauss(1, share) * (2.5 if len(steps) in slow else 1), 8, count, allowed.depth)
        steps.append((count, seconds))
        start += count
    return steps


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("share", [0.02, 0.1])
def test_a_machine_that_is_never_twice_as_fast_is_paced_as_well(share: float, seed: int) -> None:
    """Of five prompts of 3,000 tokens in turn a step takes a tenth too long now and then, and none takes half as much again."""
    machine, pace, noise = Machine(0.003, 0.0005, 0.0004, 3e-7), Pace(512, 0.022), random.Random(seed)
    for _ in range(9):
        pace.took(machine.cost(8, 0) * noise.gauss(1, share), 8, 0)
    seconds = [seconds for _ in range(5) for _, seconds in read(pace, machine, 3000, noise, share)]
    assert sum(one > 1.1 * 0.022 for one in seconds) <= 0.05 * len(seconds)
    assert max(seconds) < 1.5 * 0.022
    assert sum(seconds) / len(seconds) > 0.9 * 0.022


@pytest.mark.parametrize("seed", range(5))
def test_a_stretch_in_which_it_is_slow_is_not_taken_for_what_the_depth_of_a_text_costs(seed: int) -> None:
    machine, pace, noise = Machine(0.012, 0.001, 0.0004, 3e-7), Pace(512, 0.045), random.Random(seed)
    for _ in range(9):
        pace.took(machine.cost(8, 0), 8, 0)
    steps = read(pace, machine, 6000, noise, 0.05, range(60, 90))
    last = [seconds for _, seconds in steps[-50:]]
    assert 0.9 * 0.045 <= sum(last) / len(last) <= 1.05 * 0.045


def test_one_step_that_was_held_up_far_into_a_text_changes_nothing_either() -> None:
    machine, pace = Machine(0.003, 0.0005, 0.0004, 3e-7), Pace(512, 0.022)
    pace.took(machine.cost(8, 0), 8, 0)
    read(pace, machine, 2000, random.Random(0), 0.0)
    usual = pace.allow(8).fits(2000)
    pace.took(3.0, 8, usual, 2000.0)
    assert pace.allow(8).fits(2000) == pytest.approx(usual, abs=1)


def test_where_answers_take_all_the_time_a_prompt_gets_no_more_than_the_least() -> None:
    pace = Pace(512, 0.05)
    for _ in range(9):
        pace.took(0.06, 4, 0)
        pace.took(0.06, 4, 32)  # as if they cost nothing
    assert pace.allow(4).fits() == LEAST
    assert Allowance(64, -0.01, 0.0, 3e-7, LEAST).fits() == LEAST
    assert Allowance(64, -0.01, 0.0, 3e-7, 0).fits() == 0


def test_where_answers_were_measured_while_something_else_ran_no_prompt_is_taken_for_free() -> None:
    pace = Pace(512, 0.05)
    for _ in range(9):
        pace.took(0.045, 4, 0)  # 0.02 by themselves
    for _ in range(30):
        tokens = pace.allow(4).fits()
        assert tokens <= FIRST
        pace.took(0.02 + 0.0005 * tokens, 4, tokens)


@given(st.integers(1, 512), st.floats(0, 1), st.floats(0, 0.01), st.floats(0, 1e-4), st.integers(0, 8), st.integers(0, 10**5))
@example(2, 1.738987759239888e-205, 0.0, 6.21143112745087e-05, 0, 0)  # a time that is lost beside what a token takes
def test_what_fits_is_what_the_time_is_enough_for(tokens: int, seconds: float, each: float, deeper: float, least: int, start: int) -> None:
    allowed = Allowance(tokens, seconds, each, deeper, least)
    count = allowed.fits(start)
    assert 0 <= count <= tokens
    allowed.take(start, count)
    assert allowed.seconds >= -1e-9 * (1 + seconds) or count <= least
    if count < tokens:
        one = Allowance(tokens, seconds, each, deeper, least)
        one.take(start, count + 1)
        assert one.seconds <= 1e-9 * (1 + seconds)


@given(COSTS, st.integers(1, 40), st.integers(1, 40))
def test_more_answers_than_were_ever_alone_are_paced_by_what_steps_take(costs: tuple[float, float, float], few: int, more: int) -> None:
    """However wrong the guess of what they take alone: a bound in seconds is kept."""
    machine = Machine(*costs)
    bound = machine.cost(few + more, 0) + 100 * machine.token
    pace = Pace(512, bound)
    pace.took(machine.cost(few, 0), few, 0)
    taken = 0
    for _ in range(40):
        taken = pace.allow(few + more).fits()
        pace.took(machine.cost(few + more, taken), few + more, taken)
    assert machine.cost(few + more, taken) <= bound * 1.01 or taken == LEAST


def test_a_step_that_something_else_held_up_changes_nothing() -> None:
    pace = Pace(512, 0.0)
    for _ in range(5):
        pace.took(0.010, 8, 0)
        pace.took(0.025, 8, 30)
    usual = pace.allow(8).fits()
    pace.took(3.0, 8, 0)
    pace.took(3.0, 8, 30)
    assert pace.allow(8).fits() == usual == 20  # (2 · 10 - 10) ms, of half a millisecond each


def test_a_machine_that_has_become_slower_is_known_after_a_few_steps() -> None:
    pace = Pace(512, 0.1)
    for cost in (0.001, 0.004):
        for _ in range(5):
            pace.took(0.02, 4, 0)
            pace.took(0.02 + cost * 20, 4, 20)
    assert pace.allow(4).fits() == 20


@pytest.mark.parametrize("seconds", [0.0, 7.5])
def test_a_prompt_beside_answers_keeps_the_steps_within_the_bound(seconds: float) -> None:
    machine = Machine()
    engine = answering(machine, 4, step_seconds=seconds)
    engine.add(Request("long", (7,) * 1500, max_tokens=1))
    while engine.scheduler.waiting or len(engine.scheduler.running) > 4:
        engine.step()
    assert max(machine.seconds) <= (seconds or TIMES * machine.cost(4, 0)) + 1e-9
    assert sum(map(sum, machine.sizes)) == 1500 + 4 * len(machine.sizes)


def test_a_fresh_engine_begins_with_few_tokens() -> None:
    machine = Machine(step=0.0, token=1e-6)  # as fast as can be: but that is not known yet
    engine = timed(machine)
    engine.add(Request("answer", (1,), max_tokens=2000))
    engine.step()
    machine.sizes.clear()
    engine.add(Request("long", (7,) * 1500, max_tokens=1))
    for _ in range(4):
        engine.step()
    first, *rest = [sizes[1] for sizes in machine.sizes]
    assert first == FIRST
    assert rest == sorted(rest)
    assert all(later <= 2 * earlier for earlier, later in zip([first, *rest], rest, strict=False))


def test_a_prompt_alone_keeps_the_large_steps() -> None:
    machine = Machine()
    engine = timed(machine)
    for name in "ab":
        engine.add(Request(name, (7,) * 1000, max_tokens=1))
    drain(engine)
    assert [sum(sizes) for sizes in machine.sizes[:3]] == [512, 512, 512]


def test_a_bound_that_was_set_holds_where_nothing_is_written_too() -> None:
    """Another's question waits for the step, whatever that does."""
    pace = Pace(512, 0.1)
    assert pace.allow(0).fits() == FIRST
    for _ in range(3):
        pace.took(pace.allow(0).fits() * 0.0007, 0, pace.allow(0).fits())
    assert pace.allow(0).fits() == 142
    assert Pace(512, 0).allow(0).fits() == 512


def test_without_a_bound_a_step_is_as_large_as_its_tokens_allow() -> None:
    machine = Machine()
    engine = answering(machine, 4, step_seconds=math.inf)
    engine.add(Request("long", (7,) * 1500, max_tokens=1))
    engine.step()
    assert machine.sizes == [[1, 1, 1, 1, 508]]


def test_scores_beside_answers_are_computed_in_pieces_of_the_same_size() -> None:
    machine = Machine()
    engine = answering(machine, 4)
    engine.add(Request("long", (7,) * 200, max_tokens=1))
    for _ in range(5):
        engine.step()
    machine.sizes.clear()
    job = engine.scoring([1] * 300)
    next(job)
    assert machine.sizes == [[engine.scheduler.pace.allow(4).fits()]]
    assert machine.sizes[0][0] * machine.token <= TIMES * machine.cost(4, 0)
    job.close()


@settings(max_examples=40)
@given(
    COSTS,
    st.lists(st.tuples(st.integers(1, 300), st.integers(1, 30), st.integers(0, 6)), min_size=1, max_size=8),
    st.sampled_from([0.0, 1e-3, 0.05, 2.0]),
)
def test_every_answer_gets_a_token_in_every_step_and_every_prompt_goes_on(
    costs: tuple[float, float, float], work: list[tuple[int, int, int]], seconds: float
) -> None:
    engine = timed(Machine(*costs), step_seconds=seconds, step_tokens=64)
    asked = [Request(str(index), tuple(range(index, index + 7)) * (length // 7 + 1), most) for index, (length, most, _) in enumerate(work)]
    answers: dict[str, list[int]] = {request.id: [] for request in asked}

    def step() -> None:
        running = list(engine.scheduler.running)
        decoding = {sequence.request.id for sequence in running if sequence.decoding}
        prompts = [(sequence, sequence.pending) for sequence in running if not sequence.decoding]
        before = sum(pending for _, pending in prompts)
        gained = engine.step()
        for each in gained:
            answers[each.request_id] += each.tokens
        assert decoding <= {each.request_id for each in gained}
        read = before - sum(sequence.pending - sequence.generated for sequence, _ in prompts)
        assert read >= min(before, LEAST)
        engine.check()

    for request, (_, _, pause) in zip(asked, work, strict=True):
        engine.add(request)
        for _ in range(pause):
            step()
    while engine.busy:
        step()
    assert answers == {request.id: alone(request) for request in asked}
