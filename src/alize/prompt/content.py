"""The content of one message. In: a string, nothing, or a list of chunks. Out: one string; of one with more than text, its parts.

Chunks of text are joined by a blank line, as mistral-common joins them; where a reference stood between two, they are one sentence and
are joined directly. What an assistant thought in an earlier turn goes to a model that thinks, and to no other. Whatever the model cannot
read is refused by its place.

    text, text, image, text   →   [{"type": "text", …}, {"type": "image_url", "image_url": address, "path": place}, {"type": "text", …}]
    thinking, text            →   [{"type": "thinking", "thinking": [{"type": "text", …}], "closed": True}, {"type": "text", …}]
"""

from collections.abc import Collection, Mapping, Sequence
from typing import Any, cast

from alize.errors import InvalidRequest, UnsupportedParameter

__all__ = ["Part", "content_of"]

_JOIN = "\n\n"
_KINDS = {
    "image_url": "images",
    "document_url": "documents",
    "file": "files",
    "input_audio": "audio",
    "resource": "resources",
    "resource_link": "resources",
}


Part = dict[str, Any]


def content_of(content: object, *, role: str, path: str, model: str = "", reads: Collection[str] = ()) -> str | list[Part]:
    """The text of one message; "" where there is none. `path` is where it stands in the request, such as `messages.2.content`.
    `reads`: which of "images", "audio" and "thoughts" the model takes.

    Raises UnsupportedParameter naming the chunk that cannot be read, InvalidRequest for what is no content.
    """
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    if not isinstance(content, Sequence) or isinstance(content, bytes):
        raise InvalidRequest(f"{path} is neither a text nor a list of chunks.", param=path)
    parts: list[Part] = []
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
        elif kind == "image_url" and "images" in reads and role in ("user", "tool"):
            parts += [*_text(text), {"type": "image_url", "image_url": _address(entry, place), "path": place}]
            text = join = ""
        elif kind == "input_audio" and "audio" in reads and role == "user":
            parts += [*_text(text), {"type": "input_audio", "input_audio": _sound(entry, place), "path": place}]
            text = join = ""
        elif kind == "thinking" and "thoughts" in reads and role in ("system", "assistant"):
            parts += [*_text(text), _thought(entry, place)]
            text = join = ""
        elif kind != "thinking" or role != "assistant":
            raise _unreadable(kind, role, place, model, reads)
    return [*parts, *_text(text)] if parts else text


def _text(text: str) -> list[Part]:
    return [{"type": "text", "text": text}] if text else []


def _thought(entry: Mapping[str, Any], place: str) -> Part:
    """What was thought, as one text. Tools and references that it speaks of are not in it."""
    inner: object = entry.get("thinking")
    if not isinstance(inner, Sequence) or isinstance(inner, str | bytes):
        raise InvalidRequest(f"{place}.thinking is no list of chunks.", param=f"{place}.thinking")
    words = ""
    for index, chunk in enumerate(cast("Sequence[object]", inner)):
        said: Mapping[str, Any] = cast("Mapping[str, Any]", chunk) if isinstance(chunk, Mapping) else {}
        if said.get("type", "text") == "text":
            words = _add(words, "", said.get("text"), f"{place}.thinking.{index}")
    closed: object = entry.get("closed")
    return {"type": "thinking", "thinking": [{"type": "text", "text": words}], "closed": closed is None or bool(closed)}


def _address(entry: Mapping[str, Any], place: str) -> str:
    given: object = entry.get("image_url")
    url: object = cast("Mapping[str, object]", given).get("url") if isinstance(given, Mapping) else given
    if not isinstance(url, str):
        raise InvalidRequest(f"{place}.image_url is neither an address nor an object with one.", param=f"{place}.image_url")
    return url


def _sound(entry: Mapping[str, Any], place: str) -> str:
    """Mistral's clients send a text, OpenAI's an object."""
    given: object = entry.get("input_audio")
    sound: object = cast("Mapping[str, object]", given).get("data") if isinstance(given, Mapping) else given
    if not isinstance(sound, str):
        place = f"{place}.input_audio"
        raise InvalidRequest(f"{place} is neither base64, nor an address, nor an object with base64.", param=place)
    return sound


def _add(text: str, join: str, addition: object, place: str) -> str:
    if not isinstance(addition, str):
        raise InvalidRequest(f"{place}.text is not a text.", param=f"{place}.text")
    return f"{text}{join if text and addition else ''}{addition}"


def _unreadable(kind: object, role: str, place: str, model: str, reads: Collection[str]) -> UnsupportedParameter:
    if kind == "thinking":
        return UnsupportedParameter(f"{place}: a {role} message cannot hold reasoning.", param=place)
    what = _KINDS.get(kind, f"chunks of type {kind!r}") if isinstance(kind, str) else f"chunks of type {kind!r}"
    if what in reads:
        return UnsupportedParameter(f"{place}: a {role} message cannot hold {what}.", param=place, remedy="Send them in a user message.")
    reader, texts = f"the model {model}" if model else "this model", " and ".join(["text", *(each for each in reads if each != "thoughts")])
    return UnsupportedParameter(f"{place}: {reader} reads {texts}, not {what}.", param=place, remedy="Send the text of it as a text chunk.")
