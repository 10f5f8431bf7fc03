"""What a whole answer must match. In: a schema, an expression or a grammar, as text. Out: what requests carry; guide.py walks it."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, cast

from alize.engine.schemas import check_sizes, readable
from alize.errors import InvalidRequest

__all__ = [
    "GRAMMAR_LOST",
    "LONGEST",
    "Grammar",
    "Thought",
    "check_lark",
    "check_length",
    "json_rule",
    "plain_grammar",
    "refused",
    "rule_of",
]

_BETWEEN = r"(\n {0,24}| )?"
"""Between the parts of JSON nothing, a space, or a line's end and what it is indented by: a model could go on with spaces for ever."""

GRAMMAR_LOST = "The grammar of the answer cannot be followed any further: make it simpler"
"""How the error of an answer begins that ends so."""

LONGEST = 1 << 20
"""Characters of a grammar."""


@dataclass(frozen=True, slots=True)
class Thought:
    """What a model may think before an answer that must match. It is free, and the match begins behind it (thinking.py)."""

    opens: str
    closes: str
    ids: tuple[int, int] | None = None  # of both marks, where they are control tokens; None where they are text
    begun: bool = False  # the prompt has opened it
    asked: bool = True  # the answer may open one
    ending: tuple[int, ...] = ()  # control tokens that end it, too, and belong to what follows: one that opens a call
    never: tuple[int, ...] = ()  # control tokens that cannot stand in it
    ends: bool = False  # the answer may end in it: what must match may be nothing


@dataclass(frozen=True, slots=True)
class Grammar:
    """
    >>> Grammar("regex", "[a-z]+").param
    'grammar'
    """

    kind: Literal["json", "regex", "lark", "own"]  # json: a JSON schema; own: Lark by this server, with control tokens by number
    text: str
    otherwise: str = ""  # what to hold an answer to where the text cannot be compiled
    param: str = "grammar"  # the field of a request that it was given in, for what is said of it
    prefix: str = ""  # text that the prompt ends with and the answer goes on from: the match begins with it
    thought: Thought | None = None  # None: the match begins where the answer does
    form: "Grammar | None" = None  # of a text that is calls or a form, that form: where it cannot be compiled, it is to blame

    @property
    def plain(self) -> "Grammar":
        """What is to be matched, wherever the match begins: this is compiled."""
        return self if self.thought is None and not self.prefix else replace(self, prefix="", thought=None)


def json_rule(schema: Mapping[str, Any], *, lenient: bool = False) -> str:
    """What a rule of Lark has for JSON of a schema, read as every one is, whatever it says itself. `lenient`: as far as it can be.

    Raises ValueError for one that is too large.
    """
    reading = {
        "whitespace_flexible": False,
        "whitespace_pattern": _BETWEEN,
        "item_separator": ",",
        "key_separator": ":",
        "coerce_one_of": False,
        "lenient": lenient,
    }
    check_sizes(schema)
    whole = "/oneOf/" in json.dumps(schema)  # a pointer into what would be written anew
    return "%json " + json.dumps({**(schema if whole else readable(schema)), "x-guidance": reading}, ensure_ascii=False)


def check_length(grammar: Grammar) -> None:
    """Raises InvalidRequest for one that nobody compiles."""
    if len(grammar.text) > LONGEST:
        raise InvalidRequest(
            f"{grammar.param} has {len(grammar.text):,} characters; at most {LONGEST:,} are compiled.", param=grammar.param
        )


def rule_of(grammar: Grammar) -> str:
    """What a rule of Lark has for a form, of whatever kind. Raises InvalidRequest for what is none."""
    match grammar.kind:
        case "json":
            try:
                return json_rule(_schema(grammar))
            except (RecursionError, ValueError) as error:
                raise refused(grammar, "it is nested too deep" if isinstance(error, RecursionError) else str(error)) from error
        case "regex":
            from llguidance import LLMatcher

            lark: str = json.loads(LLMatcher.grammar_from_regex(grammar.text))["grammars"][0]["lark_grammar"]
            return lark.removeprefix("start: ")
        case "lark":
            check_lark(grammar)
            return f"%lark {{\n{grammar.text}\n}}"
        case "own":
            return grammar.text.removeprefix("start: ")


_PLACE = re.compile(r"^at \d+\(\d+\): ")
"""A line and a column, of a grammar that nobody wrote but this server."""


def check_lark(grammar: Grammar) -> None:
    """Raises InvalidRequest for options and tokens that a request cannot have."""
    for what, named in (("%llguidance", "options of its own"), ("<[", "tokens by their number"), ("%json", "a schema inside")):
        if what in grammar.text:
            raise refused(grammar, f"it has {named} ({what})")


def refused(grammar: Grammar, why: str) -> InvalidRequest:
    """What nobody can be held to."""
    what = (
        "call can be held to the schemas of these tools"
        if grammar.param == "tools"
        else f"answer can be held to this {_NAMES[grammar.kind]}"
    )
    why = why if grammar.kind == "lark" else _PLACE.sub("", why)
    return InvalidRequest(
        f"No {what}: {why[:1000].rstrip('.')}.",
        param=grammar.param,
        remedy="docs/guides/structured.md lists what may be asked for.",
    )


def _schema(grammar: Grammar) -> dict[str, Any]:
    try:
        schema: object = json.loads(grammar.text)
    except (ValueError, RecursionError) as error:
        raise refused(grammar, str(error)) from error
    if isinstance(schema, bool):
        schema = {} if schema else {"not": {}}
    if not isinstance(schema, dict):
        raise refused(grammar, "it is neither an object nor true or false")
    return cast("dict[str, Any]", schema)


_NAMES = {"json": "schema", "regex": "regular expression", "lark": "grammar", "own": "form"}


def plain_grammar(given: object) -> Grammar | None:
    """What a program gives. Raises InvalidRequest."""
    if given is None:
        return None
    if not isinstance(given, Grammar):
        raise InvalidRequest(
            f"grammar is {given!r:.100}, and no Grammar.", param="grammar", remedy='Write alize.Grammar("json", json.dumps(schema)).'
        )
    check_length(given)
    return given.plain
