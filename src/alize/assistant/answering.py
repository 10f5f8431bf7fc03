"""Where an answer comes from. In: a conversation's path down to a question. Out: its parts as they are made, and what that took.

`LocalAnswerer` asks the models of this server in the same way as the public API does, under the same limits; elsewhere.py asks those of
its upstream; choosing.py is the `Answerer` of both.
"""

from collections.abc import AsyncGenerator, Callable, Collection, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from typing import Any, Literal, Protocol

from alize.api.answers import Answer, Finish, Text, Thought
from alize.api.aside import aside
from alize.api.asking import Asked, ask
from alize.api.hearing import hears, newest, timed
from alize.api.looking import measured, sees
from alize.api.parts import House, Served, Sleeping
from alize.api.schemas.chat import ChatCompletionRequest
from alize.assistant.context import Fitted, check_attached, fit, sounds_of
from alize.assistant.telling import Telling
from alize.engine.record import ReplayRecord
from alize.governance.identity import SCOPES, Principal
from alize.prompt.parts import Part
from alize.storage.base import MessageRecord, Owner

__all__ = ["Answerer", "Begun", "Ending", "LocalAnswerer", "Made"]


Ending = Literal["stop", "length", "model_length", "error"]


@dataclass(slots=True)
class Made:
    """What an answer took so far. Holds at any time."""

    prompt_tokens: int = 0
    cached_tokens: int = 0
    completion_tokens: int = 0
    finish: Ending = "error"
    left: list[str] = field(default_factory=list[str])  # hosts that something was sent to
    replay: ReplayRecord | None = None  # what reproduces it, once it has ended; of an upstream's nothing does


@dataclass(frozen=True, slots=True)
class Begun:
    """An answer that can be made: `pieces` is run once, and closing it ends the work. Then, or where it is not run at all, `release`
    gives back the model, which may be put to sleep from then on."""

    model: str
    served_by: str  # "" for this machine
    fitted: Fitted
    made: Made
    pieces: AsyncGenerator[Part, None]
    release: Callable[[], None] = lambda: None  # a no-op the second time


class Answerer(Protocol):
    """Something that answers."""

    async def begin(
        self,
        owner: Owner,
        model: str,
        path: Sequence[MessageRecord],
        settings: dict[str, Any],
        *,
        continuing: bool = False,
        beside: Collection[str] = (),
        priority: int = 0,
    ) -> Begun:
        """Prepare an answer to the last message of `path`, or with `continuing` the rest of that message.

        `beside`: the models whose answers to the same question are there already.

        Raises InvalidModel, PromptTooLong, and what the model's template refuses.
        """
        ...

    def limit(self, model: str) -> int:
        """The longest context of a model, in tokens. Raises InvalidModel."""
        ...


class LocalAnswerer:
    """The models of this server."""

    def __init__(self, house: House) -> None:
        self._house = house

    async def begin(
        self,
        owner: Owner,
        served: Served,
        path: Sequence[MessageRecord],
        settings: dict[str, Any],
        *,
        continuing: bool = False,
        beside: Collection[str] = (),
        priority: int = 0,
    ) -> Begun:
        """See Answerer."""
        await self.check(path, served, continuing=continuing)
        fitted = await self.fitted(served, path, settings, continuing=continuing)
        if served.card.id in beside and settings.get("temperature") is None:
            settings = {**settings, "temperature": self._house.settings.temperature(served.card.default_temperature, another=True)}
        asked = await ask(_request(served.card.id, fitted, settings), served, _principal(owner), self._house)
        made = Made(prompt_tokens=asked.question.prompt_tokens)
        return Begun(served.card.id, "", fitted, made, self._pieces(owner, _ranked(asked, priority), made))

    async def check(self, path: Sequence[MessageRecord], model: Served | Sleeping, *, continuing: bool = False) -> None:
        """Raise what `check_attached` does of the question, as far as is known of a model that may not be awake."""
        question = path[-2 if continuing and len(path) > 1 else -1]
        check_attached(question, self._images(model), await aside(self._sounds, model, [question], {}), model.card.id)

    async def fitted(self, served: Served, path: Sequence[MessageRecord], settings: dict[str, Any], *, continuing: bool = False) -> Fitted:
        """What would be sent. Counted in a thread: everybody else's answers would stand still as long as a long one takes."""
        template, limit, sizes = served.tokenizer.template, served.engine.info.max_context, dict[str, tuple[int, int]]()
        images, lengths = self._images(served), dict[str, float]()

        def count(messages: list[dict[str, Any]]) -> int:
            return len(template(timed(measured(messages, served, sizes), served, lengths)))

        thinks = served.thought_marks is not None

        def work() -> Fitted:
            sounds = self._sounds(served, path, lengths)
            return fit(path, settings, count, limit, continuing=continuing, images=images, sounds=sounds or 0, thinks=thinks)

        return await aside(work)

    def _images(self, model: Served | Sleeping) -> int:
        """How many pictures one prompt may show."""
        return self._house.settings.max_images if sees(model) else 0

    def _sounds(self, model: Served | Sleeping, path: Sequence[MessageRecord], lengths: dict[str, float]) -> int | None:
        """How many of the sounds of messages can be heard at once, which are the last ones; None where the model cannot hear."""
        if not hears(model):
            return None
        recorded = [sound["text"] for message in path for sound in sounds_of(message)]
        return newest(recorded, self._house.settings.max_audio_seconds, lengths)

    async def _pieces(self, owner: Owner, asked: Asked, made: Made) -> AsyncGenerator[Part, None]:
        limits, question = self._house.limits, asked.question
        telling = Telling(self._house, asked, awaited=question.awaited)
        answer = Answer(asked.served.engine, asked.served.tokenizer, replace(question, prefix="", thought=""), telling.gained)
        limits.spend(owner.workspace, question.prompt_tokens)
        try:
            with telling.told(answer):
                async with aclosing(answer.events()) as events:
                    async for event in events:
                        made.completion_tokens = answer.given
                        match event:
                            case Text(_, text):
                                yield Part(text)
                            case Thought(_, text) if text:
                                yield Part(text, thought=True)
                            case Finish(_, reason) as end:
                                telling.finished(end)
                                made.finish = "stop" if reason == "tool_calls" else reason  # no tools are offered
                            case _:
                                pass
        finally:
            usage = answer.usage
            made.completion_tokens, made.cached_tokens = usage.completion, usage.cached
            made.replay = answer.replay(0)
            limits.spend(owner.workspace, usage.completion)


def _principal(owner: Owner) -> Principal:
    return Principal(owner.principal, "", owner.workspace, frozenset(SCOPES[:1]), "member")


def _request(model: str, fitted: Fitted, settings: dict[str, Any]) -> ChatCompletionRequest:
    names = ("temperature", "top_p", "top_k", "min_p", "max_tokens", "presence_penalty", "frequency_penalty", "stop")
    given = {name: settings[name] for name in names if settings.get(name) is not None}
    if settings.get("seed") is not None:
        given["random_seed"] = settings["seed"]
    return ChatCompletionRequest.model_validate({"model": model, "messages": fitted.messages, **given})


def _ranked(asked: Asked, priority: int) -> Asked:
    choices = tuple(replace(choice, priority=priority) for choice in asked.question.choices)
    return replace(asked, question=replace(asked.question, choices=choices))
