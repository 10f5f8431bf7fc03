"""What an answer must match as a whole. In: a form, what may be called, and where the answer begins. Out: one grammar, for the engine.

a form            the answer's text matches it, together with a prefix that it goes on from
calls             what begins as a call goes on as one (held.py)
both              `auto`: the answer is calls, or a text of the form, never both; where a call is forced, the form has no say
a model that      whatever it thinks is free, and the match begins behind it (engine/thinking.py)
thinks
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from alize.engine.grammar import LONGEST, Grammar, Thought, rule_of
from alize.errors import InvalidRequest, UnsupportedParameter
from alize.prompt.held import escaped, grammar_of_calls, held_calls
from alize.prompt.thoughts import ThoughtReader
from alize.prompt.tools import Offer
from alize.tokenize.base import CallMarks, ThoughtMarks
from alize.tokenize.text import parts_of, thought_of

__all__ = ["Start", "matched", "placed"]


@dataclass(frozen=True, slots=True)
class Start:
    """How an answer begins."""

    prefix: str = ""  # text that the prompt ends with
    thought: str = ""  # what was thought before it
    continuing: bool = False  # the answer goes on from either
    opened: bool = False  # the prompt ends within a thought
    asked: bool = True  # the answer may begin one

    @classmethod
    def of(cls, message: Mapping[str, Any]) -> "Start":
        """What an answer goes on from: its text, what was thought before it, and whether that goes on."""
        parts = parts_of(message)
        if not parts:
            return cls(message["content"], continuing=True, asked=False)
        thoughts = [part for part in parts if part["type"] == "thinking"]
        text = "".join(part["text"] for part in parts if part["type"] == "text")
        opened = not text and not parts[-1].get("closed", True)
        return cls(text, "".join(map(thought_of, thoughts)), continuing=True, opened=opened, asked=False)


def matched(form: Grammar | None, offer: Offer | None, hindrances: Mapping[str, bool], *, continuing: bool) -> Grammar | None:
    """What the answer must match, wherever that begins. None where nothing is wanted, and where calls cannot be held to their schemas.

    `hindrances`: what keeps calls from being held, by what is said of it. `continuing`: the answer goes on from a text, not from a
    thought alone.
    Raises UnsupportedParameter for a form that cannot be held beside these tools, and for `strict` where nothing can be.
    """
    if offer is None:
        return form
    if form is None or offer.begun:
        held = held_calls(offer, hindrances, LONGEST, continuing=continuing)
        return None if held is None else Grammar("own", *held, param="tools")
    if why := _apart(form, offer.marks, continuing=continuing):
        raise UnsupportedParameter(
            f"{form.param} cannot be held beside tools: {why}.",
            param="tools",
            remedy='Send tool_choice: "none" for an answer of the form, or "any" for a call.',
        )
    rule = _rule(form, offer.marks)
    if continuing:  # it has begun as a text
        return Grammar("own", f"start: {rule}", param=form.param)
    whole, loose = (grammar_of_calls(offer, loose=loose, form=rule) or "" for loose in (False, True))
    if len(whole) > LONGEST:
        raise InvalidRequest(f"{form.param} and the schemas of all tools together have more than {LONGEST:,} characters.", param="tools")
    return Grammar("own", whole, loose, param=form.param, form=form)


def placed(grammar: Grammar | None, offer: Offer | None, marks: ThoughtMarks | None, start: Start) -> Grammar | None:
    """Where the match begins: behind what may be thought, or with a text that the prompt ends with."""
    if grammar is None or (offer is not None and offer.begun):  # no thought comes between a call and its beginning
        return grammar
    calls = grammar.param == "tools"
    if calls and start.prefix and (marks is None or _over(marks, start)):
        return grammar  # what was said before a call is no part of it, and no thought comes behind what was said
    whole = replace(grammar, prefix=start.prefix)
    if marks is None:
        return whole
    ids = dict[str, int]() if offer is None else dict(offer.marks.ids)
    opens = None if offer is None or (start.prefix and not calls) else ids.pop(offer.marks.opens, None)
    ending = () if opens is None else (opens,)
    never = tuple(sorted(ids.values()))
    return replace(whole, thought=Thought(marks.opens, marks.closes, marks.ids, start.opened, start.asked, ending, never, ends=calls))


def _over(marks: ThoughtMarks, start: Start) -> bool:
    """Whether a text is the beginning of what is said: it has more than a thought, and than what may become a mark."""
    reader = ThoughtReader(marks, opened=start.opened)
    return any(not part.thought for part in reader.push(start.prefix))


def _apart(form: Grammar, marks: CallMarks, *, continuing: bool) -> str | None:
    """Why a reader could not tell calls from such a text. `continuing`: it goes on from one, so no bare call begins it."""
    if marks.form == "bare" and continuing and not marks.opens:
        return None
    if marks.form == "bare" and not continuing:
        return "the model writes calls as bare JSON, which nothing tells from an answer that is JSON"
    if marks.form == "functions":
        return "the model writes the arguments of calls as text, which cannot be held"
    if marks.opens in marks.ids:
        return None
    if marks.form == "named" or form.kind == "lark":
        return f"the model opens calls with the text {marks.opens}, which a text of this form may have"
    if form.kind == "own" and json.dumps(marks.opens, ensure_ascii=False)[1:-1] in form.text:
        return f"one of the texts to choose from has {marks.opens}, with which the model opens calls"
    return None


def _rule(form: Grammar, marks: CallMarks) -> str:
    """What stands behind a rule's name. No call can be spelled in JSON, whose quotation marks end the text that a mark stands in."""
    rule = rule_of(form)
    if form.kind != "regex" or marks.opens in marks.ids or not marks.opens:
        return rule
    return f"FORM\nFORM: {rule} & ~/(.|\\n)*{escaped(marks.opens)}(.|\\n)*/"
