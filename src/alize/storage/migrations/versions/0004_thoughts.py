"""What a model thought before it answered. In: the third schema. Out: two columns more, empty for what was answered before."""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    op.add_column("messages", sa.Column("thought", sa.String(), nullable=False, server_default=sa.text("''")))
    op.add_column("messages", sa.Column("thought_seconds", sa.Float(), nullable=False, server_default="0"))
