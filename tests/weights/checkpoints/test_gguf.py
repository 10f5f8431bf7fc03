"""GGUF checkpoints: names and configuration are translated, and what is not understood is refused, never skipped."""

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from alize.errors import CheckpointInvalid
from alize.weights.checkpoints import open_checkpoint
from tests.weights.checkpoints.tiny_gguf import ARRAY, BOOL, FLOAT32, INT32, STRING, UINT32, Gguf, llama

TABLE = ("token_embd.weight", (8, 5), 0, 0)


def saved(folder: Path, content: Gguf, name: str = "model.gguf") -> Path:
    path = folder / name
    path.write_bytes(content.bytes())
    return path


def test_the_configuration_is_said_in_the_words_of_params_json(tmp_path: Path) -> None:
    checkpoint = open_checkpoint(saved(tmp_path, llama({"llama.attention.sliding_window": (UINT32, 16), "general.name": (STRING, "tiny")})))
    assert checkpoint.format == "gguf"
    assert checkpoint.params == {
        "dim": 8,
        "n_layers": 1,
        "n_heads": 2,
        "n_kv_heads": 1,
        "head_dim": 4,
        "hidden_dim": 16,
        "vocab_size": 5,
        "norm_eps": 1e-5,  # and not 9.99999974e-06, which is what the file's float32 says
        "rope_theta": 10000.0,
        "max_position_embeddings": 64,
        "sliding_window": 16,
        "tied_embeddings": True,
        "qkv_bias": False,
    }
    assert checkpoint.metadata["name"] == "tiny"
    assert list(checkpoint) == ["tok_embeddings.weight"]
    assert np.array_equal(checkpoint.array("tok_embeddings.weight"), np.arange(40, dtype=np.float32).reshape(5, 8))


OWN, BESIDE = "{{ 'own' }}", "{{ 'beside ✓' }}"


@pytest.mark.parametrize("name", ["model.gguf", "model-00001-of-00001.gguf"])
def test_a_template_is_read_from_beside_a_file_that_has_none_inside(tmp_path: Path, name: str) -> None:
    path = saved(tmp_path, llama(), name)
    assert open_checkpoint(path).tokenizer.chat_template is None
    (tmp_path / "chat_template.jinja").write_text(BESIDE, encoding="utf-8")
    for opened in (path, tmp_path):
        tokenizer = open_checkpoint(opened).tokenizer
        assert tokenizer.chat_template == BESIDE
        assert tokenizer.files == {"chat_template.jinja": tmp_path / "chat_template.jinja"}


@pytest.mark.parametrize("key", ["tokenizer.chat_template", "tokenizer.chat_template.tool_use", "tokenizer.chat_templates"])
def test_a_template_inside_comes_before_one_beside_the_file(tmp_path: Path, key: str) -> None:
    given = (ARRAY, (STRING, ["tool_use"])) if key.endswith("s") else (STRING, OWN)
    (tmp_path / "chat_template.jinja").write_bytes(b"\xff")  # is not even read
    tokenizer = open_checkpoint(saved(tmp_path, llama({key: given}))).tokenizer
    assert tokenizer.chat_template == (OWN if key == "tokenizer.chat_template" else None)
    assert not tokenizer.files


def test_a_template_beside_the_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "chat_template.jinja").write_bytes(b"\xff")
    with pytest.raises(CheckpointInvalid, match=r"chat_template\.jinja cannot be read"):
        open_checkpoint(saved(tmp_path, llama()))


def test_the_newer_dense_architecture_of_mistral_is_read_alike(tmp_path: Path) -> None:
    renamed = {
        key.replace("llama.", "mistral3."): value
        for key, value in {
            "llama.block_count": (UINT32, 1),
            "llama.context_length": (UINT32, 64),
            "llama.embedding_length": (UINT32, 8),
            "llama.feed_forward_length": (UINT32, 16),
            "llama.attention.head_count": (UINT32, 2),
            "llama.attention.layer_norm_rms_epsilon": (FLOAT32, 1e-5),
        }.items()
    }
    absent = dict.fromkeys(
        [key.replace("mistral3.", "llama.") for key in renamed] + ["llama.attention.head_count_kv", "llama.rope.freq_base"]
    )
    changes: dict[str, Any] = {**absent, **renamed, "general.architecture": (STRING, "mistral3")}
    params = open_checkpoint(saved(tmp_path, llama(changes))).params
    assert (params["n_kv_heads"], params["rope_theta"], params["dim"]) == (2, 10000.0, 8)


def test_an_output_table_of_its_own_unties_the_head(tmp_path: Path) -> None:
    content = llama(tensors=[TABLE, ("output.weight", (8, 5), 0, 160)], data=struct.pack("<80f", *range(80)))
    checkpoint = open_checkpoint(saved(tmp_path, content))
    assert checkpoint.params["tied_embeddings"] is False
    assert checkpoint.array("output.weight")[0, 0] == 40


def test_the_same_number_for_every_layer_is_that_number(tmp_path: Path) -> None:
    same = llama({"llama.attention.head_count_kv": (ARRAY, (INT32, [1, 1]))})
    assert open_checkpoint(saved(tmp_path, same)).params["n_kv_heads"] == 1
    with pytest.raises(CheckpointInvalid, match="head_count_kv"):
        open_checkpoint(saved(tmp_path, llama({"llama.attention.head_count_kv": (ARRAY, (INT32, [1, 2]))})))


def test_frequencies_that_follow_from_the_configuration_may_be_there(tmp_path: Path) -> None:
    content = llama(tensors=[TABLE, ("blk.0.attn_rot_embd.weight", (4,), 0, 160)], data=bytes(176))
    assert list(open_checkpoint(saved(tmp_path, content))) == ["tok_embeddings.weight"]


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "another architecture": ({"general.architecture": (STRING, "gemma2")}, "'gemma2'"),
    "no architecture": ({"general.architecture": None}, "None"),
    "experts without a number of active ones": ({"llama.expert_count": (UINT32, 8)}, "expert_used_count' is missing"),
    "experts chosen another way": (
        {"llama.expert_count": (UINT32, 8), "llama.expert_gating_func": (UINT32, 2)},
        "expert_gating_func' is 2",
    ),
    "active experts of none": ({"llama.expert_used_count": (UINT32, 2)}, "expert_used_count' is 2"),
    "a stretched rotation": ({"llama.rope.scaling.type": (STRING, "yarn")}, "original_context_length' is missing"),
    "a rotation stretched another way": ({"llama.rope.scaling.type": (STRING, "longrope")}, "rope.scaling.type' is 'longrope'"),
    "a stretch of no stated kind": ({"llama.rope.scaling.factor": (FLOAT32, 8.0)}, "llama.rope.scaling.factor"),
    "an older stretch": ({"llama.rope.scale_linear": (FLOAT32, 4.0)}, "scale_linear' is 4.0"),
    "part of a head rotated": ({"llama.rope.dimension_count": (UINT32, 2)}, "dimension_count' is 2"),
    "values of another width": ({"llama.attention.value_length": (UINT32, 2)}, "value_length' is 2"),
    "attention that looks ahead": ({"llama.attention.causal": (BOOL, 0)}, "causal' is False"),
    "something from the future": ({"llama.attention.gate_rank": (UINT32, 2)}, "llama.attention.gate_rank"),
    "another vocabulary": ({"llama.vocab_size": (UINT32, 6)}, "vocab_size' is 6"),
    "more tokens than embeddings": ({"tokenizer.ggml.tokens": (ARRAY, (STRING, ["a"] * 6))}, "6 tokens for 5"),
    "no width": ({"llama.embedding_length": None}, "'llama.embedding_length' is missing"),
    "a width that is a word": ({"llama.embedding_length": (STRING, "8")}, "not a whole number"),
    "more layers than have names": ({"llama.block_count": (UINT32, 2**31 - 1)}, "block_count' is 2147483647"),
    "a negative width": ({"llama.embedding_length": (INT32, -8)}, "not a whole number"),
    "an epsilon that is no number": ({"llama.attention.layer_norm_rms_epsilon": (FLOAT32, float("nan"))}, "not a number"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_would_change_every_answer_is_refused_by_name(case: str, tmp_path: Path) -> None:
    changes, says = REFUSED[case]
    with pytest.raises(CheckpointInvalid) as refused:
        open_checkpoint(saved(tmp_path, llama(changes)))
    assert says in refused.value.message
    assert "model.gguf" in refused.value.message
    assert refused.value.remedy


@pytest.mark.parametrize(
    "name", ["rope_freqs.weight", "blk.0.ffn_gate_exps.weight", "blk.0.attn_output.bias", "blk.99999.attn_q.weight", "x"]
)
def test_a_tensor_of_no_known_part_is_refused_by_name(name: str, tmp_path: Path) -> None:
    content = llama(tensors=[TABLE, (name, (8,), 0, 160)], data=bytes(192))
    with pytest.raises(CheckpointInvalid, match=name):
        open_checkpoint(saved(tmp_path, content))


def test_the_speeds_of_pairs_are_part_of_the_configuration(tmp_path: Path) -> None:
    """What the converter makes of Llama 3's stretching: one number for each pair of a head, here of 4."""
    content = llama(tensors=[TABLE, ("rope_freqs.weight", (2,), 0, 160)], data=bytes(160) + struct.pack("<2f", 1.0, 8.0) + bytes(24))
    checkpoint = open_checkpoint(saved(tmp_path, content))
    assert checkpoint.params["rope_divisors"] == [1.0, 8.0]
    assert list(checkpoint) == ["tok_embeddings.weight"]
    linear = {"llama.rope.scaling.type": (STRING, "linear"), "llama.rope.scaling.factor": (FLOAT32, 4.0)}
    with pytest.raises(CheckpointInvalid, match=r"both .+ and linear_scaling"):
        open_checkpoint(saved(tmp_path, llama(linear, tensors=content.tensors, data=content.data)))


def test_a_model_without_embeddings_is_none(tmp_path: Path) -> None:
    with pytest.raises(CheckpointInvalid, match="token_embd"):
        open_checkpoint(saved(tmp_path, llama(tensors=[], data=b"")))


def pieces() -> list[Gguf]:
    def counts(number: int) -> dict[str, Any]:
        return {"split.no": (UINT32, number), "split.count": (UINT32, 2), "split.tensors.count": (INT32, 2)}

    second = Gguf(entries=llama(counts(1)).entries, tensors=[("output.weight", (8, 5), 0, 0)], data=struct.pack("<40f", *range(40, 80)))
    return [llama(counts(0)), second]


def test_a_split_file_is_opened_by_any_of_its_pieces_or_their_folder(tmp_path: Path) -> None:
    for number, piece in enumerate(pieces(), 1):
        saved(tmp_path, piece, f"m-0000{number}-of-00002.gguf")
    for path in (tmp_path, tmp_path / "m-00001-of-00002.gguf", tmp_path / "m-00002-of-00002.gguf"):
        checkpoint = open_checkpoint(path)
        assert list(checkpoint) == ["tok_embeddings.weight", "output.weight"]
        assert checkpoint.array("output.weight")[4, 7] == 79


def test_a_missing_piece_and_a_piece_of_something_else_are_named(tmp_path: Path) -> None:
    first, second = pieces()
    path = saved(tmp_path, first, "m-00001-of-00002.gguf")
    with pytest.raises(CheckpointInvalid, match=r"m-00002-of-00002\.gguf is missing"):
        open_checkpoint(path)
    saved(tmp_path, first, "m-00002-of-00002.gguf")
    with pytest.raises(CheckpointInvalid, match="says inside that it is piece 0"):
        open_checkpoint(path)
    saved(tmp_path, Gguf(entries=second.entries), "m-00002-of-00002.gguf")
    with pytest.raises(CheckpointInvalid, match="claims 2 tensors"):
        open_checkpoint(path)
    with pytest.raises(CheckpointInvalid, match=r"piece 0 \(from 0\) of 2; its name says 0 of 1"):
        open_checkpoint(saved(tmp_path, first, "whole.gguf"))


def test_closing_gives_the_file_back_and_leaves_arrays_whole(tmp_path: Path) -> None:
    path = saved(tmp_path, llama())
    checkpoint = open_checkpoint(path)
    array = checkpoint.array("tok_embeddings.weight")
    with pytest.raises(KeyError):
        checkpoint.stored("output.weight")
    checkpoint.close()
    checkpoint.close()
    path.unlink()
    assert array[4, 7] == 39
    with pytest.raises(ValueError, match="closed"):
        checkpoint.stored("tok_embeddings.weight")
