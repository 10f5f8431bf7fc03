"""Who goes first: shares of tenants, priority, ageing, and what is charged."""

from alize.engine.base import Request
from alize.engine.schedule import Limits
from tests.engine.engines import core, drain


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


def test_what_a_preemption_computes_again_is_not_charged_again() -> None:
    def charged(blocks: int) -> tuple[dict[str, int], int]:
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
    while not engine.stats().preemptions:
        engine.step()
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
