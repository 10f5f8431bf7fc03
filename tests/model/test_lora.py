"""Adapters against PEFT: the same adapter gives the same logits, put on a model or merged into its files."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from alize.errors import CheckpointInvalid, DownloadFailed
from alize.weights.adapters import open_adapter
from alize.weights.checkpoints import open_checkpoint
from tests.adapters import write_peft, write_release

torch = pytest.importorskip("torch")
from safetensors.torch import load_file as torch_tensors  # noqa: E402
from safetensors.torch import save_file as save_torch  # noqa: E402

from alize.model.build import Model, packed_memory  # noqa: E402
from alize.model.load import load_model  # noqa: E402
from alize.model.lora import LoraLinear, adapt, linear_layers  # noqa: E402
from alize.model.merge import merge  # noqa: E402
from tests.embedding import decoder, released  # noqa: E402
from tests.model.families import FAMILIES, reference, saved  # noqa: E402
from tests.model.peft_side import by_peft, logits_in  # noqa: E402

NUMBERS = np.random.default_rng(0)
SEQUENCES: list[list[int]] = [NUMBERS.integers(0, 97, length).tolist() for length in (1, 5, 40)]
EVERY = {"r": 4, "lora_alpha": 6, "target_modules": "all-linear"}
MADE: dict[str, tuple[str, dict[str, Any]]] = {
    "every layer": ("dense", EVERY),
    "queries and keys": ("dense, head_dim of its own, tied head", {"r": 8, "lora_alpha": 4, "target_modules": ["q_proj", "k_proj"]}),
    "rsLoRA": ("dense", {**EVERY, "use_rslora": True}),
    "ranks and alphas of their own": (
        "dense, sliding window",
        {
            **EVERY,
            "rank_pattern": {"v_proj": 2, "^model.layers.1.self_attn.q_proj": 7},
            "alpha_pattern": {"layers.2.mlp.down_proj": 16, "k_proj": 1},
        },
    ),
    "experts": (
        "experts",
        {**EVERY, "target_modules": ["q_proj"], "target_parameters": ["mlp.experts.gate_up_proj", "mlp.experts.down_proj"]},
    ),
    "experts, one of their tensors": ("experts", {**EVERY, "target_modules": ["o_proj"], "target_parameters": ["mlp.experts.down_proj"]}),
    "latents": ("latent attention, grouped experts", EVERY),
    "latents, plain queries": ("latent attention, plain queries", EVERY),
    "indexer": ("indexer, unrotated layers, shared latents", {**EVERY, "target_modules": r".*language_model.*(_proj|wk|wq_b|with_mqa)"}),
    "state space": ("state space", {**EVERY, "target_modules": ["in_proj"]}),
}


def logits(model: Model, sequences: list[list[int]]) -> list[np.ndarray]:
    tokens = torch.tensor([token for each in sequences for token in each])
    lengths = [len(each) for each in sequences]
    positions = torch.cat([torch.arange(length) for length in lengths])
    with torch.no_grad():
        given = model.head(model(tokens, positions, packed_memory(model.config, lengths)))  # type: ignore[arg-type]
    return [each.numpy() for each in torch.split(given, lengths)]


def loaded(path: Path) -> Model:
    return load_model(open_checkpoint(path), torch.float64)


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return by_peft(MADE, SEQUENCES, tmp_path_factory.mktemp("peft"))


def farthest(ours: list[np.ndarray], theirs: list[np.ndarray]) -> float:
    return max(float(np.abs(one - other).max()) for one, other in zip(ours, theirs, strict=True))


@pytest.mark.slow
@pytest.mark.parametrize("made", MADE)
def test_an_adapter_of_peft_gives_the_logits_it_gives_there(made: str, folders: dict[str, Path]) -> None:
    model = loaded(folders[made] / "base")
    before = logits(model, SEQUENCES)
    adapt(model, open_adapter(folders[made] / "adapter"))
    assert farthest(logits(model, SEQUENCES), logits_in(folders[made])) < 1e-8
    assert farthest(before, logits_in(folders[made])) > 1e-3  # it does something


@pytest.mark.slow
@pytest.mark.parametrize("made", MADE)
def test_merged_it_gives_the_same_logits(made: str, folders: dict[str, Path], tmp_path: Path) -> None:
    base = wider(folders[made] / "base", tmp_path / "base")
    merge(base, open_adapter(folders[made] / "adapter"), tmp_path / "merged")
    assert farthest(logits(loaded(tmp_path / "merged"), SEQUENCES), logits_in(folders[made])) < 1e-8
    assert {path.name for path in (tmp_path / "merged").iterdir()} == {path.name for path in base.iterdir()}


def wider(folder: Path, path: Path) -> Path:
    """The same model with its weights in float64."""
    path.mkdir()
    (path / "config.json").write_bytes((folder / "config.json").read_bytes())
    tensors = load_file(folder / "model.safetensors")
    save_file({name: tensor.astype(np.float64) for name, tensor in tensors.items()}, path / "model.safetensors")
    return path


@pytest.fixture
def base(tmp_path: Path) -> Path:
    """The one family that most tests need, as transformers writes it."""
    return saved(reference(FAMILIES["dense"]), tmp_path / "base")


SHAPES = {"q": (32, 32), "v": (16, 32), "down": (32, 48)}


def renamed(folder: Path, path: Path) -> Path:
    """An adapter of PEFT as mistral-finetune would have written it: its names, and queries' rows as a release has them."""
    names = {"self_attn.q_proj": "attention.wq", "self_attn.v_proj": "attention.wv", "mlp.down_proj": "feed_forward.w2"}
    tensors: dict[str, np.ndarray] = {}
    for name, tensor in load_file(folder / "adapter_model.safetensors").items():
        rows = name.endswith("q_proj.lora_B.weight")
        moved = tensor.reshape(4, 2, 4, -1).transpose(0, 2, 1, 3).reshape(tensor.shape) if rows else tensor
        for theirs, ours in names.items():
            name = name.replace(theirs, ours)
        tensors[name.removeprefix("base_model.model.model.")] = np.ascontiguousarray(moved)
    save_file(tensors, path)
    return path


def test_an_adapter_of_mistral_s_own_tools_is_scaled_by_what_is_said_beside_it(base: Path, tmp_path: Path) -> None:
    theirs = write_peft(tmp_path / "peft", 3, SHAPES)
    ours = renamed(theirs, tmp_path / "lora.safetensors")
    wanted = {}
    for scale in (1.0, 2.0, 5.0):
        config = {"peft_type": "LORA", "r": 4, "lora_alpha": 4 * scale}
        (theirs / "adapter_config.json").write_text(json.dumps(config))
        model = loaded(base)
        adapt(model, open_adapter(theirs))
        wanted[scale] = logits(model, SEQUENCES)

    def given(scale: float | None = None) -> list[np.ndarray]:
        model = loaded(base)
        adapt(model, open_adapter(ours, scale))
        return logits(model, SEQUENCES)

    assert farthest(given(), wanted[2.0]) < 1e-8  # what mistral-finetune trains with
    assert farthest(given(1.0), wanted[1.0]) < 1e-8
    (tmp_path / "params.json").write_text(json.dumps({"dim": 32, "lora": {"rank": 4, "scaling": 5.0}}))
    assert farthest(given(), wanted[5.0]) < 1e-8


@pytest.mark.parametrize("layout", ["huggingface", "consolidated"])
@pytest.mark.parametrize("form", ["peft", "consolidated"])
def test_any_adapter_is_merged_into_any_layout(layout: str, form: str, base: Path, tiny_checkpoint: Path, tmp_path: Path) -> None:
    source = wider(base, tmp_path / "wide") if layout == "huggingface" else tiny_checkpoint
    shapes = SHAPES if layout == "huggingface" else {**SHAPES, "down": (32, 64)}
    path = write_peft(tmp_path / "peft", 3 if layout == "huggingface" else 2, shapes)
    adapter = open_adapter(path if form == "peft" else renamed(path, tmp_path / "lora.safetensors"))
    model = loaded(source)
    adapt(model, adapter)
    merge(source, adapter, tmp_path / "merged")
    limit = 1e-8 if layout == "huggingface" else 1e-4  # the other's weights are float32, and so are those merged
    assert farthest(logits(loaded(tmp_path / "merged"), SEQUENCES), logits(model, SEQUENCES)) < limit


@pytest.mark.parametrize("kind", [torch.bfloat16, torch.float16, torch.float32])
def test_merging_rounds_once_and_leaves_every_other_byte(kind: Any, tmp_path: Path) -> None:
    base = saved(reference(FAMILIES["dense"]).to(kind), tmp_path / "base")
    adapter = open_adapter(write_peft(tmp_path / "adapter", 3, {"v": (16, 32)}))
    merge(base, adapter, tmp_path / "merged")
    before, after = (torch_tensors(folder / "model.safetensors") for folder in (base, tmp_path / "merged"))
    assert before.keys() == after.keys()
    pairs = load_file(tmp_path / "adapter" / "adapter_model.safetensors")
    for name, tensor in after.items():
        wanted = before[name]
        if name.endswith("v_proj.weight"):
            stem = "base_model.model." + name.removesuffix(".weight")
            a, b = (torch.as_tensor(pairs[f"{stem}.lora_{half}.weight"]) for half in "AB")
            wanted = (wanted.float() + b @ a).to(kind)
        assert torch.equal(tensor, wanted), name


def test_what_is_merged_in_two_shards_keeps_them(tmp_path: Path) -> None:
    base = tmp_path / "base"
    reference(FAMILIES["dense"]).double().save_pretrained(base, max_shard_size="100KB")
    assert len(list(base.glob("*.safetensors"))) > 1
    adapter = open_adapter(write_peft(tmp_path / "adapter", 3, SHAPES))
    model = loaded(base)
    adapt(model, adapter)
    merge(base, adapter, tmp_path / "merged")
    assert farthest(logits(loaded(tmp_path / "merged"), SEQUENCES), logits(model, SEQUENCES)) < 1e-8


@pytest.mark.parametrize("named", ["base_model.model.model.", "base_model.model."])
def test_a_model_that_embeds_and_has_no_head_stays_one(named: str, tmp_path: Path) -> None:
    source = released(decoder().double(), tmp_path / "base")
    folder = write_peft(tmp_path / "adapter", 3, SHAPES)
    file = folder / "adapter_model.safetensors"
    save_file({name.replace("base_model.model.model.", named): tensor for name, tensor in load_file(file).items()}, file)
    adapter = open_adapter(folder)
    model = loaded(source)
    before = logits(model, SEQUENCES)
    adapt(model, adapter)
    merge(source, adapter, tmp_path / "merged")
    merged = loaded(tmp_path / "merged")
    assert merged.config.pooling == "mean"
    assert farthest(logits(merged, SEQUENCES), logits(model, SEQUENCES)) < 1e-8
    assert farthest(logits(merged, SEQUENCES), before) > 1e-3


def eight_bits(folder: Path, path: Path) -> Path:
    """The same weights as FP8, as Mistral releases them."""
    path.mkdir()
    params = json.loads((folder / "params.json").read_text())
    (path / "params.json").write_text(json.dumps({**params, "quantization": {"qformat_weight": "fp8_e4m3"}}))
    tensors = torch_tensors(folder / "consolidated.safetensors")
    for name in [name for name in tensors if name.split(".")[-2].startswith("w")]:
        tensors[name] = tensors[name].to(torch.float8_e4m3fn)
        tensors[name.removesuffix("weight") + "qscale_weight"] = torch.tensor(1.0)
    save_torch(tensors, path / "consolidated.safetensors")
    return path


def test_what_cannot_be_merged_leaves_nothing(base: Path, tiny_checkpoint: Path, smollm2: Path, tmp_path: Path) -> None:
    adapter = open_adapter(write_peft(tmp_path / "adapter", 3, SHAPES))
    out = tmp_path / "out"
    with pytest.raises(CheckpointInvalid, match="GGUF"):
        merge(smollm2, adapter, out)
    with pytest.raises(CheckpointInvalid, match=r"layers\.3"):
        merge(base, open_adapter(write_peft(tmp_path / "deeper", 4, SHAPES)), out)
    with pytest.raises(CheckpointInvalid, match="not finite"):
        merge(
            saved(reference(FAMILIES["dense"]).half(), tmp_path / "half"),
            open_adapter(write_peft(tmp_path / "far", 3, SHAPES, size=1e3)),
            out,
        )
    with pytest.raises(CheckpointInvalid, match="F8_E4M3"):
        merge(eight_bits(tiny_checkpoint, tmp_path / "eight"), open_adapter(write_peft(tmp_path / "tiny", 2, {"q": (32, 32)})), out)
    assert not list(tmp_path.glob("out*"))
    out.mkdir()
    with pytest.raises(DownloadFailed, match="already"):
        merge(base, adapter, out)


@pytest.mark.parametrize(
    ("shapes", "layers", "said"),
    [
        ({"q": (64, 32)}, 3, "q_proj.lora_B.weight"),
        ({"q": (32, 64)}, 3, "q_proj.lora_B.weight"),
        ({"v": (16, 32)}, 9, "'layers.3.attention.wv'"),
    ],
)
def test_an_adapter_of_another_model_is_refused_by_its_tensor(
    shapes: dict[str, tuple[int, int]], layers: int, said: str, base: Path, tmp_path: Path
) -> None:
    model = loaded(base)
    with pytest.raises(CheckpointInvalid, match=said):
        adapt(model, open_adapter(write_peft(tmp_path / "adapter", layers, shapes)))
    assert not any(isinstance(module, LoraLinear) for module in model.modules())


@pytest.mark.parametrize("name", ["output", "tok_embeddings", "norm", "layers.0.attention_norm", "vision_encoder.patch_conv"])
def test_what_is_no_linear_layer_of_the_decoder_is_not_adapted(name: str, base: Path, tmp_path: Path) -> None:
    with pytest.raises(CheckpointInvalid, match=f"{name}.lora_"):
        adapt(loaded(base), open_adapter(write_release(tmp_path / "lora.safetensors", {name: (32, 32)})))


def test_training_begins_with_the_model_as_it_was(base: Path) -> None:
    """B is zero; what is learnt are A and B, and nothing else has a gradient."""
    model = loaded(base)
    before = logits(model, SEQUENCES)
    layers = linear_layers(model)
    for name, layer in layers.items():
        above, _, last = name.rpartition(".")
        setattr(model.get_submodule(above), last, LoraLinear(layer, 4, 2.0))
    assert farthest(logits(model, SEQUENCES), before) == 0.0
    tokens = torch.tensor(SEQUENCES[2])
    hidden = model(tokens, torch.arange(len(tokens)), packed_memory(model.config, [len(tokens)]))  # type: ignore[arg-type]
    torch.nn.functional.cross_entropy(model.head(hidden)[:-1], tokens[1:]).backward()
    learnt = {name for name, parameter in model.named_parameters() if parameter.grad is not None}
    assert learnt == {f"{name}.{half}.weight" for name in layers for half in ("lora_A", "lora_B")}
