"""What goes wrong around a conversation: the network, the engine, the server. Nothing that was sent or shown is lost or comes twice."""

import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests import house as houses
from tests.house import House
from tests.web.conftest import Faults
from tests.web.people import Person, first_account, squeezed
from tests.web.wire import wire_to

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.slow

LONG = "Tell me a very long story about a lighthouse keeper."
OFFLINE = "The server cannot be reached. What is on the page stays; sending waits until it is back."


def come(visitor: Callable[..., "Page"], house: House, cookies: dict[str, str], url: str) -> Person:
    tab = visitor()
    tab.context.add_cookies([{"name": name, "value": value, "url": url} for name, value in cookies.items()])
    return Person(tab, url).open("/")


def test_a_lost_network_is_said_and_the_answer_goes_on_when_it_is_back(
    visitor: Callable[..., "Page"], house: House, cookies: dict[str, str]
) -> None:
    with wire_to(house.port) as wire:
        ada = come(visitor, house, cookies, f"http://127.0.0.1:{wire.port}")
        ada.settle(longest_answer=250)
        ada.ask(LONG)
        before = squeezed(ada.writing().locator("p").first.inner_text())
        wire.cut()
        ada.sees(OFFLINE)
        ada.box.fill("Sent while nobody hears")
        ada.box.press("Enter")
        wire.mend()
        expect(ada.tab.get_by_text(OFFLINE)).to_have_count(0, timeout=60_000)
        expect(ada.turns).to_have_count(4, timeout=60_000)
        ada.answered(3)
        ada.tab.reload()
        ada.answered(3)
        expect(ada.turns).to_have_count(4)
        assert squeezed(ada.turns.nth(1).inner_text()).count(before[:40]) == 1
        expect(ada.turns.nth(2)).to_contain_text("Sent while nobody hears")


def test_an_engine_that_dies_ends_the_answer_with_a_reason_and_the_next_one_works(
    visitor: Callable[..., "Page"], house: House, cookies: dict[str, str]
) -> None:
    ada = come(visitor, house, cookies, house.url)
    ada.settle(longest_answer=6000)  # it goes on for longer than anything here takes
    ada.ask(LONG)
    ada.writing()
    house.engine().kill()
    ada.sees("What was written until then is kept.")
    house.wait_ready()
    ada.settle(longest_answer=10)
    ada.button("Try again", ada.turns.last).click()
    ada.answered()


@pytest.fixture
def mortal(smollm2: Path, tmp_path: Path) -> Iterator[Callable[..., House]]:
    """A house that is killed and begun again on its home and port."""
    lives: list[House] = []

    def begin(port: int = 0) -> House:
        lives.append(houses.start(tmp_path / "home", tmp_path / f"log-{len(lives)}.txt", smollm2, port))
        lives[-1].wait_ready()
        return lives[-1]

    yield begin
    for life in lives:
        life.stop(signal.SIGKILL)


def test_a_killed_server_leaves_an_answer_that_is_continued_from_what_was_shown(
    visitor: Callable[..., "Page"], mortal: Callable[..., House], faults: Faults
) -> None:
    house = mortal()
    port, cookies = house.port, first_account(house)
    ada = come(visitor, house, cookies, house.url)
    ada.settle(longest_answer=250)
    ada.ask(LONG)
    shown = squeezed(ada.writing().locator("p").first.inner_text())
    house.stop(signal.SIGKILL)
    ada.sees(OFFLINE)
    mortal(port)
    ada.sees("The server was interrupted here. What was written is kept.")
    kept = squeezed(ada.turns.last.inner_text())
    assert kept.startswith(shown) or shown in kept
    ada.button("Continue").click()
    expect(ada.button("Continue")).to_have_count(0)
    ada.answered()
    assert shown in squeezed(ada.turns.last.inner_text())
    expect(ada.turns).to_have_count(2)


def test_a_house_that_is_being_stopped_says_so_and_opens_by_itself_when_it_is_back(
    visitor: Callable[..., "Page"], mortal: Callable[..., House]
) -> None:
    house = mortal()
    port, cookies = house.port, first_account(house)
    ada = come(visitor, house, cookies, house.url)
    ada.settle(longest_answer=400)
    ada.ask(LONG)
    ada.writing()
    chat = ada.tab.url.removeprefix(house.url)
    with house.held(), house.client() as client:
        house.process.send_signal(signal.SIGTERM)  # what is being written has its time
        house.until(lambda: client.get("/health/ready").status_code == 503)
        late = come(visitor, house, cookies, house.url).open(chat)
        late.sees("The server is being stopped")
        assert late.tab.title() == "The server is being stopped · Alizé"
    assert house.stop(signal.SIGTERM) == 0  # the second one ends its patience
    mortal(port)
    expect(late.box).to_be_visible(timeout=60_000)
    assert late.tab.url == f"{late.url}{chat}"
    expect(late.turns).to_have_count(2)
