"""What a conversation is called. In: its first question. Out: a few words by the model, at the lowest priority."""

import re
from contextlib import AsyncExitStack, aclosing
from dataclasses import replace

from alize.assistant.answering import Answerer
from alize.assistant.context import path_to
from alize.assistant.speech import speaks_alike
from alize.errors import AlizeError
from alize.storage.base import Database, MessageRecord, Owner

__all__ = ["entitle", "tidied"]

_ASK = "You name conversations. Answer with two to five words.\n\n"
# Shown rather than explained: asked in words alone, a small model answers the question instead of naming it (docs/log.md).
_SHOWN = (
    ("How do I make bread without yeast?", "Bread without yeast"),
    ("Write a poem about autumn leaves.", "Poem about autumn leaves"),
    ("Tell me why the Roman Empire fell.", "Fall of the Roman Empire"),
    ("my phone does not charge any more, what can i do", "Phone does not charge"),
)
_TOKENS = 16
_WORDS = 8  # what is longer is an answer, not a name
_LONGEST = 60  # characters
_EXCERPT = 600  # characters of the question that the model is shown
_BELOW = -1  # priority


async def entitle(database: Database, answerer: Answerer, owner: Owner, conversation: str, answered_by: str) -> bool:
    """Give an unnamed conversation its title. False where it has one, or nothing was said in it.

    `answered_by`: the host of its last answer, "" for this machine. No other host is asked, even if the model was changed meanwhile.
    """
    async with database.transaction() as store:
        found = await store.conversations.get(owner, conversation)
        if found is None or found.titled_by or found.leaf is None:
            return False
        path = path_to(await store.conversations.messages(owner, conversation), found.leaf)[:2]
    if len(path) < 2:
        return False
    title = await _by_model(answerer, owner, found.model, path[0], answered_by) or tidied(path[0].content)
    if not title:
        return False
    async with database.transaction() as store:
        return await store.conversations.name(owner, conversation, title)


async def _by_model(answerer: Answerer, owner: Owner, model: str, question: MessageRecord, answered_by: str) -> str:
    """A name, or "" where there is none, the model went on talking, or in another language: the person's own words are better then."""
    text = ""
    try:
        begun = await answerer.begin(owner, model, _asking(question), {"temperature": 0, "max_tokens": _TOKENS}, priority=_BELOW)
        async with AsyncExitStack() as until_named:
            until_named.callback(begun.release)
            pieces = await until_named.enter_async_context(aclosing(begun.pieces))
            if begun.served_by not in ("", answered_by):
                return ""
            async for piece in pieces:
                text += "" if piece.thought else piece.text
    except AlizeError:
        return ""
    title = tidied(text)
    named = begun.made.finish == "stop" and len(title.split()) <= _WORDS and speaks_alike(title, question.content[:_EXCERPT])
    return title if named else ""


def _asking(question: MessageRecord) -> list[MessageRecord]:
    """The question as the last of several that were named."""
    path: list[MessageRecord] = []
    for asked, named in _SHOWN:
        path.append(replace(question, id="", role="user", content=asked if path else _ASK + asked, attachments=[]))
        path.append(replace(question, id="", role="assistant", content=named, attachments=[]))
    return [*path, replace(question, content=question.content[:_EXCERPT], attachments=[])]


def tidied(text: str) -> str:
    """The first line, without quotes, labels, marks of Markdown and a full stop.

    >>> tidied('Title: "Why bees dance."\\nBecause')
    'Why bees dance'
    >>> tidied("How does a **compass** find [north](https://example.org)?")
    'How does a compass find north?'
    """
    lines = [line.strip() for line in text.strip().splitlines() if line.strip()]
    if not lines:
        return ""
    line = re.sub(r"^(?:\W*title\W*:)?[\s\"'“«#*]*", "", lines[0], flags=re.IGNORECASE)
    line = re.sub(r"!?\[([^\[\]]*)\]\([^()]*\)", r"\1", line)  # a link is its words
    line = re.sub(r"(\*\*|__|~~|`+)(?=\S)(.+?)(?<=\S)\1", r"\2", line)
    line = re.sub(r"\s+", " ", line).rstrip(" \"'”».*")
    return line if len(line) <= _LONGEST else line[:_LONGEST].rsplit(" ", 1)[0].rstrip(" ,;:") + "…"
