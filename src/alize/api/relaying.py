"""An answer of the upstream, passed on. In: a chat request for one of its models. Out: its answer, with our id; usage, limits and metrics
know of it as of any answer.

What the client sent is sent on as it came, in the form of the API that the upstream speaks: Mistral's refuses OpenAI's names of fields,
OpenAI's refuses `random_seed` and gives no usage in a stream unless asked. What it answers is passed on with fields that we do not know.
Nothing of who asks goes along, but for the fields `user` and `metadata` where the client sent them.
"""

import asyncio
import logging
import secrets
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Any

from alize.api.answers import Usage
from alize.api.ledger import Ledger
from alize.api.parts import House
from alize.api.schemas.chat import ChatCompletionRequest
from alize.api.schemas.extensions import ALIASES
from alize.api.sse import DONE, event
from alize.api.trace import Trace
from alize.governance.identity import Principal
from alize.series import Series
from alize.upstream import UpstreamModel
from alize.upstream.answer import Taking, Tally, prompt_estimate, text_of

__all__ = ["Relay", "relayed_body"]

_log = logging.getLogger("alize.api.prompts")


def relayed_body(request: ChatCompletionRequest, model: UpstreamModel) -> dict[str, Any]:
    """The request as the upstream takes it: what the client set, and nothing else."""
    body: dict[str, Any] = {**request.model_dump(mode="json", by_alias=True, exclude_unset=True), "model": model.there}
    body.pop("replay", None)  # our own word; where it asks for something, nothing gets here
    if model.mistral:
        for theirs, name in ALIASES.items():
            if (value := body.pop(theirs, None)) is not None:
                body[name] = value
        body.pop("stream_options", None)  # unknown there, and without it the last chunk has the usage all the same
        return body
    for message in body["messages"]:
        message.pop("prefix", None)  # Mistral's word for it: others go on with an answer that comes last, or do not
    if (seed := body.pop("random_seed", None)) is not None:
        body["seed"] = seed
    if request.stream:
        given = {} if request.stream_options is None else request.stream_options.model_dump(exclude_unset=True)
        body["stream_options"] = {**given, "include_usage": True}
    return body


@dataclass(slots=True)
class Relay:
    """Passes one answer on, and counts it. `usage` holds at any time."""

    house: House
    model: UpstreamModel
    request: ChatCompletionRequest  # as it was sent, under whichever of two names for a field
    principal: Principal
    trace: Trace
    endpoint: str
    id: str = field(default_factory=lambda: secrets.token_hex(16))
    created: int = field(default_factory=lambda: int(time.time()))
    tally: Tally = field(init=False)
    _taking: Taking = field(init=False)
    _body: dict[str, Any] = field(init=False)
    _series: Series = field(init=False)
    _reserved: int = 0  # tokens taken from the workspace's before the answer
    _texts: list[str] = field(default_factory=list[str])  # of the answer, only where prompts are logged

    def __post_init__(self) -> None:
        self._body = relayed_body(self.request, self.model)
        self.tally = Tally(prompt_estimate(self._body["messages"]))
        self._taking = Taking(self.model.host, self.tally, self.request.n or 1)
        self._series = self.house.metrics.of(self.model.id, self.principal.tenant)

    @property
    def usage(self) -> Usage:
        return Usage(self.tally.prompt, self.tally.cached, self.tally.completion)

    async def events(self) -> AsyncGenerator[bytes, None]:
        """The answer as server-sent events. Raises what `Upstream.stream` raises, and StorageFailed."""
        async with aclosing(self._chunks()) as chunks:
            async for chunk in chunks:
                yield event({"id": self.id, "object": "chat.completion.chunk", "created": self.created, **chunk, **self._ours})
        yield DONE

    async def whole(self) -> dict[str, Any]:
        """The answer as one object. Raises as `events` does."""
        async with aclosing(self._counted(self._asked())) as answers:
            async for answer in answers:
                return {"object": "chat.completion", "created": self.created, **answer, **self._ours}
        raise AssertionError("it gives one answer, or raises")

    @property
    def _ours(self) -> dict[str, Any]:
        return {"id": self.id, "model": self.request.model}

    @property
    def _awaited(self) -> bool:
        """See `Question.awaited`."""
        return (self.request.priority or 0) >= 0

    def _chunks(self) -> AsyncGenerator[dict[str, Any], None]:
        upstream = self.house.parts.upstream
        assert upstream is not None, "there is a model of it"
        return self._counted(upstream.stream(self._body, self._taking, self.trace.id))

    async def _asked(self) -> AsyncGenerator[dict[str, Any], None]:
        upstream = self.house.parts.upstream
        assert upstream is not None, "there is a model of it"
        yield await upstream.whole(self._body, self._taking, self.trace.id)

    async def _counted(self, answer: AsyncGenerator[dict[str, Any], None]) -> AsyncGenerator[dict[str, Any], None]:
        """The same; the row is written before the last chunk, the one that has the usage, is passed on."""
        limits, workspace = self.house.limits, self.principal.workspace
        self._reserved = self.tally.prompt
        limits.spend(workspace, self._reserved)
        ledger = Ledger(self.house, self.principal, self.trace, self.endpoint, self.id, self.model.id)
        outcome, counted, last = "error", False, 0.0
        try:
            async with aclosing(answer) as chunks:
                async for chunk in chunks:
                    last = self._timed(last)
                    self._log_text(chunk)
                    if "usage" in chunk:
                        reasons = [reason or "stop" for reason in self._taking.reasons.values()]
                        outcome, counted = ",".join(sorted({*reasons})), True
                        await ledger.write(self._spent(), outcome)
                        self.house.metrics.answered(self.model.id, reasons, self.trace.seconds if self._awaited else None)
                    yield chunk
        except (GeneratorExit, asyncio.CancelledError):
            outcome = "cancelled"
            raise
        finally:
            if not counted and (self._taking.reasons or outcome == "cancelled"):
                await ledger.write_unfinished(self._spent(), outcome)
            elif not counted:
                limits.spend(workspace, -self._reserved)

    def _spent(self) -> Usage:
        """What the row says, taken from the workspace's tokens."""
        self.house.limits.spend(self.principal.workspace, self.tally.prompt - self._reserved + self.tally.completion)
        self._series.relayed(self.tally.prompt, self.tally.cached, self.tally.completion)
        if self.house.settings.log_prompts:
            _log.info("answer", extra={"messages": self._body["messages"], "answer": "".join(self._texts), "answer_id": self.id})
        return self.usage

    def _timed(self, last: float) -> float:
        now = self.trace.clock()
        if last and self._awaited:
            self._series.next_tokens(now - last, 1)
        elif not last:
            if self._awaited:
                self._series.first_token(now - self.trace.began)
            self.trace.facts["first_token_seconds"] = round(now - self.trace.began, 6)
        return now

    def _log_text(self, chunk: dict[str, Any]) -> None:
        if self.house.settings.log_prompts:
            self._texts += [text_of(choice.get("delta") or choice.get("message")) for choice in chunk["choices"]]
