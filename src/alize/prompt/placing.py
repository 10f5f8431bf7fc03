"""Pictures among the tokens of a conversation. In: its messages, and pixels. Out: messages that say how large each picture is, and images.

images_in ─ pixels of each, wherever they are had from ─ marked ─ the tokenizer's template: tokens ─ placed ─ the engine's images
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from alize.engine.base import Image, Sight
from alize.errors import UnsupportedParameter
from alize.prompt.content import Part
from alize.prompt.images import Floats
from alize.tokenize.base import ImageMarks
from alize.tokenize.text import parts_of

__all__ = ["grids_of", "images_in", "marked", "placed", "sight_with"]

Message = Mapping[str, Any]


def sight_with(marks: ImageMarks | None, sight: Sight | None) -> Sight | None:
    """How a model takes images; None where it takes none, or where its tokenizer has no place for them."""
    if marks is None or sight is None:
        return None
    return replace(sight, most=min(sight.most, marks.most or sight.most))


def images_in(messages: Sequence[Message]) -> list[Part]:
    """The parts of `plain_messages` that are images, in the order of the conversation."""
    return [dict(part) for message in messages for part in parts_of(message) if part["type"] == "image_url"]


def grids_of(pictures: Sequence[Floats], sight: Sight) -> list[tuple[int, int]]:
    """Of each picture, its rows and columns of squares."""
    return [(pixels.shape[1] // sight.side, pixels.shape[2] // sight.side) for pixels in pictures]


def marked(messages: Sequence[Message], grids: Sequence[tuple[int, int]]) -> list[dict[str, Any]]:
    """The messages as a template takes them: in place of each image, of how many rows and columns of squares it is.

    >>> marked([{"role": "user", "content": [{"type": "image_url", "image_url": "data:…"}]}], [(2, 3)])
    [{'role': 'user', 'content': [{'type': 'image', 'rows': 2, 'columns': 3}]}]
    """
    left = iter(grids)

    def part_of(part: Mapping[str, Any]) -> Mapping[str, Any]:
        if part["type"] != "image_url":
            return part
        rows, columns = next(left)
        return {"type": "image", "rows": rows, "columns": columns}

    return [
        {**message, "content": [part_of(part) for part in parts]} if (parts := parts_of(message)) else dict(message) for message in messages
    ]


def placed(tokens: Sequence[int], pictures: Sequence[Floats], marks: ImageMarks, sight: Sight) -> tuple[Image, ...]:
    """The images where their tokens stand: both are in the order of the conversation.

    Raises UnsupportedParameter for a template that has left one out.
    """
    images: list[Image] = []
    end = 0
    for pixels in pictures:
        start = tokens.index(marks.square, end) if marks.square in tokens[end:] else len(tokens)
        image = Image.of(pixels, sight.side, start)
        end = image.start + image.length
        if list(tokens[start:end]) != marks.tokens(image.rows, image.columns):
            raise UnsupportedParameter("This model's chat template has no place for these images.", param="messages")
        images.append(image)
    return tuple(images)
