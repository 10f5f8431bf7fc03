"""What counts as text. In: Python strings, alone or deep in messages. Out: the strings, or a refusal.

Python's strings may hold half of a surrogate pair, texts may not. And what goes through a template is walked by several programs that
each call themselves once a level: something nested a thousand deep would end them.
"""

from collections.abc import Iterator, Mapping
from typing import Any, cast

from alize.errors import InvalidRequest

__all__ = ["check_text", "parts_of", "texts_in", "thought_of"]

_DEEPEST = 100


def check_text(text: str, param: str | None = None) -> None:
    """Raise InvalidRequest where the string cannot be written as UTF-8, naming the place."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InvalidRequest(
            f"The text is not valid Unicode: character {error.start} is half of a surrogate pair ({text[error.start]!a}).",
            param=param,
            remedy="Send text as UTF-8, or both halves of the pair.",
        ) from error


def texts_in(value: Any, param: str, depth: int = 0) -> Iterator[str]:
    """Every string inside, keys too. Raises InvalidRequest for one that is no text, and for what is nested more than 100 deep."""
    if depth > _DEEPEST:
        raise InvalidRequest(f"{param} is nested more than {_DEEPEST} levels deep.", param=param)
    if isinstance(value, str):
        check_text(value, param)
        yield value
    elif isinstance(value, Mapping):
        for key, inner in cast("Mapping[str, Any]", value).items():
            check_text(key, param)
            yield key
            yield from texts_in(inner, param, depth + 1)
    elif isinstance(value, list | tuple):
        for inner in cast("list[Any]", value):
            yield from texts_in(inner, param, depth + 1)


def parts_of(message: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The parts of a message's content; none where it is a text.

    >>> parts_of({"role": "user", "content": [{"type": "text", "text": "a"}]}), parts_of({"role": "user", "content": "a"})
    ([{'type': 'text', 'text': 'a'}], [])
    """
    content: Any = message.get("content")
    return cast("list[Mapping[str, Any]]", content) if isinstance(content, list) else []


def thought_of(part: Mapping[str, Any]) -> str:
    """What a part of the type `thinking` holds.

    >>> thought_of({"type": "thinking", "thinking": [{"type": "text", "text": "Hm."}]})
    'Hm.'
    """
    inner: Any = part.get("thinking")
    texts = cast("list[Mapping[str, Any]]", inner) if isinstance(inner, list) else []
    return "".join(str(text.get("text", "")) for text in texts)
