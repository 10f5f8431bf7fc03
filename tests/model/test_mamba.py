"""Mamba-2: its two ways to compute are one, and a release in any format gives the logits of transformers.

transformers' class is the independent side. The consolidated and GGUF files are written here from its weights by the published rules.
"""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from alize.errors import CheckpointInvalid
from alize.model.params import read_params
from alize.weights.checkpoints import open_checkpoint

torch = pytest.importorskip("torch")
from alize.model.load import load_model  # noqa: E402
from alize.model.remember import PackedStates  # noqa: E402
from alize.model.scan import advance, convolve, scan  # noqa: E402
from tests.model.agreement import compare  # noqa: E402
from tests.model.families import FAMILIES, reference, saved  # noqa: E402

LENGTHS = [1, 2, 130]  # 130 is past two chunks of the scan


def inputs(tokens: int) -> tuple[Any, ...]:
    """A state, x, dt, a, B and C of 6 heads in 2 groups, in float64."""
    torch.manual_seed(tokens)
    of = lambda *shape: torch.randn(*shape, dtype=torch.float64)  # noqa: E731
    return of(6, 3, 5), of(tokens, 6, 3), of(tokens, 6).exp(), -of(6).exp(), of(tokens, 2, 5), of(tokens, 2, 5)


@pytest.mark.parametrize("tokens", [1, 7, 8, 9, 64, 65, 200])
@pytest.mark.parametrize("chunk", [8, 64])
def test_a_prompt_in_chunks_is_the_recurrence(tokens: int, chunk: int) -> None:
    state, x, dt, a, b, c = inputs(tokens)
    read, after = scan(state, x, dt, a, b, c, chunk)
    states = state[None]
    for token in range(tokens):
        at = slice(token, token + 1)
        (expected,), states = advance(states, x[at], dt[at], a, b[at], c[at])
        assert (read[token] - expected).abs().max() < 1e-11 * expected.abs().max().clamp(min=1)
    assert (after - states[0]).abs().max() < 1e-11 * after.abs().max()


def test_a_prompt_may_be_cut_anywhere() -> None:
    state, x, dt, a, b, c = inputs(40)
    whole, after = scan(state, x, dt, a, b, c, 16)
    for cut in (1, 15, 16, 33):
        first, state_between = scan(state, x[:cut], dt[:cut], a, b[:cut], c[:cut], 16)
        second, last = scan(state_between, x[cut:], dt[cut:], a, b[cut:], c[cut:], 16)
        assert (torch.cat([first, second]) - whole).abs().max() < 1e-10
        assert (last - after).abs().max() < 1e-10


def test_states_that_fade_at_once_stay_finite() -> None:
    state, x, dt, a, b, c = inputs(100)
    read, after = scan(state.float(), x.float(), dt.float() * 1e4, a.float() * 1e4, b.float(), c.float())
    assert read.isfinite().all()
    assert after.isfinite().all()


def test_a_convolution_sees_the_last_tokens_and_leaves_them_to_the_next() -> None:
    weight, bias = torch.tensor([[1.0, 10.0, 100.0]]), torch.zeros(1)
    first, tail = convolve(torch.zeros(2, 1), torch.tensor([[5.0], [6.0]]), weight, bias)
    second, tail = convolve(tail, torch.tensor([[7.0], [8.0]]), weight, bias)
    assert torch.cat([first, second]).flatten().tolist() == pytest.approx([500, 650, 765, 876])
    assert tail.flatten().tolist() == [7, 8]


# ── the formats of a release ──


def as_huggingface(model: Any, folder: Path) -> Path:
    return saved(model, folder)


def as_consolidated(model: Any, folder: Path, prefix: str = "model.", **changes: Any) -> Path:
    """As Mistral released Codestral Mamba, with its sizes where they are not those that params.json leaves out."""
    from safetensors.numpy import save_file

    config = model.config
    arrays = {prefix + name.replace("embeddings", "embedding"): array.numpy() for name, array in model.state_dict().items()}
    if config.tie_word_embeddings:
        del arrays[prefix + "lm_head.weight"]
    save_file(arrays, folder / "consolidated.safetensors")
    params = {
        "dim": config.hidden_size,
        "n_layers": config.num_hidden_layers,
        "vocab_size": config.vocab_size,
        "n_groups": config.n_groups,
        "rms_norm": True,
        "residual_in_fp32": True,
        "fused_add_norm": True,
        "pad_vocab_size_multiple": 1,
        "tie_embeddings": config.tie_word_embeddings,
        "model_type": "mamba",
        "state_size": config.state_size,
        "conv_kernel": config.conv_kernel,
        "head_dim": config.head_dim,
    }
    (folder / "params.json").write_text(json.dumps(params | changes))
    return folder


def without_prefix(model: Any, folder: Path) -> Path:
    return as_consolidated(model, folder, "")


GGUF_NAMES = {
    "norm.weight": "attn_norm.weight",
    "mixer.in_proj.weight": "ssm_in.weight",
    "mixer.conv1d.weight": "ssm_conv1d.weight",
    "mixer.conv1d.bias": "ssm_conv1d.bias",
    "mixer.dt_bias": "ssm_dt.bias",
    "mixer.A_log": "ssm_a",
    "mixer.D": "ssm_d",
    "mixer.norm.weight": "ssm_norm.weight",
    "mixer.out_proj.weight": "ssm_out.weight",
    "backbone.embeddings.weight": "token_embd.weight",
    "backbone.norm_f.weight": "output_norm.weight",
    "lm_head.weight": "output.weight",
}


def as_gguf(model: Any, folder: Path, **changes: np.ndarray) -> Path:
    import gguf

    config, path = model.config, folder / "model.gguf"
    writer = gguf.GGUFWriter(path, "mamba2")
    writer.add_context_length(2**20)
    writer.add_embedding_length(config.hidden_size)
    writer.add_feed_forward_length(0)
    writer.add_head_count(0)
    writer.add_block_count(config.num_hidden_layers)
    writer.add_ssm_conv_kernel(config.conv_kernel)
    writer.add_ssm_inner_size(config.num_heads * config.head_dim)
    writer.add_ssm_state_size(config.state_size)
    writer.add_ssm_time_step_rank(config.num_heads)
    writer.add_ssm_group_count(config.n_groups)
    writer.add_layer_norm_rms_eps(config.layer_norm_epsilon)
    for name, tensor in model.state_dict().items():
        array = tensor.numpy().copy()
        outer = name in GGUF_NAMES
        if name == "lm_head.weight" and config.tie_word_embeddings:
            continue
        layer, part = ("", name) if outer else name.removeprefix("backbone.layers.").split(".", 1)
        if part == "mixer.A_log":
            array = -np.exp(array)
        if part in ("mixer.A_log", "mixer.D"):
            array = array[:, None]
        if part == "mixer.norm.weight":
            array = array.reshape(config.n_groups, -1)
        if part == "mixer.conv1d.weight":
            array = array[:, 0]
        writer.add_tensor(GGUF_NAMES[part] if outer else f"blk.{layer}.{GGUF_NAMES[part]}", changes.get(part.split(".")[-1], array))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


FORMATS: dict[str, Callable[..., Path]] = {
    "huggingface": as_huggingface,
    "consolidated": as_consolidated,
    "consolidated, plain names": without_prefix,
    "gguf": as_gguf,
}


def rounded(model: Any) -> Any:
    """With the decays that its GGUF has, which a float32 rounds: only then can float64 be compared."""
    decays = {name: np.exp(tensor.numpy()) for name, tensor in model.state_dict().items() if name.endswith("A_log")}
    model.double()
    with torch.no_grad():
        for name, decay in decays.items():
            model.get_parameter(name).copy_(torch.tensor(decay).double().log())
    return model


@pytest.mark.parametrize("layout", FORMATS)
@pytest.mark.parametrize("family", [name for name in FAMILIES if name.startswith("state space")])
@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-8), ("float32", 1e-4)])
def test_logits_are_those_of_transformers(layout: str, family: str, dtype: str, tolerance: float, tmp_path: Path) -> None:
    theirs = reference(FAMILIES[family])
    path = FORMATS[layout](theirs, tmp_path)
    compare(rounded(theirs) if layout == "gguf" else theirs, path, dtype, tolerance, LENGTHS)


def test_the_state_reaches_far_back(tmp_path: Path) -> None:
    """Otherwise the comparison would say nothing of it: 100 tokens later the first one still changes the logits."""
    ours = load_model(open_checkpoint(saved(reference(FAMILIES["state space"]), tmp_path)), torch.float64)
    tokens = torch.arange(100) % 97
    changed = tokens.clone()
    changed[0] = 50
    with torch.no_grad():
        one, other = (ours.head(ours(ids, torch.arange(100), PackedStates([100])))[-1] for ids in (tokens, changed))
    assert (one - other).abs().max() > 1e-4


def test_the_configuration_says_what_the_file_says(tmp_path: Path) -> None:
    model = reference(FAMILIES["state space, one group, tied head"])
    configs = []
    for name in ("huggingface", "consolidated", "gguf"):
        (tmp_path / name).mkdir()
        configs.append(read_params({**open_checkpoint(FORMATS[name](model, tmp_path / name)).params, "max_position_embeddings": 9}))
    assert configs[0] == configs[1] == configs[2]
    space = configs[0].state_space
    assert space is not None
    assert (space.heads, space.head_dim, space.groups, space.state, space.conv, configs[0].tied) == (8, 8, 1, 6, 3, True)


def test_a_vocabulary_is_as_wide_as_the_embeddings_were_made(tmp_path: Path) -> None:
    model = reference(FAMILIES["state space"], vocab_size=96)
    params = open_checkpoint(as_consolidated(model, tmp_path, vocab_size=91, pad_vocab_size_multiple=32)).params
    assert params["vocab_size"] == 96


RELEASE = {"dim": 4096, "n_layers": 64, "vocab_size": 32768, "n_groups": 8, "model_type": "mamba", "max_position_embeddings": 262144}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"dim": 0}, "dim"),
        ({"n_groups": 0}, "groups"),
        ({"n_groups": 3}, "128 heads of a state space cannot be in 3"),
        ({"n_groups": None}, "n_groups"),
        ({"rms_norm": False}, "rms_norm"),
        ({"head_dim": 0}, "head_dim"),
        ({"head_dim": 7}, "head_dim = 7"),
        ({"state_size": 0}, "state"),
        ({"conv_kernel": 0}, "conv"),
        ({"expand": 0}, "heads"),
        ({"n_layers": -1}, "n_layers"),
        ({"sliding_window": 24}, r"a sliding window \('sliding_window'\) beside a state space"),
        ({"moe": {"num_experts": 4, "num_experts_per_tok": 2}}, r"experts \('moe'\) beside a state space"),
        ({"vision_encoder": {"hidden_size": 16}}, r"an image encoder \('vision_encoder'\) beside a state space"),
    ],
)
def test_a_configuration_that_cannot_be_run_is_refused_by_name(change: dict[str, Any], says: str) -> None:
    with pytest.raises(CheckpointInvalid, match=says):
        read_params({**RELEASE, **change})


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"use_bias": True}, "use_bias"),
        ({"use_conv_bias": False}, "use_conv_bias"),
        ({"hidden_act": "gelu"}, "hidden_act"),
        ({"time_step_limit": [0.0, 0.1]}, "time_step_limit"),
        ({"num_heads": 9}, "num_heads"),
        ({"state_size": "6"}, "state_size"),
        ({"sliding_window": 24}, "sliding_window"),
        ({"num_local_experts": 4}, "num_local_experts"),
        ({"vision_config": {}}, "vision_config"),
    ],
)
def test_a_config_json_that_cannot_be_run_is_refused_by_name(change: dict[str, Any], says: str, tmp_path: Path) -> None:
    saved(reference(FAMILIES["state space"]), tmp_path)
    config = json.loads((tmp_path / "config.json").read_text())
    (tmp_path / "config.json").write_text(json.dumps(config | change))
    with pytest.raises(CheckpointInvalid, match=says):
        open_checkpoint(tmp_path)


def test_weights_of_another_shape_are_refused_by_name(tmp_path: Path) -> None:
    path = as_consolidated(reference(FAMILIES["state space"]), tmp_path, conv_kernel=5)
    with pytest.raises(CheckpointInvalid, match=r"layers\.0\.mixer\.conv1d\.weight"):
        load_model(open_checkpoint(path))


def test_a_decay_that_would_grow_is_refused_by_name(tmp_path: Path) -> None:
    path = as_gguf(reference(FAMILIES["state space"]), tmp_path, A_log=np.ones((8, 1), np.float32))
    with pytest.raises(CheckpointInvalid, match=r"layers\.0\.mixer\.A_log"):
        load_model(open_checkpoint(path))


def test_a_tensor_of_another_architecture_is_refused_by_name(tmp_path: Path) -> None:
    from safetensors.numpy import load_file, save_file

    file = as_consolidated(reference(FAMILIES["state space"]), tmp_path) / "consolidated.safetensors"
    save_file({**load_file(file), "backbone.layers.0.mixer.in_proj.bias": np.zeros(8, "f4")}, file)
    with pytest.raises(CheckpointInvalid, match=r"in_proj\.bias"):
        open_checkpoint(tmp_path)
