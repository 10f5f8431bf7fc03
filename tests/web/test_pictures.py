"""The pictures of the READMEs and the guide. In: the real server and model. Out: its page, photographed; `make pictures` alone writes.

Nothing in them is staged: the questions are asked at the page, and what the model answers, its titles and its figures are shown as they
came. At temperature 0 it answers the same every time, so a picture changes where the page does; the speed is the machine's.
"""

import io
import os
import re
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.house import House
from tests.web.people import Person

ROOT = Path(__file__).resolve().parent.parent.parent
FIGURES = ROOT / "docs" / "figures"
SHOWING = [*sorted(ROOT.glob("README*.md")), ROOT / "docs" / "guides" / "chat.md"]
MOST = 200_000
"""Bytes of one picture: a README is read on phones, too."""

QUESTIONS = (
    "What is the capital of Italy?",
    "Explain in two sentences why the sky is blue.",
    "Write a Python function that reverses a string. Explain it in one sentence.",
)
DESK = {"viewport": {"width": 1280, "height": 640}, "device_scale_factor": 2}
PHONE = {"viewport": {"width": 390, "height": 700}, "device_scale_factor": 2, "is_mobile": True, "has_touch": True}


@dataclass(frozen=True, slots=True)
class Pictured:
    """One picture: `page-{name}.png`, of a browser with these options."""

    name: str
    options: dict[str, Any]


PICTURES = (
    Pictured("light", DESK),
    Pictured("dark", DESK | {"color_scheme": "dark"}),
    Pictured("phone", PHONE),
    Pictured("fr", DESK | {"locale": "fr-FR"}),
    Pictured("ja", DESK | {"locale": "ja-JP"}),
)


def small(shot: bytes) -> bytes:
    """The same picture in 256 colours, which a page of text and paper hardly has."""
    output = io.BytesIO()
    Image.open(io.BytesIO(shot)).convert("RGB").quantize(256, dither=Image.Dither.NONE).save(output, "PNG", optimize=True)
    return output.getvalue()


def standing(tab: Page) -> None:
    """Until nothing of the page is still to come: its answer, its letters, the colours of its code."""
    expect(tab.get_by_role("article").last.get_by_text(re.compile("^smollm2-135m-instruct · "))).to_be_visible()
    expect(tab.locator("pre [class^=md-tok-]").first).to_be_attached()
    tab.evaluate("document.fonts.ready.then(() => true)")


@pytest.mark.slow
def test_the_pages_of_the_pictures_are_made_by_asking(house: House, arrive: Callable[..., Person]) -> None:
    ada = arrive()
    for question in QUESTIONS:
        ada.open("/")
        ada.settle(temperature=0, longest_answer=300)
        ada.ask(question)
        ada.answered()
    listed = f"{house.url}/api/conversations"
    house.until(lambda: all(chat["titled_by"] for chat in ada.tab.request.get(listed).json()["data"]))
    if os.environ.get("PICTURES") == "write":
        letters = subprocess.run(["fc-list", ":lang=ja"], capture_output=True, text=True, check=True).stdout
        assert letters, "Japanese would be boxes: install a font for it, such as fonts-noto-cjk"
    place = ada.tab.url.removeprefix(house.url)
    for picture in PICTURES:
        person = arrive(place, reduced_motion="reduce", **picture.options)
        standing(person.tab)
        made = small(person.tab.screenshot(animations="disabled"))
        assert len(made) < MOST, f"page-{picture.name}.png would have {len(made)} bytes"
        if os.environ.get("PICTURES") == "write":
            (FIGURES / f"page-{picture.name}.png").write_bytes(made)


def test_every_picture_is_shown_and_every_picture_shown_is_there() -> None:
    shown = {name for page in SHOWING for name in re.findall(r"figures/(page-[a-z]+\.png)", page.read_text("utf-8"))}
    assert shown == {f"page-{picture.name}.png" for picture in PICTURES}
    for name in shown:
        assert (FIGURES / name).stat().st_size < MOST, f"{name}: make pictures"
        with Image.open(FIGURES / name) as picture:
            picture.verify()
