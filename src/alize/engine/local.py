"""LocalEngine: the engine in a process of its own on this machine. In: requests. Out: steps, also after the process has crashed.

The server's event loop never computes, so it answers while the model runs; and what kills the engine (memory, a bug in a kernel)
does not kill the server. In-flight requests then get EngineCrashed at once, and a new process is started.
"""

import asyncio
import itertools
import logging
import struct
from collections.abc import AsyncGenerator, Iterator, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import msgspec

from alize.engine.absence import Outage, ended, leaving, loading, restarting, starting
from alize.engine.base import EngineStats, ModelInfo, Request, Step, Unavailable, check_fits, check_writes
from alize.engine.build import EngineConfig, Progress
from alize.engine.places import Places
from alize.engine.process import EngineProcess
from alize.engine.watchdog import Watch, pulse_seconds
from alize.engine.wire import (
    Abort,
    Add,
    Call,
    Command,
    Doing,
    Event,
    Failed,
    Hear,
    Loading,
    Quit,
    Ready,
    Refused,
    Reply,
    SetAdapter,
    Start,
    Steps,
    decode_event,
    encode,
)
from alize.errors import AlizeError, Conflict, EngineUnavailable
from alize.reasons import because

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

__all__ = ["LocalEngine"]

log = logging.getLogger("alize.engine")

FIRST_DELAY, LONGEST_DELAY = 0.5, 30.0  # seconds between restarts; doubled after each engine that did not live
CALL_TOKENS = 8192  # of one call to embed
PATIENCE = 5.0  # seconds an engine gets to quit before it is killed

_Inbox = asyncio.Queue[Step | AlizeError]


class LocalEngine:
    """An `Engine` behind a socket. Use `await LocalEngine.start(config)`, or `begin`, something else meanwhile, and `ready`."""

    def __init__(self, config: EngineConfig, process: EngineProcess | None = None, progress: Progress | None = None) -> None:
        self._config, self._progress = config, progress
        self._loading: Loading | None = None  # while a process loads
        self._given = process  # the first one, where it was begun elsewhere
        self._begun = asyncio.Event()  # the first process knows what to load, or could not be started
        self._ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._info: ModelInfo | None = None
        self._process: EngineProcess | None = None
        self._writer: asyncio.StreamWriter | None = None  # None while no engine is ready
        self._asked: dict[str, str] = {}  # ids of the requests in flight, and the number that each has on the wire
        self._inboxes: dict[str, _Inbox] = {}  # by that number
        self._calls: dict[int, asyncio.Future[Reply]] = {}
        self._places = Places(config.limits.max_waiting)  # for scores and embeddings
        self._numbers = itertools.count(1)
        self._supervisor: asyncio.Task[None] | None = None
        self._closing = False
        self._paused = False  # also of the next process
        self._generation = 0
        self._loads = 0  # how often `reload` brought other weights
        self._outage = Outage()
        self._failure: AlizeError | None = None  # why the last engine ended, if it said
        self._hung: AlizeError | None = None  # why it was killed
        self._lamented: frozenset[Unavailable] = frozenset()  # adapters that the log says are not there

    @classmethod
    async def start(cls, config: EngineConfig) -> "LocalEngine":
        """Start the process and wait until the weights are loaded. Raises what loading them raised."""
        engine = await cls.begin(config)
        try:
            await engine.ready()
        except BaseException:
            await engine.close()
            raise
        return engine

    @classmethod
    async def begin(cls, config: EngineConfig, process: EngineProcess | None = None, progress: Progress | None = None) -> "LocalEngine":
        """Have the weights loaded, whatever this process does meanwhile. `ready` tells how that went; `close` must follow.

        `progress` is called with the bytes that are loaded and with all of them.
        """
        engine = cls(config, process, progress)
        engine._supervisor = asyncio.create_task(engine._supervise())
        await engine._begun.wait()
        return engine

    async def ready(self) -> None:
        """Wait until the weights are loaded. Raises what loading them raised."""
        await asyncio.shield(self._ready)  # giving up the wait is not giving up the engine

    @property
    def info(self) -> ModelInfo:
        if self._info is None:
            raise starting("The engine has not started yet.", 1.0)
        return self._info

    @property
    def absent_for(self) -> float:
        """Seconds until it may be ready, where it is not."""
        return self._outage.left

    @property
    def pid(self) -> int | None:
        """The engine's process, while there is one."""
        return self._process.pid if self._process else None

    @property
    def percent(self) -> int | None:
        """How much of the weights is loaded; None while none are being loaded."""
        return self._loading.done * 100 // self._loading.total if self._loading is not None else None

    async def generate(self, request: Request) -> AsyncGenerator[Step, None]:
        check_writes(self.info)
        check_fits(request, self.info)
        if request.id in self._asked:
            raise Conflict(f"A request with the id '{request.id}' is running.")
        # Steps of an aborted request may still be on their way when its id is used again: on the wire none is used twice.
        number = str(next(self._numbers))
        self._send(Add(replace(request, id=number)))
        self._asked[request.id] = number
        inbox = self._inboxes[number] = _Inbox()
        finished = False
        try:
            while not finished:
                item = await inbox.get()
                if isinstance(item, AlizeError):
                    finished = True  # the engine has forgotten it already
                    raise item
                finished = item.finish is not None
                yield msgspec.structs.replace(item, request_id=request.id)
        finally:
            del self._asked[request.id]
            del self._inboxes[number]
            if not finished:
                with suppress(EngineUnavailable):
                    self._send(Abort(number))

    def hear(self, request_id: str, data: bytes, *, last: bool) -> None:
        number = self._asked.get(request_id)
        if number is not None:
            with suppress(EngineUnavailable):  # `generate` has raised it
                self._send(Hear(number, data, last))

    async def score(self, tokens: Sequence[int]) -> list[float]:
        check_writes(self.info)
        check_fits(Request("", tuple(tokens), 1), self.info, drawn=0)  # here too: not every number can be written in a message
        with self._places.one(""):
            return (await self._call("score", tokens=list(tokens))).values

    async def embed(self, batch: Sequence[Sequence[int]], tenant: str = "") -> "npt.NDArray[np.float32]":
        import numpy as np

        for tokens in batch:
            check_fits(Request("", tuple(tokens), 1), self.info, drawn=0)
        vectors, loads = bytearray(), self._loads
        with self._places.one(tenant):
            for some in _calls(batch):  # calls of others go in between, and giving up ends what is not begun
                vectors += (await self._call("embed", batch=some, tenant=tenant)).vectors
                if self._loads != loads:  # vectors of two models have nothing to do with each other
                    raise EngineUnavailable("The weights were replaced while the texts were embedded.", retry_after=1.0)
        return np.frombuffer(vectors, np.float32).reshape(len(batch), self.info.hidden_size)

    async def set_adapter(self, name: str, path: str | None) -> None:
        await asyncio.shield(self._set_adapter(name, path))  # it is done whether or not somebody waits: keep account of it

    async def _set_adapter(self, name: str, path: str | None) -> None:
        number = next(self._numbers)
        self._send(SetAdapter(number, name, path))
        answer = await self._answered(number)
        self._info = answer.info or self._info
        self._config = self._config.having(name, path)  # a restarted engine must have it, too

    async def pause(self) -> None:
        before, self._paused = self._paused, True
        try:
            await self._call("pause")
        except BaseException:  # whoever gave up waiting, or saw the engine end, believes that it is not paused
            self._paused = before
            if not before:
                with suppress(EngineUnavailable):
                    self._send(Call(next(self._numbers), "resume"))
            raise

    async def resume(self) -> None:
        self._paused = False
        if self._writer is not None:  # the next process will not be paused either
            await self._call("resume")

    async def reload(self, path: str | None = None) -> None:
        await asyncio.shield(self._reload(path))  # it goes on in the engine whether or not somebody waits: keep account of it

    async def _reload(self, path: str | None) -> None:
        before, seconds = self._paused, self._config.settle_seconds
        try:
            async with asyncio.timeout(seconds or None):
                await self.pause()
        except TimeoutError:
            raise _still_running(self._config.model, seconds) from None
        try:
            answer = await self._call("reload", path=path)
        except EngineUnavailable:  # nothing was tried, or the engine ended: the next one is paused if this one was
            self._paused = before
            raise
        except AlizeError:
            self._paused = False
            raise
        self._paused = False
        self._loads += 1
        self._info = answer.info or self._info
        self._config = self._config.at(path)  # a restarted engine must serve the same

    async def stats(self) -> EngineStats:
        answer = await self._call("stats")
        return replace(answer.stats or EngineStats(), generation=self._generation)

    async def close(self) -> None:
        self._closing = True
        with suppress(EngineUnavailable):
            self._send(Quit())
        if self._process is not None and self._process.running:
            if self._writer is None:
                self._process.kill()  # it is loading weights, and reads nothing meanwhile
            try:
                await asyncio.wait_for(asyncio.to_thread(self._process.wait), PATIENCE)
            except TimeoutError:
                self._process.kill()
        if self._supervisor is not None:
            self._supervisor.cancel()
            with suppress(asyncio.CancelledError):
                await self._supervisor
        if not self._ready.cancel() and not self._ready.cancelled():
            self._ready.exception()  # seen, also where nobody waited for it
        self._end_all(leaving())

    def _send(self, command: Command) -> None:
        if self._closing and not isinstance(command, Quit | Abort):
            raise leaving()
        if self._writer is None and self._loading is not None:
            raise loading(self.percent or 0, self._outage.left)
        if self._writer is None:
            raise restarting(self._outage.left) if self._generation else starting(after=self._outage.left)
        self._writer.write(encode(command))

    async def _call(
        self,
        method: str,
        tokens: list[int] | None = None,
        path: str | None = None,
        batch: list[list[int]] | None = None,
        tenant: str = "",
    ) -> Reply:
        number = next(self._numbers)
        self._send(Call(number, method, tokens or [], batch or [], path, tenant))
        return await self._answered(number)

    async def _answered(self, number: int) -> Reply:
        future = self._calls[number] = asyncio.get_running_loop().create_future()
        try:
            answer = await future
        except asyncio.CancelledError:
            with suppress(EngineUnavailable):
                self._send(Abort(str(number)))
            raise
        finally:
            self._calls.pop(number, None)
        if answer.failure is not None:
            raise answer.failure.error()
        return answer

    # ── the process ──

    async def _supervise(self) -> None:
        """Keep one engine running. The first start reports to `ready`; later ones are retried, slower each time."""
        delay = FIRST_DELAY
        while not self._closing:
            lived = await self._run_once()
            if self._closing:
                return
            if not self._ready.done():
                self._ready.set_exception(self._failure or ended("The engine ended while it was loading the model.", None))
                return
            delay = FIRST_DELAY if lived else min(delay * 2, LONGEST_DELAY)
            status = self._process and self._process.status
            log.warning("engine ended, restarting", extra={"seconds": delay, "generation": self._generation, "status": status})
            self._outage.begins(delay)
            await asyncio.sleep(delay)

    async def _run_once(self) -> bool:
        """One life of an engine process. True if it came as far as being ready."""
        self._process = None  # the last one ended
        try:
            self._process = self._given or EngineProcess()
            self._outage.begins()
        except EngineUnavailable as error:  # it may pass
            self._failure = error
            log.error("engine failed: %s", error.text)
            self._begun.set()
            return False
        self._given, lived = None, False
        reader, writer = await asyncio.open_connection(sock=self._process.socket)
        watch, watching = Watch(self._config.hang_seconds), None
        try:
            writer.write(encode(Start(self._config)))
            self._begun.set()
            while True:
                event = await _read(reader)
                watch.hear(event if isinstance(event, Doing) else None)
                if isinstance(event, Loading):
                    self._told(event)
                elif isinstance(event, Ready):
                    self._loading = None
                    self._outage.over()
                    self._info, self._writer, self._failure, lived = event.info, writer, None, True
                    self._generation += 1
                    log.info(
                        "model loaded",
                        extra={"weights": event.info.weights_bytes, "dtype": event.info.dtype, "why": event.info.dtype_reason},
                    )
                    self._lament(event.info.unavailable)
                    if self._paused:
                        self._send(Call(next(self._numbers), "pause"))
                    if not self._ready.done():
                        self._ready.set_result(None)
                    watching = asyncio.create_task(self._watch(watch))
                else:
                    self._dispatch(event)
        except (asyncio.IncompleteReadError, ConnectionError):
            return lived
        except msgspec.MsgspecError as error:
            self._failure = ended(f"The engine said something that is no message: {error}.")
            log.error("engine failed: %s", self._failure.text)
            return lived
        finally:
            self._writer = self._loading = None
            if watching is not None:
                watching.cancel()
            writer.close()
            await self._reap()
            self._outage.begins(FIRST_DELAY)
            why, self._hung = self._hung, None
            self._end_all(leaving() if self._closing else why or ended(after=self._outage.left))

    async def _watch(self, watch: Watch) -> None:
        """Kill a process that hangs; the next one is started as after any other end."""
        while watch.patience:
            await asyncio.sleep(pulse_seconds(watch.patience))
            what = watch.hung()
            if what is not None and self._process is not None:
                self._hung = ended(f"The engine hung for {watch.patience:g} seconds and was restarted. It was doing this: {what}.")
                log.error("engine hung: %s", self._hung.text)
                self._process.kill()
                return

    def _told(self, loading: Loading) -> None:
        """Where nobody is shown a bar, a line of the log for every tenth."""
        before = self._loading.done * 10 // self._loading.total if self._loading else 0
        if self._progress is None and loading.done * 10 // loading.total > before:
            log.info("loading the model", extra={"percent": loading.done * 100 // loading.total})
        self._loading = loading
        self._outage.loaded(loading.done / loading.total)
        if self._progress is not None:
            self._progress(loading.done, loading.total)

    def _lament(self, unavailable: Sequence[Unavailable]) -> None:
        """Say once of each adapter why it is not there, however often the engine starts without it."""
        for lost in unavailable:
            if lost not in self._lamented:
                log.error("adapter %s is unavailable: %s", lost.name, lost.reason)
        self._lamented = frozenset(unavailable)

    async def _reap(self) -> None:
        """Wait for the process; kill one that closed its socket but goes on, or that outlives this task."""
        assert self._process is not None
        if self._process.running:
            try:
                await asyncio.wait_for(asyncio.to_thread(self._process.wait), PATIENCE)
            except (TimeoutError, asyncio.CancelledError):
                self._process.kill()
                await asyncio.to_thread(self._process.wait)

    def _dispatch(self, event: Event) -> None:
        match event:
            case Steps(steps):
                for step in steps:
                    self._deliver(step.request_id, step)
            case Refused(request_id, failure):
                self._deliver(request_id, failure.error())
            case Reply(number):
                future = self._calls.pop(number, None)
                if future is not None and not future.done():
                    future.set_result(event)
            case Failed(failure):
                self._failure = failure.error()
                log.error("engine failed: %s", self._failure.text)
            case Doing():
                pass  # heard by the watch
            case Ready() | Loading():
                raise AssertionError("said of an engine that is ready")

    def _deliver(self, request_id: str, item: Step | AlizeError) -> None:
        inbox = self._inboxes.get(request_id)  # none: aborted a moment ago
        if inbox is not None:
            inbox.put_nowait(item)

    def _end_all(self, error: AlizeError) -> None:
        """Every request and call in flight gets an error: none may wait for an engine that is gone."""
        for inbox in self._inboxes.values():
            inbox.put_nowait(error)
        for future in self._calls.values():
            if not future.done():
                future.set_exception(error)


def _still_running(model: str, seconds: float) -> Conflict:
    said = f"What {model or 'the model'} is asked had not ended after {seconds:g} seconds, so its weights are the old ones."
    return Conflict(said, remedy="Try again when fewer ask it.", reason=because("model_refused", detail=said))


def _calls(batch: Sequence[Sequence[int]]) -> Iterator[list[list[int]]]:
    """A batch in calls of at least one sequence each, and no more tokens than take a moment."""
    call, size = list[list[int]](), 0
    for tokens in batch:
        if call and size + len(tokens) > CALL_TOKENS:
            yield call
            call, size = [], 0
        call.append(list(tokens))
        size += len(tokens)
    if call:
        yield call


async def _read(reader: asyncio.StreamReader) -> Event:
    (size,) = struct.unpack("<I", await reader.readexactly(4))
    return decode_event(await reader.readexactly(size))
