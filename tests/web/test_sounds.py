"""Sounds on the page: attached, heard by a model that hears, played in the conversation, refused for one that does not hear."""

import re
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests import house as houses
from tests.house import House
from tests.web.people import Person, calling, first_account

pytest.importorskip("torch")
from tests.voxtral import sound, write_tiny_voxtral

pytestmark = pytest.mark.slow
WAV = sound(1.0)


@pytest.fixture(scope="module")
def hearing(smollm2: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A server whose model hears."""
    folder = tmp_path_factory.mktemp("hearing")
    weights = folder / "tiny-voxtral"
    write_tiny_voxtral(weights)
    running = houses.start(
        folder / "home", folder / "log.txt", smollm2, model=str(weights), dtype="float32", default_max_tokens="12", max_context="2048"
    )
    running.wait_ready()
    yield running
    running.stop(signal.SIGKILL)


@pytest.fixture(scope="module")
def owner(hearing: House) -> dict[str, str]:
    """The cookies of whoever made its first account."""
    return first_account(hearing)


def at(house: House, visitor: Callable[..., Page], cookies: dict[str, str]) -> Person:
    tab = visitor()
    tab.context.add_cookies([{"name": name, "value": value, "url": house.url} for name, value in cookies.items()])
    return Person(tab, house.url).open()


def choose(person: Person, name: str, data: bytes, kind: str) -> None:
    person.tab.locator("input[type=file]").set_input_files({"name": name, "mimeType": kind, "buffer": data})


def test_sounds_are_attached_heard_played_and_kept(hearing: House, owner: dict[str, str], visitor: Callable[..., Page]) -> None:
    ada = at(hearing, visitor, owner)
    expect(ada.button(re.compile("Attach text files or sounds"))).to_be_visible()
    ada.sees("attach a text file or a sound to talk about")
    choose(ada, "a.m4a", b"ftyp", "audio/mp4")
    ada.sees("a.m4a was not attached: only text files and sounds")
    choose(ada, "said.wav", WAV, "audio/wav")
    expect(ada.button("Remove said.wav")).to_be_visible()  # it has arrived: until then nothing is sent
    ada.ask("What was that?")
    ada.answered()
    ada.tab.reload()
    player = ada.tab.locator("audio[aria-label='said.wav']")
    expect(player).to_be_visible()
    ada.tab.wait_for_function("() => document.querySelector('audio').readyState >= 1")
    assert ada.tab.evaluate("() => document.querySelector('audio').duration") == pytest.approx(1.0, abs=0.01)
    with calling(hearing, owner) as client:
        question, answer = client.get(f"/api/conversations/{ada.tab.url.rsplit('/', 1)[1]}").json()["messages"]
        (file,) = question["attachments"]
        assert (file["type"], file["text"]) == ("audio/wav", "")
        assert client.get(f"/api/attachments/{file['id']}").content == WAV
    assert answer["state"] == "done"
    assert answer["prompt_tokens"] > 375  # half a minute, most of it silence


def test_an_upload_shows_how_far_it_is_and_can_be_cancelled(hearing: House, owner: dict[str, str], visitor: Callable[..., Page]) -> None:
    ada = at(hearing, visitor, owner)
    slow = ada.tab.context.new_cdp_session(ada.tab)
    slow.send("Network.enable")
    slowly = {"offline": False, "latency": 0, "downloadThroughput": -1, "uploadThroughput": 40_000}
    slow.send("Network.emulateNetworkConditions", slowly)
    large = sound(150.0)
    assert 4_000_000 < len(large) < 5 * 2**20
    choose(ada, "slow.wav", large, "audio/wav")
    expect(ada.tab.get_by_role("progressbar", name="slow.wav is being uploaded")).to_be_visible()
    ada.box.fill("Never mind the sound")
    ada.box.press("Enter")
    expect(ada.turns).to_have_count(0)
    ada.button("Do not attach slow.wav").click()
    expect(ada.tab.get_by_role("progressbar")).to_have_count(0)
    slow.send("Network.emulateNetworkConditions", {**slowly, "uploadThroughput": -1})
    ada.box.press("Enter")
    ada.answered()
    ada.tab.reload()
    ada.sees("Never mind the sound")
    expect(ada.tab.get_by_text("slow.wav")).to_have_count(0)


def test_two_sounds_as_large_as_may_be_go_with_one_question(hearing: House, owner: dict[str, str], visitor: Callable[..., Page]) -> None:
    ada = at(hearing, visitor, owner)
    large = sound(150.0)
    files = [{"name": f"{name}.wav", "mimeType": "audio/wav", "buffer": large} for name in "ab"]
    ada.tab.locator("input[type=file]").set_input_files(files)
    for name in "ab":
        expect(ada.button(f"Remove {name}.wav")).to_be_visible(timeout=30_000)
    ada.ask("And these?")
    expect(ada.tab.locator("audio")).to_have_count(2)
    ada.tab.wait_for_url("**/c/*")  # the question has arrived
    ada.tab.reload()
    expect(ada.tab.locator("audio")).to_have_count(2)


def test_what_a_temporary_chat_cannot_send_at_once_is_refused_before(
    hearing: House, owner: dict[str, str], visitor: Callable[..., Page]
) -> None:
    ada = at(hearing, visitor, owner)
    ada.button("Temporary chat").click()
    files = [{"name": f"{name}.wav", "mimeType": "audio/wav", "buffer": sound(150.0)} for name in "ab"]
    ada.tab.locator("input[type=file]").set_input_files(files)
    expect(ada.button("Remove a.wav")).to_be_visible(timeout=30_000)
    ada.sees("b.wav was not attached: a temporary chat sends all of a message at once, at most 10 MB.")


def test_a_model_that_cannot_hear_is_said_to_be_so(house: House, visitor: Callable[..., Page], cookies: dict[str, str]) -> None:
    ada = at(house, visitor, cookies)
    choose(ada, "said.wav", WAV, "audio/wav")
    ada.sees("said.wav was not attached: SmolLM2 135M Instruct cannot hear.")
