"""Every form of every family: what is written says the same, to us, to transformers, and to the programs of others."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from alize.convert.fewer_bits import quantize  # noqa: E402
from alize.convert.release import Order, convert  # noqa: E402
from alize.errors import CheckpointInvalid, ConversionFailed  # noqa: E402
from alize.model.build import packed_memory  # noqa: E402
from alize.model.load import load_model  # noqa: E402
from alize.weights.checkpoints import open_checkpoint  # noqa: E402
from alize.weights.checkpoints.clip_names import to_clip  # noqa: E402
from alize.weights.checkpoints.gguf_file import read_gguf  # noqa: E402
from alize.weights.checkpoints.gguf_write import write_gguf  # noqa: E402
from alize.weights.checkpoints.writing import new_tensor  # noqa: E402
from tests.model.families import FAMILIES, HEARING, SEEING, exact, reference, saved  # noqa: E402

GOES = {
    "dense": ("consolidated", "gguf"),
    "dense, sliding window": ("consolidated", "gguf"),
    "dense, head_dim of its own, tied head": ("consolidated", "gguf"),
    "experts": ("consolidated", "gguf"),
    "interleaved windows": ("consolidated",),
    "YaRN and temperature": ("consolidated", "gguf"),
    "YaRN with its own magnitude": ("consolidated", "gguf"),
    "latent attention, grouped experts": ("consolidated", "gguf"),
    "latent attention, plain queries": ("consolidated", "gguf"),
}
PAIRS = [(family, form) for family, forms in GOES.items() for form in forms]


def place(folder: Path, form: str) -> Path:
    return folder / ("model.gguf" if form == "gguf" else form)


def logits(path: Path, dtype: Any) -> Any:
    checkpoint = open_checkpoint(path)
    model = load_model(checkpoint, dtype)
    checkpoint.close()
    tokens = torch.tensor(np.random.default_rng(0).integers(0, 97, 40))
    with torch.no_grad():
        return model.head(model(tokens, torch.arange(40), packed_memory(model.config, [40])))


def arrays(path: Path) -> dict[str, Any]:
    checkpoint = open_checkpoint(path)
    try:
        return {name: np.array(checkpoint.array(name)) for name in checkpoint}
    finally:
        checkpoint.close()


@pytest.mark.parametrize(("family", "form"), PAIRS)
def test_logits_stay_what_they_were(family: str, form: str, tmp_path: Path) -> None:
    source = saved(reference(FAMILIES[family]), tmp_path / "theirs")
    target = place(tmp_path, form)
    convert(source, target, Order(form))
    assert (logits(source, torch.float64) - logits(target, torch.float64)).abs().max() < 1e-12


def loaded(folder: Path) -> Any:
    import transformers

    (name,) = json.loads((folder / "config.json").read_text())["architectures"]
    return getattr(transformers, name).from_pretrained(folder, dtype=torch.float64, experts_implementation="eager").eval()


@pytest.mark.parametrize(("family", "form"), PAIRS)
def test_there_and_back_is_the_same_file_for_transformers(family: str, form: str, tmp_path: Path) -> None:
    from safetensors.torch import load_file

    source = saved(reference(FAMILIES[family]).to(torch.bfloat16), tmp_path / "theirs")
    convert(source, place(tmp_path, form), Order(form))
    back = tmp_path / "back"
    convert(place(tmp_path, form), back, Order("huggingface"))
    before, after = arrays(source), arrays(back)
    assert before.keys() == after.keys()
    assert all(np.array_equal(before[name], after[name]) for name in before)
    kinds = {tensor.dtype for tensor in load_file(back / "model.safetensors").values()}
    assert kinds == {torch.bfloat16}
    one, other = (loaded(folder) for folder in (source, back))
    tokens = torch.tensor(np.random.default_rng(0).integers(0, 97, (1, 40)))
    with exact(one, torch.float64), exact(other, torch.float64):
        assert (one(tokens).logits - other(tokens).logits).abs().max() < 1e-12


@pytest.mark.slow
@pytest.mark.parametrize("family", ["dense", "dense, head_dim of its own, tied head", "dense, sliding window", "experts"])
def test_a_gguf_is_the_one_that_llama_cpp_s_converter_writes(family: str, tmp_path: Path) -> None:
    from alize.weights.checkpoints.gguf_file import read_gguf
    from tests.model.converter import as_gguf

    source = saved(reference(FAMILIES[family]), tmp_path / "theirs")
    convert(source, tmp_path / "ours.gguf", Order("gguf"))
    ours, theirs = read_gguf(tmp_path / "ours.gguf"), read_gguf(as_gguf(source, tmp_path / "theirs.gguf"))
    assert ours.tensors.keys() == theirs.tensors.keys()
    for name, tensor in theirs.tensors.items():
        assert (ours.tensors[name].kind, ours.tensors[name].shape) == (tensor.kind, tensor.shape), name
        assert np.array_equal(ours.tensors[name].data, tensor.data), name
    named = {key: value for key, value in theirs.metadata.items() if not key.startswith("general.")}
    assert {key: value for key, value in named.items() if ours.metadata.get(key) != value} == {}


@pytest.mark.parametrize(
    ("family", "form"),
    [
        *((family, form) for family in ("indexer, unrotated layers, shared latents", "state space") for form in ("consolidated", "gguf")),
        ("Pixtral", "consolidated"),
        ("Pixtral", "huggingface"),
    ],
)
def test_a_family_that_has_no_such_form_is_refused_by_name(family: str, form: str, tmp_path: Path) -> None:
    source = saved(reference({**FAMILIES, **SEEING}[family]), tmp_path / "theirs")
    with pytest.raises(ConversionFailed, match=r"A model with (an indexer|a state space|eyes) cannot be written"):
        convert(source, place(tmp_path, form), Order(form))
    assert [path.name for path in tmp_path.iterdir()] == ["theirs"]


@pytest.mark.parametrize("family", ["Pixtral, silu, no bias", "merged patches, YaRN", "merged patches, latent attention", "Voxtral"])
@pytest.mark.parametrize("order", [Order("gguf"), Order("gguf", "float16"), Order("gguf", "bfloat16")])
def test_what_sees_or_hears_is_written_beside_a_gguf(family: str, order: Order, tmp_path: Path) -> None:
    source = saved(reference({**SEEING, **HEARING}[family]), tmp_path / "theirs")
    convert(source, tmp_path / "out" / "model.gguf", order)
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"model.gguf", "mmproj-model.gguf"}
    before, after = ({name: values for name, values in arrays(path).items() if to_clip(name)} for path in (source, tmp_path / "out"))
    assert before.keys() == after.keys()
    assert len(before) > 20
    off = {None: 0.0, "float16": 1e-3, "bfloat16": 1e-2}[order.dtype]
    assert all(np.allclose(after[name], before[name], rtol=off, atol=off / 100) for name in before)
    kinds = {tensor.kind for tensor in read_gguf(tmp_path / "out" / "mmproj-model.gguf").tensors.values()}
    assert kinds == {"F32", {None: "F32", "float16": "F16", "bfloat16": "BF16"}[order.dtype]}


def test_from_gguf_to_gguf_what_sees_stays_as_it_is_and_goes_with_both(tmp_path: Path) -> None:
    source = saved(reference(SEEING["merged patches"]), tmp_path / "theirs")
    convert(source, tmp_path / "out" / "model.gguf", Order("gguf"))
    before = (tmp_path / "out" / "mmproj-model.gguf").read_bytes()
    convert(tmp_path / "out" / "model.gguf", tmp_path / "out" / "half.gguf", Order("gguf", "float16"))
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"model.gguf", "half.gguf", "mmproj-model.gguf"}
    assert (tmp_path / "out" / "mmproj-model.gguf").read_bytes() == before
    assert "vision_encoder" in open_checkpoint(tmp_path / "out" / "half.gguf").params
    with pytest.raises(ConversionFailed, match="A model with eyes cannot be written in transformers' form"):
        convert(tmp_path / "out" / "half.gguf", tmp_path / "back", Order("huggingface"))


def test_a_second_file_to_see_with_is_not_put_into_a_folder(tmp_path: Path) -> None:
    source = saved(reference(SEEING["merged patches"]), tmp_path / "theirs")
    convert(source, tmp_path / "out" / "model.gguf", Order("gguf"))
    with pytest.raises(ConversionFailed, match=r"holds mmproj-model\.gguf, which another model sees or hears with"):
        convert(source, tmp_path / "out" / "other.gguf", Order("gguf"))
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"model.gguf", "mmproj-model.gguf"}


@pytest.mark.parametrize(
    ("family", "largest", "says"),
    [("Voxtral Realtime", 0.0, "ears of a stream"), ("merged patches", 1e5, "holds a value above 65504")],
)
def test_both_files_are_written_or_neither(family: str, largest: float, says: str, tmp_path: Path) -> None:
    model = reference({**SEEING, **HEARING}[family])
    if largest:
        with torch.no_grad():
            model.model.vision_tower.patch_conv.weight[0, 0, 0, 0] = largest
    source = saved(model, tmp_path / "theirs")
    with pytest.raises(ConversionFailed, match=says):
        convert(source, tmp_path / "out" / "model.gguf", Order("gguf", "float16"))
    assert not (tmp_path / "out").exists() or not list((tmp_path / "out").iterdir())


def test_what_a_gguf_cannot_say_is_refused_by_name(tmp_path: Path) -> None:
    source = saved(reference(FAMILIES["interleaved windows"]), tmp_path / "theirs")
    with pytest.raises(ConversionFailed, match="windows in some of its layers"):
        convert(source, tmp_path / "model.gguf", Order("gguf"))


def test_numbers_too_large_for_a_type_are_refused_by_name(tmp_path: Path) -> None:
    model = reference(FAMILIES["dense"])
    with torch.no_grad():
        model.model.layers[1].mlp.up_proj.weight[3, 5] = 1e5
    source = saved(model, tmp_path / "theirs")
    with pytest.raises(ConversionFailed, match=r"feed_forward\.w3\.weight' holds a value above 65504"):
        convert(source, tmp_path / "half", Order("huggingface", "float16"))
    assert [path.name for path in tmp_path.iterdir()] == ["theirs"]


def test_bfloat16_is_rounded_as_pytorch_rounds_it(tmp_path: Path) -> None:
    source = saved(reference(FAMILIES["dense"]), tmp_path / "theirs")
    convert(source, tmp_path / "half", Order("consolidated", "bfloat16"))
    before, after = arrays(source), arrays(tmp_path / "half")
    for name, weights in before.items():
        assert np.array_equal(after[name], torch.tensor(weights).bfloat16().float().numpy()), name


def test_what_is_there_already_is_left_alone(tmp_path: Path) -> None:
    source = saved(reference(FAMILIES["dense"]), tmp_path / "theirs")
    (tmp_path / "mine").mkdir()
    with pytest.raises(ConversionFailed, match="is there already"):
        convert(source, tmp_path / "mine", Order("consolidated"))
    with pytest.raises(ConversionFailed, match=r"ends in \.gguf"):
        convert(source, tmp_path / "model", Order("gguf"))


def test_a_conversion_that_was_interrupted_is_begun_anew(tmp_path: Path) -> None:
    source = saved(reference(FAMILIES["dense"]), tmp_path / "theirs")
    (tmp_path / "new.incoming").mkdir()
    (tmp_path / "new.incoming" / "rest").touch()

    def stopped(done: int, total: int, what: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        convert(source, tmp_path / "new", Order("consolidated"), stopped)
    assert [path.name for path in tmp_path.iterdir()] == ["theirs"]
    convert(source, tmp_path / "new", Order("consolidated"))
    assert sorted(path.name for path in (tmp_path / "new").iterdir()) == [
        "consolidated.safetensors",
        "generation_config.json",
        "params.json",
    ]


def test_names_and_shapes_are_those_that_mistral_inference_wants(tmp_path: Path) -> None:
    """By its own rules (TransformerArgs, and the modules of transformer_layers.py and moe.py)."""
    from safetensors.numpy import load_file

    source = saved(reference(FAMILIES["experts"]), tmp_path / "theirs")
    convert(source, tmp_path / "release", Order("consolidated"))
    said = json.loads((tmp_path / "release" / "params.json").read_text())
    assert {"dim", "n_layers", "head_dim", "hidden_dim", "n_heads", "n_kv_heads", "norm_eps", "vocab_size"} <= said.keys()
    assert said["moe"] == {"num_experts": 5, "num_experts_per_tok": 2}
    dim, heads, kv, head, hidden = (said[key] for key in ("dim", "n_heads", "n_kv_heads", "head_dim", "hidden_dim"))
    wanted = {"tok_embeddings.weight": (said["vocab_size"], dim), "norm.weight": (dim,), "output.weight": (said["vocab_size"], dim)}
    for layer in range(said["n_layers"]):
        stem = f"layers.{layer}"
        wanted |= {f"{stem}.attention_norm.weight": (dim,), f"{stem}.ffn_norm.weight": (dim,), f"{stem}.feed_forward.gate.weight": (5, dim)}
        wanted |= {f"{stem}.attention.w{part}.weight": (rows * head, dim) for part, rows in (("q", heads), ("k", kv), ("v", kv))}
        wanted[f"{stem}.attention.wo.weight"] = (dim, heads * head)
        for expert in range(5):
            for part, shape in (("w1", (hidden, dim)), ("w2", (dim, hidden)), ("w3", (hidden, dim))):
                wanted[f"{stem}.feed_forward.experts.{expert}.{part}.weight"] = shape
    found = load_file(tmp_path / "release" / "consolidated.safetensors")
    assert {name: array.shape for name, array in found.items()} == wanted


@pytest.mark.parametrize("family", ["dense", "latent attention, grouped experts"])
@pytest.mark.parametrize("lost", ["wo", "wv_b", "w2"])
def test_what_is_not_whole_is_refused_before_a_byte_is_written(family: str, lost: str, tmp_path: Path) -> None:
    convert(saved(reference(FAMILIES[family]), tmp_path / "theirs"), tmp_path / "whole.gguf", Order("gguf"))
    whole = read_gguf(tmp_path / "whole.gguf")
    names = {"wo": "blk.1.attn_output.weight", "wv_b": "blk.1.attn_v_b.weight", "w2": "blk.1.ffn_down.weight"}
    if names[lost] not in whole.tensors:
        pytest.skip("this family has none")
    kept = [
        new_tensor(name, tensor.kind, tensor.shape, lambda data=tensor.data: iter((data,)))
        for name, tensor in whole.tensors.items()
        if name != names[lost]
    ]
    with (tmp_path / "less.gguf").open("wb") as file:
        write_gguf(file, whole.metadata, kept)
    for write in (lambda: convert(tmp_path / "less.gguf", tmp_path / "out", Order("huggingface")), lambda: quantize_to(tmp_path)):
        with pytest.raises(CheckpointInvalid, match=r"holds \d+ parameters|has no tensor"):
            write()
    assert sorted(path.name for path in tmp_path.iterdir()) == ["less.gguf", "theirs", "whole.gguf"]


def quantize_to(folder: Path) -> None:
    quantize(folder / "less.gguf", folder / "out", "int8")
