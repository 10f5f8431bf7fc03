"""Pictures become what mistral-common would make of them: its sizes, its colours; what cannot be read is refused by its place."""

import base64
import contextlib
import io
import struct
import zlib

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from mistral_common.tokens.tokenizers import image as theirs
from PIL import Image

from alize.errors import InvalidMedia
from alize.prompt.images import MOST_BYTES, MOST_PIXELS, pixels_of, squares, written_out

PLACE = "messages.0.content.1"
MEAN, SPREAD = np.array(theirs.DATASET_MEAN), np.array(theirs.DATASET_STD)


def file(picture: Image.Image, kind: str = "PNG", **options: object) -> bytes:
    data = io.BytesIO()
    picture.save(data, kind, **options)  # type: ignore[arg-type]
    return data.getvalue()


def noise(width: int, height: int, channels: int = 3) -> Image.Image:
    return Image.fromarray(np.random.default_rng(width).integers(0, 256, (height, width, channels), np.uint8))


def shown(pixels: np.ndarray) -> np.ndarray:
    """Colours from 0 to 255 again: [height, width, 3]."""
    return (pixels.transpose(1, 2, 0) * SPREAD + MEAN) * 255


@given(width=st.integers(1, 9000), height=st.integers(1, 9000), size=st.sampled_from([(16, 1, 1024), (14, 2, 1540), (14, 1, 100)]))
def test_sizes_are_mistral_common_s(width: int, height: int, size: tuple[int, int, int]) -> None:
    patch, merge, most = size
    encoder = theirs.ImageEncoder(theirs.ImageConfig(patch, most, merge), theirs.SpecialImageIDs(10, 12, 13))
    columns, rows = encoder._image_to_num_tokens(Image.new("1", (width, height)))
    assert squares(width, height, patch * merge, most) == (rows, columns)


@pytest.mark.parametrize(
    "picture",
    [
        noise(32, 16),
        noise(32, 16, 4),
        noise(32, 16).convert("L"),
        noise(32, 16).convert("P"),
        noise(32, 16).convert("1"),
        noise(32, 16, 4).convert("LA"),
        Image.fromarray(np.arange(512, dtype=np.uint16).reshape(16, 32)),
    ],
    ids=lambda picture: picture.mode,
)
def test_colours_are_mistral_common_s_where_nothing_is_resized(picture: Image.Image) -> None:
    data = file(picture)
    expected = theirs._convert_to_rgb(Image.open(io.BytesIO(data)))
    pixels = pixels_of(data, 16, 1024, PLACE)
    assert pixels.dtype == np.float32
    assert np.array_equal(pixels, theirs.normalize(np.array(expected, np.float32), theirs.DATASET_MEAN, theirs.DATASET_STD))


@pytest.mark.parametrize(("width", "height"), [(33, 47), (5, 3), (1, 1), (200, 90), (130, 700), (1, 300)])
def test_resizing_is_cubic_between_the_four_nearest_pixels(width: int, height: int) -> None:
    """Against PyTorch's, which has the same formula: a = -0.75, centres of pixels, edges repeated."""
    torch = pytest.importorskip("torch")
    picture = noise(width, height)
    pixels = pixels_of(file(picture), 16, 128, PLACE)
    rows, columns = squares(width, height, 16, 128)
    colours = torch.tensor(np.asarray(picture), dtype=torch.float64).permute(2, 0, 1)[None]
    expected = torch.nn.functional.interpolate(colours, (rows * 16, columns * 16), mode="bicubic", align_corners=False)[0]
    assert pixels.shape == tuple(expected.shape)
    assert np.abs(shown(pixels) - expected.permute(1, 2, 0).numpy()).max() < 1e-3


@pytest.mark.parametrize("kind", ["PNG", "GIF", "WEBP", "JPEG"])
def test_every_kind_is_read_and_of_what_moves_the_first_frame(kind: str) -> None:
    red, blue = Image.new("RGB", (16, 16), (255, 0, 0)), Image.new("RGB", (16, 16), (0, 0, 255))
    moving = {"save_all": True, "append_images": [blue]} if kind in ("GIF", "WEBP") else {}
    colours = shown(pixels_of(file(red, kind, **moving), 16, 1024, PLACE))
    assert np.abs(colours - (255, 0, 0)).max() < 3


def test_what_is_transparent_stands_in_front_of_white() -> None:
    colours = shown(pixels_of(file(Image.new("RGBA", (16, 16), (0, 0, 0, 0))), 16, 1024, PLACE))
    assert np.abs(colours - 255).max() < 1e-3


def bomb(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says it is huge."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(b"\0" * 1000)) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "no image"),
        (b"GIF", "no image"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "no image"),
        (file(noise(16, 16), "BMP"), "no image"),
        (file(noise(64, 64))[:1000], "damaged"),
        (file(noise(64, 64), "JPEG")[:700], "damaged"),
        (file(noise(64, 64), "WEBP")[:700], "no image|damaged"),
        (bomb(7000, 7000), f"7000 × 7000 pixels; {MOST_PIXELS}"),
        (bomb(10_000, 10_000), str(MOST_PIXELS)),  # Pillow warns
        (bomb(60_000, 60_000), str(MOST_PIXELS)),  # Pillow refuses
        (bomb(500, 500), "damaged"),
        (file(noise(16, 16)) + bytes(MOST_BYTES), "bytes"),
    ],
)
def test_what_cannot_be_read_is_refused_by_its_place(data: bytes, why: str) -> None:
    with pytest.raises(InvalidMedia, match=why) as refused:
        pixels_of(data, 16, 1024, PLACE)
    assert refused.value.param == PLACE
    assert PLACE in refused.value.message


@given(st.binary(max_size=200), st.sampled_from(["PNG", "JPEG", "WEBP", "GIF"]), st.integers(0, 400))
def test_a_damaged_file_is_read_or_refused_but_never_breaks(junk: bytes, kind: str, at: int) -> None:
    data = bytearray(file(Image.new("RGB", (40, 40), (1, 2, 3)), kind))
    data[at : at + len(junk)] = junk
    with contextlib.suppress(InvalidMedia):
        assert pixels_of(bytes(data), 16, 64, PLACE).shape[0] == 3


def test_addresses_that_hold_their_data_are_read() -> None:
    data = file(noise(4, 4))
    text = base64.b64encode(data).decode()
    for head in ("data:image/png;base64,", "data:;base64,", "DATA:image/png;charset=utf-8;BASE64,"):
        assert written_out(head + text, PLACE) == data


@pytest.mark.parametrize(
    ("url", "why"),
    [
        ("data:image/png,abc", "form"),
        ("data:image/png;base64", "form"),
        pytest.param("data:" + "a" * 2_000_000, "form", id="a type without an end"),  # days, if its time grew with the square
        ("data:image/png;base64,§§", "base64"),
        ("data:image/png;base64,abc", "base64"),
        ("data:image/png;base64," + "A" * (MOST_BYTES * 4 // 3 + 100), "bytes"),
    ],
)
def test_addresses_without_readable_data_are_refused_by_their_place(url: str, why: str) -> None:
    with pytest.raises(InvalidMedia, match=why) as refused:
        written_out(url, PLACE)
    assert refused.value.param == PLACE
