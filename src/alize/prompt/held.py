"""Calls held to their schemas. In: what an answer may call, and how a model writes calls. Out: a grammar of the whole answer, in Lark.

The grammar begins where the prompt ends, so behind what the prompt begins of a call. Marks that are control tokens stand in it by their
numbers. Where the answer may be text (`tool_choice` auto) it is free, as long as it does not spell what opens a call; or it has a form of
its own, and the answer is that or calls.

    <tool_call>⏎{"name": "f", "arguments": {"city": "Aix"}}⏎</tool_call>          an answer in Hermes' form, and its grammar:

    start: TEXT? (<[5]> calls)?            calls: SPACE call SPACE <[6]> (SPACE <[5]> SPACE call SPACE <[6]>)*
    call: call_0                           call_0: "{\\"name\\": \\"f\\", \\"arguments\\": " arguments_0 "}"
    arguments_0: %json {…}                 TEXT: /(.|\\n)+/

A tool that is `strict` has its schema held to as a whole, or is refused by what cannot be. Of another's schema that is left out, and where
it cannot be compiled at all, its arguments are any object.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from alize.engine.grammar import json_rule
from alize.errors import UnsupportedParameter
from alize.prompt.tools import Offer, PlainTool
from alize.tokenize.base import CallMarks

__all__ = ["escaped", "grammar_of_calls", "held_calls"]

_RULES = """SPACE: /[ \\n]{1,2}/
BLANK: / /
SEPARATOR: /;[ \\n]?|[ \\n]{1,2}/
ID: /[a-zA-Z0-9]{9}/"""


def held_calls(offer: Offer, hindrances: Mapping[str, bool], most: int, *, continuing: bool = False) -> tuple[str, str] | None:
    """The grammar, of `most` characters; and a looser one, for where schemas of tools that are not strict cannot be compiled.

    None where it is longer, or there is one of the `hindrances`, by what is said of each; and where nothing is read as a call, as bare JSON
    behind a text that the answer goes on from (`continuing`).

    Raises UnsupportedParameter there for an offer with a tool that is strict.
    """
    if continuing and offer.marks.form == "bare" and not offer.marks.opens:
        return None
    text = None if any(hindrances.values()) else grammar_of_calls(offer, continuing=continuing)
    if text is not None and len(text) <= most:
        return text, grammar_of_calls(offer, loose=True, continuing=continuing) or ""
    if offer.strict:
        why = next((why for why, there in hindrances.items() if there), f"all schemas together have more than {most:,} characters")
        why = "the model writes arguments that are no JSON" if offer.marks.form == "functions" else why
        raise UnsupportedParameter(
            f"tools: {min(offer.strict)} is strict, but its arguments cannot be held to its schema: {why}.",
            param="tools",
            remedy="Leave strict out, and check the arguments.",
        )
    return None


def grammar_of_calls(offer: Offer, *, loose: bool = False, form: str | None = None, continuing: bool = False) -> str | None:
    """None for a form whose arguments are no JSON. `loose`: arguments of tools that are not strict may be any object.

    `form`: what a text must match, as stands behind a rule's name; it then has no calls behind it. `continuing`: see `CallReader`.
    """
    marks, single = offer.marks, offer.single
    if marks.form == "functions":
        return None
    tools = [tool for tool in offer.tools if offer.named in (None, tool["function"]["name"])]
    rules = [f"call: {_either('call', tools)}", f"calls: {_several(marks, single=single)}", _RULES]
    for number, tool in enumerate(tools):
        name = tool["function"]["name"]
        strict = name in offer.strict
        rules += [
            f"arguments_{number}: BLANK? {_arguments(tool, loose=loose, strict=strict)}",
            f"call_{number}: {_call(marks, name, number)}",
        ]
    if form is not None:
        return "\n".join([*rules, f"start: form | {_mark(marks, marks.opens)} calls", f"form: {form}"])
    return "\n".join([*rules, *(_forced(offer, tools) if offer.begun else _free(marks, continuing=continuing))])


def _arguments(tool: PlainTool, *, loose: bool, strict: bool) -> str:
    """Raises UnsupportedParameter for a strict tool whose schema is too large; another's arguments are any object then."""
    try:
        return json_rule(_schema(tool, loose=loose and not strict), lenient=not strict)
    except ValueError as error:
        if not strict:
            return json_rule(_schema(tool, loose=True), lenient=True)
        name = tool["function"]["name"]
        raise UnsupportedParameter(f"tools: the schema of {name} cannot be held to: {error}.", param="tools") from error


def _schema(tool: PlainTool, *, loose: bool) -> dict[str, Any]:
    """Of an object, which arguments always are."""
    return {**({} if loose else tool["function"]["parameters"]), "type": "object"}


def _call(marks: CallMarks, name: str, number: int) -> str:
    if marks.form == "named":
        id = f"({_mark(marks, '[CALL_ID]')} ID)? " if "[CALL_ID]" in marks.ids else ""
        return f"{_text(name)} {id}{_mark(marks, '[ARGS]')} arguments_{number}"
    begun = f'{{"name": "{name}", "{marks.key}":'
    return f"{_text(begun)} arguments_{number} {_text('}')}"


def _rest(marks: CallMarks, name: str, number: int) -> str:
    """Of a call whose name is to come."""
    begun = f'{name}", "{marks.key}":'
    return f"rest_{number}: {_text(begun)} arguments_{number} {_text('}')}"


def _several(marks: CallMarks, *, single: bool) -> str:
    """Behind the mark that opens the first."""
    opens, closing = _mark(marks, marks.opens), _closing(marks)
    match marks.form:
        case "named":
            more = f"({opens} call)*"
            return "call" if single else f"call {more}"
        case "bare":
            return "call" if single else "call (SEPARATOR call)*"
        case _ if marks.listed:
            more = "" if single else '("," SPACE? call)*'
            return f'BLANK? "[" call {more} "]" {closing}'
        case _:
            one = f"SPACE? call {closing}"
            return one if single else f"{one} (SPACE? {opens} {one})*"


def _forced(offer: Offer, tools: list[PlainTool]) -> list[str]:
    """Behind what the prompt begins of a call."""
    marks = offer.marks
    if offer.named is not None:
        end = "" if marks.form == "named" else f"{_text('}]' if marks.listed else '}')} {_closing(marks)}"
        return [f"start: arguments_0 {end}"]
    if marks.form != "bare":
        return ["start: calls"]
    names = [tool["function"]["name"] for tool in tools]
    rests = [_rest(marks, name, number) for number, name in enumerate(names)]
    return [f"start: ({_either('rest', tools)}) {'' if offer.single else '(SEPARATOR call)*'}", *rests]


def _closing(marks: CallMarks) -> str:
    return f"SPACE? {_mark(marks, marks.closes)}" if marks.closes else ""


def _free(marks: CallMarks, *, continuing: bool) -> list[str]:
    """Text, calls, or text and then calls."""
    if marks.form == "bare" and not continuing:
        tag = f"{_mark(marks, marks.opens)}? " if marks.opens else ""
        return [f"start: TEXT? | {tag}calls", r'TEXT: /(.|\n)+/ & ~/[ \n]*\{[ \n]*"name"(.|\n)*/']
    if marks.opens in marks.ids:
        return [f"start: TEXT? ({_mark(marks, marks.opens)} calls)?", r"TEXT: /(.|\n)+/"]
    opens = escaped(marks.opens)
    return ["start: TEXT? | before calls", rf"TEXT: /(.|\n)+/ & ~/(.|\n)*{opens}(.|\n)*/", rf"before[lazy]: /(.|\n)*{opens}/"]


def escaped(words: str) -> str:
    """Within an expression of Lark."""
    return re.escape(words).replace("/", r"\/")


def _either(rule: str, tools: list[PlainTool]) -> str:
    return " | ".join(f"{rule}_{number}" for number in range(len(tools)))


def _mark(marks: CallMarks, mark: str) -> str:
    if not mark:
        return ""
    return f"<[{marks.ids[mark]}]>" if mark in marks.ids else _text(mark)


def _text(words: str) -> str:
    return json.dumps(words, ensure_ascii=False)
