"""What a browser gets from a server that opens or closes. In: a request for a page. Out: one that says so, and waits for the server.

It asks for nothing but whether the server is ready, and then opens what was asked for: the page's own files may be gone meanwhile.
"""

import base64
import hashlib
from html import escape
from typing import Literal

from starlette.datastructures import Headers
from starlette.requests import cookie_parser
from starlette.responses import Response
from starlette.types import Scope

from alize.api.pages import is_page, look_of

__all__ = ["waiting_page"]

_WORDS = {
    "closing": {
        "en": ("The server is being stopped", "Nothing that was kept is lost. This page opens by itself as soon as the server is back."),
        "fr": (
            "Le serveur est en cours d’arrêt",
            "Rien de ce qui est enregistré n’est perdu. Cette page s’ouvrira d’elle-même dès que le serveur sera de retour.",
        ),
        "ja": ("サーバーを停止しています", "保存済みのものは失われません。サーバーが戻ると、このページは自動的に開きます。"),
    },
    "opening": {
        "en": ("The model is being loaded", "This page opens by itself as soon as it is there."),
        "fr": ("Le modèle est en cours de chargement", "Cette page s’ouvrira d’elle-même dès qu’il sera prêt."),
        "ja": ("モデルを読み込んでいます", "準備ができると、このページは自動的に開きます。"),
    },
}
_STYLE = (
    ":root{color-scheme:light dark;--paper:#fbfaf7;--ink:#1d1f23;--ink-2:#565a61}"
    ":root[data-theme=light]{color-scheme:light}"
    ":root[data-theme=dark]{color-scheme:dark;--paper:#14161a;--ink:#eceae5;--ink-2:#b3b1ab}"
    "@media(prefers-color-scheme:dark){:root:not([data-theme=light]){--paper:#14161a;--ink:#eceae5;--ink-2:#b3b1ab}}"
    "body{margin:0;min-height:100vh;display:grid;place-content:center;background:var(--paper);color:var(--ink);"
    "font:1rem/1.65 Inter,'Noto Sans JP','Hiragino Sans','Yu Gothic UI',system-ui,sans-serif}"
    "main{max-width:32rem;padding:1.5rem;text-align:center}h1{font-size:1.25rem;margin:0 0 .5rem}p{margin:0;color:var(--ink-2)}"
)
_SCRIPT = (
    "const { ready } = document.querySelector('main').dataset;"
    "const look = async () => {"
    "const back = await fetch(ready, { cache: 'no-store' }).then((answer) => answer.ok, () => false);"
    "if (back) location.reload(); else setTimeout(look, 1000);"
    "};"
    "setTimeout(look, 1000);"
)


def waiting_page(scope: Scope, seconds: float, why: Literal["opening", "closing"]) -> Response | None:
    """None for whatever is no address of the page. `seconds`: after which one without scripts tries again."""
    headers = Headers(scope=scope)
    if not is_page(scope, headers):
        return None
    look = cookie_parser(headers.get("cookie", "")).get("alize_look", "")
    language, theme = look_of(look, headers.get("accept-language", ""))
    title, text = _WORDS[why][language]
    themed = f' data-theme="{theme}"' if theme else ""
    ready = escape(scope.get("root_path", "") + "/health/ready")
    page = (
        f'<!doctype html><html lang="{language}"{themed}><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f'<title>{title} · Alizé</title><style>{_STYLE}</style><noscript><meta http-equiv="refresh" content="{seconds:.0f}"></noscript>'
        f'</head><body><main data-ready="{ready}"><h1>{title}</h1><p>{text}</p></main><script>{_SCRIPT}</script></body></html>'
    )
    return Response(page, 503, _HEADERS | {"Retry-After": f"{seconds:.0f}"}, "text/html")


def _hash(text: str) -> str:
    return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"


_HEADERS = {
    "Content-Security-Policy": "; ".join(
        (
            "default-src 'none'",
            f"script-src {_hash(_SCRIPT)}",
            f"style-src {_hash(_STYLE)}",
            "connect-src 'self'",
            "base-uri 'none'",
            "form-action 'none'",
            "frame-ancestors 'none'",
        )
    ),
    "Vary": "Accept, Accept-Language, Cookie",
}
