"""The tables as the program of today sees them. In: nothing. Out: SQLAlchemy's description, which the migrations must arrive at.

organizations ── workspaces ── members ── principals
                     ├── api_keys ── principals (who answers for the key)
                     ├── usage
                     ├── accounts ── sessions       people who sign in
                     ├── invitations
                     ├── conversations ── messages ── runs ─┬─ run_events
                     │                            └─ replays
                     └── objects ── attachments ── message_attachments ── messages

Whatever belongs to a workspace carries its id, and every index a list uses begins with it. How a column is added: docs/design/storage.md.
"""

from sqlalchemy import Column, Float, ForeignKey, ForeignKeyConstraint, Index, LargeBinary, MetaData, Table, UniqueConstraint, text

from alize.storage.columns import Count, Json, Moment, Text, Words

__all__ = [
    "HEAD",
    "VERSION_TABLE",
    "accounts",
    "api_keys",
    "attachments",
    "attempts",
    "conversations",
    "invitations",
    "members",
    "message_attachments",
    "messages",
    "metadata",
    "objects",
    "organizations",
    "principals",
    "replays",
    "run_events",
    "runs",
    "sessions",
    "usage",
    "workspaces",
]

HEAD = "0007"
"""The newest migration. A database at this revision needs no Alizé migration, and Alembic is not even imported."""

VERSION_TABLE = "alize_schema"
"""Alembic's own name for it is shared by every program that uses Alembic; a PostgreSQL database may hold several."""

# Names of constraints are spelled out by rule: SQLite would leave them nameless, and a later migration must be able to name them.
metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

organizations = Table(
    "organizations",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("created", Moment, nullable=False),
)

workspaces = Table(
    "workspaces",
    metadata,
    Column("id", Text, primary_key=True),
    Column("organization", Text, ForeignKey("organizations.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("created", Moment, nullable=False),
    UniqueConstraint("organization", "name"),
)

principals = Table(
    "principals",
    metadata,
    Column("id", Text, primary_key=True),
    Column("organization", Text, ForeignKey("organizations.id"), nullable=False),
    Column("name", Text, nullable=False),
    Column("created", Moment, nullable=False),
)

members = Table(
    "members",
    metadata,
    Column("id", Text, primary_key=True),
    Column("organization", Text, ForeignKey("organizations.id"), nullable=False),
    Column("workspace", Text, ForeignKey("workspaces.id"), nullable=False),
    Column("principal", Text, ForeignKey("principals.id"), nullable=False),
    Column("role", Text, nullable=False),
    Column("created", Moment, nullable=False),
    UniqueConstraint("workspace", "principal"),
    Index(None, "workspace", "created", "id"),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", Text, primary_key=True),
    Column("organization", Text, ForeignKey("organizations.id"), nullable=False),
    Column("workspace", Text, ForeignKey("workspaces.id"), nullable=False),
    Column("principal", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("prefix", Text, nullable=False),
    Column("digest", Text, nullable=False, unique=True),
    Column("scopes", Words, nullable=False),
    Column("created", Moment, nullable=False),
    Column("last_used", Moment),
    Column("revoked", Moment),
    Column("expires", Moment),
    # The one who answers for a key is a member of its workspace, not merely someone.
    ForeignKeyConstraint(["workspace", "principal"], ["members.workspace", "members.principal"]),
    Index(None, "workspace", "created", "id"),
)

usage = Table(
    "usage",
    metadata,
    Column("workspace", Text, ForeignKey("workspaces.id"), primary_key=True),
    Column("id", Text, primary_key=True),  # the answer's, made here; never a client's request id
    Column("principal", Text, nullable=False),  # a member's principal or a key, whichever acted
    Column("model", Text, nullable=False),
    Column("endpoint", Text, nullable=False),
    Column("prompt_tokens", Count, nullable=False),
    Column("cached_tokens", Count, nullable=False),
    Column("completion_tokens", Count, nullable=False),
    Column("outcome", Text, nullable=False),
    Column("created", Moment, nullable=False),
    Column("seconds", Float, nullable=False),
    Index(None, "workspace", "created", "id"),
)

accounts = Table(
    "accounts",
    metadata,
    Column("id", Text, primary_key=True),
    Column("organization", Text, ForeignKey("organizations.id"), nullable=False),
    Column("workspace", Text, ForeignKey("workspaces.id"), nullable=False),
    Column("principal", Text, nullable=False, unique=True),
    Column("email", Text, nullable=False, unique=True),
    Column("name", Text, nullable=False),
    Column("password", Text, nullable=False),
    Column("language", Text, nullable=False),
    Column("theme", Text, nullable=False),
    Column("created", Moment, nullable=False),
    Column("disabled", Moment),
    ForeignKeyConstraint(["workspace", "principal"], ["members.workspace", "members.principal"]),
    Index(None, "workspace", "created", "id"),
)

sessions = Table(
    "sessions",
    metadata,
    Column("id", Text, primary_key=True),
    Column("workspace", Text, ForeignKey("workspaces.id"), nullable=False),
    Column("principal", Text, nullable=False),
    Column("account", Text, ForeignKey("accounts.id"), nullable=False),
    Column("digest", Text, nullable=False, unique=True),
    Column("user_agent", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("created", Moment, nullable=False),
    Column("last_seen", Moment, nullable=False),
    Column("expires", Moment, nullable=False),
    Index(None, "workspace", "principal", "last_seen"),
)

invitations = Table(
    "invitations",
    metadata,
    Column("id", Text, primary_key=True),
    Column("organization", Text, ForeignKey("organizations.id"), nullable=False),
    Column("workspace", Text, ForeignKey("workspaces.id"), nullable=False),
    Column("digest", Text, nullable=False, unique=True),
    Column("role", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("created", Moment, nullable=False),
    Column("expires", Moment, nullable=False),
    Column("used", Moment),
    Column("revoked", Moment),
    Index(None, "workspace", "created", "id"),
)

# Failed sign-ins, by address of mail or of the network: there is no workspace yet.
attempts = Table(
    "attempts",
    metadata,
    Column("id", Text, primary_key=True),
    Column("key", Text, nullable=False),
    Column("at", Moment, nullable=False),
    Index(None, "key", "at"),
)

conversations = Table(
    "conversations",
    metadata,
    Column("id", Text, primary_key=True),
    Column("workspace", Text, ForeignKey("workspaces.id"), nullable=False),
    Column("principal", Text, nullable=False),
    Column("title", Text, nullable=False),
    Column("folded", Text, nullable=False),  # of the title, as search compares it (storage/folding.py)
    Column("titled_by", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("settings", Json, nullable=False),
    Column("leaf", Text),
    Column("created", Moment, nullable=False),
    Column("updated", Moment, nullable=False),
    Column("pinned", Moment),
    Column("archived", Moment),
    Column("deleted", Moment),
    UniqueConstraint("workspace", "principal", "id"),
    Index(None, "workspace", "principal", "updated", "id"),
    Index(None, "deleted"),
)

messages = Table(
    "messages",
    metadata,
    Column("id", Text, primary_key=True),
    Column("workspace", Text, ForeignKey("workspaces.id"), nullable=False),
    Column("principal", Text, nullable=False),
    Column("conversation", Text, nullable=False),
    Column("parent", Text, ForeignKey("messages.id")),
    Column("role", Text, nullable=False),
    Column("content", Text, nullable=False),
    Column("folded", Text, nullable=False),  # of the content, once it is whole
    Column("created", Moment, nullable=False),
    Column("attachments", Json, nullable=False),
    Column("run", Text),  # no foreign key: each run names its message, and one of the two must come first
    Column("model", Text, nullable=False),
    Column("served_by", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("finish", Text),
    Column("error", Text),
    Column("prompt_tokens", Count, nullable=False),
    Column("completion_tokens", Count, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("first_token_seconds", Float, nullable=False),
    Column("left", Json, nullable=False),
    Column("error_code", Text),
    Column("thought", Text, nullable=False, server_default=text("''")),  # no search finds it
    Column("thought_seconds", Float, nullable=False, server_default="0"),
    Column("error_reason", Text),
    Column("error_values", Json, nullable=False, server_default=text("'{}'")),
    # Whose message it is, is whose conversation it is.
    ForeignKeyConstraint(
        ["workspace", "principal", "conversation"], ["conversations.workspace", "conversations.principal", "conversations.id"]
    ),
    Index(None, "workspace", "principal", "conversation", "created", "id"),
)

runs = Table(
    "runs",
    metadata,
    Column("id", Text, primary_key=True),
    Column("workspace", Text, ForeignKey("workspaces.id"), nullable=False),
    Column("principal", Text, nullable=False),
    Column("conversation", Text, ForeignKey("conversations.id"), nullable=False),
    Column("message", Text, ForeignKey("messages.id"), nullable=False),
    Column("state", Text, nullable=False),
    Column("worker", Text, nullable=False),
    Column("beat", Moment, nullable=False),
    Column("seq", Count, nullable=False),
    Column("created", Moment, nullable=False),
    Column("begun", Moment),
    Column("ended", Moment),
    Column("stop_asked", Moment),
    UniqueConstraint("workspace", "id"),
    Index(None, "state", "beat"),
    Index(None, "workspace", "principal", "conversation"),
    Index(None, "message"),
)

run_events = Table(
    "run_events",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("run", Text, primary_key=True),
    Column("seq", Count, primary_key=True),
    Column("data", Json, nullable=False),
    Column("created", Moment, nullable=False),
    ForeignKeyConstraint(["workspace", "run"], ["runs.workspace", "runs.id"]),
)

# What reproduces an answer; of one that was continued, a row for each part.
replays = Table(
    "replays",
    metadata,
    Column("workspace", Text, primary_key=True),
    Column("run", Text, primary_key=True),
    Column("data", LargeBinary, nullable=False),
    ForeignKeyConstraint(["workspace", "run"], ["runs.workspace", "runs.id"]),
)

# What was uploaded, once for equal bytes.
objects = Table(
    "objects",
    metadata,
    Column("workspace", Text, ForeignKey("workspaces.id"), primary_key=True),
    Column("sha256", Text, primary_key=True),
    Column("data", LargeBinary, nullable=False),
)

attachments = Table(
    "attachments",
    metadata,
    Column("id", Text, primary_key=True),
    Column("workspace", Text, ForeignKey("workspaces.id"), nullable=False),
    Column("principal", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("type", Text, nullable=False),
    Column("bytes", Count, nullable=False),
    Column("sha256", Text, nullable=False),
    Column("created", Moment, nullable=False),
    Column("touched", Moment, nullable=False),  # when it was uploaded, or a message last began or ceased to refer to it
    ForeignKeyConstraint(["workspace", "sha256"], ["objects.workspace", "objects.sha256"]),
    Index(None, "workspace", "sha256"),
    Index(None, "touched"),
)

message_attachments = Table(
    "message_attachments",
    metadata,
    Column("workspace", Text, ForeignKey("workspaces.id"), nullable=False),
    Column("message", Text, ForeignKey("messages.id"), primary_key=True),
    Column("attachment", Text, ForeignKey("attachments.id"), primary_key=True),
    Index(None, "attachment"),
)
