"""The grammars of one engine's requests. In: requests that have one. Out: their guides, once compiled.

A large schema takes a second to compile. That is done by a thread, so that answers go on meanwhile; its request is queued when it is done.
The thread works for tenants by turns (turns.py), and places that one has filled are not full for another (shares.py).

    64 places, all of one/ada    →    none for one/ada; 32 more for two/bob, then 16 for one/cyd
"""

import logging
import math
import threading
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from functools import partial

from alize.engine.grammar import Grammar
from alize.engine.guide import Compiler, Guide, Words
from alize.engine.sequence import Sequence
from alize.engine.shares import Shares
from alize.engine.turnover import Turnover
from alize.engine.turns import Turns
from alize.errors import AlizeError, QueueFull
from alize.heap import give_back
from alize.wording import quantity

__all__ = ["Guides"]

_PATIENCE = 0.01  # seconds that an engine with nothing else to do waits at a time: commands come between
_MOST = 64  # places for different grammars that wait to be compiled: of the largest, each takes a second

_KEPT, _KEPT_CHARACTERS = 16, 1 << 21
"""Grammars that are kept for requests to come: most of a program's are the same. Each takes 30 MB at most (guide.py)."""

_USES = 256
"""Answers that share what was computed of a grammar; for the next it is compiled anew, so that no grammar's memory fills up for ever."""

_STACK = 256 << 20
"""Bytes for the thread that compiles: rules that name each other, ten thousand deep, are walked by recursion. Memory only as it is used."""

_LARGE, _OFTEN = 0.02, 1.0
"""Seconds of the thread after which it gives memory back, where nothing waits and where something does."""

_COPIED = 1 << 15
"""Characters of texts behind which guides are copied in one step: a few milliseconds. What is over waits for the next."""

_log = logging.getLogger(__name__)


_Key = tuple[str, Grammar]
"""A grammar within one salt: how soon an answer begins does not say whether somebody else has asked for the same."""


@dataclass(slots=True)
class _Kept:
    future: Future[Guide]
    of: str  # the tenant whose place it takes while it waits
    tenants: set[str] = field(default_factory=set[str])  # in whose rows it stands
    uses: int = 0
    begun: dict[Grammar, "_Kept"] = field(default_factory=dict[Grammar, "_Kept"])  # from it, behind a text or before a thought


@dataclass(slots=True)
class _Coming:
    sequence: Sequence
    grammar: Grammar
    kept: _Kept
    future: Future[Guide]
    compiled: bool = False  # the future is of its own beginning


@dataclass(slots=True, eq=False)
class _Job:
    """It may stand in several tenants' rows: who has the first turn has it done."""

    future: Future[Guide]
    work: Callable[[], Guide]

    def do(self) -> None:
        """A no-op where it was done, or is wanted no more."""
        if self.future.done() or not self.future.set_running_or_notify_cancel():
            return
        try:
            self.future.set_result(self.work())
        except BaseException as error:  # whatever it is, also a panic of what is written in Rust: whoever waits must hear of it
            self.future.set_exception(error)
            if isinstance(error, KeyboardInterrupt):  # where it is done at once, by whoever computes
                raise


class Guides:
    """Compiles for one engine, by turns; what is the same within one salt, once."""

    def __init__(self, words: Callable[[], Words], size: int, clock: Callable[[], float] = time.perf_counter) -> None:
        """`words`: the vocabulary, asked for with the first grammar. `size`: logits of a row. `clock`: by which compiling is timed."""
        self._words, self._size, self._clock = words, size, clock
        self._compiler: Compiler | None = None
        self._thread, self._turns = ThreadPoolExecutor(1, "grammars"), Turns[_Job](lambda job: job.future.done())
        self._kept: dict[_Key, _Kept] = {}  # the last used stand last
        self._coming: dict[str, _Coming] = {}
        self._turnover, self._worked = Turnover(), 0.0  # seconds that the thread has compiled
        self._since = 0.0  # seconds that it has worked since it gave memory back

    def __len__(self) -> int:
        return len(self._coming)

    @property
    def sequences(self) -> list[Sequence]:
        """Those whose grammars are not compiled."""
        return [coming.sequence for coming in self._coming.values()]

    def begin(self, sequence: Sequence, grammar: Grammar, *, again: bool = False) -> None:
        """Compile what an answer must match. Raises QueueFull where too many wait for that; `again`: it was taken before."""
        whole, grammar, tenant = grammar, grammar.plain, sequence.request.tenant
        key = sequence.request.salt, grammar
        kept = self._kept.get(key)
        if kept is None or kept.uses >= _USES:
            if not again:
                self._check_room(tenant)
            kept = _Kept(Future(), tenant)
        self._have_done(tenant, kept, partial(self._compile, grammar))
        kept.uses += 1
        self._kept.pop(key, None)
        self._kept[key] = kept
        self._coming[sequence.request.id] = _Coming(sequence, whole, kept, kept.future)
        self._forget()

    def remove(self, request_id: str) -> None:
        """Nobody waits any more. A no-op for one that is not here."""
        left = self._coming.pop(request_id, None)
        if left is None or any(left.future is other.future for other in self._coming.values()):
            return
        if left.future.cancel() and left.compiled:
            left.kept.begun.pop(left.grammar, None)
        elif left.future.cancelled():
            self.lose(left.sequence.request.salt, left.grammar, left.future)

    def lose(self, salt: str, grammar: Grammar, future: Future[Guide] | None = None) -> None:
        """Compile it anew for the next that asks: what was computed of it can be used no more. `future`: only if it is still that one."""
        key = salt, grammar.plain
        kept = self._kept.get(key)
        if kept is not None and future in (None, kept.future):
            del self._kept[key]

    def wait(self) -> None:
        """A moment for one that is being compiled, for whoever has nothing else to do."""
        wait([coming.future for coming in self._coming.values()], _PATIENCE, FIRST_COMPLETED)

    def ready(self) -> list[tuple[Sequence, AlizeError | None]]:
        """Those that can begin, with their guide, or why they cannot."""
        found: list[tuple[Sequence, AlizeError | None]] = []
        copied = 0  # characters of texts that guides are behind
        for coming in self._coming.values():  # first all, so that what they share is begun once
            if not coming.compiled and coming.future.done() and coming.future.exception() is None:
                self._begin(coming)
        for id, coming in list(self._coming.items()):
            if not coming.future.done() or copied > _COPIED:
                continue
            sequence, grammar, error = coming.sequence, coming.grammar, coming.future.exception()
            if error is None and not coming.compiled:  # since a moment: its beginning comes the next time
                continue
            del self._coming[id]
            if error is None:
                last = bool(grammar.prefix) and all(coming.future is not other.future for other in self._coming.values())
                sequence.guide = self._last(coming) if last else coming.future.result().copy()
                copied += 0 if last else len(grammar.prefix)
                found.append((sequence, None))
            elif isinstance(error, AlizeError):  # a fresh one: this one is kept, and raised by nobody
                found.append((sequence, type(error)(error.message, param=error.param, remedy=error.remedy)))
            else:  # ours, or a panic of what is written in Rust: the end of this request alone
                _log.error("a grammar could not be compiled", exc_info=error)
                self.lose(sequence.request.salt, grammar, None if coming.compiled else coming.future)
                found.append((sequence, AlizeError("The grammar could not be compiled: an error of the server, which its log has.")))
        self._forget()
        return found

    @staticmethod
    def _last(coming: _Coming) -> Guide:
        """What is behind a text that nobody else waits for: copying it would take as long as a step, and its memory again."""
        del coming.kept.begun[coming.grammar]
        return coming.future.result()

    def close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _begin(self, coming: _Coming) -> None:
        """Where the match begins elsewhere than the answer: once for all that wait for it. A long text takes the thread a while, too."""
        kept, grammar, tenant = coming.kept, coming.grammar, coming.sequence.request.tenant
        coming.compiled = True
        if grammar is grammar.plain:
            return
        assert self._compiler is not None, "it has compiled what begins"
        begun, mine = kept.begun.get(grammar), False
        if begun is None:
            begun, mine = _Kept(Future(), kept.of), True
            kept.begun[grammar] = begun
        coming.future, work = begun.future, partial(self._compiler.begin, kept.future.result(), grammar)
        if mine and self._compiler.at_once(grammar):  # the thread has none of it
            _Job(begun.future, work).do()
        else:
            self._have_done(tenant, begun, work)

    def _check_room(self, tenant: str) -> None:
        """Raises QueueFull where there is no place for a grammar of this tenant."""
        waiting = Shares()
        for kept in self._kept.values():
            if not kept.future.done():
                waiting.take(kept.of)
        if not waiting.room(tenant, _MOST):
            seconds = self._turnover.wait(waiting.ends(tenant, _MOST), self._worked)
            raise QueueFull(
                f"{quantity(waiting.total, 'grammar')} wait to be compiled already.",
                remedy=f"Try again in {math.ceil(seconds)} s.",
                retry_after=seconds,
            )

    def _have_done(self, tenant: str, kept: _Kept, work: Callable[[], Guide]) -> None:
        """By the thread, when it is this tenant's turn; once, however many ask."""
        if kept.future.done() or tenant in kept.tenants:
            return
        kept.tenants.add(tenant)
        self._turns.add(tenant, _Job(kept.future, work))
        before = threading.stack_size(_STACK)  # of the thread that the first submission starts
        try:
            self._thread.submit(self._take_turn)
        finally:
            threading.stack_size(before)

    def _take_turn(self) -> None:
        job = self._turns.next()
        if job is not None:  # somebody else had it done, or nobody wants it any more
            began = time.thread_time()
            job.do()
            self._since += time.thread_time() - began
        if self._since > (_OFTEN if self._turns else _LARGE):  # what compiling takes for a moment: the thread would keep it
            give_back()
            self._since = 0.0

    def _forget(self) -> None:
        """The longest unused, where there are too many; none that is not compiled. And what is behind texts, where nobody waits for it."""
        waited = {coming.future for coming in self._coming.values()}
        for kept in self._kept.values():
            for grammar in [grammar for grammar, begun in kept.begun.items() if grammar.prefix and begun.future not in waited]:
                del kept.begun[grammar]
        characters = sum(map(_characters, self._kept))
        for key, kept in list(self._kept.items()):
            if len(self._kept) <= _KEPT and characters <= _KEPT_CHARACTERS:
                return
            if kept.future.done():
                del self._kept[key]
                characters -= _characters(key)

    def _compile(self, grammar: Grammar) -> Guide:
        if self._compiler is None:
            self._compiler = Compiler(self._words(), self._size)
        started = self._clock()
        try:
            return self._compiler.compile_plain(grammar)
        finally:
            self._worked += self._clock() - started
            self._turnover.ended(self._worked)


def _characters(key: _Key) -> int:
    _, grammar = key
    return len(grammar.text) + len(grammar.otherwise)
