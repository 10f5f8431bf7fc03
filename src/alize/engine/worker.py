"""The engine's process. In: commands on a socket. Out: events on the same socket. Started by `LocalEngine`, never by hand.

It ends when it is told to, when the server's end of the socket closes, or when a step fails: the server then starts a new one.
"""

import faulthandler
import os
import signal
import socket
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import numpy as np
import numpy.typing as npt
import psutil

from alize.engine.base import Request
from alize.engine.build import Progress, build_core
from alize.engine.reading import Job
from alize.engine.turns import Turns
from alize.engine.watchdog import Pulse
from alize.engine.wire import (
    Abort,
    Add,
    Call,
    Channel,
    Command,
    Failed,
    Failure,
    Hear,
    Loading,
    Quit,
    Ready,
    Refused,
    Reply,
    SetAdapter,
    Start,
    Steps,
)
from alize.errors import AlizeError
from alize.loading import undisturbed

__all__ = ["main"]


class _Worker:
    def __init__(self, channel: Channel, start: Start) -> None:
        self._channel, self._config = channel, start.config
        self._core = build_core(start.config, _told(channel))
        self._settled: list[Callable[[], None]] = []  # what waits for the running requests to end
        self._calls = Turns[Call]()  # scores and embeddings not begun; how many there may be, the server's end knows (places.py)
        self._job: tuple[int, Job[Any]] | None = None  # the one that has: a piece of it is computed after each step
        self._pulse = Pulse()
        channel.send(Ready(self._core.info))
        if start.config.hang_seconds:
            self._pulse.beat(channel, lambda: self._core, start.config.hang_seconds)

    def run(self) -> None:
        """Handle commands between steps until told to quit. Raises EOFError where the server is gone."""
        checked = True
        while True:
            for command in self._channel.receive(wait=self._idle and not (self._settled and self._core.settled)):
                if isinstance(command, Quit):
                    self._core.close()  # what was computed last is saved first
                    return
                self._handle(command)
            if self._core.busy:
                self._pulse.begins("step")
                steps = self._core.step()
                self._pulse.ends()
                checked = False
                for id, error in self._core.refused:
                    self._channel.send(Refused(id, Failure.of(error)))
                self._core.refused.clear()
                if steps:
                    self._channel.send(Steps(steps))
            elif not checked and self._job is None:
                self._core.check()
                checked = True
            self._advance()
            if self._settled and self._core.settled and self._job is None:
                for then in self._settled:
                    then()
                self._settled = []

    @property
    def _idle(self) -> bool:
        return not self._core.busy and self._job is None and (self._core.paused or not self._calls)

    def _advance(self) -> None:
        """Compute one piece of a score or an embedding, so that answers, aborts and probes never wait for more than a piece."""
        if self._job is None and not self._core.paused and (call := self._calls.next()) is not None:
            core = self._core
            self._job = call.number, core.scoring(call.tokens) if call.method == "score" else core.embedding(call.batch)
        if self._job is None:
            return
        number, job = self._job
        self._pulse.begins("computing a score or vectors")
        try:
            next(job)
            return
        except StopIteration as end:
            value: list[float] | npt.NDArray[np.float32] = end.value
            reply = Reply(number, values=value) if isinstance(value, list) else Reply(number, vectors=value.tobytes())
        except AlizeError as error:
            reply = Reply(number, Failure.of(error))
        finally:
            self._pulse.ends()
        self._job = None
        self._channel.send(reply)

    def _abandon(self, request_id: str) -> None:
        self._core.abort(request_id)
        self._calls.drop(lambda call: str(call.number) == request_id)
        if self._job is not None and str(self._job[0]) == request_id:
            self._job[1].close()
            self._job = None

    def _hear(self, request_id: str, data: bytes, *, last: bool) -> None:
        try:
            steps = self._core.hear(request_id, data, last=last)
        except AlizeError as error:
            self._core.abort(request_id)
            self._channel.send(Refused(request_id, Failure.of(error)))
            return
        if steps:
            self._channel.send(Steps(steps))

    def _add(self, request: Request, *, again: bool = False) -> None:
        try:
            self._core.add(request, again=again)
        except AlizeError as error:
            self._channel.send(Refused(request.id, Failure.of(error)))

    def _handle(self, command: Command) -> None:
        match command:
            case Add(request):
                self._add(request)
            case Hear(request_id, data, last):
                self._hear(request_id, data, last=last)
            case Abort(request_id):
                self._abandon(request_id)
            case Call():
                self._call(command)
            case SetAdapter():
                self._set_adapter(command)
            case Start() | Quit():
                raise AssertionError("a second Start")

    def _call(self, call: Call) -> None:
        core = self._core
        match call.method:
            case "score" | "embed":
                self._calls.add(call.tenant, call)
            case "stats":
                self._channel.send(Reply(call.number, stats=core.stats(psutil.Process().memory_info().rss)))
            case "pause":
                core.paused = True
                self._settled.append(lambda: self._channel.send(Reply(call.number)))
            case "resume":
                core.paused = False
                self._channel.send(Reply(call.number))
            case "reload":
                core.paused = True
                self._settled.append(lambda: self._reload(call))
            case other:
                raise AssertionError(f"unknown call {other}")

    def _set_adapter(self, command: SetAdapter) -> None:
        try:
            self._core.set_adapter(command.name, command.path)
        except AlizeError as error:
            self._channel.send(Reply(command.number, Failure.of(error)))
            return
        self._config = self._config.having(command.name, command.path)  # other weights must have it, too
        self._channel.send(Reply(command.number, info=self._core.info))

    def _reload(self, call: Call) -> None:
        fresh = None
        try:
            config = self._config.at(call.path)
            fresh = build_core(config)  # the old weights stay until the new ones are whole
            served = {info.name for info in self._core.info.adapters}
            for lost in fresh.info.unavailable:
                if lost.name in served:  # nothing that is served is lost for new weights: this says why it would be
                    fresh.set_adapter(lost.name, lost.path)
        except AlizeError as error:
            if fresh is not None:
                fresh.close()
            self._core.paused = False
            self._channel.send(Reply(call.number, Failure.of(error)))
            return
        waiting = self._core.waiting()
        fresh.count_from(self._core)
        self._core.close()
        self._core, self._config = fresh, config
        for request in waiting:
            self._add(request, again=True)
        self._channel.send(Reply(call.number, info=fresh.info))


def _told(channel: Channel) -> Progress:
    """Whoever loads calls this after every tensor, of which there may be thousands."""
    percent = -1

    def progress(done: int, total: int) -> None:
        nonlocal percent
        if total and done * 100 // total > percent:
            percent = done * 100 // total
            channel.send(Loading(done, total))

    return progress


def main() -> int:
    """Exit status 0 after Quit or when the server is gone, 1 after a failure, which is sent to the server too."""
    for signum in (signal.SIGINT, signal.SIGTERM):  # Ctrl-C reaches the whole terminal, and `systemctl stop` every process of a service:
        signal.signal(signum, signal.SIG_IGN)  # the server decides when the engine stops, and it stops when the server is gone
    faulthandler.enable()  # what ends it in native code ends it without a word otherwise
    channel = Channel(socket.socket(fileno=int(sys.argv[1])))
    try:
        start = next(iter(channel.receive(wait=True)))
        assert isinstance(start, Start)
        if start.config.nice:
            os.nice(start.config.nice)
        with undisturbed():
            worker = _Worker(channel, start)
        worker.run()
        return 0
    except (EOFError, BrokenPipeError, ConnectionResetError):
        return 0
    except AlizeError as error:
        failure = Failure.of(error)
    except BaseException as error:  # noqa: BLE001 - whatever it is, also a panic of what is written in Rust, the server must hear of it
        traceback.print_exc()
        failure = Failure("EngineCrashed", f"The engine failed: {type(error).__name__}: {error}.")
    with suppress(OSError):  # the server may be gone
        channel.send(Failed(failure))
    return 1


if __name__ == "__main__":
    status = main()
    sys.stdout.flush()
    os._exit(status)  # PyTorch's threads take 0.3 s to wind down
