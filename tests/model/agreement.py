"""Whether a model of ours says what transformers says. In: its model, and where the same weights are read. Out: nothing, or a failure."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from alize.model.build import packed_memory
from alize.model.load import load_model
from alize.weights.checkpoints import open_checkpoint
from tests.model.families import exact

LENGTHS = (1, 5, 40)  # 40 is past every window, and past the context that YaRN stretches


def compare(theirs: Any, path: Path, dtype: str, tolerance: float, lengths: Sequence[int] = LENGTHS) -> None:
    """The logits of random sequences, which transformers reads one by one and we read packed."""
    kind = getattr(torch, dtype)
    checkpoint = open_checkpoint(path)
    ours = load_model(checkpoint, kind)
    checkpoint.close()
    numbers = np.random.default_rng(0)
    sequences = [torch.tensor(numbers.integers(0, 97, length)) for length in lengths]
    positions = torch.cat([torch.arange(length) for length in lengths])
    with torch.no_grad():
        packed = ours.head(ours(torch.cat(sequences), positions, packed_memory(ours.config, lengths)))
    with exact(theirs, kind):
        for sequence, logits in zip(sequences, packed.split(list(lengths)), strict=True):
            expected = theirs(sequence[None]).logits[0]
            assert expected.std() > 0.5
            assert (logits - expected).abs().max() < tolerance
