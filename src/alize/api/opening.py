"""How a server opens. In: that its model is still being loaded, and that it is not any more. Out: which of the two it is."""

from dataclasses import dataclass

__all__ = ["Opening"]


@dataclass
class Opening:
    """Of one event loop. Until `done`, requests are answered 503; who asks after the server's health hears how far it is."""

    done: bool = True
