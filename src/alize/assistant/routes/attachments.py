"""Pictures and sounds of questions. In: a file as it is, before its question is sent. Out: its id, and later the file, for its owner.

It is shown as what it is and as nothing more: a browser may neither read it as something else, nor run it, nor lend it to other pages.
"""

import asyncio
import hashlib
import re
from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import quote

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from alize.api.attachments import AUDIO_BYTES, AUDIO_TYPES, IMAGE_BYTES, IMAGE_TYPES
from alize.api.auth import Caller, headers_of
from alize.api.auth import Here as InHouse
from alize.api.documentation import described
from alize.api.hearing import check_heard
from alize.api.looking import check_seen
from alize.assistant.routes.answers import Here, json, owner_of
from alize.assistant.schemas import Attached
from alize.errors import Conflict, NotFound, PayloadTooLarge, ValidationFailed
from alize.governance import Principal, answerable, csrf
from alize.reasons import because
from alize.storage.base import AttachmentRecord, Owner, Store
from alize.storage.ids import new_id

__all__ = ["router"]

router = APIRouter(tags=["conversations"])
_TYPES = (*IMAGE_TYPES, *AUDIO_TYPES)
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "private, no-cache",  # kept by the browser, and shown to nobody who would not be given it again
    "Vary": "Authorization, Cookie",
    "Accept-Ranges": "bytes",
}


@router.post("/api/attachments", status_code=201, openapi_extra=described(Attached, upload=_TYPES, status=201))
async def upload_attachment(
    request: Request,
    principal: Caller,
    here: InHouse,
    assistant: Here,
    name: Annotated[str, Query(min_length=1, max_length=255, description="What the file is called.")],
) -> Response:
    """Keep a picture or a sound for a question that is about to be asked. One that no message refers to is removed after a day."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in _TYPES:
        found = f"it says {kind[:100]!r}" if kind else "there is none"
        message = f"The body must be sent with the Content-Type of a picture or a sound ({', '.join(_TYPES)}); {found}."
        detail = {"type": "content_type", "loc": ["header", "content-type"], "msg": message}
        raise ValidationFailed([detail], message, reason=because("file_untyped", types=list(_TYPES)))
    data = await _body(request, IMAGE_BYTES if kind in IMAGE_TYPES else AUDIO_BYTES)
    # Damaged, it would fail in every turn of its conversation.
    await (check_seen(data, "body", here) if kind in IMAGE_TYPES else check_heard(data, "body", here))
    digest = await asyncio.to_thread(lambda: hashlib.sha256(data).hexdigest())
    whose = (principal.workspace, principal.id)
    made = AttachmentRecord(new_id("att"), *whose, name, kind, len(data), digest, datetime.now(UTC))
    async with assistant.database.transaction() as store:
        await _check_room(store, principal, made.bytes, here.settings.upload_bytes_per_person)
        await store.attachments.add(made, data)
    shown = {field: getattr(made, field) for field in ("id", "name", "type", "bytes", "sha256", "created")}
    return json({**shown, "object": "attachment"}, 201)


@router.get("/api/attachments/{attachment_id}", openapi_extra=described(binary=_TYPES))
async def get_attachment(attachment_id: str, request: Request, principal: Caller, assistant: Here) -> Response:
    """Read a picture or a sound, whole or in part, as it was uploaded."""
    if principal.session or principal.kind == "local":  # a key is no browser's: nobody makes it ask unawares
        csrf.check_fetched(headers_of(request))
    owner = owner_of(principal)
    async with assistant.database.transaction() as store:
        if (found := await store.attachments.get(owner, attachment_id)) is None:
            raise NotFound(f"There is no attachment '{attachment_id[:100]}'.", reason=because("attachment_gone"))
        tag = f'"{found.sha256}"'
        headers = {**_HEADERS, "ETag": tag, "Content-Disposition": _named(found.name)}
        if tag in request.headers.get("if-none-match", ""):
            return Response(None, 304, headers)
        data = (await store.attachments.data(owner, [found.id]))[found.id]
    part = _part(request.headers.get("range", ""), len(data))
    if part is None or request.headers.get("if-range", tag) != tag:
        return Response(data, 200, headers, found.type)
    first, last = part
    return Response(data[first : last + 1], 206, {**headers, "Content-Range": f"bytes {first}-{last}/{len(data)}"}, found.type)


async def _body(request: Request, most: int) -> bytes:
    """Raises PayloadTooLarge as soon as it is known."""
    stated = request.headers.get("content-length", "")
    data = bytearray()
    if not stated.isdecimal() or int(stated[:20]) <= most:
        async for chunk in request.stream():
            data += chunk
            if len(data) > most:
                break
        else:
            return bytes(data)
    raise PayloadTooLarge(
        f"The file has more than {most} bytes.", remedy="Send a smaller one.", reason=because("file_too_large", most_bytes=most)
    )


async def _check_room(store: Store, principal: Principal, more: int, most: int) -> None:
    """Raise Conflict where a person would have more kept than they may. What a key uploads counts for the person who answers for it."""
    if not most:
        return
    taken = await store.attachments.taken(Owner(principal.workspace, await answerable(store, principal)))
    if taken + more > most:
        raise Conflict(
            f"Pictures and sounds of {taken} bytes are kept for you, and with this file they were more than {most}.",
            remedy="Delete conversations that have some, which counts an hour later, or have upload_bytes_per_person raised.",
            reason=because("files_full", taken_bytes=taken, most_bytes=most),
        )


def _part(header: str, size: int) -> tuple[int, int] | None:
    """The first and the last byte that a Range asks for; None for the whole, also where it asks for several parts or for what is not there.

    >>> _part("bytes=2-", 10), _part("bytes=-3", 10), _part("bytes=0-99", 10), _part("bytes=10-", 10), _part("bytes=0-1,4-5", 10)
    ((2, 9), (7, 9), (0, 9), None, None)
    """
    found = re.fullmatch(r"bytes=(\d{0,18})-(\d{0,18})", header.strip())
    if found is None or not any(found.groups()):
        return None
    first = int(found[1]) if found[1] else max(0, size - int(found[2]))
    last = min(int(found[2]), size - 1) if found[1] and found[2] else size - 1
    return (first, last) if first <= last else None


def _named(name: str) -> str:
    """
    >>> _named('é"a.png')
    "attachment; filename*=UTF-8''%C3%A9%22a.png"
    """
    return f"attachment; filename*=UTF-8''{quote(name, safe='')}"
