"""How long a person still has to wait. In: bytes done and bytes in all, again and again. Out: a bar on a terminal, nothing elsewhere."""

import os
import sys
import time
from collections.abc import Callable, Generator
from contextlib import contextmanager
from typing import TextIO

__all__ = ["downloading"]

Report = Callable[[int, int, str], None]
"""Called with bytes done, bytes in all (0 where unknown) and what is being fetched."""

_PATIENCE = 0.5
"""Seconds before a bar is drawn: most models are loaded by then, and drawing one takes a library that is a tenth of a second away."""

_ERASED = "\r\x1b[K"


@contextmanager
def downloading(meanwhile: str = "", stream: TextIO | None = None, patience: float = _PATIENCE) -> Generator[Report | None]:
    """`meanwhile`, and a bar in its place once it takes long. None, and nothing drawn, where nobody looks, or nothing can be erased."""
    to: TextIO = stream or sys.stderr
    if not to.isatty() or os.environ.get("TERM") == "dumb":
        yield None
        return
    started, bars = time.monotonic(), list[_Bars]()

    def report(done: int, total: int, what: str) -> None:
        if not bars:
            if time.monotonic() - started < patience:
                return
            _write(to, _ERASED if meanwhile else "")
            bars.append(_Bars(to))
        bars[0].show(done, total, what)

    try:
        _write(to, meanwhile)
        yield report
    finally:
        if bars:
            bars[0].close()
        elif meanwhile:
            _write(to, _ERASED)


def _write(stream: TextIO, text: str) -> None:
    stream.write(text)
    stream.flush()


class _Bars:
    """One for each thing that is fetched."""

    def __init__(self, stream: TextIO) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TimeRemainingColumn, TransferSpeedColumn

        columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
        console = Console(file=stream, highlight=False)
        self._bars = Progress(*columns, console=console, transient=True)
        self._tasks: dict[str, TaskID] = {}
        self._bars.start()

    def show(self, done: int, total: int, what: str) -> None:
        from rich.markup import escape

        from alize.cli.terminal import clean

        if what not in self._tasks:
            self._tasks[what] = self._bars.add_task(escape(clean(what)), total=total or None)
        self._bars.update(self._tasks[what], completed=done, total=total or None)

    def close(self) -> None:
        self._bars.stop()
