"""The application. In: settings and the parts built elsewhere. Out: an ASGI application; the layers of a request on one screen.

Observe     request id, common headers, log line, metrics
Head        HEAD is GET without a body
CORS        pages of other origins, where the settings name them
Failures    what nobody foresaw becomes a 500
Drain       503 while the server opens or is being stopped, to browsers as a page (waiting_page.py)
BodyLimit   413, 408
pages.py    a browser's addresses and the files of the page
routes/     auth → body → answer; errors.py turns what they raise into the one shape
"""

from importlib.metadata import version

from fastapi import FastAPI
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware

from alize.api import errors
from alize.api.documentation import openapi_of
from alize.api.limits import Limits
from alize.api.middleware.body_limit import BodyLimit
from alize.api.middleware.drain import Drain
from alize.api.middleware.failures import Failures
from alize.api.middleware.head import Head
from alize.api.middleware.observe import Observe
from alize.api.middleware.prefix import Prefix
from alize.api.pages import Pages
from alize.api.parts import House, Parts
from alize.api.pool.figures import Figures
from alize.api.routes import ROUTERS
from alize.governance import Accounts, Cookie
from alize.settings import Settings
from alize.telemetry import Metrics

__all__ = ["create_app"]

_EXPOSED = ("x-request-id", "mistral-correlation-id", "retry-after", "x-ratelimit-limit", "x-ratelimit-remaining", "x-ratelimit-reset")


def create_app(settings: Settings, parts: Parts, pages: Pages | None = None) -> FastAPI:
    """The application of one server. It starts and closes nothing: whoever built the parts does."""
    metrics = Metrics(settings.metrics_tenants)
    if parts.pool is not None:
        metrics.registry.register(Figures(parts.pool))
    cors = Middleware(
        CORSMiddleware,
        allow_origins=settings.cors_origins,
        allow_methods=["*"],
        allow_headers=["*"],
        expose_headers=_EXPOSED,
        max_age=600,
    )
    app = FastAPI(
        title="Alizé",
        version=version("alize"),
        openapi_url=None,
        docs_url=None,
        redoc_url=None,
        redirect_slashes=False,
        middleware=[
            *([Middleware(Prefix, settings.root_path)] if settings.root_path else []),
            Middleware(Observe, metrics, parts.spans, patience=settings.stall_seconds),
            Middleware(Head),
            *([cors] if settings.cors_origins else []),
            Middleware(Failures),
            Middleware(Drain, parts.draining, parts.opening),
            Middleware(BodyLimit, settings.max_body_bytes),
        ],
    )
    limits = Limits(settings.requests_per_minute, settings.tokens_per_minute)
    app.state.house = House(settings, parts, limits, Accounts(parts.database), Cookie(settings.root_path), metrics)
    app.openapi = lambda: openapi_of(app, settings.root_path)
    errors.install(app)
    app.router.routes.insert(0, pages or Pages())  # before "/", which it takes from whoever wants a page
    for router in ROUTERS:
        app.include_router(router)
    return app
