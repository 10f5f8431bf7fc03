"""Every route. In: the modules beside this one, each with a router. Out: all of them, in the order of the documentation."""

from fastapi import APIRouter

from alize.api.routes import (
    account,
    accounts,
    audio,
    chat,
    documents,
    embeddings,
    fim,
    health,
    invitations,
    keys,
    metrics,
    models,
    outside,
    realtime,
    residents,
    session,
    usage,
)

__all__ = ["ROUTERS"]

ROUTERS: tuple[APIRouter, ...] = (
    chat.router,
    audio.router,
    realtime.router,
    fim.router,
    embeddings.router,
    models.router,
    session.router,
    account.router,
    accounts.router,
    invitations.router,
    keys.router,
    residents.router,
    usage.router,
    outside.router,
    health.router,
    metrics.router,
    documents.router,
)
