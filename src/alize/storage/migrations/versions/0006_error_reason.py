"""Why an answer failed, without a language. In: the fifth schema. Out: two columns more, empty for what failed before."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    op.add_column("messages", sa.Column("error_reason", sa.String()))
    op.add_column("messages", sa.Column("error_values", sa.String(), nullable=False, server_default=sa.text("'{}'")))
