"""Experts that no token has chosen are not read: their weights may be anything."""

import pytest

torch = pytest.importorskip("torch")
from torch import Tensor  # noqa: E402

from alize.model.config import Experts  # noqa: E402
from alize.model.experts import SparseFeedForward, route  # noqa: E402


class Counted(SparseFeedForward):
    """Which experts compute, and how many tokens each."""

    asked: list[tuple[int, int]]

    def compute(self, expert: int, x_TD: Tensor, tokens: Tensor) -> Tensor:
        self.asked.append((expert, len(tokens)))
        return super().compute(expert, x_TD, tokens)


@pytest.mark.parametrize(("tokens", "seed"), [(1, 0), (2, 1), (3, 2)])
@pytest.mark.parametrize(
    "config", [Experts(count=8, active=2, hidden=24), Experts(count=8, active=2, hidden=24, groups=4, active_groups=2)]
)
def test_weights_of_experts_that_no_token_chose_are_not_touched(config: Experts, tokens: int, seed: int) -> None:
    """Not a number in a single one of them would be one in every sum that it enters."""
    torch.manual_seed(seed)
    layer, x_TD = Counted(16, config).requires_grad_(False), torch.randn(tokens, 16)
    layer.asked = []
    _, chosen_TA = route(layer.gate(x_TD), config)
    before, chosen = layer(x_TD), set(chosen_TA.flatten().tolist())
    assert len(chosen) < config.count
    for number, expert in enumerate(layer.experts):
        for weight in expert.parameters():
            weight.copy_(weight if number in chosen else torch.full_like(weight, torch.nan))
    layer.asked = []
    assert torch.equal(layer(x_TD), before)
    assert [expert for expert, _ in layer.asked] == sorted(chosen)
    assert sum(count for _, count in layer.asked) == tokens * config.active
    poisoned = layer.experts[min(chosen)].w1.weight
    poisoned[0, 0] = torch.nan
    assert layer(x_TD).isnan().any()  # the way to tell is a way to tell
