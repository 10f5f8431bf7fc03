"""Prefixes that several prompts have in common: computed once, where they are the same, and only there."""

from alize.engine.base import Image, Request
from tests.engine.engines import core, drain, picture


def test_a_shared_prompt_is_computed_once() -> None:
    engine = core()
    prompt = tuple(range(50))
    for index in range(8):
        engine.add(Request(str(index), (*prompt, index), max_tokens=3))
    drain(engine)
    assert engine.stats().cached_tokens == 7 * 48
    assert engine.runner.tokens == 51 + 7 * 3 + 8 * 2  # type: ignore[attr-defined]


def test_prefixes_are_not_shared_between_salts() -> None:
    engine = core()
    for salt in ("tenant-a", "tenant-b"):
        engine.add(Request(salt, tuple(range(50)), max_tokens=1, salt=salt))
        drain(engine)
    assert engine.stats().cached_tokens == 0


def test_no_prefix_is_shared_where_layers_keep_a_state() -> None:
    engine = core(states=True)
    for name in "ab":
        engine.add(Request(name, tuple(range(50)), max_tokens=3))
        drain(engine)
    assert engine.stats().cached_tokens == 0
    assert engine.runner.tokens == 2 * (50 + 2)  # type: ignore[attr-defined]


def test_a_prefix_is_shared_where_its_images_are_the_same_and_only_there() -> None:
    engine = core()
    tokens = tuple([1] * 50)

    def cached(*images: Image) -> int:
        engine.add(Request("a", tokens, max_tokens=1, images=images))
        gained = [step for _ in range(3) for step in engine.step()]  # up to the image, the image's encoding, the rest
        assert not engine.busy
        return sum(step.cached_tokens for step in gained)

    assert cached(picture(0, 4, 4, 20)) == 0
    assert cached(picture(0, 4, 4, 20)) == 48
    assert cached(picture(1, 4, 4, 20)) == 16  # up to the block in which another image begins
    assert cached(picture(0, 4, 4, 21)) == 16
    assert cached(picture(0, 2, 4, 20)) == 16
    assert cached() == 16
