"""Pictures of scenes. In: screenshots in both themes and three widths. Out: one small sheet of them, and where two sheets differ.

A sheet shows the six pictures at a quarter of their size; a person can look at it. Compared is the mean colour of squares of 32 px of
the page. So the same page on another machine is the same: letters come from the fonts we bring, and how their edges are smoothed is
gone from the mean of a square. A part that is missing, moved by a line, or of another colour is not.
"""

import io
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageChops

THEMES = ("light", "dark")
WIDTHS = (360, 820, 1440)
SMALLER = 4
SQUARE = 8
"""Side of a compared square on the sheet: 32 px of the page."""
MOST = 12
"""Steps of 255 by which a square's mean may differ in any colour. Measured on four scenes: the same page again makes 0, what the sheet's
compression loses 6; letters of another weight 14 to 26, a page 8 px lower 17 to 60, another accent 31 to 82, another font 21 to 87. A
missing icon makes 9 and is not seen here: that it has its name and its place, axe and geometry.js see."""


@dataclass(frozen=True, slots=True)
class Shot:
    theme: str
    width: int  # px


def sheet(shots: Mapping[Shot, bytes]) -> Image.Image:
    """Six screenshots, light over dark, narrow to wide."""
    small = {shot: Image.open(io.BytesIO(data)).convert("RGB").reduce(SMALLER) for shot, data in shots.items()}
    height = next(iter(small.values())).height
    whole = Image.new("RGB", (sum(WIDTHS) // SMALLER, height * len(THEMES)))
    for shot, picture in small.items():
        whole.paste(picture, place(shot, height))
    return whole


def keep(picture: Image.Image, path: Path) -> None:
    """Writes a sheet: 10 to 25 KB, its colours as near as sharp edges need."""
    picture.save(path, quality=80, method=6, use_sharp_yuv=True)


def place(shot: Shot, height: int) -> tuple[int, int]:
    """Where a picture's upper left corner is on the sheet."""
    return sum(WIDTHS[: WIDTHS.index(shot.width)]) // SMALLER, height * THEMES.index(shot.theme)


def differences(now: Image.Image, kept: Image.Image) -> list[str]:
    """Where the pictures differ by more than smoothing and compression make: sentences, the worst square of each picture."""
    if now.size != kept.size:
        return [f"the sheet is {now.size} px, and was {kept.size}"]
    height = now.height // len(THEMES)
    found: list[str] = []
    for theme in THEMES:
        for width in WIDTHS:
            left, top = place(Shot(theme, width), height)
            # Whole squares only: what is left at the right and at the foot is too thin for a mean.
            box = (left, top, left + width // SMALLER // SQUARE * SQUARE, top + height // SQUARE * SQUARE)
            # reduce() takes the mean of each square.
            apart = ImageChops.difference(now.crop(box).reduce(SQUARE), kept.crop(box).reduce(SQUARE))
            bands = [list(band.get_flattened_data()) for band in apart.split()]
            worst = [max(colours) for colours in zip(*bands, strict=True)]
            count = sum(one > MOST for one in worst)
            if count:
                at = worst.index(max(worst))
                x, y = at % apart.width * SQUARE * SMALLER, at // apart.width * SQUARE * SMALLER
                found.append(f"{theme}, {width} px: {count} squares differ, most (by {max(worst)} of 255) the one at {x}, {y}")
    return found
