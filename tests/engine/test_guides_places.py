"""Places for grammars that wait to be compiled: whose they are, whose turn it is, and when there is one more."""

from threading import Event

import pytest

from alize.engine.core import Core
from alize.engine.grammar import Grammar
from alize.engine.guide import Compiler, Guide, Words
from alize.engine.guides import Guides
from alize.engine.schedule import Limits
from alize.engine.sequence import Sequence
from alize.errors import QueueFull
from tests.engine.engines import core, drain
from tests.engine.test_guides import WORDS, asked


class Slow:
    """A vocabulary that comes when it is let go: nothing is compiled before."""

    def __init__(self) -> None:
        self.held = Event()

    def __call__(self) -> Words:
        assert self.held.wait(60)
        return WORDS


def filled(engine: Core, tenant: str) -> int:
    """How many grammars of a tenant are taken before one is refused."""
    for number in range(100):
        try:
            engine.add(asked(f"{tenant} {number}", Grammar("regex", f"(a|{tenant[-1]}){{{number}}}b"), tenant=tenant))
        except QueueFull:
            return number
    raise AssertionError("there is no end")


def test_places_that_one_has_filled_with_grammars_are_not_full_for_another_nor_for_another_person() -> None:
    slow = Slow()
    engine = core(limits=Limits(max_running=256), words=slow)
    assert [filled(engine, tenant) for tenant in ("a/x", "b", "a/y")] == [64, 32, 16]
    with pytest.raises(QueueFull, match="112 grammars wait"):
        engine.add(asked("one more", Grammar("regex", "a"), tenant="a/x"))
    engine.add(asked("the same again", Grammar("regex", "(a|x){3}b"), tenant="a/x"))  # it takes no place of its own
    slow.held.set()
    assert len(drain(engine)) == 64 + 32 + 16 + 1
    engine.check()


def test_whoever_has_many_to_be_compiled_holds_up_nobody_who_has_one(monkeypatch: pytest.MonkeyPatch) -> None:
    order, really, slow = list[str](), Compiler.compile_plain, Slow()

    def compiled(self: Compiler, grammar: Grammar) -> Guide:
        order.append(grammar.text)
        return really(self, grammar)

    monkeypatch.setattr(Compiler, "compile_plain", compiled)
    guides = Guides(slow, 21)
    many = [f"a{{{number}}}b" for number in range(20)]
    for tenant, texts in (("many/x", many), ("many/y", ["c"]), ("one", ["d"]), ("late", [many[-1]])):
        for text in texts:
            guides.begin(Sequence(asked(f"{tenant} {text}", None, tenant=tenant), 0), Grammar("regex", text))
    slow.held.set()
    while guides:
        guides.wait()
        guides.ready()
    assert order == [many[0], "d", many[-1], "c", *many[1:-1]], "workspaces by turns, in each its people; what two ask for at the first's"
    guides.close()


def test_whoever_takes_turns_with_one_who_has_more_comes_back_when_their_own_are_done() -> None:
    held, moments = Event(), iter([0.0, 8.0])

    def clock() -> float:
        """The first takes eight seconds, and the second does not end."""
        for moment in moments:
            return moment
        assert held.wait(60)
        return 8.0

    guides = Guides(lambda: WORDS, 21, clock)

    def begin(tenant: str, text: str) -> None:
        guides.begin(Sequence(asked(f"{tenant} {text}", None, tenant=tenant), 0), Grammar("regex", text))

    def told(tenant: str) -> float | None:
        """Fill what places there are; in how many seconds there will be another."""
        for number in range(100):
            try:
                begin(tenant, f"(a|{tenant[-1]}){{{number}}}b")
            except QueueFull as refused:
                return refused.retry_after
        raise AssertionError("there is no end")

    begin("a/x", "c")
    while guides:
        guides.wait()
        guides.ready()
    assert told("a/x") == 8, "one of 64"
    assert told("b") == 2 * 8, "one of theirs, and one of the other's, who has twice as many"
    assert told("a/x") == 33 * 8
    held.set()
    guides.close()
