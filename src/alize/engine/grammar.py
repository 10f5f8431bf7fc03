"""What a whole answer must match. In: a schema, an expression or a grammar, as text. Out: what requests carry; guide.py walks it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from alize.engine.schemas import check_sizes, readable
from alize.errors import InvalidRequest, UnsupportedParameter

__all__ = ["GRAMMAR_LOST", "LONGEST", "Grammar", "check_length", "json_rule", "plain_grammar"]

_BETWEEN = r"(\n {0,24}| )?"
"""Between the parts of JSON nothing, a space, or a line's end and what it is indented by: a model could go on with spaces for ever."""

GRAMMAR_LOST = "The grammar of the answer cannot be followed any further: make it simpler"
"""How the error of an answer begins that ends so."""

LONGEST = 1 << 20
"""Characters of a grammar."""


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


def plain_grammar(given: object, *, beside: str | None) -> Grammar | None:
    """What a program gives. `beside`: what there is to the answer that the grammar would not cover.

    Raises InvalidRequest and UnsupportedParameter.
    """
    if given is None:
        return None
    if not isinstance(given, Grammar):
        raise InvalidRequest(
            f"grammar is {given!r:.100}, and no Grammar.", param="grammar", remedy='Write alize.Grammar("json", json.dumps(schema)).'
        )
    if beside is not None:
        raise UnsupportedParameter(
            f"A grammar is for a whole answer, and this one has {beside}.", param="grammar", remedy="Leave one of the two out."
        )
    check_length(given)
    return given
