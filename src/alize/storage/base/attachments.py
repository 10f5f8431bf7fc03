"""Files that belong to messages. In: bytes, once, and whose they are. Out: records, and the bytes of those that one may see."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from alize.storage.base.conversations import Owner

__all__ = ["AttachmentRecord", "AttachmentRepository"]


@dataclass(frozen=True, slots=True)
class AttachmentRecord:
    id: str
    workspace: str
    principal: str  # who uploaded it
    name: str
    type: str
    bytes: int
    sha256: str  # of the bytes, in hexadecimal
    created: datetime


class AttachmentRepository(Protocol):
    """Uploads. One is seen by whom it belongs to, and by whoever sees a message that refers to it.

    `ConversationRepository.add_message` makes a message refer to the uploads that its attachments name; withdrawing and purging undo that.
    Equal bytes are stored once in a workspace, however often they are uploaded.
    """

    async def add(self, attachment: AttachmentRecord, data: bytes) -> None:
        """Keep an upload and its bytes, both or neither. Raises Conflict for an id that is in use."""
        ...

    async def get(self, owner: Owner, id: str) -> AttachmentRecord | None: ...

    async def data(self, owner: Owner, ids: Sequence[str]) -> Mapping[str, bytes]:
        """The bytes of those that are there."""
        ...

    async def taken(self, owner: Owner) -> int:
        """Bytes of all that belongs to an owner, equal ones as often as they were uploaded. Other uploads of the owner's wait with theirs
        until this transaction ends, so that none comes between the sum and what is added to it."""
        ...

    async def hold(self, owner: Owner, ids: Sequence[str], at: datetime) -> Mapping[str, AttachmentRecord]:
        """Those that are there, kept from now on as if they had just been uploaded: nobody removes them before this transaction ends."""
        ...

    async def sweep(self, unused_since: datetime, *, limit: int = 100) -> int:
        """Remove uploads that no message refers to, nor has since then; how many.

        Takes no tenant: the reaper does this for everybody.
        """
        ...
