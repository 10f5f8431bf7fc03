"""The page for who does not see it, does not point, does not want it to move, prints it, or reads from right to left."""

from typing import TYPE_CHECKING

import pytest

from tests.web.gallery import opened

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.slow

RING = "(({ outlineStyle, outlineWidth }) => `${outlineStyle} ${outlineWidth}`)(getComputedStyle(document.activeElement))"
MOVING = """document.getAnimations()
    .filter(({ effect }) => effect.getComputedTiming().duration > 0).map(({ animationName }) => animationName)"""
PANES = """(element) => {
    const panes = [];
    for (let above = element.parentElement; above !== document.body; above = above.parentElement)
        if (getComputedStyle(above).overflow !== "visible") panes.push(above.className);
    return panes;
}"""

BEYOND = """() => [...document.querySelectorAll("#root *")]
    .filter((one) => one.getBoundingClientRect().right > innerWidth + 1).map((one) => one.textContent.slice(0, 40))"""


def look(page: "Page", gallery: str, scene: str, width: int = 1440) -> "Page":
    page.goto("about:blank")
    opened(page, f"{gallery}/gallery.html?scene={scene}", width, 900)
    return page


def test_each_turn_is_a_heading_and_the_answer_is_heard_from_a_polite_region(gallery: str, page: "Page") -> None:
    look(page, gallery, "thread")
    main = page.get_by_role("main")
    assert main.get_by_role("heading", level=2).all_inner_texts() == ["You said", "Answer by small"]
    assert page.get_by_role("heading", level=1).all_inner_texts() == ["Quarterly letter to tenants"]
    log = page.get_by_role("log")
    assert [log.get_attribute(name) for name in ("aria-live", "aria-atomic")] == ["polite", "false"]
    # The text that grows is in no live region: it would be read from its start at every token.
    assert main.locator("article").locator("xpath=ancestor::*[@aria-live]").count() == 0


def test_tab_goes_through_the_page_as_one_reads_it(gallery: str, page: "Page") -> None:
    look(page, gallery, "thread")
    page.evaluate("document.activeElement.blur()")
    order: list[str] = []
    for _ in range(40):
        page.keyboard.press("Tab")
        said = page.evaluate("(document.activeElement.ariaLabel ?? document.activeElement.textContent).trim().slice(0, 30)")
        if said in order[:1]:
            break
        order.append(said)
        if said == "Message":
            break
    stops = ["Skip to the conversation", "Alizé", "New chat", "Quarterly letter to tenants", "Model: Small", "Copy as Markdown", "Message"]
    assert [one for one in order if one in stops] == stops
    # What is skipped to is the conversation: the next stop is in it.
    page.evaluate("document.activeElement.blur()")
    page.get_by_role("button", name="Skip to the conversation").press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.closest('main') !== null")


def test_every_stop_of_tab_shows_its_ring(gallery: str, page: "Page") -> None:
    look(page, gallery, "buttons")
    page.evaluate("document.activeElement.blur()")
    rings = set[str]()
    for _ in range(12):
        page.keyboard.press("Tab")
        rings.add(page.evaluate(RING))
    assert rings == {"solid 2px"}


@pytest.mark.parametrize("scene", ["thread-waiting", "thread-drop", "thread-jump", "toast", "shortcuts", "drawer", "rail", "markdown-link"])
def test_nothing_moves_for_who_does_not_want_it(scene: str, gallery: str, page: "Page") -> None:
    look(page, gallery, scene, width=360)  # with reduced motion, as every scene
    assert page.evaluate(MOVING) == []


def test_what_is_printed_is_the_whole_conversation_and_nothing_else(gallery: str, page: "Page") -> None:
    look(page, gallery, "thread-endings")
    turns = page.locator("article")
    page.emulate_media(media="print", color_scheme="dark")
    assert turns.count() == 20
    for gone in (page.get_by_role("navigation"), page.get_by_role("banner"), page.locator("#composer"), page.locator("article button")):
        assert not any(one.is_visible() for one in gone.all())
    # Nothing is cut off by a pane, and the paper is white in the dark, too.
    assert turns.last.evaluate(PANES) == []
    assert page.evaluate("getComputedStyle(document.documentElement).backgroundColor") == "rgb(255, 255, 255)"
    assert len(page.pdf()) > 10_000


@pytest.mark.parametrize("scene", ["thread", "thread-long", "markdown-wide"])
def test_nothing_is_wider_than_the_paper(scene: str, gallery: str, page: "Page") -> None:
    """A browser would print everything smaller for it."""
    look(page, gallery, scene, width=674)  # A4 without its margins
    page.emulate_media(media="print")
    assert page.evaluate(BEYOND) == []


def test_an_answer_from_right_to_left_has_its_marks_lines_and_columns_on_the_right(gallery: str, page: "Page") -> None:
    look(page, gallery, "markdown-arabic")
    directions = "all => all.map((one) => getComputedStyle(one).direction)"
    assert page.locator(".md :is(ol, blockquote, table)").evaluate_all(directions) == ["rtl"] * 3
    quote = page.locator("blockquote").evaluate("one => [getComputedStyle(one).borderRightWidth, getComputedStyle(one).borderLeftWidth]")
    assert quote == ["2px", "0px"]
    first, second = (one.bounding_box() for one in page.locator("th").all())
    assert first is not None
    assert second is not None
    assert first["x"] > second["x"]
    # An item's number stands in the list's own margin: inside of the page.
    item, whole = page.locator("ol > li").first.bounding_box(), page.locator(".md ol").bounding_box()
    assert item is not None
    assert whole is not None
    assert whole["x"] + whole["width"] - item["x"] - item["width"] > 20
    assert page.locator("figure pre").evaluate("one => getComputedStyle(one).direction") == "ltr"
