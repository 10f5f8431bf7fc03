"""The documentation that a server carries. In: nothing. Out: the OpenAPI document, and a page to read it on; nothing from elsewhere."""

import msgspec
from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from alize.api.documentation_page import STYLE, page_of

__all__ = ["router"]

router = APIRouter(include_in_schema=False)
_PAGE = {"Content-Security-Policy": "default-src 'none'; style-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"}


@router.get("/openapi.json")
async def openapi(request: Request) -> Response:
    return Response(msgspec.json.encode(request.app.openapi()), media_type="application/json")


@router.get("/docs")
async def docs(request: Request) -> Response:
    return Response(page_of(request.app.openapi(), request.scope.get("root_path", "")), 200, _PAGE, "text/html")


@router.get("/docs/style.css")
async def style() -> Response:
    return Response(STYLE, 200, {"Cache-Control": "max-age=3600"}, "text/css")


@router.get("/")
async def start(request: Request) -> Response:
    """Whoever opens the address: a browser goes on to the documentation, a curl is told where it is."""
    place = f"{request.scope.get('root_path', '')}/docs"
    return Response(f"This is Alizé. {place} documents its API.\n", 307, {"Location": place}, "text/plain")
