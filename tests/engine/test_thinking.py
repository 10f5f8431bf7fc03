"""Thoughts before an answer that must match: free, but for their end; and what is read as the answer matches, however marks are cut."""

import json
import random
import re
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alize.engine.grammar import Grammar, Thought
from alize.engine.guide import Compiler, Guide, Words
from alize.errors import InvalidRequest
from alize.prompt.parts import Call, Part, joined
from alize.prompt.thoughts import ThoughtReader
from alize.tokenize.base import ThoughtMarks

LONGER = [
    *(b"<think>", b"</think>", b"</think>\n\n", b"<th", b"<thi", b"nk>", b"k>\n", b"k>{", b">\n\n", b">a", b"\n\n", b"\n{", b" <", b"ab"),
    *(b"</", b"think", b"<think>\n</think>", b"<think></think>ab", b'{"', b"x</think>", b"x</think>ab", "é".encode(), b"\xc3", b"\xa9"),
]
OPENS, CLOSES, CALLS, ARGS, END = (256 + len(LONGER) + place for place in range(5))
PIECES = [*(bytes([id]) for id in range(256)), *LONGER, *[b""] * 5]
COMPILER = Compiler(Words(PIECES, range(OPENS, END + 1), (END,), lambda text: list(text.encode())), len(PIECES))
TEXT, CONTROL = ThoughtMarks(), ThoughtMarks("[THINK]", "[/THINK]", (OPENS, CLOSES))
SCHEMA = {"type": "object", "properties": {"a": {"enum": ["ab", "<think>", "é"]}}, "required": ["a"], "additionalProperties": False}
FORMS = {
    "json": (Grammar("json", json.dumps(SCHEMA)), lambda text: json.loads(text)["a"] in SCHEMA["properties"]["a"]["enum"]),
    "few": (Grammar("regex", "(ab|é){2,3}"), lambda text: re.fullmatch("(ab|é){2,3}", text)),
    "any": (Grammar("regex", "(.|\n){3,9}"), lambda text: re.fullmatch("(.|\n){3,9}", text)),
    "none": (Grammar("regex", "a?"), lambda text: text in ("", "a")),
}


def thought(marks: ThoughtMarks, **more: Any) -> Thought:
    return Thought(marks.opens, marks.closes, marks.ids, **more)


def begun(form: str, marks: ThoughtMarks, prefix: str = "", **more: Any) -> Guide:
    grammar, _ = FORMS[form]
    return COMPILER.compile(Grammar(grammar.kind, grammar.text, prefix=prefix, thought=thought(marks, **more)))


def allowed(guide: Guide) -> list[int]:
    return np.flatnonzero(np.unpackbits(guide.mask.view(np.uint8), bitorder="little")).tolist()


def fits(guide: Guide, tokens: list[int]) -> bool:
    """Draw these, one by one. Whether each may be."""
    for token in tokens:
        if token not in allowed(guide):
            return False
        guide.take([token])
        assert guide.failure is None
    return True


def read(tokens: list[int], marks: ThoughtMarks, *, opened: bool, prefix: str = "") -> tuple[str, str, bool]:
    """The text, the thought, and whether that was left open, as a client gets them."""
    reader, parts, text = ThoughtReader(marks, opened=opened), list[Part | Call](), b""
    parts += reader.push(prefix)
    for token in tokens:
        if PIECES[token]:
            text += PIECES[token]
            continue
        parts += reader.push(text.decode("utf-8", "replace"))
        parts += reader.control(token)
        text = b""
    parts += reader.push(text.decode("utf-8", "replace")) + reader.flush()
    found = [part for part in joined(parts) if isinstance(part, Part)]
    thoughts = [part for part in found if part.thought]
    said = "".join(part.text for part in found if not part.thought)
    return said, "".join(part.text for part in thoughts), bool(thoughts) and not thoughts[-1].closed


@settings(max_examples=400, deadline=None)
@given(
    form=st.sampled_from(sorted(FORMS)),
    marks=st.sampled_from([TEXT, CONTROL]),
    opened=st.booleans(),
    asked=st.booleans(),
    seed=st.integers(0, 10**6),
    liking=st.sampled_from([0.0, 0.6]),
)
def test_what_is_read_as_the_answer_matches_whatever_is_drawn(
    form: str, marks: ThoughtMarks, opened: bool, asked: bool, seed: int, liking: float
) -> None:
    chance, guide = random.Random(seed), begun(form, marks, begun=opened, asked=asked)
    tokens: list[int] = []
    for _ in range(150):
        may = allowed(guide)
        assert may
        if END in may and (may == [END] or chance.random() < 0.4):
            break
        some = [id for id in may if 256 <= id < END or (id < 256 and id in b"<>/think\n")]
        token = chance.choice(some if some and chance.random() < liking else [id for id in may if id != END])
        tokens.append(token)
        guide.take([token])
        assert guide.failure is None
    else:
        return
    text, thinking, _ = read(tokens, marks, opened=opened)
    assert FORMS[form][1](text), (text, thinking)
    assert asked or opened or not thinking or marks is TEXT


@pytest.mark.parametrize("marks", [TEXT, CONTROL])
@pytest.mark.parametrize("opened", [True, False])
def test_a_thought_is_free_and_ends_no_answer(marks: ThoughtMarks, opened: bool) -> None:
    guide = begun("few", marks, begun=opened)
    opens, closes = ([OPENS], [CLOSES]) if marks is CONTROL else ([*b"<think>"], [*b"</think>"])
    assert fits(guide, [*([] if opened else opens), *b'So: {"x"?\n\n \xc3\xff <think> </thin'])
    assert END not in allowed(guide)
    assert fits(guide.copy(), [*closes, *b"ab", 256 + LONGER.index(b"ab"), END][:-1])
    assert fits(guide, closes)
    assert not {END, ord("x"), ord(" ")}.intersection(allowed(guide))


def test_tokens_that_have_the_end_of_a_mark_and_more_cannot_be_drawn() -> None:
    guide = begun("few", TEXT, begun=True)
    assert fits(guide, [*b"</thin"])
    assert {256 + LONGER.index(piece) for piece in (b"k>\n",)} <= set(allowed(guide))
    assert not {256 + LONGER.index(piece) for piece in (b"k>{", b"x</think>ab")} & set(allowed(guide))
    assert fits(guide, [256 + LONGER.index(b"k>\n"), ord("\n")])
    assert ord("\n") not in allowed(guide), "two line breaks are enough"


def test_whoever_is_not_asked_to_think_answers_at_once() -> None:
    assert set(allowed(begun("few", CONTROL, asked=False))) == set(allowed(COMPILER.compile(FORMS["few"][0])))
    assert ord("<") not in allowed(begun("few", TEXT, asked=False))
    assert OPENS in allowed(begun("few", CONTROL))


def test_a_call_ends_a_thought_and_no_other_mark_of_calls_stands_in_it() -> None:
    grammar = Grammar(
        "own", f'start: /[a-z]*/ | <[{CALLS}]> "f" <[{ARGS}]>', thought=thought(CONTROL, begun=True, ending=(CALLS,), never=(ARGS,))
    )
    guide = COMPILER.compile(grammar)
    assert ARGS not in allowed(guide)
    assert fits(guide, [*b"hm", CALLS, ord("f"), ARGS])
    assert allowed(guide) == [END]


@pytest.mark.parametrize(
    ("prefix", "rest"),
    [("<think>hm</think>\n\na", b"bab"), ("<think>hm</thi", b"nk>\nabab"), ("ab", b"ab"), (" <th", None), ("<think>x</think>b", None)],
)
def test_a_prefix_that_spells_a_thought_is_read_as_one(prefix: str, rest: bytes | None) -> None:
    if rest is None:
        with pytest.raises(InvalidRequest):
            begun("few", TEXT, prefix, asked=False)
        return
    guide = begun("few", TEXT, prefix, asked=False)
    assert fits(guide, list(rest))
    assert END in allowed(guide)
    text, _, left = read(list(rest), TEXT, opened=False, prefix=prefix)
    assert (text, left) == ("abab", False)


def test_a_form_that_begins_with_a_line_break_is_refused_where_that_would_be_the_thought_s() -> None:
    with pytest.raises(InvalidRequest, match="line break"):
        COMPILER.compile(Grammar("regex", "\na", thought=thought(TEXT)))
    assert COMPILER.compile(Grammar("regex", "\na", thought=thought(CONTROL)))


def test_white_space_that_is_cut_into_bytes_hides_no_thought() -> None:
    guide, space = begun("any", TEXT), list("\u3000".encode())
    assert fits(guide, [*space[:2]])
    assert 256 + LONGER.index(b"<think>") not in allowed(guide), "behind half a character it would be text"
    tokens = [space[2], 256 + LONGER.index(b"<think>"), ord("x")]
    assert fits(guide, tokens)
    assert END not in allowed(guide)
    assert fits(guide, [*b"</think>abc"])
    assert END in allowed(guide)
    assert read([*space, *tokens[1:], *b"</think>abc"], TEXT, opened=False) == ("abc", "x", False)


@pytest.mark.parametrize(
    ("marks", "tokens", "most"),
    [
        (CONTROL, [*b"ab {", OPENS, ord("c"), CLOSES, ord("{")], 6),
        (CONTROL, [ord("a"), END], 1),
        (TEXT, [*b"ab </think", 256 + LONGER.index(b">a")], 10),
        (TEXT, [*b"ab </thin", 256 + LONGER.index(b"k>\n"), ord("{")], 9),
        (TEXT, [*b"</x</thi", ord("n"), ord("k"), ord(">"), ord("{")], 10),
    ],
)
def test_in_a_thought_it_is_said_of_any_text_which_may_be_drawn_up_to_its_end(marks: ThoughtMarks, tokens: list[int], most: int) -> None:
    guide = begun("json", marks, begun=True)
    before = guide.mask.copy()
    found, masks = guide.along(tokens)
    assert found == tuple(tokens[:most])
    for token, mask in zip(found, masks, strict=True):
        guide.take([token])
        assert np.array_equal(mask, guide.mask)
    assert np.array_equal(begun("json", marks, begun=True).mask, before), "what is shared is not written to"


def test_nothing_must_follow_in_a_thought_and_all_that_does_behind_it() -> None:
    guide = begun("json", CONTROL, begun=True)
    assert guide.ahead(9) == ((), [])
    assert guide.foresees
    assert not begun("json", CONTROL).foresees, "a mark may come, or the form"
    assert begun("json", CONTROL).along([*b"{"]) == ((), [])
    assert fits(guide, [CLOSES])
    assert b"".join(PIECES[token] for token in guide.ahead(9)[0]).startswith(b"{")
