"""A conversation holds what was said, and nothing that was not."""

import json
import resource
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alize.cli.conversation import Conversation, read_turn
from alize.errors import InvalidRequest


def test_the_system_prompt_stands_first_and_survives_a_reset() -> None:
    talk = Conversation("Be brief.")
    talk.ask("Hello?")
    talk.answered("Hello.")
    assert [turn["role"] for turn in talk.messages()] == ["system", "user", "assistant"]
    talk.reset()
    assert talk.messages() == [{"role": "system", "content": "Be brief."}]


def test_a_question_without_an_answer_leaves_with_it() -> None:
    talk = Conversation()
    talk.ask("Hello?")
    talk.answered("")
    assert talk.messages() == []


def test_retrying_asks_the_last_question_again() -> None:
    talk = Conversation()
    assert not talk.retry()
    talk.ask("Hello?")
    talk.answered("Hello.")
    assert talk.retry()
    assert talk.messages() == [{"role": "user", "content": "Hello?"}]


@given(st.text(), st.lists(st.tuples(st.text(min_size=1), st.text(min_size=1))))
def test_what_is_saved_is_loaded(tmp_path_factory: pytest.TempPathFactory, system: str, turns: list[tuple[str, str]]) -> None:
    talk = Conversation(system)
    for question, answer in turns:
        talk.ask(question)
        talk.answered(answer)
    file = str(tmp_path_factory.mktemp("talk") / "talk.json")
    talk.save(file)
    again = Conversation()
    again.load(file)
    assert again == talk


def test_saving_never_overwrites(tmp_path: Path) -> None:
    file = tmp_path / "notes.txt"
    file.write_text("mine")
    with pytest.raises(InvalidRequest, match="there already"):
        Conversation().save(str(file))
    assert file.read_text() == "mine"


def test_half_a_conversation_is_not_left_where_it_cannot_be_written_whole(tmp_path: Path) -> None:
    file = tmp_path / "talk.json"
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1000, before[1]))
    try:
        with pytest.raises(InvalidRequest, match="cannot be written"):
            Conversation("x" * 100_000).save(str(file))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert not file.exists()


@pytest.mark.parametrize("name", ["", "no/such/folder/x.json", "nul\0byte"])
def test_saving_where_nothing_can_be_written_says_so(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InvalidRequest):
        Conversation().save(name)


@pytest.mark.parametrize(
    "held",
    [
        "",
        "[]",
        "null",
        "{}",
        '{"system": 1, "messages": []}',
        '{"system": "", "messages": [{"role": "user", "content": 1}]}',
        "\xff",
        "[" * 100_000,
        '{"system": "\\ud800", "messages": []}',
        '{"system": "", "messages": [{"role": "wizard", "content": "x"}]}',
    ],
)
def test_loading_what_is_no_conversation_changes_nothing(held: str, tmp_path: Path) -> None:
    file = tmp_path / "talk.json"
    file.write_bytes(held.encode("latin-1"))
    talk = Conversation("before", [{"role": "user", "content": "hello"}])
    with pytest.raises(InvalidRequest):
        talk.load(str(file))
    assert talk == Conversation("before", [{"role": "user", "content": "hello"}])


def test_loading_drops_fields_that_a_model_would_not_get(tmp_path: Path) -> None:
    file = tmp_path / "talk.json"
    file.write_text(json.dumps({"system": "", "messages": [{"role": "user", "content": "hi", "secret": "x"}]}))
    talk = Conversation()
    talk.load(str(file))
    assert talk.messages() == [{"role": "user", "content": "hi"}]


def lines(*given: str) -> Callable[[str], str]:
    left = iter(given)

    def read(_: str) -> str:
        line = next(left, None)
        if line is None:
            raise EOFError
        return line

    return read


def test_a_turn_may_have_several_lines() -> None:
    assert read_turn(lines("one \\", "two\\", "three", "four")) == "one \ntwo\nthree"
    assert read_turn(lines('"""', "/not a command", "\\", '"""')) == "/not a command\n\\"


def test_input_that_ends_in_the_middle_of_a_turn_is_the_end() -> None:
    for unfinished in (lines("one\\"), lines('"""', "open"), lines()):
        with pytest.raises(EOFError):
            read_turn(unfinished)
