"""Another server behind this one, as a person meets it: where an answer comes from is said everywhere, and so is what went wrong there."""

import asyncio
import re
import signal
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import expect

from tests import house as houses
from tests.house import House
from tests.upstream.hostile import says, whole
from tests.upstream.there import There
from tests.web.people import Person

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow

GOOD = (says("Bonjour"), says(" from there", "stop", usage={"prompt_tokens": 5, "completion_tokens": 4}), "[DONE]")


@pytest.fixture(scope="module")
def there() -> Iterator[There]:
    with There().running() as other:
        yield other


@pytest.fixture(scope="module")
def house(smollm2: "Path", there: There, tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """The real server, with that one behind it."""
    folder = tmp_path_factory.mktemp("house")
    running = houses.start(folder / "home", folder / "log.txt", smollm2, upstream_url=there.server.url)
    running.wait_ready()
    with running.client() as client:
        running.until(lambda: "theirs" in client.get("/v1/models").text)
    yield running
    running.stop(signal.SIGKILL)


@pytest.fixture
def ada(arrive: Callable[..., Person], there: There) -> Person:
    """At a new chat with the model of the other server."""
    there.server.streams(*GOOD)
    person = arrive()
    choose(person, "Theirs", f"Runs beside Alizé, at {there.host}")
    return person


def choose(person: Person, model: str, place: str) -> None:
    """Choose a model in the picker, which says where it runs."""
    person.button(re.compile("^Model: ")).click()
    entry = person.tab.get_by_role("menuitemradio", name=re.compile(f"^{model}"))
    expect(entry).to_contain_text(place)
    entry.click()
    expect(person.tab.get_by_role("menu")).to_have_count(0)


def head(person: Person) -> Any:
    return person.tab.get_by_role("banner")


def test_where_an_answer_comes_from_is_said_in_the_picker_in_the_head_and_under_it(ada: Person, there: There) -> None:
    expect(head(ada).get_by_text(f"Runs beside Alizé, at {there.host}")).to_be_visible()
    ada.ask("Where are you?")
    turn = ada.answered()
    expect(turn).to_contain_text("Bonjour from there")
    expect(turn.get_by_text(re.compile(rf"^theirs · \d+ tokens? · .*from {re.escape(there.host)}$"))).to_be_visible()
    expect(turn.get_by_text("stayed here")).to_have_count(0)
    ada.tab.reload()
    expect(ada.answered().get_by_text(re.compile(f"from {re.escape(there.host)}"))).to_be_visible()
    expect(head(ada).get_by_text(f"Runs beside Alizé, at {there.host}")).to_be_visible()


def test_what_left_the_machine_is_said_and_a_later_answer_of_this_one_hides_it_not(ada: Person, there: There) -> None:
    choose(ada, "Far", "Runs on api.example")
    ada.ask("Where are you?")
    first = ada.answered()
    expect(first.get_by_text(re.compile("sent to api.example"))).to_be_visible()
    choose(ada, "SmolLM2", "Runs on this machine")
    ada.settle(longest_answer=5)
    ada.ask("And now?")
    expect(ada.answered().get_by_text(re.compile("stayed here$"))).to_be_visible()
    expect(ada.turns.nth(1).get_by_text(re.compile("sent to api.example"))).to_be_visible()


FAULTS = {
    "it is out of order": (
        [whole({"error": "out of order"}, "503 Busy")],
        "{host}, which answers for this model, failed (503). Try again. In its words: “out of order”",
        "",
    ),
    "it hangs up": ([], "The connection to {host}, which answers for this model, broke. Try again.", ""),
    "it refuses our key": ([whole({"error": "no"}, "401 Unauthorized")], "does not accept the key or account of our server (401)", ""),
    "it sends what is no answer": ([whole(b"<h1>Welcome</h1>")], "What {host} sent is no answer.", ""),
    "it sends a malformed event": ((says("Half an answer"), b"data: {no JSON\n\n", "[DONE]"), "{host}", "Half an answer"),
    "it ends with an error": ((says("Half an answer"), {"error": {"message": "out of memory"}}), "out of memory", "Half an answer"),
    "it goes away in the middle": ((says("Half an answer"),), "{host}", "Half an answer"),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_whatever_fails_there_is_said_what_came_is_kept_and_one_tries_again(ada: Person, there: There, fault: str) -> None:
    script, words, kept = FAULTS[fault]
    if isinstance(script, list):
        there.server.script = script
    else:
        there.server.streams(*script)
    ada.ask("Are you there?")
    ada.sees(re.compile("The answer failed: .*" + re.escape(words.format(host=there.host))))
    ada.sees("What was written until then is kept." if kept else "Your message is kept.")
    expect(ada.turns.last).to_contain_text(kept)
    expect(ada.turns.last).to_contain_text(there.host)  # also of what failed it is said where it was sent
    there.server.streams(*GOOD)
    ada.button("Try again").click()
    expect(ada.answered()).to_contain_text("Bonjour from there")
    if kept:  # nothing is lost: what came stands beside it
        ada.button("Previous version").last.click()
        expect(ada.turns.last).to_contain_text(kept)


def test_one_that_is_slow_is_waited_for_shown_as_it_comes_and_can_be_stopped(ada: Person, there: There) -> None:
    first, second, never = asyncio.Event(), asyncio.Event(), asyncio.Event()
    there.server.streams(first, says("Slow"), second, says(" but sure", "stop"), "[DONE]")
    ada.ask("Take your time.")
    ada.sees("Reading the conversation")
    expect(ada.button("Stop")).to_be_visible()
    there.let(first)
    expect(ada.turns.last.get_by_text("Slow", exact=True)).to_be_visible()
    there.let(second)
    expect(ada.answered()).to_contain_text("Slow but sure")

    there.server.streams(says("Half"), never)
    ada.ask("Once more.")
    expect(ada.turns.last.get_by_text("Half", exact=True)).to_be_visible()
    ada.button("Stop").click()
    ada.sees("You stopped this answer. What was written is kept.")
    expect(ada.turns.last).to_contain_text("Half")
    expect(ada.turns).to_have_count(4)
