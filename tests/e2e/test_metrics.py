"""Numbers of a whole house: what was asked is counted, and what the server counts outlives its engine."""

from collections.abc import Callable

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.e2e.conftest import House

pytestmark = pytest.mark.slow

ASK = {"model": "alize-small-latest", "messages": [{"role": "user", "content": "Count to ten."}], "temperature": 0, "max_tokens": 8}


def numbers(client: httpx.Client) -> dict[str, float]:
    """{name{other labels}: number}, of the one model that is asked and the one workspace."""
    found: dict[str, float] = {}
    for family in text_string_to_metric_families(client.get("/metrics").text):
        for sample in family.samples:
            labels = {label: value for label, value in sample.labels.items() if label not in ("model_name", "tenant")}
            found[sample.name + "".join(f" {label}={value}" for label, value in sorted(labels.items()))] = sample.value
    return found


def test_the_numbers_of_a_house_are_those_of_its_answers_and_outlive_its_engine(house: Callable[..., House]) -> None:
    running = house()
    with running.client() as client:
        usage = [client.post("/v1/chat/completions", json=ASK).json()["usage"] for _ in range(3)]
        before = numbers(client)
        prompt, answer = (sum(each[name] for each in usage) for name in ("prompt_tokens", "completion_tokens"))
        cached = sum((each.get("prompt_tokens_details") or {}).get("cached_tokens", 0) for each in usage)
        assert before["alize_tenant_prompt_tokens_total"] == before["alize_prompt_tokens_total"] == prompt
        assert before["alize_tenant_generation_tokens_total"] == before["alize_generation_tokens_total"] == answer
        assert before["alize_tenant_cached_tokens_total"] == before["alize_prefix_cache_hits_total"] == cached > 0
        assert before["alize_tenant_used_tokens_total"] == prompt - cached + 2 * answer
        times = [f"alize_request_{name}_time_seconds" for name in ("queue", "prefill", "decode")]
        assert [before[f"{name}_count"] for name in times] == [3, 3, 3]
        assert before["alize_request_prefill_time_seconds_sum"] > 0
        assert sum(before[f"{name}_sum"] for name in times) <= before["alize_e2e_request_latency_seconds_sum"]
        running.engine().kill()
        running.until(lambda: numbers(client)["alize_engine_up"] == 0)
        down = numbers(client)
        running.wait_ready()
        up = numbers(client)
        assert (before["alize_engine_restarts_total"], up["alize_engine_restarts_total"]) == (0, 1)
        kept = [key for key in before if key.split(" ")[0].endswith(("_total", "_count", "_sum", "_bucket")) and key in down]
        assert "alize_tenant_generation_tokens_total" in kept
        for key in kept:
            assert before[key] <= down[key] <= up[key], key
        assert client.post("/v1/chat/completions", json=ASK).status_code == 200
        assert numbers(client)["alize_tenant_generation_tokens_total"] == answer + 8
