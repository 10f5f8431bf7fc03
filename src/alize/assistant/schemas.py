"""The JSON of conversations. In: what a page sends. Out: the shapes of what it gets; strict, with the limits of each field."""

from typing import Annotated, Literal, Self

from pydantic import AwareDatetime, ConfigDict, Field, JsonValue, StringConstraints, model_validator

from alize.api.attachments import ATTACHMENT_BYTES, ATTACHMENTS, AUDIO_BYTES, AUDIO_TYPES, IMAGE_BYTES, IMAGE_TYPES
from alize.api.schemas.errors import ErrorValue
from alize.api.schemas.values import WHOLE, JsonObject, Natural, Reply, Schema

__all__ = [
    "AnswerIds",
    "Answered",
    "Attached",
    "AttachmentIn",
    "AttachmentNew",
    "ContextMessage",
    "ContextQuestion",
    "ContextUse",
    "ContinueRequest",
    "ConversationChange",
    "ConversationNew",
    "MessageNew",
    "RegenerateRequest",
    "SamplingSettings",
]

Id = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")]
"""Made by the page, so that a request that is sent again is known: 32 hexadecimal digits."""

AttachmentId = Annotated[str, StringConstraints(pattern=r"^att_[0-9a-f]{24}$")]
State = Literal["waiting", "running", "done", "stopped", "failed", "cut_off"]
LONGEST = 400_000  # characters of a message


class SamplingSettings(Schema):
    """How a conversation's answers are drawn: what the public API would take. What is not given is the model's own."""

    system: str | None = Field(None, max_length=32_000)
    temperature: float | None = Field(None, ge=0, le=1.5)
    top_p: float | None = Field(None, gt=0, le=1)
    top_k: Annotated[int, Field(ge=0, le=1_000_000), WHOLE] | None = None
    min_p: float | None = Field(None, ge=0, le=1)
    max_tokens: Annotated[int, Field(ge=1, le=1_000_000), WHOLE] | None = None
    presence_penalty: float | None = Field(None, ge=-2, le=2)
    frequency_penalty: float | None = Field(None, ge=-2, le=2)
    seed: Natural | None = None
    stop: list[Annotated[str, StringConstraints(min_length=1, max_length=1000)]] | None = Field(None, max_length=16)


class ConversationNew(Schema):
    id: Id
    title: str = Field("", max_length=200)
    model: str = Field("", max_length=200)
    settings: SamplingSettings | None = None


class ConversationChange(Schema):
    """What is given is changed."""

    title: str | None = Field(None, max_length=200)
    pinned: bool | None = None
    archived: bool | None = None
    model: str | None = Field(None, max_length=200)
    settings: SamplingSettings | None = None
    leaf: Id | None = None


_NONE: dict[str, JsonValue] = {"type": "null"}
_TEXT: dict[str, JsonValue] = {"type": "string"}
_UPLOADED: list[JsonValue] = [*IMAGE_TYPES, *AUDIO_TYPES]


class AttachmentNew(Schema):
    """A text, or an upload."""

    model_config = ConfigDict(
        json_schema_extra={
            "anyOf": [
                {"required": ["id"], "properties": {"id": _TEXT, "name": _NONE, "type": _NONE, "text": _NONE}},
                {
                    "required": ["name", "type", "text"],
                    "properties": {"id": _NONE, "name": _TEXT, "type": {"type": "string", "not": {"enum": _UPLOADED}}, "text": _TEXT},
                },
            ]
        }
    )
    id: AttachmentId | None = Field(None, description="Of a picture or a sound, as POST /api/attachments gave it; then nothing else.")
    name: str | None = Field(None, min_length=1, max_length=255)
    type: str | None = Field(None, max_length=100)
    text: str | None = Field(None, max_length=ATTACHMENT_BYTES)

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        """Characters are never more than the bytes of a text."""
        given = [value is not None for value in (self.name, self.type, self.text)]
        if any(given) if self.id is not None else not all(given):
            raise ValueError("a text has name, type and text; a picture or a sound is uploaded first, and has its id alone")
        if self.type in (*IMAGE_TYPES, *AUDIO_TYPES):
            raise ValueError("a picture or a sound is uploaded first, with POST /api/attachments, and has its id alone")
        return self


class AttachmentIn(Schema):
    """Of a chat that is kept nowhere: whatever it is, its content is with it."""

    name: str = Field(min_length=1, max_length=255)
    type: str = Field(max_length=100)
    text: str = Field(max_length=AUDIO_BYTES * 4 // 3 + 64, description="Of an image or a sound, `data:TYPE;base64,…`.")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        """Characters are never more than the bytes of a text."""
        written = self.type in (*IMAGE_TYPES, *AUDIO_TYPES)
        if not written and len(self.text) > ATTACHMENT_BYTES:
            raise ValueError(f"a text has at most {ATTACHMENT_BYTES} bytes")
        if self.type in IMAGE_TYPES and len(self.text) > IMAGE_BYTES * 4 // 3 + 64:
            raise ValueError(f"an image has at most {IMAGE_BYTES} bytes")
        if written and not self.text.startswith(f"data:{self.type};base64,"):
            what = "an image" if self.type in IMAGE_TYPES else "a sound"
            raise ValueError(f"{what} is written as data:{self.type};base64,…")
        return self


class AnswerIds(Schema):
    id: Id
    run: Id


class MessageNew(Schema):
    id: Id
    parent: Id | None = None
    content: str = Field(max_length=LONGEST)
    attachments: list[AttachmentNew] = Field(default_factory=list[AttachmentNew], max_length=ATTACHMENTS)
    answer: AnswerIds


class RegenerateRequest(Schema):
    answer: AnswerIds


class ContinueRequest(Schema):
    run: Id


class ContextMessage(Schema):
    id: Id
    role: Literal["user", "assistant"]
    content: str = Field(description="An answer is as long as its model made it.")
    thought: str = Field("", description="What was thought before the content.")
    attachments: list[AttachmentIn] = Field(default_factory=list[AttachmentIn], max_length=ATTACHMENTS)


class ContextQuestion(Schema):
    model: str = Field("", max_length=200, description="Empty for the default.")
    settings: SamplingSettings | None = None
    messages: list[ContextMessage] = Field(max_length=10_000, description="Those shown, oldest first.")
    continuing: bool = Field(False, description="The last one is an answer that is to be gone on with.")


class Attachment(Reply):
    name: str
    type: str
    text: str = Field(description="Empty for a picture or a sound.")
    id: str | None = Field(description="Of a picture or a sound: GET /api/attachments/{id} gives it.")


class Attached(Reply):
    id: str
    object: Literal["attachment"] = "attachment"
    name: str
    type: str
    bytes: int
    sha256: str
    created: AwareDatetime


class Message(Reply):
    id: str
    parent: str | None
    role: Literal["user", "assistant"]
    content: str
    attachments: list[Attachment]
    created: AwareDatetime
    run: str | None
    model: str
    served_by: str = Field(description="Empty for this machine, else the host that answered.")
    state: State
    finish: Literal["stop", "length", "model_length"] | None = Field(description="Why it ended, where it is done.")
    error: str | None
    prompt_tokens: int
    completion_tokens: int
    seconds: float
    first_token_seconds: float
    left: list[str] = Field(description="Hosts that something was sent to.")
    error_code: str | None = Field(description="Of docs/reference/errors.md, or the type of an error without one.")
    error_reason: str | None = Field(description="What `error` says without a language: a name of docs/reference/errors.md.")
    error_values: dict[str, ErrorValue] = Field(description="The numbers and names that the reason is said with.")
    thought: str = Field(description="What the model thought before it answered.")
    thought_seconds: float


class Run(Reply):
    id: str
    message: str = Field(description="The answer it makes.")
    state: State
    seq: int = Field(description="The number of its last event.")


class Replays(Reply):
    """What reproduces an answer."""

    object: Literal["list"] = "list"
    data: list[JsonObject] = Field(description="A record for each part: one, and one more for each time that it was continued.")
    whole: bool = Field(description="Whether they cover all of it: not what an upstream answered, nor what a server died over.")


class Withdrawn(Reply):
    run: Run
    gone: list[str] = Field(description="Ids of the messages that are there no more.")


class Summary(Reply):
    id: str
    object: Literal["conversation"] = "conversation"
    title: str
    titled_by: Literal["", "model", "person"]
    model: str = Field(description="Empty for the default.")
    pinned: AwareDatetime | None
    archived: AwareDatetime | None
    created: AwareDatetime
    updated: AwareDatetime = Field(description="When the last message came.")
    running: bool


class Conversation(Summary):
    settings: SamplingSettings
    leaf: str | None = Field(description="The message shown last.")
    messages: list[Message] = Field(description="Of all branches, oldest first.")
    runs: list[Run] = Field(description="What waits or runs.")
    withdrawn: list[str] = Field(description="Ids of messages that were taken back before they were answered.")


class ConversationList(Reply):
    object: Literal["list"] = "list"
    data: list[Summary]
    has_more: bool
    next: str | None


class ConversationGone(Reply):
    id: str
    object: Literal["conversation"] = "conversation"
    deleted: Literal[True] = True


class AttachmentExported(Attachment):
    text: str = Field(description="Of a picture or a sound, `data:TYPE;base64,…`.")


class MessageExported(Message):
    conversation: str
    attachments: list[AttachmentExported]  # pyright: ignore[reportIncompatibleVariableOverride]


class Exported(Reply):
    """Every branch, and all that is known of each message."""

    id: str
    title: str
    titled_by: Literal["", "model", "person"]
    model: str
    settings: SamplingSettings
    leaf: str | None
    created: AwareDatetime
    updated: AwareDatetime
    pinned: AwareDatetime | None
    archived: AwareDatetime | None
    deleted: AwareDatetime | None
    messages: list[MessageExported]
    replays: dict[str, list[JsonObject]] = Field(description="What reproduces the answers, by their ids: a record for each part.")


class Said(Reply):
    message: Message
    answer: Message
    run: Run


class Answered(Reply):
    answer: Message
    run: Run


class ContextUse(Reply):
    limit: int = Field(description="The model's context, in tokens.")
    used: int
    sent_from: str | None = Field(description="The first message that is still sent.")
    dropped: list[str] = Field(description="Messages that are not sent any more, oldest first.")
    images: int = Field(description="Most images that it is shown at once: those that came last; 0 where it does not see.")
    sounds: int = Field(description="Sounds that it can hear at once: those that came last; 0 where it does not hear.")
    thoughts: bool = Field(description="Whether it is sent what was thought before earlier answers.")


class Hit(Reply):
    conversation: str
    title: str
    message: str | None = Field(description="Null where the title matched.")
    created: AwareDatetime
    archived: bool = Field(description="Whether its conversation is.")
    excerpt: str
    marks: list[tuple[int, int]] = Field(description="Where the words stand in the excerpt: half-open, in UTF-16 units.")


class Hits(Reply):
    object: Literal["list"] = "list"
    data: list[Hit]
    has_more: bool
    next: str | None
