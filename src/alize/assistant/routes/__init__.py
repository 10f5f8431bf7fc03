"""Every route of the assistant. In: the modules beside this one. Out: their routers, in the order of the documentation."""

from fastapi import APIRouter

from alize.assistant.routes import answers, attachments, contexts, conversations

__all__ = ["ROUTERS"]

ROUTERS: tuple[APIRouter, ...] = (conversations.router, attachments.router, contexts.router, answers.router)
