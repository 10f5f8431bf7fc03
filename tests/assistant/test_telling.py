"""What the server is told of answers on a page: the same numbers and facts as of any answer, and nothing of their text."""

import json

import pytest

from alize.errors import EngineCrashed
from tests.api.test_metrics import numbers
from tests.assistant.conftest import Page, text_of


async def test_an_answer_on_a_page_is_counted_for_who_asked(page: Page, caplog: pytest.LogCaptureFixture) -> None:
    chat = await page.begin(title="Mine")
    with caplog.at_level("INFO", "alize.assistant"):
        asked = await page.ask(chat, "What my doctor said")
        assert text_of(await page.follow(asked["run"]["id"])) == "Hello"
        await page.until(chat, lambda found: found["messages"][-1]["state"] == "done")
    found, tenant = await numbers(page.desk), page.engine.asked[0].tenant
    answer = (await page.read(chat))["messages"][-1]
    assert found["alize_tenant_prompt_tokens_total", "fake", tenant] == answer["prompt_tokens"]
    assert found["alize_tenant_generation_tokens_total", "fake", tenant] == answer["completion_tokens"] == 6
    assert found["alize_time_to_first_token_seconds_count", "fake", tenant] == 1
    assert found["alize_request_queue_time_seconds_count", "fake", tenant] == 1
    assert found["alize_request_success_total", "stop", "fake"] == 1
    assert found["alize_e2e_request_latency_seconds_count", "fake"] == 1
    (line,) = [record.__dict__ for record in caplog.records if record.msg == "answer"]
    assert (line["outcome"], line["completion_tokens"], line["workspace"]) == ("stop", 6, page.desk.owner.workspace)
    assert {"queue_seconds", "prefill_seconds", "decode_seconds", "first_token_seconds", "trace_id"} <= {*line}
    assert "doctor" not in json.dumps(line, default=str)


async def test_of_a_conversations_name_no_time_is_measured(page: Page) -> None:
    chat = await page.begin()
    await page.follow((await page.ask(chat))["run"]["id"])
    await page.until(chat, lambda found: found["titled_by"] == "model")
    found, tenant = await numbers(page.desk), page.engine.asked[0].tenant
    assert found["alize_request_success_total", "stop", "fake"] == 2
    assert found["alize_request_generation_tokens_count", "fake"] == 2
    assert found["alize_e2e_request_latency_seconds_count", "fake"] == 1
    assert found["alize_request_decode_time_seconds_count", "fake"] == 1
    assert found["alize_time_to_first_token_seconds_count", "fake", tenant] == 1


async def test_one_that_is_stopped_or_fails_is_counted_as_far_as_it_came(page: Page, caplog: pytest.LogCaptureFixture) -> None:
    chat = await page.begin(title="Mine")
    page.engine.fail(EngineCrashed("The engine ended."), after=2)
    with caplog.at_level("INFO", "alize.assistant"):
        await page.follow((await page.ask(chat))["run"]["id"])
        page.engine.hold(after=3)
        second = await page.ask(chat, parent=(await page.read(chat))["messages"][-1]["id"])
        await page.engine.until(lambda stats: stats.running == 1 and stats.generated_tokens == 5)
        await page.client.post(f"/api/runs/{second['run']['id']}/stop")
        await page.until(chat, lambda found: found["messages"][-1]["state"] == "stopped")
    found = await numbers(page.desk)
    assert found["alize_tenant_generation_tokens_total", "fake", page.engine.asked[0].tenant] == 5
    assert not any(key[0] == "alize_request_success_total" for key in found)
    assert [record.__dict__["outcome"] for record in caplog.records if record.msg == "answer"] == ["error", "cancelled"]
