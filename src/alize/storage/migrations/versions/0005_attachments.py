"""Pictures and sounds apart from the messages that carried them. In: the fourth schema. Out: three tables; messages name what is in them.

{"name", "type", "text": "data:TYPE;base64,…"}   →   {"name", "type", "id"}, with a row of `attachments` and one of `objects`
"""

import base64
import binascii
import hashlib
import json
import secrets
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"

_moment = sa.DateTime(timezone=True)
_IMAGES = ("image/png", "image/jpeg", "image/webp", "image/gif")
_SOUNDS = ("audio/wav", "audio/x-wav", "audio/wave", "audio/flac", "audio/x-flac", "audio/ogg", "audio/mpeg", "audio/mp3")
_messages = sa.table(
    "messages",
    *(sa.column(name, sa.String()) for name in ("id", "workspace", "principal", "attachments")),
    sa.column("created", _moment),
)


def upgrade() -> None:
    objects = op.create_table(
        "objects",
        sa.Column("workspace", sa.String(), sa.ForeignKey("workspaces.id", name="fk_objects_workspace"), primary_key=True),
        sa.Column("sha256", sa.String(), primary_key=True),
        sa.Column("data", sa.LargeBinary(), nullable=False),
    )
    attachments = op.create_table(
        "attachments",
        sa.Column("id", sa.String(), primary_key=True),
        sa.Column("workspace", sa.String(), sa.ForeignKey("workspaces.id", name="fk_attachments_workspace"), nullable=False),
        sa.Column("principal", sa.String(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sa.String(), nullable=False),
        sa.Column("created", _moment, nullable=False),
        sa.Column("touched", _moment, nullable=False),
        sa.ForeignKeyConstraint(["workspace", "sha256"], ["objects.workspace", "objects.sha256"], name="fk_attachments_workspace_sha256"),
    )
    op.create_index("ix_attachments_workspace_sha256", "attachments", ["workspace", "sha256"])
    op.create_index("ix_attachments_touched", "attachments", ["touched"])
    used = op.create_table(
        "message_attachments",
        sa.Column("workspace", sa.String(), sa.ForeignKey("workspaces.id", name="fk_message_attachments_workspace"), nullable=False),
        sa.Column("message", sa.String(), sa.ForeignKey("messages.id", name="fk_message_attachments_message"), primary_key=True),
        sa.Column("attachment", sa.String(), sa.ForeignKey("attachments.id", name="fk_message_attachments_attachment"), primary_key=True),
    )
    op.create_index("ix_message_attachments_attachment", "message_attachments", ["attachment"])
    _move(objects, attachments, used)


def _move(objects: sa.Table, attachments: sa.Table, used: sa.Table) -> None:
    """One message at a time: all pictures of a house may be more than its memory."""
    connection = op.get_bind()
    heavy = _messages.c.attachments.contains(";base64,", autoescape=True)
    for id in connection.execute(sa.select(_messages.c.id).where(heavy)).scalars().all():
        row = connection.execute(sa.select(_messages).where(_messages.c.id == id)).mappings().one()
        files: list[dict[str, Any]] = json.loads(row["attachments"])
        for place, file in enumerate(files):
            data = _written_out(file)
            if data is None:
                continue
            digest, name = hashlib.sha256(data).hexdigest(), f"att_{secrets.token_hex(12)}"
            where = (objects.c.workspace == row["workspace"], objects.c.sha256 == digest)
            if connection.execute(sa.select(objects.c.sha256).where(*where)).first() is None:
                connection.execute(objects.insert().values(workspace=row["workspace"], sha256=digest, data=data))
            whose = {"workspace": row["workspace"], "principal": row["principal"]}
            about = {"name": file["name"], "type": file["type"], "bytes": len(data), "sha256": digest}
            connection.execute(attachments.insert().values(id=name, **whose, **about, created=row["created"], touched=row["created"]))
            connection.execute(used.insert().values(workspace=row["workspace"], message=id, attachment=name))
            files[place] = {"name": file["name"], "type": file["type"], "id": name}
        text = json.dumps(files, ensure_ascii=False, separators=(",", ":"))
        connection.execute(sa.update(_messages).where(_messages.c.id == id).values(attachments=text))


def _written_out(file: dict[str, Any]) -> bytes | None:
    """None for a text, also one that speaks of such addresses."""
    head, comma, written = str(file.get("text", "")).partition(";base64,")
    if not comma or file.get("type") not in (*_IMAGES, *_SOUNDS) or head != f"data:{file['type']}":
        return None
    try:
        return base64.b64decode(written, validate=True)
    except (binascii.Error, ValueError):
        return None
