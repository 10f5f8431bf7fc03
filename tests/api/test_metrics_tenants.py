"""Metrics by tenant: each person's and key's own, by a bounded number of names, however many there are and whatever they are called."""

import asyncio
import string
from collections import Counter
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from typing import Any

import httpx
import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from alize.engine.base import EngineStats, Request, Step, TenantStats, Times
from alize.engine.fake import FakeEngine, saying
from alize.errors import EngineCrashed
from alize.governance.keys import make_key, principal_of
from alize.telemetry import Metrics
from tests.api.test_metrics import numbers
from tests.serving import CARD, TOKENIZER, Desk

COUNTERS = ("prompt_tokens", "cached_tokens", "generation_tokens", "draft_tokens", "accepted_tokens", "used_tokens")


async def neighbour(desk: Desk, name: str = "second") -> tuple[str, httpx.AsyncClient]:
    """A tenant of another workspace of the house, and a client with its key."""
    async with desk.database.transaction() as store:
        who = principal_of(await store.members.bootstrap("default", name, "somebody"))
        made = await make_key(store, who, "theirs")
    headers = {"Authorization": f"Bearer {made.secret}"}
    return f"{who.workspace}/{made.record.id}", httpx.AsyncClient(
        transport=httpx.ASGITransport(desk.app), base_url="http://test", headers=headers, timeout=None
    )


def body(content: str, **more: Any) -> dict[str, Any]:
    return {"model": "fake", "messages": [{"role": "user", "content": content}], **more}


async def counted(desk: Desk, tenant: str) -> dict[str, float]:
    found = await numbers(desk)
    return {name: found[f"alize_tenant_{name}_total", "fake", tenant] for name in COUNTERS}


@pytest.mark.parametrize("apart", [True, False])
async def test_two_tenants_are_told_apart(desk: Desk, apart: bool) -> None:
    """Also two keys of one workspace: a house may have no other."""
    if apart:
        other, client = await neighbour(desk)
    else:
        async with desk.database.transaction() as store:
            made = await make_key(store, desk.owner, "theirs")
        other, client = f"{desk.owner.workspace}/{made.record.id}", desk.without_key()
        client.headers["Authorization"] = f"Bearer {made.secret}"
    async with client:
        assert (await client.post("/v1/chat/completions", json=body("Hello there, how is it?", max_tokens=3))).status_code == 200
        prompt = desk.engine.asked[0]
        assert prompt.tenant == other != desk.tenant
        await desk.chat()
        await desk.chat()
    length = len(prompt.tokens)
    theirs, mine = await counted(desk, other), await counted(desk, desk.tenant)
    cached = len(desk.engine.asked[1].tokens) // 16 * 16
    assert theirs == dict(zip(COUNTERS, (length, 0, 3, 0, 0, length + 2 * 3), strict=True))
    assert mine == dict(zip(COUNTERS, (12, cached, 12, 0, 0, 12 - cached + 2 * 12), strict=True))
    found = await numbers(desk)
    assert found["alize_time_to_first_token_seconds_count", "fake", other] == 1
    assert found["alize_request_queue_time_seconds_count", "fake", desk.tenant] == 2
    assert found["alize_inter_token_latency_seconds_count", "fake", other] == 2


class Guessing(FakeEngine):
    """Two of three guesses are right in each answer, and its tenant has given way seven times, whatever is asked."""

    async def generate(self, request: Request) -> AsyncGenerator[Step, None]:
        async with aclosing(super().generate(request)) as steps:
            async for step in steps:
                yield msgspec.structs.replace(step, guessed=3, accepted=2, times=step.times and Times(0.0, 0.0, preemptions=1))

    async def stats(self) -> EngineStats:
        found = await super().stats()
        answers = len(self.asked)
        tenants = {name: replace(each, preemptions=7) for name, each in found.tenants.items()}
        return replace(found, guessed_tokens=3 * answers, accepted_tokens=2 * answers, preemptions=7 * len(tenants), tenants=tenants)


async def test_guesses_and_who_gives_way_are_counted_by_model_and_tenant(new_desk: Any, caplog: pytest.LogCaptureFixture) -> None:
    """Also of those who predicted nothing: what is guessed by a text, a form or a draft model is told to them, too."""
    desk: Desk = await new_desk(engine=Guessing(saying("Hello", TOKENIZER)))
    other, client = await neighbour(desk)
    async with client:
        with caplog.at_level("INFO", "alize.api.access"):
            usage = [
                (await each.post("/v1/chat/completions", json=body("Hi"))).json()["usage"] for each in (desk.client, desk.client, client)
            ]
    expected = {"accepted_prediction_tokens": 2, "rejected_prediction_tokens": 1}
    assert [each["completion_tokens_details"] for each in usage] == [expected] * 3
    found = await numbers(desk)
    assert found["alize_spec_decode_num_draft_tokens_total", "fake"] == 9
    assert found["alize_spec_decode_num_accepted_tokens_total", "fake"] == 6
    for tenant, answers in ((desk.tenant, 2), (other, 1)):
        assert found["alize_tenant_draft_tokens_total", "fake", tenant] == 3 * answers
        assert found["alize_tenant_accepted_tokens_total", "fake", tenant] == 2 * answers
        assert found["alize_tenant_preemptions_total", "fake", tenant] == 7
    lines = [record.__dict__ for record in caplog.records if record.name == "alize.api.access"]
    assert {(line["guessed_tokens"], line["accepted_tokens"], line["preemptions"]) for line in lines} == {(3, 2, 1)}


async def test_what_many_ask_at_once_is_counted_for_each(desk: Desk) -> None:
    neighbours = [await neighbour(desk, f"ws {number}") for number in range(4)]

    async def asks(number: int) -> None:
        _, client = neighbours[number % 4]
        await client.post("/v1/chat/completions", json=body("Hi", max_tokens=1 + number % 4, stream=number % 3 == 0, n=1 + number % 2))

    await asyncio.gather(*(asks(number) for number in range(40)))
    for number, (who, client) in enumerate(neighbours):
        await client.aclose()
        mine = [each for each in desk.engine.asked if each.tenant == who]
        found = await counted(desk, who)
        assert found["prompt_tokens"] == sum(len(each.tokens) for each in mine) == 10 * (1 + number % 2) * 6
        assert found["generation_tokens"] == sum(each.max_tokens for each in mine)


async def test_whose_texts_became_vectors_is_counted(new_desk: Any) -> None:
    desk: Desk = await new_desk(card=replace(CARD, capabilities=CARD.capabilities | {"embeddings"}), metrics_tenants=2)
    neighbours = [await neighbour(desk, name) for name in ("second", "third")]
    for number, client in enumerate([desk.client, *(client for _, client in neighbours)]):
        for _ in range(number + 1):
            assert (await client.post("/v1/embeddings", json={"model": "fake", "input": ["Hello", "you"]})).status_code == 200
    for _, client in neighbours:
        await client.aclose()
    found, (row, *_) = await numbers(desk), await desk.rows()
    for count, tenant in enumerate((desk.tenant, neighbours[0][0], "other"), start=1):
        assert found["alize_embedded_texts_total", "fake", tenant] == 2 * count
        assert found["alize_embedded_tokens_total", "fake", tenant] == row.prompt_tokens * count


async def test_who_waits_is_shown_waiting(new_desk: Any) -> None:
    desk = await new_desk()
    desk.engine.hold(after=0)
    asking = asyncio.create_task(desk.chat())
    await desk.engine.until(lambda stats: stats.waiting == 1)
    found, key = await numbers(desk), ("fake", desk.tenant)
    assert found["alize_tenant_requests_waiting", *key] == 1
    assert found["alize_tenant_waiting_tokens", *key] == 6
    desk.engine.release()
    await asking
    found = await numbers(desk)
    assert found["alize_tenant_requests_waiting", *key] == found["alize_tenant_waiting_tokens", *key] == 0


async def test_what_the_server_counts_outlives_the_engine(desk: Desk) -> None:
    """An engine that is started anew counts anew; who was counted before and asks no more loses nothing."""
    await desk.chat()
    mine = desk.tenant
    before = await counted(desk, mine)
    desk.engine.crash()
    down = await numbers(desk)
    assert down["alize_tenant_generation_tokens_total", "fake", mine] == before["generation_tokens"]
    assert ("alize_tenant_used_tokens_total", "fake", mine) not in down  # the engine's own is not repeated
    desk.engine.restart()
    found = await numbers(desk)
    for name in COUNTERS[:-1]:
        assert found[f"alize_tenant_{name}_total", "fake", mine] == before[name]
    assert found["alize_engine_restarts_total", "fake"] == 1
    await desk.chat()
    assert (await counted(desk, mine))["generation_tokens"] == 2 * before["generation_tokens"]


async def test_an_answer_that_breaks_off_is_counted_as_far_as_it_came(desk: Desk) -> None:
    desk.engine.fail(EngineCrashed("The engine ended."), after=3)
    await desk.chat()
    found, mine = await numbers(desk), desk.tenant
    assert found["alize_tenant_generation_tokens_total", "fake", mine] == 3
    assert found["alize_tenant_prompt_tokens_total", "fake", mine] == 6
    assert found["alize_request_generation_tokens_count", "fake"] == 0
    assert found["alize_request_queue_time_seconds_count", "fake", mine] == 1


async def test_an_answer_without_the_engine_and_a_refused_one_wait_for_nothing(new_desk: Any) -> None:
    desk = await new_desk(engine=FakeEngine(saying("Hello", TOKENIZER), max_requests=0))
    assert (await desk.chat(max_tokens=0)).status_code == 200
    assert (await desk.chat()).status_code == 429
    found = await numbers(desk)
    assert found["alize_request_queue_time_seconds_count", "fake", desk.tenant] == 0
    assert found["alize_tenant_generation_tokens_total", "fake", desk.tenant] == 0
    assert found["alize_http_requests_total", "POST", "/v1/chat/completions", "429"] == 1


@pytest.mark.parametrize(("most", "named"), [(0, ["all"]), (1, ["first", "other"]), (2, ["first", "second"]), (100, ["first", "second"])])
async def test_no_more_tenants_are_named_than_the_setting_says(new_desk: Any, most: int, named: list[str]) -> None:
    desk: Desk = await new_desk(metrics_tenants=most)
    await desk.chat()
    other, client = await neighbour(desk)
    async with client:
        for _ in range(2):
            await client.post("/v1/chat/completions", json=body("Hi"))
    names = {desk.tenant: "first", other: "second"}
    found = await numbers(desk)
    seen = {names.get(key[2], key[2]): value for key, value in found.items() if key[0] == "alize_tenant_generation_tokens_total"}
    assert sorted(seen) == named
    assert sum(seen.values()) == 3 * 6
    used = {names.get(key[2], key[2]): value for key, value in found.items() if key[0] == "alize_tenant_used_tokens_total"}
    assert sorted(used) == named
    assert sum(used.values()) == 3 * 6 + 2 * 3 * 6


def series(metrics: Metrics) -> list[tuple[str, dict[str, str], float]]:
    text = metrics.text().decode()
    return [(each.name, each.labels, each.value) for family in text_string_to_metric_families(text) for each in family.samples]


HOSTILE = st.one_of(
    st.text(max_size=80),
    st.text('"\\\n{}=,#\r\u2028\ud800é', max_size=20),
    st.sampled_from(["other", "all", "", 'a"} 1\nfake_metric 1', "x" * 129, "\ud800"]),
)


@given(st.lists(st.tuples(HOSTILE, st.integers(0, 50)), min_size=1, max_size=30), st.integers(0, 5))
def test_no_name_of_a_tenant_can_break_the_format_or_be_seen(asked: list[tuple[str, int]], most: int) -> None:
    """As if somebody could choose an id: in the text there are only ids as the server makes them, and few."""
    metrics, stats = Metrics(most), Counter[str]()
    for tenant, tokens in asked:
        metrics.of("fake", tenant).generated.inc(tokens)
        stats[tenant] += tokens
    metrics.engines({"fake": EngineStats(tenants={tenant: TenantStats(used) for tenant, used in stats.items()})})
    found = series(metrics)
    for name in ("alize_tenant_generation_tokens_total", "alize_tenant_used_tokens_total"):
        mine = {labels["tenant"]: value for each, labels, value in found if each == name}
        assert sum(mine.values()) == sum(tokens for _, tokens in asked)
        assert len(mine) <= most + 1
        sane = set(string.ascii_letters + string.digits + "._:/-")
        assert all(set(tenant) <= sane and len(tenant) <= 128 for tenant in mine)


def test_a_house_of_a_hundred_thousand_people_has_as_many_series_as_one_of_a_hundred() -> None:
    few, many = Metrics(100), Metrics(100)
    for metrics, count in ((few, 101), (many, 100_000)):
        for number in range(count):
            metrics.of("fake", f"ws/{number}").taken(3, 0, Times(0.0, 0.0))
        metrics.engines({"fake": EngineStats(tenants={f"ws/{number}": TenantStats(1) for number in range(min(count, 1000))})})
    assert len(series(few)) == len(series(many))
    counts = {labels["tenant"]: value for name, labels, value in series(many) if name == "alize_tenant_prompt_tokens_total"}
    assert counts["ws/0"] == 3
    assert counts["other"] == 3 * (100_000 - 100)


def test_a_tenant_has_about_as_many_series_as_the_setting_says() -> None:
    one, two = Metrics(), Metrics()
    for metrics, tenants in ((one, ["a"]), (two, ["a", "b"])):
        for tenant in tenants:
            metrics.of("fake", tenant)
        metrics.engines({"fake": EngineStats(tenants={tenant: TenantStats() for tenant in tenants})})
    assert 55 <= len(series(two)) - len(series(one)) <= 70


async def test_an_engine_that_says_no_times_is_served_all_the_same(new_desk: Any) -> None:
    class Terse(FakeEngine):
        async def generate(self, request: Request) -> Any:
            async for step in super().generate(request):
                yield type(step)(step.request_id, step.tokens, finish=step.finish, prompt_tokens=step.prompt_tokens)

    desk = await new_desk(engine=Terse(saying("Hello", TOKENIZER)))
    assert (await desk.chat()).status_code == 200
    found = await numbers(desk)
    assert found["alize_tenant_prompt_tokens_total", "fake", desk.tenant] == 6
    assert found["alize_request_queue_time_seconds_count", "fake", desk.tenant] == 0
