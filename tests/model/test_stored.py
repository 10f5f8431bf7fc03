"""Layers whose weights stay in their file give what decoded ones give.

Products add in another order, so they agree to a float error: at most 8 roundings of float32, relative to the sum of the sizes of what is
added, for a thousand terms.
"""

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
import torch.nn.functional as F  # noqa: E402

from alize.convert.fewer_bits import quantize  # noqa: E402
from alize.engine.base import Request  # noqa: E402
from alize.engine.build import EngineConfig, build_core  # noqa: E402
from alize.model.attend import PackedCausal  # noqa: E402
from alize.model.load import load_model  # noqa: E402
from alize.model.stored import StoredEmbedding, StoredLinear, Workers  # noqa: E402
from alize.weights.checkpoints import open_checkpoint  # noqa: E402
from alize.weights.checkpoints.base import StoredTensor  # noqa: E402
from alize.weights.checkpoints.dequantize import dequantize  # noqa: E402
from alize.weights.checkpoints.kinds import KINDS  # noqa: E402
from alize.weights.checkpoints.matrix import StoredMatrix  # noqa: E402
from tests.weights.checkpoints.test_scaled import consolidated  # noqa: E402

ERROR = 8 * 2.0**-24


def stored(kind: str, rows: int, width: int) -> tuple[StoredMatrix, np.ndarray]:
    """A matrix of small finite numbers, and all of it decoded."""
    numbers = np.random.default_rng(rows)
    if KINDS[kind].values == 1 and kind != "F8_E4M3":
        octets = (numbers.normal(size=(rows, width)) * 0.1).astype("<f4" if kind == "BF16" else KINDS[kind].record)
        octets = octets.view("<u2")[:, 1::2] if kind == "BF16" else octets
        octets = np.ascontiguousarray(octets).reshape(-1).view(np.uint8)
    else:
        records = np.frombuffer(numbers.bytes(KINDS[kind].bytes_of((rows, width)) or 0), KINDS[kind].record).copy()
        for scale in {"d", "dmin", "m"} & set(records.dtype.names or ()):
            records[scale] = numbers.uniform(-0.01, 0.01, len(records))
        octets = records.view(np.uint8) if records.dtype.names else records & 0x77  # no byte of FP8 that is no number
    tensor = StoredTensor("output.weight", kind, (rows, width), octets)
    return StoredMatrix(tensor), np.array(dequantize(kind, octets, (rows, width)), np.float32)


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("count", [1, 3, 4, 5, 40])
@pytest.mark.parametrize("kind", KINDS)
def test_a_product_is_that_of_the_decoded_matrix(kind: str, count: int, threads: int) -> None:
    rows, width = 1031, 768  # several pieces, and a rest
    matrix, whole = stored(kind, rows, width)
    x, bias = torch.randn(count, width), torch.randn(rows)
    ours = StoredLinear(matrix, bias, Workers(threads))(x)
    exact = x.double() @ torch.tensor(whole).double().T + bias.double()
    size = x.double().abs() @ torch.tensor(whole).double().abs().T + bias.abs().double()
    assert ours.dtype == torch.float32
    assert ((ours - exact).abs() <= ERROR * size).all()


@pytest.mark.parametrize("count", [2, 9])
def test_other_types_of_activations_are_kept(count: int) -> None:
    matrix, whole = stored("Q4_K", 100, 512)
    layer = StoredLinear(matrix, None, Workers(1))
    x = torch.randn(2, count, 512, dtype=torch.float64)
    exact = F.linear(x, torch.tensor(whole).double())
    assert (layer(x) - exact).abs().max() < 1e-12
    narrow = layer(x.bfloat16())
    assert narrow.dtype == torch.bfloat16
    assert narrow.shape == exact.shape
    assert (narrow.double() - F.linear(x.bfloat16().double(), torch.tensor(whole).double())).abs().max() <= exact.abs().max() * 2**-8


def test_an_embedding_is_the_row_of_its_token() -> None:
    matrix, whole = stored("Q6_K", 50, 256)
    tokens = torch.tensor([3, 49, 3, 0])
    assert torch.equal(StoredEmbedding(matrix, torch.float32, "cpu")(tokens), torch.tensor(whole)[tokens])
    assert StoredEmbedding(matrix, torch.bfloat16, "cpu")(tokens).dtype == torch.bfloat16


def test_the_real_model_says_the_same_as_stored(smollm2: Path) -> None:
    checkpoint = open_checkpoint(smollm2)
    tokens, positions = torch.arange(100, 140), torch.arange(40)
    with torch.inference_mode():
        logits = []
        for kept in (False, True):
            model = load_model(checkpoint, stored=kept)
            logits.append(model.head(model(tokens, positions, PackedCausal(model.config, [40]))))
    assert isinstance(model.output, StoredLinear)  # tied: the same matrix as the embeddings
    assert logits[0].abs().max() > 20
    assert (logits[0] - logits[1]).abs().max() < 1e-3  # of logits up to 30


@pytest.mark.parametrize("kept", ["as released", pytest.param("int8", marks=pytest.mark.slow)])
def test_stored_weights_change_nothing_but_the_order_of_additions(kept: str, smollm2: Path, tmp_path: Path) -> None:
    """In float64 that order costs nothing. In float32 it does: the first token's largest activation is 24,877, where neighbouring numbers
    are 0.002 apart, so logits come out up to 0.002 apart."""
    if kept == "int8":
        quantize(smollm2, tmp_path / "int8", "int8")
    checkpoint = open_checkpoint(smollm2 if kept == "as released" else tmp_path / "int8")
    tokens, positions = torch.tensor([1, 2, 1, 2]), torch.arange(4)
    with torch.no_grad():
        logits: list[torch.Tensor] = []
        for stored in (False, True):
            model = load_model(checkpoint, torch.float64, stored=stored)
            logits.append(model.head(model(tokens, positions, PackedCausal(model.config, [4]))))
    assert logits[0].abs().max() > 20
    assert (logits[0] - logits[1]).abs().max() < 1e-9


@pytest.mark.parametrize("weights", ["stored", "expanded"])
def test_fp8_answers_stored_as_expanded(weights: str, tmp_path: Path) -> None:
    folder = consolidated(tmp_path / "release")
    exact = load_model(open_checkpoint(folder), torch.float64)
    core = build_core(EngineConfig(str(folder), dtype="float32", weights=weights, threads=1, cache_bytes=1 << 20))
    tokens = list(range(3, 30))
    with torch.no_grad():
        expected = exact.head(exact(torch.tensor(tokens), torch.arange(len(tokens)), PackedCausal(exact.config, [len(tokens)])))
    assert np.abs(core.logits(tokens) - expected.numpy()).max() < 1e-4
    assert ("as stored" in core.info.dtype_reason) == (weights == "stored")
    assert (core.info.weights_bytes < 4 * sum(p.numel() for p in exact.parameters())) == (weights == "stored")


def test_an_engine_draws_the_same_tokens_as_stored(smollm2: Path) -> None:
    answers: list[list[int]] = []
    for weights in ("stored", "expanded"):
        core = build_core(EngineConfig(str(smollm2), dtype="float32", weights=weights, threads=1, cache_bytes=1 << 24))
        core.add(Request("a", tuple(range(500, 520)), 12))
        drawn: list[int] = []
        while core.busy:
            drawn += [token for step in core.step() for token in step.tokens]
        answers.append(drawn)
        core.runner.close()
    assert answers[0] == answers[1]
    assert len(answers[0]) == 12
