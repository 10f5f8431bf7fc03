"""The images of a chat request. In: its messages, and how the model sees. Out: messages that say how large each is, and their pixels.

address ─ data: … as it is written │ http(s) only from hosts that a setting names ─ prompt/images ─ pixels ─ prompt/placing
"""

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from alize.api.aside import aside
from alize.api.outside import fetch
from alize.api.parts import House, Served, Sleeping
from alize.engine.base import Sight
from alize.errors import AlizeError, InvalidMedia
from alize.prompt.images import Floats, check_whole, pixels_of, size_of, squares, written_out
from alize.prompt.placing import grids_of, images_in, marked, sight_with
from alize.reasons import because
from alize.wording import quantity

__all__ = ["check_seen", "look", "measured", "sees", "sight_of"]

Message = dict[str, Any]
T = TypeVar("T")


def sight_of(served: Served) -> Sight | None:
    """How a model takes images; None where it takes none, or where its tokenizer has no place for them."""
    return sight_with(served.tokenizer.image_marks, served.engine.info.sight)


def sees(model: Served | Sleeping) -> bool:
    """As far as is known: of one that was never loaded, its card says whether it was made to."""
    return sight_of(model) is not None if isinstance(model, Served) else "vision" in model.card.capabilities


async def look(messages: Sequence[Message], sight: Sight, house: House) -> tuple[list[Message], list[Floats]]:
    """Read every image. Raises InvalidMedia naming the first that cannot be had or read, or that is one too many."""
    most, images = house.settings.max_images, images_in(messages)
    if len(images) > most:
        place = images[most]["path"]
        raise InvalidMedia(
            f"{place}: a request shows at most {quantity(most, 'image')}.",
            param=place,
            remedy="Send fewer.",
            reason=because("images_most", most=most),
        )
    pictures = [await _pixels(image["image_url"], image["path"], sight, house) for image in images]
    return marked(messages, grids_of(pictures, sight)), pictures


def measured(messages: Sequence[Message], served: Served, sizes: dict[str, tuple[int, int]]) -> Sequence[Message]:
    """The messages as a template takes them, to count their tokens: of each image only its head is read, once. Raises InvalidMedia."""
    sight, images = sight_of(served), images_in(messages)
    if sight is None or not images:
        return messages
    for url in (image["image_url"] for image in images):
        if url not in sizes:
            sizes[url] = size_of(written_out(url, "attachments"), "attachments")
    return marked(messages, [squares(*sizes[image["image_url"]], sight.side, sight.most) for image in images])


async def check_seen(data: bytes, path: str, house: House) -> None:
    """Raises InvalidMedia for a file that is no whole picture."""
    await _apart(lambda: check_whole(data, path), house)


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


async def _apart(work: Callable[[], T], house: House) -> T:
    """In a thread, so that others are answered meanwhile, and few at once: a picture may unpack to hundreds of megabytes."""
    async with house.parts.readers:
        return await aside(work)
