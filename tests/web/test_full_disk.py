"""A disk that takes nothing more, as a person meets it: said in the page, with what to do; nothing that was written is lost or doubled."""

import re
from collections.abc import Callable
from contextlib import ExitStack

import pytest
from playwright.sync_api import expect

from tests.full_disk import out_of_quota
from tests.house import House
from tests.web.people import Person, calling

pytestmark = pytest.mark.slow

LONG = "Tell me a very long story about a lighthouse keeper."
TAKES_NOTHING = "The disk that holds the database did not take what was to be written"
REMEDY = "A quota may be used up: free some space."


def test_an_answer_and_a_message_meet_a_full_disk(arrive: Callable[..., Person], house: House, cookies: dict[str, str]) -> None:
    ada = arrive()
    ada.settle(longest_answer=400)
    ada.ask(LONG)
    shown = ada.writing().locator("p").first.inner_text()
    held = ExitStack()
    held.enter_context(house.held())
    with out_of_quota(house):
        held.close()
        ada.sees(re.compile(f"This conversation is held up: .*{TAKES_NOTHING}"))
        ada.sees(re.compile(REMEDY))
        assert ada.turns.last.locator("p").first.inner_text().startswith(shown)

        ada.ask("Is anybody there?")
        ada.sees(re.compile(f"Not sent: .*{TAKES_NOTHING}.*{REMEDY}.*Your message is kept here"))
        ada.button("Take back").click()
        expect(ada.box).to_have_value("Is anybody there?")
        ada.tab.reload()  # what was read still can be, and what was typed is still there
        expect(ada.box).to_have_value("Is anybody there?")
        expect(ada.turns.last).to_contain_text(shown)
        ada.sees(re.compile("This conversation is held up"))

    ada.sees(re.compile(f"The answer failed: .*{TAKES_NOTHING}"))
    ada.sees("What was written until then is kept.")
    expect(ada.tab.get_by_text(re.compile("This conversation is held up"))).to_have_count(0)
    expect(ada.turns.last).to_contain_text(shown)
    ada.settle(longest_answer=10)
    ada.box.press("Enter")
    ada.answered()
    expect(ada.turns).to_have_count(4)
    with calling(house, cookies) as client:
        kept = client.get(f"/api/conversations/{ada.tab.url.rsplit('/', 1)[1]}").json()["messages"]
    assert [one["state"] for one in kept if one["role"] == "assistant"] == ["failed", "done"]
    assert [one["content"] for one in kept if one["role"] == "user"] == [LONG, "Is anybody there?"]
    assert "".join(kept[1]["content"].split()).startswith("".join(shown.split()))


def test_a_message_that_met_a_full_disk_is_sent_once_there_is_space(
    arrive: Callable[..., Person], house: House, cookies: dict[str, str]
) -> None:
    ada = arrive()
    ada.settle(longest_answer=10)
    ada.ask("Hello")
    ada.answered()
    with out_of_quota(house):
        ada.ask("Once more")
        ada.sees(re.compile(f"Not sent: .*{TAKES_NOTHING}"))
        ada.box.fill("half a thought")
    ada.button("Try again").click()
    ada.answered()
    expect(ada.turns).to_have_count(4)
    expect(ada.box).to_have_value("half a thought")
    with calling(house, cookies) as client:
        kept = client.get(f"/api/conversations/{ada.tab.url.rsplit('/', 1)[1]}").json()["messages"]
    assert [one["content"] for one in kept if one["role"] == "user"] == ["Hello", "Once more"]
