"""Grammars in an engine: compiled beside what runs, each answer by its own, refused or lost alone; and what must follow, guessed."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Event
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from llguidance import LLParserLimits

import alize
from alize.engine.base import Request, SamplingParams, Step
from alize.engine.core import Core
from alize.engine.grammar import GRAMMAR_LOST, Grammar, Thought
from alize.engine.guide import Compiler, Guide, Words
from alize.engine.guides import Guides
from alize.engine.runners.fake import FakeRunner
from alize.engine.schedule import Limits
from alize.engine.sequence import Sequence
from alize.errors import InvalidRequest, UnsupportedParameter
from tests.engine.engines import core, drain
from tests.engine.test_guide import PERSON, allowed


@pytest.fixture(scope="module")
def model(smollm2: Path) -> Iterator[alize.Model]:
    loaded = alize.load(smollm2, cache_memory=0.2, max_context=1024)
    yield loaded
    loaded.close()


QUESTION = "Make up a person, as JSON with name, age, kind and friends."


@pytest.mark.slow
@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_a_model_answers_what_the_schema_says(model: alize.Model, temperature: float) -> None:
    text = model.chat(QUESTION, grammar=Grammar("json", json.dumps(PERSON)), temperature=temperature, seed=3, max_tokens=300)
    jsonschema.validate(json.loads(text), PERSON)


@pytest.mark.slow
def test_an_answer_is_the_same_whatever_others_must_match(model: alize.Model) -> None:
    grammar = Grammar("json", json.dumps(PERSON))
    alone = model.chat(QUESTION, grammar=grammar, max_tokens=300, temperature=0.0)
    others = [model.stream("Say something.", max_tokens=50), model.stream("Yes?", grammar=Grammar("regex", "yes|no"))]
    mine = model.stream(QUESTION, grammar=grammar, max_tokens=300, temperature=0.0)
    started = [iter(each) for each in (*others, mine)]
    while started:
        started = [each for each in started if next(each, None) is not None]
    assert mine.text == alone
    assert others[1].text in ("yes", "no")


@pytest.mark.slow
def test_a_refused_grammar_is_an_error_and_the_model_goes_on(model: alize.Model) -> None:
    with pytest.raises(InvalidRequest, match="uniqueItems"):
        model.chat(QUESTION, grammar=Grammar("json", '{"type": "array", "uniqueItems": true}'))
    assert model.chat("Yes or no?", grammar=Grammar("regex", "yes|no")) in ("yes", "no")
    model.core.check()
    assert not model.core.busy


WORDS = Words([bytes([97 + id]) for id in range(20)], [20], (20,), lambda text: [ord(letter) - 97 for letter in text])


def asked(id: str, grammar: Grammar | None, **more: Any) -> Request:
    given: dict[str, Any] = {"stop_ids": frozenset({20}), "sampling": SamplingParams(temperature=1.0, seed=5), **more}
    return Request(id, (1, 2, 3), 30, grammar=grammar, **given)


def test_answers_of_the_scheduler_s_own_tests_match_too() -> None:
    engine = core(words=lambda: WORDS)
    for number in range(6):
        engine.add(asked(str(number), Grammar("regex", "(ab|cd){2,3}")))
    engine.add(asked("free", None))
    answers = drain(engine)
    for number in range(6):
        text = "".join(chr(97 + token) for token in answers[str(number)] if token != 20)
        assert re.fullmatch("(ab|cd){2,3}", text), text
    assert len(answers["free"]) >= 1


def test_one_that_is_given_up_while_its_grammar_is_compiled_leaves_nothing() -> None:
    engine = core(words=lambda: WORDS)
    engine.add(asked("x", Grammar("regex", "a+")))
    assert engine.busy
    assert [request.id for request in engine.waiting()] == ["x"]
    engine.abort("x")
    assert not engine.busy
    engine.check()
    assert drain(engine) == {}


def test_those_refused_are_said_once_and_hold_nothing() -> None:
    engine = core(words=lambda: WORDS)
    engine.add(asked("x", Grammar("regex", "(")))
    assert drain(engine) == {}
    ((id, error),) = engine.refused
    assert id == "x"
    assert isinstance(error, InvalidRequest)
    engine.check()
    engine.add(asked("x", None))  # its id is free again
    assert drain(engine)["x"]


@pytest.mark.parametrize("speculation", [True, False])
@pytest.mark.parametrize(
    ("grammar", "bound"),
    [('start: e e e e e e e e\ne: e e | "a"', {"max_items_in_row": 12}), ("start: /(a|b)*a(a|b){9}/", {"step_lexer_fuel": 40})],
    ids=["with what was drawn", "with what may be"],
)
def test_an_answer_whose_grammar_grows_too_large_ends_with_an_error_alone(
    monkeypatch: pytest.MonkeyPatch, grammar: str, bound: dict[str, int], speculation: bool
) -> None:
    monkeypatch.setattr("alize.engine.guide._limits", lambda: LLParserLimits(**bound))
    engine = core(words=lambda: WORDS, speculation=speculation)
    engine.add(asked("held", Grammar("lark", grammar)))
    engine.add(asked("free", None))
    tokens: dict[str, tuple[int, ...]] = {"held": (), "free": ()}
    ends: dict[str, Step] = {}
    while engine.busy:
        for step in engine.step():
            tokens[step.request_id] += step.tokens
            if step.finish:
                ends[step.request_id] = step
    assert ends["held"].finish == "error"
    assert (ends["held"].error or "").startswith(GRAMMAR_LOST)
    assert tokens["held"]
    assert set(tokens["held"]) <= {0, 1}  # nothing that the grammar does not allow was told
    assert ends["free"].finish in ("stop", "length")
    assert tokens["free"] == drain_alone(asked("free", None))
    engine.check()


def drain_alone(request: Request) -> tuple[int, ...]:
    engine = core(words=lambda: WORDS)
    engine.add(request)
    return tuple(drain(engine)[request.id])


def test_more_than_one_grammar_at_a_time_waits_in_the_queue_s_bounds() -> None:
    engine = core(limits=Limits(max_running=2, max_waiting=1), words=lambda: WORDS)
    for number in range(3):
        engine.add(asked(str(number), Grammar("regex", f"a{{{number + 1}}}")))
    with pytest.raises(alize.errors.QueueFull):
        engine.add(asked("3", Grammar("regex", "a")))
    assert {id: len(tokens) for id, tokens in drain(engine).items()} == {"0": 2, "1": 3, "2": 4}


@pytest.mark.parametrize(("more", "param"), [({"min_tokens": 3}, "min_tokens"), ({"stop_ids": frozenset()}, "ignore_eos")])
def test_what_no_grammar_allows_is_refused(more: dict[str, Any], param: str) -> None:
    engine = core(words=lambda: WORDS)
    with pytest.raises(UnsupportedParameter) as refused:
        engine.add(asked("x", Grammar("regex", "a"), **more))
    assert refused.value.param == param


def test_an_answer_that_gives_way_goes_on_where_its_grammar_was() -> None:
    engine = core(blocks=3, limits=Limits(prefix_cache=False), words=lambda: WORDS)
    for number in range(3):
        engine.add(asked(str(number), Grammar("regex", "(ab|cd){14}")))
    answers = drain(engine)
    assert engine.scheduler.preemptions > 0
    for number in range(3):
        assert re.fullmatch("(ab|cd){14}", "".join(chr(97 + token) for token in answers[str(number)] if token != 20))


THINKING = Words([*WORDS.pieces[:18], b"", b""], [18, 19, 20], (20,), WORDS.encode)
THOUGHT = Thought("[THINK]", "[/THINK]", (18, 19), begun=True)


def test_answers_that_give_way_go_on_within_their_thoughts_and_behind_prefixes() -> None:
    engine = core(blocks=3, limits=Limits(prefix_cache=False), words=lambda: THINKING)
    engine.add(
        asked("thinks", Grammar("regex", "(ab|cd){4}", thought=THOUGHT), sampling=SamplingParams(1.0, seed=4, logit_bias=((19, 0.5),)))
    )
    for number in range(2):
        engine.add(asked(f"goes on {number}", Grammar("regex", "aab(ab|cd){14}", prefix="aaba")))
    answers = {id: [token for token in tokens if token != 20] for id, tokens in drain(engine).items()}
    assert engine.scheduler.preemptions > 0
    thought, _, text = bytes(97 + token for token in answers.pop("thinks")).partition(bytes([97 + 19]))
    assert thought
    assert re.fullmatch(b"(ab|cd){4}", text)
    for tokens in answers.values():
        assert re.fullmatch(b"aab(ab|cd){14}", b"aaba" + bytes(97 + token for token in tokens))


def test_a_grammar_is_compiled_once_wherever_its_match_begins() -> None:
    guides, grammar = Guides(lambda: THINKING, 21), Grammar("regex", "ab{30}")
    for number in range(20):
        guides.begin(Sequence(asked(f"{number}", None), 0), replace(grammar, prefix="a" + "b" * number))
    guides.begin(Sequence(asked("given up", None), 0), replace(grammar, thought=THOUGHT))
    guides.remove("given up")
    guides.begin(Sequence(asked("refused", None), 0), replace(grammar, prefix="b"))
    found: dict[str, Any] = {}
    while guides:
        guides.wait()
        found |= {sequence.request.id: error or allowed(sequence.guide) for sequence, error in guides.ready() if sequence.guide or error}
    refused = found.pop("refused")
    assert (type(refused), refused.param) == (InvalidRequest, "messages")
    assert found == {f"{number}": [1] for number in range(20)}
    assert len(guides._kept) == 1
    guides.close()


@pytest.fixture
def beginnings(monkeypatch: pytest.MonkeyPatch) -> list[Grammar]:
    """Those that a match was begun of, in their order."""
    begun, really = list[Grammar](), Compiler.begin

    def begin(self: Compiler, guide: Guide, grammar: Grammar) -> Guide:
        begun.append(grammar)
        return really(self, guide, grammar)

    monkeypatch.setattr(Compiler, "begin", begin)
    return begun


def come(guides: Guides) -> dict[str, Any]:
    """What all that wait get: their guides, or why there is none."""
    found: dict[str, Any] = {}
    while guides:
        guides.wait()
        found |= {sequence.request.id: error or sequence.guide for sequence, error in guides.ready()}
    return found


@pytest.mark.parametrize("length", [40, 5000])
def test_choices_share_what_stands_behind_their_prefix(beginnings: list[Grammar], length: int) -> None:
    guides, grammar = Guides(lambda: WORDS, 21), Grammar("regex", "ab*", prefix="a" + "b" * length)
    for number in range(4):
        guides.begin(Sequence(asked(f"{number}", None, tenant=f"w{number % 2}"), 0), grammar)
    guides.begin(Sequence(asked("given up", None), 0), grammar)
    guides.remove("given up")
    found = come(guides)
    assert beginnings == [grammar]
    assert [allowed(guide) for guide in found.values()] == [[1, 20]] * 4
    assert len({id(guide.matcher) for guide in found.values()}) == 4, "each goes its own way"
    assert not guides._kept["", grammar.plain].begun, "nobody keeps a text that nobody waits for"
    guides.begin(Sequence(asked("later", None), 0), grammar)
    assert allowed(come(guides)["later"]) == [1, 20]
    guides.close()


@pytest.mark.parametrize("beside", [False, True])
@pytest.mark.parametrize("more", [{"prefix": "aaa"}, {"thought": THOUGHT}], ids=["prefix", "thought"])
def test_what_is_compiled_while_others_are_looked_at_begins_where_it_should(
    monkeypatch: pytest.MonkeyPatch, more: dict[str, Any], beside: bool
) -> None:
    """The thread is done with a grammar at any moment, also between two looks at it."""
    held, really_compile, really_begin = Event(), Compiler.compile_plain, Compiler.begin

    def compiled(self: Compiler, grammar: Grammar) -> Guide:
        if grammar.text == "a{4}b":
            held.wait(60)
        return really_compile(self, grammar)

    def begin(self: Compiler, guide: Guide, grammar: Grammar) -> Guide:
        if grammar.text == "a*" and not held.is_set():
            held.set()
            late.result(60)
        return really_begin(self, guide, grammar)

    guides = Guides(lambda: THINKING, 21)
    guides.begin(Sequence(asked("known", None), 0), Grammar("regex", "a*", thought=THOUGHT))
    assert come(guides)
    monkeypatch.setattr(Compiler, "compile_plain", compiled)
    monkeypatch.setattr(Compiler, "begin", begin)
    for number in range(1 + beside):
        guides.begin(Sequence(asked(f"late {number}", None), 0), Grammar("regex", "a{4}b", **more))
    late = guides._coming["late 0"].future
    guides.begin(Sequence(asked("while", None), 0), Grammar("regex", "a*", prefix="aa"))
    first = {sequence.request.id for sequence, _ in guides.ready()}
    assert late.done()
    assert first == {"while"}
    found = come(guides)
    assert len(found) == 1 + beside
    for guide in found.values():
        assert allowed(guide) == ([0] if "prefix" in more else list(range(20)))
    guides.close()


def test_a_beginning_that_the_thread_has_in_hand_is_left_to_it(monkeypatch: pytest.MonkeyPatch) -> None:
    """What takes no time is done at once, but a mask of thoughts that is known by now may be wanted by what the thread is at."""
    begun, held, really = Event(), Event(), Compiler.begin

    def begin(self: Compiler, guide: Guide, grammar: Grammar) -> Guide:
        found = really(self, guide, grammar)
        begun.set()
        assert held.wait(60)
        return found

    guides, grammar = Guides(lambda: THINKING, 21), Grammar("regex", "ab*", thought=THOUGHT)
    guides.begin(Sequence(asked("plain", None), 0), grammar.plain)
    assert come(guides)
    monkeypatch.setattr(Compiler, "begin", begin)
    guides.begin(Sequence(asked("first", None, tenant="w"), 0), grammar)
    assert guides.ready() == []
    assert begun.wait(60)
    guides.begin(Sequence(asked("second", None, tenant="v"), 0), grammar)
    assert guides.ready() == []
    held.set()
    assert set(come(guides)) == {"first", "second"}
    guides.close()


def test_a_long_prefix_is_taken_in_pieces_and_refused_where_it_stops_to_fit() -> None:
    compiler = Compiler(WORDS, 21)
    plain = compiler.compile_plain(Grammar("regex", "(ab)*c"))
    assert allowed(compiler.begin(plain, Grammar("regex", "(ab)*c", prefix="ab" * 2000 + "a"))) == [1]
    with pytest.raises(InvalidRequest, match=r"behind '(ba){20}' it has '(ab){20}'"):
        compiler.begin(plain, Grammar("regex", "(ab)*c", prefix="ab" * 1000 + "a" + "ab" * 1000))


def test_what_is_long_lets_others_run_between_its_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    breaths = list[float]()
    monkeypatch.setattr("alize.engine.guide.time.sleep", breaths.append)
    compiler = Compiler(WORDS, 21)
    compiler.compile(Grammar("regex", "a*", prefix="a" * 10_000))
    assert len(breaths) == 19
    assert compiler.at_once(Grammar("regex", "a*", prefix="a" * 100))
    assert not compiler.at_once(Grammar("regex", "a*", prefix="a" * 10_000))


def test_of_long_prefixes_few_are_copied_in_a_step() -> None:
    guides, grammar = Guides(lambda: WORDS, 21), Grammar("regex", "a*", prefix="a" * 40_000)
    for number in range(3):
        guides.begin(Sequence(asked(f"{number}", None), 0), grammar)
    counts = list[int]()
    while guides:
        guides.wait()
        counts.append(len(guides.ready()))
    assert [count for count in counts if count] == [1, 1, 1]
    guides.close()


@pytest.mark.parametrize("more", [{"thought": THOUGHT}, {"prefix": "ab"}, {"prefix": "ab", "thought": replace(THOUGHT, begun=False)}])
def test_what_is_kept_waits_behind_nobody_s_compilation(monkeypatch: pytest.MonkeyPatch, more: dict[str, Any]) -> None:
    busy, really = Event(), Compiler.compile_plain

    def compiled(self: Compiler, grammar: Grammar) -> Guide:
        if grammar.text == "slow":
            busy.wait(60)
        return really(self, grammar)

    guides, grammar = Guides(lambda: THINKING, 21), Grammar("regex", "ab{2,9}")
    guides.begin(Sequence(asked("first", None), 0), replace(grammar, thought=THOUGHT))
    assert come(guides)
    monkeypatch.setattr(Compiler, "compile_plain", compiled)
    guides.begin(Sequence(asked("slow", None, tenant="other"), 0), Grammar("regex", "slow"))
    guides.begin(Sequence(asked("kept", None), 0), replace(grammar, **more))
    assert [sequence.request.id for sequence, error in guides.ready() if error is None] == ["kept"]
    busy.set()
    assert come(guides)
    guides.close()


def test_what_is_compiled_while_the_engine_pauses_begins_when_it_goes_on() -> None:
    engine = core(words=lambda: WORDS)
    engine.paused = True
    engine.add(asked("x", Grammar("regex", "ab")))
    assert drain(engine) == {}
    assert [request.id for request in engine.waiting()] == ["x"]
    engine.paused = False
    assert drain(engine)["x"] == [0, 1, 20]


def test_a_grammar_that_the_vocabulary_cannot_write_ends_its_answer_with_an_error_and_no_other() -> None:
    engine = core(words=lambda: WORDS)
    engine.add(asked("lost", Grammar("regex", "abz")))
    engine.add(asked("other", Grammar("regex", "ab")))
    steps: list[Any] = []
    while engine.busy:
        steps += engine.step()
        engine.check()
    assert {step.request_id: step.finish for step in steps if step.finish} == {"lost": "error", "other": "stop"}


def test_a_vocabulary_that_cannot_be_read_is_the_server_s_error() -> None:
    def broken() -> Words:
        raise ValueError("no tokenizer")

    engine = core(words=broken)
    engine.add(asked("x", Grammar("regex", "a")))
    assert drain(engine) == {}
    ((_, error),) = engine.refused
    assert error.status == 500
    assert "no tokenizer" not in error.text


def test_what_is_the_same_is_compiled_once_however_many_ask() -> None:
    engine = core(limits=Limits(max_running=256), words=lambda: WORDS)
    for number in range(300):
        engine.add(asked(str(number), Grammar("regex", "ab")))
    assert list(drain(engine).values()) == [[0, 1, 20]] * 300


def test_an_engine_that_takes_over_what_waited_refuses_none_of_it() -> None:
    engine = core(words=lambda: WORDS)
    for number in range(80):
        engine.add(asked(str(number), Grammar("regex", f"a{{{number}}}b")), again=True)
    assert len(drain(engine)) == 80


def test_tokens_that_the_model_does_not_draw_are_no_part_of_a_mask() -> None:
    """A tokenizer may know more ids than the model has logits, and fewer."""
    for size in (15, 21, 40):
        words = Words(WORDS.pieces, [20], (3, 20), WORDS.encode)
        guide = Compiler(words, size).compile(Grammar("regex", "[a-t]*"))
        assert set(allowed(guide)) <= set(range(min(size, 21)))


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000), st.sampled_from([0.0, 1.0]), st.sampled_from(["abcdefgh(ab|cd)ijkl[a-c]{2,5}", "(abc){1,5}d*", "a{20}"]))
def test_what_nothing_else_can_follow_is_computed_at_once_and_answers_are_the_same(seed: int, temperature: float, expression: str) -> None:
    sampling = SamplingParams(temperature=temperature, seed=seed)

    def answered(*, speculation: bool) -> tuple[dict[str, list[int]], int]:
        runner = FakeRunner()
        clock = iter(range(10**9)).__next__
        engine = Core(runner, Limits(speculation=speculation), {"full": 64}, clock=clock, words=lambda: WORDS)
        for number in range(2):
            request = Request(str(number), tuple(range(20)), 30, sampling, frozenset({20}), grammar=Grammar("regex", expression))
            engine.add(replace(request, predicted=(0, 1, 2, 3)) if number else request)
        return drain(engine), engine.stats().accepted_tokens

    (plain, _), (guessed, accepted) = answered(speculation=False), answered(speculation=True)
    assert guessed == plain
    assert accepted > 0
    for tokens in plain.values():
        text = "".join(chr(97 + token) for token in tokens if token != 20)
        assert re.fullmatch(expression, text) or len(tokens) == 30


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000), st.sampled_from([0.0, 1.0]), st.booleans())
def test_thoughts_are_guessed_as_texts_are_and_answers_are_the_same(seed: int, temperature: float, known: bool) -> None:
    sampling = SamplingParams(temperature=temperature, seed=seed, logit_bias=((19, 2.0),))
    grammar = Grammar("regex", "a(b|c){2,4}d", thought=replace(THOUGHT, begun=known))

    def answered(*, speculation: bool, predicted: tuple[int, ...] = ()) -> tuple[list[int], int]:
        engine = Core(
            FakeRunner(), Limits(speculation=speculation), {"full": 64}, clock=iter(range(10**9)).__next__, words=lambda: THINKING
        )
        engine.add(Request("a", tuple(range(20)), 40, sampling, frozenset({20}), grammar=grammar, predicted=predicted))
        return drain(engine)["a"], engine.stats().accepted_tokens

    plain, _ = answered(speculation=False)
    guessed, accepted = answered(speculation=True, predicted=tuple(plain))
    assert guessed == plain
    end = plain.index(19) if 19 in plain else len(plain)
    assert not known or end < 4 or accepted >= min(3, end - 2)


@pytest.mark.parametrize("rule", ["a", "A"])
def test_rules_that_name_each_other_ten_thousand_deep_end_no_process(rule: str) -> None:
    rules = "\n".join(f"{rule}{number}: {rule}{number + 1}" for number in range(10_000))
    engine = core(words=lambda: WORDS)
    engine.add(asked("x", Grammar("lark", f'start: {rule}0\n{rules}\n{rule}10000: "ab"')))
    assert drain(engine) == {"x": [0, 1, 20]}


def test_schemas_that_refer_to_each_other_ten_thousand_deep_end_no_process() -> None:
    deep: dict[str, Any] = {f"a{number}": {"$ref": f"#/$defs/a{number + 1}"} for number in range(10_000)}
    schema = {"$ref": "#/$defs/a0", "$defs": {**deep, "a10000": {"enum": ["a"]}}}
    guides = Guides(lambda: Words([bytes([id]) for id in range(256)], [256], (256,), lambda text: list(text.encode())), 257)
    sequence = Sequence(asked("x", None), 0)
    guides.begin(sequence, Grammar("json", json.dumps(schema)))
    while not (found := guides.ready()):
        guides.wait()
    assert found == [(sequence, None)]
    assert sequence.guide is not None
    assert allowed(sequence.guide) == [ord('"')]
    guides.close()


def test_what_can_be_used_no_more_is_compiled_anew() -> None:
    guides, grammar = Guides(lambda: WORDS, 21), Grammar("regex", "ab")

    def begun(id: str) -> Guide:
        sequence = Sequence(asked(id, None), 0)
        guides.begin(sequence, grammar)
        while not guides.ready():
            guides.wait()
        assert sequence.guide is not None
        return sequence.guide

    lost = begun("a")
    lost.take([5])
    assert lost.failure is not None
    guides.lose("", grammar)
    assert begun("b").failure is None
    guides.close()
