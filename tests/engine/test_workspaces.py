"""How soon an answer begins says nothing of what another workspace has asked: what was computed is found by its own alone."""

from alize.engine.base import Request
from alize.engine.grammar import Grammar
from alize.engine.guides import Guides
from alize.engine.sequence import Sequence
from tests.engine.test_encoding import core, drain, picture
from tests.engine.test_guides import WORDS


def test_a_picture_that_another_workspace_has_shown_is_encoded_again_and_one_s_own_is_not() -> None:
    engine, runner = core(encode_tokens=100)

    def asks(id: str, salt: str) -> tuple[int, int]:
        encoded, cached = sum(runner.pieces), engine.stats().cached_tokens
        engine.add(Request(id, (1,) * 60, max_tokens=2, images=(picture(1, 5),), salt=salt))
        drain(engine)
        return sum(runner.pieces) - encoded, engine.stats().cached_tokens - cached

    assert asks("first", "one") == (20, 0)
    assert asks("other", "two") == (20, 0)
    assert asks("nobody's", "") == (20, 0)
    assert asks("again", "one") == (0, 48)


def test_what_two_workspaces_show_at_once_is_encoded_for_each_and_once_for_all_of_one() -> None:
    engine, runner = core(encode_tokens=3)
    for number, salt in enumerate(("one", "one", "two", "two", "")):
        engine.add(Request(str(number), (number,) * 30, max_tokens=5, images=(picture(1, 5),), salt=salt))
    drain(engine)
    assert sum(runner.pieces) == 3 * 20


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
