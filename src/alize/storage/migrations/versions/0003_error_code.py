"""Why an answer failed, as the code of an error. In: the second schema. Out: one column more, empty for what failed before."""

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    op.add_column("messages", sa.Column("error_code", sa.String()))
