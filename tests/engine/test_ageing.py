"""Priority, and what waiting adds to it: nobody starves, and nobody who watches waits for those who do not."""

from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alize.engine.base import Request
from alize.engine.core import Core
from alize.engine.fairness import AGEING
from alize.engine.schedule import Limits
from tests.engine.engines import alone, core, drain, picture
from tests.engine.test_fairness import steps_until_first_token


def until_ended(engine: Core, id: str, most: int, more: Callable[[int], Request]) -> int:
    """Steps until a request has ended, with one more request before each."""
    for step in range(most):
        engine.add(more(step))
        if any(each.request_id == id and each.finish for each in engine.step()):
            return step
    raise AssertionError(f"{id} had not ended after {most} steps")


def test_requests_that_have_waited_long_do_not_go_before_another_tenants() -> None:
    engine = core(limits=Limits(max_running=1, prefix_cache=False))
    for index in range(8):
        engine.add(Request(f"flood-{index}", (1,), max_tokens=AGEING, tenant="flood"))
    for _ in range(3 * AGEING):
        engine.step()
    engine.add(Request("quiet", (2,), max_tokens=1, tenant="quiet"))
    ended: list[str] = []
    while "quiet" not in ended:
        ended += [step.request_id for step in engine.step() if step.finish]
    assert len(ended) <= 2


def test_low_priority_is_done_in_the_end_beside_a_stream_of_high_ones() -> None:
    engine = core(limits=Limits(max_running=1, prefix_cache=False))
    engine.add(Request("low", (1,), max_tokens=1, priority=-3, tenant="batch"))
    for index in range(6 * AGEING):
        if index % 2 == 0:
            engine.add(Request(f"high-{index}", (2,), max_tokens=2, tenant="chat"))
        if any(step.request_id == "low" for step in engine.step()):
            assert index >= 3 * AGEING - 4  # and no earlier: a level is that many steps
            return
    raise AssertionError("it never ran")


def test_batch_work_that_has_waited_for_long_does_not_go_before_a_chat_of_the_same_tenant() -> None:
    engine = core(limits=Limits(max_running=4, prefix_cache=False))
    for index in range(400):
        engine.add(Request(f"batch-{index}", (1,), max_tokens=60, priority=-10, tenant="one"))
    for _ in range(11 * AGEING):
        engine.step()
    assert any(sequence.waited > 10 * AGEING for sequence in engine.scheduler.waiting)
    for index in range(8):
        engine.add(Request(f"chat-{index}", (2,), max_tokens=5, tenant="one"))
        assert steps_until_first_token(engine, f"chat-{index}", {}) <= 3


def test_of_all_that_waits_beneath_no_more_than_one_is_lifted_at_a_time() -> None:
    engine = core(limits=Limits(max_running=3, prefix_cache=False))
    for index in range(30):
        engine.add(Request(f"batch-{index}", (1,), max_tokens=20, priority=-2, tenant=f"batch-{index % 3}"))
    chats, done, beneath = 0, 0, Counter[int]()
    for _ in range(50 * AGEING):
        if done == 10:
            break
        for _ in range(6 - sum(s.request.priority == 0 for s in (*engine.scheduler.waiting, *engine.scheduler.running))):
            engine.add(Request(f"chat-{chats}", (2,), max_tokens=4, tenant="chat"))
            chats += 1
        done += sum(step.finish is not None and step.request_id.startswith("batch") for step in engine.step())
        beneath[sum(s.request.priority < 0 for s in engine.scheduler.running)] += 1
    assert done == 10
    assert set(beneath) <= {0, 1}, beneath


@settings(max_examples=30)
@given(st.lists(st.tuples(st.integers(-4, -1), st.sampled_from("abc"), st.integers(1, 30)), min_size=1, max_size=8))
def test_whatever_its_priority_nobody_waits_for_ever_beside_chats_without_end(come: list[tuple[int, str, int]]) -> None:
    engine = core(limits=Limits(max_running=2, prefix_cache=False))
    for number, (priority, tenant, drawn) in enumerate(come):
        engine.add(Request(f"batch-{number}", (1,), max_tokens=drawn, priority=priority, tenant=tenant))
    waits = {f"batch-{number}" for number in range(len(come))}
    most = len(come) * (5 * AGEING + 100)
    for chat in range(most):
        engine.add(Request(f"chat-{chat}", (2,), max_tokens=2, tenant="chat"))
        waits -= {step.request_id for step in engine.step() if step.finish}
        if not waits:
            return
    raise AssertionError(f"{sorted(waits)} waited for more than {most} steps")


@pytest.mark.parametrize("others", ["chat", "w{}"])
def test_a_long_prompt_goes_on_though_in_every_step_another_one_ends(others: str) -> None:
    """Of a lower priority, and of a tenant that has used much beside others that are always new: they get every second such step."""
    for priority in (-10, 0):
        engine = core(400, Limits(step_tokens=100, prefix_cache=False))
        engine.add(Request("long", (1,) * 250, max_tokens=1, tenant="flood", priority=priority))
        engine.add(Request("long too", (2,) * 250, max_tokens=1, tenant="flood", priority=priority))
        engine.step()

        def chat(step: int) -> Request:
            return Request(f"chat-{step}", (3,) * 10, max_tokens=1, tenant=others.format(step))

        assert until_ended(engine, "long too", 30, chat) <= 12


@pytest.mark.parametrize("others", ["chat", "w{}"])
def test_and_though_the_steps_between_two_ends_are_full(others: str) -> None:
    """What is left where a chat of 80 tokens ends goes to those who come long after it every second time: each such step is one of two."""
    for priority in (-10, 0):
        engine = core(400, Limits(step_tokens=64, prefix_cache=False))
        for id in ("long", "long too"):
            engine.add(Request(id, (1,) * 250, max_tokens=1, tenant="flood", priority=priority))
        for _ in range(2):
            engine.step()
        for step in range(40):
            if step % 2 == 0:
                engine.add(Request(f"chat-{step}", (3,) * 80, max_tokens=1, tenant=others.format(step)))
            if any(each.request_id == "long too" for each in engine.step()):
                break
        else:
            raise AssertionError("it never ended")


@pytest.mark.parametrize(("room", "length"), [(8, 1), (12, 6), (16, 9)])
@pytest.mark.parametrize("priority", [-10, 0])
def test_whoever_waits_begins_with_as_little_as_each_step_leaves(room: int, length: int, priority: int) -> None:
    """Beside tenants that are always new, each with one chat that ends in its step."""
    engine = core(400, Limits(step_tokens=room, prefix_cache=False))
    engine.add(Request("before", (1,) * 50, max_tokens=1, tenant="flood"))
    drain(engine)

    def chat(step: int) -> Request:
        if not step:
            engine.add(Request("long", (1,) * 60, max_tokens=1, tenant="flood", priority=priority))
        return Request(f"chat-{step}", (3,) * length, max_tokens=1, tenant=f"w{step}")

    assert until_ended(engine, "long", 40, chat) <= 25


def test_one_that_is_taken_out_is_owed_nothing() -> None:
    engine = core(400, Limits(step_tokens=100, prefix_cache=False))

    def late(id: str) -> Request:
        return Request(id, (1,) * 150, max_tokens=1, tenant="flood", priority=-10)

    engine.add(late("first"))
    engine.step()
    for number in range(2):
        engine.add(Request(f"chat-{number}", (3,) * 10, max_tokens=1))
        engine.step()
        (sequence,) = [*engine.scheduler.running, *engine.scheduler.waiting]
        assert sequence.computed == (0 if number else 100), "the step of a first token was left short"
        if not number:
            engine.abort("first")
            engine.add(late("second"))
    engine.add(Request("chat", (3,) * 10, max_tokens=1))
    engine.step()
    assert sequence.computed == 90, "now it is its turn"


def test_one_whose_picture_waits_to_be_seen_keeps_nobody_of_its_priority_waiting() -> None:
    engine = core(400, Limits(step_tokens=16, encode_tokens=4, prefix_cache=False))
    engine.add(Request("batch", (1,) * 60, max_tokens=1, tenant="one", priority=-10, images=(picture(0, 4, 4, 20),)))
    engine.add(Request("batch too", (1,) * 60, max_tokens=1, tenant="one", priority=-10))
    for _ in range(2):
        engine.step()

    def chat(step: int) -> Request:
        return Request(f"chat-{step}", (2,) * 16, max_tokens=1, tenant="one")

    assert until_ended(engine, "batch too", 12 * AGEING, chat) <= 11 * AGEING


def test_a_prompt_that_has_begun_and_gets_no_token_of_any_step_is_lifted_in_the_end() -> None:
    engine = core(400, Limits(step_tokens=16, prefix_cache=False))
    engine.add(Request("batch", (1,) * 60, max_tokens=1, tenant="one", priority=-10))
    engine.step()

    def chat(step: int) -> Request:
        return Request(f"chat-{step}", (2,) * 16, max_tokens=1, tenant="one")

    assert 10 * AGEING <= until_ended(engine, "batch", 11 * AGEING, chat) <= 10 * AGEING + 20


def test_much_work_of_a_low_priority_that_has_waited_for_long_does_not_hold_up_a_little_of_a_higher_one() -> None:
    engine = core(limits=Limits(max_running=2, prefix_cache=False))
    for index in range(100):
        engine.add(Request(f"batch-{index}", (1,), max_tokens=50, priority=-10, tenant="one"))

    def chat(step: int) -> Request:
        return Request(f"chat-{step}", (2,), max_tokens=2, tenant="chat")

    for step in range(12 * AGEING):
        engine.add(chat(step))
        engine.step()
    engine.add(Request("name", (3,), max_tokens=1, priority=-1, tenant="two"))
    assert until_ended(engine, "name", 2 * AGEING, lambda step: chat(12 * AGEING + step)) <= AGEING + 60


def test_work_that_has_waited_long_keeps_its_place_once_it_runs() -> None:
    engine = core(limits=Limits(max_running=1, prefix_cache=False))
    engine.add(Request("high-0", (2,), max_tokens=AGEING + 5))
    engine.add(Request("low", (1,) * 50, max_tokens=20, priority=-1))
    answers: dict[str, list[int]] = {}
    steps_until_first_token(engine, "low", answers)
    engine.add(Request("high-1", (3,), max_tokens=5))
    drain(engine, answers)
    assert answers["low"] == alone(Request("low", (1,) * 50, max_tokens=20))
    assert engine.stats().preemptions <= 1  # not one for each token
