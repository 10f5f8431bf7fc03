"""The row of one answer. In: what it took, and how it ended. Out: a usage row; the access log knows the same."""

import asyncio
import logging
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from alize.api.answers import Usage
from alize.api.parts import House
from alize.api.trace import Trace
from alize.errors import AlizeError
from alize.governance.identity import Principal
from alize.storage.base import UsageRecord

__all__ = ["Ledger"]

_log = logging.getLogger("alize.api")


@dataclass(frozen=True, slots=True)
class Ledger:
    """Of one answer."""

    house: House
    principal: Principal
    trace: Trace
    endpoint: str
    id: str  # the answer's, never the client's request id: a repeated one would be counted once
    model: str

    async def write(self, usage: Usage, outcome: str) -> None:
        """Raises StorageFailed."""
        self.trace.facts.update(
            answer_id=self.id,
            model=self.model,
            prompt_tokens=usage.prompt,
            cached_tokens=usage.cached,
            completion_tokens=usage.completion,
            outcome=outcome,
        )
        record = UsageRecord(
            id=self.id,
            workspace=self.principal.workspace,
            principal=self.principal.id,
            model=self.model,
            endpoint=self.endpoint,
            prompt_tokens=usage.prompt,
            cached_tokens=usage.cached,
            completion_tokens=usage.completion,
            outcome=outcome,
            created=datetime.now(UTC),
            seconds=self.trace.seconds,
        )
        async with self.house.parts.database.transaction() as store:
            await store.usage.add(record)

    async def write_unfinished(self, usage: Usage, outcome: str) -> None:
        """Of an answer that broke off. Nobody is left who could be told that this failed; whoever runs the server is."""
        # NOTE: a shielded task, since the cancellation that brought us here may be repeated by a server that shuts down.
        await asyncio.shield(asyncio.create_task(self._write_unfinished(usage, outcome)))

    async def _write_unfinished(self, usage: Usage, outcome: str) -> None:
        try:
            await self.write(usage, outcome)
        except AlizeError as error:
            _log.error("the usage of %s could not be written: %s", self.id, error.text, extra={"usage": asdict(usage)})
