"""Whole answers: each family's engine writes the 200 tokens that transformers writes, from the same random weights, one at a time.

Prompts end before and after the window and the context that a rotation stretches, and answers go past both.
"""

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from alize.engine.base import Request, SamplingParams  # noqa: E402
from alize.engine.core import Core  # noqa: E402
from alize.engine.runners.torch import TorchRunner  # noqa: E402
from alize.engine.schedule import Limits  # noqa: E402
from alize.model.load import load_model  # noqa: E402
from alize.weights.checkpoints import open_checkpoint  # noqa: E402
from tests.model.families import FAMILIES, exact, reference, saved  # noqa: E402

TOKENS = 200
PROMPTS = (3, 50)


@pytest.mark.slow
@pytest.mark.parametrize("family", FAMILIES)
def test_the_engine_writes_what_transformers_writes(family: str, tmp_path: Path) -> None:
    theirs = reference(FAMILIES[family])
    checkpoint = open_checkpoint(saved(theirs, tmp_path))
    runner = TorchRunner(load_model(checkpoint, torch.float64))
    checkpoint.close()
    core = Core(runner, Limits(step_tokens=32), {group.name: 64 for group in runner.info.groups})
    numbers = np.random.default_rng(0)
    prompts = [numbers.integers(0, 97, length).tolist() for length in PROMPTS]
    for number, prompt in enumerate(prompts):
        core.add(Request(str(number), tuple(prompt), max_tokens=TOKENS, sampling=SamplingParams(temperature=0)))
    ours: dict[str, list[int]] = {}
    while core.busy:
        for step in core.step():
            ours.setdefault(step.request_id, []).extend(step.tokens)
    with exact(theirs, torch.float64):
        theirs.generation_config.eos_token_id = theirs.generation_config.pad_token_id = None
        for number, prompt in enumerate(prompts):
            written = theirs.generate(torch.tensor([prompt]), max_new_tokens=TOKENS, do_sample=False, use_cache=True)
            assert ours[str(number)] == written[0, len(prompt) :].tolist()
            assert len(set(written[0].tolist())) > 5
