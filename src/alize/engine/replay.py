"""An answer made again. In: its record, and the model that is here. Out: whether every token came again; if not, which did not, and why.

Tokens are compared one by one, and how the answer ended, where it ended by itself. What an answer gave after that is not known to a record:
one that a stop string, a person or a lost connection ended is compared as far as it goes.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from alize.engine.base import ModelInfo, Request, Step, check_fits
from alize.engine.record import ReplayRecord, facts_of, grammar_library
from alize.errors import InvalidRequest, UnsupportedParameter
from alize.wording import quantity

__all__ = ["Changed", "Difference", "Replayed", "Score", "Steps", "changed", "check_replays", "replay"]

Steps = Callable[[Request], Iterable[Step]]
"""Answers a request to its end."""

Score = Callable[[Sequence[int], str | None], Sequence[float]]
"""`Core.score`: log-probabilities of the tokens after the first, with the adapter of a name."""


@dataclass(frozen=True, slots=True)
class Difference:
    """The first place where the two answers are not one. An id is None where an answer has ended there.

    A log-probability is that of the replay, before temperature and whatever else chooses; None where there is no token.
    """

    index: int
    recorded: int | None
    found: int | None
    recorded_logprob: float | None = None
    found_logprob: float | None = None


@dataclass(frozen=True, slots=True)
class Changed:
    """Something that is not as it was."""

    what: str
    recorded: str
    here: str
    decides: bool  # whether it may be why an answer is another one


@dataclass(frozen=True, slots=True)
class Replayed:
    """What came of it."""

    tokens: tuple[int, ...]
    finish: str | None
    difference: Difference | None  # None: identical
    ends: tuple[str, str] | None  # how the recorded one ended and how this one did, where the tokens are one and this is not
    changed: tuple[Changed, ...]
    seconds: float  # from the question to the last token
    first_token_seconds: float

    @property
    def identical(self) -> bool:
        return self.difference is None and self.ends is None


def check_replays(record: ReplayRecord, info: ModelInfo, adapter: str | None) -> None:
    """Raises UnsupportedParameter, InvalidRequest or PromptTooLong for what cannot be run again here, saying why."""
    if record.media:
        kinds = " and ".join(sorted({f"{medium.kind}s" for medium in record.media}))
        raise UnsupportedParameter(
            f"The prompt shows {kinds}, and a record holds only their hashes: the answer cannot be made again without them.",
            remedy="Ask the same question again, with the same files and seed.",
        )
    if not record.answer and record.finish is None:
        raise InvalidRequest("The record has no tokens: the answer was ended before its first, so there is nothing to compare.")
    if not record.max_tokens:
        raise InvalidRequest("The record is of a request for no tokens: nothing was drawn, so there is nothing to compare.")
    if record.engine.vocab_size != info.vocab_size:
        raise InvalidRequest(
            f"The record is of another model: its vocabulary had {quantity(record.engine.vocab_size, 'token')}, that of {info.id} has "
            f"{info.vocab_size}.",
            remedy="Name the right weights with --model.",
        )
    if record.adapter is not None and adapter is None:
        raise InvalidRequest(
            f"The answer was made with the adapter '{record.adapter.name}', which is not loaded.", remedy="Give its path with --adapter."
        )
    check_fits(record.request, info)


def replay(record: ReplayRecord, info: ModelInfo, steps: Steps, score: Score, adapter: str | None = None) -> Replayed:
    """Make the answer again. `adapter`: the name here of the one that it was made with.

    Raises what `check_replays` does, and whatever `steps` raises.
    """
    check_replays(record, info, adapter)
    request = replace(record.request, adapter=None if record.adapter is None else adapter)
    started = time.perf_counter()
    first: float | None = None
    tokens: list[int] = []
    finish: str | None = None
    for step in steps(request):
        tokens += step.tokens
        finish = step.finish
        first = first or (time.perf_counter() - started if step.tokens else None)
    seconds = time.perf_counter() - started
    difference = _difference(record, info, tokens, lambda ids: score(ids, request.adapter)[-1])
    ends = None if difference or record.finish in (None, finish) else (str(record.finish), str(finish))
    found = tuple(changed(record, info, adapter))
    return Replayed(tuple(tokens), finish, difference, ends, found, seconds, first or seconds)


def changed(record: ReplayRecord, info: ModelInfo, adapter: str | None = None) -> Iterator[Changed]:
    """What is not as it was, first what an answer hangs on most."""
    then, now = record.engine, facts_of(info)
    if record.weights_sha256 != info.weights_sha256 or info.weights_sha256 is None:
        yield Changed("weights", record.weights_sha256 or "not recorded", info.weights_sha256 or "not known", True)
    if record.adapter is not None:
        here = next((each.sha256 for each in info.adapters if each.name == adapter), None)
        if here != record.adapter.sha256:
            yield Changed("adapter", record.adapter.sha256 or "not recorded", here or "not known", True)
    for name, what in (("dtype", "numbers of the weights"), ("cache_dtype", "numbers of keys and values")):
        if getattr(then, name) != getattr(now, name):
            yield Changed(what, getattr(then, name), getattr(now, name), True)
    exact = then.batch_invariant and now.batch_invariant
    if not exact:
        yield Changed("sums that no batch changes", _yes(then.batch_invariant), _yes(now.batch_invariant), True)
    if then.runner != now.runner:
        yield Changed("runner", then.runner, now.runner, not exact)
    if then.max_context != now.max_context:
        yield Changed("context", str(then.max_context), str(now.max_context), record.finish == "model_length")
    if then.alize != now.alize:
        yield Changed("version of Alizé", then.alize, now.alize, True)
    if record.grammar is not None and (library := grammar_library()) != record.grammar.library:
        yield Changed("grammar library", record.grammar.library, library, True)


def _yes(value: bool) -> str:
    return "yes" if value else "no"


def _difference(record: ReplayRecord, info: ModelInfo, found: list[int], logprob: Callable[[list[int]], float]) -> Difference | None:
    """The first place of the record at which another token came, or none."""

    def likely(token: int | None, index: int) -> float | None:
        """Of a token there; None also where the context has no room to ask."""
        before = [*record.prompt, *found[:index]]
        return None if token is None or token >= info.vocab_size or len(before) >= info.max_context else logprob([*before, token])

    recorded = record.answer
    for index in range(len(recorded) if record.finish is None else max(len(recorded), len(found))):
        then, now = (ids[index] if index < len(ids) else None for ids in (recorded, found))
        if then != now:
            return Difference(index, then, now, likely(then, index), likely(now, index))
    return None
