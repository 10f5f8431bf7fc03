"""Answers that match a grammar: every token that may follow can lead to one that does, and no other may be drawn."""

import importlib
import json
import random
import re
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alize.engine.grammar import Grammar
from alize.engine.guide import Compiler, Guide, due, words_of
from alize.errors import InvalidRequest
from alize.tokenize import Tokenizer, tokenizer_at

PERSON: dict[str, Any] = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "maxLength": 20},
        "age": {"type": "integer", "minimum": 0, "maximum": 150},
        "kind": {"enum": ["cat", "dog"]},
        "friends": {"type": "array", "items": {"type": "string", "maxLength": 8}, "maxItems": 2},
    },
    "required": ["name", "age", "kind"],
    "additionalProperties": False,
}


@pytest.fixture(scope="module")
def tokenizer(smollm2: Path) -> Tokenizer:
    return tokenizer_at(smollm2)


@pytest.fixture(scope="module")
def compiler(tokenizer: Tokenizer) -> Compiler:
    return Compiler(words_of(tokenizer), tokenizer.vocab_size)


@pytest.fixture(scope="module")
def made() -> Iterator[Callable[[int], dict[str, Any]]]:
    """The generator of a benchmark: a schema of a number."""
    with pytest.MonkeyPatch.context() as patched:
        patched.syspath_prepend(Path(__file__).resolve().parents[2] / "benchmarks")
        yield importlib.import_module("schemas").made
    for name in ("schemas", "schemas_peer"):
        sys.modules.pop(name, None)


def allowed(guide: Guide) -> list[int]:
    return np.flatnonzero(np.unpackbits(guide.mask.view(np.uint8), bitorder="little")).tolist()


def walk(guide: Guide, tokenizer: Tokenizer, seed: int, most: int = 400) -> str | None:
    """The text of tokens that are drawn from those allowed; None where it does not end. Ends, and what closes something, often come."""
    chance, text = random.Random(seed), b""
    closing = {id for mark in '"}],:@' for id in tokenizer.encode(mark)}
    for _ in range(most):
        may = allowed(guide)
        ends = tokenizer.stop_ids.intersection(may)
        if ends and (len(may) == len(ends) or chance.random() < 0.5):
            return text.decode()
        closes = sorted(closing.intersection(may))
        token = chance.choice(closes if closes and chance.random() < 0.4 else may)
        if token in tokenizer.stop_ids:
            continue
        text += tokenizer.token_bytes(token)
        guide.take([token])
        assert guide.failure is None
    return None


@pytest.mark.parametrize("seed", range(5))
def test_whatever_is_drawn_of_what_may_be_matches_the_schema(compiler: Compiler, tokenizer: Tokenizer, seed: int) -> None:
    text = walk(compiler.compile(Grammar("json", json.dumps(PERSON))), tokenizer, seed)
    assert text is not None
    jsonschema.validate(json.loads(text), PERSON)


@pytest.mark.parametrize("number", range(60))
def test_and_each_schema_of_a_sample_of_those_that_are_measured(compiler: Compiler, tokenizer: Tokenizer, made: Any, number: int) -> None:
    """benchmarks/schemas.py holds the model itself to all of them."""
    schema = made(number)
    guide = compiler.compile(Grammar("json", json.dumps(schema)))
    text = next((text for seed in range(5) if (text := walk(guide.copy(), tokenizer, seed)) is not None), None)
    assert text is not None, "five did not end"
    jsonschema.Draft202012Validator(schema).validate(json.loads(text))


@settings(max_examples=20)
@given(st.sampled_from(["[a-c]{1,4}", "[0-9]{3}-[0-9]{2}", "(ab|cd)+e?", "héé?|日本*"]), st.integers(0, 1000))
def test_and_the_expression(compiler: Compiler, tokenizer: Tokenizer, expression: str, seed: int) -> None:
    text = walk(compiler.compile(Grammar("regex", expression)), tokenizer, seed)
    assert text is None or re.fullmatch(expression, text)


def copies(guide: Guide, count: int) -> list[Guide]:
    return [guide.copy() for _ in range(count)]


@settings(max_examples=20)
@given(
    st.lists(st.text(st.characters(exclude_categories=["Cs", "Cc"], max_codepoint=0xFFFF), min_size=1, max_size=12), min_size=1, max_size=4)
)
def test_what_may_be_drawn_goes_on_with_one_of_the_texts(compiler: Compiler, tokenizer: Tokenizer, texts: list[str]) -> None:
    """Beside each token of the vocabulary, one by one."""
    guide = compiler.compile(Grammar("lark", "start: " + " | ".join(json.dumps(text, ensure_ascii=False) for text in texts)))
    pieces = [tokenizer.token_bytes(id) for id in range(tokenizer.vocab_size)]
    expected = {id for id, piece in enumerate(pieces) if piece and any(text.encode().startswith(piece) for text in texts)}
    assert set(allowed(guide)) == expected


def test_masks_that_are_due_are_computed_by_family_and_once(compiler: Compiler, tokenizer: Tokenizer) -> None:
    """Those of one grammar lock each other out: one after the other; those of others at the same time, where they are many."""
    numbers, words = compiler.compile(Grammar("json", '{"type": "integer"}')), compiler.compile(Grammar("regex", "[a-z]+"))
    others = compiler.compile(Grammar("regex", "[A-Z]+"))
    drawn = {guide: text for first, text in ((numbers, "12"), (words, "ab"), (others, "AB")) for guide in (first, *copies(first, 6))}
    drawn |= dict.fromkeys(copies(words, 8), "ab")  # 7, 15 and 7: the many alone
    apart = {guide: guide.copy() for guide in drawn}
    for guide, text in drawn.items():
        guide.take(tokenizer.encode(text)[:1])
        apart[guide].take(tokenizer.encode(text)[:1])
    tasks = due(drawn)
    assert [guide for guide, _ in tasks] == [words, numbers]
    with ThreadPoolExecutor(len(tasks)) as threads:
        for _ in ("computed", "nothing left to do"):
            for done in [threads.submit(task) for _, task in tasks]:
                done.result()
    assert due(drawn) == []
    for guide in drawn:
        assert guide.words.tolist() == apart[guide].mask.tolist()


def test_a_control_token_is_never_text(compiler: Compiler, tokenizer: Tokenizer) -> None:
    may = set(allowed(compiler.compile(Grammar("regex", "(.|\n)+"))))
    assert not any(tokenizer.token_bytes(token) == b"" for token in may)
    assert len(may) > 40_000


@pytest.mark.parametrize(
    ("grammar", "named"),
    [
        (Grammar("json", '{"type": "array", "uniqueItems": true}'), "uniqueItems"),
        (Grammar("json", '{"type": "object", "propertyNames": {"minLength": 3}}'), "propertyNames"),
        (Grammar("json", '{"not": {"type": "string"}}'), "not"),
        (Grammar("json", '{"$ref": "#/definitions/none"}'), "none"),
        (Grammar("json", '{"type": "strin"}'), "strin"),
        (Grammar("json", "{"), "schema"),
        (Grammar("json", "[" * 100_000), "schema"),
        (Grammar("json", '{"enum": []}'), "schema"),
        (Grammar("json", '{"type": "integer", "minimum": 3, "maximum": 2}'), "schema"),
        (Grammar("regex", "(a"), "expression: (a is no regular expression (unclosed group)"),
        (Grammar("json", '{"properties": {"a": {"pattern": "^[a"}}}'), "[a is no regular expression (unclosed character class)"),
        (Grammar("regex", "(\na"), "is no regular expression"),
        (Grammar("regex", "(" * 100_000 + ")" * 100_000), "expression"),
        (Grammar("regex", "(?=a)b"), "expression"),
        (Grammar("lark", "start: other"), "other"),
        (Grammar("lark", "start: " + "(" * 50_000 + '"a"' + ")" * 50_000), "grammar"),
        (Grammar("lark", ""), "grammar"),
        (Grammar("regex", "x" * 2_000_000), "2,000,000"),
        (Grammar("lark", 'start: "a" <|im_start|>'), "im_start"),
        (Grammar("lark", 'start: "a" <[5]>'), "number"),
        (Grammar("lark", '// "\nstart: "a" <[5]> // "'), "number"),
        (Grammar("lark", 'start: %json {"type": "integer"}'), "schema inside"),
        (Grammar("json", '{"type": "array", "minItems": 2147483647}'), "minItems"),
        (Grammar("json", json.dumps({"items": [{"type": "array", "maxItems": 131072} for _ in range(9)]})), "maxItems"),
        (Grammar("json", '{"oneOf": [{"type": [{}]}, {"type": "string"}]}'), "schema"),
        (Grammar("json", "5"), "neither an object"),
        (Grammar("lark", '%llguidance {"no_forcing": false}\nstart: "a"'), "options"),
    ],
)
def test_what_cannot_be_held_to_is_refused_by_name(compiler: Compiler, grammar: Grammar, named: str) -> None:
    with pytest.raises(InvalidRequest, match=re.escape(named)):
        compiler.compile(grammar)


def test_a_list_may_have_more_items_than_an_answer_can(compiler: Compiler) -> None:
    assert allowed(compiler.compile(Grammar("json", '{"type": "array", "items": {"type": "integer"}, "maxItems": 2147483647}')))
