"""Pictures from elsewhere. In: an address that an answer names, and a person who agreed. Out: the picture, from this server.

It is one origin's picture and nothing more: a browser may neither read it as something else, nor show it as a page, nor lend it to others.
"""

from typing import Annotated

from fastapi import APIRouter, Query
from starlette.requests import Request
from starlette.responses import Response

from alize.api.auth import Caller, Here, headers_of
from alize.api.connection import while_connected
from alize.api.documentation import described
from alize.api.outside import PICTURES, fetch
from alize.errors import NotFound
from alize.governance import csrf
from alize.storage.base import Owner

__all__ = ["router"]

router = APIRouter(tags=["outside"])
_HEADERS = {
    "Content-Security-Policy": "default-src 'none'; sandbox; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "private, max-age=86400",  # whoever looks again tomorrow need not be seen again
    "Vary": "Authorization, Cookie",
}


@router.get("/api/outside", openapi_extra=described(binary=PICTURES.accepted))
async def get_outside(
    request: Request,
    principal: Caller,
    here: Here,
    url: Annotated[str, Query(description="http or https, of a host in `outside_hosts`.")],
    message: Annotated[str | None, Query(description="The answer that shows it: each host that is asked is added to its `left`.")] = None,
) -> Response:
    """Fetch a picture of an answer: from hosts that the settings name, from public addresses, and never anything but a picture."""
    if principal.session or principal.kind == "local":  # a key is no browser's: nobody makes it ask unawares
        csrf.check_fetched(headers_of(request))
    owner = Owner(principal.workspace, principal.id)

    async def asking(host: str) -> None:
        """Written down before it is asked: what left the machine must be known, whatever comes back."""
        if message is None:
            return
        async with here.parts.database.transaction() as store:
            if not await store.conversations.told(owner, message, host):
                raise NotFound(f"There is no message '{message[:100]}'.", param="message")

    work = fetch(url, here.settings.outside_hosts, here.parts.wire, offline=here.settings.offline, asking=asking)
    picture = await while_connected(request.receive, work)
    name = f"picture.{picture.kind.removeprefix('image/')}"
    return Response(picture.data, 200, {**_HEADERS, "Content-Disposition": f'attachment; filename="{name}"'}, picture.kind)
