"""A form beside tools: whatever is drawn is calls that match their schemas or a text of the form; and what is refused, by what it is."""

import json
import re
from collections.abc import Callable
from typing import Any

import jsonschema
import pytest

from alize.engine.grammar import Grammar
from alize.errors import InvalidRequest, UnsupportedParameter
from alize.prompt.matching import Start, matched, placed
from alize.prompt.parts import Call, joined
from alize.prompt.reading import AnswerReader
from alize.prompt.tools import Offer, offered
from alize.tokenize.base import CallMarks, ThoughtMarks
from alize.tokenize.bytes import ByteTokenizer
from tests.prompt.test_held import COMPILER, END, FORMS, SCHEMAS, allowed, drawn, offer_of, read, tools

PLACE = {"type": "object", "properties": {"at": {"type": "string", "maxLength": 12}}, "required": ["at"], "additionalProperties": False}
WANTED: dict[str, tuple[Grammar, Callable[[str], Any]]] = {
    "json": (
        Grammar("json", json.dumps(PLACE), param="response_format"),
        lambda text: jsonschema.validate(json.loads(text), PLACE) is None,
    ),
    "regex": (Grammar("regex", "a/b+<?[a-c]*"), lambda text: re.fullmatch("a/b+<?[a-c]*", text)),
    "choice": (Grammar("own", 'start: "a" | "b\\"c"'), lambda text: text in ("a", 'b"c')),
    "lark": (Grammar("lark", 'start: a "}"\na: "x" | "{" a'), lambda text: re.fullmatch(r"\{*x\}", text)),
}
TOLD_APART = [form for form, marks in FORMS.items() if marks.form == "json" or (marks.form == "named" and marks.opens in marks.ids)]
ANY: dict[str, bool] = {}


def whole(form: Grammar | None, offer: Offer | None, **more: Any) -> Grammar:
    grammar = matched(form, offer, ANY, continuing=more.get("continuing", False))
    assert grammar is not None
    return grammar


@pytest.mark.parametrize("wanted", WANTED)
@pytest.mark.parametrize("form", TOLD_APART)
@pytest.mark.parametrize("seed", range(4))
def test_an_answer_is_calls_or_of_the_form(form: str, wanted: str, seed: int) -> None:
    offer, (grammar, holds) = offer_of(form, "auto"), WANTED[wanted]
    opens = offer.marks.ids.get(offer.marks.opens, offer.marks.opens.encode())
    if wanted == "lark" and isinstance(opens, bytes):
        with pytest.raises(UnsupportedParameter, match="text of this form may have") as refused:
            whole(grammar, offer)
        assert refused.value.param == "tools"
        return
    for begin in (b"", opens):
        text, calls = read(offer, drawn(COMPILER.compile(whole(grammar, offer)), seed, begin))
        assert bool(text) != bool(calls)
        assert not text or holds(text), text
        for name, arguments in calls:
            jsonschema.validate(json.loads(arguments), SCHEMAS[name])


@pytest.mark.parametrize("form", TOLD_APART)
def test_a_text_of_the_form_has_no_calls_behind_it(form: str) -> None:
    guide = COMPILER.compile(whole(WANTED["json"][0], offer_of(form, "auto")))
    guide.take(list(b'{"at":"x"}'))
    assert allowed(guide) == [END]


@pytest.mark.parametrize("form", [form for form in TOLD_APART if not FORMS[form].ids])
def test_a_text_may_have_in_quotes_what_opens_a_call_and_is_a_text(form: str) -> None:
    offer = offer_of(form, "auto")
    said = json.dumps({"at": offer.marks.opens})
    tokens = list(said.encode())
    guide = COMPILER.compile(whole(WANTED["json"][0], offer))
    for token in tokens:
        assert token in allowed(guide)
        guide.take([token])
    assert read(offer, tokens) == (said, [])
    anything = COMPILER.compile(whole(Grammar("regex", "(.|\n)+"), offer))
    anything.take(list(b"x" + offer.marks.opens[:-1].encode()))
    assert ord(offer.marks.opens[-1]) not in allowed(anything), "elsewhere it would begin one"


@pytest.mark.parametrize("choice", ["any", "weather"])
@pytest.mark.parametrize("form", FORMS)
def test_where_a_call_is_forced_the_form_has_no_say(form: str, choice: str) -> None:
    offer = offer_of(form, choice)
    assert matched(WANTED["json"][0], offer, ANY, continuing=False) == matched(None, offer, ANY, continuing=False)


@pytest.mark.parametrize(
    ("form", "grammar", "why"),
    [
        ("llama", WANTED["json"][0], "bare JSON"),
        ("bare", WANTED["regex"][0], "bare JSON"),
        ("told", Grammar("own", 'start: "a" | "see <tool_call>"'), "one of the texts"),
        ("deepseek", Grammar("own", 'start: "a" | "see <｜call｜>"'), "one of the texts"),
    ],
)
def test_what_no_reader_can_tell_apart_is_refused(form: str, grammar: Grammar, why: str) -> None:
    offer = Offer(CallMarks("json", "<｜call｜>", "<｜end｜>"), tools()) if form == "deepseek" else offer_of(form, "auto")
    with pytest.raises(UnsupportedParameter, match=why) as refused:
        matched(grammar, offer, ANY, continuing=False)
    assert refused.value.param == "tools"
    assert 'tool_choice: "none"' in str(refused.value.remedy)


def test_a_form_beside_parameters_between_tags_is_refused() -> None:
    offer = Offer(CallMarks("functions", "<tool_call>", "</tool_call>"), tools())
    with pytest.raises(UnsupportedParameter, match="as text"):
        matched(WANTED["json"][0], offer, ANY, continuing=False)


def test_a_form_that_cannot_be_held_is_refused_by_its_own_field_beside_tools_that_can() -> None:
    grammar = Grammar("json", '{"type": "array", "uniqueItems": true}', param="response_format")
    with pytest.raises(InvalidRequest, match="uniqueItems") as refused:
        COMPILER.compile(whole(grammar, offer_of("hermes", "auto")))
    assert refused.value.param == "response_format"


@pytest.mark.parametrize("wanted", [None, *WANTED])
def test_a_strict_tool_that_cannot_be_held_is_the_tools_own_fault(wanted: str | None) -> None:
    shape = {"type": "object", "properties": {"a": {"type": "array", "uniqueItems": True}}}
    plain = [{"type": "function", "function": {"name": "f", "description": "", "parameters": shape}}]
    offer = offered(FORMS["hermes"], plain, "auto", strict=frozenset({"f"}))
    with pytest.raises(InvalidRequest, match=r"schemas of these tools: Unimplemented keys.*uniqueItems") as refused:
        COMPILER.compile(whole(None if wanted is None else WANTED[wanted][0], offer))
    assert refused.value.param == "tools"


def test_a_thought_may_end_the_answer_where_calls_alone_are_held() -> None:
    offer, marks = offer_of("hermes", "auto"), ThoughtMarks()
    for form, may in ((None, True), (WANTED["json"][0], False)):
        grammar = placed(whole(form, offer), offer, marks, Start())
        assert grammar is not None
        guide = COMPILER.compile(grammar)
        guide.take(list(b"<think>Hm </th"))
        assert (END in allowed(guide)) == may


@pytest.mark.parametrize("form", TOLD_APART)
def test_behind_a_prefix_the_answer_goes_on_with_the_form_and_calls_nothing(form: str) -> None:
    offer = offer_of(form, "auto")
    grammar = placed(whole(WANTED["json"][0], offer, continuing=True), offer, None, Start('{"at":', continuing=True))
    assert grammar is not None
    guide = COMPILER.compile(grammar)
    assert set(allowed(guide)) <= set(b' "\n')
    fresh = placed(whole(None, offer, continuing=True), offer, None, Start("It is", continuing=True))
    assert fresh is not None
    assert fresh.prefix == "", "calls behind a text may follow whatever it says"


@pytest.mark.parametrize("form", ["llama", "bare"])
def test_bare_calls_cannot_follow_a_prefix_but_behind_their_mark(form: str) -> None:
    offer = offer_of(form, "auto")
    grammar = matched(None, offer, ANY, continuing=True)
    if form == "bare":
        assert grammar is None
        return
    assert grammar is not None
    guide = COMPILER.compile(grammar)
    guide.take(list(b'{"name": "nothing'))
    assert guide.failure is None
    guide.take([offer.marks.ids[offer.marks.opens]])
    assert allowed(guide) == [ord("{")]


def test_a_thought_stands_before_calls_and_ends_with_one() -> None:
    offer = offer_of("named", "auto")
    opens, closes, args = 256, 259, 258
    marks = ThoughtMarks("[THINK]", "[/THINK]", (256 + 1, closes))
    grammar = placed(whole(WANTED["json"][0], offer), offer, marks, Start(opened=True))
    assert grammar is not None
    guide = COMPILER.compile(grammar)
    assert args not in allowed(guide)
    assert opens in allowed(guide)
    called = guide.copy()
    called.take([*b"hm", opens, *b"colour-of", args, *b'{"of":"red"}'])
    guide.take([*b"hm", closes, *b'{"at":"'])
    assert END in allowed(called)
    assert guide.failure is None


@pytest.mark.parametrize(
    ("prefix", "begin"),
    [
        ("Sure. ", b"<think><tool_call>"),  # behind a text the mark of a thought is text, too
        ("<think>a</think>So ", b"<think><tool_call>"),
        ("<think>a", b"<tool_call> b</think>\n\n<tool_call>"),
        ("<think>a</th", b"ink><tool_call>"),
        ("<think>a</think>", b"\n\n<tool_call>"),
        ("<t", b"ool_call>"),
        (" ", b"<think>b</think><tool_call>"),
        ("<thi", b"nk>b</think>x <tool_call>"),
    ],
)
@pytest.mark.parametrize("seed", range(3))
def test_calls_behind_a_prefix_are_held_wherever_a_reader_finds_thoughts(prefix: str, begin: bytes, seed: int) -> None:
    offer, marks = offered(FORMS["hermes, spelled"], tools(), "auto", strict=frozenset(SCHEMAS)), ThoughtMarks()
    grammar = placed(whole(None, offer, continuing=True), offer, marks, Start(prefix, continuing=True, asked=False))
    assert grammar is not None
    tokens = drawn(COMPILER.compile(grammar), seed, begin)
    reader = AnswerReader(ByteTokenizer(), (), marks, continuing=True, offer=offer)
    reader.repeat(prefix)
    parts = joined([*(part for token in tokens for part in reader.push(token)), *reader.flush()])
    calls = [part for part in parts if isinstance(part, Call)]
    assert calls
    for call in calls:
        jsonschema.validate(json.loads(call.arguments), SCHEMAS[call.name])


@pytest.mark.parametrize("form", [*TOLD_APART, "llama", "bare"])
def test_a_form_behind_a_prefix_is_held_whatever_calls_look_like(form: str) -> None:
    offer = offer_of(form, "auto")
    for wanted, prefix, next_one in (("json", '{"at":', '"'), ("regex", "a/", "b"), ("choice", "b", '"')):
        grammar = placed(whole(WANTED[wanted][0], offer, continuing=True), offer, None, Start(prefix, continuing=True))
        assert grammar is not None
        assert ord(next_one) in allowed(COMPILER.compile(grammar))


def test_an_answer_that_goes_on_from_a_thought_may_be_calls_or_of_the_form() -> None:
    offer, marks = offer_of("hermes", "auto"), ThoughtMarks()
    opens = offer.marks.ids[offer.marks.opens]
    start = Start("", "Hm", continuing=True, opened=True, asked=False)
    grammar = placed(whole(WANTED["json"][0], offer, continuing=bool(start.prefix)), offer, marks, start)
    assert grammar is not None
    guide = COMPILER.compile(grammar)
    assert opens in allowed(guide), "a call ends the thought"
    guide.take(list(b"</think>"))
    assert {opens, ord("{")} <= set(allowed(guide))


def test_bare_json_is_a_call_behind_a_thought_and_a_text_behind_a_text() -> None:
    offer, words = offer_of("bare", "auto"), b'{"name": "weather", "parameters": {"city": "Aix", "days": 1}}'
    for prefix, called in (("", True), ("So: ", False)):
        reader = AnswerReader(ByteTokenizer(), continuing=True, offer=offer)
        reader.repeat(prefix)
        parts = [*(part for token in words for part in reader.push(token)), *reader.flush()]
        assert any(isinstance(part, Call) for part in parts) == called


def test_a_call_that_the_prompt_begins_has_no_thought_before_it() -> None:
    offer = offered(FORMS["hermes"], tools(), "any")
    grammar = placed(whole(None, offer), offer, ThoughtMarks(), Start())
    assert grammar is not None
    assert grammar.thought is None
