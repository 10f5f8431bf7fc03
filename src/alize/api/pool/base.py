"""What crosses the seams of the pool. In: nothing. Out: the protocol of whatever gives a model, and what whoever asked for one holds."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, Protocol

from alize.api.parts import Served
from alize.weights.catalog import Card

__all__ = ["Lease", "Source", "State"]

State = Literal["asleep", "loading", "awake", "draining", "failed"]
"""asleep    it takes no memory; whoever asks wakes it        loading   its weights are fetched or read
awake     it answers                                       draining  it is put to sleep once its running answers have ended
failed    it could not be loaded; it is tried again when somebody asks, after a while"""


class Source(Protocol):
    """Where a model comes from, each time that it is loaded."""

    @property
    def card(self) -> Card: ...

    @property
    def percent(self) -> int | None:
        """How much of it is loaded; None where nothing is being loaded, or it is not known."""
        ...

    async def prepare(self, budget: int) -> int:
        """Have its files here, and say the least bytes that it can be loaded with: with its adapters, where those can ever have room in
        `budget` bytes beside it. Raises whatever is in the way."""
        ...

    async def need(self, left: int) -> int:
        """The bytes that it takes where `left` are left for it. Raises OutOfMemory."""
        ...

    async def load(self, left: int) -> tuple[Served, int]:
        """Load it, and say how many bytes it takes. Cancelling ends what was begun."""
        ...

    async def set_adapter(self, served: Served, name: str, path: str | None) -> None:
        """Give what was loaded an adapter, or (path None) take one away; what is loaded next has the same. Raises as an engine does."""
        ...

    def forget_adapter(self, name: str) -> None:
        """Take an adapter away from what is loaded next; nothing is loaded now. A no-op where it is not there."""
        ...

    def take_after(self, other: "Source") -> None:
        """Have the adapters that another source of the same model has now."""
        ...


@dataclass(slots=True)
class Lease:
    """A model that stays awake until it is given back."""

    served: Served
    _back: Callable[[], None] | None

    def release(self) -> None:
        """A no-op the second time."""
        back, self._back = self._back, None
        if back is not None:
            back()
