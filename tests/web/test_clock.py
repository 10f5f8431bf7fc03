"""A browser's clock that is set by hours while the page is open: who is in stays in, answers go on, and each thing stays in its place."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
from playwright.sync_api import expect

from tests.house import House
from tests.web.people import Person, kept, squeezed

pytestmark = pytest.mark.slow

LONG = "Tell me a very long story about a lighthouse keeper."


@pytest.mark.parametrize("hours", [24, -24])
def test_a_page_goes_on_though_its_clock_jumps(arrive: Callable[..., Person], house: House, cookies: dict[str, str], hours: int) -> None:
    noon = 12 - datetime.now(UTC).hour  # where it is midday: no day ends meanwhile
    ada = arrive(timezone_id=f"Etc/GMT{-noon:+d}")  # whose sign is the other way round
    ada.tab.clock.install()  # it goes as it did, until it is set
    ada.open("/")
    ada.settle(longest_answer=250)
    ada.ask(LONG)
    ada.writing()
    with house.held():
        ada.tab.clock.set_system_time(datetime.now(UTC) + timedelta(hours=hours))
    shown = ada.answered(1).inner_text()
    answer = kept(house, cookies, ada.tab.url)[1]["content"]
    assert squeezed(answer) in squeezed(shown)  # all of it, so it went on after the jump
    ada.ask("And then?")
    ada.answered(3)
    expect(ada.turns).to_have_count(4)
    ada.box.fill("half a thought")
    ada.tab.reload()
    expect(ada.box).to_have_value("half a thought")
    expect(ada.turns).to_have_count(4)
    expect(ada.turns.nth(2)).to_contain_text("And then?")

    # The list is of the reader's days: by a clock that is a day ahead this was said yesterday, and nothing is said tomorrow.
    ada.tab.clock.set_system_time(datetime.now(UTC) + timedelta(hours=hours))
    ada.ask("Once more")
    ada.answered(5)
    days = ada.tab.get_by_role("navigation", name="Conversations").get_by_role("heading")
    expect(days.first).to_have_text("Today" if hours < 0 else "Yesterday")

    ada.tab.clock.set_system_time(datetime.now(UTC))
    ada.tab.reload()
    expect(days.first).to_have_text("Today")
    expect(ada.tab.get_by_role("article")).to_have_count(6)
