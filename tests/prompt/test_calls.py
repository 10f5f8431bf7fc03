"""Calls are told from text, whatever way the answer is cut into pieces, and what is no call comes back as it was written."""

import json
import re
from collections.abc import Iterator, Sequence
from itertools import count, pairwise
from typing import Any

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from alize.prompt.calls import CallReader
from alize.prompt.forms import new_id
from alize.prompt.parts import Call, Part, joined
from alize.tokenize.base import CallMarks

TAGS = {"<tool_call>": 904, "</tool_call>": 905}
SIGNS = {"[TOOL_CALLS]": 900, "[CALL_ID]": 901, "[ARGS]": 902, "<|python_tag|>": 903}
SCHEMA = {
    "properties": {"city": {"type": "string"}, "days": {"type": "integer"}, "any": {"anyOf": []}, "on": {"type": ["boolean", "string"]}}
}
TOOLS: dict[str, Any] = {"weather": SCHEMA, "f": {}}
MARKS = {
    "list": CallMarks("json", "[TOOL_CALLS]", ids={"[TOOL_CALLS]": 900}, listed=True),
    "named": CallMarks("named", "[TOOL_CALLS]", ids={mark: SIGNS[mark] for mark in ("[TOOL_CALLS]", "[CALL_ID]", "[ARGS]")}, listed=True),
    "hermes": CallMarks("json", "<tool_call>", "</tool_call>"),
    "functions": CallMarks("functions", "<tool_call>", "</tool_call>"),
    "bare": CallMarks("bare", "<|python_tag|>", ids={"<|python_tag|>": 903}, key="parameters"),
    "plain bare": CallMarks("bare", key="parameters"),
    "tokens hermes": CallMarks("json", "<tool_call>", "</tool_call>", ids=TAGS),
    "tokens functions": CallMarks("functions", "<tool_call>", "</tool_call>", ids=TAGS),
}


def numbered() -> Iterator[str]:
    return (f"{number:09d}" for number in count())


def pieces_of(marks: CallMarks, words: str, cuts: Sequence[int] | None = None) -> Iterator[str | int]:
    """A text in which the marks of control tokens are tokens, cut in these places, or between all characters."""
    pattern = "|".join(re.escape(mark) for mark in marks.ids) or r"(?!)"
    for part in re.split(f"({pattern})", words):
        if part in marks.ids:
            yield marks.ids[part]
            continue
        places = range(len(part) + 1) if cuts is None else sorted({0, len(part), *(cut % (len(part) + 1) for cut in cuts)})
        yield from (part[a:b] for a, b in pairwise(places))


def read(form: str, words: str, cuts: Sequence[int] | None = None, *, single: bool = False) -> tuple[list[Part | Call], CallReader]:
    ids = numbered()
    reader = CallReader(MARKS[form], TOOLS, single=single, ids=lambda: next(ids))
    parts = [
        part
        for piece in pieces_of(MARKS[form], words, cuts)
        for part in (reader.push(piece) if isinstance(piece, str) else reader.control(piece))
    ]
    return joined([*parts, *reader.flush()]), reader


def shown(parts: Sequence[Part | Call]) -> list[Any]:
    """Texts, and names with arguments."""
    return [(part.name, part.arguments) if isinstance(part, Call) else part.text for part in parts]


CITY = '{"city": "Paris"}'
ONE = ("weather", CITY)
NONE = '{"name": "f", "arguments": {}}'


@pytest.mark.parametrize(
    ("form", "words", "expected"),
    [
        ("list", f'[TOOL_CALLS][{{"name": "weather", "arguments": {CITY}}}]', [ONE]),
        ("list", f'[TOOL_CALLS] [{{"name": "weather", "arguments": {CITY}, "id": "abcdefghi"}}]', [ONE]),
        ("list", f'[TOOL_CALLS][{{"name": "weather", "arguments": {CITY}}},\n {{"arguments": {{}}, "name": "f"}}]', [ONE, ("f", "{}")]),
        ("list", f'Let me see. [TOOL_CALLS][{{"name": "weather", "arguments": {CITY}}}] ', ["Let me see.", ONE]),
        ("list", f'[TOOL_CALLS]{{"name": "weather", "arguments": {CITY}}}', [ONE]),
        ("named", f"[TOOL_CALLS]weather[ARGS]{CITY}", [ONE]),
        ("named", f"[TOOL_CALLS]weather[ARGS]{CITY}[TOOL_CALLS]f[ARGS]{{}}", [ONE, ("f", "{}")]),
        ("named", f"On it.[TOOL_CALLS] weather[CALL_ID] VvvODy9mT[ARGS] {CITY}\n", ["On it.", ONE]),
        ("hermes", f'<tool_call>\n{{"name": "weather", "arguments": {CITY}}}\n</tool_call>', [ONE]),
        ("hermes", f'\n<tool_call>\n{{"arguments": {CITY}, "name": "weather"}}\n</tool_call>\n', [ONE]),
        ("hermes", f'A\n<tool_call>{{"name": "weather", "arguments": {CITY}}}</tool_call>\nB', ["A", ONE, "\nB"]),
        ("hermes", f'<tool_call>[{{"name": "weather", "arguments": {CITY}}}, {NONE}]</tool_call>', [ONE, ("f", "{}")]),
        ("bare", f'{{"name": "weather", "parameters": {CITY}}}', [ONE]),
        ("bare", f'<|python_tag|>{{"name": "weather", "parameters": {CITY}}}', [ONE]),
        ("bare", f'{{"type": "function", "name": "weather", "parameters": {CITY}}}; {NONE}', [ONE, ("f", "{}")]),
        ("plain bare", f'\n\n{{"name": "weather", "parameters": {CITY}}}', [ONE]),
        ("functions", "<tool_call>\n<function=weather>\n<parameter=city>\nParis\n</parameter>\n</function>\n</tool_call>", [ONE]),
        ("functions", "<tool_call><function=f></function></tool_call>", [("f", "{}")]),
    ],
)  # fmt: skip
def test_each_form_is_read(form: str, words: str, expected: list[Any]):
    parts, reader = read(form, words)
    assert shown(parts) == expected
    assert reader.whole


def test_parameters_between_tags_become_json_as_the_schema_says():
    values = [
        ("city", 'Aix "Sud"\n\\é'),
        ("days", "3"),
        ("days", "three"),
        ("any", "[1, null]"),
        ("on", "True"),
        ("on", "5"),
        ("new", "7"),
        ("city", ""),
    ]
    body = "".join(f"<parameter={key}>\n{value}\n</parameter>\n" for key, value in values)
    (call,), _ = read("functions", f"<tool_call>\n<function=weather>\n{body}</function>\n</tool_call>")
    assert isinstance(call, Call)
    pairs = json.loads(call.arguments, object_pairs_hook=list)
    assert pairs == [
        ("city", 'Aix "Sud"\n\\é'),
        ("days", 3),
        ("days", "three"),
        ("any", [1, None]),
        ("on", True),
        ("on", "5"),
        ("new", "7"),
        ("city", ""),
    ]  # fmt: skip


@pytest.mark.parametrize("key", ["days", "any", "on"])
@pytest.mark.parametrize("value", ["NaN", "Infinity", "-Infinity", "[1, NaN]", "007", "0x1", "1_0", "[1,]"])
def test_a_parameter_that_only_python_reads_as_json_is_a_text(key: str, value: str):
    words = f"<tool_call><function=weather><parameter={key}>{value}</parameter></function></tool_call>"
    (call,), _ = read("functions", words)
    assert isinstance(call, Call)
    assert msgspec.json.decode(call.arguments) == {key: value}


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ("list", "[TOOL_CALLS]"),
        ("list", "[TOOL_CALLS] I cannot."),
        ("list", '[TOOL_CALLS][{"name": "weather"}]'),
        ("list", '[TOOL_CALLS][{"name": "weather", "arguments": "{}"}]'),
        ("list", '[TOOL_CALLS][{"name": "the weather", "arguments": {}}]'),
        ("list", '[TOOL_CALLS][{"name": 7, "arguments": {}}]'),
        ("list", '[TOOL_CALLS][{"name": "weather", "argu'),
        ("list", '[TOOL_CALLS][{name: "weather"}]'),
        ("list", "[TOOL_CALLS]" + "[" * 5000),
        ("named", "[TOOL_CALLS]"),
        ("named", "[TOOL_CALLS]weather"),
        ("named", "[TOOL_CALLS]weather[ARGS]"),
        ("named", "[TOOL_CALLS]weather[ARGS]none"),
        ("named", "[TOOL_CALLS][ARGS]{}"),
        ("named", "[TOOL_CALLS]the weather[ARGS]{}"),
        ("named", "[TOOL_CALLS]weather[CALL_ID]abc"),
        ("named", "[ARGS]{}"),
        ("named", f"[TOOL_CALLS]{'a' * 300}[ARGS]{{}}"),
        ("hermes", "<tool_call>"),
        ("hermes", "<tool_call>\nno\n</tool_call>"),
        ("hermes", '<tool_call>\n{"name": "weather"}\n</tool_call>'),
        ("hermes", "<tool_ca"),
        ("hermes", 'The mark <tool_calls> and {"name": "f", "arguments": {}}.\n\n'),
        ("bare", '{"name": "other", "parameters": {}}'),
        ("bare", '{"city": "Paris"}'),
        ("bare", '{"name": "weather"'),
        ("bare", 'So: {"name": "weather", "parameters": {}}'),
        ("bare", "<|python_tag|>print(1)"),
        ("functions", "<tool_call>\n<function=the weather>\n</function>\n</tool_call>"),
        ("functions", "<tool_call>\nweather\n</tool_call>"),
    ],
)
def test_what_is_no_call_comes_back_as_it_was_written(form: str, words: str):
    parts, reader = read(form, words)
    assert shown(parts) == [words]
    assert not reader.whole


@pytest.mark.parametrize(
    ("form", "words", "expected"),
    [
        ("named", '[TOOL_CALLS]f[ARGS]{"a": [1, ', [("f", '{"a": [1, ')]),
        ("named", '[TOOL_CALLS]f[ARGS]{"a[TOOL_CALLS]f[ARGS]{}', [("f", '{"a'), ("f", "{}")]),
        ("list", '[TOOL_CALLS][{"name": "f", "arguments": {"a": "', [("f", '{"a": "')]),
        ("hermes", '<tool_call>{"name": "f", "arguments": {"a"', [("f", '{"a"')]),
    ],
)
def test_arguments_without_an_end_are_those_of_a_call_that_is_not_whole(form: str, words: str, expected: list[Any]):
    parts, reader = read(form, words)
    assert shown(parts) == expected
    assert not reader.whole


@pytest.mark.parametrize(
    ("form", "words", "expected"),
    [
        ("list", '[TOOL_CALLS][{"name": "f", "arguments": {}} or not', [("f", "{}"), " or not"]),
        ("list", '[TOOL_CALLS][{"name": "f", "arguments": {}}, {"name": 1}]', [("f", "{}"), ' {"name": 1}]']),
        ("named", "[TOOL_CALLS]f[ARGS]{} and so on", [("f", "{}"), " and so on"]),
        ("named", "[TOOL_CALLS]the[TOOL_CALLS]f[ARGS]{}", ["[TOOL_CALLS]the", ("f", "{}")]),
        ("hermes", '<tool_call>{"name": "f", "arguments": {}} no end', [("f", "{}"), " no end"]),
        ("hermes", '<tool_call>x<tool_call>{"name": "f", "arguments": {}}', ["<tool_call>x", ("f", "{}")]),
        ("bare", '{"name": "f", "parameters": {}} is what I would call', [("f", "{}"), " is what I would call"]),
    ],
)
def test_what_follows_a_call_and_belongs_to_none_is_text(form: str, words: str, expected: list[Any]):
    assert shown(read(form, words)[0]) == expected


def test_a_control_token_counts_and_the_text_that_is_spelled_like_it_does_not():
    reader = CallReader(MARKS["named"], TOOLS)
    words = "[TOOL_CALLS]weather[ARGS]{}"
    assert joined([*reader.push(words), *reader.flush()]) == [Part(words)]


def test_the_model_s_own_id_is_kept_where_it_is_one():
    calls, _ = read("named", "[TOOL_CALLS]f[CALL_ID]VvvODy9mT[ARGS]{}[TOOL_CALLS]f[CALL_ID]short[ARGS]{}[TOOL_CALLS]f[ARGS]{}")
    assert [call.id for call in calls if isinstance(call, Call)] == ["VvvODy9mT", "000000000", "000000001"]
    assert all(re.fullmatch("[a-zA-Z0-9]{9}", new_id()) for _ in range(100))


@pytest.mark.parametrize("form", ["list", "named", "hermes", "bare", "functions"])
def test_where_one_call_is_wanted_nothing_is_read_behind_it(form: str):
    words = {
        "list": '[TOOL_CALLS][{"name": "f", "arguments": {}}, {"name": "f", "arguments": {}}]',
        "named": "[TOOL_CALLS]f[ARGS]{}[TOOL_CALLS]f[ARGS]{}",
        "hermes": '<tool_call>{"name": "f", "arguments": {}}</tool_call><tool_call>{"name": "f", "arguments": {}}</tool_call>',
        "bare": '{"name": "f", "parameters": {}}; {"name": "f", "parameters": {}}',
        "functions": "<tool_call><function=f></function></tool_call><tool_call><function=f></function></tool_call>",
    }[form]
    parts, reader = read(form, words, single=True)
    assert shown(parts) == [("f", "{}")]
    assert reader.done
    assert reader.whole


def test_a_bare_call_cannot_begin_where_an_answer_goes_on_from_a_text():
    reader = CallReader(MARKS["plain bare"], TOOLS, continuing=True)
    words = '{"name": "f", "parameters": {}}'
    assert joined([*reader.push(words), *reader.flush()]) == [Part(words)]


def test_arguments_are_passed_on_as_they_come():
    reader = CallReader(MARKS["named"], TOOLS, ids=lambda: "aaaaaaaaa")
    begun = [*reader.control(900), *reader.push("f"), *reader.control(902)]
    assert begun == []
    assert reader.push('{"a') == [Call(0, "aaaaaaaaa", "f", '{"a', begins=True)]
    assert reader.push('": ') == [Call(0, "aaaaaaaaa", "f", '": ')]
    assert reader.push("1}\n") == [Call(0, "aaaaaaaaa", "f", "1}")]


def test_ten_megabytes_of_arguments_are_the_model_s_own_bytes():
    arguments = json.dumps({"text": 'é\\"{[' * 1_000_000}, ensure_ascii=False)
    words = f"[TOOL_CALLS]f[ARGS]{arguments}"
    cuts = list(range(0, len(arguments), 65_536))
    assert shown(read("named", words, cuts)[0]) == [("f", arguments)]


def test_brackets_nested_a_million_deep_are_arguments_like_any_other():
    arguments = '{"a": ' + "[" * 1_000_000 + "]" * 1_000_000 + "}"
    assert shown(read("named", f"[TOOL_CALLS]f[ARGS]{arguments}", [7])[0]) == [("f", arguments)]
    words = '<tool_call>{"x": ' + "[" * 1_000_000
    assert shown(read("hermes", words, [7])[0]) == [words]


def test_a_head_that_never_becomes_a_call_is_not_kept_for_ever():
    reader = CallReader(MARKS["hermes"], TOOLS)
    reader.push('<tool_call>{"x": "')
    given = [part for _ in range(200) for part in reader.push("y" * 1000)]
    assert sum(len(part.text) for part in given if isinstance(part, Part)) > 100_000


WORDS = st.lists(
    st.sampled_from(
        [
            *SIGNS, *("<tool_call>", "</tool_call>", "<function=f>", "</function>", "<parameter=city>", "</parameter>", "<parameter=days>"),
            *('{"name": "f", "arguments": ', '{"name": "f", "parameters": ', '{"arguments": {}, "name": "f"}', "{}", '{"a": "\\"}"}', "f"),
            *("[", "]", "{", "}", ",", ";", '"', "\\", "\n", " ", "x", "é中", "<", "<tool", "1", ":", " " * 70),
        ]
    ),
    max_size=14,
).map("".join)  # fmt: skip


@settings(max_examples=400)
@given(form=st.sampled_from(sorted(MARKS)), words=WORDS, cuts=st.lists(st.integers(0, 200), max_size=12), single=st.booleans())
@example(form="hermes", words='x <tool_call>\n{"name": "f", "arguments": {}}\n</tool_call> y', cuts=[3, 5, 9, 30], single=False)
def test_any_way_of_cutting_an_answer_gives_the_same_parts(form: str, words: str, cuts: list[int], single: bool):
    whole, one = read(form, words, [], single=single)
    pieces, other = read(form, words, cuts, single=single)
    characters, third = read(form, words, None, single=single)
    assert whole == pieces == characters
    assert one.whole == other.whole == third.whole
    for part in whole:  # nothing of how tokens stand in the reader comes out of it
        assert (part.text if isinstance(part, Part) else part.arguments).encode()


@settings(max_examples=300)
@given(form=st.sampled_from(["list", "named", "hermes", "bare", "plain bare"]), words=WORDS)
def test_of_what_is_written_nothing_is_lost_but_marks_and_space(form: str, words: str):
    """What comes out comes in the order in which it was written."""
    at = 0
    for part in read(form, words)[0]:
        for piece in [part.text] if isinstance(part, Part) else [part.arguments]:
            found = words.find(piece, 0 if isinstance(part, Call) else at)
            assert found >= 0, (part, words[at:])
            at = max(at, found + len(piece)) if isinstance(part, Part) else at


@settings(max_examples=300)
@given(words=st.text(st.sampled_from('a{}[]"\\ \n:,;<>tool_ca/é'), max_size=60), form=st.sampled_from(sorted(MARKS)))
def test_an_answer_without_marks_is_text(words: str, form: str):
    parts, reader = read(form, words)
    if "<tool_call>" not in words and not form.endswith("bare"):  # and where it is a token, the text is none
        assert "".join(part.text for part in parts if isinstance(part, Part)) == words
        assert not reader.whole
