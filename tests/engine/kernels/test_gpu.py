"""What only a GPU can show: compiled kernels in bfloat16, and that a recorded step gives what it gave when it was computed."""

from typing import Any

import numpy as np
import pytest

from alize.engine.base import SamplingParams
from alize.engine.batch import pack
from alize.engine.runners.base import Batch, RowSampling

torch = pytest.importorskip("torch")
from alize.engine.runners.torch import TorchRunner  # noqa: E402
from tests.engine.kernels.test_runner import MODELS, answers, tiny  # noqa: E402

pytestmark = [pytest.mark.gpu, pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU")]
RULE = RowSampling(SamplingParams(temperature=0))


def decodes(runner: Any, rows: int, seed: int) -> Batch:
    numbers = np.random.default_rng(seed)
    held = [([int(numbers.integers(101))], 17, {group.name: [2 * row, 2 * row + 1] for group in runner.info.groups}) for row in range(rows)]
    return pack(held, runner.info.groups, [True] * rows)


@pytest.mark.parametrize("shape", MODELS.values(), ids=MODELS)
@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float32])
def test_a_recorded_step_gives_what_a_computed_one_gives(shape: dict[str, Any], dtype: Any) -> None:
    runner = TorchRunner(tiny(**shape).to(dtype))
    assert runner._kernels is not None, runner.info.dtype_reason
    for blocks in (20, 24):  # the second caches lie elsewhere: what was recorded over the first is forgotten
        runner.allocate({group.name: blocks for group in runner.info.groups})
        steps = runner._kernels._decodes
        assert steps is not None
        for rows, seed in ((1, 0), (3, 1), (4, 2), (3, 3)):
            batch = decodes(runner, rows, seed)
            with torch.inference_mode():
                recorded = steps.logits(batch).clone()
                computed = steps.compute(1 << (rows - 1).bit_length())[:rows]
            assert torch.equal(recorded, computed)
            assert len(runner.run(batch, [RULE] * rows).tokens) == rows


@pytest.mark.parametrize("shape", MODELS.values(), ids=MODELS)
def test_greedy_answers_are_those_of_the_specification_on_the_same_gpu(shape: dict[str, Any]) -> None:
    assert answers(tiny(**shape), kernels=True)[0] == answers(tiny(**shape), kernels=False)[0]
