"""The oracle: an answer is the same alone, batched, chunked, with the prefix cache on and off, in several steps a call, and preempted.

Exact on a tiny model in float64, where no rounding can tell the difference. What the real model gives is measured in benchmarks/.
"""

from dataclasses import replace

import numpy as np
import pytest

from alize.engine.base import Image, Request, SamplingParams, Sound
from alize.engine.batch import pack
from alize.engine.core import Core
from alize.engine.runners.base import RowSampling
from alize.engine.schedule import Limits
from alize.model.config import Experts, Hearing, LatentAttention, ModelConfig, Rope, SparseIndex, StateSpace, Stream, Vision

torch = pytest.importorskip("torch")
from alize.engine.media import shown  # noqa: E402
from alize.engine.runners.torch import TorchRunner  # noqa: E402
from alize.engine.runners.torch_media import Senses  # noqa: E402
from alize.model.build import Model, build_model, packed_memory  # noqa: E402
from alize.model.hearing import HearingTransformer  # noqa: E402
from alize.model.seeing import SeeingTransformer  # noqa: E402
from alize.model.transformer import Embeds  # noqa: E402

LATENT = LatentAttention(kv_rank=12, q_rank=0, nope_head_dim=6, rope_head_dim=4, v_head_dim=8)
EAR = Hearing(dim=16, layers=2, heads=2, head_dim=8, hidden=24, mels=6, chunk=20, stack=2)  # ten tokens are heard together
SHAPES = {
    "full": {},
    "window": {"window": 24},
    "interleaved": {"window": 24, "pattern": ("sliding", "full")},
    "experts": {"experts": Experts(count=5, active=2, hidden=24)},
    "latent": {"latent": LATENT},
    "indexed": {
        "latent": replace(LATENT, unrotated=frozenset({1}), sources=(0, 1, 0, 3)),
        "index": SparseIndex(top=20, heads=4, head_dim=8, layers=frozenset({0, 3})),
    },
    "norms everywhere, two rotations": {
        **{"window": 24, "pattern": ("sliding", "sliding", "full"), "sliding_rope": Rope(theta=50.0), "unrotated": frozenset({1})},
        **{"qk_norm": True, "post_norms": True, "centred_norms": True, "activation": "gelu_tanh", "embedding_scale": 5.5, "qkv_bias": True},
        **{"rope": Rope(factor=4.0, stretch="llama3", original_context=40, beta_fast=4.0), "score_width": 12, "logit_cap": 9.0},
    },
    "states": {
        "state_space": StateSpace(state=6, heads=8, head_dim=8, groups=2, conv=4),
        **dict.fromkeys(("heads", "kv_heads", "head_dim", "hidden"), 0),
    },
    "seeing": {"vision": Vision(dim=16, layers=2, heads=2, hidden=24, patch=2, image=16, merge=2, norm_eps=1e-5)},
    "hearing": {"hearing": EAR},
    "streaming": {"window": 24, "hearing": replace(EAR, stream=Stream(window=5, rope_theta=1e4, delay=3, told=6))},
}
WAYS = {
    "batched": (Limits(), 200),
    "chunked": (Limits(step_tokens=16), 200),
    "encoded a piece at a time": (Limits(step_tokens=16, encode_tokens=1), 200),
    "several steps a call": (Limits(decode_steps=8), 200),
    "without the prefix cache": (Limits(prefix_cache=False), 200),
    "preempted": (Limits(step_tokens=64), 18),
    "preempted, without the prefix cache": (Limits(step_tokens=64, prefix_cache=False), 18),
}


DENSE = {"dim": 32, "layers": 4, "heads": 4, "kv_heads": 2, "head_dim": 8, "hidden": 64, "vocab": 101, "max_context": 256}


def tiny(shape: str) -> Model:
    config = ModelConfig(**{**DENSE, **SHAPES[shape]})  # type: ignore[arg-type]
    torch.manual_seed(0)
    model = build_model(config).double().eval().requires_grad_(False)
    for parameter in model.parameters():
        parameter.data = torch.randn_like(parameter) * 0.3
    return model


def workload(model: Model) -> list[Request]:
    """For a model that sees or hears, most prompts show something, and prompts that begin alike may show different things."""
    requests = texts()
    if model.config.hearing is not None:
        return [replace(request, sounds=tuple(sounds(model.config.hearing, request, index))) for index, request in enumerate(requests)]
    if model.config.vision is None:
        return requests
    numbers, side = np.random.default_rng(1), model.config.vision.side
    pictures = [numbers.standard_normal((3, rows * side, columns * side)).astype(np.float32) for rows, columns in ((3, 2), (2, 3), (4, 4))]
    for index, request in enumerate(requests):
        images: list[Image] = []
        for _ in range(3 if index % 3 else 0):
            image = Image.of(pictures[int(numbers.integers(3))], side, 3 + sum(each.length + 2 for each in images))
            if image.start + image.length <= len(request.tokens):
                images.append(image)
        requests[index] = replace(request, images=tuple(images))
    return requests


def sounds(hearing: Hearing, request: Request, index: int) -> list[Sound]:
    """Of a stream one that lasts longer than any answer may; else those of three that fit, in every third prompt none."""
    numbers = np.random.default_rng(2 + index % 3)
    if hearing.stream is not None:
        return [Sound.of(numbers.standard_normal((hearing.mels, 200 * hearing.frames)).astype(np.float32), hearing.frames, 0)]
    drawn = numbers.standard_normal((hearing.mels, hearing.piece * hearing.frames)).astype(np.float32)
    starts = range(2, len(request.tokens) - hearing.piece, hearing.piece + index % 2) if index % 3 else ()
    return [Sound.of(drawn, hearing.frames, start) for start in starts]


def perceived(model: Model, request: Request) -> Embeds | None:
    """What stands at the tokens of a request's images and sounds."""
    places = [medium.start + token for medium in request.media for token in range(medium.length) if medium.shows(np.array([token])) >= 0]
    if isinstance(model, SeeingTransformer) and places:
        side = model.vision_encoder.config.side
        return torch.tensor(places), model.see([torch.tensor(image.array(side)).double() for image in request.images])
    if isinstance(model, HearingTransformer) and places:
        return torch.tensor(places), torch.cat([model.hear(torch.tensor(sound.array(6)).double()) for sound in request.sounds])
    return None


def texts() -> list[Request]:
    numbers = np.random.default_rng(0)
    shared = numbers.integers(0, 101, 40).tolist()
    return [
        Request(
            str(index),
            tuple(shared[: numbers.integers(0, 40)] + numbers.integers(0, 101, numbers.integers(1, 60)).tolist()),
            max_tokens=int(numbers.integers(1, 50)),
            sampling=SamplingParams(temperature=index % 2, seed=index, presence_penalty=0.5 * (index % 3)),
        )
        for index in range(16)
    ]


def answers(model: Model, limits: Limits, blocks: int, together: bool = True) -> tuple[dict[str, list[int]], Core]:
    runner = TorchRunner(model)
    core = Core(runner, limits, {group.name: blocks for group in runner.info.groups})
    given: dict[str, list[int]] = {}
    for request in workload(model):
        core.add(request)
        while core.busy and not together:
            for step in core.step():
                given.setdefault(step.request_id, []).extend(step.tokens)
    while core.busy:
        for step in core.step():
            given.setdefault(step.request_id, []).extend(step.tokens)
    core.check()
    return given, core


@pytest.fixture(scope="module", params=SHAPES)
def model_and_solo(request: pytest.FixtureRequest) -> tuple[Model, dict[str, list[int]]]:
    model = tiny(request.param)
    return model, answers(model, Limits(prefix_cache=False), 200, together=False)[0]


@pytest.mark.parametrize("way", WAYS)
def test_the_answer_does_not_depend_on_how_it_was_computed(model_and_solo: tuple[Model, dict[str, list[int]]], way: str) -> None:
    model, solo = model_and_solo
    limits, blocks = WAYS[way]
    given, core = answers(model, limits, blocks)
    assert given == solo
    if way.startswith("preempted") and "full" in core.scheduler.groups.pools:
        assert core.stats().preemptions > 0
    if limits.prefix_cache and core.scheduler.groups.shares:
        assert core.stats().cached_tokens > 0


def specified(model: Model, request: Request, answer: list[int]) -> list[int]:
    """The greedy choice at each place of an answer, by model/ alone, run over the whole sequence at once."""
    tokens = torch.tensor([*request.tokens, *answer])
    embeds = perceived(model, request)
    if model.config.hearing is not None and model.config.hearing.stream is not None:
        assert embeds is not None
        embeds = tuple(part[: len(tokens)] for part in embeds)  # the sound lasts longer than the answer
    hidden = model(tokens, torch.arange(len(tokens)), packed_memory(model.config, [len(tokens)]), embeds)
    return model.head(hidden).argmax(-1)[len(request.tokens) - 1 :][: request.max_tokens].tolist()


def test_greedy_tokens_are_those_of_the_specification(model_and_solo: tuple[Model, dict[str, list[int]]]) -> None:
    model, solo = model_and_solo
    for request in workload(model):
        if request.sampling.temperature == 0 and not request.sampling.presence_penalty:
            assert specified(model, request, solo[request.id]) == solo[request.id]


def test_scores_are_those_of_the_specification(model_and_solo: tuple[Model, dict[str, list[int]]]) -> None:
    model, _ = model_and_solo
    if model.config.hearing is not None and model.config.hearing.stream is not None:
        pytest.skip("a text without a sound is nothing to a model that streams")
    runner = TorchRunner(model)
    core = Core(runner, Limits(step_tokens=16), {group.name: 20 for group in runner.info.groups})
    tokens = np.random.default_rng(1).integers(0, 101, 60).tolist()
    hidden = model(torch.tensor(tokens), torch.arange(60), packed_memory(model.config, [60]))
    expected = torch.log_softmax(model.head(hidden), -1)[torch.arange(59), torch.tensor(tokens[1:])]
    assert np.abs(np.array(core.score(tokens)) - expected.numpy()).max() < 1e-5  # values cross the seam as float32
    assert np.linalg.norm(core.embed([tokens])) == pytest.approx(1, abs=1e-6)


def test_states_that_gave_way_are_made_again_and_those_of_a_step_that_raised_too() -> None:
    class Interrupted(TorchRunner):
        calls = 0

        def run(self, batch, sampling, max_steps=1):  # type: ignore[no-untyped-def]
            output = super().run(batch, sampling, max_steps)
            self.calls += 1
            if self.calls == 20:
                raise KeyboardInterrupt
            return output

    model = tiny("states")
    solo = answers(model, Limits(), 16, together=False)[0]
    core = Core(Interrupted(model), Limits(step_tokens=32), {"recurrent": 4})
    for request in workload(model):
        core.add(request)
    given: dict[str, list[int]] = {}
    number = raised = 0
    while core.busy:
        try:
            for step in core.step():
                given.setdefault(step.request_id, []).extend(step.tokens)
        except KeyboardInterrupt:
            raised += 1
        number += 1
        if number % 10 == 5:
            core.score([1, 2, 3])
    assert raised == 1
    assert core.stats().preemptions > 4
    assert given == solo


def test_a_row_that_ends_within_a_call_leaves_its_state_where_it_was() -> None:
    """The seam allows what the scheduler does not ask for: of one call of three steps, a row that may take but one."""
    runner = TorchRunner(tiny("states"))
    runner.allocate({"recurrent": 2})
    once, thrice = (RowSampling(SamplingParams(temperature=0), limit=limit) for limit in (1, 3))

    def run(rows: dict[int, tuple[int, list[int]]], rules: list[RowSampling], steps: int) -> tuple[tuple[int, ...], ...]:
        """Rows by slot: where each begins, and its tokens."""
        packed = [(tokens, start, {"recurrent": [slot]}) for slot, (start, tokens) in rows.items()]
        return runner.run(pack(packed, runner.info.groups, [True] * len(rows)), rules, steps).tokens

    (first,), (second,) = run({1: (0, [5, 6, 7]), 0: (0, [8, 9])}, [once, once], 1)
    short, long = run({1: (3, [first]), 0: (2, [second])}, [once, thrice], 3)
    assert (len(short), len(long)) == (1, 3)
    (after,) = run({1: (4, [short[0]])}, [thrice], 3)
    tokens = torch.tensor([5, 6, 7, first, short[0], *after])
    model = runner.model
    greedy = model.head(model(tokens, torch.arange(len(tokens)), packed_memory(model.config, [len(tokens)]))).argmax(-1)
    assert greedy[2:-1].tolist() == [first, short[0], *after]


def test_an_image_that_comes_again_is_not_encoded_again_until_too_many_have_come() -> None:
    model = tiny("seeing")
    assert isinstance(model, SeeingTransformer)
    pictures = [Image.of(np.full((3, 8, 8), colour, np.float32), 4, 0) for colour in (0.0, 1.0, 2.0)]
    eyes = Senses(model, most=2 * 4 * 32 * 8)  # two images of 4 tokens

    def see(picture: Image) -> Embeds | None:
        eyes.encode([picture], 1000)
        eyes.keep({picture.key})
        return eyes.embeds(shown([picture], 0, picture.length, 0))

    first = [see(picture) for picture in pictures[:2]]
    assert eyes.encoded == 2
    for start, count in ((0, 2), (2, 1), (3, 3)):  # in pieces
        places, rows = eyes.embeds(shown([pictures[0]], start, count, at=7)) or (None, None)
        expected = [(0, 0), (1, 1), (3, 2), (4, 3)]  # token and square; token 2 ends the first row
        here = [(token - start + 7, square) for token, square in expected if start <= token < start + count]
        if not here:
            assert places is None
            continue
        assert places is not None
        assert rows is not None
        assert first[0] is not None
        assert places.tolist() == [place for place, _ in here]
        assert torch.equal(rows, first[0][1][[square for _, square in here]])
    assert eyes.encoded == 2
    see(pictures[2])  # the second, used longest ago, gives way
    see(pictures[0])
    assert eyes.encoded == 3
    see(pictures[1])
    assert eyes.encoded == 4
