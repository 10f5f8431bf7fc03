"""What is attached to messages. In: what a page names, or messages as they are kept. Out: what is kept of it, or messages with the content.

A text is kept in its message. A picture or a sound is uploaded once, and its messages name it: whoever reads a conversation gets names.
"""

import base64
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from alize.assistant.schemas import AttachmentNew
from alize.errors import InvalidRequest
from alize.reasons import because
from alize.storage.base import MessageRecord, Owner, Store

__all__ = ["kept", "shown", "with_content"]


async def kept(store: Store, owner: Owner, wanted: Sequence[AttachmentNew]) -> list[dict[str, Any]]:
    """As they stand in a message that is written in the same transaction. Raises InvalidRequest for an upload that is not there."""
    uploads = await store.attachments.hold(owner, [one.id for one in wanted if one.id is not None], datetime.now(UTC))
    files: list[dict[str, Any]] = []
    for index, one in enumerate(wanted):
        if one.id is None:
            files.append({"name": one.name, "type": one.type, "text": one.text})
        elif (upload := uploads.get(one.id)) is None:
            raise InvalidRequest(
                f"attachments.{index}: there is no upload '{one.id}'.",
                param=f"attachments.{index}",
                remedy="Attach the file again.",
                reason=because("upload_gone"),
            )
        else:
            files.append({"name": upload.name, "type": upload.type, "id": upload.id})
    return files


def shown(file: dict[str, Any]) -> dict[str, Any]:
    """As a page is told of it: each field is always there."""
    return {"name": file["name"], "type": file["type"], "text": file.get("text", ""), "id": file.get("id")}


async def with_content(store: Store, owner: Owner, messages: Sequence[MessageRecord]) -> list[MessageRecord]:
    """The messages with the pictures and sounds that they name as `data:` addresses in `text`."""
    named = [file["id"] for message in messages for file in message.attachments if "id" in file]
    if not named:
        return list(messages)
    data = await store.attachments.data(owner, named)

    def whole(file: dict[str, Any]) -> dict[str, Any]:
        if "id" not in file:
            return file
        return {**file, "text": f"data:{file['type']};base64,{base64.b64encode(data[file['id']]).decode()}"}

    return [replace(message, attachments=[whole(file) for file in message.attachments]) for message in messages]
