"""A conversation to take away. In: its record and messages, a language. Out: Markdown of the path that is shown, or JSON of everything.

The messages come with the content of what is attached to them: what is taken away needs no server to be read.
"""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote

import msgspec

from alize.assistant.attaching import shown
from alize.assistant.context import images_of, path_to, sounds_of
from alize.assistant.replays import unpacked
from alize.storage.base import ConversationRecord, MessageRecord

__all__ = ["as_json", "as_markdown", "named"]

_WORDS = {
    "en": {
        "untitled": "Conversation",
        "system": "System prompt: {}",
        "user": "You",
        "assistant": "Answer",
        "file": "File {}",
        "thought": "Thought for {} s",
    },
    "fr": {
        "untitled": "Conversation",
        "system": "Consigne système : {}",
        "user": "Vous",
        "assistant": "Réponse",
        "file": "Fichier {}",
        "thought": "Réflexion de {} s",
    },
    "ja": {
        "untitled": "会話",
        "system": "システムプロンプト: {}",
        "user": "あなた",
        "assistant": "回答",
        "file": "ファイル {}",
        "thought": "{}秒間考えました",
    },
}
_PRIVATE = ("workspace", "principal")
_LONGEST_NAME = 60  # characters: at most 240 bytes, and a file system takes 255
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def as_markdown(conversation: ConversationRecord, messages: Sequence[MessageRecord], language: str) -> str:
    """The shown branch, each turn under a heading. `language`: one of the page's."""
    words = _WORDS[language]
    parts = [f"# {conversation.title or words['untitled']}"]
    if conversation.settings.get("system"):
        parts.append("> " + words["system"].format(conversation.settings["system"]).replace("\n", "\n> "))
    for message in path_to(messages, conversation.leaf or ""):
        made_by = f" ({message.model})" if message.model else ""
        parts.append(f"## {words[message.role]}{made_by}")
        images, sounds = images_of(message), sounds_of(message)
        files = [file for file in message.attachments if file not in (*images, *sounds)]
        parts += [f"*{words['file'].format(file['name'])}*\n\n{_fenced(file['text'])}" for file in files]
        parts += [f"*{words['file'].format(image['name'])}*\n\n![]({image['text']})" for image in images]
        parts += [f"[{words['file'].format(sound['name'])}]({sound['text']})" for sound in sounds]
        if message.thought:
            parts.append(_folded(words["thought"].format(round(message.thought_seconds)), message.thought))
        parts.append(message.content)
    return "\n\n".join(parts) + "\n"


def as_json(conversation: ConversationRecord, messages: Sequence[MessageRecord], replays: Mapping[str, Sequence[bytes]]) -> bytes:
    """Every branch, and all that is known of each message. `replays`: what reproduces the answers, by their ids."""
    body = {**_public(conversation), "messages": [_message(one) for one in messages]}
    records = msgspec.json.encode({id: unpacked(kept) for id, kept in replays.items()})
    # On one line: thousands of token ids are nothing to read.
    return msgspec.json.format(msgspec.json.encode(body), indent=2).removesuffix(b"\n}") + b',\n  "replays": ' + records + b"\n}"


def named(conversation: ConversationRecord, suffix: str) -> str:
    """The `Content-Disposition` of its file: called as the conversation is, with nothing in the name that a file system or a shell minds.

    >>> print(named(ConversationRecord("a" * 32, "", "", "Été: a/b?", "", "", {}, None, _EPOCH, _EPOCH), "md"))
    attachment; filename="Ete a b.md"; filename*=UTF-8''%C3%89t%C3%A9%20a%20b.md
    """
    kept = "".join(sign if sign.isprintable() and sign not in '\\/:*?"<>|%' else " " for sign in conversation.title)
    name = " ".join(kept.split())[:_LONGEST_NAME].strip(" .-") or f"conversation-{conversation.id[:8]}"
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().strip(" .-") or f"conversation-{conversation.id[:8]}"
    return f"attachment; filename=\"{plain}.{suffix}\"; filename*=UTF-8''{quote(name, safe='')}.{suffix}"


def _public(record: ConversationRecord | MessageRecord) -> dict[str, Any]:
    return {name: value for name, value in asdict(record).items() if name not in _PRIVATE}


def _message(message: MessageRecord) -> dict[str, Any]:
    return {**_public(message), "attachments": [shown(file) for file in message.attachments]}


def _folded(title: str, text: str) -> str:
    """Closed until somebody opens it. No text ends it from within."""
    inner = re.sub(r"<(?=/details)", "&lt;", text, flags=re.IGNORECASE)
    return f"<details><summary>{title}</summary>\n\n{inner}\n\n</details>"


def _fenced(text: str) -> str:
    """In a fence longer than any run of backticks inside."""
    longest = max((len(run) for run in text.split("\n") if set(run.strip()) == {"`"}), default=2)
    fence = "`" * max(3, longest + 1)
    return f"{fence}\n{text}\n{fence}"
