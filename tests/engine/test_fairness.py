"""Who goes first: shares of tenants, priority, ageing, and what is charged."""

from collections import Counter
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alize.engine.base import Request, TenantStats
from alize.engine.core import Core
from alize.engine.fairness import CREDIT, DRAWN_WEIGHT, PROMPT_WEIGHT, FairQueue
from alize.engine.plan import Plan
from alize.engine.schedule import Limits
from alize.engine.sequence import Sequence
from alize.engine.tenants import MOST, OTHER
from tests.engine.engines import alone, core, drain


def steps_until_first_token(engine: Core, id: str, answers: dict[str, list[int]]) -> int:
    """Runs that many steps; what they give goes to `answers`."""
    for count in range(1, 1000):
        for step in engine.step():
            answers.setdefault(step.request_id, []).extend(step.tokens)
        if id in answers:
            return count
    raise AssertionError(f"{id} never began")


def stepped(engine: Core, until: Callable[[], bool]) -> None:
    for _ in range(5000):
        if until():
            return
        engine.step()
    raise AssertionError("it has not come to that")


def test_tenants_share_the_machine_evenly() -> None:
    engine = core(limits=Limits(max_running=2, prefix_cache=False))
    order: list[str] = []
    for index in range(6):
        engine.add(Request(f"busy-{index}", (1, index), max_tokens=4, tenant="busy"))
    for index in range(2):
        engine.add(Request(f"quiet-{index}", (2, index), max_tokens=4, tenant="quiet"))
    while engine.busy:
        order += [step.request_id for step in engine.step() if step.finish]
    assert [name for name in order[:4] if name.startswith("quiet")] == ["quiet-0", "quiet-1"]


def test_a_workspace_of_many_people_has_no_more_than_one_of_few_and_each_person_a_share_of_it() -> None:
    engine = core(limits=Limits(max_running=1, prefix_cache=False))
    for index in range(12):
        for person in range(3):
            engine.add(Request(f"many-{person}-{index}", (1, index), max_tokens=4, tenant=f"many/{person}"))
        engine.add(Request(f"few-{index}", (2, index), max_tokens=4, tenant="few/0"))
    ended: list[str] = []
    while len(ended) < 18:
        ended += [step.request_id for step in engine.step() if step.finish]
    assert Counter(id.split("-")[0] for id in ended) == {"many": 9, "few": 9}
    assert Counter(id.split("-")[1] for id in ended if id.startswith("many")) == {"0": 3, "1": 3, "2": 3}


def test_who_weighs_more_gets_as_much_more_a_person_within_its_workspace_alone() -> None:
    weights = {"much": 3.0, "little/heavy": 2.0, "much/heavy": 100.0}
    engine = core(limits=Limits(max_running=1, prefix_cache=False, weights=weights))
    for index in range(40):
        for tenant in ("much/heavy", "little/heavy", "little/light"):
            engine.add(Request(f"{tenant}-{index}", (1, index), max_tokens=4, tenant=tenant))
    ended: list[str] = []
    while len(ended) < 36:
        ended += [step.request_id for step in engine.step() if step.finish]
    assert Counter(id.split("-")[0] for id in ended) == {"much/heavy": 27, "little/heavy": 6, "little/light": 3}


def test_what_a_preemption_computes_again_is_not_charged_again() -> None:
    def charged(blocks: int) -> tuple[dict[str, float], int]:
        engine = core(blocks, Limits(prefix_cache=False))
        for name in ("a", "b"):
            engine.add(Request(name, (1,) * 40, max_tokens=60, tenant=name))
        drain(engine)
        return engine.scheduler.waiting.used, engine.stats().preemptions

    roomy, none = charged(64)
    tight, some = charged(9)
    assert (none, some > 0) == (0, True)
    assert tight == roomy == {"a": 40 + 2 * 60, "b": 40 + 2 * 60}


def test_a_tenant_whose_work_was_preempted_keeps_what_it_has_used_less() -> None:
    engine = core(9, Limits(prefix_cache=False))
    engine.add(Request("much", (1,) * 60, max_tokens=60, tenant="much"))
    engine.step()
    engine.add(Request("little", (1,) * 16, max_tokens=60, tenant="little"))
    engine.scheduler.waiting.used["much"] += 1000
    stepped(engine, lambda: engine.stats().preemptions > 0)
    assert [sequence.request.id for sequence in engine.scheduler.waiting] == ["little"]
    used = engine.scheduler.waiting.used
    assert used["little"] < used["much"] - 900


def test_higher_priority_goes_first_and_waiting_raises_it() -> None:
    engine = core(limits=Limits(max_running=1, prefix_cache=False))
    engine.add(Request("running", (1,), max_tokens=1))
    engine.add(Request("low", (1,), max_tokens=1))
    engine.add(Request("high", (1,), max_tokens=1, priority=1))
    order: list[str] = []
    while engine.busy:
        order += [step.request_id for step in engine.step() if step.finish]
    assert order == ["high", "running", "low"]


def test_a_prompt_that_has_begun_does_not_hold_up_another_tenants() -> None:
    engine = core(limits=Limits(step_tokens=32, prefix_cache=False))
    engine.add(Request("long", (1,) * 320, max_tokens=4, tenant="flood"))
    engine.step()
    engine.step()
    engine.add(Request("short", (2,) * 30, max_tokens=4, tenant="quiet"))
    assert steps_until_first_token(engine, "short", {}) <= 2  # both had used as much when it came, and who came first goes first
    assert drain(engine)["long"] == alone(Request("long", (1,) * 320, max_tokens=4))


def test_a_tenant_that_was_away_is_ahead_by_what_it_did_not_use_and_by_no_more_than_its_credit() -> None:
    engine = core(limits=Limits(step_tokens=32, prefix_cache=False))
    for index in range(20):
        engine.add(Request(f"flood-{index}", (1, index) * 150, max_tokens=1, tenant="flood"))
    for _ in range(150):
        engine.step()
    engine.add(Request("quiet", (2,) * 320, max_tokens=1, tenant="quiet"))
    used = engine.scheduler.waiting.used
    assert used["quiet"] == used["flood"] - CREDIT
    assert steps_until_first_token(engine, "quiet", {}) == 10  # all of each step
    engine.add(Request("again", (3,) * 320, max_tokens=1, tenant="quiet"))
    assert used["quiet"] > used["flood"] - CREDIT  # it keeps what it has used
    drain(engine)


def test_a_tenants_own_prompts_are_read_one_after_the_other() -> None:
    engine = core(limits=Limits(step_tokens=32, prefix_cache=False))
    engine.add(Request("long", (1,) * 100, max_tokens=1, tenant="one"))
    engine.add(Request("short", (2,) * 10, max_tokens=1, tenant="one"))
    assert list(drain(engine)) == ["long", "short"]


def test_who_was_preempted_comes_back_before_whoever_came_later() -> None:
    """Of its own tenant and priority, also where blocks were short, whoever gave way keeps its place."""
    engine = core(8, Limits(prefix_cache=False))
    for number in range(3):
        engine.add(Request(str(number), (number + 1,) * 20, max_tokens=60, tenant="one"))
    stepped(engine, lambda: engine.stats().preemptions > 0)
    gave_way = {sequence.request.id for sequence in engine.scheduler.waiting}
    assert gave_way
    engine.add(Request("late", (9,), max_tokens=2, tenant="one"))  # there would be room for it
    stepped(engine, lambda: "late" not in {sequence.request.id for sequence in engine.scheduler.waiting})
    assert gave_way.isdisjoint(sequence.request.id for sequence in engine.scheduler.waiting)


@pytest.mark.parametrize("weight", [1.0, 4.0])
def test_a_step_in_which_a_prompt_ends_is_not_made_longer_by_those_who_come_long_after_it(weight: float) -> None:
    engine = core(limits=Limits(step_tokens=64, prefix_cache=False, weights={"quiet": weight, "other": weight}))
    read: list[dict[str, int]] = []
    plan = engine.scheduler.plan

    def planned(admit: bool = True) -> Plan:
        found = plan(admit)
        read.append({sequence.request.id: count for sequence, count in found.tokens.items()})
        return found

    engine.scheduler.plan = planned
    for index in range(4):
        engine.add(Request(f"flood-{index}", (1, index) * 200, max_tokens=1, tenant="flood"))
    for _ in range(12):
        engine.step()
    assert read[-1] == {"flood-1": 64}
    engine.add(Request("quiet", (2,) * 80, max_tokens=1, tenant="quiet"))
    engine.add(Request("quiet, too", (3,) * 10, max_tokens=1, tenant="quiet"))
    engine.add(Request("other", (4,) * 10, max_tokens=1, tenant="other"))  # as new as the first: it is read with it
    engine.add(Request("batch", (5,) * 10, max_tokens=1, tenant="third", priority=-1))
    for _ in range(3):
        engine.step()
    assert read[-3:] == [{"quiet": 64}, {"other": 10, "quiet": 16, "quiet, too": 10}, {"flood-1": 32, "flood-2": 32}]
    assert "batch" in drain(engine)


def test_a_tenant_that_runs_nothing_is_given_a_place_by_one_that_runs_many() -> None:
    engine = core(limits=Limits(max_running=4, prefix_cache=False))
    flood = [Request(f"flood-{index}", (1, index), max_tokens=100, tenant="flood") for index in range(8)]
    for request in flood:
        engine.add(request)
    answers: dict[str, list[int]] = {}
    steps_until_first_token(engine, "flood-3", answers)
    engine.add(Request("quiet", (2,) * 8, max_tokens=5, tenant="quiet"))
    assert steps_until_first_token(engine, "quiet", answers) <= 3  # whose turn it is, finds no room, is given it
    assert engine.stats().preemptions == 1
    engine.add(Request("quiet-too", (3,) * 8, max_tokens=5, tenant="quiet"))  # its tenant runs one already
    while "quiet" in {sequence.request.id for sequence in engine.scheduler.running}:
        for step in engine.step():
            answers[step.request_id].extend(step.tokens)
        assert engine.stats().preemptions == 1
    drain(engine, answers)
    for request in flood:
        assert answers[request.id] == alone(request)


def test_one_person_of_a_workspace_is_given_a_place_by_another_and_by_another_workspace_only_where_theirs_runs_nothing() -> None:
    engine = core(limits=Limits(max_running=3, prefix_cache=False))
    for index in range(6):
        engine.add(Request(f"ada-{index}", (1, index), max_tokens=60, tenant="one/ada"))
    engine.step()
    engine.step()
    engine.add(Request("bob", (2,), max_tokens=60, tenant="one/bob"))
    steps_until_first_token(engine, "bob", {})
    assert engine.stats().preemptions == 1
    engine.add(Request("cyd", (3,), max_tokens=60, tenant="two/cyd"))
    steps_until_first_token(engine, "cyd", {})
    assert engine.stats().preemptions == 2
    assert sorted(sequence.request.tenant for sequence in engine.scheduler.running) == ["one/ada", "one/bob", "two/cyd"]
    engine.add(Request("dan", (4,), max_tokens=60, tenant="two/dan"))
    for _ in range(10):
        engine.step()
    assert engine.stats().preemptions == 2  # its workspace runs one, who has used less than it would


def test_a_tenant_is_given_blocks_where_others_hold_them_all() -> None:
    engine = core(20, Limits(prefix_cache=False))
    for index in range(3):
        engine.add(Request(f"flood-{index}", (1, index), max_tokens=100, tenant="flood"))
    for _ in range(80):
        engine.step()
    assert engine.scheduler.groups.used >= 15
    engine.add(Request("quiet", (2,) * 80, max_tokens=5, tenant="quiet"))
    assert steps_until_first_token(engine, "quiet", {}) <= 5
    drain(engine)


def test_nobody_gives_way_to_a_tenant_that_has_used_more_or_runs_one_already() -> None:
    engine = core(limits=Limits(max_running=2, prefix_cache=False))
    for index in range(2):
        engine.add(Request(f"a-{index}", (1, index), max_tokens=50, tenant="a"))
    engine.step()
    engine.scheduler.waiting.used["b"] = 10**6
    engine.add(Request("b-0", (2,), max_tokens=5, tenant="b"))
    engine.scheduler.waiting.used["b"] = 10**6
    drain(engine)
    assert engine.stats().preemptions == 0


def test_high_priority_takes_the_place_of_low_and_low_goes_on_where_it_was() -> None:
    engine = core(limits=Limits(max_running=1, prefix_cache=False))
    batch = Request("batch", (1, 2, 3), max_tokens=30, priority=-10, tenant="one")
    engine.add(batch)
    answers: dict[str, list[int]] = {}
    steps_until_first_token(engine, "batch", answers)
    engine.add(Request("chat", (4, 5), max_tokens=5, tenant="one"))
    assert steps_until_first_token(engine, "chat", answers) == 2  # one in which there is no room for it, and the next
    drain(engine, answers)
    assert answers["batch"] == alone(batch)
    assert engine.stats().preemptions == 1


@settings(max_examples=60)
@given(
    st.lists(st.tuples(st.sampled_from("abc"), st.integers(-3, 0), st.integers(1, 40), st.integers(1, 20)), min_size=1, max_size=12),
    st.integers(1, 3),
    st.integers(1, 30),
)
def test_nobody_is_preempted_more_often_than_others_come(come: list[tuple[str, int, int, int]], running: int, apart: int) -> None:
    """Who gives way does so for one that then begins: a place never goes to and fro."""
    engine = core(200, Limits(max_running=running, prefix_cache=False))
    answers: dict[str, list[int]] = {}
    asked: list[Request] = []
    for number, (tenant, priority, prompt, length) in enumerate(come):
        asked.append(Request(str(number), (number + 1,) * prompt, max_tokens=length, tenant=tenant, priority=priority))
        engine.add(asked[-1])
        for _ in range(apart):
            for step in engine.step():
                answers.setdefault(step.request_id, []).extend(step.tokens)
    drain(engine, answers)
    assert answers == {request.id: alone(request) for request in asked}
    assert engine.stats().preemptions <= 2 * len(asked)


def test_a_place_is_made_where_answers_take_all_tokens_of_a_step() -> None:
    engine = core(100, Limits(step_tokens=16, max_running=64, prefix_cache=False))
    for index in range(40):
        engine.add(Request(f"flood-{index}", (1, index), max_tokens=100, tenant="flood"))
    for _ in range(30):
        engine.step()
    engine.add(Request("quiet", (2,), max_tokens=1, tenant="quiet"))
    assert steps_until_first_token(engine, "quiet", {}) <= 3


def test_a_request_that_left_makes_nobody_give_way() -> None:
    engine = core(limits=Limits(max_running=2, prefix_cache=False))
    for index in range(2):
        engine.add(Request(f"flood-{index}", (1, index), max_tokens=50, tenant="flood"))
    engine.step()
    engine.add(Request("quiet", (2,), max_tokens=5, tenant="quiet"))
    engine.step()
    engine.abort("quiet")
    drain(engine)
    assert engine.stats().preemptions == 0


LENGTHS = st.lists(st.tuples(st.integers(1, 60), st.integers(1, 40)), min_size=1, max_size=12)


@pytest.mark.parametrize("running", [1, 3, 8])
@settings(max_examples=60)
@given(LENGTHS, LENGTHS, st.sampled_from([16, 40, 512]), st.booleans(), st.sampled_from([0.5, 1.0, 3.0]))
def test_service_of_two_tenants_that_always_wait_differs_by_a_bound(
    running: int, first: list[tuple[int, int]], second: list[tuple[int, int]], step_tokens: int, cached: bool, weight: float
) -> None:
    """Sheng et al. 2024, theorem 4.4: of any stretch of time in which both have work waiting, the tokens they are served, weighted, differ
    by 2 max(prompt weight x longest prompt, drawn weight x tokens that run together), over the weight of the one that weighs least."""
    limits = Limits(max_running=running, step_tokens=max(step_tokens, running), prefix_cache=cached, weights={"a": weight})
    engine = core(200, limits)
    shapes = {"a": first, "b": second}
    longest = max(length for length, _ in first + second)
    together = running * max(prompt + drawn for prompt, drawn in first + second)
    bound = 2 * max(PROMPT_WEIGHT * longest, DRAWN_WEIGHT * together) / min(weight, 1)
    added: Counter[str] = Counter()
    ahead: list[float] = []
    for _ in range(150):
        waiting = Counter(sequence.request.tenant for sequence in engine.scheduler.waiting)
        for tenant, of in shapes.items():
            for _ in range(running + 1 - waiting[tenant]):
                prompt, drawn = of[added[tenant] % len(of)]
                number = added[tenant]
                engine.add(Request(f"{tenant}{number}", (number % 60 + 1,) * prompt, max_tokens=drawn, tenant=tenant))
                added[tenant] += 1
        engine.step()
        served = used(engine)
        ahead.append(served["a"] / weight - served["b"])
    assert max(ahead) - min(ahead) <= bound


@pytest.mark.parametrize("running", [1, 3])
@settings(max_examples=60)
@given(
    st.lists(st.lists(st.tuples(st.integers(1, 60), st.integers(1, 40)), min_size=1, max_size=6), min_size=2, max_size=4),
    st.lists(st.integers(0, 120), min_size=4, max_size=4),
    st.sampled_from([16, 512]),
    st.sampled_from([0.5, 1.0, 3.0]),
)
def test_service_of_several_tenants_of_which_some_come_later_differs_by_the_bound_and_the_credit(
    running: int, shapes: list[list[tuple[int, int]]], comes: list[int], step_tokens: int, weight: float
) -> None:
    """From when the last of them has come: who comes later may be ahead by `CREDIT`, once. Two of them are people of one workspace, where
    there are more than two: the same holds among them, and of the workspace beside the others."""
    weights = {"a": weight, "c/d": weight}
    engine = core(400, Limits(max_running=running, step_tokens=max(step_tokens, running), prefix_cache=False, weights=weights))
    names = ["a", "b", "c/d", "c/e"][: len(shapes)]
    longest = max(prompt for shape in shapes for prompt, _ in shape)
    together = running * max(prompt + drawn for shape in shapes for prompt, drawn in shape)
    bound = 2 * max(PROMPT_WEIGHT * longest, DRAWN_WEIGHT * together) / min(weight, 1) + CREDIT
    served, added = list[Counter[str]](), Counter[str]()
    for step in range(max(comes) + 150):
        waiting = Counter(sequence.request.tenant for sequence in engine.scheduler.waiting)
        for name, shape, comes_at in zip(names, shapes, comes, strict=False):
            for _ in range(running + 1 - waiting[name] if step >= comes_at else 0):
                prompt, drawn = shape[added[name] % len(shape)]
                engine.add(Request(f"{name}{added[name]}", (added[name] % 60 + 1,) * prompt, max_tokens=drawn, tenant=name))
                added[name] += 1
        engine.step()
        if step >= max(comes[: len(names)]):
            served.append(Counter(used(engine)))
            served[-1]["c"] = served[-1]["c/d"] + served[-1]["c/e"]
    for one, other in [("a", "b"), *([("a", "c")] if len(names) > 2 else []), *([("c/d", "c/e")] if len(names) > 3 else [])]:
        ahead = [each[one] / weight - each[other] for each in served]
        assert max(ahead) - min(ahead) <= bound, (one, other)


@pytest.mark.parametrize(("weight", "credit"), [(1.0, CREDIT), (100.0, CREDIT), (0.5, CREDIT // 2)])
def test_whoever_weighs_more_saves_up_no_more_while_away(weight: float, credit: int) -> None:
    """And who weighs less, less."""
    queue = FairQueue({"back": weight})
    queue.add(Sequence(Request("other", (1,), 1, tenant="other"), 0), [])
    queue.charge("other", 10**6, 0)
    queue.add(Sequence(Request("back", (1,), 1, tenant="back"), 1), [])
    for more, expected in ((credit - 1, "back"), (2, "other")):
        queue.charge("back", more, 0)
        first = queue.first()
        assert first is not None
        assert first.request.tenant == expected


def test_of_several_who_come_back_nobody_is_ahead_of_who_came_before() -> None:
    queue = FairQueue()
    queue.add(Sequence(Request("flood", (1,), 1, tenant="flood"), 0), [])
    queue.charge("flood", 10**6, 0)
    for number in range(1, 6):
        queue.add(Sequence(Request(str(number), (1,), 1, tenant=f"ws_{number}"), number), [])
    order: list[str] = []
    while len(queue):
        first = queue.first()
        assert first is not None
        order.append(first.request.id)
        queue.remove(first.request.id)
    assert order == ["1", "2", "3", "4", "5", "flood"]


def used(engine: Core) -> dict[str, int]:
    """In weighted tokens, whatever a tenant weighs."""
    return {tenant: stats.used for tenant, stats in engine.stats().tenants.items()}


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.integers(1, 40), st.integers(1, 8), st.integers(0, 6), st.booleans()), max_size=20))
def test_what_a_tenant_has_used_never_goes_backwards_and_nothing_is_lost(
    come: list[tuple[str, int, int, int, bool]],
) -> None:
    """However tenants come and go, are given the level of others, abort or give way: `used` of the queue is cleared meanwhile."""
    engine, before = core(8, Limits(prefix_cache=False, max_running=4)), dict[str, int]()
    drawn, asked = Counter[str](), dict[str, Request]()

    def step() -> None:
        for each in engine.step():
            drawn[asked[each.request_id].tenant] += len(each.tokens)
        after = used(engine)
        assert all(after[tenant] >= count for tenant, count in before.items())
        before.update(after)

    for number, (tenant, prompt, answer, steps, abort) in enumerate(come):
        request = asked[str(number)] = Request(str(number), (1,) * prompt, max_tokens=answer, tenant=tenant)
        engine.add(request)
        for _ in range(steps):
            step()
        if abort:
            engine.abort(request.id)
    while engine.busy:
        step()
    aborted = {request.tenant for request, (*_, abort) in zip(asked.values(), come, strict=True) if abort}
    for tenant in {request.tenant for request in asked.values()}:
        prompts = sum(len(request.tokens) for request in asked.values() if request.tenant == tenant)
        exact = prompts + 2 * drawn[tenant]
        assert used(engine)[tenant] == exact or (tenant in aborted and 2 * drawn[tenant] <= used(engine)[tenant] <= exact)
    stats = engine.stats()
    assert sum(each.preemptions for each in stats.tenants.values()) == stats.preemptions


def test_each_tenant_is_told_apart_with_what_it_has_here_now() -> None:
    engine = core(limits=Limits(max_running=1, prefix_cache=False))
    engine.add(Request("a", (1,) * 10, max_tokens=2, tenant="busy"))
    engine.step()
    engine.add(Request("b", (1,) * 7, max_tokens=2, tenant="busy"))
    engine.add(Request("c", (1,) * 5, max_tokens=2, tenant="quiet"))
    assert engine.stats().tenants == {
        "busy": TenantStats(used=12, running=1, waiting=1, waiting_tokens=7),
        "quiet": TenantStats(used=0, waiting=1, waiting_tokens=5),
    }
    drain(engine)
    assert engine.stats().tenants == {"busy": TenantStats(used=10 + 7 + 2 * 4), "quiet": TenantStats(used=5 + 2 * 2)}


def test_tenants_without_number_are_counted_together() -> None:
    engine = core(limits=Limits(prefix_cache=False))
    for number in range(MOST + 5):
        engine.add(Request("a", (1,) * 3, max_tokens=1, tenant=f"t{number}"))
        drain(engine)
    engine.add(Request("a", (1,) * 3, max_tokens=1, tenant="t0"))
    drain(engine)
    counted = used(engine)
    assert len(counted) == MOST + 1
    assert (counted["t0"], counted["t1"], counted[OTHER]) == (10, 5, 25)


def test_other_weights_take_the_counters_over() -> None:
    before, after = core(limits=Limits(prefix_cache=False)), core(limits=Limits(prefix_cache=False))
    before.add(Request("a", (1,) * 3, max_tokens=1, tenant="a"))
    drain(before)
    before.add(Request("b", (1,) * 9, max_tokens=1, tenant="b"))
    after.count_from(before)
    for request in before.waiting():
        after.add(request, again=True)
    assert after.stats().tenants == {"a": TenantStats(used=5), "b": TenantStats(waiting=1, waiting_tokens=9)}
