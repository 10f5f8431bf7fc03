"""The events of a run: one union is the whole contract with the page. In: what happened. Out: the JSON that is logged and streamed.

Names are those of the public API's conversation events where it has one, so that tools and hand-offs fit in later; a reader passes over
types it does not know. Every run ends with exactly one of `TERMINAL`.
"""

from typing import Any, Literal

import msgspec

from alize.reasons import Value

__all__ = [
    "TERMINAL",
    "CutOff",
    "Delta",
    "Done",
    "Failed",
    "Gap",
    "RunEvent",
    "Spent",
    "Started",
    "Stopped",
    "Thought",
    "as_data",
    "kind_of",
]


class Started(msgspec.Struct, tag="conversation.response.started", frozen=True):
    """The model has the question. `sent_from`: the first message it was sent, None for all; `dropped`: how many it was not."""

    conversation_id: str
    message_id: str
    model: str
    served_by: str  # "" for this machine
    sent_from: str | None
    dropped: int
    prompt_tokens: int
    completion_tokens: int = 0  # of the parts of the answer that it goes on from


class Delta(msgspec.Struct, tag="message.output.delta", frozen=True):
    """More text."""

    content: str


class Thought(msgspec.Struct, tag="message.thought.delta", frozen=True):
    """More of what the model thinks before it answers. `seconds`: how long it has thought until here."""

    content: str
    seconds: float


class Spent(msgspec.Struct, frozen=True):
    """Tokens. Of the prompt's, `cached_tokens` were not computed again."""

    prompt_tokens: int
    completion_tokens: int
    cached_tokens: int


class Done(msgspec.Struct, tag="conversation.response.done", frozen=True):
    """The answer is whole, or as long as it may be. `usage.completion_tokens` and the seconds are of all its parts."""

    finish: Literal["stop", "length", "model_length"]
    usage: Spent
    seconds: float
    first_token_seconds: float
    left: list[str]  # hosts that something was sent to


class Failed(msgspec.Struct, tag="conversation.response.error", frozen=True):
    """It cannot go on. The text until here stays."""

    message: str
    code: str | None  # of docs/reference/errors.md, or the type of an error that has none
    reason: str | None = None  # of the same page, with its values
    values: dict[str, Value] = {}


class Stopped(msgspec.Struct, tag="run.stopped", frozen=True):
    """Somebody stopped it. The text until here stays."""

    by: Literal["person"]


class CutOff(msgspec.Struct, tag="run.cut_off", frozen=True):
    """Whoever made it died."""


class Gap(msgspec.Struct, tag="run.gap", frozen=True):
    """What is asked for is not in the log any more: the conversation is to be read again. Never logged itself."""


RunEvent = Started | Delta | Thought | Done | Failed | Stopped | CutOff | Gap

TERMINAL = frozenset({"conversation.response.done", "conversation.response.error", "run.stopped", "run.cut_off"})


def as_data(event: msgspec.Struct) -> dict[str, Any]:
    """
    >>> as_data(Delta("Bon"))
    {'type': 'message.output.delta', 'content': 'Bon'}
    """
    return msgspec.to_builtins(event)


def kind_of(data: dict[str, Any]) -> str:
    return str(data.get("type", ""))
