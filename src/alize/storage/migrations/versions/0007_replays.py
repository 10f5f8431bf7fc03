"""What reproduces an answer. In: the sixth schema. Out: one table more, with nothing in it of what was answered before."""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    op.create_table(
        "replays",
        sa.Column("workspace", sa.String(), primary_key=True),
        sa.Column("run", sa.String(), primary_key=True),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["workspace", "run"], ["runs.workspace", "runs.id"], name="fk_replays_workspace_run"),
    )
