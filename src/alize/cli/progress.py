"""How long a person still has to wait. In: bytes done and bytes in all, again and again. Out: a bar on a terminal, nothing elsewhere."""

from collections.abc import Callable, Generator
from contextlib import contextmanager

from rich.console import Console

__all__ = ["downloading"]

Report = Callable[[int, int, str], None]
"""Called with bytes done, bytes in all (0 where unknown) and what is being fetched."""


@contextmanager
def downloading(console: Console, meanwhile: str = "") -> Generator[Report | None]:
    """A bar that appears with the first report; until then `meanwhile`. None, and nothing drawn, where nobody looks."""
    if not console.is_terminal:
        yield None
        return
    from rich.markup import escape
    from rich.progress import BarColumn, DownloadColumn, Progress, TaskID, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    from alize.cli.terminal import clean

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TransferSpeedColumn(), TimeRemainingColumn())
    bars = Progress(*columns, console=console, transient=True)
    spinner = console.status(meanwhile) if meanwhile else None
    tasks: dict[str, TaskID] = {}

    def report(done: int, total: int, what: str) -> None:
        if what not in tasks:
            if spinner:
                spinner.stop()
            bars.start()  # only now: most of the time nothing is fetched
            tasks[what] = bars.add_task(escape(clean(what)), total=total or None)
        bars.update(tasks[what], completed=done, total=total or None)

    try:
        if spinner:
            spinner.start()
        yield report
    finally:
        if spinner:
            spinner.stop()
        bars.stop()
