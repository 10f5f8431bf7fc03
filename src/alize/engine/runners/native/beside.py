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
        self._tasks = tasks
        self._raised: BaseException | None = None
        self.call = BesideC(self._do)

    def __len__(self) -> int:
        return len(self._tasks)

    def done(self) -> None:
        """Raises what a task raised."""
        if self._raised is not None:
            raise self._raised

    def _do(self, task: int) -> None:
        try:
            self._tasks[task]()
        except BaseException as error:  # noqa: BLE001  nothing can be raised through the core
            self._raised = error
