"""The comparison of pictures passes over what differs from machine to machine, and finds what a person would."""

import io
from pathlib import Path

import pytest
from PIL import Image, ImageDraw, ImageFilter

from tests.web.looks import THEMES, WIDTHS, Shot, differences, keep, sheet

HEIGHT = 900


def drawn(width: int, down: int = 0, accent: str = "#0b6b72", notice: bool = True, blur: float = 0) -> bytes:
    """A page of stripes as high as letters, with a button and a notice."""
    picture = Image.new("RGB", (width, HEIGHT), "#fbfaf7")
    draw = ImageDraw.Draw(picture)
    for line in range(8):
        for word in range(width // 40):
            draw.rectangle((16 + word * 36, 100 + down + line * 26, 40 + word * 36, 108 + down + line * 26), fill="#1d1f23")
    draw.rounded_rectangle((16, 500 + down, 136, 536 + down), 10, fill=accent)
    if notice:
        draw.rounded_rectangle((16, 600, width - 16, 640), 10, fill="#fbe9e7", outline="#b3261e")
    buffer = io.BytesIO()
    picture.filter(ImageFilter.GaussianBlur(blur)).save(buffer, "png")
    return buffer.getvalue()


def sheet_of(**how: object) -> Image.Image:
    return sheet({Shot(theme, width): drawn(width, **how) for theme in THEMES for width in WIDTHS})  # pyright: ignore[reportArgumentType]


def test_a_kept_sheet_is_the_same_page_whatever_smooths_its_letters(tmp_path: Path) -> None:
    keep(sheet_of(), tmp_path / "kept.webp")
    kept = Image.open(tmp_path / "kept.webp").convert("RGB")
    assert differences(sheet_of(), kept) == []
    assert differences(sheet_of(blur=0.7), kept) == []


@pytest.mark.parametrize("change", [{"down": 8}, {"accent": "#2266aa"}, {"notice": False}])
def test_what_a_person_would_see_is_found_in_every_picture(change: dict[str, object]) -> None:
    found = differences(sheet_of(**change), sheet_of())
    assert [one.split(":")[0] for one in found] == [f"{theme}, {width} px" for theme in THEMES for width in WIDTHS]


def test_a_sheet_of_another_size_is_another_sheet() -> None:
    assert "was" in differences(sheet_of().crop((0, 0, 600, 400)), sheet_of())[0]
