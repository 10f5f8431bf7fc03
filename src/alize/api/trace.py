"""What is known of one request while it is served. In: what each layer finds out. Out: headers for the response, facts for the log."""

import time
from collections.abc import Callable, MutableMapping
from dataclasses import dataclass, field
from typing import Any

from alize.governance.identity import Principal

__all__ = ["Trace", "trace_of"]


@dataclass(slots=True)
class Trace:
    """Lives in the ASGI scope, from the outermost layer inwards."""

    id: str  # as the client named it, where it did and the name is sane
    began: float  # by the clock below
    clock: Callable[[], float] = time.perf_counter
    principal: Principal | None = None
    headers: dict[str, str] = field(default_factory=dict[str, str])  # added to whatever response is sent
    facts: dict[str, Any] = field(default_factory=dict[str, Any])  # added to the access log; never a user's text

    @property
    def seconds(self) -> float:
        """Since the request came."""
        return self.clock() - self.began


def trace_of(scope: MutableMapping[str, Any]) -> Trace:
    """The trace of the request that this scope belongs to."""
    return scope["state"]["trace"]
