"""A real browser for tests of the page: Chromium, driven by Playwright. In: an address. Out: what a person would see there.

`page` is one tab of a browser of its own. `visitor` makes more: other people, other devices, phones (any option of Playwright's
`new_context`). Whatever one of them throws or its Content-Security-Policy refuses fails the test, unless it says that this is wanted.
"""

import signal
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests import house as houses
from tests.house import House
from tests.web.gallery import build, served
from tests.web.people import Person, first_account

if TYPE_CHECKING:
    from playwright.sync_api import Browser, ConsoleMessage, Page

ROOT = Path(__file__).resolve().parent.parent.parent
FLAGS = (
    "--no-sandbox",  # tests may run as root, in a container
    "--disable-gpu",
    "--disable-quic",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--force-color-profile=srgb",
    "--font-render-hinting=none",
    "--hide-scrollbars",
)


@pytest.fixture(scope="module")
def browser() -> Iterator["Browser"]:
    """Chromium, without a window. Every module starts its own, in a second: Playwright's loop, once started, is in the way of every
    asynchronous test in this thread until it is stopped."""
    from playwright.sync_api import sync_playwright

    found = subprocess.run(["sh", str(ROOT / "scripts" / "chromium.sh")], stdout=subprocess.PIPE, text=True)
    assert found.returncode == 0, "No Chromium: what to do stands above."
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=found.stdout.strip(), args=list(FLAGS))
        yield chromium
        chromium.close()


@dataclass
class Faults:
    """What went wrong in the pages of one test. A test that provokes something puts a part of its text into `wanted`."""

    seen: list[str] = field(default_factory=list[str])
    wanted: list[str] = field(default_factory=list[str])

    def watch(self, page: "Page") -> None:
        page.on("pageerror", lambda error: self.seen.append(f"thrown: {error}"))
        page.on("crash", lambda _: self.seen.append("the tab crashed"))
        page.on("console", self._said)

    def _said(self, message: "ConsoleMessage") -> None:
        # A refused request is logged as an error, too, and is what many tests are about.
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            self.seen.append(message.text)

    def unwanted(self) -> list[str]:
        return [fault for fault in self.seen if not any(part in fault for part in self.wanted)]


@pytest.fixture
def faults() -> Iterator[Faults]:
    kept = Faults()
    yield kept
    assert kept.unwanted() == []


@pytest.fixture
def visitor(browser: "Browser", faults: Faults) -> Iterator[Callable[..., "Page"]]:
    """A function that opens a browser of somebody else, with cookies and storage of its own, and gives its tab."""
    contexts = []

    def come(**options: Any) -> "Page":
        context = browser.new_context(**{"viewport": {"width": 1440, "height": 900}, "locale": "en-GB"} | options)
        contexts.append(context)
        context.on("page", faults.watch)
        context.set_default_timeout(10_000)
        return context.new_page()

    yield come
    for context in contexts:
        context.close()


@pytest.fixture
def page(visitor: Callable[..., "Page"]) -> "Page":
    """One tab, 1440 × 900, in English."""
    return visitor()


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of the gallery (web/src/gallery), built anew."""
    with served(build(tmp_path_factory.mktemp("gallery"))) as address:
        yield address


@pytest.fixture(scope="module")
def house(smollm2: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The real server on the real model, without an account."""
    folder = tmp_path_factory.mktemp("house")
    running = houses.start(folder / "home", folder / "log.txt", smollm2)
    running.wait_ready()
    yield running
    running.stop(signal.SIGKILL)


@pytest.fixture(scope="module")
def cookies(house: House) -> dict[str, str]:
    """The browser's cookies of Ada, who made its first account."""
    return first_account(house)


@pytest.fixture
def arrive(visitor: Callable[..., "Page"], house: House, cookies: dict[str, str]) -> Callable[..., Person]:
    """A function that opens the house as Ada in a browser of its own (options of `visitor`), at a new chat or at `path`."""

    def come(path: str = "/", **options: Any) -> Person:
        tab = visitor(**options)
        tab.context.add_cookies([{"name": name, "value": value, "url": house.url} for name, value in cookies.items()])
        return Person(tab, house.url).open(path)

    return come
