"""The first visit to a house: its account is made from the page alone, and the page teaches by doing."""

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from tests.house import House
from tests.web.people import PASSWORD, Person

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = pytest.mark.slow


def test_the_first_visitor_makes_the_account_and_is_taught_by_doing(house: House, page: "Page") -> None:
    ada = Person(page, house.url).open("/")
    page.wait_for_url("**/setup")
    ada.button("Make the account").click()
    for fault in ("Write a name.", "Write your e-mail address.", "Write the password."):
        ada.sees(fault)
    page.get_by_label("Name").fill("Ada")
    page.get_by_label("E-mail").fill("ada@example.org")
    page.get_by_role("textbox", name="Password").fill("short")
    ada.button("Make the account").click()
    ada.sees("A password has at least 8 characters. Choose a longer one.")
    page.get_by_role("textbox", name="Password").fill(PASSWORD)
    ada.button("Make the account").click()
    expect(ada.box).to_be_focused()
    expect(page.get_by_role("heading", name="Three things this small model does well.")).to_be_visible()
    ada.button(re.compile("^Explain something")).click()
    expect(ada.button("Send").or_(ada.button("Stop")).first).to_be_visible()
    if ada.button("Send").is_enabled():  # the example is put into the field, to be changed or sent
        ada.button("Send").click()
    ada.answered()
    expect(page.get_by_role("heading", name="You said")).to_have_count(1)
