"""The grammars of one engine's requests. In: requests that have one. Out: their guides, once compiled.

A large schema takes a second to compile. That is done by a thread, so that answers go on meanwhile; its request is queued when it is done.
"""

import logging
import math
import threading
import time
from collections.abc import Callable
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass

from alize.engine.grammar import Grammar
from alize.engine.guide import Compiler, Guide, Words
from alize.engine.sequence import Sequence
from alize.engine.turnover import Turnover
from alize.errors import AlizeError, QueueFull

__all__ = ["Guides"]

_PATIENCE = 0.01  # seconds that an engine with nothing else to do waits at a time: commands come between
_MOST = 64  # different grammars that wait to be compiled: of the largest, each takes a second

_KEPT, _KEPT_CHARACTERS = 16, 1 << 21
"""Grammars that are kept for requests to come: most of a program's are the same. Each takes 30 MB at most (guide.py)."""

_USES = 256
"""Answers that share what was computed of a grammar; for the next it is compiled anew, so that no grammar's memory fills up for ever."""

_STACK = 256 << 20
"""Bytes for the thread that compiles: rules that name each other, ten thousand deep, are walked by recursion. Memory only as it is used."""

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Kept:
    future: Future[Guide]
    uses: int = 0


class Guides:
    """Compiles for one engine, in the order in which requests come; what is the same, once."""

    def __init__(self, words: Callable[[], Words], size: int) -> None:
        """`words`: the vocabulary, asked for with the first grammar. `size`: logits of a row."""
        self._words, self._size = words, size
        self._compiler: Compiler | None = None
        self._thread = ThreadPoolExecutor(1, "grammars")
        self._kept: dict[Grammar, _Kept] = {}  # the last used stand last
        self._coming: dict[str, tuple[Sequence, Grammar, Future[Guide]]] = {}
        self._turnover, self._worked = Turnover(), 0.0  # seconds that the thread has compiled

    def __len__(self) -> int:
        return len(self._coming)

    @property
    def sequences(self) -> list[Sequence]:
        """Those whose grammars are not compiled."""
        return [sequence for sequence, _, _ in self._coming.values()]

    def begin(self, sequence: Sequence, grammar: Grammar, *, again: bool = False) -> None:
        """Compile what an answer must match. Raises QueueFull where too many wait for that; `again`: it was taken before."""
        kept = self._kept.pop(grammar, None)
        if kept is None or kept.uses >= _USES:
            waiting = sum(not each.future.done() for each in self._kept.values())
            if waiting >= _MOST and not again:
                seconds = self._turnover.wait(waiting, self._worked)
                remedy = f"Try again in {math.ceil(seconds)} s."
                raise QueueFull(f"{waiting} grammars wait to be compiled already.", remedy=remedy, retry_after=seconds)
            kept = _Kept(self._submit(grammar))
        kept.uses += 1
        self._kept[grammar] = kept
        self._coming[sequence.request.id] = sequence, grammar, kept.future
        self._forget()

    def remove(self, request_id: str) -> None:
        """Nobody waits any more. A no-op for one that is not here."""
        left = self._coming.pop(request_id, None)
        if left is None or any(left[2] is other for _, _, other in self._coming.values()):
            return
        _, grammar, future = left
        if future.cancel():
            self.lose(grammar, future)

    def lose(self, grammar: Grammar, future: Future[Guide] | None = None) -> None:
        """Compile it anew for the next that asks: what was computed of it can be used no more. `future`: only if it is still that one."""
        kept = self._kept.get(grammar)
        if kept is not None and future in (None, kept.future):
            del self._kept[grammar]

    def wait(self) -> None:
        """A moment for one that is being compiled, for whoever has nothing else to do."""
        wait([future for _, _, future in self._coming.values()], _PATIENCE, FIRST_COMPLETED)

    def ready(self) -> list[tuple[Sequence, AlizeError | None]]:
        """Those that can begin, with their guide, or why they cannot."""
        found: list[tuple[Sequence, AlizeError | None]] = []
        for id, (sequence, grammar, future) in list(self._coming.items()):
            if not future.done():
                continue
            del self._coming[id]
            error = future.exception()
            if error is None:
                sequence.guide = future.result().copy()
                found.append((sequence, None))
            elif isinstance(error, AlizeError):  # a fresh one: this one is kept, and raised by nobody
                found.append((sequence, type(error)(error.message, param=error.param, remedy=error.remedy)))
            else:  # ours, or a panic of what is written in Rust: the end of this request alone
                _log.error("a grammar could not be compiled", exc_info=error)
                self.lose(grammar, future)
                found.append((sequence, AlizeError("The grammar could not be compiled: an error of the server, which its log has.")))
        self._forget()
        return found

    def close(self) -> None:
        self._thread.shutdown(wait=False, cancel_futures=True)

    def _submit(self, grammar: Grammar) -> Future[Guide]:
        before = threading.stack_size(_STACK)  # of the thread that the first submission starts
        try:
            return self._thread.submit(self._compile, grammar)
        finally:
            threading.stack_size(before)

    def _forget(self) -> None:
        """The longest unused, where there are too many; none that is not compiled."""
        characters = sum(map(_characters, self._kept))
        for grammar, kept in list(self._kept.items()):
            if len(self._kept) <= _KEPT and characters <= _KEPT_CHARACTERS:
                return
            if kept.future.done():
                del self._kept[grammar]
                characters -= _characters(grammar)

    def _compile(self, grammar: Grammar) -> Guide:
        if self._compiler is None:
            self._compiler = Compiler(self._words(), self._size)
        started = time.perf_counter()
        try:
            return self._compiler.compile(grammar)
        finally:
            self._worked += time.perf_counter() - started
            self._turnover.ended(self._worked)


def _characters(grammar: Grammar) -> int:
    return len(grammar.text) + len(grammar.otherwise)
