"""How letters stand: code is read letter by letter, wherever it is shown."""

from typing import TYPE_CHECKING

import pytest

from tests.web.gallery import opened

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.slow

JOINING = """() => [...document.querySelectorAll("body *")].filter((one) => {
    const style = getComputedStyle(one);
    return style.fontFamily.includes("JetBrains Mono") && style.fontVariantLigatures !== "none";
}).map((one) => `${one.localName}.${one.className}`)"""
SET_IN_MONO = (
    """() => [...document.querySelectorAll("body *")].some((one) => getComputedStyle(one).fontFamily.includes("JetBrains Mono"))"""
)


@pytest.mark.parametrize(
    "scene", ["markdown", "markdown-hostile", "markdown-link", "keys", "key-made", "setup", "sign-in", "thread-settings"]
)
def test_no_sign_of_code_is_joined_with_the_next(scene: str, gallery: str, page: "Page") -> None:
    opened(page, f"{gallery}/gallery.html?scene={scene}", 1440, 900)
    assert page.evaluate(SET_IN_MONO)
    assert page.evaluate(JOINING) == []
