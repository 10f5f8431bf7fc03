"""Every route. In: the modules beside this one, each with a router. Out: all of them, in the order of the documentation."""

from fastapi import APIRouter

from alize.api.routes import chat, documents, health, keys, metrics, models, usage

__all__ = ["ROUTERS"]

ROUTERS: tuple[APIRouter, ...] = (chat.router, models.router, keys.router, usage.router, health.router, metrics.router, documents.router)
