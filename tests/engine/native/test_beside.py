"""What Python does while the core computes: once each, before a token is drawn, by whichever thread; what it raises is raised."""

import signal
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from threading import Barrier, current_thread, main_thread

import numpy as np
import pytest

from alize.engine.base import SamplingParams
from alize.engine.runners.base import RowSampling
from alize.engine.runners.native.runner import NativeRunner
from tests.engine.native.files import write_gguf
from tests.engine.native.test_runner import native, packed_rows

ONLY = 7  # the token that the masks allow


@pytest.fixture(params=[1, 2])
def runner(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[NativeRunner]:
    with closing(native(write_gguf(tmp_path / "tiny.gguf"), threads=request.param)) as made:
        made.allocate({group.name: 64 for group in made.info.groups})
        yield made


def drawn(runner: NativeRunner, rules: list[RowSampling]) -> list[tuple[int, ...]]:
    return list(runner.run(packed_rows(runner, len(rules)), rules).tokens)


def test_a_mask_that_is_written_meanwhile_is_the_one_that_counts(runner: NativeRunner) -> None:
    masks = [np.zeros(-(-runner.info.vocab_size // 32), np.uint32) for _ in range(4)]
    calls = list[int]()

    def write(row: int) -> Callable[[], None]:
        def task() -> None:
            masks[row][ONLY // 32] |= np.uint32(1 << ONLY % 32)
            calls.append(row)

        return task

    rules = [RowSampling(SamplingParams(temperature=row % 2), mask=masks[row], due=write(row)) for row in range(4)]
    assert drawn(runner, rules) == [(ONLY,)] * 4
    assert sorted(calls) == [0, 1, 2, 3]


def test_what_it_raises_is_raised_and_the_next_step_is_none_the_worse(runner: NativeRunner) -> None:
    plain = [RowSampling(SamplingParams(temperature=1.0, seed=row)) for row in range(3)]
    expected = drawn(runner, plain)

    def task() -> None:
        raise ValueError("no mask")

    with pytest.raises(ValueError, match="no mask"):
        drawn(runner, [*plain[:2], RowSampling(SamplingParams(temperature=1.0, seed=2), due=task)])
    assert drawn(runner, plain) == expected


def test_two_tasks_are_done_at_the_same_time_where_there_are_two_threads(tmp_path: Path) -> None:
    both = Barrier(2)  # each goes on only when the other has come
    with closing(native(write_gguf(tmp_path / "tiny.gguf"), threads=2)) as runner:
        runner.allocate({group.name: 64 for group in runner.info.groups})
        rules = [RowSampling(SamplingParams(temperature=1.0, seed=row), due=lambda: both.wait(60) and None) for row in range(2)]
        assert len(drawn(runner, rules)) == 2


def test_a_signal_amid_the_tasks_is_not_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As Ctrl-C in a program of its own. Its handler is run in the main thread, and so also where the core just calls it for a task."""

    monkeypatch.setattr("sys.unraisablehook", print)  # Python says of what the handler raised that it is lost
    sent = list[int]()

    def task() -> None:
        if current_thread() is not main_thread() and not sent:
            sent.append(1)
            signal.raise_signal(signal.SIGINT)

    with closing(native(write_gguf(tmp_path / "tiny.gguf"), threads=2)) as runner:
        runner.allocate({group.name: 64 for group in runner.info.groups})
        rules = [RowSampling(SamplingParams(temperature=1.0, seed=row), due=task) for row in range(48)]
        seen = 0
        while seen < 10:  # rounds in which the core's other thread had a task at all
            sent.clear()
            interrupted = False
            try:
                drawn(runner, rules)
            except KeyboardInterrupt:
                interrupted = True
            assert interrupted == bool(sent)
            seen += interrupted
