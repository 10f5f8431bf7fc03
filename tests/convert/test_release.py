"""Every form of every family: what is written says the same, to us, to transformers, and to the programs of others."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from alize.convert.release import Order, convert  # noqa: E402
from alize.model.build import packed_memory  # noqa: E402
from alize.model.load import load_transformer  # noqa: E402
from alize.weights.checkpoints import open_checkpoint  # noqa: E402
from tests.model.families import FAMILIES, exact, reference, saved  # noqa: E402

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
    model = load_transformer(checkpoint, dtype)
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
