"""The experts' kernels give what the specification gives, and a row the same bits in every batch."""

from typing import Any

import numpy as np
import pytest

from alize.model.config import Experts

torch = pytest.importorskip("torch")
pytest.importorskip("triton", reason="the kernels need Triton, which is there for Linux alone")
from torch import nn  # noqa: E402

from alize.engine.runners.torch_triton.experts import ROWS, tiles_of  # noqa: E402
from alize.engine.runners.torch_triton.grouping import GroupedExperts, group_experts  # noqa: E402
from alize.model.experts import SparseFeedForward, route  # noqa: E402

DEVICE = "cuda" if torch.cuda.is_available() else "cpu"
CONFIGS = {
    "Mixtral's": Experts(count=5, active=2, hidden=70),
    "one of three": Experts(count=3, active=1, hidden=16),
    "in groups, with a shared one": Experts(count=8, active=3, hidden=24, groups=4, active_groups=2, shared=1),
}


def made(config: Experts, dtype: Any, dim: int = 20) -> Any:
    torch.manual_seed(0)
    return SparseFeedForward(dim, config).requires_grad_(False).to(DEVICE, dtype)


def grouped(layer: Any) -> Any:
    group_experts(nn.ModuleList([layer]))  # type: ignore[arg-type]
    assert type(layer) is GroupedExperts
    return layer


@pytest.mark.parametrize("config", CONFIGS.values(), ids=CONFIGS)
@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
@pytest.mark.parametrize("tokens", [1, 2 * ROWS + 3])
def test_experts_computed_together_give_what_they_give_one_by_one(config: Experts, dtype: Any, tokens: int) -> None:
    layer, x_TD = made(config, dtype), torch.randn(tokens, 20, device=DEVICE).to(dtype)
    expected = made(config, torch.float64)  # the same weights before they are rounded
    for one, other in zip(expected.parameters(), layer.parameters(), strict=True):
        one.copy_(other)
    shares_TA, chosen_TA = route(layer.gate(x_TD), config)  # rounding may choose others: that is the gate's
    wanted = expected.mixed(x_TD.double(), shares_TA, chosen_TA)
    given = grouped(layer).mixed(x_TD, shares_TA, chosen_TA)
    assert (given.double() - wanted).abs().max() < (1e-6 if dtype == torch.float32 else 2e-3)
    assert layer(x_TD).shape == x_TD.shape


def row_by_row(a: Any, b: Any, dtype: Any) -> Any:
    return np.concatenate([np.dot(row[None].astype(dtype), b.astype(dtype)) for row in a])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float16])
def test_a_row_gets_the_same_bits_in_every_batch(dtype: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """A GPU computes all rows of a tile alike. NumPy, which the interpreter multiplies with, does not in float32: it has to be told to."""
    monkeypatch.setattr(np, "matmul", row_by_row)
    config = CONFIGS["Mixtral's"]
    layer, x_TD = grouped(made(config, dtype)), torch.randn(ROWS + 9, 20, device=DEVICE).to(dtype)
    shares_TA, chosen_TA = route(layer.gate(x_TD), config)
    together = layer.mixed(x_TD, shares_TA, chosen_TA)
    for rows in ([0], [ROWS + 8], [3, 2], list(range(5, ROWS))):
        assert torch.equal(layer.mixed(x_TD[rows], shares_TA[rows], chosen_TA[rows]), together[rows])


def test_weights_of_experts_that_no_token_chose_are_not_read() -> None:
    """Not a number in a single one of them would be one in every sum that it enters."""
    config = Experts(count=8, active=2, hidden=24)
    layer, x_TD = grouped(made(config, torch.float32)), torch.randn(2, 20, device=DEVICE)
    before, chosen = layer(x_TD), set(route(layer.gate(x_TD), config)[1].flatten().tolist())
    for number, expert in enumerate(layer.experts):
        for weight in expert.parameters():
            if number not in chosen:
                weight.fill_(torch.nan)
    assert torch.equal(layer(x_TD), before)
    layer.experts[min(chosen)].w1.weight.fill_(torch.nan)
    assert layer(x_TD).isnan().any()  # the way to tell is a way to tell


def test_there_are_tiles_for_every_choice_and_each_has_one_expert() -> None:
    for tokens, seed in ((1, 0), (7, 1), (ROWS, 2), (200, 3)):
        chosen = torch.randn(tokens, 9, generator=torch.Generator().manual_seed(seed)).topk(3).indices
        chosen[: tokens // 2] = torch.tensor([8, 0, 3])  # many for some
        order, tiles = tiles_of(chosen, 9)
        covered: list[int] = []
        for expert, first, last in tiles.tolist():
            assert last - first <= ROWS
            places = list(range(first, last))
            assert all(int(chosen.flatten()[order[place]]) == expert for place in places)
            covered += places
        assert sorted(covered) == list(range(3 * tokens))
