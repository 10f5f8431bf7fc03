"""Talking: an answer that streams, is stopped, continued, edited and branched, and that no reload, second tab or fault loses or doubles."""

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from tests.house import House
from tests.web.people import Person, kept, squeezed

pytestmark = pytest.mark.slow

LONG = "Tell me a very long story about a lighthouse keeper."
Arrive = Callable[..., Person]


def test_an_answer_streams_and_says_what_it_took_and_that_nothing_left(arrive: Arrive) -> None:
    ada = arrive()
    ada.ask("What is the capital of Italy?")
    turn = ada.answered()
    expect(turn.get_by_text(re.compile(r"^smollm2-135m-instruct · \d+ tokens · .*stayed here$"))).to_be_visible()
    expect(ada.chat_in_list("Capital of Italy")).to_be_visible(timeout=30_000)  # titled by the model


def test_a_reload_in_the_middle_loses_and_doubles_nothing(arrive: Arrive, house: House, cookies: dict[str, str]) -> None:
    ada = arrive()
    ada.settle(longest_answer=250)
    ada.ask(LONG)
    before = ada.writing().locator("p").first.inner_text()
    ada.tab.reload()
    shown = ada.answered().inner_text()
    question, answer = kept(house, cookies, ada.tab.url)
    assert question["content"] == LONG
    assert answer["content"].startswith(before[:10])
    assert squeezed(answer["content"])[:200] in squeezed(shown)
    expect(ada.turns).to_have_count(2)


def test_a_stopped_answer_keeps_its_text_and_is_continued_in_place(arrive: Arrive, house: House, cookies: dict[str, str]) -> None:
    ada = arrive()
    ada.settle(longest_answer=250)
    ada.ask(LONG)
    ada.writing()
    with house.held():
        ada.button("Stop").click()
    ada.sees("You stopped this answer. What was written is kept.")
    stopped = kept(house, cookies, ada.tab.url)[-1]["content"]
    assert stopped
    ada.button("Continue").click()
    expect(ada.button("Continue")).to_have_count(0)
    ada.answered()
    continued = kept(house, cookies, ada.tab.url)
    assert len(continued) == 2
    assert continued[-1]["content"].startswith(stopped)
    assert len(continued[-1]["content"]) > len(stopped)


def test_two_browsers_see_one_answer_grow_and_the_second_stops_it(arrive: Arrive, house: House) -> None:
    desk = arrive()
    desk.settle(longest_answer=400)
    desk.ask(LONG)
    desk.writing()
    with house.held():
        phone = arrive(desk.tab.url.removeprefix(desk.url), viewport={"width": 390, "height": 780}, has_touch=True, is_mobile=True)
        phone.writing()
        phone.button("Stop").click()
    for person in (phone, desk):
        person.sees("You stopped this answer. What was written is kept.")
    assert desk.turns.last.locator("p").first.inner_text() == phone.turns.last.locator("p").first.inner_text()


def test_a_message_typed_while_it_answers_waits_its_turn_and_can_be_taken_back(arrive: Arrive, house: House) -> None:
    ada = arrive()
    ada.settle(longest_answer=250)
    ada.ask(LONG)
    ada.writing()
    with house.held():
        ada.ask("And then?")
        ada.sees("Waits its turn")
        expect(ada.turns).to_have_count(4)
    ada.answered()
    expect(ada.turns).to_have_count(4)
    ada.settle(longest_answer=400)
    ada.ask(LONG)
    ada.writing()
    with house.held():
        ada.ask("Never mind")
        ada.sees("Waits its turn")
        other = arrive(ada.tab.url.removeprefix(ada.url))
        expect(other.tab.get_by_text("Never mind")).to_be_visible()
        ada.button("Do not send").click()
        for person in (ada, other):  # at once: the answer in front of it is still being written
            expect(person.tab.get_by_role("article").filter(has_text="Never mind")).to_have_count(0)
            expect(person.tab.get_by_text("Waits its turn")).to_have_count(0)
            expect(person.button("Stop")).to_be_visible()
        expect(ada.box).to_have_value("Never mind")
        ada.button("Stop").click()
    ada.sees("You stopped this answer.")
    expect(ada.turns).to_have_count(6)


def test_an_edit_makes_a_branch_and_every_version_can_be_walked_to(arrive: Arrive) -> None:
    ada = arrive()
    ada.settle(longest_answer=12)
    ada.ask("What is the capital of Italy?")
    ada.answered()
    ada.turns.first.hover()
    ada.button("Edit", ada.turns.first).click()
    field = ada.tab.get_by_role("textbox", name="Edit your message")
    field.fill("What is the capital of Spain?")
    field.press("Enter")
    expect(ada.turns.first).to_contain_text("Spain")
    ada.answered()
    ada.button("Previous version", ada.turns.first).click()
    expect(ada.turns.first).to_contain_text("Italy")
    ada.button("Answer again", ada.turns.last).click()
    ada.answered()
    expect(ada.turns.last.get_by_role("group", name="Version 2 of 2")).to_be_visible()
    with ada.tab.expect_response(lambda response: response.request.method == "PATCH"):  # the server knows it before the page asks anew
        ada.button("Next version", ada.turns.first).click()
    expect(ada.turns.first).to_contain_text("Spain")
    ada.tab.reload()
    expect(ada.turns.first).to_contain_text("Spain")


def test_a_draft_is_kept_for_each_conversation(arrive: Arrive) -> None:
    ada = arrive()
    ada.settle(longest_answer=5)
    ada.ask("Hello")
    ada.answered()
    ada.box.fill("half a thought")
    ada.button("New chat").click()
    expect(ada.box).to_have_value("")
    ada.box.fill("another")
    ada.tab.go_back()
    expect(ada.box).to_have_value("half a thought")
    ada.tab.reload()
    expect(ada.box).to_have_value("half a thought")


def test_an_answer_is_copied_as_markdown(arrive: Arrive, house: House, cookies: dict[str, str]) -> None:
    ada = arrive(permissions=["clipboard-read", "clipboard-write"])
    ada.settle(longest_answer=20)
    ada.ask("Hello")
    ada.button("Copy as Markdown", ada.answered()).click()
    assert ada.tab.evaluate("navigator.clipboard.readText()") == kept(house, cookies, ada.tab.url)[-1]["content"]
