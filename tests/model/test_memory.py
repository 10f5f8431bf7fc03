"""What a model weighs and remembers: counted as PyTorch counts the model itself, and as its makers published it."""

from dataclasses import replace

import pytest

from alize.model.config import Experts, Hearing, LatentAttention, ModelConfig, Rope, SparseIndex, StateSpace, Stream, Vision
from alize.model.memory import cache_row, cached_bytes, parameters

DENSE = ModelConfig(dim=24, layers=3, heads=4, kv_heads=2, head_dim=6, hidden=40, vocab=50, max_context=64)
LATENT = LatentAttention(kv_rank=12, q_rank=10, nope_head_dim=6, rope_head_dim=4, v_head_dim=8)
EXPERTS = Experts(count=6, active=2, hidden=14, shared=2, groups=3, active_groups=2, first_layer=1)
EAR = Hearing(dim=16, layers=2, heads=2, head_dim=8, hidden=24, mels=6, chunk=20, stack=2)
SHAPES = {
    "dense": DENSE,
    "tied, with biases": replace(DENSE, tied=True, qkv_bias=True),
    "norms everywhere": replace(DENSE, qk_norm=True, post_norms=True, centred_norms=True),
    "experts": replace(DENSE, experts=EXPERTS),
    "latent": replace(DENSE, latent=LATENT, experts=EXPERTS),
    "all of Mistral Large 4": replace(
        DENSE,
        latent=replace(LATENT, q_rank=0, unrotated=frozenset({1}), sources=(0, 1, 0), learned_temperature=True),
        index=SparseIndex(top=4, heads=3, head_dim=8, layers=frozenset({0, 1})),
        rope=Rope(learned=True),
    ),
    "seeing": replace(DENSE, vision=Vision(dim=16, layers=2, heads=2, hidden=24, patch=2, image=16)),
    "seeing, patches merged": replace(
        DENSE, vision=Vision(dim=16, layers=1, heads=2, hidden=24, patch=2, image=16, norm_eps=1e-5, merge=2, bias=False)
    ),
    "hearing": replace(DENSE, hearing=EAR),
    "hearing, learned positions": replace(DENSE, hearing=replace(EAR, learned=True)),
    "hearing a stream": replace(DENSE, hearing=replace(EAR, head_dim=6, stream=Stream(window=5, rope_theta=1e4, delay=3, told=7))),
    "states": replace(
        DENSE, heads=0, kv_heads=0, head_dim=0, hidden=0, state_space=StateSpace(state=5, heads=6, head_dim=8, groups=2, conv=4)
    ),
}


@pytest.mark.parametrize("shape", SHAPES)
def test_every_parameter_is_counted(shape: str) -> None:
    torch = pytest.importorskip("torch")
    from alize.model.build import build_model

    with torch.device("meta"):
        model = build_model(SHAPES[shape])
    assert parameters(SHAPES[shape]) == sum(parameter.numel() for parameter in model.parameters())


def test_a_token_goes_through_its_own_experts_only() -> None:
    config = SHAPES["experts"]
    each = 3 * config.dim * EXPERTS.hidden
    assert parameters(config) - parameters(config, active=True) == 2 * (EXPERTS.count - EXPERTS.active) * each


def test_a_window_bounds_what_is_kept() -> None:
    mixed = replace(DENSE, window=10, pattern=("full", "sliding", "sliding"))
    one = cache_row(mixed, 0).numbers
    assert one == 2 * 2 * 6
    assert cached_bytes(mixed, 100, 2) == 2 * one * (100 + 10 + 10)
    assert cached_bytes(mixed, 4, 2) == 2 * one * 3 * 4


def test_latents_are_kept_once_and_only_where_they_are_made() -> None:
    config = SHAPES["all of Mistral Large 4"]
    assert [cache_row(config, layer).numbers for layer in range(3)] == [12 + 4 + 8, 12 + 8, 0]


def test_a_state_takes_the_same_room_after_any_context() -> None:
    tails, states = 3 * 3 * (48 + 2 * 2 * 5), 3 * 48 * 5
    for width, of_a_state in ((2, 4), (4, 4), (8, 8)):  # bytes
        expected = tails * width + states * of_a_state
        assert [cached_bytes(SHAPES["states"], context, width) for context in (1, 10**6)] == [expected] * 2
