"""The images of a chat request. In: its messages, and how the model sees. Out: messages that say how large each is, and their pixels.

address ─ data: … as it is written │ http(s) only from hosts that a setting names ─ prompt/images ─ pixels
tokens with a place for each ─ placed ─ the engine's images
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from alize.api.outside import fetch
from alize.api.parts import House, Served
from alize.engine.base import Image, Sight
from alize.errors import AlizeError, InvalidMedia
from alize.prompt.images import Floats, pixels_of, size_of, squares, written_out
from alize.tokenize.base import ImageMarks
from alize.tokenize.text import parts_of

__all__ = ["look", "measured", "placed", "sight_of"]

Message = dict[str, Any]


def sight_of(served: Served) -> Sight | None:
    """How a model takes images; None where it takes none, or where its tokenizer has no place for them."""
    marks, sight = served.tokenizer.image_marks, served.engine.info.sight
    if marks is None or sight is None:
        return None
    return replace(sight, most=min(sight.most, marks.most or sight.most))


async def look(messages: Sequence[Message], sight: Sight, house: House) -> tuple[list[Message], list[Floats]]:
    """Read every image. Raises InvalidMedia naming the first that cannot be had or read, or that is one too many."""
    most, pictures = house.settings.max_images, list[Floats]()
    seen: list[Message] = []
    for message in messages:
        if not (parts := parts_of(message)):
            seen.append(message)
            continue
        content: list[dict[str, Any]] = []
        for part in parts:
            if part["type"] != "image_url":
                content.append(dict(part))
                continue
            if len(pictures) == most:
                raise InvalidMedia(f"{part['path']}: a request shows at most {most} images.", param=part["path"], remedy="Send fewer.")
            pixels = await _pixels(part["image_url"], part["path"], sight, house)
            pictures.append(pixels)
            content.append({"type": "image", "rows": pixels.shape[1] // sight.side, "columns": pixels.shape[2] // sight.side})
        seen.append({**message, "content": content})
    return seen, pictures


def measured(messages: Sequence[Message], served: Served, sizes: dict[str, tuple[int, int]]) -> Sequence[Message]:
    """The messages as a template takes them, to count their tokens: of each image only its head is read, once. Raises InvalidMedia."""
    sight = sight_of(served)
    if sight is None or not any(parts_of(message) for message in messages):
        return messages

    def image(part: Mapping[str, Any]) -> Mapping[str, Any]:
        url = part.get("image_url")
        if not isinstance(url, str):
            return part
        if url not in sizes:
            sizes[url] = size_of(written_out(url, "attachments"), "attachments")
        rows, columns = squares(*sizes[url], sight.side, sight.most)
        return {"type": "image", "rows": rows, "columns": columns}

    return [{**message, "content": [image(part) for part in parts]} if (parts := parts_of(message)) else message for message in messages]


def placed(tokens: Sequence[int], pictures: Sequence[Floats], marks: ImageMarks, sight: Sight) -> tuple[Image, ...]:
    """The images where their tokens stand: both are in the order of the conversation."""
    images: list[Image] = []
    end = 0
    for pixels in pictures:
        image = Image.of(pixels, sight.side, tokens.index(marks.square, end))
        end = image.start + image.length
        assert list(tokens[image.start : end]) == marks.tokens(image.rows, image.columns), "the template has marked another image"
        images.append(image)
    return tuple(images)


async def _pixels(url: str, path: str, sight: Sight, house: House) -> Floats:
    scheme = url[:8].lower()
    if scheme.startswith(("http://", "https://")):
        try:
            picture = await fetch(url, house.settings.outside_hosts, house.parts.wire, offline=house.settings.offline)
        except AlizeError as error:  # as one kind: whoever sent the address has to send another
            raise InvalidMedia(f"{path}: the image cannot be fetched. {error.message}", param=path, remedy=error.remedy) from error
        return await _apart(lambda: pixels_of(picture.data, sight.side, sight.most, path), house)
    if not scheme.startswith("data:"):
        raise InvalidMedia(f"{path}: the address is neither data:image/…;base64,… nor http(s)://….", param=path)
    return await _apart(lambda: pixels_of(written_out(url, path), sight.side, sight.most, path), house)


async def _apart(work: Callable[[], Floats], house: House) -> Floats:
    """In a thread, so that others are answered meanwhile, and few at once: a picture may unpack to hundreds of megabytes."""
    async with house.parts.lookers:
        return await asyncio.to_thread(work)
