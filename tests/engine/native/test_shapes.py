"""Files whose tensors are not what their configuration says: the core takes sizes from that, so these end before it sees them."""

from collections.abc import Callable, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import gguf
import numpy as np
import pytest

from alize.engine.build import EngineConfig, build_core
from alize.errors import CheckpointInvalid
from tests.engine.native.files import DIM, HEAD, HEADS, HIDDEN, KV_HEADS, VOCAB, Experts, write_gguf

Tensors = dict[str, tuple[int, ...]]


def renamed(path: Path, into: Path, change: Callable[[Tensors], Any], layers: int = 3, says: Mapping[str, int] | None = None) -> Path:
    """The same model with tensors of other shapes, filled anew; one that is not there before is added. `says`: other numbers of experts."""
    reader = gguf.GGUFReader(path)
    shapes: Tensors = {tensor.name: tuple(int(size) for size in reversed(tensor.shape)) for tensor in reader.tensors}
    change(shapes)
    writer = gguf.GGUFWriter(into, "llama")
    for name, add in (
        ("context_length", writer.add_context_length),
        ("embedding_length", writer.add_embedding_length),
        ("feed_forward_length", writer.add_feed_forward_length),
        ("attention.head_count", writer.add_head_count),
        ("attention.head_count_kv", writer.add_head_count_kv),
        ("attention.key_length", writer.add_key_length),
        ("attention.value_length", writer.add_value_length),
        ("rope.dimension_count", writer.add_rope_dimension_count),
        ("vocab_size", writer.add_vocab_size),
    ):
        add(int(reader.fields[f"llama.{name}"].parts[-1][0]))
    writer.add_block_count(layers)
    writer.add_layer_norm_rms_eps(1e-5)
    for name in ("expert_count", "expert_used_count", "expert_feed_forward_length"):
        if field := reader.fields.get(f"llama.{name}"):
            writer.add_uint32(f"llama.{name}", (says or {}).get(name, int(field.parts[-1][0])))
    for name, shape in shapes.items():
        values = np.ones(shape, np.float32)
        if len(shape) > 1 and "ffn_gate_inp" not in name:
            writer.add_tensor(name, gguf.quantize(values, gguf.GGMLQuantizationType.Q8_0), raw_dtype=gguf.GGMLQuantizationType.Q8_0)
        else:
            writer.add_tensor(name, values)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return into


WRONG: dict[str, Callable[[Tensors], Any]] = {
    "a wider table of embeddings": lambda t: t.update({"token_embd.weight": (VOCAB, 4096)}),
    "narrower keys": lambda t: t.update({"blk.0.attn_k.weight": (KV_HEADS * HEAD, DIM - 32)}),
    "fewer queries": lambda t: t.update({"blk.1.attn_q.weight": (HEADS * HEAD - 64, DIM)}),
    "a shorter gate": lambda t: t.update({"blk.0.ffn_gate.weight": (HIDDEN - 32, DIM)}),
    "a gate that is no whole number of lines": lambda t: t.update({"blk.0.ffn_gate.weight": (HIDDEN - 1, DIM)}),
    "a shorter output of attention": lambda t: t.update({"blk.2.attn_output.weight": (DIM - 32, HEADS * HEAD)}),
    "a wider product back": lambda t: t.update({"blk.0.ffn_down.weight": (DIM, HIDDEN + 32)}),
    "a head of fewer tokens": lambda t: t.update({"output.weight": (VOCAB - 1, DIM)}),
    "a short norm": lambda t: t.update({"blk.0.attn_norm.weight": (4,)}),
    "no keys": lambda t: t.pop("blk.1.attn_k.weight"),
    "a norm of queries that the configuration does not have": lambda t: t.update({"blk.0.attn_q_norm.weight": (HEAD,)}),
}


@pytest.mark.parametrize("runner", ["auto", "native"])
@pytest.mark.parametrize("what", WRONG)
def test_a_file_that_disagrees_with_its_configuration_is_refused_naming_the_tensor(tmp_path: Path, what: str, runner: str) -> None:
    path = renamed(write_gguf(tmp_path / "right.gguf"), tmp_path / "wrong.gguf", WRONG[what])
    with pytest.raises(CheckpointInvalid) as refused:
        build_core(EngineConfig(str(path), runner=runner, threads=1, cache_bytes=1 << 20))
    assert "wrong.gguf" in refused.value.message
    assert "'" in refused.value.message or "norm" in refused.value.message


def test_a_file_of_fewer_layers_than_it_says_is_refused(tmp_path: Path) -> None:
    for layers in (4, 2, 10**6):
        path = renamed(write_gguf(tmp_path / "right.gguf"), tmp_path / f"{layers}.gguf", lambda t: None, layers)
        with pytest.raises(CheckpointInvalid):
            build_core(EngineConfig(str(path), runner="native", threads=1, cache_bytes=1 << 20))


def test_what_is_as_it_says_runs(tmp_path: Path) -> None:
    path = renamed(write_gguf(tmp_path / "right.gguf"), tmp_path / "same.gguf", lambda t: None)
    core = build_core(EngineConfig(str(path), runner="native", threads=1, cache_bytes=1 << 20))
    with closing(core.runner):
        assert core.info.runner.startswith("native-")


EXPERTS = Experts(count=6, active=2)
WRONG_EXPERTS: dict[str, Callable[[Tensors], Any]] = {
    "a stack of fewer experts": lambda t: t.update({"blk.1.ffn_up_exps.weight": (5, HIDDEN, DIM)}),
    "a stack of more experts": lambda t: t.update({"blk.1.ffn_up_exps.weight": (7, HIDDEN, DIM)}),
    "experts of a shorter gate": lambda t: t.update({"blk.0.ffn_gate_exps.weight": (6, HIDDEN - 32, DIM)}),
    "experts of narrower rows": lambda t: t.update({"blk.0.ffn_gate_exps.weight": (6, HIDDEN, DIM - 32)}),
    "a wider product back": lambda t: t.update({"blk.2.ffn_down_exps.weight": (6, DIM, HIDDEN + 32)}),
    "a stack that is a matrix": lambda t: t.update({"blk.0.ffn_down_exps.weight": (6 * DIM, HIDDEN)}),
    "a stack of none": lambda t: t.update({"blk.0.ffn_down_exps.weight": (0, DIM, HIDDEN)}),
    "a router of fewer experts": lambda t: t.update({"blk.0.ffn_gate_inp.weight": (5, DIM)}),
    "a router of more experts": lambda t: t.update({"blk.0.ffn_gate_inp.weight": (16, DIM)}),
    "a router of wider rows": lambda t: t.update({"blk.0.ffn_gate_inp.weight": (6, DIM + 32)}),
    "a router of one row": lambda t: t.update({"blk.0.ffn_gate_inp.weight": (DIM,)}),
    "no router": lambda t: t.pop("blk.1.ffn_gate_inp.weight"),
    "no experts in one layer": lambda t: t.pop("blk.1.ffn_down_exps.weight"),
    "a dense layer beside them": lambda t: t.update({"blk.1.ffn_down.weight": (DIM, HIDDEN)}),
    "an expert that every token goes through": lambda t: t.update({"blk.1.ffn_down_shexp.weight": (DIM, HIDDEN)}),
}


@pytest.mark.parametrize("what", WRONG_EXPERTS)
def test_experts_that_disagree_with_their_configuration_are_refused(tmp_path: Path, what: str) -> None:
    path = renamed(write_gguf(tmp_path / "right.gguf", experts=EXPERTS), tmp_path / "wrong.gguf", WRONG_EXPERTS[what])
    with pytest.raises(CheckpointInvalid, match=r"wrong\.gguf"):
        build_core(EngineConfig(str(path), runner="native", threads=1, cache_bytes=1 << 20))


@pytest.mark.parametrize(
    "says",
    [
        {"expert_used_count": 7},
        {"expert_used_count": 0},
        {"expert_used_count": 2**31 - 1},
        {"expert_count": 5},
        {"expert_count": 7},
        {"expert_count": 2**31 - 1},
        {"expert_count": 2**32 - 1, "expert_used_count": 2**32 - 1},
        {"expert_count": 0, "expert_used_count": 0},
        {"expert_feed_forward_length": HIDDEN + 32},
        {"expert_feed_forward_length": 2**31},
        {"expert_feed_forward_length": 0},
    ],
)
def test_numbers_of_experts_that_the_file_does_not_have_are_refused(tmp_path: Path, says: dict[str, int]) -> None:
    path = renamed(write_gguf(tmp_path / "right.gguf", experts=EXPERTS), tmp_path / "wrong.gguf", lambda t: None, says=says)
    with pytest.raises(CheckpointInvalid):
        build_core(EngineConfig(str(path), runner="native", threads=1, cache_bytes=1 << 20))


def test_experts_that_are_as_they_say_run(tmp_path: Path) -> None:
    path = renamed(write_gguf(tmp_path / "right.gguf", experts=EXPERTS), tmp_path / "same.gguf", lambda t: None)
    core = build_core(EngineConfig(str(path), runner="native", threads=1, cache_bytes=1 << 20))
    with closing(core.runner):
        assert core.info.runner.startswith("native-")
