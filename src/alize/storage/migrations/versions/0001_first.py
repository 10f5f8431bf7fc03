"""The first schema: organizations, workspaces, principals, members, API keys, usage. In: an empty database. Out: these tables.

A migration never changes once released: types are Alembic's own here, not those of schema.py, which go on changing.
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None

_moment = sa.DateTime(timezone=True)


def upgrade() -> None:
    op.create_table(
        "organizations",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("created", _moment, nullable=False),
        sa.UniqueConstraint("name", name="uq_organizations_name"),
    )
    op.create_table(
        "workspaces",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("organization", sa.String(), sa.ForeignKey("organizations.id", name="fk_workspaces_organization"), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("created", _moment, nullable=False),
        sa.UniqueConstraint("organization", "name", name="uq_workspaces_organization_name"),
    )
    op.create_table(
        "principals",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("organization", sa.String(), sa.ForeignKey("organizations.id", name="fk_principals_organization"), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("created", _moment, nullable=False),
    )
    _members()
    _api_keys()
    _usage()


def _members() -> None:
    op.create_table(
        "members",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("organization", sa.String(), sa.ForeignKey("organizations.id", name="fk_members_organization"), nullable=False),
        sa.Column("workspace", sa.String(), sa.ForeignKey("workspaces.id", name="fk_members_workspace"), nullable=False),
        sa.Column("principal", sa.String(), sa.ForeignKey("principals.id", name="fk_members_principal"), nullable=False),
        sa.Column("role", sa.String(), nullable=False),
        sa.Column("created", _moment, nullable=False),
        sa.UniqueConstraint("workspace", "principal", name="uq_members_workspace_principal"),
    )
    op.create_index("ix_members_workspace_created_id", "members", ["workspace", "created", "id"])


def _api_keys() -> None:
    op.create_table(
        "api_keys",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("organization", sa.String(), sa.ForeignKey("organizations.id", name="fk_api_keys_organization"), nullable=False),
        sa.Column("workspace", sa.String(), sa.ForeignKey("workspaces.id", name="fk_api_keys_workspace"), nullable=False),
        sa.Column("principal", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("prefix", sa.String(), nullable=False),
        sa.Column("digest", sa.String(), nullable=False),
        sa.Column("scopes", sa.String(), nullable=False),
        sa.Column("created", _moment, nullable=False),
        sa.Column("last_used", _moment),
        sa.Column("revoked", _moment),
        sa.Column("expires", _moment),
        sa.UniqueConstraint("digest", name="uq_api_keys_digest"),
        sa.ForeignKeyConstraint(
            ["workspace", "principal"], ["members.workspace", "members.principal"], name="fk_api_keys_workspace_principal"
        ),
    )
    op.create_index("ix_api_keys_workspace_created_id", "api_keys", ["workspace", "created", "id"])


def _usage() -> None:
    op.create_table(
        "usage",
        sa.Column("workspace", sa.String(), sa.ForeignKey("workspaces.id", name="fk_usage_workspace"), primary_key=True),
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("principal", sa.String(), nullable=False),
        sa.Column("model", sa.String(), nullable=False),
        sa.Column("endpoint", sa.String(), nullable=False),
        sa.Column("prompt_tokens", sa.BigInteger(), nullable=False),
        sa.Column("cached_tokens", sa.BigInteger(), nullable=False),
        sa.Column("completion_tokens", sa.BigInteger(), nullable=False),
        sa.Column("outcome", sa.String(), nullable=False),
        sa.Column("created", _moment, nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
    )
    op.create_index("ix_usage_workspace_created_id", "usage", ["workspace", "created", "id"])
