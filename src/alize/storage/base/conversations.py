"""What people said and what was answered. In: records, and whose rows they are. Out: records."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from alize.storage.base.page import Page
from alize.storage.ids import tenant_of

__all__ = ["ConversationRecord", "ConversationRepository", "Hit", "MessageRecord", "Owner"]


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose rows: a person's, with those that their keys made, or a key's own."""

    workspace: str
    principal: str

    @property
    def tenant(self) -> str:
        return tenant_of(self.workspace, self.principal)


@dataclass(frozen=True, slots=True)
class ConversationRecord:
    id: str
    workspace: str
    principal: str
    title: str
    titled_by: str  # "", "model", "person"
    model: str  # "" for the default
    settings: dict[str, Any]
    leaf: str | None  # the message shown last
    created: datetime
    updated: datetime
    pinned: datetime | None = None
    archived: datetime | None = None
    deleted: datetime | None = None


@dataclass(frozen=True, slots=True)
class MessageRecord:
    """A question or an answer. `parent` is all the structure there is: branches are derived."""

    id: str
    workspace: str
    principal: str
    conversation: str
    parent: str | None
    role: str  # "user", "assistant"
    content: str
    created: datetime
    attachments: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    run: str | None = None  # the latest
    model: str = ""
    served_by: str = ""  # "" for this machine
    state: str = "done"  # waiting, running, done, stopped, failed, cut_off; kept without its text and not shown: withdrawn
    finish: str | None = None
    error: str | None = None
    prompt_tokens: int = 0
    completion_tokens: int = 0
    seconds: float = 0.0
    first_token_seconds: float = 0.0
    left: list[str] = field(default_factory=list[str])  # hosts that something was sent to
    error_code: str | None = None
    thought: str = ""  # what a model that reasons wrote before the content
    thought_seconds: float = 0.0  # and how long it took
    error_reason: str | None = None
    error_values: dict[str, Any] = field(default_factory=dict[str, Any])


@dataclass(frozen=True, slots=True)
class Hit:
    """Where a search found its words: in a message, or in a title (message None)."""

    conversation: str
    title: str
    message: str | None
    text: str  # the whole text that matched
    created: datetime
    archived: datetime | None  # its conversation


class ConversationRepository(Protocol):
    """Conversations and their messages. What belongs to somebody else is not there."""

    async def add(self, conversation: ConversationRecord) -> bool:
        """False, and no change, where the id exists (whoever's it is)."""
        ...

    async def get(self, owner: Owner, id: str, *, deleted: bool = False) -> ConversationRecord | None: ...

    async def list(self, owner: Owner, *, archived: bool, limit: int = 100, after: str | None = None) -> Page[ConversationRecord]:
        """Without deleted ones: those that are pinned, then the others, each the last updated first; the archived by that alone."""
        ...

    async def change(self, owner: Owner, id: str, **values: Any) -> bool:
        """Set title (searched), titled_by, model, settings, leaf, pinned, archived or deleted. False where there is none.

        `updated` is when the last message came, and stays.
        """
        ...

    async def name(self, owner: Owner, id: str, title: str) -> bool:
        """Set the title by the model, unless it has one by then."""
        ...

    async def add_message(self, message: MessageRecord, *, updated: datetime | None = None) -> bool:
        """Add it, make it findable, and make it the conversation's leaf and last update. False, and no change, where the id exists.

        It refers to the uploads that its attachments name by `id`, which must be there (`AttachmentRepository.hold`).

        `updated`: when that is, where the message is dated otherwise.
        """
        ...

    async def last_created(self, owner: Owner, conversation: str) -> datetime | None:
        """The date of its newest message."""
        ...

    async def message(self, owner: Owner, id: str) -> MessageRecord | None:
        """None also where it was withdrawn."""
        ...

    async def told(self, owner: Owner, id: str, host: str) -> bool:
        """Add a host to those that something of a message was sent to; a no-op for one that is there. False where there is no message."""
        ...

    async def messages(self, owner: Owner, conversation: str) -> Sequence[MessageRecord]:
        """All of them, oldest first, without those that were withdrawn."""
        ...

    async def withdrawn(self, owner: Owner, conversation: str) -> Sequence[str]:
        """Ids of messages that were taken back (`RunRepository.withdraw`): a page that has them shall let them go."""
        ...

    async def search(self, owner: Owner, words: str, *, limit: int = 100, after: str | None = None) -> Page[Hit]:
        """Messages and titles that hold every word, newest first, without deleted conversations."""
        ...

    async def purge(self, deleted_before: datetime, *, limit: int = 100) -> int:
        """Remove conversations deleted before then, with messages, runs, events and search rows; how many.

        Uploads that only they referred to are removed by the next `AttachmentRepository.sweep`.

        Takes no tenant: the reaper does this for everybody.
        """
        ...
