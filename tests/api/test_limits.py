"""Limits: nobody gets more than the limit over time, and whoever waits as told is let in."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alize.api.limits import Limits
from alize.errors import RateLimited
from tests.serving import Desk


class Clock:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def new_desk(new_desk: Any) -> Any:
    """Applications whose limits are not refilled meanwhile, however long a request takes."""

    async def new(**given: Any) -> Desk:
        desk: Desk = await new_desk(**given)
        limits = Limits(desk.settings.requests_per_minute, desk.settings.tokens_per_minute, Clock())
        desk.app.state.house = replace(desk.app.state.house, limits=limits)
        return desk

    return new


def admitted(limits: Limits) -> bool:
    try:
        limits.admit("ws")
    except RateLimited:
        return False
    return True


@given(st.integers(1, 100), st.lists(st.floats(0, 30), max_size=60))
def test_no_minute_sees_more_than_twice_the_limit_and_no_hour_much_more_than_the_limit(limit: int, pauses: list[float]) -> None:
    """A full bucket and a minute's refill may come together, never more."""
    clock = Clock()
    limits = Limits(limit, 0, clock)
    moments: list[float] = []
    for pause in pauses:
        clock.now += pause
        if admitted(limits):
            moments.append(clock.now)
    for start in moments:
        assert sum(start <= moment < start + 60 for moment in moments) <= 2 * limit
    assert len(moments) <= limit + clock.now * limit / 60 + 1e-6


@given(st.integers(1, 100), st.integers(1, 1000), st.lists(st.integers(0, 3000), max_size=20))
def test_whoever_waits_as_told_is_let_in(requests: int, tokens: int, costs: list[int]) -> None:
    clock = Clock()
    limits = Limits(requests, tokens, clock)
    for cost in costs:
        try:
            limits.admit("ws")
        except RateLimited as error:
            clock.now += (error.retry_after or 0) + 1e-6
            limits.admit("ws")
        limits.spend("ws", cost)


def test_workspaces_do_not_share() -> None:
    limits = Limits(1, 0, Clock())
    limits.admit("a")
    limits.admit("b")
    with pytest.raises(RateLimited):
        limits.admit("a")


def test_a_refused_request_costs_nothing() -> None:
    clock = Clock()
    limits = Limits(2, 0, clock)
    assert [admitted(limits) for _ in range(10)] == [True, True] + [False] * 8
    clock.now = 30
    assert [admitted(limits) for _ in range(3)] == [True, False, False]


def test_without_limits_there_are_no_headers() -> None:
    limits = Limits(0, 0)
    for _ in range(10_000):
        limits.admit("ws")
    assert limits.headers("ws", cost=5) == {}


async def test_every_answer_says_what_is_left(new_desk: Any) -> None:
    desk = await new_desk(requests_per_minute=10, tokens_per_minute=1000)
    headers = (await desk.chat()).headers
    assert headers["x-ratelimit-limit-req-minute"] == "10"
    assert headers["x-ratelimit-remaining-req-minute"] == "9"
    assert headers["x-ratelimit-limit-tokens-minute"] == "1000"
    assert headers["x-ratelimit-remaining-tokens-minute"] == "988"
    assert headers["x-ratelimit-tokens-query-cost"] == "12"
    assert headers["x-ratelimit-remaining"] == "9"
    assert (await desk.chat(stream=True)).headers["x-ratelimit-tokens-query-cost"] == "6"


async def test_too_many_requests_are_told_when_to_come_back(new_desk: Any) -> None:
    desk = await new_desk(requests_per_minute=2)
    assert [(await desk.chat()).status_code for _ in range(2)] == [200, 200]
    response = await desk.chat()
    assert (response.status_code, response.json()["type"], response.json()["code"]) == (429, "rate_limit_error", "1300")
    assert (response.json()["reason"], response.json()["values"]) == ("requests_used", {"most": 2, "seconds": 30})
    assert response.headers["retry-after"] == "30"
    assert response.headers["x-ratelimit-remaining"] == "0"
    assert len(desk.engine.asked) == 2


async def test_tokens_are_counted_with_those_of_answers(new_desk: Any) -> None:
    desk = await new_desk(tokens_per_minute=12)
    assert (await desk.chat()).status_code == 200
    response = await desk.chat()
    assert response.status_code == 429
    assert "12 tokens per minute" in response.json()["message"]


async def test_a_request_that_the_engine_refuses_costs_no_tokens(new_desk: Any) -> None:
    desk = await new_desk(tokens_per_minute=1000)
    desk.engine.crash()
    assert (await desk.chat()).status_code == 503
    desk.engine.restart()
    assert (await desk.chat()).headers["x-ratelimit-remaining-tokens-minute"] == "988"


async def test_administration_is_never_limited(new_desk: Any) -> None:
    desk: Desk = await new_desk(requests_per_minute=1)
    assert [(await desk.client.get("/v1/models")).status_code for _ in range(2)] == [200, 429]
    assert [(await desk.client.get("/api/keys")).status_code for _ in range(3)] == [200] * 3
