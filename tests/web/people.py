"""What a person does at the page. In: a tab, and a house it is opened on. Out: the steps that tests are made of, in a person's words."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol

import httpx
from playwright.sync_api import Locator, Page, expect

PASSWORD = "correct horse battery"
BEING_WRITTEN = r"""() => {
    const words = [...document.querySelectorAll('article')].at(-1)?.querySelector('p')?.innerText ?? '';
    const stop = [...document.querySelectorAll('button')].some((one) => (one.ariaLabel ?? one.innerText).trim() === 'Stop');
    return stop && /^(?!Reading the conv|Waits its)\w+ \w+/.test(words);
}"""


@dataclass
class Person:
    """Somebody at a tab."""

    tab: Page
    url: str

    def open(self, path: str = "/") -> "Person":
        self.tab.goto(f"{self.url}{path}")
        return self

    @property
    def box(self) -> Locator:
        return self.tab.get_by_role("textbox", name="Message", exact=True)

    def button(self, name: "str | re.Pattern[str]", within: Locator | None = None) -> Locator:
        return (within or self.tab).get_by_role("button", name=name, exact=isinstance(name, str))

    def sees(self, text: "str | re.Pattern[str]") -> None:
        expect(self.tab.get_by_text(text).first).to_be_visible(timeout=60_000)  # some of it is waited for: a server that comes back

    def ask(self, text: str) -> None:
        self.box.fill(text)
        self.box.press("Enter")

    @property
    def turns(self) -> Locator:
        return self.tab.get_by_role("article")

    def answered(self, number: int = -1) -> Locator:
        """The turn, once its answer is done: what it took stands under it."""
        turn = self.turns.nth(number)
        expect(turn.get_by_text(re.compile(r"\d+ tokens? ")).last).to_be_visible(timeout=60_000)
        return turn

    def writing(self) -> Locator:
        """The last turn, once some of its words are there and it is still being written."""
        self.tab.wait_for_function(BEING_WRITTEN, timeout=60_000)  # at each frame: an answer may take less than two looks are apart
        return self.turns.last

    def settle(self, **settings: Any) -> None:
        """Choose settings of this conversation, by their labels."""
        self.button("Settings of this conversation").click()
        for label, value in settings.items():
            self.tab.get_by_label(label.replace("_", " ").capitalize(), exact=True).fill(str(value))
        self.button("Save").click()
        expect(self.tab.get_by_role("dialog")).to_have_count(0)

    def chat_in_list(self, title: "str | re.Pattern[str]") -> Locator:
        return self.tab.get_by_role("navigation", name="Conversations").get_by_role("link", name=title)

    def menu_of(self, title: str, entry: str) -> None:
        self.chat_in_list(title).hover()
        self.button(f"Actions for “{title}”").click()
        self.tab.get_by_role("menuitem", name=entry).click()


class Addressed(Protocol):
    """Whatever is listening."""

    @property
    def url(self) -> str: ...


@contextmanager
def calling(house: Addressed, cookies: dict[str, str]) -> Iterator[httpx.Client]:
    """The house's API as that browser calls it."""
    with httpx.Client(base_url=house.url, cookies=cookies, timeout=60) as client:
        client.headers["X-CSRF-Token"] = client.get("/api/session").json()["csrf"]
        yield client


def kept(house: Addressed, cookies: dict[str, str], tab_url: str) -> list[dict[str, Any]]:
    """The messages that the server keeps of the conversation at an address."""
    with calling(house, cookies) as client:
        return client.get(f"/api/conversations/{tab_url.rsplit('/', 1)[1]}").json()["messages"]


def squeezed(text: str) -> str:
    """Without what may be laid out otherwise on a page."""
    return "".join(text.split())


def first_account(house: Addressed, name: str = "Ada") -> dict[str, str]:
    """Make it; the cookies of its browser."""
    with httpx.Client(base_url=house.url, timeout=60) as client:
        answer = client.post("/api/setup", json={"name": name, "email": f"{name.lower()}@example.org", "password": PASSWORD})
        assert answer.status_code == 201, answer.text
        return dict(client.cookies)
