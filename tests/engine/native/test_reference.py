"""Logits of whole models are those of the contract, to the bit: of the core beside numpy that knows nothing of it."""

from contextlib import closing
from fractions import Fraction
from pathlib import Path

import gguf
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import load_file

from alize.engine.runners.native.library import FORMATS
from alize.engine.runners.native.runner import CacheNumbers
from alize.weights.adapters import open_adapter
from tests.adapters import write_release
from tests.engine.native import kernels
from tests.engine.native.files import LAYERS, Experts, write_gguf
from tests.engine.native.kernels import NAMES
from tests.engine.native.reference import Adapter, reference_logits
from tests.engine.native.reference_products import fma
from tests.engine.native.test_runner import MIXED, logits, native, prompt

ADAPTED = {
    "attention.wq": "attn_q",
    "attention.wk": "attn_k",
    "attention.wv": "attn_v",
    "attention.wo": "attn_output",
    "feed_forward.w1": "ffn_gate",
    "feed_forward.w2": "ffn_down",
    "feed_forward.w3": "ffn_up",
}
"""Products of a layer, by the names that adapters and files have for them."""
SCALE = np.float32(2)  # of a release that does not say it

floats = st.floats(-1e9, 1e9, width=32).filter(lambda x: x == 0 or abs(x) > 1e-9)


@given(floats, floats, floats)
def test_a_product_and_a_sum_are_rounded_once(a: float, b: float, c: float) -> None:
    exact = kernels.fma(np.float32(a), np.float32(b), np.float32(c))
    assert Fraction(float(fma(a, b, c))) == Fraction(float(exact))


def alike(path: Path, tokens: list[int], cache: CacheNumbers, window: int = 0, adapter: Adapter | None = None) -> None:
    """Whether every family of kernels gives what the contract says. `adapter` lies beside the model as `adapter.safetensors`."""
    expected = reference_logits(path, tokens, cache, window, adapter)
    for name in NAMES:
        with closing(native(path, kernels=name, cache=cache)) as runner:
            if adapter is not None:
                runner.load_adapter("one", open_adapter(path.with_name("adapter.safetensors")))
            found = logits(runner, tokens, adapter="one" if adapter is not None else None)
        assert found.tobytes() == expected.tobytes(), f"{name}: {np.flatnonzero((found != expected).any(-1))[:5]}"


@pytest.mark.parametrize(
    ("cache", "window", "length"),
    [("int8", 0, 70), ("bfloat16", 0, 70), ("int8", 40, 110)],
)
def test_whole_logits_are_those_of_the_contract_to_the_bit(tmp_path: Path, cache: CacheNumbers, window: int, length: int) -> None:
    """Over two spans of keys; with a window, the first of them lies behind it in the end."""
    alike(write_gguf(tmp_path / "tiny.gguf", "Q4_1", window=window), prompt(length), cache, window)


@pytest.mark.parametrize("cache", ["int8", "bfloat16"])
@pytest.mark.parametrize("format", [*FORMATS, "mixed"])
def test_so_they_are_in_every_format(tmp_path: Path, format: str, cache: CacheNumbers) -> None:
    path = tmp_path / "tiny.gguf"
    alike(write_gguf(path, "Q4_K", others=MIXED) if format == "mixed" else write_gguf(path, format), prompt(12), cache)


@pytest.mark.parametrize(("experts", "normed"), [(Experts(), False), (Experts(count=20, active=3), True), (None, True)])
@pytest.mark.parametrize("format", ["Q4_1", "Q6_K", "BF16"])
def test_so_they_are_with_experts_and_normed_heads(tmp_path: Path, format: str, experts: Experts | None, normed: bool) -> None:
    alike(write_gguf(tmp_path / "tiny.gguf", format, experts=experts, normed=normed), prompt(12), "int8")


@pytest.mark.parametrize("format", ["Q4_1", "Q6_K", "BF16"])
def test_so_they_are_with_an_adapter(tmp_path: Path, format: str) -> None:
    path = write_gguf(tmp_path / "tiny.gguf", format)
    stems = {f"blk.{layer}.{part}": f"layers.{layer}.{ours}" for layer in range(LAYERS) for ours, part in ADAPTED.items()}
    tensors = {tensor.name.removesuffix(".weight"): tensor for tensor in gguf.GGUFReader(path).tensors}
    sizes = {stem: tuple(int(size) for size in tensors[name].shape[::-1]) for name, stem in stems.items()}
    thin = load_file(write_release(tmp_path / "adapter.safetensors", sizes, rank=5, size=0.1))
    adapter = {name: (thin[f"{stem}.lora_A.weight"], thin[f"{stem}.lora_B.weight"] * SCALE) for name, stem in stems.items()}
    assert reference_logits(path, prompt(3), "int8", 0, adapter).tobytes() != reference_logits(path, prompt(3), "int8").tobytes()
    alike(path, prompt(12), "int8", 0, adapter)
