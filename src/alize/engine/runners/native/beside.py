"""What Python does while the core computes a step. In: tasks. Out: what the core calls, and whatever one of them raised.

The core's threads take a task as they take a piece of the last product, and so none of them waits for it. A task that lets others go on, as
computing a grammar's mask does, holds up nothing that another core could do.
"""

from collections.abc import Callable, Sequence

from alize.engine.runners.native.library import BesideC

__all__ = ["Beside"]


class Beside:
    """Tasks of one step. Lives until the step is done."""

    def __init__(self, tasks: Sequence[Callable[[], None]]) -> None:
        self._count, ended = len(tasks), list[BaseException | None]()
        self._ended = ended

        def do(task: int) -> None:  # without `self`, which has it: nothing of a step waits for the garbage to be collected
            try:
                tasks[task]()
                ended.append(None)
            except BaseException as error:  # noqa: BLE001 - nothing can be raised through the core
                ended.append(error)

        self.call = BesideC(do)

    def __len__(self) -> int:
        return self._count

    def done(self) -> None:
        """Raises what a task raised; KeyboardInterrupt where one was never begun.

        That is what a signal leaves: its handler is run as a task is called, and what it raises, as for Ctrl-C, is lost in the core.
        """
        for error in self._ended:
            if error is not None:
                raise error
        if len(self._ended) < self._count:
            raise KeyboardInterrupt
