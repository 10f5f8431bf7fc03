"""Keeping and choosing: names, pins, the archive, deletion with undo, search, export, temporary chats, settings, attached files."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from uuid import uuid4

import pytest
from playwright.sync_api import FilePayload, Page, expect

from tests.house import House
from tests.serving import in_background
from tests.web.people import Person, calling, first_account

pytestmark = pytest.mark.slow

Arrive = Callable[..., Person]


@pytest.fixture
def chat(house: House, cookies: dict[str, str]) -> Callable[[str], str]:
    """A function that makes a conversation with that title and no message; its id."""

    def make(title: str) -> str:
        with calling(house, cookies) as client:
            answer = client.post("/api/conversations", json={"id": uuid4().hex, "title": title})
            assert answer.status_code == 201, answer.text
            return answer.json()["id"]

    return make


def test_a_conversation_is_renamed_in_its_place(arrive: Arrive, chat: Callable[[str], str]) -> None:
    chat("Bees of the north")
    ada = arrive()
    ada.menu_of("Bees of the north", "Rename F2")
    field = ada.tab.get_by_role("textbox", name="Name of the conversation")
    field.fill("Wasps")
    field.press("Enter")
    expect(ada.chat_in_list("Wasps")).to_be_visible()
    ada.tab.reload()
    expect(ada.chat_in_list("Wasps")).to_be_visible()
    expect(ada.chat_in_list("Bees of the north")).to_have_count(0)


def test_a_pinned_conversation_stands_above_newer_ones(arrive: Arrive, chat: Callable[[str], str]) -> None:
    chat("Old and dear")
    chat("New")
    ada = arrive()
    ada.menu_of("Old and dear", "Pin")
    rail = ada.tab.get_by_role("navigation", name="Conversations")
    expect(rail.get_by_role("heading", name="Pinned")).to_be_visible()
    for _ in range(2):
        expect(rail.get_by_role("list").get_by_role("link").first).to_have_accessible_name("Old and dear")
        ada.tab.reload()
    ada.menu_of("Old and dear", "Unpin")
    expect(rail.get_by_role("heading", name="Pinned")).to_have_count(0)


def test_what_is_archived_leaves_the_list_stays_findable_and_comes_back(arrive: Arrive, chat: Callable[[str], str]) -> None:
    chat("Tax of last year")
    ada = arrive()
    ada.menu_of("Tax of last year", "Archive")
    ada.sees("“Tax of last year” was archived")
    expect(ada.chat_in_list("Tax of last year")).to_have_count(0)
    ada.button(re.compile("^Search")).click()
    ada.tab.get_by_role("combobox").fill("tax of")
    expect(ada.tab.get_by_role("option", name=re.compile("Tax of last year")).first).to_be_visible()
    ada.open("/archived")
    ada.tab.get_by_role("main").get_by_role("button", name="Actions for “Tax of last year”").click()
    ada.tab.get_by_role("menuitem", name="Move back to the list").click()
    expect(ada.chat_in_list("Tax of last year")).to_be_visible()


def test_a_deletion_can_be_undone(arrive: Arrive, chat: Callable[[str], str], house: House, cookies: dict[str, str]) -> None:
    gone, kept = chat("To be gone"), chat("To be kept")
    ada = arrive()
    for title in ("To be gone", "To be kept"):
        ada.menu_of(title, "Delete Del")
        ada.sees(f"“{title}” was deleted")
        expect(ada.chat_in_list(title)).to_have_count(0)
    ada.tab.get_by_role("listitem").filter(has_text="“To be kept” was deleted").get_by_role("button", name="Undo").click()
    expect(ada.chat_in_list("To be kept")).to_be_visible()
    with calling(house, cookies) as client:
        assert [client.get(f"/api/conversations/{id}").status_code for id in (gone, kept)] == [404, 200]


def test_a_search_finds_words_in_messages_and_marks_them(arrive: Arrive) -> None:
    ada = arrive()
    ada.settle(longest_answer=5)
    ada.ask("Do ocelots swim in São Paulo?")
    ada.answered()
    ada.button("New chat").click()
    ada.tab.keyboard.press("Control+k")
    ada.tab.get_by_role("combobox").fill("sao paulo")
    hit = ada.tab.get_by_role("option").filter(has_text="ocelots").first
    expect(hit.locator("mark")).to_have_text(["São", "Paulo"])
    hit.click()
    expect(ada.turns.first).to_contain_text("Do ocelots swim")


def test_a_search_leads_to_the_branch_that_holds_what_was_found_and_marks_the_words(arrive: Arrive) -> None:
    ada = arrive()
    ada.settle(longest_answer=5)
    ada.ask("Do axolotls dream?")
    ada.answered()
    ada.turns.first.hover()
    ada.button("Edit", ada.turns.first).click()
    field = ada.tab.get_by_role("textbox", name="Edit your message")
    field.fill("Do marmots whistle?")
    field.press("Enter")
    ada.answered()
    ada.tab.keyboard.press("Control+k")
    ada.tab.get_by_role("combobox").fill("axolotls")
    ada.tab.get_by_role("option").filter(has_text="dream").first.click()
    expect(ada.turns.first).to_contain_text("Do axolotls dream?")
    marked = "[...(CSS.highlights.get('found') ?? [])].map(String)"
    ada.tab.wait_for_function(f"{marked}.length > 0")
    assert ada.tab.evaluate(marked) == ["axolotls"]
    ada.open("/search?q=marmots")
    ada.tab.get_by_role("main").get_by_role("link").filter(has_text="whistle").click()
    expect(ada.turns.first).to_contain_text("Do marmots whistle?")
    ada.tab.wait_for_function(f"{marked}.join() === 'marmots'")


def test_a_conversation_is_exported_as_markdown_and_as_json(arrive: Arrive) -> None:
    ada = arrive()
    ada.settle(longest_answer=5)
    ada.ask("What is exported?")
    ada.answered()
    for entry, holds in (("Export as Markdown", "What is exported?"), ("Export as JSON", '"What is exported?"')):
        ada.button("This conversation").click()
        with ada.tab.expect_download() as download:
            ada.tab.get_by_role("menuitem", name=entry).click()
        expect(ada.tab.get_by_role("menu")).to_have_count(0)
        text = Path(download.value.path()).read_text("utf-8")
        assert holds in text
    assert json.loads(text)["messages"]


def test_a_temporary_chat_leaves_no_trace(arrive: Arrive, house: House) -> None:
    ada = arrive()
    ada.button("Temporary chat").click()
    ada.sees("Nothing of it is stored, here or on the server. It ends when you leave it.")
    ada.ask("A pelican named Quetzalcoatl-77")
    ada.answered()
    ada.tab.reload()
    expect(ada.tab.get_by_text("Quetzalcoatl-77")).to_have_count(0)
    assert ada.tab.evaluate("JSON.stringify(localStorage) + JSON.stringify(sessionStorage)").count("Quetzalcoatl-77") == 0
    stored = [path for path in house.home.rglob("*") if path.is_file() and "models" not in path.parts]
    assert any(path.suffix == ".db" for path in stored)
    assert [path.name for path in stored if b"Quetzalcoatl-77" in path.read_bytes()] == []


def test_the_notice_of_a_temporary_chat_is_seen_on_a_phone(arrive: Arrive) -> None:
    ada = arrive(viewport={"width": 360, "height": 640}, has_touch=True, is_mobile=True)
    ada.button("Temporary chat").click()
    expect(ada.tab.get_by_text("Nothing of it is stored, here or on the server.")).to_be_in_viewport(ratio=1)


def test_settings_of_a_conversation_hold_after_a_reload_and_say_what_is_wrong(arrive: Arrive) -> None:
    ada = arrive()
    ada.button("Settings of this conversation").click()
    expect(ada.tab.get_by_label("Longest answer", exact=True)).to_have_attribute("placeholder", "512")
    ada.sees("By default, this model ends at 512.")
    expect(ada.button("Save")).to_be_in_viewport(ratio=1)
    ada.tab.get_by_label("Temperature", exact=True).fill("9")
    ada.tab.get_by_label("Longest answer", exact=True).fill("2.5")
    ada.button("Save").click()
    ada.sees("A number from 0 to 1.5 is needed here.")
    ada.sees("A whole number is needed here.")
    ada.tab.get_by_label("Temperature", exact=True).fill("0")
    ada.tab.get_by_label("Longest answer", exact=True).fill("5")
    ada.tab.get_by_label("System prompt", exact=True).fill("Answer in capitals.")
    ada.button("Save").click()
    ada.ask("Tell me a long story.")
    expect(ada.answered().get_by_text(re.compile("· 5 tokens ·"))).to_be_visible()
    ada.sees("The answer reached its limit of tokens.")
    ada.tab.reload()
    ada.button("Settings of this conversation").click()
    expect(ada.tab.get_by_label("System prompt", exact=True)).to_have_value("Answer in capitals.")
    expect(ada.tab.get_by_label("Longest answer", exact=True)).to_have_value("5")


def test_a_text_file_is_attached_and_what_cannot_be_is_said(arrive: Arrive) -> None:
    ada = arrive()
    ada.settle(longest_answer=5)
    files: list[FilePayload] = [
        {"name": "notes.txt", "mimeType": "text/plain", "buffer": b"The password of the vault is mango."},
        {"name": "photo.png", "mimeType": "image/png", "buffer": b"\x89PNG\r\n\x1a\n\x00\x00"},
        {"name": "huge.txt", "mimeType": "text/plain", "buffer": b"x" * 600_000},
        {"name": "empty.txt", "mimeType": "text/plain", "buffer": b""},
    ]
    with ada.tab.expect_file_chooser() as chooser:
        ada.button(re.compile("^Attach text files")).click()
    chooser.value.set_files(files)
    for said in ("photo.png was not attached", "huge.txt was not attached", "empty.txt was not attached"):
        ada.sees(re.compile(said))
    ada.ask("What is in it?")
    ada.answered()
    expect(ada.turns.first).to_contain_text("notes.txt")
    ada.tab.reload()
    expect(ada.turns.first).to_contain_text("notes.txt")


def test_what_is_no_longer_sent_to_the_model_is_shown(visitor: Callable[..., Page], tmp_path: Path) -> None:
    with in_background(tmp_path) as house:  # a model without weights, whose context is 4,096 bytes
        cookies = first_account(house)
        tab = visitor()
        tab.context.add_cookies([{"name": name, "value": value, "url": house.url} for name, value in cookies.items()])
        ada = Person(tab, house.url).open("/")
        for number in range(3):
            ada.ask(f"Part {number}: " + "the sea and the sky " * 80)
            ada.answered(2 * number + 1)
        ada.sees(re.compile("no longer sent to the model"))
        ada.button("Show where").click()
        ada.sees("From here on, messages are sent to the model")
