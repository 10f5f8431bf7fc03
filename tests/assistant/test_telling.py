"""What the server is told of answers on a page: the same numbers and facts as of any answer, and nothing of their text."""

import json

import pytest

from alize.errors import EngineCrashed
from tests.api.test_metrics import numbers
from tests.assistant.conftest import Page, new_id, text_of
from tests.browser import browsing


async def test_an_answer_on_a_page_is_counted_for_who_asked(page: Page, caplog: pytest.LogCaptureFixture) -> None:
    chat = await page.begin(title="Mine")
    with caplog.at_level("INFO", "alize.assistant"):
        asked = await page.ask(chat, "What my doctor said")
        assert text_of(await page.follow(asked["run"]["id"])) == "Hello"
        await page.until(chat, lambda found: found["messages"][-1]["state"] == "done")
    found, tenant = await numbers(page.desk), page.desk.tenant
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


async def test_each_person_on_a_page_is_a_tenant_and_finds_what_was_computed_of_their_own_prompts_alone(page: Page) -> None:
    async with browsing(page.desk) as ada, browsing(page.desk) as bob:
        await ada.set_up()
        await bob.invited()
        for person in (ada, bob):
            chat, body = new_id(), {"id": new_id(), "parent": None, "content": "Hi", "answer": {"id": new_id(), "run": new_id()}}
            await person.ask("POST", "/api/conversations", {"id": chat, "title": "The same"})
            assert (await person.ask("POST", f"/api/conversations/{chat}/messages", body)).status_code == 201
            await person.ask("GET", f"/api/runs/{body['answer']['run']}/events")
    (of_ada, adas_salt), (of_bob, bobs_salt) = ((asked.tenant, asked.salt) for asked in page.engine.asked)
    assert of_ada.startswith(f"{page.desk.owner.workspace}/prn_")
    assert of_bob.startswith(f"{page.desk.owner.workspace}/prn_")
    assert len({of_ada, of_bob}) == len({adas_salt, bobs_salt}) == 2


async def test_of_a_conversations_name_no_time_is_measured(page: Page) -> None:
    chat = await page.begin()
    await page.follow((await page.ask(chat))["run"]["id"])
    await page.until(chat, lambda found: found["titled_by"] == "model")
    found, tenant = await numbers(page.desk), page.desk.tenant
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
    assert found["alize_tenant_generation_tokens_total", "fake", page.desk.tenant] == 5
    assert not any(key[0] == "alize_request_success_total" for key in found)
    assert [record.__dict__["outcome"] for record in caplog.records if record.msg == "answer"] == ["error", "cancelled"]
