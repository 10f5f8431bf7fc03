"""The content of one message as text. In: a string, nothing, or a list of chunks. Out: one string.

Chunks of text are joined by a blank line, as mistral-common joins them; where a reference stood between two, they are one sentence and
are joined directly. Reasoning in an assistant's earlier turn is left out. Whatever a text model cannot read is refused by its place.
"""

from collections.abc import Mapping, Sequence
from typing import Any, cast

from alize.errors import InvalidRequest, UnsupportedParameter

__all__ = ["content_text"]

_JOIN = "\n\n"
_KINDS = {
    "image_url": "images",
    "document_url": "documents",
    "file": "files",
    "input_audio": "audio",
    "resource": "resources",
    "resource_link": "resources",
}


def content_text(content: object, *, role: str, path: str) -> str:
    """The text of one message; "" where there is none. `path` is where it stands in the request, such as `messages.2.content`.

    Raises UnsupportedParameter naming the chunk that cannot be read, InvalidRequest for what is no content.
    """
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    if not isinstance(content, Sequence) or isinstance(content, bytes):
        raise InvalidRequest(f"{path} is neither a text nor a list of chunks.", param=path)
    text = ""
    join = ""
    for index, chunk in enumerate(cast("Sequence[object]", content)):
        place = f"{path}.{index}"
        if not isinstance(chunk, Mapping):
            raise InvalidRequest(f"{place} is not an object.", param=place)
        entry = cast("Mapping[str, Any]", chunk)
        kind = entry.get("type", "text")
        if kind == "text":
            text, join = _add(text, join, entry.get("text"), place), _JOIN
        elif kind == "reference":
            join = ""
        elif kind != "thinking" or role != "assistant":
            raise _unreadable(kind, role, place)
    return text


def _add(text: str, join: str, addition: object, place: str) -> str:
    if not isinstance(addition, str):
        raise InvalidRequest(f"{place}.text is not a text.", param=f"{place}.text")
    return f"{text}{join if text and addition else ''}{addition}"


def _unreadable(kind: object, role: str, place: str) -> UnsupportedParameter:
    if kind == "thinking":
        return UnsupportedParameter(f"{place}: a {role} message cannot hold reasoning.", param=place)
    what = _KINDS.get(kind, f"chunks of type {kind!r}") if isinstance(kind, str) else f"chunks of type {kind!r}"
    return UnsupportedParameter(f"{place}: this model reads text, not {what}.", param=place, remedy="Send the text of it as a text chunk.")
