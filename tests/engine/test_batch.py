"""A batch that is kept from one step to the next: the one that would be made anew."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alize.engine.base import Request, SamplingParams
from alize.engine.batch import Batches
from alize.engine.plan import Plan
from alize.engine.runners.base import Batch, RowSampling
from alize.engine.schedule import Limits
from tests.engine.engines import core


class Compared(Batches):
    """Makes every batch anew, too, from the sequences' own lists."""

    def __init__(self, groups: Any) -> None:
        super().__init__(groups)
        self.kept = self.made = 0
        self._before: Batch | None = None

    def of(self, plan: Plan) -> tuple[Batch, tuple[RowSampling, ...]]:
        batch, rules = super().of(plan)
        fresh, its_rules = Batches(self._groups).of(plan)
        self.kept, self.made = self.kept + (batch is self._before), self.made + 1
        self._before = batch
        for name in ("tokens", "positions", "lengths", "contexts", "sample"):
            assert np.array_equal(getattr(batch, name), getattr(fresh, name)), name
        rows = [sequence for sequence in plan.tokens for _ in range(1 + len(plan.guesses.get(sequence, ())))]
        for name, table in batch.tables.items():
            for row, sequence in zip(table.tolist(), rows, strict=True):
                held = sequence.tables[name]
                assert row == held + [-1] * (len(row) - len(held))
        assert (batch.adapters, batch.shown, batch.want, rules) == (fresh.adapters, fresh.shown, fresh.want, its_rules)
        return batch, rules


@pytest.mark.parametrize("layers", [{}, {"window": 20}, {"states": True, "window": 20}])
@settings(max_examples=25)
@given(
    work=st.lists(
        st.tuples(st.integers(1, 40), st.integers(1, 60), st.integers(0, 9), st.sampled_from([0.0, 2.0]), st.integers(0, 5), st.booleans()),
        min_size=1,
        max_size=6,
    ),
    blocks=st.integers(12, 40),
    steps=st.sampled_from([1, 4]),
    guesses=st.booleans(),
)
def test_a_batch_that_is_kept_is_the_one_that_would_be_made_anew(
    layers: dict[str, Any], work: list[tuple[int, int, int, float, int, bool]], blocks: int, steps: int, guesses: bool
) -> None:
    engine = core(blocks, Limits(step_tokens=32, decode_steps=steps), speculation=guesses, **layers)
    engine._batches = Compared(engine.runner.info.groups)
    for index, (length, most, pause, penalty, least, leaves) in enumerate(work):
        sampling = SamplingParams(frequency_penalty=penalty)
        engine.add(Request(str(index), (index,) * length, most, sampling, frozenset({7}), least))
        for _ in range(pause):
            engine.step()
        if leaves:
            engine.abort(str(index // 2))
    while engine.busy:
        engine.step()


def test_where_all_rows_decode_hardly_a_batch_is_made() -> None:
    engine = core()
    compared = engine._batches = Compared(engine.runner.info.groups)
    for index in range(4):
        engine.add(Request(str(index), (1, index), max_tokens=161))
    while engine.busy:
        engine.step()
    assert compared.made == 161
    assert compared.kept == 160 - 10 - 1  # not the first that decodes, nor where another block makes the table wider
