"""The JSON of conversations. In: what a page sends. Out: the shapes of what it gets; strict, with the limits of each field."""

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field, StringConstraints

from alize.api.schemas.values import Schema

__all__ = [
    "AnswerIds",
    "AttachmentIn",
    "ContinueRequest",
    "ConversationChange",
    "ConversationNew",
    "MessageNew",
    "RegenerateRequest",
    "SamplingSettings",
]

Id = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
"""Made by the page, so that a request that is sent again is known: 32 hexadecimal digits."""

LONGEST = 400_000  # characters of a message
LONGEST_FILE = 262_144  # characters of a file
MOST_FILES = 10


class SamplingSettings(Schema):
    """How a conversation's answers are drawn. What is not given is the model's own."""

    system: str | None = Field(None, max_length=32_000)
    temperature: float | None = Field(None, ge=0, le=2)
    top_p: float | None = Field(None, gt=0, le=1)
    top_k: int | None = Field(None, ge=0, le=1_000_000)
    min_p: float | None = Field(None, ge=0, le=1)
    max_tokens: int | None = Field(None, ge=1, le=1_000_000)
    presence_penalty: float | None = Field(None, ge=-2, le=2)
    frequency_penalty: float | None = Field(None, ge=-2, le=2)
    seed: int | None = Field(None, ge=0, lt=2**63)
    stop: list[Annotated[str, StringConstraints(min_length=1, max_length=100)]] | None = Field(None, max_length=16)


class ConversationNew(Schema):
    id: Id
    title: str = Field("", max_length=200)
    model: str = Field("", max_length=200)
    settings: SamplingSettings = Field(default_factory=SamplingSettings)


class ConversationChange(Schema):
    """What is given is changed."""

    title: str | None = Field(None, max_length=200)
    pinned: bool | None = None
    archived: bool | None = None
    model: str | None = Field(None, max_length=200)
    settings: SamplingSettings | None = None
    leaf: Id | None = None


class AttachmentIn(Schema):
    name: str = Field(min_length=1, max_length=255)
    type: str = Field(max_length=100)
    text: str = Field(max_length=LONGEST_FILE)


class AnswerIds(Schema):
    id: Id
    run: Id


class MessageNew(Schema):
    id: Id
    parent: Id | None = None
    content: str = Field(max_length=LONGEST)
    attachments: list[AttachmentIn] = Field(default_factory=list[AttachmentIn], max_length=MOST_FILES)
    answer: AnswerIds


class RegenerateRequest(Schema):
    answer: AnswerIds


class ContinueRequest(Schema):
    run: Id


class Message(Schema):
    id: str
    parent: str | None
    role: Literal["user", "assistant"]
    content: str
    attachments: list[AttachmentIn]
    created: AwareDatetime
    run: str | None
    model: str
    served_by: str = Field(description="Empty for this machine, else the host that answered.")
    state: Literal["waiting", "running", "done", "stopped", "failed", "cut_off"]
    finish: str | None
    error: str | None
    prompt_tokens: int
    completion_tokens: int
    seconds: float
    first_token_seconds: float
    left: list[str] = Field(description="Hosts that something was sent to.")
