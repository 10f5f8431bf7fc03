"""The sounds of a request. In: its messages or its file, and how the model hears. Out: how many tokens each takes, and its spectrogram.

base64, data: … │ http(s) only from hosts that a setting names ─ prompt/sounds ─ samples ─ spectrogram
tokens with a place for each ─ laid ─ the engine's sounds: one for all that is heard together
"""

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeVar

from alize.api.aside import aside
from alize.api.outside import SOUNDS, fetch
from alize.api.parts import House, Served, Sleeping
from alize.errors import AlizeError, InvalidMedia
from alize.prompt.hearing import Ears, Heard, ears_with, heard
from alize.prompt.sounds import samples_of, seconds_of, written_out
from alize.prompt.spectrogram import RATE
from alize.tokenize.text import parts_of

__all__ = ["check_heard", "ears_of", "fetched", "hear", "hears", "listen", "newest", "timed"]

Message = dict[str, Any]
Made = TypeVar("Made")


def ears_of(served: Served) -> Ears | None:
    """None where a model takes no sounds, or where its tokenizer has no place for them."""
    return ears_with(served.tokenizer.audio_marks, served.engine.info.hearing)


def hears(model: Served | Sleeping) -> bool:
    """As far as is known: of one that was never loaded, its card says whether it was made to."""
    return ears_of(model) is not None if isinstance(model, Served) else bool(model.card.capabilities & {"audio", "audio_transcription"})


async def listen(messages: Sequence[Message], ears: Ears, house: House) -> tuple[list[Message], list[Heard]]:
    """Read every sound. Raises InvalidMedia naming the first that cannot be had or read, or with which all are too long."""
    all_heard: list[Heard] = []
    listened: list[Message] = []
    for message in messages:
        content: list[dict[str, Any]] = []
        for part in parts_of(message):
            if part["type"] != "input_audio":
                content.append(dict(part))
                continue
            left = house.settings.max_audio_seconds - sum(one.seconds for one in all_heard)
            data = await _sent(part["input_audio"], part["path"], house)
            all_heard.append(await hear(data, left, part["path"], ears, house))
            content.append({"type": "audio", "tokens": all_heard[-1].tokens})
        listened.append({**message, "content": content} if content else message)
    return listened, all_heard


async def hear(data: bytes, most: float, path: str, ears: Ears, house: House) -> Heard:
    """A file as the model takes it. `most`: seconds. Raises InvalidMedia."""
    return await _apart(partial(heard, data, most, path, ears), house)


async def check_heard(data: bytes, path: str, house: House) -> None:
    """Raise InvalidMedia for a file that is no sound, or is longer than one may be."""
    await _apart(lambda: samples_of(data, house.settings.max_audio_seconds, path), house)


async def fetched(url: str, path: str, house: House) -> bytes:
    """The bytes behind an address of another host. Raises InvalidMedia."""
    try:
        found = await fetch(url, house.settings.outside_hosts, house.parts.wire, offline=house.settings.offline, wanted=SOUNDS)
    except AlizeError as error:  # as one kind: whoever sent the address has to send another
        raise InvalidMedia(f"{path}: the sound cannot be fetched. {error.message}", param=path, remedy=error.remedy) from error
    return found.data


def newest(sounds: Sequence[str], most: float, lengths: dict[str, float]) -> int:
    """How many of some sounds, written in base64, can be heard together in `most` seconds: so many last ones.

    `lengths` learns how many seconds each of them is, from its head.
    """
    left, count = most, 0
    for sound in reversed(sounds):
        try:
            if sound not in lengths:
                lengths[sound] = seconds_of(written_out(sound, "attachments"), most, "attachments")
        except InvalidMedia:  # longer than all together may be, since the setting was changed
            break
        left -= lengths[sound]
        if left < 0:
            break
        count += 1
    return count


def timed(messages: Sequence[Message], served: Served, lengths: Mapping[str, float]) -> Sequence[Message]:
    """The messages as a template takes them, to count their tokens. `lengths`: of each sound, in seconds."""
    ears = ears_of(served)
    if ears is None:
        return messages

    def part_of(part: Mapping[str, Any]) -> Mapping[str, Any]:
        if part["type"] != "input_audio":
            return part
        samples = math.ceil(lengths[part["input_audio"]] * RATE)
        return {"type": "audio", "tokens": -(-samples // ears.marks.piece) * ears.marks.piece // ears.marks.samples}

    return [{**message, "content": [part_of(part) for part in parts]} if (parts := parts_of(message)) else message for message in messages]


async def _sent(written: str, path: str, house: House) -> bytes:
    if written[:8].lower().startswith(("http://", "https://")):
        return await fetched(written, path, house)
    return await _apart(lambda: written_out(written, path), house)


async def _apart(work: Callable[[], Made], house: House) -> Made:
    """In a thread, so that others are answered meanwhile, and few at once: half an hour takes hundreds of megabytes on its way."""
    async with house.parts.readers:
        return await aside(work)
