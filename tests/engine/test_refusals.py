"""What an engine refuses before it runs anything, and with which words."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alize.engine.base import Request
from alize.engine.core import Core
from alize.engine.grammar import Grammar
from alize.engine.runners.fake import FakeRunner
from alize.engine.schedule import Limits
from alize.errors import Conflict, InvalidRequest, PromptTooLong, QueueFull, UnsupportedParameter
from tests.engine.engines import core, drain, picture


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"tokens": ()}, InvalidRequest),
        ({"tokens": (64,)}, InvalidRequest),
        ({"tokens": (-1,)}, InvalidRequest),
        ({"tokens": (1,) * 512}, PromptTooLong),
        ({"max_tokens": 0}, InvalidRequest),
        ({"grammar": Grammar("json", "{}")}, UnsupportedParameter),
        ({"adapter": "mine"}, UnsupportedParameter),
    ],
)
def test_what_cannot_be_run_is_refused(change: dict[str, object], error: type[Exception]) -> None:
    engine = core()
    with pytest.raises(error):
        engine.add(replace(Request("a", (1,), max_tokens=1), **change))
    assert not engine.busy


def test_a_full_queue_and_a_used_id_are_refused() -> None:
    engine = core(limits=Limits(max_running=1, max_waiting=1))
    for name in "ab":
        engine.add(Request(name, (1,), max_tokens=1))
    with pytest.raises(QueueFull, match="2 requests came before"):
        engine.add(Request("c", (1,), max_tokens=1))
    with pytest.raises(Conflict):
        engine.add(Request("a", (1,), max_tokens=1))


def test_a_queue_that_one_workspace_fills_is_not_full_for_another_nor_for_its_own_other_people() -> None:
    engine = core(limits=Limits(max_running=4, max_waiting=8))
    for index in range(12):
        engine.add(Request(f"flood-{index}", (1,), max_tokens=1, tenant="one/ada"))
    with pytest.raises(QueueFull, match="12 requests came before"):
        engine.add(Request("more", (1,), max_tokens=1, tenant="one/ada"))
    for index in range(6):  # half of twelve places
        engine.add(Request(f"other-{index}", (1,), max_tokens=1, tenant="two/bob"))
    with pytest.raises(QueueFull):
        engine.add(Request("other", (1,), max_tokens=1, tenant="two/bob"))
    for index in range(3):  # half of that half
        engine.add(Request(f"beside-{index}", (1,), max_tokens=1, tenant="one/cyd"))
    with pytest.raises(QueueFull):
        engine.add(Request("beside", (1,), max_tokens=1, tenant="one/cyd"))
    assert len(drain(engine)) == 21


def test_work_that_nobody_watches_takes_no_place_of_work_that_somebody_does() -> None:
    engine = core(limits=Limits(max_running=1, max_waiting=2))
    for index in range(3):
        engine.add(Request(f"batch-{index}", (1,), max_tokens=1, priority=-10, tenant="one"))
    with pytest.raises(QueueFull):
        engine.add(Request("batch", (1,), max_tokens=1, priority=-1, tenant="one"))
    for index in range(3):
        engine.add(Request(f"chat-{index}", (1,), max_tokens=1, tenant="one"))
    with pytest.raises(QueueFull, match="3 requests came before"):
        engine.add(Request("chat", (1,), max_tokens=1, tenant="one"))
    with pytest.raises(QueueFull, match="6 requests came before"):
        engine.add(Request("batch", (1,), max_tokens=1, priority=-1, tenant="one"))
    assert len(drain(engine)) == 6


@settings(max_examples=50)
@given(
    st.lists(st.tuples(st.sampled_from(["a", "b", "b/c", "b/d", "e/f/g", ""]), st.integers(-1, 0), st.integers(0, 9)), max_size=60),
    st.integers(1, 6),
)
def test_whoever_has_less_than_an_even_share_has_a_place_and_beyond_the_places_nobody_else(
    come: list[tuple[str, int, int]], places: int
) -> None:
    """However many have left or ended before. Of ten that come two make one leave, and one makes all end."""
    engine = core(limits=Limits(max_running=1, max_waiting=places - 1))
    taken = dict[str, tuple[str, int]]()
    for number, (tenant, priority, then) in enumerate(come):
        before = [other for other, level in taken.values() if priority < 0 or level >= 0]
        room = len(before) < places or less_than_even(tenant, before, places)
        try:
            engine.add(Request(str(number), (1,), max_tokens=1, tenant=tenant, priority=priority))
        except QueueFull:
            assert not room
        else:
            assert room
            taken[str(number)] = tenant, priority
        assert len(taken) <= 12 * places
        if then > 7 and taken:
            id = next(iter(taken))
            engine.abort(id)
            del taken[id]
        elif not then:
            assert drain(engine).keys() == taken.keys()
            taken.clear()
        engine.check()


def less_than_even(tenant: str, before: list[str], share: int) -> bool:
    """Whether a tenant, or what it is part of, has fewer places than would be left for each of those beside it: counted one by one."""
    own = [*tenant.split("/"), ""]
    for level in range(1, len(own) + 1):
        beside = {(*other.split("/"), "")[:level] for other in before} | {tuple(own[:level])}
        before = [other for other in before if [*other.split("/"), ""][:level] == own[:level]]
        share //= len(beside)
        if len(before) < share:
            return True
    return False


def test_without_a_queue_what_can_run_is_still_accepted() -> None:
    engine = core(limits=Limits(max_running=2, max_waiting=0))
    for name in "ab":
        engine.add(Request(name, (1,), max_tokens=1))
    with pytest.raises(QueueFull):
        engine.add(Request("c", (1,), max_tokens=1))
    assert set(drain(engine)) == {"a", "b"}


def test_images_that_cannot_be_seen_are_refused_by_what_is_wrong_with_them() -> None:
    engine = core(limits=Limits(media_bytes=200))
    tokens = tuple(range(20))
    for image, wrong in (
        (picture(0, 5, 1, 0), "5 rows"),  # taller than 4
        (picture(0, 1, 5, 0), "5 columns"),
        (replace(picture(0, 1, 1, 0), rows=0), "0 rows"),
        (replace(picture(0, 2, 2, 0), data=b"too few"), "7 bytes"),
        (picture(0, 4, 4, 1), r"1 … 20"),  # one token more than there are
        (picture(0, 1, 1, -1), r"-1 … 0"),
    ):
        with pytest.raises(InvalidRequest, match=wrong):
            engine.add(Request("a", tokens, max_tokens=1, images=(image,)))
    with pytest.raises(InvalidRequest, match="alone"):
        engine.add(Request("a", tokens, max_tokens=1, images=(picture(0, 2, 2, 0), picture(0, 2, 2, 5))))
    with pytest.raises(InvalidRequest, match="288 bytes; 200"):  # however long it waits
        engine.add(Request("a", tuple(range(40)), max_tokens=1, images=(picture(0, 4, 3, 0), picture(0, 4, 3, 20))))
    engine.add(Request("a", tokens, max_tokens=1, images=(picture(0, 4, 3, 0),)))
    with pytest.raises(QueueFull, match="images"):
        engine.add(Request("b", tokens, max_tokens=1, images=(picture(0, 4, 3, 0),)))
    blind = Core(FakeRunner(), Limits(), {"full": 8}, "blind")
    with pytest.raises(UnsupportedParameter, match="blind takes no images"):
        blind.add(Request("a", tokens, max_tokens=1, images=(picture(0, 1, 1, 0),)))
