"""What an answer cost. In: its events. Out: the same events; a usage row, the workspace's limits, metrics and the log know of it.

The row is committed before the end of the answer is passed on, so no client has a finished answer that was not counted. Where the
client leaves or the engine fails, the row says so with the tokens given until then. A request that was refused has none.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass, field

from alize.api.answers import Answer, Called, Event, Finish, Text, Thought, Usage
from alize.api.asking import Asked
from alize.api.ledger import Ledger
from alize.api.parts import House
from alize.api.timing import Timing
from alize.api.trace import Trace
from alize.governance.identity import Principal

__all__ = ["Meter"]

_log = logging.getLogger("alize.api.prompts")


@dataclass(slots=True)
class Meter:
    """Runs one question and counts it. `usage` holds at any time."""

    house: House
    asked: Asked
    principal: Principal
    trace: Trace
    endpoint: str
    answer: Answer = field(init=False)
    _ledger: Ledger = field(init=False)
    _timing: Timing = field(init=False)
    _texts: list[str] = field(default_factory=list[str])  # of the answer, only where prompts are logged

    def __post_init__(self) -> None:
        served, question = self.asked.served, self.asked.question
        self._timing = Timing(self.trace, self.house.metrics.of(served.card.id, self.principal.tenant), question.awaited)
        self.answer = Answer(served.engine, served.tokenizer, question, self._timing.gained)
        self._ledger = Ledger(self.house, self.principal, self.trace, self.endpoint, self.asked.id, served.card.id)

    @property
    def usage(self) -> Usage:
        return self.answer.usage

    async def events(self) -> AsyncGenerator[Event, None]:
        """The events of the answer. Raises what the engine raises, and StorageFailed where the answer could not be counted."""
        workspace, question = self.principal.workspace, self.asked.question
        self.house.limits.spend(workspace, question.prompt_tokens)
        self.trace.facts["model"] = self._model  # also where the engine refuses it
        reasons: list[str] = []  # of each choice
        outcome, counted = "error", False
        try:
            async with aclosing(self.answer.events()) as events:
                async for event in events:
                    if isinstance(event, Finish):
                        reasons.append(event.reason)
                        self._timing.finished(event.index)
                        if event.last:
                            outcome, counted = ",".join(sorted({*reasons})), True
                            await self._ledger.write(self._spent(), outcome)
                            self.house.metrics.answered(self._model, reasons, self.trace.seconds if question.awaited else None)
                    if self.house.settings.log_prompts and isinstance(event, Text | Thought | Called):
                        self._texts.append(_said(event))
                    yield event
        except (GeneratorExit, asyncio.CancelledError):
            outcome = "cancelled"
            raise
        finally:
            if not counted and (self.answer.begun or outcome == "cancelled"):
                await self._ledger.write_unfinished(self._spent(), outcome)
            elif not counted:
                self.house.limits.spend(workspace, -question.prompt_tokens)

    @property
    def _model(self) -> str:
        return self.asked.served.card.id

    def _spent(self) -> Usage:
        """What the row says, taken from the workspace's tokens."""
        usage = self.usage if self.answer.begun else Usage(prompt=self.asked.question.prompt_tokens)
        self.house.limits.spend(self.principal.workspace, usage.completion)
        self._timing.ended(usage)
        if self.house.settings.log_prompts:
            _log.info("answer", extra={"messages": self.asked.messages, "answer": "".join(self._texts), "answer_id": self.asked.id})
        return usage


def _said(event: Text | Thought | Called) -> str:
    if not isinstance(event, Called):
        return event.text
    return f"{event.call.name} " * event.call.begins + event.call.arguments
