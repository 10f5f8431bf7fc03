"""The tables as the program of today sees them. In: nothing. Out: SQLAlchemy's description, which the migrations must arrive at.

organizations ── workspaces ── members ── principals
                     ├── api_keys ── principals (who answers for the key)
                     └── usage

Whatever belongs to a workspace carries its id, and every index a list uses begins with it.
"""

from sqlalchemy import Column, Float, ForeignKey, ForeignKeyConstraint, Index, MetaData, Table, UniqueConstraint

from alize.storage.columns import Count, Moment, Text, Words

__all__ = ["HEAD", "VERSION_TABLE", "api_keys", "members", "metadata", "organizations", "principals", "usage", "workspaces"]

HEAD = "0001"
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
    Column("id", Text, primary_key=True),  # a request's id, which a client may choose: unique within its workspace only
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
