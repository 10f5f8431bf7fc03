"""Files that belong to messages, as they are kept. In: bytes and whose they are. Out: records, bytes; what nobody refers to goes.

    messages ── message_attachments ── attachments ── objects
                (which refers to which)  (whose, name)   (the bytes, once in a workspace, by their SHA-256)

Bytes are rows: they come and go in one transaction with what refers to them, and a backup has both as of one moment.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Select, and_, delete, func, or_, select, tuple_, update

from alize.errors import Conflict
from alize.storage.base import AttachmentRecord, Owner
from alize.storage.owning import owned
from alize.storage.schema import attachments, message_attachments, messages, objects, principals
from alize.storage.statements import insert_new
from alize.storage.units import Unit

__all__ = ["SqlAttachments", "refer", "release"]

_RECORD = [column for column in attachments.c if column.name != "touched"]


class SqlAttachments:
    """`AttachmentRepository` in SQL."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    async def add(self, attachment: AttachmentRecord, data: bytes) -> None:
        place = {"workspace": attachment.workspace, "sha256": attachment.sha256}
        mine = and_(objects.c.workspace == attachment.workspace, objects.c.sha256 == attachment.sha256)
        # NOTE: bytes that are there are locked before they are referred to: whoever removes the last reference meanwhile would take them.
        while (await self._unit.write(select(objects.c.sha256).where(mine).with_for_update())).first() is None:
            if await insert_new(self._unit, objects, ["workspace", "sha256"], **place, data=data):
                break
        row = {column.name: getattr(attachment, column.name) for column in _RECORD}
        if not await insert_new(self._unit, attachments, ["id"], **row, touched=attachment.created):
            raise Conflict(f"The id {attachment.id} is in use.")

    async def get(self, owner: Owner, id: str) -> AttachmentRecord | None:
        row = (await self._unit.read(select(*_RECORD).where(_seen(owner), attachments.c.id == id))).mappings().first()
        return None if row is None else AttachmentRecord(**row)

    async def data(self, owner: Owner, ids: Sequence[str]) -> Mapping[str, bytes]:
        query = (
            select(attachments.c.id, objects.c.data)
            .join(objects, and_(objects.c.workspace == attachments.c.workspace, objects.c.sha256 == attachments.c.sha256))
            .where(_seen(owner), attachments.c.id.in_(ids))
        )
        return {row.id: row.data for row in await self._unit.read(query)} if ids else {}

    async def taken(self, owner: Owner) -> int:
        mine = select(principals.c.id).where(principals.c.id == owner.principal)
        await self._unit.write(mine.with_for_update(key_share=True))
        total = select(func.coalesce(func.sum(attachments.c.bytes), 0)).where(owned(attachments, owner))
        return int((await self._unit.read(total)).scalar_one())  # PostgreSQL sums to a decimal

    async def hold(self, owner: Owner, ids: Sequence[str], at: datetime) -> Mapping[str, AttachmentRecord]:
        mine = (_seen(owner), attachments.c.id.in_(ids))
        if not ids:
            return {}
        await self._unit.write(update(attachments).where(*mine).values(touched=at))
        rows = (await self._unit.read(select(*_RECORD).where(*mine))).mappings()
        return {row["id"]: AttachmentRecord(**row) for row in rows}

    async def sweep(self, unused_since: datetime, *, limit: int = 100) -> int:
        old = select(attachments.c.id).where(attachments.c.touched < unused_since, ~_used()).order_by(attachments.c.touched).limit(limit)
        if not (ids := (await self._unit.read(old)).scalars().all()):
            return 0
        return await _remove_unused(self._unit, attachments.c.id.in_(ids) & (attachments.c.touched < unused_since))


async def refer(unit: Unit, workspace: str, message: str, ids: Sequence[str]) -> None:
    """Have a message refer to uploads."""
    for id in dict.fromkeys(ids):
        await insert_new(unit, message_attachments, None, workspace=workspace, message=message, attachment=id)


async def release(unit: Unit, of: Sequence[str] | Select[tuple[str]], at: datetime) -> None:
    """Have messages refer to no upload any more. What nobody else refers to counts as unused from `at` on."""
    theirs = message_attachments.c.message.in_(of)
    ids = select(message_attachments.c.attachment).where(theirs)
    await unit.write(update(attachments).where(attachments.c.id.in_(ids)).values(touched=at))
    await unit.write(delete(message_attachments).where(theirs))


async def _remove_unused(unit: Unit, which: ColumnElement[bool]) -> int:
    """Remove those uploads of some that no message refers to, and the bytes that were theirs alone; how many uploads."""
    gone = delete(attachments).where(which, ~_used()).returning(attachments.c.workspace, attachments.c.sha256)
    rows = (await unit.write(gone)).all()
    places = sorted({(row.workspace, row.sha256) for row in rows})
    if places:
        theirs = tuple_(objects.c.workspace, objects.c.sha256).in_(places)
        await unit.write(select(objects.c.sha256).where(theirs).order_by(objects.c.workspace, objects.c.sha256).with_for_update())
        others = select(attachments.c.id).where(attachments.c.workspace == objects.c.workspace, attachments.c.sha256 == objects.c.sha256)
        await unit.write(delete(objects).where(theirs, ~others.exists()))
    return len(rows)


def _used() -> ColumnElement[bool]:
    return select(message_attachments.c.message).where(message_attachments.c.attachment == attachments.c.id).exists()


def _seen(owner: Owner) -> ColumnElement[bool]:
    """A person may go on in what a key of theirs began: the key sees the conversation with all that is in it."""
    shown = (
        select(message_attachments.c.attachment)
        .join(messages, messages.c.id == message_attachments.c.message)
        .where(owned(messages, owner))
    )
    return and_(attachments.c.workspace == owner.workspace, or_(owned(attachments, owner), attachments.c.id.in_(shown)))
