"""Mistral's own tokenizers: ids are mistral-common's, text comes back whole, and its refusals are ours."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alize.errors import AlizeError, CheckpointInvalid, InvalidMessageOrder, InvalidRequest, InvalidToolCall, UnsupportedParameter
from alize.tokenize import Tokenizer, load_tokenizer
from alize.weights.checkpoints.base import TokenizerFiles

FILES = {
    "v1": ("tokenizer.model.v1", "tokenizer.model.v1"),
    "v2": ("mistral_instruct_tokenizer_240216.model.v2", "tokenizer.model.v2"),
    "v3": ("mistral_instruct_tokenizer_240323.model.v3", "tokenizer.model.v3"),
    "v7": ("mistral_instruct_tokenizer_241114.model.v7", "tokenizer.model.v7"),
    "v7m1": ("mistral_instruct_tokenizer_241114.model.v7m1", "tokenizer.model.v7m1"),
    "tekken": ("tekken_240911.json", "tekken.json"),
}
SENTENCEPIECE = [name for name in FILES if name != "tekken"]
USER = {"role": "user", "content": "Hi"}
CALL = {"id": "abcdefghi", "type": "function", "function": {"name": "weather", "arguments": '{"city": "Paris"}'}}
CALLED = {"role": "assistant", "content": "", "tool_calls": [CALL]}
RESULT = {"role": "tool", "content": "22 °C", "tool_call_id": "abcdefghi", "name": "weather"}
TOOL = {"type": "function", "function": {"name": "weather", "description": "Weather", "parameters": {"type": "object", "properties": {}}}}


@pytest.fixture(scope="session")
def ours(released: Callable[[str], Path]) -> dict[str, Tokenizer]:
    return {name: load_tokenizer(TokenizerFiles(files={shown: released(file)})) for name, (file, shown) in FILES.items()}


@pytest.fixture(scope="session")
def theirs(released: Callable[[str], Path]) -> dict[str, Any]:
    from mistral_common.tokens.tokenizers.mistral import MistralTokenizer

    return {name: MistralTokenizer.from_file(released(file)) for name, (file, _) in FILES.items()}


def their_ids(tokenizer: Any, messages: list[dict[str, Any]], tools: list[dict[str, Any]] | None = None) -> list[int]:
    from mistral_common.protocol.instruct.request import ChatCompletionRequest

    return tokenizer.encode_chat_completion(ChatCompletionRequest(messages=messages, tools=tools)).tokens


WORDS = st.text(st.characters(codec="utf-8", exclude_characters="\0")) | st.text("ab er[INST]/</s>é中👍\n▁", max_size=30)


@pytest.mark.parametrize("version", list(FILES))
@settings(max_examples=60)
@given(question=WORDS, answer=WORDS.filter(bool), system=st.none() | WORDS.filter(bool))
def test_ids_of_a_conversation_equal_mistral_common_s(
    ours: dict[str, Tokenizer], theirs: dict[str, Any], version: str, question: str, answer: str, system: str | None
):
    messages = [{"role": "user", "content": question}, {"role": "assistant", "content": answer}, {"role": "user", "content": answer}]
    messages = [*([] if system is None else [{"role": "system", "content": system}]), *messages]
    assert ours[version].template(messages) == their_ids(theirs[version], messages)
    assert ours[version].encode(question) == theirs[version].instruct_tokenizer.tokenizer.encode(question, bos=False, eos=False)


@pytest.mark.parametrize("version", [name for name in FILES if name != "v1"])
def test_ids_with_tools_calls_and_results_equal_mistral_common_s(ours: dict[str, Tokenizer], theirs: dict[str, Any], version: str):
    messages = [USER, CALLED, RESULT]
    assert ours[version].template(messages, [TOOL]) == their_ids(theirs[version], messages, [TOOL])


@pytest.mark.parametrize("version", list(FILES))
def test_a_prefix_is_left_open(ours: dict[str, Tokenizer], version: str):
    tokenizer = ours[version]
    ids = tokenizer.template([USER, {"role": "assistant", "content": "The answer", "prefix": True}])
    assert ids[-1] not in tokenizer.stop_ids
    closed = tokenizer.template([USER, {"role": "assistant", "content": "The answer"}, USER])
    assert closed[: len(ids)] == ids
    assert closed[len(ids)] in tokenizer.stop_ids


@pytest.mark.parametrize("version", list(FILES))
@settings(max_examples=80)
@given(data=st.data())
def test_any_ids_read_as_mistral_common_reads_them(ours: dict[str, Tokenizer], theirs: dict[str, Any], version: str, data: st.DataObject):
    tokenizer = ours[version]
    ids = data.draw(st.lists(st.integers(0, tokenizer.vocab_size - 1) | st.integers(0, 1300), max_size=8))
    if version == "tekken":  # it decodes what lies between control tokens; in an answer none lies inside a character
        ids = [id for id in ids if id >= 1000]
    expected = theirs[version].instruct_tokenizer.tokenizer.decode(ids)
    stream = tokenizer.stream()
    streamed = "".join(stream.push([id]).text for id in ids) + stream.flush().text
    assert streamed == tokenizer.decode(ids)
    assert broken_once(streamed) == broken_once(expected)


def broken_once(text: str) -> str:
    """Sentencepiece replaces each byte of a broken character, Python the bytes that belong together."""
    return re.sub("\ufffd+", "\ufffd", text)


@pytest.mark.parametrize("version", list(FILES))
@settings(max_examples=60)
@given(text=WORDS.map(lambda text: text.replace("▁", "_")))
def test_a_text_comes_back_whole(ours: dict[str, Tokenizer], version: str, text: str):
    tokenizer = ours[version]
    ids = tokenizer.encode(text)
    assert tokenizer.decode(ids) == text
    continued = tokenizer.stream(continuing=True)
    whole = "".join(continued.push([id]).text for id in ids) + continued.flush().text
    assert whole == b"".join(tokenizer.token_bytes(id) for id in ids).decode() == (" " if text and version in SENTENCEPIECE else "") + text


@pytest.mark.parametrize("version", list(FILES))
def test_markers_in_a_text_are_text(ours: dict[str, Tokenizer], version: str):
    tokenizer = ours[version]
    for text in ("<s>", "</s>", "[INST]", "[/INST]", "[TOOL_CALLS]", "<unk>"):
        ids = tokenizer.encode(text)
        assert all(tokenizer.token_bytes(id) for id in ids)
        assert tokenizer.decode(ids) == text


@pytest.mark.parametrize("version", list(FILES))
def test_it_says_what_a_server_asks(ours: dict[str, Tokenizer], version: str):
    tokenizer = ours[version]
    assert (tokenizer.bos_id, tokenizer.stop_ids) == (1, {2})
    assert tokenizer.vocab_size == {"v1": 32000, "tekken": 131072}.get(version, 32768)
    assert (tokenizer.token_text(1), tokenizer.token_bytes(1)) == ("<s>", b"")
    for bad in (-1, tokenizer.vocab_size):
        with pytest.raises(IndexError):
            tokenizer.token_bytes(bad)
        with pytest.raises(IndexError):
            tokenizer.decode([bad])


def test_bytes_of_pieces_are_right(ours: dict[str, Tokenizer]):
    rare = "\U00013000"  # a hieroglyph that neither vocabulary has: one piece for each of its bytes
    pieces = [ours["v3"].token_bytes(id) for id in ours["v3"].encode(f"a\n{rare}")]
    assert pieces == [b" a", b"\n", *(bytes([byte]) for byte in rare.encode())]
    assert b"".join(ours["tekken"].token_bytes(id) for id in ours["tekken"].encode(f"a\n{rare}")) == f"a\n{rare}".encode()


@pytest.mark.parametrize("version", ["v3", "v7", "tekken"])
@pytest.mark.parametrize(
    ("messages", "tools", "error"),
    [
        ([], [], InvalidMessageOrder),
        ([USER, RESULT], [], InvalidMessageOrder),
        ([USER, {"role": "assistant", "content": "x"}], [], InvalidMessageOrder),
        ([USER, CALLED, USER], [], InvalidMessageOrder),
        ([USER, {**CALLED, "tool_calls": [{**CALL, "id": "short"}]}, RESULT], [], InvalidToolCall),
        ([USER, {**CALLED, "tool_calls": [{**CALL, "function": {"name": "a b", "arguments": "{}"}}]}, RESULT], [], InvalidToolCall),
        ([USER, CALLED, {**RESULT, "tool_call_id": "short"}], [], InvalidToolCall),
        ([{"role": "stranger", "content": "x"}], [], InvalidRequest),
        ([{"role": "user"}], [], InvalidRequest),
        ([{"role": "user", "content": 3}], [], InvalidRequest),
        ([USER], [{"type": "function", "function": {"name": "a b", "parameters": {}}}], InvalidRequest),
        ([USER], [{"type": "function", "function": {"name": "a", "parameters": {"type": 3}}}], InvalidRequest),
        ([USER], [{"type": "function", "function": {"name": "a", "parameters": {"pattern": "a{99999999999999999999}"}}}], InvalidRequest),
        ([USER], [{"type": "function", "function": {"name": "a", "parameters": {"pattern": "(" * 3000 + ")" * 3000}}}], InvalidRequest),
        ([USER], [{"type": "function"}], InvalidRequest),
        ([{"role": "user", "content": "\ud800"}], [], InvalidRequest),
        ([USER], [{"type": "function", "function": {"name": "a", "parameters": {"\ud800": 1}}}], InvalidRequest),
    ],
)  # fmt: skip
def test_what_mistral_common_refuses_is_refused_by_our_errors(
    ours: dict[str, Tokenizer], version: str, messages: list[dict[str, Any]], tools: list[dict[str, Any]], error: type[AlizeError]
):
    with pytest.raises(error) as caught:
        ours[version].template(messages, tools)
    assert caught.value.message
    assert caught.value.param


def test_the_first_version_has_no_place_for_tools(ours: dict[str, Tokenizer]):
    with pytest.raises(UnsupportedParameter, match="no place for tools") as caught:
        ours["v1"].template([USER], [TOOL])
    assert caught.value.param == "tools"


def test_neighbours_of_one_role_are_merged_as_mistral_s_template_does(ours: dict[str, Tokenizer]):
    for tokenizer in ours.values():
        assert tokenizer.template([USER, USER]) == tokenizer.template([{"role": "user", "content": "Hi\n\nHi"}])


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("tekken.json", b""),
        ("tekken.json", b"[]"),
        ("tekken.json", b"{}"),
        ("tekken.json", json.dumps({"config": {"version": "v99"}}).encode()),
        ("tekken.json", json.dumps({"config": {"version": "v3"}, "vocab": [1]}).encode()),
        ("tekken.json", b"\xff\xfe"),
        ("tokenizer.model.v3", b""),
        ("tokenizer.model.v3", b"not a model"),
        ("tokenizer.model.v99", b""),
    ],
)
def test_a_damaged_file_is_refused_by_name(tmp_path: Path, name: str, content: bytes):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(CheckpointInvalid, match=name):
        load_tokenizer(TokenizerFiles(files={name: tmp_path / name}))


def test_a_truncated_file_is_refused(tmp_path: Path, released: Callable[[str], Path]):
    whole = released("tokenizer.model.v1").read_bytes()
    (tmp_path / "tokenizer.model.v1").write_bytes(whole[: len(whole) // 2])
    with pytest.raises(CheckpointInvalid, match=r"tokenizer\.model\.v1"):
        load_tokenizer(TokenizerFiles(files={"tokenizer.model.v1": tmp_path / "tokenizer.model.v1"}))


def test_a_file_that_is_not_there_is_refused(tmp_path: Path):
    with pytest.raises(CheckpointInvalid, match=r"tekken\.json"):
        load_tokenizer(TokenizerFiles(files={"tekken.json": tmp_path / "tekken.json"}))
