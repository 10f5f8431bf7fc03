"""Every family against transformers: the same random weights give the same logits and the same text."""

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from alize.model.attend import PackedCausal  # noqa: E402
from alize.model.load import load_transformer  # noqa: E402
from alize.weights.checkpoints import open_checkpoint  # noqa: E402
from tests.model.families import FAMILIES, exact, reference, saved  # noqa: E402

LENGTHS = [1, 5, 40]  # 40 is past every window, and past the context that YaRN stretches


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize(("dtype", "tolerance"), [("float64", 1e-8), ("float32", 1e-4)])
def test_logits_are_those_of_transformers(family: str, dtype: str, tolerance: float, tmp_path: Path) -> None:
    theirs = reference(FAMILIES[family])
    kind = getattr(torch, dtype)
    checkpoint = open_checkpoint(saved(theirs, tmp_path))
    ours = load_transformer(checkpoint, kind)
    checkpoint.close()
    numbers = np.random.default_rng(0)
    sequences = [torch.tensor(numbers.integers(0, 97, length)) for length in LENGTHS]
    positions = torch.cat([torch.arange(length) for length in LENGTHS])
    with torch.no_grad():
        packed = ours.head(ours(torch.cat(sequences), positions, PackedCausal(ours.config, LENGTHS)))
    with exact(theirs, kind):
        for sequence, logits in zip(sequences, packed.split(LENGTHS), strict=True):
            expected = theirs(sequence[None]).logits[0]
            assert expected.std() > 0.5
            assert (logits - expected).abs().max() < tolerance
