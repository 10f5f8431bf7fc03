"""The Database seam. In: typed records. Out: typed records, inside a transaction. SQLite and PostgreSQL stand behind it.

Every call names the workspace whose rows it touches: a query without a tenant cannot be written. Only what has no workspace yet
(finding the principal of a key, the first organization) takes none, and says so.
"""

from alize.storage.base.accounts import AccountRecord, AccountRepository, InvitationRecord, SessionRecord
from alize.storage.base.attachments import AttachmentRecord, AttachmentRepository
from alize.storage.base.conversations import ConversationRecord, ConversationRepository, Hit, MessageRecord, Owner
from alize.storage.base.database import Database, Store
from alize.storage.base.keys import KeyRecord, KeyRepository
from alize.storage.base.members import Member, MemberRepository
from alize.storage.base.page import Page
from alize.storage.base.runs import RunRecord, RunRepository, StoredEvent
from alize.storage.base.usage import UsageRecord, UsageRepository, UsageTotals

__all__ = [
    "AccountRecord",
    "AccountRepository",
    "AttachmentRecord",
    "AttachmentRepository",
    "ConversationRecord",
    "ConversationRepository",
    "Database",
    "Hit",
    "InvitationRecord",
    "KeyRecord",
    "KeyRepository",
    "Member",
    "MemberRepository",
    "MessageRecord",
    "Owner",
    "Page",
    "RunRecord",
    "RunRepository",
    "SessionRecord",
    "Store",
    "StoredEvent",
    "UsageRecord",
    "UsageRepository",
    "UsageTotals",
]
