"""From steps to answers. In: a question, as one engine request for each choice. Out: events; the only way an answer is made.

The streamed route writes the events as they come, the whole route folds them: so both give the same text, reasons and usage.

    Begun(0)  Text(0, "Bon")  Begun(1)  Text(0, "jour")  Text(1, "Salut")  Finish(0, "stop")  Finish(1, "length")

A model that thinks says so first: `Thought(0, "Hm")`, whose last is `closed`; a thought that is not closed was cut off by the end.
A tool that it calls is `Called(0, call)`, in pieces; where it ends the answer with whole calls, the reason is `tool_calls`.

A stop string ends its choice and aborts the engine's request. Usage counts every token up to the one that completes it, at any moment:
also those of an answer that nobody waits for any more. What an engine drew behind it in the same step counts for nobody, so that an answer
costs the same however many tokens come at once.
"""

import asyncio
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Literal

from alize.engine.base import Engine, ModelInfo, Request, Step, TokenLogprob
from alize.engine.grammar import GRAMMAR_LOST
from alize.engine.record import ReplayRecord, record_of
from alize.errors import AlizeError
from alize.prompt.parts import Call, Part, joined
from alize.prompt.reading import AnswerReader
from alize.prompt.tools import Offer
from alize.reasons import because
from alize.tokenize.base import ThoughtMarks, Tokenizer

__all__ = ["Answer", "Begun", "Called", "Choice", "Event", "Finish", "Question", "Reason", "Text", "Thought", "Token", "Usage", "fold"]

Reason = Literal["stop", "length", "model_length", "error", "tool_calls"]
_REASONS: dict[str, Reason] = {"stop": "stop", "length": "length", "model_length": "model_length", "error": "error", "aborted": "error"}


@dataclass(frozen=True, slots=True)
class Question:
    """What to ask an engine."""

    choices: tuple[Request, ...]  # alike but for their ids and seeds
    stop: tuple[str, ...] = ()
    prefix: str = ""  # text the answer continues; repeated at its start
    thought: str = ""  # what was thought before it; repeated, too
    marks: ThoughtMarks | None = None  # None: all of the answer is text
    opened: bool = False  # the prompt ends within a thought
    offer: Offer | None = None  # tools that may be called; None: a call is the text that it is written as

    @property
    def prompt_tokens(self) -> int:
        return len(self.choices[0].tokens)

    @property
    def awaited(self) -> bool:
        """Whether somebody waits for it. Work that nobody watches may begin in an hour: no time of it says how fast the engine is."""
        return self.choices[0].priority >= 0


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
    at: int = field(default=0, compare=False)  # how many tokens of the choice came before the step that gave it


@dataclass(frozen=True, slots=True)
class Thought:
    """More of what a choice thinks. `closed`: that ends with it."""

    index: int
    text: str
    tokens: tuple[Token, ...] = ()
    closed: bool = False


@dataclass(frozen=True, slots=True)
class Called:
    """More of one of a choice's calls."""

    index: int
    call: Call
    tokens: tuple[Token, ...] = ()


@dataclass(frozen=True, slots=True)
class Finish:
    """The end of one choice; the last event of it. `last`: of the whole answer, too."""

    index: int
    reason: Reason
    last: bool
    stop: str | None = None  # which stop string ended it, if one did


Event = Begun | Text | Thought | Called | Finish


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of a whole answer. A prompt is counted once, however many choices continue it."""

    prompt: int = 0
    cached: int = 0
    completion: int = 0
    guessed: int = 0  # computed before it was known whether they follow
    accepted: int = 0  # of those, how many did
    predicted: bool = False  # whether the request had a prediction


@dataclass(slots=True)
class Choice:
    """One choice, put together."""

    parts: list[Part | Call] = field(default_factory=list["Part | Call"])  # text, thoughts and calls in turn
    tokens: list[Token] = field(default_factory=list[Token])
    reason: Reason | None = None
    stop: str | None = None  # which stop string ended it, if one did
    pieces: list[tuple[int, str]] = field(default_factory=list[tuple[int, str]])  # its text as it came, and behind how many tokens

    @property
    def text(self) -> str:
        """What it says, without what it thought."""
        return "".join(part.text for part in self.parts if isinstance(part, Part) and not part.thought)

    @property
    def calls(self) -> list[Call]:
        """The tools that it calls."""
        return [part for part in self.parts if isinstance(part, Call)]


Observe = Callable[[int, Step], None]
"""Called with a choice's index and what it has just gained."""


class Answer:
    """One run of a question. `events` is run once; `usage` and `replay` hold at any time."""

    def __init__(self, engine: Engine, tokenizer: Tokenizer, question: Question, observe: Observe | None = None) -> None:
        self.question = question
        self._engine, self._tokenizer, self._observe = engine, tokenizer, observe
        self._steps: dict[int, Step] = {}  # the first of each choice
        self._last: dict[int, Step] = {}
        self._tokens: dict[int, list[int]] = {}  # of each choice, every one that counts
        self._infos: dict[int, tuple[ModelInfo, ModelInfo]] = {}  # the model when a choice was asked for, and when it began
        self._given = 0

    @property
    def begun(self) -> bool:
        """Whether the engine has given anything."""
        return bool(self._steps)

    @property
    def given(self) -> int:
        """Tokens of all choices so far."""
        return self._given

    @property
    def usage(self) -> Usage:
        first = self._steps.get(0) or next(iter(self._steps.values()), None)
        if first is None:
            return Usage()
        guessed, accepted = (sum(getattr(step, name) for step in self._last.values()) for name in ("guessed", "accepted"))
        predicted = bool(self.question.choices[0].predicted)
        return Usage(first.prompt_tokens, first.cached_tokens, self._given, guessed, accepted, predicted)

    def replay(self, index: int) -> ReplayRecord | None:
        """What reproduces a choice, as far as it has come. None for one that the engine has given nothing of."""
        if index not in self._infos:
            return None
        before, info = self._infos[index]
        return record_of(self.question.choices[index], info, self._tokens[index], self._last[index].finish, before)

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
                    event = replace(event, last=unfinished == 0)
                yield event

    async def _choice(self, index: int, request: Request) -> AsyncGenerator[Event, None]:
        question = self.question
        reader = AnswerReader(
            self._tokenizer,
            question.stop,
            question.marks,
            opened=question.opened,
            continuing=bool(question.prefix or question.thought),
            offer=question.offer,
        )
        reason: Reason | None = None
        given, before = 0, self._engine.info
        async with aclosing(self._engine.generate(request) if request.max_tokens else _nothing(request)) as steps:
            async for step in steps:
                first = index not in self._steps
                if first and request.max_tokens:
                    self._infos[index], self._tokens[index] = (before, self._engine.info), []
                repeated = _repeated(question, reader) if first else []
                parts, tokens, count = _read(reader, step, request.stop_ids)
                step = step.cut(count, 0 if first else self._last[index].accepted)
                self._count(index, step)
                if first:
                    yield Begun(index)
                    for part in repeated:
                        yield _event(index, part)
                if step.error is not None:
                    lost = step.error.startswith(GRAMMAR_LOST)
                    raise AlizeError(step.error, reason=None if lost else because("model_spoilt"))
                for part in parts or ([Part("")] if tokens else []):
                    yield _event(index, part, tokens, given)
                    tokens = ()
                given += len(step.tokens)
                if reader.stopped or step.finish is not None:
                    reason = "stop" if reader.stopped else _REASONS[step.finish or "error"]
                    reason = "tool_calls" if reason == "stop" and reader.called else reason
                    break
        yield Finish(index, reason or "error", last=False, stop=reader.stop)

    def _count(self, index: int, step: Step) -> None:
        self._steps.setdefault(index, step)
        self._last[index] = step
        self._given += len(step.tokens)
        if index in self._tokens:
            self._tokens[index] += step.tokens
        if self._observe is not None:
            self._observe(index, step)


def fold(events: Iterable[Event], count: int) -> list[Choice]:
    """The choices that the events put together.

    >>> fold([Begun(0), Text(0, "Hel"), Text(0, "lo"), Finish(0, "stop", last=True)], 1)[0].text
    'Hello'
    """
    choices = [Choice() for _ in range(count)]
    for event in events:
        match event:
            case Text(index, text, tokens, at):
                choices[index].parts.append(Part(text))
                choices[index].tokens += tokens
                choices[index].pieces.append((at, text))
            case Thought(index, text, tokens, closed):
                choices[index].parts.append(Part(text, thought=True, closed=closed))
                choices[index].tokens += tokens
            case Called(index, call, tokens):
                choices[index].parts.append(call)
                choices[index].tokens += tokens
            case Finish(index, reason, _, stop):
                choices[index].reason, choices[index].stop = reason, stop
            case Begun():
                pass
    for choice in choices:
        choice.parts = joined(choice.parts)
    return choices


async def _nothing(request: Request) -> AsyncGenerator[Step, None]:
    """What max_tokens 0 asks for; an engine gives at least one token."""
    yield Step(request.id, finish="length", prompt_tokens=len(request.tokens))


def _event(index: int, part: Part | Call, tokens: tuple[Token, ...] = (), at: int = 0) -> Text | Thought | Called:
    if isinstance(part, Call):
        return Called(index, part, tokens)
    return Thought(index, part.text, tokens, part.closed) if part.thought else Text(index, part.text, tokens, at)


def _repeated(question: Question, reader: AnswerReader) -> list[Part]:
    """What the answer goes on from."""
    thought = [Part(question.thought, thought=True, closed=not question.opened)] if question.thought else []
    return thought + (reader.repeat(question.prefix) if question.prefix else [])


def _read(reader: AnswerReader, step: Step, stop_ids: frozenset[int]) -> tuple[list[Part | Call], tuple[Token, ...], int]:
    """What a step adds, its tokens with their logprobs, and how many of them count.

    Token by token, so that none behind a stop string is reported; a stop token is no part of the answer either.
    """
    parts: list[Part | Call] = []
    tokens: list[Token] = []
    count = 0
    for position, id in enumerate(step.tokens):
        count += 1
        if id in stop_ids:
            continue
        parts += reader.push(id)
        if step.logprobs:
            tokens.append(Token(id, step.logprobs[position]))
        if reader.stopped:
            break
    if step.finish is not None:
        parts += reader.flush()  # of one that was stopped, nothing
    return joined(parts), tuple(tokens), count


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
