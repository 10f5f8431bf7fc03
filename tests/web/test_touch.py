"""A phone: fingers that hover over nothing, targets that they can hit, and a keyboard that comes up from below."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from playwright.sync_api import Locator, expect

from tests.house import House
from tests.web.gallery import opened
from tests.web.people import Person, calling

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.slow

PHONE: dict[str, Any] = {"viewport": {"width": 360, "height": 740}, "has_touch": True, "is_mobile": True, "device_scale_factor": 1}
KEYBOARD = 320  # px of the 740
TARGETS = (Path(__file__).parent / "touch.js").read_text()
FINGER = 44  # px; WCAG 2.2 (2.5.8) asks for 24
SCENES = [
    *("drawer", "account-menu", "conversation-menu", "models", "palette", "shortcuts", "toast", "rename", "archived", "search"),
    *("sign-in", "setup", "profile", "sessions", "keys", "key-dialog", "people", "markdown", "markdown-link"),
    *("thread", "thread-new", "thread-branched", "thread-endings", "thread-files", "thread-long", "thread-settings", "thread-jump"),
]


@pytest.fixture(scope="module")
def phone(browser: "Browser") -> Iterator["Page"]:
    context = browser.new_context(locale="en-GB", timezone_id="UTC", **PHONE)
    yield context.new_page()
    context.close()


@pytest.mark.parametrize("scene", SCENES)
def test_a_finger_hits_every_control(scene: str, gallery: str, phone: "Page") -> None:
    opened(phone, f"{gallery}/gallery.html?scene={scene}", 360, 740)
    assert phone.evaluate(TARGETS, FINGER) == []


@pytest.fixture
def ada(arrive: Callable[..., Person], house: House, cookies: dict[str, str]) -> Person:
    """At her phone, with two conversations."""
    with calling(house, cookies) as client:
        for title in ("Bees", "Wasps"):
            client.post("/api/conversations", json={"id": uuid4().hex, "title": title})
    return arrive(**PHONE)


def stands_above(part: Locator, other: "Locator | float") -> None:
    """Waits until it is seen whole over another part, or over so many px of the page: the page follows in the frame after."""
    edge = other.element_handle() if isinstance(other, Locator) else other
    script = """([part, edge]) => {
        const { top, bottom } = part.getBoundingClientRect();
        return top >= 0 && bottom <= (typeof edge === "number" ? edge : edge.getBoundingClientRect().top);
    }"""
    part.page.wait_for_function(script, arg=[part.element_handle(), edge])


def drawer(ada: Person) -> Locator:
    return ada.tab.get_by_role("navigation", name="Conversations")


def open_drawer(ada: Person) -> Locator:
    ada.button("Show conversations").tap()
    expect(drawer(ada)).to_be_visible()
    return drawer(ada)


def test_the_list_is_opened_and_closed_by_taps(ada: Person) -> None:
    open_drawer(ada)
    ada.button("Hide conversations", drawer(ada)).tap()
    expect(drawer(ada)).to_have_count(0)
    open_drawer(ada)
    ada.tab.touchscreen.tap(340, 400)  # beside it
    expect(drawer(ada)).to_have_count(0)
    open_drawer(ada).get_by_role("link", name="Bees").first.tap()
    expect(drawer(ada)).to_have_count(0)
    expect(ada.tab.get_by_role("heading", name="Bees", level=1)).to_be_attached()


def test_what_can_be_done_with_a_conversation_is_there_without_hovering(ada: Person) -> None:
    """In the list, and in the conversation."""
    ada.button("Actions for “Wasps”", open_drawer(ada)).first.tap()
    ada.tab.get_by_role("menuitem", name="Rename").tap()
    name = ada.tab.get_by_role("textbox", name="Name of the conversation")
    name.fill("Hornets")
    name.press("Enter")
    drawer(ada).get_by_role("link", name="Hornets").tap()
    ada.button("This conversation").tap()
    ada.tab.get_by_role("menuitem", name="Delete").tap()
    ada.button("Undo").tap()
    expect(open_drawer(ada).get_by_role("link", name="Hornets")).to_be_visible()


def test_a_deletion_in_the_list_is_undone_where_it_was_made(ada: Person) -> None:
    ada.button("Actions for “Wasps”", open_drawer(ada)).first.tap()
    ada.tab.get_by_role("menuitem", name="Delete").tap()
    undo = ada.button("Undo")  # by its role: heard, though a window is open
    expect(undo).to_be_visible()
    ada.button("New chat", drawer(ada)).tap(trial=True)  # covered by nothing
    undo.tap()
    expect(drawer(ada).get_by_role("link", name="Wasps").first).to_be_visible()


def test_what_can_be_done_with_a_message_is_there_without_hovering(ada: Person) -> None:
    ada.ask("What is the capital of Italy?")
    ada.answered()
    for turn, names in ((ada.turns.first, ("Copy", "Edit")), (ada.turns.last, ("Copy as Markdown", "Answer again", "More"))):
        for name in names:
            expect(ada.button(name, turn)).to_be_visible()
            assert ada.button(name, turn).evaluate("(one) => one.checkVisibility({ opacityProperty: true })")
    ada.button("More", ada.turns.last).tap()
    expect(ada.tab.get_by_role("menuitem", name="Copy with formatting")).to_be_visible()
    ada.tab.touchscreen.tap(180, 600)
    expect(ada.tab.get_by_role("menu")).to_have_count(0)
    ada.button("Edit", ada.turns.first).tap()
    expect(ada.tab.get_by_role("textbox", name="Edit your message")).to_be_focused()


def test_the_keyboard_covers_neither_the_answer_nor_where_one_types(gallery: str, phone: "Page") -> None:
    opened(phone, f"{gallery}/gallery.html?scene=thread", 360, 740)
    last, box = phone.get_by_text("stayed here"), phone.get_by_role("textbox", name="Message")
    send = phone.get_by_role("button", name="Send")
    stands_above(last, box)
    box.tap()
    # As Android's browsers do it: the layout shrinks, since the page asks for that.
    assert "interactive-widget=resizes-content" in (phone.locator("meta[name=viewport]").get_attribute("content") or "")
    phone.set_viewport_size({"width": 360, "height": 740 - KEYBOARD})
    stands_above(send, 740 - KEYBOARD)
    stands_above(last, box)
    phone.set_viewport_size({"width": 360, "height": 740})
    stands_above(last, box)
    # As Safari does it: the layout stays, and only a part of it is seen.
    phone.evaluate(
        """(height) => {
            Object.defineProperty(visualViewport, "height", { value: height, configurable: true });
            visualViewport.dispatchEvent(new Event("resize"));
        }""",
        740 - KEYBOARD,
    )
    stands_above(send, 740 - KEYBOARD)
    stands_above(last, box)
