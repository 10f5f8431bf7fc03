"""From steps to answers. In: a question, as one engine request for each choice. Out: events; the only way an answer is made.

The streamed route writes the events as they come, the whole route folds them: so both give the same text, reasons and usage.

    Begun(0)  Text(0, "Bon")  Begun(1)  Text(0, "jour")  Text(1, "Salut")  Finish(0, "stop")  Finish(1, "length")

A stop string ends its choice and aborts the engine's request. Usage counts every token the engine gave, at any moment: also those
that a stop string cut off, and those of an answer that nobody waits for any more.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from typing import Literal

from alize.engine.base import Engine, Request, Step, TokenLogprob
from alize.errors import AlizeError
from alize.tokenize.base import Piece, TextStream, Tokenizer

__all__ = ["Answer", "Begun", "Choice", "Event", "Finish", "Question", "Reason", "Text", "Token", "Usage", "fold"]

Reason = Literal["stop", "length", "model_length", "error"]
_REASONS: dict[str, Reason] = {"stop": "stop", "length": "length", "model_length": "model_length", "error": "error", "aborted": "error"}


@dataclass(frozen=True, slots=True)
class Question:
    """What to ask an engine."""

    choices: tuple[Request, ...]  # alike but for their ids and seeds
    stop: tuple[str, ...] = ()
    prefix: str = ""  # text the answer continues; repeated at its start

    @property
    def prompt_tokens(self) -> int:
        return len(self.choices[0].tokens)


@dataclass(frozen=True, slots=True)
class Token:
    """A token and how likely it was."""

    id: int
    logprob: TokenLogprob


@dataclass(frozen=True, slots=True)
class Begun:
    """The engine has taken a choice up: what could refuse it has not."""

    index: int


@dataclass(frozen=True, slots=True)
class Text:
    """More of one choice. With logprobs, `tokens` may come before the text they become."""

    index: int
    text: str
    tokens: tuple[Token, ...] = ()


@dataclass(frozen=True, slots=True)
class Finish:
    """The end of one choice; the last event of it. `last`: of the whole answer, too."""

    index: int
    reason: Reason
    last: bool


Event = Begun | Text | Finish


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of a whole answer. A prompt is counted once, however many choices continue it."""

    prompt: int = 0
    cached: int = 0
    completion: int = 0


@dataclass(slots=True)
class Choice:
    """One choice, put together."""

    text: str = ""
    tokens: list[Token] = field(default_factory=list[Token])
    reason: Reason | None = None


Observe = Callable[[int, int], None]
"""Called with a choice's index and how many tokens it has just gained."""


class Answer:
    """One run of a question. `events` is run once; `usage` holds at any time."""

    def __init__(self, engine: Engine, tokenizer: Tokenizer, question: Question, observe: Observe | None = None) -> None:
        self.question = question
        self._engine, self._tokenizer, self._observe = engine, tokenizer, observe
        self._steps: dict[int, Step] = {}  # the first of each choice
        self._given = 0

    @property
    def begun(self) -> bool:
        """Whether the engine has given anything."""
        return bool(self._steps)

    @property
    def usage(self) -> Usage:
        first = self._steps.get(0) or next(iter(self._steps.values()), None)
        if first is None:
            return Usage()
        return Usage(first.prompt_tokens, first.cached_tokens, self._given)

    async def events(self) -> AsyncGenerator[Event, None]:
        """Every event, choices interleaved as they come. Closing it aborts what is still running.

        Raises what the engine raises; the first error of any choice ends all of them.
        """
        choices = [self._choice(index, request) for index, request in enumerate(self.question.choices)]
        unfinished = len(choices)
        async with aclosing(choices[0] if len(choices) == 1 else _merged(choices)) as events:
            async for event in events:
                if isinstance(event, Finish):
                    unfinished -= 1
                    event = Finish(event.index, event.reason, last=unfinished == 0)
                yield event

    async def _choice(self, index: int, request: Request) -> AsyncGenerator[Event, None]:
        prefix = self.question.prefix
        text = self._tokenizer.stream(self.question.stop, continuing=bool(prefix))
        reason: Reason | None = None
        async with aclosing(self._engine.generate(request) if request.max_tokens else _nothing(request)) as steps:
            async for step in steps:
                first = index not in self._steps
                self._count(index, step)
                if first:
                    yield Begun(index)
                    if prefix:
                        yield Text(index, prefix)
                piece, tokens, stopped = _read(text, step, request.stop_ids)
                if piece or tokens:
                    yield Text(index, piece, tokens)
                if stopped or step.finish is not None:
                    reason = "stop" if stopped else _REASONS[step.finish or "error"]
                    break
        yield Finish(index, reason or "error", last=False)

    def _count(self, index: int, step: Step) -> None:
        self._steps.setdefault(index, step)
        self._given += len(step.tokens)
        if self._observe is not None:
            self._observe(index, len(step.tokens))


def fold(events: Iterable[Event], count: int) -> list[Choice]:
    """The choices that the events put together.

    >>> fold([Begun(0), Text(0, "Hel"), Text(0, "lo"), Finish(0, "stop", last=True)], 1)[0].text
    'Hello'
    """
    choices = [Choice() for _ in range(count)]
    for event in events:
        match event:
            case Text(index, text, tokens):
                choices[index].text += text
                choices[index].tokens += tokens
            case Finish(index, reason):
                choices[index].reason = reason
            case Begun():
                pass
    return choices


async def _nothing(request: Request) -> AsyncGenerator[Step, None]:
    """What max_tokens 0 asks for; an engine gives at least one token."""
    yield Step(request.id, finish="length", prompt_tokens=len(request.tokens))


def _read(stream: TextStream, step: Step, stop_ids: frozenset[int]) -> tuple[str, tuple[Token, ...], bool]:
    """The text a step adds, its tokens with their logprobs, and whether a stop string has ended the answer.

    Token by token, so that none behind a stop string is reported; a stop token is no part of the answer either.
    """
    text = ""
    tokens: list[Token] = []
    for position, id in enumerate(step.tokens):
        if id in stop_ids:
            continue
        piece = stream.push((id,))
        text += piece.text
        if step.logprobs:
            tokens.append(Token(id, step.logprobs[position]))
        if piece.stopped is not None:
            return text, tuple(tokens), True
    rest = Piece() if step.finish is None else stream.flush()
    return text + rest.text, tuple(tokens), rest.stopped is not None


async def _merged(sources: Sequence[AsyncGenerator[Event, None]]) -> AsyncGenerator[Event, None]:
    """The events of several choices as they come. Closing it, or an error in any of them, closes all."""
    queue: asyncio.Queue[Event | AlizeError | None] = asyncio.Queue()  # None: one has ended
    tasks = [asyncio.create_task(_pour(source, queue)) for source in sources]
    try:
        running = len(tasks)
        while running:
            match await queue.get():
                case None:
                    running -= 1
                case AlizeError() as error:
                    raise error
                case event:
                    yield event
        await asyncio.gather(*tasks)  # whatever no engine should raise
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def _pour(source: AsyncGenerator[Event, None], queue: "asyncio.Queue[Event | AlizeError | None]") -> None:
    try:
        async with aclosing(source):
            async for event in source:
                queue.put_nowait(event)
    except AlizeError as error:
        queue.put_nowait(error)
    finally:
        queue.put_nowait(None)
