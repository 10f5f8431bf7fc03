"""Pictures to show to a model. In: a size. Out: the bytes of a file, the same every time, and an address that holds them."""

import base64
import io

import numpy as np
from PIL import Image


def plain(width: int = 8, height: int = 4, colour: str = "red") -> bytes:
    return _file(Image.new("RGB", (width, height), colour), "PNG")


def noise(width: int, height: int, seed: int, kind: str = "PNG") -> bytes:
    return _file(Image.fromarray(np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8)), kind)


def written(data: bytes, kind: str = "image/png") -> str:
    return f"data:{kind};base64,{base64.b64encode(data).decode()}"


def _file(picture: Image.Image, kind: str) -> bytes:
    data = io.BytesIO()
    picture.save(data, kind)
    return data.getvalue()
