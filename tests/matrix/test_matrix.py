"""Every feature beside every other: in effect with the same answer, refused by name, or off and said to be; and so it is published."""

import os
from collections.abc import Iterator
from itertools import combinations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

pytest.importorskip("torch")
from tests.matrix.features import FEATURES
from tests.matrix.finding import House
from tests.matrix.notes import NOTES
from tests.matrix.page import PAGE, PAIRS, marks, written

pytestmark = pytest.mark.slow

WRITES = os.environ.get("MATRIX") == "write"
MARKS = marks()


def together(names: tuple[str, ...]) -> bool:
    return all(MARKS.get(frozenset(pair)) == "✓" for pair in combinations(names, 2))


def grown(found: tuple[str, ...]) -> tuple[str, ...]:
    """With everything that goes with them, and with what was taken before."""
    for other in FEATURES:
        if other not in found and together((*found, other)):
            found = (*found, other)
    return found


SEVERAL = [names for size in (3, 4) for names in combinations(FEATURES, size) if together(names)]


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with House(tmp_path_factory.mktemp("matrix")) as house:
        yield house


@pytest.mark.parametrize("name", FEATURES)
def test_a_feature_is_in_effect_alone(house: House, name: str) -> None:
    assert house.find([name]).mark == "✓"


@pytest.mark.parametrize("name", FEATURES)
def test_a_feature_that_is_not_asked_for_is_not_seen(house: House, name: str) -> None:
    """What shows one must not be shown by any other."""
    for other in FEATURES:
        assert other == name or not FEATURES[name].shown(house.case([other])), other


@pytest.mark.parametrize("pair", PAIRS, ids=" and ".join)
def test_two_features_do_together_what_the_page_says(house: House, pair: tuple[str, str]) -> None:
    found, note = house.find(pair), NOTES.get(frozenset(pair))
    assert WRITES or found.mark == MARKS.get(frozenset(pair)), found
    assert note is None or found.mark != "✗", "of what is refused, the error is the note"
    assert found.off == ({note.off} if note is not None and note.off else set()), "a note says which is off, and why"
    if note is not None and note.proof is not None:
        assert house.holds(pair, note.proof), note.text


def test_the_page_says_what_was_found(house: House) -> None:
    page = written(house.find)
    if WRITES:
        PAGE.write_text(page, "utf-8")
    assert PAGE.read_text("utf-8") == page, "make matrix"


@settings(max_examples=10, derandomize=True)
@given(names=st.sampled_from(SEVERAL or [("streaming",)]))
def test_several_that_go_together_in_pairs_go_together(house: House, names: tuple[str, ...]) -> None:
    assert house.find(names).mark == "✓"


@pytest.mark.parametrize(
    "first", [("tools", "speculation"), ("schema", "speculation"), ("tools", "vision"), ("schema", "state space")], ids=" and ".join
)
def test_all_that_go_together_go_together_at_once(house: House, first: tuple[str, str]) -> None:
    """Eleven, beside tools and speculation."""
    assert house.find(grown(first)).mark == "✓"


def test_whoever_came_first_goes_first_where_nobody_has_priority(house: House) -> None:
    """What the evidence for priority would be worth nothing without."""
    server = house.server(house.setup(["priority"]))
    answer = house.run(server.ask(house.body(["priority"])))
    assert answer.order[-1] == answer.traces[0].request.id
