"""How a server opens. In: that its model is still being loaded, and that it is not any more. Out: which of the two it is."""

from collections.abc import Callable
from dataclasses import dataclass

__all__ = ["SOON", "Opening"]

SOON = 2.0
"""Seconds until a model that is being loaded may be there, where nothing is known of it."""


@dataclass
class Opening:
    """Of one event loop. Until `done`, requests are answered 503; who asks after the server's health hears how far it is."""

    done: bool = True
    left: Callable[[], float] = lambda: SOON  # seconds, as far as that can be told
