"""Where the time of one answer goes. In: an engine's steps as they come. Out: numbers for /metrics, and facts for the log and the trace."""

from dataclasses import dataclass, field
from typing import Any

from alize.api.answers import Usage
from alize.api.trace import Trace
from alize.engine.base import Step, Times
from alize.series import Series

__all__ = ["Timing"]


@dataclass(slots=True)
class _Choice:
    """One choice so far. Moments are by the trace's clock."""

    prompt: int
    times: Times | None  # as its engine said them last
    first: float = 0.0
    last: float = 0.0
    tokens: int = 0


@dataclass(slots=True)
class Timing:
    """Of one answer, all of its choices."""

    trace: Trace
    series: Series
    awaited: bool = True  # False: nobody waits for it, and so its tokens count, and no time of it
    _choices: dict[int, _Choice] = field(default_factory=dict[int, _Choice])
    _leading: _Choice | None = None  # the one that said something first

    def gained(self, index: int, step: Step) -> None:
        """A step of a choice has come."""
        choice = self._choices.get(index)
        if choice is None:
            choice = self._choices[index] = _Choice(step.prompt_tokens, step.times)
            self.series.taken(step.prompt_tokens, step.cached_tokens, step.times if self.awaited else None)
        elif step.times is not None:
            choice.times = step.times
        count = len(step.tokens)
        if not count:
            return
        now = self.trace.clock()
        if not choice.tokens:
            choice.first = now
            if self._leading is None:
                self._leading = choice
                if self.awaited:
                    self.series.first_token(now - self.trace.began)
        elif self.awaited:
            self.series.next_tokens(now - choice.last, count)
        choice.last = now
        choice.tokens += count
        self.series.generated.inc(count)

    def finished(self, index: int) -> None:
        """A choice is complete."""
        choice = self._choices.get(index)
        if choice is not None:
            self.series.finished(choice.prompt, choice.tokens, choice.last - choice.first if self.awaited else None)

    def ended(self, usage: Usage) -> None:
        """The answer has ended, in whatever way: the log is told, and nothing of its text."""
        self.series.guessed.inc(usage.guessed)
        self.series.accepted.inc(usage.accepted)
        self.trace.facts.update(self._facts(), guessed_tokens=usage.guessed, accepted_tokens=usage.accepted)

    def _facts(self) -> dict[str, Any]:
        """Of the choice that said something first; `preemptions` of all."""
        leading = self._leading
        if leading is None:
            return {}
        facts: dict[str, Any] = {
            "first_token_seconds": round(leading.first - self.trace.began, 6),
            "decode_seconds": round(leading.last - leading.first, 6),
            "preemptions": sum(choice.times.preemptions for choice in self._choices.values() if choice.times is not None),
        }
        if leading.times is not None:
            facts |= {"queue_seconds": round(leading.times.queue, 6), "prefill_seconds": round(leading.times.prefill, 6)}
        return facts
