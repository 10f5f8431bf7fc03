"""Pictures and sounds that a program brings to a model of its own. In: plain messages. Out: tokens, and the images and sounds among them.

Each is the path of a file, or written out: a picture as an address `data:…`, a sound so or in plain base64. Nothing is fetched.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alize.engine.base import Image, ModelInfo, Sound
from alize.errors import InvalidMedia
from alize.prompt import images, sounds
from alize.prompt.hearing import Ears, Heard, ears_with, heard, laid
from alize.prompt.placing import grids_of, images_in, marked, placed, sight_with
from alize.tokenize.base import Tokenizer
from alize.tokenize.text import parts_of

__all__ = ["Brought", "brought", "takes"]

Message = Mapping[str, Any]

LONGEST_PATH = 4096  # characters; what is longer is a sound in base64


@dataclass(frozen=True, slots=True)
class Brought:
    """A prompt."""

    tokens: list[int]
    images: tuple[Image, ...] = ()
    sounds: tuple[Sound, ...] = ()


def takes(tokenizer: Tokenizer, info: ModelInfo) -> list[str]:
    """Which of "images" and "audio" a model takes."""
    sees, hears = sight_with(tokenizer.image_marks, info.sight), ears_with(tokenizer.audio_marks, info.hearing)
    return [what for what, has in (("images", sees), ("audio", hears)) if has is not None]


def brought(
    messages: Sequence[Message], tokenizer: Tokenizer, info: ModelInfo, template: Callable[[Sequence[Message]], list[int]], seconds: float
) -> Brought:
    """The prompt that `template` makes of the messages. `seconds`: the longest that all their sounds may be together.

    Raises InvalidMedia naming the first that cannot be had or read.
    """
    marks, sight = tokenizer.image_marks, sight_with(tokenizer.image_marks, info.sight)
    ears = ears_with(tokenizer.audio_marks, info.hearing)
    pictures, all_heard = list[images.Floats](), list[Heard]()
    if sight is not None:
        pictures = [images.pixels_of(_picture(part), sight.side, sight.most, part["path"]) for part in images_in(messages)]
        messages = marked(messages, grids_of(pictures, sight))
    if ears is not None:
        messages, all_heard = _listened(messages, ears, seconds)
    tokens = template(messages)
    return Brought(
        tokens,
        placed(tokens, pictures, marks, sight) if marks is not None and sight is not None else (),
        laid(tokens, all_heard, ears) if ears is not None else (),
    )


def _listened(messages: Sequence[Message], ears: Ears, seconds: float) -> tuple[list[Message], list[Heard]]:
    """The messages as a template takes them, and their sounds."""
    all_heard: list[Heard] = []

    def part_of(part: Mapping[str, Any]) -> Mapping[str, Any]:
        if part["type"] != "input_audio":
            return part
        left = seconds - sum(one.seconds for one in all_heard)
        all_heard.append(heard(_sound(part), left, part["path"], ears))
        return {"type": "audio", "tokens": all_heard[-1].tokens}

    return [{**message, "content": [*map(part_of, parts)]} if (parts := parts_of(message)) else message for message in messages], all_heard


def _picture(part: Mapping[str, Any]) -> bytes:
    address, place = part["image_url"], part["path"]
    if address[:5].lower() == "data:":
        return images.written_out(address, place)
    return _file(address, place, "image", images.MOST_BYTES)


def _sound(part: Mapping[str, Any]) -> bytes:
    given, place = part["input_audio"], part["path"]
    if len(given) > LONGEST_PATH or given[:5].lower() == "data:" or not _is_path(given):
        return sounds.written_out(given, place)
    return _file(given, place, "sound", sounds.MOST_BYTES)


def _is_path(given: str) -> bool:
    """Whether a short text is meant as one: it is no base64, or there is such a file.

    >>> _is_path("question.wav"), _is_path("https://a.example/question"), _is_path("UklGRg==")
    (True, True, False)
    """
    try:
        return re.fullmatch("[A-Za-z0-9+/]*=*", given) is None or Path(given).expanduser().is_file()
    except (OSError, ValueError, RuntimeError):
        return False


def _file(address: str, place: str, what: str, most: int) -> bytes:
    """Raises InvalidMedia: nothing is fetched from elsewhere."""
    if address[:8].lower().startswith(("http://", "https://")):
        raise InvalidMedia(f"{place}: nothing is fetched here.", param=place, remedy=f"Fetch the {what}, and give the path of its file.")
    try:
        with Path(address).expanduser().open("rb") as file:
            return file.read(most + 1)  # one more is refused
    except (OSError, ValueError, RuntimeError) as error:  # a path with a NUL; a home that nobody has
        raise InvalidMedia(f"{place}: the {what} cannot be read. {error}", param=place) from error
