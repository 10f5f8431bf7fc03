"""Adapters' files: both kinds are found in their folders, and whatever is wrong with one is said with its file and tensor."""

import json
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file, save_file

from alize.errors import CheckpointInvalid
from alize.weights.adapters import open_adapter
from tests.adapters import write_peft, write_release

SHAPES = {"q": (32, 32), "v": (16, 32)}
STEM = "base_model.model.model.layers.0.self_attn.q_proj"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write_peft(tmp_path / "adapter", 2, SHAPES)


def changed(folder: Path, **more: Any) -> Path:
    """With other entries in its configuration."""
    config = json.loads((folder / "adapter_config.json").read_text())
    (folder / "adapter_config.json").write_text(json.dumps({**config, **more}))
    return folder


def retold(folder: Path, **tensors: np.ndarray | None) -> Path:
    """With other tensors; None takes one out."""
    path = folder / "adapter_model.safetensors"
    kept = {**load_file(path), **tensors}
    save_file({name: tensor for name, tensor in kept.items() if tensor is not None}, path)
    return folder


def test_a_folder_of_peft_is_read_by_its_path_or_that_of_a_file_in_it(folder: Path) -> None:
    adapter = open_adapter(folder)
    assert sorted(adapter.layers) == [f"layers.{layer}.attention.{part}" for layer in range(2) for part in ("wq", "wv")]
    assert (adapter.format, adapter.rank, adapter.numbers) == ("peft", 4, 2 * (4 * 32 + 32 * 4 + 4 * 32 + 16 * 4))
    assert (
        open_adapter(folder / "adapter_model.safetensors").sha256 == open_adapter(folder / "adapter_config.json").sha256 == adapter.sha256
    )


def test_a_file_of_mistral_s_own_tools_is_read_alone_or_in_its_folder(tmp_path: Path) -> None:
    path = write_release(tmp_path / "lora.safetensors", {"layers.0.attention.wq": (32, 32), "layers.1.feed_forward.w2": (32, 48)})
    write_release(tmp_path / "other.safetensors", {"layers.1.experts.3.w2": (32, 48)}, rank=2)
    assert (
        sorted(open_adapter(tmp_path).layers) == sorted(open_adapter(path).layers) == ["layers.0.attention.wq", "layers.1.feed_forward.w2"]
    )
    assert list(open_adapter(tmp_path / "other.safetensors").layers) == ["layers.1.feed_forward.experts.3.w2"]


def test_names_with_and_without_the_adapter_s_name_mean_the_same(folder: Path) -> None:
    before = open_adapter(folder)
    path = folder / "adapter_model.safetensors"
    save_file({name.replace(".weight", ".default.weight"): tensor for name, tensor in load_file(path).items()}, path)
    assert open_adapter(folder).layers.keys() == before.layers.keys()


def test_the_checksum_is_of_what_is_computed(folder: Path, tmp_path: Path) -> None:
    again = write_peft(tmp_path / "again", 2, SHAPES)
    first = open_adapter(folder).sha256
    assert open_adapter(again).sha256 == first
    assert open_adapter(changed(again, lora_dropout=0.1)).sha256 == first  # of training only
    assert open_adapter(changed(again, lora_alpha=5)).sha256 != first


@pytest.mark.parametrize(
    ("entries", "scale"),
    [
        ({"lora_alpha": 6}, 6 / 4),
        ({"lora_alpha": 6, "use_rslora": True}, 6 / 2),
        ({"alpha_pattern": {"q_proj": 12}}, 12 / 4),
        ({"alpha_pattern": {"layers.0.self_attn.q_proj": 12, "q_proj": 2}}, 12 / 4),
        ({"alpha_pattern": {"j": 12}}, 4 / 4),  # an end of a name, but not of a part of it
        ({"rank_pattern": {"v_proj": 4}, "r": 4}, 4 / 4),
        ({"modules_to_save": [], "use_dora": False, "bias": "none", "loftq_config": {}}, 4 / 4),
    ],
)
def test_the_scale_is_the_configuration_s(folder: Path, entries: dict[str, Any], scale: float) -> None:
    assert open_adapter(changed(folder, **entries)).layers["layers.0.attention.wq"].scale == scale


@pytest.mark.parametrize(
    ("entries", "said"),
    [
        ({"peft_type": "LOHA"}, "peft_type"),
        ({"peft_type": None}, "peft_type"),
        ({"use_dora": True}, "use_dora"),
        ({"bias": "all"}, "bias"),
        ({"lora_bias": True}, "lora_bias"),
        ({"modules_to_save": ["lm_head"]}, "modules_to_save"),
        ({"fan_in_fan_out": True}, "fan_in_fan_out"),
        ({"layer_replication": [[0, 2]]}, "layer_replication"),
        ({"trainable_token_indices": [1]}, "trainable_token_indices"),
        ({"alora_invocation_tokens": [1, 2]}, "alora_invocation_tokens"),
        ({"init_lora_weights": "pissa_niter_4"}, "init_lora_weights"),
        ({"a_thing_of_tomorrow": 1}, "a_thing_of_tomorrow"),
        ({"r": 0}, "'r'"),
        ({"r": "4"}, "'r'"),
        ({"r": 8}, "rank is 8"),
        ({"lora_alpha": None}, "lora_alpha"),
        ({"lora_alpha": float("nan")}, "lora_alpha"),
        ({"rank_pattern": {"q_proj": 7}}, "rank is 7"),
        ({"rank_pattern": {"q_proj": 0.5}}, "rank_pattern"),
        ({"rank_pattern": {"q_proj": -1}}, "rank_pattern"),
        ({"rank_pattern": ["q_proj"]}, "rank_pattern"),
        ({"alpha_pattern": {"(a+)+$": 1}}, "alpha_pattern"),
        ({"alpha_pattern": {"q_proj": "x"}}, "q_proj"),
    ],
)
def test_what_is_not_understood_is_refused_by_its_name(folder: Path, entries: dict[str, Any], said: str) -> None:
    with pytest.raises(CheckpointInvalid, match=said) as raised:
        open_adapter(changed(folder, **entries))
    assert str(folder) in raised.value.message


@pytest.mark.parametrize(
    ("name", "tensor", "said"),
    [
        (f"{STEM}.lora_A.weight", None, "other half"),
        (f"{STEM}.lora_B.weight", np.zeros((32, 5), np.float32), "no rank in common"),
        (f"{STEM}.lora_A.weight", np.zeros((4, 32, 1), np.float32), "no matrix"),
        (f"{STEM}.lora_A.weight", np.zeros((0, 32), np.float32), "no matrix"),
        (f"{STEM}.lora_A.weight", np.zeros((4, 32), np.int32), "I32"),
        (f"{STEM}.lora_A.default.weight", np.zeros((4, 32), np.float32), "means the same"),
        (f"{STEM}.lora_A.other.weight", np.zeros((4, 32), np.float32), "no part"),
        (f"{STEM}.lora_magnitude_vector", np.zeros(32, np.float32), "lora_magnitude_vector"),
        (f"{STEM}.lora_B.bias", np.zeros(32, np.float32), "lora_B.bias"),
        ("base_model.model.model.embed_tokens.lora_embedding_A", np.zeros((4, 97), np.float32), "lora_embedding_A"),
        ("base_model.model.lm_head.modules_to_save.weight", np.zeros((97, 32), np.float32), "modules_to_save"),
        ("base_model.model.model.layers.0.self_attn.rotary.lora_A.weight", np.zeros((4, 32), np.float32), "rotary"),
        ("model.layers.0.self_attn.q_proj.weight", np.zeros((32, 32), np.float32), "q_proj.weight"),
        ("\x1b[2J.lora_A.weight", np.zeros((4, 32), np.float32), r"\\x1b"),
        ("../../etc/passwd.lora_A.weight", np.zeros((4, 32), np.float32), "no part"),
        (f"base_model.model.model.layers.{'9' * 400}.self_attn.q_proj.lora_A.weight", np.zeros((4, 32), np.float32), "no part"),
    ],
)
def test_a_tensor_that_cannot_be_applied_is_refused_by_its_name(folder: Path, name: str, tensor: np.ndarray | None, said: str) -> None:
    with pytest.raises(CheckpointInvalid, match=said):
        open_adapter(retold(folder, **{name: tensor}))


def test_a_pickled_adapter_is_not_opened(folder: Path) -> None:
    (folder / "adapter_model.safetensors").rename(folder / "adapter_model.bin")
    with pytest.raises(CheckpointInvalid, match="any code"):
        open_adapter(folder)


@pytest.mark.parametrize("name", ["adapter_model.bin", "lora.pth"])
def test_nor_is_one_that_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / name).write_bytes(b"\x80\x04")
    for path in (tmp_path, tmp_path / name):
        with pytest.raises(CheckpointInvalid):
            open_adapter(path)


def test_where_there_is_none_it_says_what_is_wanted(tmp_path: Path) -> None:
    for path in (tmp_path, tmp_path / "nowhere", tmp_path / "nowhere" / "deeper", Path("a\0b")):
        with pytest.raises(CheckpointInvalid):
            open_adapter(path)
    (tmp_path / "lora.gguf").write_bytes(b"GGUF")
    with pytest.raises(CheckpointInvalid, match="no adapter"):
        open_adapter(tmp_path / "lora.gguf")


def test_a_scale_is_given_where_the_file_may_not_say_it_and_only_there(folder: Path, tmp_path: Path) -> None:
    path = write_release(tmp_path / "lora.safetensors", {"layers.0.attention.wq": (32, 32)})
    assert open_adapter(path, 3.5).layers["layers.0.attention.wq"].scale == 3.5
    with pytest.raises(CheckpointInvalid, match="scale"):
        open_adapter(folder, 3.5)
    with pytest.raises(CheckpointInvalid, match="nan"):
        open_adapter(path, float("nan"))
    (tmp_path / "params.json").write_text('{"lora": {"scaling": "much"}}')
    with pytest.raises(CheckpointInvalid, match="scaling"):
        open_adapter(path)


@given(at=st.integers(0, 2000), byte=st.integers(0, 255), cut=st.integers(0, 2000))
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_damaged_file_is_refused_or_read(tmp_path: Path, at: int, byte: int, cut: int) -> None:
    folder = write_peft(tmp_path / "adapter", 1, {"v": (16, 32)})
    for name in ("adapter_model.safetensors", "adapter_config.json"):
        data = bytearray((folder / name).read_bytes())
        data[at % len(data)] = byte
        (folder / name).write_bytes(bytes(data[: len(data) - cut % 7]))
    with suppress(CheckpointInvalid):
        open_adapter(folder)
