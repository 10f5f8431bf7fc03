"""Control tokens come from templates alone, whatever a person writes, and harmless words are left as they are."""

from typing import Any

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from alize.errors import CheckpointInvalid, InvalidRequest
from alize.tokenize.markers import Marker, Markers, transform, unused_characters

MARK = "\ufdd0"
CHATML = Markers([Marker("<|im_start|>", 1), Marker("<|im_end|>", 2), Marker("[INST]", 3)])
PARTS = [
    "<|im_start|>",
    "<|im_end|>",
    "<|im_",
    "end|>",
    "start|>",
    "<",
    "|",
    ">",
    "im_end",
    "[INST",
    "]",
    "[",
    "INST",
    " ",
    "\n",
    "hello",
    "é",
]
FOREIGN = st.lists(st.sampled_from(PARTS), max_size=6).map("".join)


def ids(rendered: str) -> list[int]:
    return [part for part in CHATML.split(rendered, {}, MARK) if isinstance(part, int)]


def text(rendered: str) -> str:
    return "".join(part for part in CHATML.split(rendered, {}, MARK) if isinstance(part, str))


def shielded(message: dict[str, Any]) -> Any:
    return transform(message, lambda text: CHATML.shield(text, MARK))


@given(FOREIGN)
def test_shielding_is_invisible(foreign: str):
    assert CHATML.shield(foreign, MARK).replace(MARK, "") == foreign
    assert text(CHATML.shield(foreign, MARK)) == foreign


@given(FOREIGN)
def test_a_shielded_text_holds_no_marker(foreign: str):
    assert ids(CHATML.shield(foreign, MARK)) == []


@given(FOREIGN, st.lists(FOREIGN.filter(bool), min_size=1, max_size=4))
def test_no_marker_takes_a_character_of_a_foreign_text_at_its_borders(before: str, foreign: list[str]):
    """Whatever the template writes before, between and after: its own markers are found, and no others."""
    shielded = [CHATML.shield(part, MARK) for part in foreign]
    rendered = before + before.join(shielded) + before
    assert ids(rendered) == ids(before) * (len(foreign) + 1)


@given(FOREIGN, st.text(" \n\t", max_size=3), st.text(" \n\t", max_size=3))
def test_a_template_may_trim_what_it_is_given(foreign: str, left: str, right: str):
    assume(foreign.strip())
    shielded = CHATML.shield(left + foreign + right, MARK).strip()
    assert shielded.replace(MARK, "") == foreign.strip()
    for template_before, template_after in (("<|im_", "end|>"), ("<", ">"), ("<|im_end", ">"), ("[", "]")):
        assert ids(template_before + shielded + template_after) == []


@given(st.text("abcdefghi éß中.,!?'\n", max_size=40))
def test_harmless_words_are_left_exactly_as_they_are(words: str):
    assume(not any(words.strip() in marker for marker in ("<|im_start|>", "<|im_end|>")))
    assert CHATML.shield(words, MARK) == words


def test_a_text_inside_a_marker_cannot_complete_it():
    assert ids("<|im_" + CHATML.shield("end", MARK) + "|>") == []
    assert ids("<|" + CHATML.shield("im_end", MARK) + "|>") == []
    assert ids("<|im_end|>") == [2]


def test_of_two_markers_that_begin_together_the_longer_is_found():
    markers = Markers([Marker("<a>", 1), Marker("<a><b>", 2)])
    assert list(markers.split("x<a><b>y<a>", {}, MARK)) == ["x", 2, "y", 1]


def test_markers_that_overlap_are_all_broken():
    markers = Markers([Marker("aba", 1)])
    assert all(isinstance(part, str) for part in markers.split(markers.shield("ababababa", MARK), {}, MARK))


def test_a_marker_may_swallow_the_space_beside_it():
    markers = Markers([Marker("<m>", 7, strip_left=True, strip_right=True), Marker("<n>", 8)])
    assert list(markers.split("a <m>\n b <n> c", {}, MARK)) == ["a", 7, "b ", 8, " c"]


@pytest.mark.parametrize("kind", ["text", "image", "audio", "thinking"])
def test_what_a_part_is_stays_also_where_a_marker_holds_the_same_word(kind: str):
    """Templates compare it."""
    markers = Markers([Marker(f"<|{kind}_begins|>", 1)])
    for change in (markers.shield, markers.neutralise):
        assert change(kind, MARK) != kind
        assert transform({"type": kind}, lambda text, change=change: change(text, MARK)) == {"type": kind}


def test_everything_in_a_message_is_shielded_but_its_role_and_the_names_templates_ask_for():
    bad = "x<|im_end|>x"
    call = {"type": "function", "function": {"name": bad, "arguments": {bad: ["[INST]!", 1, None, True]}}}
    message = shielded({"role": "user", "content": bad, "tool_calls": [call]})
    broken, inst = f"x<{MARK}|im_end|>x", f"[{MARK}INST]!"
    assert message == {
        "role": "user",
        "content": broken,
        "tool_calls": [{"type": "function", "function": {"name": broken, "arguments": {broken: [inst, 1, None, True]}}}],
    }


def test_a_role_or_a_key_that_is_no_word_is_shielded_too():
    assert ids(shielded({"role": "<|im_end|>"})["role"]) == []
    assert [ids(key) for key in shielded({"<|im_end|>": 1})] == [[]]


def test_a_control_token_of_one_character_is_refused():
    with pytest.raises(CheckpointInvalid, match="single character"):
        Markers([Marker("<", 1)])


def test_without_control_tokens_nothing_is_shielded():
    markers = Markers([])
    assert markers.shield("<|im_end|>", MARK) == "<|im_end|>"
    assert list(markers.split("<|im_end|>", {}, MARK)) == ["<|im_end|>"]


@given(FOREIGN, st.sampled_from(["", "<|im_", "<|", "[IN"]), st.sampled_from(["", "end|>", "|>", "ST]"]))
@example("im_end", "<|", "|>")
def test_a_neutralised_text_takes_part_in_no_marker(foreign: str, before: str, after: str):
    assume(foreign)
    assert ids(before + CHATML.neutralise(foreign, MARK) + after) == []


def test_characters_that_stand_for_markers_are_told_from_markers_in_text():
    assert list(CHATML.split("\ufdd1user<|im_end|>\ufdd2", {"\ufdd1": "<|im_start|>", "\ufdd2": "<|im_end|>"})) == [1, "user<|im_end|>", 2]


def test_where_nothing_stands_for_a_marker_all_text_is_text():
    assert list(CHATML.split("a<|im_end|>b", {})) == ["a<|im_end|>b"]


@given(st.lists(st.text(), max_size=5), st.integers(0, 40))
def test_unused_characters_occur_in_no_text_and_differ(texts: list[str], count: int):
    characters = unused_characters(count, texts)
    assert len(set(characters)) == count
    assert not any(character in text for character in characters for text in texts)


def test_a_person_cannot_use_up_the_characters():
    hostile = "".join(map(chr, [*range(0xFDD0, 0xFDF0), *range(0x30000, 0x10FFFE)]))
    with pytest.raises(InvalidRequest, match="every character"):
        unused_characters(1, [hostile])
    assert unused_characters(1, [hostile.replace("\U000f1234", "")]) == ["\U000f1234"]
