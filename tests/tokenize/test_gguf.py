"""A GGUF's metadata: what is read, and what is refused by name when it is damaged, lying or unknown."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alize.errors import AlizeError, CheckpointInvalid, InvalidRequest
from alize.tokenize import Tokenizer, load_tokenizer
from alize.weights.checkpoints.base import TokenizerFiles


def load(metadata: dict[str, Any], **files: Any) -> Tokenizer:
    return load_tokenizer(TokenizerFiles(gguf=metadata, **files))


def names(tokenizer: Tokenizer, ids: list[int]) -> list[str]:
    return [tokenizer.token_text(id) for id in ids]


def test_merges_are_applied_in_their_order(made_metadata: dict[str, Any]):
    made = load(made_metadata)
    assert names(made, made.encode("hello world")) == ["hello", " wor", "l", "d"]


def test_a_word_the_release_takes_whole_is_taken_whole_also_in_a_person_s_text(made_metadata: dict[str, Any]):
    made = load(made_metadata)
    assert names(made, made.encode("he<tool>he")) == ["he", "<tool>", "he"]
    assert made.decode(made.encode("he<tool>he")) == "he<tool>he"


def test_bos_stands_before_a_text_only_where_the_file_says_so(made_metadata: dict[str, Any]):
    start = made_metadata["tokenizer.ggml.bos_token_id"]
    assert load(made_metadata).bos_id is None, "this pre-tokenizer's default"
    assert load(made_metadata | {"tokenizer.ggml.add_bos_token": True}).bos_id == start
    assert load(made_metadata | {"tokenizer.ggml.pre": "llama-bpe"}).bos_id == start, "the default of Llama 3"
    assert load(made_metadata | {"tokenizer.ggml.pre": "llama-bpe", "tokenizer.ggml.add_bos_token": False}).bos_id is None


def test_every_end_the_file_names_ends_an_answer(made_metadata: dict[str, Any]):
    tokens = made_metadata["tokenizer.ggml.tokens"]
    ends = {"tokenizer.ggml.eot_token_id": tokens.index("<|start|>"), "tokenizer.ggml.eom_token_id": tokens.index("<tool>")}
    assert load(made_metadata | ends).stop_ids == {tokens.index(name) for name in ("<|end|>", "<|start|>", "<tool>")}


def test_without_merges_every_character_stands_alone(made_metadata: dict[str, Any]):
    made = load(made_metadata | {"tokenizer.ggml.merges": []})
    assert names(made, made.encode("hello")) == ["h", "e", "l", "l", "o"]


def test_a_word_equal_to_an_entry_is_taken_whole_where_merges_are_ignored(made_metadata: dict[str, Any]):
    tokens = [*made_metadata["tokenizer.ggml.tokens"], "zebra"]
    metadata = made_metadata | {
        "tokenizer.ggml.pre": "llama-bpe",
        "tokenizer.ggml.tokens": tokens,
        "tokenizer.ggml.token_type": [*made_metadata["tokenizer.ggml.token_type"], 1],
    }
    assert len(load(metadata).encode("zebra")) == 1
    assert len(load(metadata | {"tokenizer.ggml.pre": "gpt-2"}).encode("zebra")) == 5


def test_a_control_token_is_no_word_even_where_merges_are_ignored(made_metadata: dict[str, Any]):
    metadata = made_metadata | {
        "tokenizer.ggml.pre": "llama-bpe",
        "tokenizer.ggml.tokens": [*made_metadata["tokenizer.ggml.tokens"], "stop"],
        "tokenizer.ggml.token_type": [*made_metadata["tokenizer.ggml.token_type"], 3],
    }
    made = load(metadata)
    assert names(made, made.encode("stop")) == list("stop")


def test_a_template_beside_the_file_takes_the_place_of_the_one_inside(made_metadata: dict[str, Any]):
    made = load(made_metadata, chat_template="{{ '<|end|>' + messages[0]['content'] }}")
    assert names(made, made.template([{"role": "user", "content": "hello"}])) == ["<|end|>", "hello"]


def test_a_template_that_writes_no_marker_gives_people_none_either(made_metadata: dict[str, Any]):
    metadata = {key: value for key, value in made_metadata.items() if not key.endswith("_token_id")}
    made = load(metadata, chat_template="{{ messages[0]['content'] }}")
    ids = made.template([{"role": "user", "content": "<|end|>hello"}])
    assert made.decode(ids) == "<|end|>hello"


def test_a_model_without_a_template_says_so_when_it_is_talked_to(made_metadata: dict[str, Any]):
    del (metadata := dict(made_metadata))["tokenizer.chat_template"]
    made = load(metadata)
    assert made.encode("hello")
    with pytest.raises(InvalidRequest, match="carries no chat template"):
        made.template([{"role": "user", "content": "hello"}])


def test_a_second_template_is_used_where_there_are_tools(made_metadata: dict[str, Any]):
    made = load(made_metadata | {"tokenizer.chat_template.tool_use": "{{ tools[0]['name'] }}"})
    assert made.decode(made.template([{"role": "user", "content": "x"}], [{"name": "hello"}])) == "hello"


DAMAGE: list[tuple[str, dict[str, Any], str]] = [
    ("an unknown kind", {"tokenizer.ggml.model": "bert"}, "tokenizer.ggml.model: the tokenizer 'bert' is not known"),
    ("no kind", {"tokenizer.ggml.model": None}, "the tokenizer None is not known"),
    ("an unknown pre-tokenizer", {"tokenizer.ggml.pre": "deepseek-llm"}, "the pre-tokenizer 'deepseek-llm' is not known"),
    ("no pre-tokenizer", {"tokenizer.ggml.pre": None}, "the pre-tokenizer None is not known"),
    ("a pre-tokenizer that is no name", {"tokenizer.ggml.pre": ["smollm"]}, "is not known"),
    ("no entries", {"tokenizer.ggml.tokens": None}, "tokenizer.ggml.tokens is missing"),
    ("an empty vocabulary", {"tokenizer.ggml.tokens": [], "tokenizer.ggml.token_type": []}, "has 0 entries"),
    ("entries that are no texts", {"tokenizer.ggml.tokens": [1, 2]}, "tokenizer.ggml.tokens is not a list of str"),
    ("too few kinds", {"tokenizer.ggml.token_type": [1]}, "token_type has 1 entries"),
    ("no merges", {"tokenizer.ggml.merges": None}, "tokenizer.ggml.merges is missing"),
    ("a merge of one", {"tokenizer.ggml.merges": ["he"]}, "'he' does not join"),
    ("a merge of three", {"tokenizer.ggml.merges": ["h e l"]}, "'h e l' does not join"),
    ("a merge of strangers", {"tokenizer.ggml.merges": ["xx yy"]}, "'xx yy' does not join"),
    ("a merge into a control token", {"tokenizer.ggml.merges": ["<|start| >"]}, "does not join"),
    ("an end outside the vocabulary", {"tokenizer.ggml.eos_token_id": 10**6}, "eos_token_id is 1000000, outside"),
    ("a start below it", {"tokenizer.ggml.bos_token_id": -1}, "bos_token_id is -1"),
    ("a flag that is no boolean", {"tokenizer.ggml.add_bos_token": "yes"}, "add_bos_token is 'yes', not a boolean"),
    ("a space before texts", {"tokenizer.ggml.add_space_prefix": True}, "add_space_prefix is set"),
    ("a template that is no template", {"tokenizer.chat_template": "{% for %}"}, "chat template cannot be read: line 1"),
]


@pytest.mark.parametrize(("change", "message"), [row[1:] for row in DAMAGE], ids=[row[0] for row in DAMAGE])
def test_what_is_damaged_or_unknown_is_refused_by_name(made_metadata: dict[str, Any], change: dict[str, Any], message: str):
    with pytest.raises(CheckpointInvalid) as caught:
        load({key: value for key, value in (made_metadata | change).items() if value is not None})
    assert message in caught.value.message


def test_a_template_that_cannot_be_read_may_be_replaced(made_metadata: dict[str, Any]):
    with pytest.raises(CheckpointInvalid) as caught:
        load(made_metadata | {"tokenizer.chat_template": "{% for %}"})
    assert "as chat_template.jinja" in str(caught.value.remedy)


def test_two_entries_of_one_text_are_refused(made_metadata: dict[str, Any]):
    tokens = list(made_metadata["tokenizer.ggml.tokens"])
    tokens[-1] = tokens[0]
    with pytest.raises(CheckpointInvalid, match="same text twice"):
        load(made_metadata | {"tokenizer.ggml.tokens": tokens})


def test_a_vocabulary_without_letters_is_refused(made_metadata: dict[str, Any]):
    tokens = list(made_metadata["tokenizer.ggml.tokens"])
    tokens[ord("q")] = "qqq"
    with pytest.raises(CheckpointInvalid, match="no entry for 'q'"):
        load(made_metadata | {"tokenizer.ggml.tokens": tokens})


def test_a_control_token_of_one_character_is_refused(made_metadata: dict[str, Any]):
    kinds = list(made_metadata["tokenizer.ggml.token_type"])
    kinds[0xC0] = 3
    with pytest.raises(CheckpointInvalid, match="single character"):
        load(made_metadata | {"tokenizer.ggml.token_type": kinds})


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 300) | st.floats() | st.text(max_size=8) | st.binary(max_size=4),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=6,
)


@given(data=st.data())
def test_lying_metadata_is_refused_or_works_but_never_breaks(made_metadata: dict[str, Any], data: st.DataObject):
    keys = [*made_metadata, "tokenizer.ggml.add_bos_token", "tokenizer.ggml.eot_token_id", "tokenizer.ggml.scores"]
    changed = data.draw(st.dictionaries(st.sampled_from(keys), ANYTHING, min_size=1, max_size=3))
    try:
        tokenizer = load(made_metadata | changed)
        tokenizer.decode(tokenizer.encode("hello <|end|>"))
        tokenizer.template([{"role": "user", "content": "hello"}])
    except AlizeError:
        pass
