"""Images and sounds are encoded in pieces, beside what else runs: answers go on, and whoever leaves frees what was half done.

Pieces are counted by the runner that computes them, never by time. The property tests of `test_schedule.py` encode in pieces, too, and
`test_oracle.py` holds answers about images and sounds, on a model, against those of the specification.
"""

from collections.abc import Callable

import numpy as np
import pytest

from alize.engine.base import Image, Request, SamplingParams, Sight
from alize.engine.core import Core
from alize.engine.media import Medium
from alize.engine.runners.base import Runner
from alize.engine.runners.fake import FakeRunner
from alize.engine.schedule import Limits

GREEDY = SamplingParams(temperature=0)


def picture(colour: int, start: int, side: int = 4) -> Image:
    """Of as many tokens, and so pieces, as `side` · (`side` + 1)."""
    return Image.of(np.full((3, side, side), colour, np.float32), 1, start)


def core(blocks: int = 64, **limits: int) -> tuple[Core, FakeRunner]:
    runner = FakeRunner(sight=Sight(side=1, most=16))
    return Core(runner, Limits(**limits), {"full": blocks}), runner


def drain(engine: Core) -> dict[str, list[int]]:
    answers: dict[str, list[int]] = {}
    while engine.busy:
        for step in engine.step():
            answers.setdefault(step.request_id, []).extend(step.tokens)
        engine.check()
    return answers


def alone(request: Request) -> list[int]:
    engine, _ = core()
    engine.add(request)
    return drain(engine)[request.id]


def test_an_answer_gains_a_token_with_every_piece_of_an_image_beside_it() -> None:
    engine, runner = core(step_tokens=64, encode_tokens=3, decode_steps=8)
    engine.add(Request("writes", (1, 2, 3), max_tokens=40, sampling=GREEDY))
    engine.step()
    engine.add(Request("looks", (1,) * 30, max_tokens=2, images=(picture(1, 5),)))
    gained: list[str] = []
    while "looks" not in gained:
        gained = [step.request_id for step in engine.step() for _ in step.tokens]
        assert gained.count("writes") == 1
    assert runner.pieces == [3, 3, 3, 3, 3, 3, 2]


def test_the_tokens_of_a_step_and_what_it_encodes_share_one_budget() -> None:
    sizes: list[int] = []

    class Watched(FakeRunner):
        def run(self, batch, sampling, max_steps=1):  # type: ignore[no-untyped-def]
            sizes.append(len(batch.tokens) + (self.pieces.pop() if self.pieces else 0))
            return super().run(batch, sampling, max_steps)

    engine = Core(Watched(sight=Sight(side=1, most=16)), Limits(step_tokens=32, encode_tokens=20), {"full": 64})
    engine.add(Request("writes", (1,), max_tokens=90, sampling=GREEDY))
    for index in range(3):
        engine.add(Request(f"looks {index}", (index,) * 100, max_tokens=2, images=(picture(index, 5), picture(index + 3, 60, side=5))))
    drain(engine)
    assert max(sizes) == 32


@pytest.mark.parametrize("steps", [0, 1, 3, 7, 9])
def test_whoever_leaves_frees_blocks_and_what_was_half_encoded(steps: int) -> None:
    engine, runner = core(encode_tokens=3)
    engine.add(Request("looks", (1,) * 30, max_tokens=50, images=(picture(1, 20 - 15),)))
    for _ in range(steps):
        engine.step()
    assert (runner.half is not None) == (1 <= steps < 7)
    engine.abort("looks")
    engine.check()
    assert not engine.busy
    assert (runner.half, engine.stats().blocks_used) == (None, 0)
    assert not runner.perceived


def test_one_that_leaves_does_not_take_away_what_another_waits_for() -> None:
    engine, runner = core(encode_tokens=3)
    for name in ("stays", "leaves"):
        engine.add(Request(name, (1,) * 30, max_tokens=5, images=(picture(1, 5),)))
    for _ in range(3):
        engine.step()
    engine.abort("leaves")
    drain(engine)
    assert sum(runner.pieces) == 20


def test_what_gives_way_for_long_gives_up_what_was_half_encoded_and_begins_it_again() -> None:
    engine, runner = core(blocks=4, encode_tokens=1)
    asked = [Request("writes", (1, 2, 3), max_tokens=58), Request("looks", (1,) * 62, max_tokens=2, images=(picture(1, 5, side=7),))]
    for request in asked:
        engine.add(request)
    answers: dict[str, list[int]] = {}
    halves: list[int] = []
    while engine.busy:
        for step in engine.step():
            answers.setdefault(step.request_id, []).extend(step.tokens)
        engine.check()
        halves.append(runner.half[1] if runner.half is not None else 0)
    assert engine.stats().preemptions == 1
    reached = max(halves[: halves.index(0)])
    assert 40 < reached < 56
    assert sum(runner.pieces) == reached + 56
    assert answers == {request.id: alone(request) for request in asked}


def test_what_gives_way_for_a_moment_goes_on_with_what_was_half_encoded() -> None:
    engine, runner = core(blocks=5, encode_tokens=3)
    asked = Request("looks", (1,) * 60, max_tokens=5, images=(picture(1, 5),))
    engine.add(asked)
    for _ in range(3):
        engine.step()
    assert runner.half == (asked.images[0].key, 9)
    engine.score([1, 2, 3] * 25)  # takes every block, and gives them back
    assert engine.stats().preemptions == 1
    assert drain(engine) == {"looks": alone(asked)}
    assert sum(runner.pieces) == 20


def test_a_step_that_raises_while_it_encodes_can_be_taken_again() -> None:
    class Interrupted(FakeRunner):
        def encode(self, media, budget):  # type: ignore[no-untyped-def]
            super().encode(media, budget)
            if len(self.pieces) in (2, 5):
                raise KeyboardInterrupt

    engine = Core(Interrupted(sight=Sight(side=1, most=16)), Limits(step_tokens=40, encode_tokens=6), {"full": 64})
    asked = [Request(str(index), (1,) * 50, max_tokens=9, images=(picture(index % 2, 5), picture(2, 26))) for index in range(3)]
    for request in asked:
        engine.add(request)
    answers: dict[str, list[int]] = {}
    raised = 0
    while engine.busy:
        try:
            for step in engine.step():
                answers.setdefault(step.request_id, []).extend(step.tokens)
        except KeyboardInterrupt:
            raised += 1
        engine.check()
    assert raised == 2
    assert answers == {request.id: alone(request) for request in asked}


def test_questions_about_one_image_that_come_together_encode_and_compute_it_once() -> None:
    engine, runner = core(encode_tokens=3)
    head = (1,) * 30
    for index in range(8):
        engine.add(Request(str(index), (*head, *range(20), *head, index), max_tokens=3, images=(picture(1, 5), picture(2, 55))))
    drain(engine)
    assert sum(runner.pieces) == 2 * 20
    own = 5 + 55 % 16 + 81 % 16  # up to the first image, and of blocks that are not full where it stops again
    assert runner.tokens == 81 + 7 * own + 8 * 2
    assert engine.stats().cached_tokens == 7 * (81 - own)


def test_what_has_begun_is_finished_before_what_is_more_urgent() -> None:
    engine, runner = core(encode_tokens=3)
    engine.add(Request("first", (1,) * 30, max_tokens=5, images=(picture(1, 5),)))
    for _ in range(3):
        engine.step()
    engine.add(Request("urgent", (1,) * 30, max_tokens=5, images=(picture(2, 5),), priority=5))
    halves: list[bytes] = []
    while engine.busy:
        engine.step()
        halves += [runner.half[0]] if runner.half and runner.half[0] not in halves[-1:] else []
    assert halves == [picture(1, 5).key, picture(2, 5).key]
    assert sum(runner.pieces) == 2 * 20


# ── the seam: whatever runs, its encoder keeps these promises ──


def fake() -> tuple[Runner, list[Medium]]:
    return FakeRunner(sight=Sight(side=1, most=16)), [picture(colour, 0) for colour in range(3)]


def seeing() -> tuple[Runner, list[Medium]]:
    pytest.importorskip("torch")
    from alize.engine.runners.torch import TorchRunner
    from tests.engine.test_oracle import tiny

    numbers = np.random.default_rng(0)
    pixels = numbers.standard_normal((3, 3, 16, 16)).astype(np.float32)
    return TorchRunner(tiny("seeing")), [Image.of(each, 4, 0) for each in pixels]


def hearing() -> tuple[Runner, list[Medium]]:
    return _hearing("hearing", 10)


def streaming() -> tuple[Runner, list[Medium]]:
    return _hearing("streaming", 12)


def _hearing(shape: str, tokens: int) -> tuple[Runner, list[Medium]]:
    pytest.importorskip("torch")
    from alize.engine.base import Sound
    from alize.engine.runners.torch import TorchRunner
    from tests.engine.test_oracle import tiny

    drawn = np.random.default_rng(0).standard_normal((3, 6, tokens * 4)).astype(np.float32)
    return TorchRunner(tiny(shape)), [Sound.of(each, 4, 0) for each in drawn]


RUNNERS = pytest.mark.parametrize("made", [fake, seeing, hearing, streaming])
Made = Callable[[], tuple[Runner, list[Medium]]]


def calls_to_encode(runner: Runner, medium: Medium) -> int:
    """How many pieces there are, by calls that pay for less than one."""
    calls = 0
    while not runner.encoded(medium):
        runner.encode([medium], 0)
        calls += 1
    return calls


def test_an_image_of_many_pieces_is_bit_for_bit_what_its_encoder_gives_at_once() -> None:
    torch = pytest.importorskip("torch")
    from alize.engine.media import shown
    from alize.engine.runners.torch_media import Senses
    from alize.model.build import build_model
    from alize.model.config import ModelConfig, Vision
    from alize.model.pieces import ROWS
    from alize.model.seeing import SeeingTransformer

    eye = Vision(dim=16, layers=2, heads=2, hidden=24, patch=2, image=64, merge=2, norm_eps=1e-5)
    sizes = {"dim": 32, "layers": 1, "heads": 4, "kv_heads": 2, "head_dim": 8, "hidden": 64, "vocab": 101, "max_context": 512}
    torch.manual_seed(0)
    model = build_model(ModelConfig(**sizes, vision=eye)).eval().requires_grad_(False)
    assert isinstance(model, SeeingTransformer)
    pixels = np.random.default_rng(0).standard_normal((2, 3, 64, 52)).astype(np.float32)
    assert ROWS < 32 * 26
    images = [Image.of(each, 4, 0) for each in pixels]
    eyes = Senses(model)
    for budget in (0, 3, 100, 0, 7, 10**9):
        eyes.encode(images, budget)
        model.see([torch.tensor(pixels[0, :, :8, :8])])  # whatever else is computed in between
    assert eyes.encoded == 2
    assert eyes.pieces > 6
    for image, each in zip(images, pixels, strict=True):
        _, rows = eyes.embeds(shown([image], 0, image.length, 0)) or (None, None)
        assert rows is not None
        assert torch.equal(rows, model.see([torch.tensor(each)]))


@RUNNERS
def test_a_call_encodes_one_piece_at_least_and_a_large_budget_all(made: Made) -> None:
    runner, (first, second, third) = made()
    pieces = calls_to_encode(runner, first)
    assert pieces > 3
    runner.encode([second, third], 10**9)
    assert runner.encoded(second)
    assert runner.encoded(third)


@RUNNERS
def test_what_need_not_be_kept_is_given_up_half_done(made: Made) -> None:
    runner, (first, second, _) = made()
    pieces = calls_to_encode(runner, first)
    for give_up in (lambda: runner.keep({first.key}), lambda: runner.encode([first], 0)):  # the second does not ask for it any more
        for _ in range(pieces - 1):
            runner.encode([second], 0)
        give_up()
        assert runner.encoded(first)
        assert not runner.encoded(second)
    assert calls_to_encode(runner, second) == pieces


@RUNNERS
def test_what_has_begun_comes_first_and_what_must_be_kept_is(made: Made) -> None:
    runner, media = made()
    runner.encode(media[2:], 0)
    pieces = 1
    while not runner.encoded(media[2]):
        runner.encode(media, 0)
        pieces += 1
    runner.keep({media[2].key})
    assert [runner.encoded(medium) for medium in media] == [False, False, True]
    assert calls_to_encode(runner, media[0]) == pieces
