"""Several models in one server, as people meet them: the menu says which are awake, asking wakes one, and owners load and let sleep."""

import re
import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from tests import house as houses
from tests.house import House
from tests.tiny_model import write_tiny_gguf
from tests.web.people import Person

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def house(smollm2: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The real server, with two tiny models beside the real one, of which one at a time fits."""
    folder = tmp_path_factory.mktemp("house")
    tiny = [write_tiny_gguf(folder / f"{name}.gguf", seed=seed) for seed, name in enumerate(("one", "two"))]
    more = {"memory": "1", "cache_memory": "0.1", "embedding_model": "", "pinned": "model"}
    running = houses.start(folder / "home", folder / "log.txt", smollm2, models=",".join(map(str, tiny)), **more)
    running.wait_ready()
    yield running
    running.stop(signal.SIGKILL)


def entry(person: Person, name: str) -> Locator:
    """A model in the open menu."""
    return person.tab.get_by_role("menuitemradio", name=re.compile(f"^{name}"))


def row(person: Person, name: str) -> Locator:
    """A model in the list of the settings."""
    return person.tab.get_by_role("listitem").filter(has_text=re.compile(f"^{name}"))


def test_a_model_that_is_asleep_is_loaded_when_it_is_asked(arrive: Callable[..., Person]) -> None:
    ada = arrive()
    ada.button(re.compile("^Model: ")).click()
    expect(entry(ada, "SmolLM2")).to_contain_text("Awake")
    expect(entry(ada, "one")).to_contain_text("Asleep: loaded when it is asked")
    entry(ada, "one").click()
    ada.ask("Who are you?")
    expect(ada.answered().get_by_text(re.compile(r"^one · \d+ token"))).to_be_visible()
    ada.button(re.compile("^Model: ")).click()
    expect(entry(ada, "one")).to_contain_text("Awake")


def test_owners_load_keep_awake_and_let_sleep(arrive: Callable[..., Person]) -> None:
    ada = arrive("/settings/models")
    expect(row(ada, "SmolLM2")).to_contain_text("Awake")
    expect(ada.button("Put to sleep: SmolLM2 135M Instruct")).to_be_disabled()
    ada.button("Load: two").click()
    expect(row(ada, "two")).to_contain_text("Awake", timeout=60_000)
    expect(row(ada, "one")).to_contain_text("Asleep", timeout=60_000)  # it gave way
    ada.tab.get_by_role("switch", name="Keep awake: two").click()
    expect(ada.button("Put to sleep: two")).to_be_disabled()
    ada.button("Load: one").click()
    expect(row(ada, "one")).to_contain_text("never sleep", timeout=60_000)
    ada.tab.get_by_role("switch", name="Keep awake: two").click()
    ada.button("Put to sleep: two").click()
    dialog = ada.tab.get_by_role("alertdialog")
    expect(dialog).to_contain_text("Its running answers end first")
    dialog.get_by_role("button", name="Put to sleep").click()
    expect(row(ada, "two")).to_contain_text("Asleep", timeout=60_000)


@pytest.mark.parametrize("language", ["fr-FR", "ja-JP"])
def test_it_is_all_said_in_their_language(arrive: Callable[..., Person], language: str) -> None:
    ada = arrive("/settings/models", locale=language)
    words = {"fr-FR": ("Garder éveillé", "Par défaut"), "ja-JP": ("常に起動", "既定")}[language]
    for word in words:
        ada.sees(word)
