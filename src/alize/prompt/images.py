"""Pictures as a model takes them. In: the bytes of a file. Out: its colours, sized and scaled as mistral-common does it.

A picture keeps its shape. One with a side too long is made smaller; then it is stretched, by less than one square, until squares of
`side` pixels cover it:

    side 28, most 1540:   1000 × 700     36 × 25 squares     resized to 1008 × 700
                          4000 × 3000    55 × 42 squares     made smaller to 1540 × 1155, resized to 1540 × 1176

What mistral-common resizes with OpenCV is computed here by the same formula, cubic with a = -0.75 and without smoothing: the numbers
are equal to a hundred-thousandth, and 60 MB of a library stay away.
"""

import base64
import binascii
import io
import re
import struct
from collections.abc import Generator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from alize.errors import InvalidMedia
from alize.reasons import Reason, because
from alize.weights.checkpoints.vision_config import MEAN, SPREAD

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["KINDS", "MOST_BYTES", "MOST_PIXELS", "check_whole", "pixels_of", "size_of", "squares", "written_out"]

KINDS = ("PNG", "JPEG", "WEBP", "GIF")
MOST_BYTES = 10 * 2**20  # of a file
MOST_PIXELS = 40_000_000  # it unpacks to: 160 MB while it is read
_HEAD = re.compile(r"data:[\w.+-]*/?[\w.+-]*(?:;[\w.+-]+=[\w.+-]+)*;base64", re.ASCII | re.IGNORECASE)
_LONGEST_HEAD = 200  # characters: the time that the pattern takes grows with their square
_MEAN, _SPREAD = (np.array(colours, np.float32) for colours in (MEAN, SPREAD))
_CUBIC = -0.75

Floats = npt.NDArray[np.float32]


def written_out(url: str, path: str) -> bytes:
    """The bytes in a `data:` address. `path` is where it stands in the request. Raises InvalidMedia.

    >>> written_out("data:image/gif;base64,R0lG", "messages.0.content.1")
    b'GIF'
    """
    end = url.find(",", 0, _LONGEST_HEAD)
    if end < 0 or _HEAD.fullmatch(url, 0, end) is None:
        raise _invalid(path, "the address is not of the form data:image/…;base64,…", None, because("image_unknown", kinds=list(KINDS)))
    if (len(url) - end - 1) * 3 // 4 > MOST_BYTES + 3:
        raise _invalid(
            path, f"the image has more than {MOST_BYTES} bytes.", "Send a smaller one.", because("image_too_large", most_bytes=MOST_BYTES)
        )
    try:
        return base64.b64decode(url[end + 1 :], validate=True)
    except (binascii.Error, ValueError) as error:
        raise _invalid(path, "what follows data:…;base64, is no base64.", None, because("image_damaged", words="")) from error


def pixels_of(data: bytes, side: int, most: int, path: str) -> Floats:
    """[3, rows · side, columns · side]. Of a picture that moves, its first frame. Raises InvalidMedia.

    `side` pixels are what a token shows of each side of a picture, `most` the longest side of one.
    """
    colours = _read(data, path)
    rows, columns = squares(colours.shape[1], colours.shape[0], side, most)
    scaled = _resized(colours, rows * side, columns * side)
    scaled /= np.float32(255)
    scaled -= _MEAN
    scaled /= _SPREAD
    return np.ascontiguousarray(scaled.transpose(2, 0, 1))


def size_of(data: bytes, path: str) -> tuple[int, int]:
    """Width and height, from the head of a file. Raises InvalidMedia."""
    with _opened(data, path) as picture:
        return picture.size


def check_whole(data: bytes, path: str) -> None:
    """Read a picture to its end. Raises InvalidMedia."""
    with _opened(data, path) as picture:
        picture.load()


def squares(width: int, height: int, side: int, most: int) -> tuple[int, int]:
    """Rows and columns of the squares that cover a picture.

    >>> squares(4000, 3000, 28, 1540)
    (42, 55)
    """
    ratio = max(width, height) / most
    if ratio > 1:
        width, height = max(round(width / ratio), 1), max(round(height / ratio), 1)
    return (height - 1) // side + 1, (width - 1) // side + 1


def _read(data: bytes, path: str) -> npt.NDArray[np.uint8]:
    """[height, width, 3]; what is transparent, in front of white."""
    with _opened(data, path) as picture:
        return np.asarray(_in_front_of_white(picture))


@contextmanager
def _opened(data: bytes, path: str) -> "Generator[Image.Image]":
    """A picture of a kind and size that is read. What Pillow says of it within the block becomes InvalidMedia."""
    from PIL import Image  # here: a server of a model that does not see never needs it

    if len(data) > MOST_BYTES:
        raise _invalid(
            path, f"the image has more than {MOST_BYTES} bytes.", "Send a smaller one.", because("image_too_large", most_bytes=MOST_BYTES)
        )
    try:
        with Image.open(io.BytesIO(data), formats=KINDS) as picture:
            if picture.width * picture.height > MOST_PIXELS:
                raise _too_large(path, f"{picture.width} × {picture.height}")
            yield picture
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_large(path, "far too many") from error
    except Image.UnidentifiedImageError as error:
        raise _invalid(
            path, f"this is no image of a kind that is read: {', '.join(KINDS)}.", None, because("image_unknown", kinds=list(KINDS))
        ) from error
    except (OSError, ValueError, SyntaxError, EOFError, IndexError, KeyError, TypeError, struct.error) as error:  # of Pillow's readers
        raise _invalid(
            path, f"the image is damaged: {error}.", "Send it again, whole.", because("image_damaged", words=str(error))
        ) from error


def _in_front_of_white(picture: "Image.Image") -> "Image.Image":
    from PIL import Image

    if picture.mode == "RGB":
        return picture.copy()
    layer = picture.convert("RGBA")
    white = Image.new("RGBA", layer.size, "WHITE")
    white.paste(layer, (0, 0), layer)
    return white.convert("RGB")


def _resized(colours: npt.NDArray[np.uint8], height: int, width: int) -> Floats:
    """Cubic interpolation between the four nearest pixels, first along each row, then down the columns."""
    if colours.shape[:2] == (height, width):
        return colours.astype(np.float32)
    down, down_weights = _nearest_four(colours.shape[0], height)
    across, across_weights = _nearest_four(colours.shape[1], width)
    used, down = np.unique(down, return_inverse=True)  # of a picture that is made much smaller, most rows are never looked at
    down = down.reshape(height, 4)
    rows = np.zeros((len(used), width, 3), np.float32)
    for tap in range(4):
        rows += colours[used[:, None], across[None, :, tap]] * across_weights[None, :, tap, None]
    scaled = np.zeros((height, width, 3), np.float32)
    for tap in range(4):
        scaled += rows[down[:, tap]] * down_weights[:, tap, None, None]
    return scaled


def _nearest_four(size: int, wanted: int) -> tuple[npt.NDArray[np.int64], Floats]:
    """For each of `wanted` pixels, which of `size` it is made of, and how much of each: both [wanted, 4]."""
    at = (np.arange(wanted) + 0.5) * (size / wanted) - 0.5
    before = np.floor(at)
    x, a = (at - before).astype(np.float32), np.float32(_CUBIC)
    first = ((a * (x + 1) - 5 * a) * (x + 1) + 8 * a) * (x + 1) - 4 * a
    second = ((a + 2) * x - (a + 3)) * x * x + 1
    third = ((a + 2) * (1 - x) - (a + 3)) * (1 - x) * (1 - x) + 1
    weights = np.stack([first, second, third, 1 - first - second - third], axis=1).astype(np.float32)
    return np.clip(before.astype(np.int64)[:, None] + np.arange(-1, 3), 0, size - 1), weights


def _too_large(path: str, pixels: str) -> InvalidMedia:
    reason = because("image_too_many_pixels", most=MOST_PIXELS)
    return _invalid(path, f"the image has {pixels} pixels; {MOST_PIXELS} are read at most.", "Send a smaller one.", reason)


def _invalid(path: str, why: str, remedy: str | None, reason: Reason) -> InvalidMedia:
    return InvalidMedia(f"{path}: {why}", param=path, remedy=remedy, reason=reason)
