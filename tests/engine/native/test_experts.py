"""Experts in the native core, and Qwen 3's heads: the specification's numbers, and the same bits whatever shares a batch."""

from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Literal

import gguf
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alize.convert.release import Order, convert
from alize.engine.batch import pack
from alize.engine.core import Core
from alize.engine.fit import native_fit
from alize.engine.runners.native import NativeRunner, why_not
from alize.engine.runners.native.library import SIXTEEN
from alize.engine.schedule import Limits
from alize.errors import UnsupportedParameter
from alize.model.params import read_params
from alize.weights.adapters import open_adapter
from alize.weights.checkpoints import open_checkpoint
from tests.adapters import write_release
from tests.engine.native.files import CONTEXT, DIM, HEAD, HEADS, HIDDEN, KV_HEADS, VOCAB, Experts, write_gguf
from tests.engine.native.kernels import NAMES
from tests.engine.native.test_runner import WAYS, answers, logits, native, prompt, requests

Floats = npt.NDArray[np.float32]
MIXTRAL, QWEN = Experts(), Experts(count=20, active=3)
MIXED = {"attn_k": "Q8_0", "attn_output": "BF16", "gate_exps": "Q4_K", "up_exps": "Q5_0", "down_exps": "Q6_K", "output.weight": "Q8_0"}
"""Gate and up in kinds of their own, as little as files have that."""
SIXTEEN_SOME = {"attn": "F16", "up_exps": "BF16"}


@pytest.fixture(params=["mixtral", "qwen"])
def model(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """In kinds that are read in every way there is."""
    if request.param == "qwen":
        return write_gguf(tmp_path / "qwen.gguf", "Q8_0", experts=QWEN, others=SIXTEEN_SOME, normed=True)
    return write_gguf(tmp_path / "mixtral.gguf", "Q4_K", window=40, experts=MIXTRAL, others=MIXED)


@pytest.mark.parametrize(("experts", "normed"), [(MIXTRAL, False), (QWEN, True), (None, True)], ids=["mixtral", "qwen", "dense"])
@pytest.mark.parametrize("kind", ["Q4_0", "Q4_1", "Q8_0", "Q4_K", "BF16", "F16", "mixed"])
def test_it_computes_what_the_specification_does(tmp_path: Path, kind: str, experts: Experts | None, normed: bool) -> None:
    """To six digits where rows and memory are rounded alike, but where a number that lies between two falls to the other side, and
    may take another expert with it: in many prompts of six tokens none does."""
    pytest.importorskip("torch")
    from tests.engine.native.specified import distance

    others = MIXED if kind == "mixed" else {}
    path = write_gguf(tmp_path / "tiny.gguf", "Q4_K" if kind == "mixed" else kind, experts=experts, others=others, normed=normed)
    with closing(open_checkpoint(path)) as checkpoint:
        assert why_not(checkpoint, read_params(checkpoint.params)) is None
    off = distance(path, lambda name: kind in SIXTEEN or name.endswith(".gate") or (kind == "mixed" and name.endswith(".wo")))
    assert off(prompt(90)) < 0.03
    assert sum(off(prompt(6, seed)) < 1e-6 for seed in range(10)) >= 3


@pytest.mark.parametrize("form", ["consolidated", "huggingface"])
def test_whatever_form_the_release_has_the_bits_are_the_same(tmp_path: Path, form: Literal["consolidated", "huggingface"]) -> None:
    path = write_gguf(tmp_path / "tiny.gguf", "BF16", experts=MIXTRAL)
    convert(path, tmp_path / form, Order(form))
    assert logits(native(tmp_path / form), prompt(70)).tobytes() == logits(native(path), prompt(70)).tobytes()


def test_every_family_of_processors_and_any_number_of_threads_give_the_same_bits(model: Path) -> None:
    tokens = prompt(150)  # more than 64 rows for some experts
    whole = logits(native(model, threads=1, kernels="portable"), tokens)
    for name in NAMES:
        for threads in (1, 2, 3):
            assert logits(native(model, threads, name), tokens).tobytes() == whole.tobytes()


@pytest.mark.parametrize("pieces", [1, 3, 16, 50])
def test_a_prompt_in_pieces_gives_the_same_bits(model: Path, pieces: int) -> None:
    tokens = prompt(150)
    assert logits(native(model), tokens, pieces).tobytes() == logits(native(model), tokens).tobytes()


@pytest.mark.parametrize("way", WAYS)
def test_an_answer_is_the_same_whatever_runs_beside_it(tmp_path: Path, way: str) -> None:
    path = write_gguf(tmp_path / "tiny.gguf", "Q4_0", experts=MIXTRAL)
    limits, blocks = WAYS[way]
    alone: dict[str, list[int]] = {}
    for request in requests():
        alone |= answers(Core(native(path, threads=1), replace(Limits(), prefix_cache=False), {"full": 200}, "tiny"), [request])
    assert answers(Core(native(path), limits, {"full": blocks}, "tiny"), requests()) == alone


def batch(runner: NativeRunner, prompts: list[list[int]], adapters: tuple[str | None, ...] = ()) -> list[Floats]:
    """Logits of prompts of at most 80 tokens, together in one step."""
    (group,) = runner.info.groups
    rows = [(tokens, 0, {group.name: list(range(5 * at, 5 * at + 5))}) for at, tokens in enumerate(prompts)]
    values = runner.run(pack(rows, runner.info.groups, [False] * len(rows), adapters or (None,) * len(rows), want="logits"), []).values
    assert values is not None
    return np.split(values, np.cumsum([len(tokens) for tokens in prompts])[:-1])


@settings(deadline=None, max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lengths=st.lists(st.integers(1, 40), min_size=1, max_size=5), seed=st.integers(0, 2**16), kernels=st.sampled_from(NAMES))
def test_a_row_is_the_same_among_any_others(model: Path, lengths: list[int], seed: int, kernels: str) -> None:
    prompts = [prompt(length, seed + at) for at, length in enumerate(lengths)]
    with closing(native(model, 2, kernels)) as runner, closing(native(model, 1)) as plain:
        for each in (runner, plain):
            each.allocate({group.name: 40 for group in each.info.groups})
        together = batch(runner, prompts)
        assert [each.tobytes() for each in together] == [batch(plain, [tokens])[0].tobytes() for tokens in prompts]


def poisoned(path: Path, into: Path, name: str, rows: slice | int) -> Path:
    """The same file with some rows, or an expert's, made of what are no numbers."""
    into.write_bytes(path.read_bytes())
    (tensor,) = (tensor for tensor in gguf.GGUFReader(into, "r+").tensors if tensor.name == name)
    tensor.data[rows] = np.float16(np.nan) if tensor.data.dtype == np.float16 else 0xFF
    return into


def test_experts_that_nobody_chose_are_not_read(tmp_path: Path) -> None:
    """One token: what is no number in any other expert than its own changes nothing, and in one of its own everything."""
    path, tokens = write_gguf(tmp_path / "tiny.gguf", "F16", experts=Experts(count=6, active=2)), prompt(1)
    plain, spoilt = logits(native(path), tokens), list[int]()
    for expert in range(6):
        found = logits(native(poisoned(path, tmp_path / f"{expert}.gguf", "blk.0.ffn_up_exps.weight", expert)), tokens)
        if np.isnan(found).any():
            spoilt.append(expert)
        else:
            assert found.tobytes() == plain.tobytes()
    assert len(spoilt) == 2


@pytest.mark.parametrize("kernels", NAMES)
def test_a_row_of_no_numbers_spoils_itself_alone(tmp_path: Path, kernels: str) -> None:
    whole = write_gguf(tmp_path / "whole.gguf", "Q8_0", experts=MIXTRAL, others={"token_embd": "F16"})
    path = poisoned(whole, tmp_path / "spoilt.gguf", "token_embd.weight", 7)
    good = [[token for token in prompt(length, length) if token != 7] for length in (30, 70, 1)]
    with closing(native(path, 2, kernels)) as runner, closing(native(whole, 1)) as plain:
        for each in (runner, plain):
            each.allocate({"full": 40})
        first, second, bad, third = batch(runner, [good[0], good[1], [7, 3, 7, 7], good[2]])
        assert np.isnan(bad).all()
        assert [each.tobytes() for each in (first, second, third)] == [batch(plain, [tokens])[0].tobytes() for tokens in good]


def test_adapters_on_attention_add_what_they_do_and_leave_others_as_they_are(tmp_path: Path) -> None:
    torch = pytest.importorskip("torch")
    from alize.model.build import packed_memory
    from alize.model.load import load_model
    from alize.model.lora import adapt

    path = write_gguf(tmp_path / "tiny.gguf", "BF16", experts=MIXTRAL)
    shapes = {"wq": (HEADS * HEAD, DIM), "wk": (KV_HEADS * HEAD, DIM), "wv": (KV_HEADS * HEAD, DIM), "wo": (DIM, HEADS * HEAD)}
    every = {f"layers.{layer}.attention.{name}": shape for layer in range(3) for name, shape in shapes.items()}
    adapter = open_adapter(write_release(tmp_path / "lora.safetensors", every, rank=5, size=0.1))
    with closing(open_checkpoint(path)) as checkpoint:
        model = load_model(checkpoint, torch.float64)
    adapt(model, adapter)
    with torch.inference_mode():
        expected = model.head(model(torch.tensor(prompt(60)), torch.arange(60), packed_memory(model.config, [60]))).numpy()
    with closing(native(path)) as runner:
        runner.allocate({"full": 40})
        before = batch(runner, [prompt(60), prompt(9)])
        runner.load_adapter("one", adapter)
        plain, adapted, short = batch(runner, [prompt(60), prompt(60), prompt(9)], (None, "one", "one"))
        (alone,) = batch(runner, [prompt(9)], ("one",))
    assert plain.tobytes() == before[0].tobytes()
    assert alone.tobytes() == short.tobytes() != before[1].tobytes()
    # of most rows: a number of the cache that falls to the other side may take another expert with it
    assert np.median(np.abs(adapted - expected).std(axis=-1)) < 0.01 * np.median(np.abs(plain - expected).std(axis=-1))


@pytest.mark.parametrize("name", ["layers.1.feed_forward.experts.2.w1", "layers.0.feed_forward.gate"])
def test_an_adapter_on_experts_is_refused_with_the_way_out(tmp_path: Path, name: str) -> None:
    path = write_gguf(tmp_path / "tiny.gguf", experts=MIXTRAL)
    shapes = {name: (MIXTRAL.count if name.endswith("gate") else HIDDEN, DIM), "layers.0.attention.wv": (KV_HEADS * HEAD, DIM)}
    adapter = open_adapter(write_release(tmp_path / "lora.safetensors", shapes))
    with closing(native(path)) as runner:
        runner.allocate({"full": 40})
        before = batch(runner, [prompt(9)])[0].tobytes()
        with pytest.raises(UnsupportedParameter, match="adapts no experts") as refused:
            runner.load_adapter("one", adapter)
        assert "torch" in (refused.value.remedy or "")
        assert batch(runner, [prompt(9)])[0].tobytes() == before


def test_weights_take_what_their_file_does(tmp_path: Path) -> None:
    path = write_gguf(tmp_path / "tiny.gguf", "Q4_0", experts=Experts(count=64, active=4))
    with closing(open_checkpoint(path)) as checkpoint, closing(native(path)) as runner:
        said = native_fit(checkpoint, read_params(checkpoint.params), 2**40)
        stored = sum(checkpoint.stored(name).data.nbytes for name in checkpoint)
    filled = 2 * (-VOCAB % 16) * DIM  # bytes at most, of rows of the table and the head that fill up a line
    assert stored <= runner.info.weights_bytes <= stored + filled
    turns, norms = CONTEXT * HEAD * 4, 7 * DIM * 2  # these are said to take 16 bits, and take 32
    assert abs(said.weights - turns - runner.info.weights_bytes) <= filled + norms
