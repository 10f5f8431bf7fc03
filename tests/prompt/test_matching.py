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
from alize.prompt.tools import Offer, offered
from alize.tokenize.base import CallMarks, ThoughtMarks
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
    ],
)
def test_what_no_reader_can_tell_apart_is_refused(form: str, grammar: Grammar, why: str) -> None:
    with pytest.raises(UnsupportedParameter, match=why) as refused:
        matched(grammar, offer_of(form, "auto"), ANY, continuing=False)
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


def test_a_call_that_the_prompt_begins_has_no_thought_before_it() -> None:
    offer = offered(FORMS["hermes"], tools(), "any")
    grammar = placed(whole(None, offer), offer, ThoughtMarks(), Start())
    assert grammar is not None
    assert grammar.thought is None
