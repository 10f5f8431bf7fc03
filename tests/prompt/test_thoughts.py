"""Thoughts are told from answers, whatever way the text is cut into pieces and whenever it ends."""

import re
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from alize.prompt.parts import Part
from alize.prompt.reading import AnswerReader
from alize.prompt.thoughts import ThoughtReader, left_open
from alize.tokenize.base import ThoughtMarks
from alize.tokenize.bytes import ByteTokenizer

TEXT = ThoughtMarks()
WORDS = st.lists(
    st.sampled_from(["<think>", "</think>", "<thi", "</", "<", "\n", "\n\n", " ", "a", "é 中", "</thinking>"]), max_size=9
).map("".join)
THINKING = ByteTokenizer(thoughts=True)


def joined(parts: Sequence[Part]) -> tuple[str, str, bool]:
    """What was thought, what was said, and whether the thought ended."""
    return (
        "".join(part.text for part in parts if part.thought),
        "".join(part.text for part in parts if not part.thought),
        any(part.closed for part in parts),
    )


def expected(text: str, opened: bool) -> tuple[str, str, bool]:
    """The same by one look at the whole text."""
    start = text if opened else text.lstrip()
    if not opened and not start.startswith("<think>"):
        return "", text, False
    start = start if opened else start.removeprefix("<think>")
    thought, mark, answer = start.lstrip("\n").partition("</think>")
    if not mark:
        return thought, "", False
    return thought.rstrip("\n"), answer.lstrip("\n"), bool(thought.rstrip("\n"))


@given(text=WORDS, cuts=st.lists(st.integers(0, 60)), opened=st.booleans())
@example(text="<think>\nso\n</think>\n\n8", cuts=list(range(30)), opened=False)
@example(text="</think>8", cuts=[3], opened=True)
def test_any_way_of_cutting_the_text_gives_the_same_parts(text: str, cuts: list[int], opened: bool):
    reader = ThoughtReader(TEXT, opened=opened)
    places = sorted({0, len(text), *(min(cut, len(text)) for cut in cuts)})
    parts = [part for a, b in pairwise(places) for part in reader.push(text[a:b])]
    assert joined([*parts, *reader.flush()]) == expected(text, opened)


@given(text=WORDS)
def test_nothing_is_held_back_that_cannot_become_a_mark(text: str):
    reader = ThoughtReader(TEXT)
    shown = "".join(part.text for character in text for part in reader.push(character))
    kept = reader.flush()
    assert len("".join(part.text for part in kept).strip()) < len(TEXT.closes), shown


@given(text=WORDS)
def test_a_model_without_marks_is_left_alone(text: str):
    reader = ThoughtReader(None)
    assert joined([part for character in text for part in reader.push(character)] + reader.flush()) == ("", text, False)


def ids(words: str) -> list[int]:
    """Of a text in which the marks are control tokens."""
    control = THINKING.thought_marks
    assert control is not None
    assert control.ids is not None
    found: list[int] = []
    for part in re.split(r"(\[/?THINK\])", words):
        found += [control.ids[part == "[/THINK]"]] if part in ("[THINK]", "[/THINK]") else THINKING.encode(part)
    return found


def read(words: str, stop: Sequence[str] = (), *, opened: bool = False) -> tuple[list[Part], bool]:
    reader = AnswerReader(THINKING, stop, THINKING.thought_marks, opened=opened)
    parts = [part for id in ids(words) if not reader.stopped for part in reader.push(id)]
    return parts + reader.flush(), reader.stopped


@pytest.mark.parametrize(
    ("words", "opened", "thought", "said", "closed"),
    [
        ("[THINK]so\n[/THINK]\n8", False, "so\n", "\n8", True),
        ("so[/THINK]8", True, "so", "8", True),
        ("[THINK]so", False, "so", "", False),
        ("8[/THINK]9", False, "", "89", False),
        ("[THINK][/THINK]8", False, "", "8", False),
        ("[THINK]a[THINK]b[/THINK]c", False, "ab", "c", True),
        ("a[THINK]b[/THINK]c", False, "b", "ac", True),
    ],
)
def test_control_tokens_count_wherever_they_are_drawn(words: str, opened: bool, thought: str, said: str, closed: bool):
    assert joined(read(words, opened=opened)[0]) == (thought, said, closed)


def test_the_same_marks_written_as_text_are_text():
    reader = AnswerReader(THINKING, (), THINKING.thought_marks)
    parts = [part for id in THINKING.encode("[THINK]so[/THINK]") for part in reader.push(id)]
    assert joined(parts + reader.flush()) == ("", "[THINK]so[/THINK]", False)


def test_a_character_that_a_mark_cuts_in_two_is_broken_and_not_joined():
    marks = THINKING.thought_marks
    assert marks is not None
    assert marks.ids is not None
    reader = AnswerReader(THINKING, (), marks)
    first, second = "é".encode()
    parts = [part for id in (marks.ids[0], first, marks.ids[1], second) for part in reader.push(id)]
    assert joined(parts + reader.flush()) == ("\ufffd", "\ufffd", True)


def test_a_stop_string_ends_the_answer_in_a_thought_too_but_not_across_a_mark():
    assert joined(read("[THINK]a stop b", ["stop"])[0]) == ("a ", "", False)
    parts, stopped = read("[THINK]st[/THINK]op", ["stop"])
    assert (joined(parts), stopped) == (("st", "op", True), False)


def test_a_prompt_that_begins_the_thought_is_recognised():
    marks = THINKING.thought_marks
    assert marks is not None
    assert left_open(marks, ids("[THINK]a[/THINK]b[THINK]"), THINKING)
    assert not left_open(marks, ids("[THINK]a[/THINK]b"), THINKING)
    assert not left_open(marks, ids("b"), THINKING)
    plain = ByteTokenizer()
    assert left_open(TEXT, plain.encode("assistant\n<think>\n"), plain)
    assert not left_open(TEXT, plain.encode("assistant\n<think>\n\n</think>\n\n"), plain)
