"""People who sign in, their conversations, and the answers in the making. In: the first schema. Out: eight more tables.

A migration never changes once released: types are Alembic's own here, not those of schema.py, which go on changing.
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

_moment = sa.DateTime(timezone=True)


def upgrade() -> None:
    _accounts()
    _sessions()
    _invitations()
    _attempts()
    _conversations()
    _messages()
    _runs()
    _run_events()


def _accounts() -> None:
    op.create_table(
        "accounts",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("organization", sa.String(), sa.ForeignKey("organizations.id", name="fk_accounts_organization"), nullable=False),
        sa.Column("workspace", sa.String(), sa.ForeignKey("workspaces.id", name="fk_accounts_workspace"), nullable=False),
        sa.Column("principal", sa.String(), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("password", sa.String(), nullable=False),
        sa.Column("language", sa.String(), nullable=False),
        sa.Column("theme", sa.String(), nullable=False),
        sa.Column("created", _moment, nullable=False),
        sa.Column("disabled", _moment),
        sa.ForeignKeyConstraint(
            ["workspace", "principal"], ["members.workspace", "members.principal"], name="fk_accounts_workspace_principal"
        ),
        sa.UniqueConstraint("email", name="uq_accounts_email"),
        sa.UniqueConstraint("principal", name="uq_accounts_principal"),
    )
    op.create_index("ix_accounts_workspace_created_id", "accounts", ["workspace", "created", "id"])


def _sessions() -> None:
    op.create_table(
        "sessions",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("workspace", sa.String(), sa.ForeignKey("workspaces.id", name="fk_sessions_workspace"), nullable=False),
        sa.Column("principal", sa.String(), nullable=False),
        sa.Column("account", sa.String(), sa.ForeignKey("accounts.id", name="fk_sessions_account"), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("user_agent", sa.String(), nullable=False),
        sa.Column("address", sa.String(), nullable=False),
        sa.Column("created", _moment, nullable=False),
        sa.Column("last_seen", _moment, nullable=False),
        sa.Column("expires", _moment, nullable=False),
        sa.UniqueConstraint("digest", name="uq_sessions_digest"),
    )
    op.create_index("ix_sessions_workspace_principal_last_seen", "sessions", ["workspace", "principal", "last_seen"])


def _invitations() -> None:
    op.create_table(
        "invitations",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("organization", sa.String(), sa.ForeignKey("organizations.id", name="fk_invitations_organization"), nullable=False),
        sa.Column("workspace", sa.String(), sa.ForeignKey("workspaces.id", name="fk_invitations_workspace"), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("made_by", sa.String(), nullable=False),
        sa.Column("created", _moment, nullable=False),
        sa.Column("expires", _moment, nullable=False),
        sa.Column("used", _moment),
        sa.Column("revoked", _moment),
        sa.UniqueConstraint("digest", name="uq_invitations_digest"),
    )
    op.create_index("ix_invitations_workspace_created_id", "invitations", ["workspace", "created", "id"])


def _attempts() -> None:
    op.create_table(
        "attempts",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("key", sa.String(), nullable=False),
        sa.Column("at", _moment, nullable=False),
    )
    op.create_index("ix_attempts_key_at", "attempts", ["key", "at"])


def _conversations() -> None:
    op.create_table(
        "conversations",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("workspace", sa.String(), sa.ForeignKey("workspaces.id", name="fk_conversations_workspace"), nullable=False),
        sa.Column("principal", sa.String(), nullable=False),
        sa.Column("title", sa.String(), nullable=False),
        sa.Column("folded", sa.String(), nullable=False),
        sa.Column("titled_by", sa.String(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("settings", sa.String(), nullable=False),
        sa.Column("leaf", sa.String()),
        sa.Column("created", _moment, nullable=False),
        sa.Column("updated", _moment, nullable=False),
        sa.Column("pinned", _moment),
        sa.Column("archived", _moment),
        sa.Column("deleted", _moment),
        sa.UniqueConstraint("workspace", "principal", "id", name="uq_conversations_workspace_principal_id"),
    )
    op.create_index("ix_conversations_deleted", "conversations", ["deleted"])
    op.create_index("ix_conversations_workspace_principal_updated_id", "conversations", ["workspace", "principal", "updated", "id"])


def _messages() -> None:
    op.create_table(
        "messages",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("workspace", sa.String(), sa.ForeignKey("workspaces.id", name="fk_messages_workspace"), nullable=False),
        sa.Column("principal", sa.String(), nullable=False),
        sa.Column("conversation", sa.String(), nullable=False),
        sa.Column("parent", sa.String(), sa.ForeignKey("messages.id", name="fk_messages_parent")),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("content", sa.String(), nullable=False),
        sa.Column("folded", sa.String(), nullable=False),
        sa.Column("created", _moment, nullable=False),
        sa.Column("attachments", sa.String(), nullable=False),
        sa.Column("run", sa.String()),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("served_by", sa.String(), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("finish", sa.String()),
        sa.Column("error", sa.String()),
        sa.Column("prompt_tokens", sa.BigInteger(), nullable=False),
        sa.Column("completion_tokens", sa.BigInteger(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("first_token_seconds", sa.Float(), nullable=False),
        sa.Column("left", sa.String(), nullable=False),
        sa.ForeignKeyConstraint(
            ["workspace", "principal", "conversation"],
            ["conversations.workspace", "conversations.principal", "conversations.id"],
            name="fk_messages_workspace_principal_conversation",
        ),
    )
    op.create_index(
        "ix_messages_workspace_principal_conversation_created_id", "messages", ["workspace", "principal", "conversation", "created", "id"]
    )


def _runs() -> None:
    op.create_table(
        "runs",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("workspace", sa.String(), sa.ForeignKey("workspaces.id", name="fk_runs_workspace"), nullable=False),
        sa.Column("principal", sa.String(), nullable=False),
        sa.Column("conversation", sa.String(), sa.ForeignKey("conversations.id", name="fk_runs_conversation"), nullable=False),
        sa.Column("message", sa.String(), sa.ForeignKey("messages.id", name="fk_runs_message"), nullable=False),
        sa.Column("state", sa.String(), nullable=False),
        sa.Column("worker", sa.String(), nullable=False),
        sa.Column("beat", _moment, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.Column("created", _moment, nullable=False),
        sa.Column("begun", _moment),
        sa.Column("ended", _moment),
        sa.Column("stop_asked", _moment),
        sa.UniqueConstraint("workspace", "id", name="uq_runs_workspace_id"),
    )
    op.create_index("ix_runs_message", "runs", ["message"])
    op.create_index("ix_runs_state_beat", "runs", ["state", "beat"])
    op.create_index("ix_runs_workspace_principal_conversation", "runs", ["workspace", "principal", "conversation"])


def _run_events() -> None:
    op.create_table(
        "run_events",
        sa.Column("workspace", sa.String(), primary_key=True),
        sa.Column("run", sa.String(), primary_key=True),
        sa.Column("seq", sa.BigInteger(), primary_key=True),
        sa.Column("data", sa.String(), nullable=False),
        sa.Column("created", _moment, nullable=False),
        sa.ForeignKeyConstraint(["workspace", "run"], ["runs.workspace", "runs.id"], name="fk_run_events_workspace_run"),
    )
