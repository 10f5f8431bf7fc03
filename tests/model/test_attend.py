"""Attention over long sequences: some queries after others see what all would see at once, and the scores of all are never in memory."""

from typing import Any

import pytest

from alize.model.config import ModelConfig

torch = pytest.importorskip("torch")

from alize.model.attend import TOGETHER, PackedCausal, index_scores  # noqa: E402
from tests.model.largest import LargestMade  # noqa: E402

SHAPE = {"dim": 32, "layers": 2, "heads": 4, "kv_heads": 2, "head_dim": 8, "hidden": 64, "vocab": 101, "max_context": 4096}
LENGTHS = [2 * TOGETHER + 76, 5, TOGETHER]


def rows(*shape: int, seed: int = 0) -> Any:
    return torch.randn(*shape, dtype=torch.float64, generator=torch.Generator().manual_seed(seed))


def seen_by(query: int, q: Any, k: Any, v: Any, allowed: list[int]) -> Any:
    """What one query sees, head by head, by the definition: [N, V]."""
    heads = []
    for head in range(q.shape[1]):
        kept = head * k.shape[1] // q.shape[1]
        weights = torch.softmax(k[allowed, kept] @ q[query, head] * 0.3, 0)
        heads.append(weights @ v[allowed, kept])
    return torch.stack(heads)


@pytest.mark.parametrize("window", [None, 40, TOGETHER + 9])
def test_queries_of_long_sequences_see_what_the_definition_says(window: int | None) -> None:
    config = ModelConfig(**SHAPE, window=window)  # type: ignore[arg-type]
    total = sum(LENGTHS)
    q, k, v = rows(total, 4, 8), rows(total, 2, 8, seed=1), rows(total, 2, 6, seed=2)
    seen = PackedCausal(config, LENGTHS)(0, q, k, v, 0.3)
    start = 0
    for length in LENGTHS:
        for query in {0, 3, length // 2, TOGETHER - 1, TOGETHER, length - 1} & set(range(length)):
            allowed = [start + place for place in range(query + 1) if window is None or query - place < window]
            assert (seen[start + query] - seen_by(start + query, q, k, v, allowed)).abs().max() < 1e-12
        start += length


@pytest.mark.parametrize("top", [3, TOGETHER + 100])
def test_queries_of_long_sequences_choose_what_the_definition_says(top: int) -> None:
    attend = PackedCausal(ModelConfig(**SHAPE), LENGTHS)  # type: ignore[arg-type]
    total = sum(LENGTHS)
    q, k, v = rows(total, 4, 8), rows(total, 2, 8, seed=1), rows(total, 2, 6, seed=2)
    asks, weight, key = rows(total, 3, 4, seed=3), rows(total, 3, seed=4), rows(total, 4, seed=5).round()
    attend.choose(0, asks, weight, key, top)
    seen = attend(0, q, k, v, 0.3, chosen=True)
    start = 0
    for length in LENGTHS:
        for query in {0, 3, length // 2, TOGETHER - 1, TOGETHER, length - 1} & set(range(length)):
            wants = [
                sum(float(weight[start + query, head] * torch.relu(asks[start + query, head] @ key[start + at]) / 2) for head in range(3))
                for at in range(query + 1)
            ]
            chosen = sorted(sorted(range(query + 1), key=lambda at: -wants[at])[:top])
            assert (seen[start + query] - seen_by(start + query, q, k, v, [start + at for at in chosen])).abs().max() < 1e-9
        start += length


def test_many_heads_over_a_long_sequence_have_few_scores_at_once() -> None:
    tokens, heads = 3000, 64
    config = ModelConfig(**{**SHAPE, "heads": heads, "kv_heads": 1})  # type: ignore[arg-type]
    q, k, v = (torch.randn(tokens, count, 2) for count in (heads, 1, 1))
    with torch.no_grad(), LargestMade() as made:
        seen = PackedCausal(config, [tokens])(0, q, k, v, 0.3)
        scores = index_scores(q, q[..., 0], k[:, 0])
    assert made.size <= 2**26 < heads * tokens * tokens
    query = tokens - 1
    assert (seen[query] - seen_by(query, q, k, v, list(range(tokens)))).abs().max() < 1e-5
    wanted = torch.einsum("i,il->l", q[query, :, 0], torch.relu(q[query] @ k[:, 0].T / 2**0.5))
    assert (scores[query] - wanted).abs().max() < 1e-3
