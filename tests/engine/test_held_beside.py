"""Answers of a form whose masks are computed while the model is: the same as where they are computed before, whoever runs it."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from alize.engine.base import Request, SamplingParams
from alize.engine.core import Core
from alize.engine.grammar import Grammar
from alize.engine.guide import Words
from alize.engine.runners.base import Runner
from alize.engine.schedule import Limits
from tests.engine.engines import drain
from tests.engine.native.files import write_gguf
from tests.engine.native.test_runner import VOCAB, native

LETTERS, END = 26, 30
PIECES = [bytes([97 + id]) if id < LETTERS else b"" for id in range(VOCAB)]
WORDS = Words(PIECES, [id for id, piece in enumerate(PIECES) if not piece and id != END], (END,), lambda text: [ord(c) - 97 for c in text])
GRAMMARS = ("(ab|cd){2,9}", "[a-f]{3,20}", "(x|yz){4,12}q")


def torch_runner(folder: Path) -> Runner:
    torch = pytest.importorskip("torch")
    from alize.engine.runners.torch import TorchRunner
    from alize.model.load import load_model
    from alize.weights.checkpoints import open_checkpoint

    checkpoint = open_checkpoint(write_gguf(folder / "tiny.gguf"))
    return TorchRunner(load_model(checkpoint, torch.float32))


@pytest.fixture(params=["native, 1 thread", "native, 2 threads", "torch"])
def runner(request: pytest.FixtureRequest, tmp_path: Path) -> Runner:
    if request.param == "torch":
        return torch_runner(tmp_path)
    return native(write_gguf(tmp_path / "tiny.gguf"), threads=int(request.param.split()[1]))


def held(runner: Runner) -> Core:
    return Core(
        runner, Limits(speculation=False, prefix_cache=False), {group.name: 64 for group in runner.info.groups}, words=lambda: WORDS
    )


def requests() -> list[Request]:
    """Eight at a time, of three grammars; greedy ones and drawn ones."""
    asked: list[Request] = []
    for number in range(8):
        grammar = Grammar("regex", GRAMMARS[number % 3])
        sampling = SamplingParams(temperature=number % 2, seed=number)
        asked.append(Request(str(number), (1, 2, 3 + number), 24, sampling, frozenset({END}), grammar=grammar))
    return asked


def answers(runner: Runner) -> dict[str, list[int]]:
    core = held(runner)
    for request in requests():
        core.add(request)
    found = drain(core)
    core.close()
    return found


@contextmanager
def all_before(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with monkeypatch.context() as patch:
        patch.setattr("alize.engine.guide._FEW", 1000)
        yield


def test_masks_computed_beside_the_step_change_no_answer(
    runner: Runner, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    beside = answers(runner)
    (tmp_path / "again").mkdir()
    again = torch_runner(tmp_path / "again") if "torch" in request.node.name else native(write_gguf(tmp_path / "again" / "tiny.gguf"))
    with all_before(monkeypatch):
        assert beside == answers(again)
    assert all(len(tokens) > 2 for tokens in beside.values())
