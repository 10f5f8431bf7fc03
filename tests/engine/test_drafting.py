"""A draft model guesses what may follow: no answer changes, whatever it writes; and where it is right, it is so to the last token."""

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from alize.engine.base import Request, SamplingParams
from alize.engine.core import Core
from alize.engine.drafting import Drafter
from alize.engine.grammar import Grammar, Thought
from alize.engine.guide import Words
from alize.engine.lookout import Lookout
from alize.engine.runners.base import Batch, Output, RowSampling
from alize.engine.runners.fake import FakeRunner
from alize.engine.schedule import Limits
from tests.adapters import write_release
from tests.engine.engines import alone, drain
from tests.engine.test_speculation import asked, ticking, told

VOCAB = 64


class HalfRight(FakeRunner):
    """Writes what the model would, and something else after every odd number of tokens."""

    def _logits(self, batch: Batch, row: int, context: int) -> np.ndarray:
        logits = super()._logits(batch, row, context)
        return np.roll(logits, context % 2)


class Hostile(FakeRunner):
    """Writes tokens that the model has no row for, ends where there is none, and now and then nothing that is a number."""

    def __init__(self, **layers: Any) -> None:
        super().__init__(vocab=VOCAB + 7, **layers)
        self._chance = random.Random(0)

    def run(self, batch: Batch, sampling: Sequence[RowSampling], max_steps: int = 1) -> Output:
        output, failures = super().run(batch, sampling, max_steps), list[tuple[int, str]]()
        tokens = [tuple(self._chance.choice((5, 9, 63, VOCAB, VOCAB + 6)) for _ in row) for row in output.tokens]
        for row, own in enumerate(tokens):
            if own and self._chance.random() < 0.1:
                tokens[row], failures = own[: self._chance.randrange(len(own))], [*failures, (row, "NaN")]
        return Output(tuple(tokens), failures=tuple(failures))


def right(window: int | None) -> FakeRunner:
    return FakeRunner(window=window, vocab=VOCAB)


DRAFTS: dict[str, Callable[[int | None], FakeRunner]] = {
    "right": right,
    "half right": lambda window: HalfRight(window=window, vocab=VOCAB),
    "wrong": lambda window: FakeRunner(window=5, full=False, vocab=VOCAB),
    "hostile": lambda window: Hostile(window=window),
    "short": lambda window: FakeRunner(window=window, vocab=VOCAB, max_context=40),
    "narrow": lambda window: FakeRunner(window=window, vocab=VOCAB - 20),
}


def free() -> float:
    """A clock by which drafting takes no time: it always pays."""
    return 0.0


def core(
    draft: FakeRunner,
    limits: Limits | None = None,
    window: int | None = None,
    blocks: int = 64,
    draft_blocks: int = 64,
    clock: Callable[[], float] = free,
    words: Callable[[], Words] | None = None,
    runner: FakeRunner | None = None,
) -> Core:
    runner, limits = runner or right(window), limits or Limits()
    drafter = Drafter(draft, {group.name: draft_blocks for group in draft.info.groups}, VOCAB, limits.step_tokens, clock)
    return Core(runner, limits, {group.name: blocks for group in runner.info.groups}, clock=ticking(), words=words, drafter=drafter)


def drafter(engine: Core) -> Drafter:
    found = engine.scheduler.drafter
    assert found is not None
    return found


@pytest.mark.parametrize("window", [None, 20])
@pytest.mark.parametrize("streams", [1, 8, 16])
def test_what_a_draft_that_is_right_writes_is_all_accepted_and_takes_few_steps(window: int | None, streams: int) -> None:
    requests = [asked(str(number), tokens=tuple(range(number, number + 21 + number % 5))) for number in range(streams)]
    engine = core(right(window), window=window, blocks=256, draft_blocks=256)
    for request in requests:
        engine.add(request)
    assert drain(engine) == {request.id: alone(request, window) for request in requests}
    guessed, accepted = told(engine)
    assert accepted == guessed > 25 * streams
    assert engine.stats().steps < 12


@settings(max_examples=80)
@given(
    draft=st.sampled_from(sorted(DRAFTS)),
    lengths=st.lists(st.integers(1, 40), min_size=1, max_size=6),
    temperature=st.sampled_from([0.0, 0.6, 3.0]),
    penalty=st.sampled_from([0.0, 1.5]),
    repetition=st.sampled_from([1.0, 1.3]),
    stop=st.booleans(),
    minimum=st.integers(0, 12),
    predicted=st.booleans(),
    window=st.sampled_from([None, 20]),
    step_tokens=st.sampled_from([4, 16, 512]),
    blocks=st.sampled_from([12, 64]),
    draft_blocks=st.sampled_from([3, 12, 64]),
    prefix_cache=st.booleans(),
    decode_steps=st.sampled_from([1, 4]),
    aborted=st.integers(0, 30),
    seed=st.integers(0, 2**16),
)
def test_whatever_a_draft_model_writes_answers_are_the_same(
    draft: str,
    lengths: list[int],
    temperature: float,
    penalty: float,
    repetition: float,
    stop: bool,
    minimum: int,
    predicted: bool,
    window: int | None,
    step_tokens: int,
    blocks: int,
    draft_blocks: int,
    prefix_cache: bool,
    decode_steps: int,
    aborted: int,
    seed: int,
) -> None:
    sampling = SamplingParams(temperature=temperature, seed=seed, frequency_penalty=penalty, repetition_penalty=repetition)
    requests = [
        asked(
            str(number),
            tokens=tuple((seed + number // 2 + place) % VOCAB for place in range(length)),  # pairs begin alike
            most=30 + number,
            sampling=replace(sampling, seed=seed + number),
            stop_ids=frozenset({5, 9}) if stop else frozenset(),
            min_tokens=minimum,
            tenant=str(number % 3),
            priority=number % 2,
        )
        for number, length in enumerate(lengths)
    ]
    expected = {request.id: alone(request, window) for request in requests}
    limits = Limits(step_tokens=step_tokens, max_running=4, prefix_cache=prefix_cache, decode_steps=decode_steps)
    engine = core(DRAFTS[draft](window), limits, window, blocks, draft_blocks)
    for request in requests:
        engine.add(replace(request, predicted=tuple(expected[request.id][:9])) if predicted else request)
    answers: dict[str, list[int]] = {}
    for _ in range(aborted):
        for step in engine.step():
            answers.setdefault(step.request_id, []).extend(step.tokens)
        engine.check()
    engine.abort("0")
    drain(engine, answers)
    first = answers.pop("0", [])
    assert first == expected["0"][: len(first)]
    del expected["0"]
    assert answers == expected
    assert drafter(engine).groups.used == 0


@settings(max_examples=40)
@example(lengths=[1, 1, 1], window=None, step_tokens=4, blocks=12, half=False, prefix_cache=False, seed=0)
@given(
    lengths=st.lists(st.integers(1, 60), min_size=1, max_size=6),
    window=st.sampled_from([None, 20]),
    step_tokens=st.sampled_from([4, 16, 512]),
    blocks=st.sampled_from([12, 64]),
    half=st.booleans(),
    prefix_cache=st.booleans(),
    seed=st.integers(0, 63),
)
def test_a_draft_s_cache_is_right_behind_wrong_guesses_preemptions_and_shared_beginnings(
    lengths: list[int], window: int | None, step_tokens: int, blocks: int, half: bool, prefix_cache: bool, seed: int
) -> None:
    """What is written by the same model is what that would write: one wrong number in its cache, and it writes something else."""
    model = right(window)
    draft = HalfRight(window=window, vocab=VOCAB) if half else right(window)
    engine = core(draft, Limits(step_tokens=step_tokens, max_running=4, prefix_cache=prefix_cache), window, blocks, runner=model)
    for number, length in enumerate(lengths):
        engine.add(asked(str(number), tokens=tuple((seed + number // 2 + place) % VOCAB for place in range(length)), most=35))
    answers: dict[str, list[int]] = {}
    wrong = drafted = 0
    proposing = drafter(engine).propose

    def seen(rows: Any, wanted: Any, pace: Any, most: int) -> Any:
        nonlocal wrong, drafted
        found = proposing(rows, wanted, pace, most)
        for sequence, guess in found.items():
            text = alone(Request("", tuple(sequence.tokens), 1, sampling=SamplingParams()), window)
            drafted += 1
            wrong += guess[0] != (text[0] + len(sequence.tokens) % 2 * half) % VOCAB
        return found

    drafter(engine).propose = seen  # type: ignore[method-assign]
    drain(engine, answers)
    assert wrong == 0
    assert drafted or step_tokens < 2 * len(lengths), "a step had room for a guess of each"


WORDS = Words([bytes([97 + id]) for id in range(26)], [26], (26,), lambda text: [ord(letter) - 97 for letter in text])


@pytest.mark.parametrize("draft", sorted(DRAFTS))
def test_an_answer_of_a_form_is_the_same_with_a_draft(draft: str) -> None:
    grammar = Grammar("regex", "(ab|c[d-z]){2,9}")
    requests = [
        asked(str(number), tokens=(*range(20), number), most=30, grammar=grammar, stop_ids=frozenset({26}), sampling=sampling)
        for number, sampling in enumerate([SamplingParams(), SamplingParams(temperature=2.0, seed=1)])
    ]
    plain = Core(right(None), Limits(speculation=False), {"full": 64}, words=lambda: WORDS)
    engine = core(DRAFTS[draft](None), words=lambda: WORDS)
    for request in requests:
        plain.add(request)
        engine.add(request)
    assert drain(engine) == drain(plain)


def test_a_draft_is_followed_as_far_as_the_form_allows_it() -> None:
    letters, request = 27, asked("a", tokens=tuple(range(1, 11)), most=40, grammar=Grammar("regex", "[a-z]*"), stop_ids=frozenset({26}))
    plain = Core(FakeRunner(vocab=letters), Limits(speculation=False), {"full": 64}, words=lambda: WORDS)
    engine = core(FakeRunner(vocab=letters), words=lambda: WORDS, runner=FakeRunner(vocab=letters))
    for each in (plain, engine):
        each.add(request)
    assert drain(engine) == drain(plain)
    guessed, accepted = told(engine)
    assert accepted == guessed > 25


def test_what_a_draft_model_guesses_says_nothing_of_whether_looking_pays(monkeypatch: pytest.MonkeyPatch) -> None:
    looked, really = list[bool](), Lookout.looked

    def noted(self: Lookout, *, worth: bool) -> None:
        looked.append(worth)
        really(self, worth=worth)

    monkeypatch.setattr(Lookout, "looked", noted)
    for grammar, found in (("[a-z]*", False), ("[a-z]*|abcdefgh", False), ("[a-z]{3}ab[a-z]*", True)):
        engine = core(FakeRunner(vocab=27), words=lambda: WORDS, runner=FakeRunner(vocab=27))
        engine.add(asked("a", tokens=tuple(range(1, 11)), most=40, grammar=Grammar("regex", grammar), stop_ids=frozenset({26})))
        looked.clear()
        drain(engine)
        assert told(engine)[0] > 0
        assert bool(looked) == found, grammar


THOUGHT = Thought("[T]", "[/T]", (VOCAB - 3, VOCAB - 2), begun=True)
LETTERS = Words([bytes([97 + id]) if id < 26 else b"" for id in range(VOCAB)], range(26, VOCAB), (VOCAB - 1,), WORDS.encode)


def thinking(id: str, thought: Thought = THOUGHT, liked: float = 0.0) -> Request:
    """One that thinks until it is cut. `liked`: how much it likes the letter a."""
    sampling = SamplingParams(logit_bias=((0, liked), (VOCAB - 3, -100.0), (VOCAB - 2, -100.0), (VOCAB - 1, -100.0)))
    grammar = Grammar("regex", "[a-z]*", thought=thought)
    return asked(id, most=60, grammar=grammar, stop_ids=frozenset({VOCAB - 1}), sampling=sampling)


def test_a_draft_is_followed_in_a_thought_as_in_a_text() -> None:
    plain, engine = (
        Core(right(None), Limits(speculation=False), {"full": 64}, words=lambda: LETTERS),
        core(right(None), words=lambda: LETTERS),
    )
    for each in (plain, engine):
        each.add(thinking("a"))
    assert drain(engine) == drain(plain)
    guessed, accepted = told(engine)
    assert accepted == guessed > 40
    assert engine.stats().steps < 20


def test_nothing_is_drafted_where_a_thought_may_begin_or_the_form(monkeypatch: pytest.MonkeyPatch) -> None:
    asked_for, really = list[bool](), Drafter.propose

    def propose(self: Drafter, rows: Sequence[Any], wanted: Mapping[Any, int], pace: Any, most: int) -> Any:
        asked_for.extend(sequence.guide.foresees for sequence in wanted if sequence.guide is not None)
        return really(self, rows, wanted, pace, most)

    monkeypatch.setattr(Drafter, "propose", propose)
    engine = core(right(None), words=lambda: LETTERS)
    engine.add(thinking("a", Thought("a" * 40, "b" * 9), 99.0))
    drain(engine)
    assert all(asked_for), "of forty tokens nobody knew whose they are"


def test_a_draft_that_raises_leaves_nothing_behind_that_was_not_computed() -> None:
    class Interrupted(FakeRunner):
        def run(self, batch: Batch, sampling: Sequence[RowSampling], max_steps: int = 1) -> Output:
            output = super().run(batch, sampling, max_steps)
            if self.calls in (2, 5):
                raise KeyboardInterrupt
            return output

    requests = [asked(name, tokens=tuple(range(30))) for name in ("first", "second")]
    engine = core(Interrupted(vocab=VOCAB))
    for request in requests:
        engine.add(request)
    answers: dict[str, list[int]] = {}
    raised = 0
    while engine.busy:
        try:
            for step in engine.step():
                answers.setdefault(step.request_id, []).extend(step.tokens)
        except KeyboardInterrupt:
            raised += 1
        engine.check()
    assert raised == 2
    assert answers == {request.id: alone(request) for request in requests}


def test_a_long_prompt_is_read_in_pieces_beside_the_answer() -> None:
    """First 32 tokens and one, since nothing is known of what they take; then as many as a step of the model takes."""
    draft = right(None)
    given: list[int] = []
    running = draft.run

    def counted(batch: Batch, sampling: Sequence[RowSampling], max_steps: int = 1) -> Output:
        given.append(len(batch.tokens))
        return running(batch, sampling, max_steps)

    draft.run = counted  # type: ignore[method-assign]
    request = asked("a", tokens=tuple(place % VOCAB for place in range(200)), most=60)
    engine = core(draft, Limits(step_seconds=0.0), clock=(tick / 2 for tick in count()).__next__)
    engine.add(request)
    assert drain(engine) == {"a": alone(request)}
    pieces = [tokens for tokens in given if tokens > 2]
    assert pieces[0] == 33
    assert len(pieces) > 2
    assert sum(pieces) >= 200


def test_a_beginning_that_others_had_is_not_read_again() -> None:
    draft = right(None)
    engine = core(draft)
    shared = tuple(place % 50 for place in range(96))
    for number in range(3):
        before = draft.tokens
        engine.add(asked(str(number), tokens=(*shared, 50 + number)))
        drain(engine)
        assert (draft.tokens - before > 96) == (number == 0)


def test_sequences_of_other_salts_share_none() -> None:
    draft = right(None)
    engine = core(draft)
    for number, salt in enumerate("ab"):
        before = draft.tokens
        engine.add(asked(str(number), tokens=tuple(place % 50 for place in range(96)), salt=salt))
        drain(engine)
        assert draft.tokens - before > 96


def test_what_the_text_says_already_is_guessed_without_a_draft() -> None:
    request = asked("a")
    engine = core(FakeRunner(window=5, full=False, vocab=VOCAB))
    engine.add(replace(request, predicted=tuple(alone(request))))
    assert drain(engine)["a"] == alone(request)
    guessed, accepted = told(engine)
    assert accepted == guessed > 30


def test_one_that_takes_as_long_as_its_model_is_switched_off() -> None:
    """By a clock by which every call takes as long. A few tries are left, and what they cost is kept account of."""
    draft = FakeRunner(window=5, full=False, vocab=VOCAB)
    engine = core(draft, blocks=256, draft_blocks=256, clock=ticking())
    for number in range(8):
        engine.add(asked(str(number), most=250))
        drain(engine)
    assert draft.calls < 0.05 * engine.stats().steps + 16


def test_nothing_is_drafted_where_nothing_is_guessed() -> None:
    for limits in (Limits(speculation=False), Limits(max_running=32)):
        draft = right(None)
        engine = core(draft, limits, blocks=512, draft_blocks=512)
        for number in range(17):
            engine.add(asked(str(number), tokens=tuple(range(number, number + 20)), most=8))
        drain(engine)
        assert draft.calls == 0


def test_a_closed_core_closes_its_draft() -> None:
    closed: list[bool] = []

    class Closing(FakeRunner):
        def close(self) -> None:
            closed.append(True)

    engine = core(Closing(vocab=VOCAB))
    engine.close()
    assert closed == [True]


def test_answers_with_an_adapter_are_drafted_for_by_the_plain_model(tmp_path: Path) -> None:
    path = write_release(tmp_path / "lora.safetensors", {"layers.0.attention.wq": (8, 8)})
    requests = [asked("plain"), asked("adapted", adapter="law")]
    answers: list[dict[str, list[int]]] = []
    draft = right(None)
    for engine in (Core(right(None), Limits(speculation=False), {"full": 64}), core(draft)):
        engine.set_adapter("law", str(path))
        for request in requests:
            engine.add(request)
        answers.append(drain(engine))
    assert answers[0] == answers[1]
    assert answers[0]["plain"] != answers[0]["adapted"]
    assert draft.calls > 0
    assert not draft.adapters
