"""How soon an answer begins says nothing of what another workspace has asked: what was computed is found by its own alone."""

from pathlib import Path

import numpy as np
import pytest

from alize.engine.base import Image, Request
from alize.engine.core import Core
from alize.engine.grammar import Grammar
from alize.engine.guides import Guides
from alize.engine.schedule import Limits
from alize.engine.sequence import Sequence
from tests.engine.test_encoding import core, drain, picture
from tests.engine.test_guides import WORDS


def test_what_two_workspaces_show_at_once_is_encoded_for_each_and_once_for_all_of_one() -> None:
    engine, runner = core(encode_tokens=3)
    for number, salt in enumerate(("one", "one", "two", "two", "")):
        engine.add(Request(str(number), (number,) * 30, max_tokens=5, images=(picture(1, 5),), salt=salt))
    drain(engine)
    assert sum(runner.pieces) == 3 * 20


@pytest.mark.parametrize(("prefix_cache", "known"), [(True, 48), (False, 0)])
def test_what_a_model_keeps_of_a_picture_is_found_by_its_workspace_alone_with_an_adapter_too(
    tmp_path: Path, prefix_cache: bool, known: int
) -> None:
    """It keeps it when nobody waits for it any more; without a prefix cache nothing else can make the second answer come sooner."""
    pytest.importorskip("torch")
    from alize.engine.runners.torch import TorchRunner
    from tests.engine.test_adapters import written
    from tests.engine.test_oracle import tiny

    model = tiny("seeing")
    adapter = written(model, tmp_path)["first"]
    runner = TorchRunner(model)
    engine = Core(runner, Limits(prefix_cache=prefix_cache), {group.name: 64 for group in runner.info.groups})
    engine.set_adapter("first", str(adapter))
    pixels = np.random.default_rng(0).standard_normal((3, 16, 16)).astype(np.float32)
    assert runner._senses is not None
    senses = runner._senses

    def asks(id: str, salt: str) -> tuple[int, int]:
        encoded, cached = senses.encoded, engine.stats().cached_tokens
        engine.add(Request(id, (1,) * 60, max_tokens=2, images=(Image.of(pixels, 4, 5),), salt=salt, adapter="first"))
        drain(engine)
        return senses.encoded - encoded, engine.stats().cached_tokens - cached

    assert asks("first", "one") == (1, 0)
    assert asks("other", "two") == (1, 0)
    assert asks("nobody's", "") == (1, 0)
    assert asks("again", "one") == (0, known)


def test_a_grammar_that_another_workspace_has_asked_for_is_compiled_again() -> None:
    guides, compiled = Guides(lambda: WORDS, 64), list[str]()
    compile_ = guides._compile
    guides._compile = lambda grammar: (compiled.append(grammar.text), compile_(grammar))[1]
    for number, salt in enumerate(("one", "one", "two", "", "two")):
        guides.begin(Sequence(Request(str(number), (1,), max_tokens=1, salt=salt), 0), Grammar("regex", "ab{30}"))
        while guides:
            guides.wait()
            assert all(error is None for _, error in guides.ready())
    assert compiled == ["ab{30}"] * 3
    guides.close()
