"""What the server is told of an answer on a page. In: how it ended, and what it took. Out: numbers, a line in the log, a span.

The same as of an answer over the public API (api/metering.py, api/middleware/observe.py): a page's answer belongs to no request.
"""

import logging
import time
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass, field

from alize.api.answers import Answer, Finish
from alize.api.asking import Asked
from alize.api.parts import House
from alize.api.timing import Timing
from alize.api.trace import Trace
from alize.engine.base import Step
from alize.engine.fairness import parts

__all__ = ["Telling"]

_log = logging.getLogger("alize.assistant")


@dataclass(slots=True)
class Telling:
    """Of one answer."""

    house: House
    asked: Asked
    awaited: bool = True  # False for what nobody waits for: a conversation's name
    _trace: Trace = field(init=False)
    _timing: Timing = field(init=False)
    _outcome: str = "cancelled"

    def __post_init__(self) -> None:
        self._trace = Trace(self.asked.id, time.perf_counter(), facts={"model": self._model, "answer_id": self.asked.id})
        self._timing = Timing(self._trace, self.house.metrics.of(self._model, self.asked.question.choices[0].tenant), self.awaited)

    def gained(self, index: int, step: Step) -> None:
        """The engine gave more."""
        self._timing.gained(index, step)

    def finished(self, end: Finish) -> None:
        """The answer is whole."""
        self._timing.finished(end.index)
        self._outcome = end.reason
        self.house.metrics.answered(self._model, [end.reason], self._trace.seconds if self.awaited else None)

    @contextmanager
    def told(self, answer: Answer) -> Generator[None]:
        """Tell of the answer that the block runs, however that ends."""
        try:
            yield
        except Exception:
            self._outcome = "error"
            raise
        finally:
            if answer.begun:
                self._tell(answer)

    @property
    def _model(self) -> str:
        return self.asked.served.card.id

    @property
    def _workspace(self) -> str:
        return parts(self.asked.question.choices[0].tenant)[0]

    def _tell(self, answer: Answer) -> None:
        usage, trace = answer.usage, self._trace
        self._timing.ended(usage)
        trace.facts.update(
            prompt_tokens=usage.prompt, cached_tokens=usage.cached, completion_tokens=usage.completion, outcome=self._outcome
        )
        facts = {"seconds": round(trace.seconds, 6), "trace_id": f"{trace.parent.trace:032x}", "workspace": self._workspace}
        _log.info("answer", extra=facts | trace.facts)
        if self.house.parts.spans is not None:
            about = {"gen_ai.operation.name": "chat", "alize.workspace": self._workspace}
            self.house.parts.spans.write(trace, f"chat {self._model}", about)
