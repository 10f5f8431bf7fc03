"""What is known of one request while it is served. In: what each layer finds out. Out: headers for the response, facts for the log."""

import re
import secrets
import time
from collections.abc import Callable, MutableMapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from alize.governance.identity import Principal

__all__ = ["Parent", "Trace", "parent_of", "trace_of"]

_TRACEPARENT = re.compile(r"([0-9a-f]{2})-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-.*)?")
_SAMPLED = 1  # a bit of its flags


@dataclass(frozen=True, slots=True)
class Parent:
    """Of which trace a request is a part: of one that its sender has begun, else of a new one."""

    trace: int  # 128 bits, never 0
    span: int = 0  # of the sender, 64 bits; 0: there is none
    sampled: bool = True  # whether the sender records it


def parent_of(traceparent: Sequence[str]) -> Parent:
    """What the headers of that name say (W3C Trace Context, 3.2). One that is not as it should be is as none.

    >>> parent_of(["00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00"])
    Parent(trace=100985939111033328018442752961257817910, span=67667974448284343, sampled=False)
    >>> parent_of([]).span
    0
    """
    found = _TRACEPARENT.fullmatch(traceparent[0]) if len(traceparent) == 1 else None
    if found is not None:
        number, trace, span, flags, more = found.groups()
        if number != "ff" and not (number == "00" and more) and int(trace, 16) and int(span, 16):
            return Parent(int(trace, 16), int(span, 16), bool(int(flags, 16) & _SAMPLED))
    return Parent(secrets.randbits(128) or 1)


@dataclass(slots=True)
class Trace:
    """Lives in the ASGI scope, from the outermost layer inwards."""

    id: str  # as the client named it, where it did and the name is sane
    began: float  # by the clock below
    clock: Callable[[], float] = time.perf_counter
    parent: Parent = field(default_factory=lambda: parent_of(()))
    principal: Principal | None = None
    headers: dict[str, str] = field(default_factory=dict[str, str])  # added to whatever response is sent
    facts: dict[str, Any] = field(default_factory=dict[str, Any])  # added to the access log and to spans; never a user's text
    loans: list[Callable[[], None]] = field(default_factory=list[Callable[[], None]])  # called when the response has ended

    @property
    def seconds(self) -> float:
        """Since the request came."""
        return self.clock() - self.began


def trace_of(scope: MutableMapping[str, Any]) -> Trace:
    """The trace of the request that this scope belongs to."""
    return scope["state"]["trace"]
