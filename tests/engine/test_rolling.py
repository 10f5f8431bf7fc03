"""A cache that rolls gives memory back: what a window has passed is another token's."""

from pathlib import Path

import pytest

from alize.engine.base import Request
from alize.engine.core import Core
from alize.engine.runners.base import BLOCK
from alize.engine.schedule import Limits
from alize.weights.checkpoints import open_checkpoint

torch = pytest.importorskip("torch")
from alize.engine.runners.torch import TorchRunner  # noqa: E402
from alize.model.load import load_model  # noqa: E402
from tests.model.families import FAMILIES, reference, saved  # noqa: E402


@pytest.mark.parametrize("steps", [1, 8])
def test_a_rolling_cache_holds_a_window_however_long_the_text_grows(tmp_path: Path, steps: int) -> None:
    """Mistral 7B v0.1's shape: every layer has the window. At ten times the window no more blocks are held than at twice, and their memory
    is what the pool has: a block that rolled out is another token's."""

    window, piece = 32, 16
    source = saved(reference(FAMILIES["dense, sliding window"], sliding_window=window), tmp_path / "model")
    runner = TorchRunner(load_model(open_checkpoint(source), torch.float64))
    (group,) = runner.info.groups
    assert (group.kind, group.window) == ("sliding", window)
    most = -(-(window + piece) // BLOCK) + 1  # what a step sees and writes, begun anywhere in a block
    engine = Core(runner, Limits(step_tokens=piece, decode_steps=steps, prefix_cache=False), {group.name: most + 2})
    engine.add(Request("a", tuple(index % 97 for index in range(5 * window)), max_tokens=5 * window))
    held: list[int] = []
    while engine.busy:
        engine.step()
        held.append(engine.stats().blocks_used)
    assert engine.stats().generated_tokens == 5 * window
    assert max(held[len(held) // 5 :]) <= most
    assert engine.stats().blocks_used == 0
    engine.check()
