"""Arriving: signing in and out, invitations, keys with a snippet that works, languages and themes."""

import re
import subprocess
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import httpx
import pytest
from playwright.sync_api import expect

from tests.house import House
from tests.web.people import PASSWORD, Person

if TYPE_CHECKING:
    from playwright.sync_api import Page

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("cookies")]  # there is an account


def test_a_wrong_password_is_said_beside_the_form_and_the_right_one_lets_in(house: House, page: "Page") -> None:
    ada = Person(page, house.url).open("/sign-in")
    page.get_by_label("E-mail").fill("ada@example.org")
    page.get_by_role("textbox", name="Password").fill("not this one")
    ada.button("Sign in").click()
    ada.sees("The e-mail address or the password is wrong.")
    page.get_by_role("textbox", name="Password").fill(PASSWORD)
    page.get_by_role("textbox", name="Password").press("Enter")
    expect(ada.box).to_be_visible()
    ada.button(re.compile("^Account and settings")).click()
    page.get_by_role("menuitem", name="Sign out").click()
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    ada.open("/")
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()


def sign_in(tab: "Page", house: House, email: str = "ada@example.org") -> Person:
    person = Person(tab, house.url).open("/sign-in")
    tab.get_by_label("E-mail").fill(email)
    tab.get_by_role("textbox", name="Password").fill(PASSWORD)
    person.button("Sign in").click()
    expect(person.box).to_be_visible()
    return person


def test_a_key_is_made_its_snippet_runs_as_it_is_and_it_is_revoked(house: House, page: "Page") -> None:
    ada = sign_in(page, house).open("/settings/keys")
    ada.button("Make a key").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Name").fill("notebook")
    ada.button("Make a key", dialog).click()
    secret = page.get_by_label("Secret of the key").input_value()
    snippet = page.get_by_role("tabpanel").last.inner_text()
    assert secret in snippet
    done = subprocess.run([sys.executable, "-c", snippet], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip()
    page.get_by_role("tab", name="curl").last.click()
    curl = page.get_by_role("tabpanel").last.inner_text()
    answer = subprocess.run(["sh", "-c", curl], capture_output=True, text=True, timeout=60)
    assert '"choices"' in answer.stdout, answer.stderr
    ada.button("I have kept it").click()
    ada.button("Revoke the key “notebook”").click()
    ada.button("Revoke", page.get_by_role("alertdialog")).click()
    ada.sees("The key “notebook” was revoked.")
    assert httpx.get(f"{house.url}/v1/models", headers={"Authorization": f"Bearer {secret}"}).status_code == 401


def test_an_invitation_lets_one_person_in_who_sees_nothing_of_others(house: House, page: "Page", visitor: Callable[..., "Page"]) -> None:
    ada = sign_in(page, house)
    ada.ask("A secret of mine")
    ada.answered()
    ada.open("/settings/people").button("Invite somebody").click()
    ada.button("Make the link").click()
    link = page.get_by_label("Link of the invitation").input_value()
    ada.button("Done").click()

    bob = Person(visitor(), house.url)
    bob.tab.goto(link)
    bob.tab.get_by_label("Name").fill("Bob")
    bob.tab.get_by_label("E-mail").fill("bob@example.org")
    bob.tab.get_by_role("textbox", name="Password").fill(PASSWORD)
    bob.button("Make my account").click()
    expect(bob.box).to_be_visible()
    bob.sees("Your conversations will be listed here.")
    bob.open("/settings/people").sees("Only owners manage people")

    late = Person(visitor(), house.url)
    late.tab.goto(link)
    late.sees("This invitation no longer works")


def test_a_session_is_ended_from_another_browser(house: House, page: "Page", visitor: Callable[..., "Page"]) -> None:
    here, there = sign_in(page, house), sign_in(visitor(), house)
    here.open("/settings/sessions").button("End all others").click()
    here.button("End all others", page.get_by_role("alertdialog")).click()
    here.sees(re.compile(r"other sessions? (was|were) ended"))
    there.open("/")
    expect(there.button("Sign in")).to_be_visible()


def test_language_and_theme_are_chosen_and_there_before_the_page_draws(house: House, page: "Page", visitor: Callable[..., "Page"]) -> None:
    ada = sign_in(page, house)
    for entry in ("Dark", "Français"):
        ada.button(re.compile("^(Account and settings|Compte et réglages)")).click()
        page.get_by_role("menuitemradio", name=entry).click()
        expect(page.get_by_role("menu")).to_have_count(0)
    expect(ada.button("Nouvelle conversation")).to_be_visible()
    # what the browser draws itself, such as scroll bars, follows the choice, too: this browser prefers light
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "dark"
    source = page.request.get(f"{house.url}/", headers={"Accept": "text/html"}).text()
    assert '<html lang="fr" data-theme="dark">' in source
    elsewhere = sign_in(visitor(), house)  # the choice goes with the account
    expect(elsewhere.button("Nouvelle conversation")).to_be_visible()


@pytest.mark.parametrize(("locale", "words"), [("fr-FR", "Se connecter"), ("ja-JP", "サインイン")])
def test_somebody_new_is_spoken_to_in_the_language_of_their_browser(
    house: House, visitor: Callable[..., "Page"], locale: str, words: str
) -> None:
    guest = Person(visitor(locale=locale), house.url).open("/")
    expect(guest.tab.get_by_role("button", name=words)).to_be_visible()
