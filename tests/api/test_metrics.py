"""Metrics: every declared number is there, counts what happened, and its labels cannot be multiplied by clients."""

from dataclasses import replace
from itertools import pairwise
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from alize.telemetry import METRICS
from tests.serving import CARD, Desk
from tests.sources import FakeSource, pool_of


async def numbers(desk: Desk) -> dict[tuple[str, ...], float]:
    """{(name, label value, …): number}, labels in order of their names."""
    text = (await desk.client.get("/metrics")).text
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    return {(sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value for sample in samples}


async def test_every_declared_metric_is_there_after_one_answer(new_desk: Any) -> None:
    source = FakeSource(replace(CARD, id="other", aliases=()))
    source.adapters = {"law": "some path"}
    pool = pool_of(source)
    desk = await new_desk(card=replace(CARD, capabilities=CARD.capabilities | {"embeddings"}), pool=pool)
    await desk.chat()
    await desk.chat(model="other")
    await desk.client.post("/v1/embeddings", json={"model": "fake", "input": "Hi"})
    found = {name for name, *_ in await numbers(desk)}
    for metric in METRICS:
        assert metric.name + ("_count" if metric.kind == "histogram" else "") in found


async def test_an_answer_is_counted(desk: Desk) -> None:
    await desk.chat()
    await desk.chat(max_tokens=2, stream=True, n=2)
    found, tenant = await numbers(desk), desk.tenant
    assert found["alize_prompt_tokens_total", "fake"] == 18  # the engine is asked three times
    assert found["alize_generation_tokens_total", "fake"] == 10
    assert found["alize_request_success_total", "length", "fake"] == 2
    assert found["alize_request_success_total", "stop", "fake"] == 1
    assert found["alize_time_to_first_token_seconds_count", "fake", tenant] == 2
    assert found["alize_inter_token_latency_seconds_count", "fake", tenant] == 7
    assert found["alize_e2e_request_latency_seconds_count", "fake"] == 2
    assert found["alize_request_queue_time_seconds_count", "fake", tenant] == 3
    assert found["alize_request_prefill_time_seconds_count", "fake"] == 3
    assert found["alize_request_decode_time_seconds_count", "fake"] == 3
    assert found["alize_request_prompt_tokens_sum", "fake"] == 18
    assert found["alize_request_generation_tokens_sum", "fake"] == 10
    assert found["alize_request_generation_tokens_bucket", "4.0", "fake"] == 2
    assert found["alize_http_requests_total", "POST", "/v1/chat/completions", "200"] == 2


async def test_of_work_that_nobody_waits_for_the_tokens_count_and_no_time(desk: Desk) -> None:
    await desk.chat()
    before, tenant = await numbers(desk), desk.tenant
    await desk.chat(priority=-10)
    found = await numbers(desk)
    assert found["alize_generation_tokens_total", "fake"] == 2 * before["alize_generation_tokens_total", "fake"] > 0
    assert found["alize_request_success_total", "stop", "fake"] == 2
    assert found["alize_request_generation_tokens_count", "fake"] == 2
    times = [(name, *labels) for name, *labels in found if name.endswith("_seconds_count") and "fake" in labels]
    assert len(times) >= 6
    assert ("alize_time_to_first_token_seconds_count", "fake", tenant) in times
    assert {name: found[name] for name in times} == {name: before[name] for name in times}


async def test_an_engine_that_is_down_is_shown_down_and_its_numbers_are_gone(desk: Desk) -> None:
    await desk.chat()
    assert (await numbers(desk))["alize_engine_up", "fake"] == 1
    desk.engine.crash()
    found = await numbers(desk)
    assert found["alize_engine_up", "fake"] == 0
    assert ("alize_num_requests_running", "fake") not in found
    desk.engine.restart()
    assert (await numbers(desk))["alize_engine_restarts_total", "fake"] == 1


def increase(samples: list[float | None]) -> float:
    """As Prometheus has it of a counter: what is below the sample before it began again at 0. None: a scrape without the series."""
    there = [sample for sample in samples if sample is not None]
    return sum(now - before if now >= before else now for before, now in pairwise(there))


async def test_an_alert_of_restarts_tells_a_crash_from_a_model_that_is_put_to_sleep_woken_or_given_other_weights(new_desk: Any) -> None:
    source = FakeSource(replace(CARD, id="other", aliases=()))
    pool = pool_of(source)
    desk, resident = await new_desk(pool=pool), pool.residents["other"]

    async def scraped() -> float | None:
        return (await numbers(desk)).get(("alize_engine_restarts_total", "other"))

    async def slept_and_woken() -> list[float | None]:
        pool.sleep(resident)
        assert resident.task is not None
        await resident.task
        asleep = await scraped()
        await pool.begin(resident)
        return [asleep, await scraped()]

    await pool.begin(resident)
    samples = [await scraped(), *await slept_and_woken()]
    assert increase(samples) == 0
    source.engines[-1].crash()
    assert await scraped() is None
    source.engines[-1].restart()
    crashed = await scraped()
    assert increase([samples[-1], crashed]) == 1
    samples = [crashed, *await slept_and_woken()]
    await pool.reload(resident, FakeSource(source.card))
    assert increase([*samples, await scraped()]) == 0


async def test_clients_cannot_make_labels(desk: Desk) -> None:
    for number in range(50):
        await desk.client.get(f"/nope/{number}")
        await desk.client.request(f"BREW{number}", "/v1/models")
        await desk.client.get(f"/v1/models/{number}")
    series = [key for key in await numbers(desk) if key[0] == "alize_http_requests_total"]
    assert sorted(series) == [
        ("alize_http_requests_total", "GET", "/v1/models/{model_id}", "404"),
        ("alize_http_requests_total", "GET", "unmatched", "404"),
        ("alize_http_requests_total", "OTHER", "/v1/models", "405"),
    ]


@pytest.mark.parametrize(
    ("client", "headers", "status"),
    [
        (("127.0.0.1", 1), {"Host": "127.0.0.1:8600"}, 200),
        (("::1", 1), {"Host": "[::1]:8600"}, 200),
        (("127.0.0.1", 1), {"Host": "localhost"}, 200),
        (("192.0.2.1", 1), {"Host": "127.0.0.1"}, 401),
        (("127.0.0.1", 1), {"Host": "rebound.example"}, 401),
        (("127.0.0.1", 1), {"Host": "[::1"}, 401),
        (("127.0.0.1", 1), {"Host": "["}, 401),
        (("127.0.0.1", 1), {"Host": ""}, 401),
        (("127.0.0.1", 1), {"Host": "localhost", "X-Forwarded-For": "192.0.2.1"}, 401),
    ],
)
async def test_only_this_machine_needs_no_key(desk: Desk, client: Any, headers: dict[str, str], status: int) -> None:
    transport = httpx.ASGITransport(desk.app, client=client)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as caller:
        assert (await caller.get("/metrics", headers=headers)).status_code == status
        key = {"Authorization": f"Bearer {await desk.make_key('inference', 'admin')}"}
        assert (await caller.get("/metrics", headers=headers | key)).status_code == 200
