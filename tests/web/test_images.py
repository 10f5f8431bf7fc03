"""Pictures on the page: attached in every way, shown before and after, seen by a model that sees, refused for one that does not."""

import re
import signal
from base64 import b64encode
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import JSHandle, Page, expect

from tests import house as houses
from tests.house import House
from tests.pictures import noise
from tests.web.people import Person, calling, first_account

pytest.importorskip("torch")
from tests.pixtral import write_tiny_pixtral

pytestmark = pytest.mark.slow
PNG = noise(60, 40, 1)
DROPPED = """([name, type, base64]) => {
    const data = new DataTransfer();
    data.items.add(new File([Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0))], name, { type }));
    return data;
}"""
PASTE = "([box, data]) => box.dispatchEvent(new ClipboardEvent('paste', { clipboardData: data, bubbles: true, cancelable: true }))"


@pytest.fixture(scope="module")
def seeing(smollm2: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """A server whose model sees."""
    folder = tmp_path_factory.mktemp("seeing")
    weights = folder / "tiny-pixtral"
    write_tiny_pixtral(weights)
    running = houses.start(
        folder / "home", folder / "log.txt", smollm2, model=str(weights), dtype="float32", default_max_tokens="12", max_context="4096"
    )
    running.wait_ready()
    yield running
    running.stop(signal.SIGKILL)


def at(house: House, visitor: Callable[..., Page], cookies: dict[str, str]) -> Person:
    tab = visitor()
    tab.context.add_cookies([{"name": name, "value": value, "url": house.url} for name, value in cookies.items()])
    return Person(tab, house.url).open()


def choose(person: Person, name: str, data: bytes, kind: str = "image/png") -> None:
    person.tab.locator("input[type=file]").set_input_files({"name": name, "mimeType": kind, "buffer": data})


def dropped_on(person: Person, name: str, data: bytes, kind: str = "image/png") -> JSHandle:
    """What a drop or a paste brings: in base64, since a number of JSON for each byte of megabytes takes a minute."""
    return person.tab.evaluate_handle(DROPPED, [name, kind, b64encode(data).decode()])


def test_pictures_are_attached_seen_and_kept(seeing: House, visitor: Callable[..., Page]) -> None:
    cookies = first_account(seeing)
    ada = at(seeing, visitor, cookies)
    expect(ada.button(re.compile("Attach text files or images"))).to_be_visible()
    ada.sees("attach a text file or an image to talk about")
    choose(ada, "a.bmp", b"BM", "image/bmp")
    ada.sees("a.bmp was not attached: only text files and images")
    choose(ada, "chosen.png", PNG)
    expect(ada.tab.get_by_text("chosen.png")).to_be_visible()
    expect(ada.tab.locator("form img")).to_have_count(1)
    pasted = dropped_on(ada, "p.png", PNG)
    ada.tab.evaluate(PASTE, [ada.box.element_handle(), pasted])
    expect(ada.tab.locator("form img")).to_have_count(2)
    large = noise(3000, 2000, 2, "JPEG")
    ada.tab.locator("form").dispatch_event("drop", {"dataTransfer": dropped_on(ada, "dropped.jpg", large, "image/jpeg")})
    expect(ada.tab.locator("form img")).to_have_count(3)
    ada.button("Remove p.png").click()
    expect(ada.tab.locator("form img")).to_have_count(2)
    ada.ask("What is this?")
    ada.answered()
    expect(ada.tab.locator("form img")).to_have_count(0)
    expect(ada.tab.get_by_role("img", name="chosen.png")).to_be_visible()
    ada.tab.reload()
    expect(ada.tab.get_by_role("img", name="dropped.jpg")).to_be_visible()
    with calling(seeing, cookies) as client:
        question, answer = client.get(f"/api/conversations/{ada.tab.url.rsplit('/', 1)[1]}").json()["messages"]
        chosen, dropped = question["attachments"]
        sizes = [len(client.get(f"/api/attachments/{file['id']}").content) for file in (chosen, dropped)]
    assert (chosen["type"], dropped["type"]) == ("image/png", "image/jpeg")
    assert sizes[0] == len(PNG)
    assert sizes[1] < 700 * 1024 < len(large) < 10_000_000
    assert answer["state"] == "done"
    assert answer["prompt_tokens"] > 3 * (4 + 1) + 40 * (64 + 1)  # both are seen: 3 rows of 4 squares, and some 43 of 64


def test_a_model_that_cannot_see_is_said_to_be_so(house: House, visitor: Callable[..., Page], cookies: dict[str, str]) -> None:
    ada = at(house, visitor, cookies)
    expect(ada.button(re.compile("Attach text files"))).to_be_visible()
    ada.sees("attach a text file to talk about")
    ada.tab.locator("form").dispatch_event("drop", {"dataTransfer": dropped_on(ada, "a.png", PNG)})
    ada.sees("a.png was not attached: SmolLM2 135M Instruct cannot see images.")
    expect(ada.tab.locator("form img")).to_have_count(0)
