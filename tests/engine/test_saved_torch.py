"""Blocks that PyTorch's runner gives away and takes back: the same memory, whatever a layer keeps of a token."""

import numpy as np
import numpy.typing as npt
import pytest

from alize.engine.batch import pack

torch = pytest.importorskip("torch")
from alize.engine.runners.torch import TorchRunner  # noqa: E402
from alize.model.build import Model  # noqa: E402
from tests.engine.test_oracle import SHAPES, tiny  # noqa: E402

TOKENS = [token % 61 for token in range(0, 630, 7)]  # 90: five full blocks
TEXTS = [shape for shape in SHAPES if shape not in ("states", "streaming")]


def opened(model: Model) -> TorchRunner:
    runner = TorchRunner(model)
    runner.allocate({group.name: 20 for group in runner.info.groups})
    return runner


def behind(runner: TorchRunner, blocks: int) -> npt.NDArray[np.float32]:
    """Logits of the tokens behind so many blocks, which stand at the places 5, 6 … of every group."""
    table = {group.name: list(range(5, 13)) for group in runner.info.groups}
    values = runner.run(pack([(TOKENS[blocks * 16 :], blocks * 16, table)], runner.info.groups, [False], want="logits"), []).values
    assert values is not None
    return values


@pytest.mark.parametrize("shape", TEXTS)
def test_another_runner_goes_on_from_the_blocks_of_one(shape: str) -> None:
    one, other = opened(tiny(shape)), opened(tiny(shape))
    expected = behind(one, 0)
    assert one.info.layout == other.info.layout != ""
    for group in one.info.groups:
        for block in range(5, 10):
            data = one.read_block(group.name, block)
            assert len(data) == group.bytes_per_block
            other.write_block(group.name, block, data)
            assert other.read_block(group.name, block) == data
    assert np.allclose(behind(other, 5), expected[80:], rtol=1e-9, atol=1e-9)


def test_a_state_has_no_blocks() -> None:
    assert TorchRunner(tiny("states")).info.layout == ""
