"""FP8 and its scales, as Mistral, transformers and compressed-tensors lay them out."""

import doctest
import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from safetensors.torch import load_file, save_file  # noqa: E402

from alize.errors import CheckpointInvalid  # noqa: E402
from alize.model.load import load_model  # noqa: E402
from alize.weights.checkpoints import open_checkpoint, scaled  # noqa: E402
from alize.weights.checkpoints.dequantize import dequantize  # noqa: E402
from tests.model.families import FAMILIES, reference, saved  # noqa: E402

with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    from transformers.integrations.finegrained_fp8 import Fp8Dequantize

CONFIG: dict[str, Any] = {"quant_method": "fp8", "activation_scheme": "static", "weight_block_size": None}
BLOCK = 16


def test_the_examples_hold() -> None:
    assert doctest.testmod(scaled).failed == 0


def test_every_byte_is_the_number_that_pytorch_reads() -> None:
    octets = np.arange(256, dtype=np.uint8)
    theirs = torch.tensor(octets).view(torch.float8_e4m3fn).float().numpy()
    assert np.array_equal(dequantize("F8_E4M3", octets, (256,)), theirs, equal_nan=True)


def narrowed(weight: Any, how: str) -> tuple[Any, Any]:
    """FP8, and what it is to be multiplied by."""
    if how == "blocks":
        *stack, rows, width = weight.shape
        grid = weight.reshape(*stack, rows // BLOCK, BLOCK, width // BLOCK, BLOCK)
        scale = grid.abs().amax(dim=(-3, -1)) / 448
        whole = scale.repeat_interleave(BLOCK, -2).repeat_interleave(BLOCK, -1)
        return (weight / whole).to(torch.float8_e4m3fn), scale
    axes = (-1,) if how == "rows" else (-2, -1)
    scale = weight.abs().amax(dim=axes, keepdim=True) / 448
    return (weight / scale).to(torch.float8_e4m3fn), scale if how == "rows" or weight.ndim == 3 else scale.reshape(())


def rewritten(folder: Path, how: str, names: Callable[[str], tuple[str, str]], config: dict[str, Any]) -> dict[str, Any]:
    """The release in FP8, in place. Returns what transformers' own rule makes of each matrix."""
    file = folder / "model.safetensors"
    tensors, values = load_file(file), dict[str, Any]()
    for name, tensor in list(tensors.items()):
        if name.endswith(("_proj.weight", "_proj", ".w1.weight", ".w2.weight", ".w3.weight")):
            tensors[name], scale = narrowed(tensor, how)
            weights, activations = names(name)
            tensors[weights], tensors[activations] = scale.clone(), torch.tensor(0.5)
            values[name] = Fp8Dequantize(None)._dequantize_one(tensors[name], scale, torch.float32)
    save_file(tensors, file, metadata={"format": "pt"})
    said = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**said, "quantization_config": config}))
    return values


def transformers_names(name: str) -> tuple[str, str]:
    if name.endswith(".weight"):
        return f"{name}_scale_inv", f"{name.removesuffix('weight')}activation_scale"
    return f"{name}_scale_inv", f"{name}_activation_scale"


def vllm_names(name: str) -> tuple[str, str]:
    return f"{name}_scale", f"{name.removesuffix('weight')}input_scale"


BLOCKS = {**CONFIG, "weight_block_size": [BLOCK, BLOCK]}
COMPRESSED = {
    "quant_method": "compressed-tensors",
    "format": "float-quantized",
    "config_groups": {"group_0": {"weights": {"num_bits": 8, "type": "float", "strategy": "channel"}, "targets": ["Linear"]}},
}
WAYS = {
    "one scale": ("whole", transformers_names, CONFIG),
    "blocks": ("blocks", transformers_names, BLOCKS),
    "rows": ("rows", vllm_names, COMPRESSED),
}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("family", ["dense", "experts", "latent attention, grouped experts"])
def test_fp8_loads_as_transformers_reads_it(family: str, way: str, tmp_path: Path) -> None:
    how, names, config = WAYS[way]
    if way == "rows" and family != "dense":
        pytest.skip("nobody writes a stack of experts with scales of rows")
    whole_blocks = {"q_lora_rank": 32, "qk_rope_head_dim": 16, "v_head_dim": 12, "moe_intermediate_size": 32}
    model = reference(FAMILIES[family], **(whole_blocks if "latent" in family else {}))
    folder = saved(model, tmp_path / "release")
    values = rewritten(folder, how, names, config)
    plain = load_file(folder / "model.safetensors")
    for name in list(plain):
        if name in values:
            plain[name] = values[name]
        elif name.endswith(("_scale", "_scale_inv")):
            del plain[name]
    expected = tmp_path / "expected"
    expected.mkdir()
    save_file(plain, expected / "model.safetensors", metadata={"format": "pt"})
    said = json.loads((folder / "config.json").read_text())
    (expected / "config.json").write_text(json.dumps({key: value for key, value in said.items() if key != "quantization_config"}))
    ours, theirs = (load_model(open_checkpoint(path)).state_dict() for path in (folder, expected))
    assert ours.keys() == theirs.keys()
    for name, tensor in theirs.items():
        assert torch.equal(ours[name], tensor), name


def consolidated(folder: Path, **changes: Any) -> Path:
    """One layer as Mistral lays Ministral 3 out."""
    folder.mkdir(exist_ok=True)
    torch.manual_seed(3)
    shapes = {f"layers.0.attention.{name}": (32, 32) for name in ("wq", "wk", "wv", "wo")}
    shapes |= {"layers.0.feed_forward.w1": (48, 32), "layers.0.feed_forward.w3": (48, 32), "layers.0.feed_forward.w2": (32, 48)}
    tensors: dict[str, Any] = {"tok_embeddings.weight": torch.randn(50, 32, dtype=torch.bfloat16)}
    for name in ("norm", "layers.0.attention_norm", "layers.0.ffn_norm"):
        tensors[f"{name}.weight"] = torch.randn(32).bfloat16()
    for name, shape in shapes.items():
        tensors[f"{name}.weight"], scale = narrowed(torch.randn(shape) * 0.25, "whole")
        tensors[f"{name}.qscale_weight"], tensors[f"{name}.qscale_act"] = scale.bfloat16(), torch.tensor(2.0)
    for name, tensor in changes.get("tensors", {}).items():
        if tensor is None:
            del tensors[name]
        else:
            tensors[name] = tensor
    save_file(tensors, folder / "consolidated.safetensors")
    quantization = changes.get("quantization", {"qformat_weight": "fp8_e4m3", "qscheme_act": "TENSOR"})
    shape = {"dim": 32, "n_layers": 1, "n_heads": 4, "n_kv_heads": 4, "head_dim": 8, "hidden_dim": 48, "tied_embeddings": True}
    (folder / "params.json").write_text(json.dumps({**shape, "quantization": quantization}))
    return folder


def test_mistral_s_own_layout_is_read_and_scales_of_activations_are_left_out(tmp_path: Path) -> None:
    folder = consolidated(tmp_path / "release")
    raw = load_file(folder / "consolidated.safetensors")
    model = load_model(open_checkpoint(folder)).state_dict()
    for name, weight in model.items():
        scale = raw.get(name.removesuffix("weight") + "qscale_weight", torch.tensor(1.0)).float()
        assert torch.equal(weight, raw[name].float() * scale), name


W1 = "layers.0.feed_forward.w1"
MISTAKES: dict[str, tuple[dict[str, Any], str]] = {
    "no scale": ({"tensors": {f"{W1}.qscale_weight": None}}, f"'{W1}.weight' is FP8 and has no scale"),
    "two scales": ({"tensors": {f"{W1}.weight_scale": torch.tensor(1.0)}}, f"'{W1}.weight' has two scales"),
    "a scale of no weight": ({"tensors": {"layers.0.ffn.qscale_weight": torch.tensor(1.0)}}, "layers.0.ffn.qscale_weight"),
    "a scale of what is not FP8": ({"tensors": {"tok_embeddings.qscale_weight": torch.tensor(1.0)}}, "tok_embeddings.qscale_weight"),
    "a scale of another shape": ({"tensors": {f"{W1}.qscale_weight": torch.ones(7)}}, rf"'{W1}.qscale_weight' of shape \[7\] does not fit"),
    "an odd grid": ({"tensors": {f"{W1}.qscale_weight": torch.ones(5, 2)}}, "has no factor for each block"),
    "an empty scale": ({"tensors": {f"{W1}.qscale_weight": torch.ones(0)}}, "does not fit"),
    "whole numbers as scales": ({"tensors": {f"{W1}.qscale_weight": torch.tensor(1)}}, "stored as I64"),
    "a vector in FP8": (
        {"tensors": {"norm.weight": torch.ones(32).to(torch.float8_e4m3fn), "norm.qscale_weight": torch.ones(1)}},
        "no matrix",
    ),
    "another format": ({"quantization": {"qformat_weight": "int4"}}, "qformat_weight 'int4'"),
    "no object": ({"quantization": "fp8"}, "'quantization' is 'fp8', not an object"),
    "NVFP4": ({"quantization": {"quant_method": "compressed-tensors", "format": "nvfp4-pack-quantized"}}, "nvfp4-pack-quantized"),
    "AWQ": ({"quantization": {"quant_method": "awq"}}, "'awq'"),
    "GPTQ": ({"quantization": {"quant_method": "gptq"}}, "'gptq'"),
    "FP4 experts": ({"quantization": {"quant_method": "fp8", "expert_dtype": "fp4"}}, "expert_dtype 'fp4'"),
    "blocks of a word": ({"quantization": {"quant_method": "fp8", "weight_block_size": "128"}}, "weight_block_size"),
    "blocks of nothing": ({"quantization": {"quant_method": "fp8", "weight_block_size": [0, 128]}}, "weight_block_size"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_what_cannot_be_read_is_refused_by_name(mistake: str, tmp_path: Path) -> None:
    changes, says = MISTAKES[mistake]
    with pytest.raises(CheckpointInvalid, match=says) as raised:
        open_checkpoint(consolidated(tmp_path / "release", **changes))
    assert raised.value.remedy


@pytest.mark.parametrize("hidden", [24, 40])
def test_a_scale_that_two_projections_share_is_refused(hidden: int, tmp_path: Path) -> None:
    """Blocks of 16 rows: the rows of one projection end within one, and the other's begin there."""
    folder = saved(reference(FAMILIES["latent attention, grouped experts"], moe_intermediate_size=hidden), tmp_path / "release")
    file = folder / "model.safetensors"
    tensors = load_file(file)
    stacks = [name for name in tensors if name.endswith("gate_up_proj")]
    assert stacks
    for name in stacks:
        experts, rows, width = tensors[name].shape
        tensors[name] = tensors[name].to(torch.float8_e4m3fn)
        tensors[f"{name}_scale_inv"] = torch.ones(experts, rows // BLOCK, width // BLOCK)
    save_file(tensors, file, metadata={"format": "pt"})
    said = json.loads((folder / "config.json").read_text())
    (folder / "config.json").write_text(json.dumps({**said, "quantization_config": BLOCKS}))
    with pytest.raises(CheckpointInvalid, match=r"rows of two projections"):
        open_checkpoint(folder)
