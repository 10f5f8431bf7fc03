"""The browser that tests of the page are written with: it sees what goes wrong in a page, and two visitors share nothing."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from tests.web.conftest import Faults

if TYPE_CHECKING:
    from playwright.sync_api import Page


def test_what_a_page_throws_is_a_fault_of_the_test(page: "Page", faults: Faults) -> None:
    page.set_content("<button onclick='missing()'>Press</button>")
    page.get_by_role("button", name="Press").click()
    page.evaluate("1")  # events come in order: this answer is behind the fault
    assert faults.unwanted() == ["thrown: missing is not defined"]
    faults.wanted.append("missing is not defined")
    assert faults.unwanted() == []


def test_what_a_policy_refuses_is_a_fault_of_the_test(page: "Page", faults: Faults) -> None:
    page.set_content("<meta http-equiv=Content-Security-Policy content=\"script-src 'none'\"><script>1</script>")
    page.evaluate("1")
    faults.wanted.append("Content Security Policy")
    assert faults.seen
    assert faults.unwanted() == []


def test_visitors_share_no_cookies_and_have_what_they_came_with(visitor: Callable[..., "Page"]) -> None:
    ada, bob = visitor(), visitor(viewport={"width": 360, "height": 740}, color_scheme="dark", locale="ja")
    ada.context.add_cookies([{"name": "who", "value": "ada", "url": "http://house.test"}])
    assert [len(person.context.cookies()) for person in (ada, bob)] == [1, 0]
    seen = "[innerWidth, matchMedia('(prefers-color-scheme: dark)').matches, navigator.language]"
    assert [person.evaluate(seen) for person in (ada, bob)] == [[1440, False, "en-GB"], [360, True, "ja"]]
