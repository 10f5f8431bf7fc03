"""A work is the same for every side, and new in every round."""

import pytest

from alize.cli.bench.peers import parse_peers
from alize.cli.bench.work import DEFAULT, parse_works
from alize.errors import InvalidRequest


def test_names_say_what_is_measured() -> None:
    prefill, one, eight = parse_works(DEFAULT)
    assert (prefill.sequences, prefill.prompt, prefill.steps) == (1, 512, 0)
    assert (one.sequences, eight.sequences) == (1, 8)
    assert one.prompt + one.steps + 1 == 256  # what is drawn is 128, and fills no further piece of a context


def test_a_work_may_have_a_length_of_prompt_or_one_that_arrives() -> None:
    long, mixed = parse_works("decode-2@1024,mixed-8")
    assert [len(prompt) for prompt in long.prompts(49152, 0)] == [1024, 1024]
    assert [len(prompt) for prompt in mixed.prompts(49152, 0)] == [128] * 8 + [2000]
    assert mixed.context > 2000


@pytest.mark.parametrize("text", ["", ",", "decode", "decode-0", "decode-257", "prefill-9999999", "prefill-1.5", "Decode-1", "decode--1"])
def test_what_is_no_work_is_refused_by_name(text: str) -> None:
    with pytest.raises(InvalidRequest):
        parse_works(text)


@pytest.mark.parametrize("text", ["prefill-8@16", "decode-1@", "decode-1@0", "mixed-8@9", "mixed"])
def test_a_length_of_prompt_goes_with_decode_alone(text: str) -> None:
    with pytest.raises(InvalidRequest):
        parse_works(text)


def test_prompts_are_equal_for_all_sides_and_different_in_each_round() -> None:
    (work,) = parse_works("decode-3")
    assert work.prompts(49152, 0) == work.prompts(49152, 0)
    assert work.prompts(49152, 0) != work.prompts(49152, 1)
    assert [len(prompt) for prompt in work.prompts(49152, 0)] == [work.prompt] * 3
    assert all(0 <= token < 50 for prompt in work.prompts(50, 0) for token in prompt)


def test_peers_are_known_by_name_and_measured_once() -> None:
    assert [peer.name for peer in parse_peers("llama.cpp, llama.cpp")] == ["llama.cpp"]
    assert parse_peers("") == []
    with pytest.raises(InvalidRequest, match="vllm"):
        parse_peers("vllm")
