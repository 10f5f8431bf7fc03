"""What a conversation is called. In: its first question and answer. Out: a few words by the model, at the lowest priority."""

import re
from contextlib import aclosing
from dataclasses import replace

from alize.assistant.answering import Answerer
from alize.assistant.context import path_to
from alize.storage.base import Database, Owner

__all__ = ["entitle", "tidied"]

_ASK = "Write a title of two to five words for this conversation. Answer with the title only."
_TOKENS = 16
_LONGEST = 60  # characters
_EXCERPT = 600  # characters of each side that the model is shown
_BELOW = -1  # priority


async def entitle(database: Database, answerer: Answerer, owner: Owner, conversation: str) -> bool:
    """Give an unnamed conversation its title. False where it has one, or the model has no idea. Raises what the engine raises."""
    async with database.transaction() as store:
        found = await store.conversations.get(owner, conversation)
        if found is None or found.titled_by or found.leaf is None:
            return False
        path = path_to(await store.conversations.messages(owner, conversation), found.leaf)[:2]
    if len(path) < 2:
        return False
    question, answer = path
    asked = f"Question: {question.content[:_EXCERPT]}\n\nAnswer: {answer.content[:_EXCERPT]}\n\n{_ASK}"
    begun = await answerer.begin(
        owner, found.model, [replace(question, content=asked, attachments=[])], {"temperature": 0, "max_tokens": _TOKENS}, priority=_BELOW
    )
    text = ""
    async with aclosing(begun.pieces) as pieces:
        async for piece in pieces:
            text += piece
    title = tidied(text) or tidied(question.content)
    if not title:
        return False
    async with database.transaction() as store:
        return await store.conversations.name(owner, conversation, title)


def tidied(text: str) -> str:
    """The first line, without quotes, labels and a full stop.

    >>> tidied('Title: "Why bees dance."\\nBecause')
    'Why bees dance'
    """
    lines = [line.strip() for line in text.strip().splitlines() if line.strip()]
    if not lines:
        return ""
    line = re.sub(r"^(?:\W*title\W*:)?[\s\"'“«#*]*", "", lines[0], flags=re.IGNORECASE)
    line = re.sub(r"\s+", " ", line).rstrip(" \"'”».*")
    return line if len(line) <= _LONGEST else line[:_LONGEST].rsplit(" ", 1)[0].rstrip(" ,;:") + "…"
