"""A browser for tests. In: an application. Out: requests with its cookies and its session's token, as the page would make them."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from tests.serving import Desk

__all__ = ["ADA", "BOB", "Browser", "browsing"]

ADA = {"email": "ada@example.org", "name": "Ada", "password": "correct horse"}
BOB = {"email": "bob@example.org", "name": "Bob", "password": "battery staple"}


class Browser:
    """One browser. `csrf` is what the last answer about its session said."""

    def __init__(self, desk: Desk, client: httpx.AsyncClient) -> None:
        self.desk, self.client, self.csrf = desk, client, ""

    async def ask(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        token = {"X-CSRF-Token": self.csrf} if self.csrf and method != "GET" else {}
        answer = await self.client.request(method, path, json=body, headers=token | headers)
        if answer.headers.get("content-type") == "application/json" and isinstance(answer.json().get("csrf"), str):
            self.csrf = answer.json()["csrf"]
        return answer

    async def set_up(self, **given: Any) -> httpx.Response:
        return await self.ask("POST", "/api/setup", ADA | given)

    async def sign_in(self, who: dict[str, str] = ADA, **given: Any) -> httpx.Response:
        return await self.ask("POST", "/api/session", {"email": who["email"], "password": who["password"]} | given)

    async def session(self) -> dict[str, Any]:
        return (await self.ask("GET", "/api/session")).json()

    @property
    def cookie(self) -> str:
        """The session's secret, "" without one."""
        return next((cookie.value or "" for cookie in self.client.cookies.jar if cookie.name.endswith("alize_session")), "")

    async def invited(self, who: dict[str, str] = BOB, **given: Any) -> httpx.Response:
        """Accept an invitation that the house's key makes."""
        made = await self.desk.client.post("/api/invitations", json=given)
        assert made.status_code == 201, made.text
        return await self.ask("POST", "/api/invitations/accept", {"token": made.json()["link_token"], **who})


@asynccontextmanager
async def browsing(desk: Desk, base_url: str = "http://localhost", peer: str = "127.0.0.1") -> AsyncIterator[Browser]:
    """A browser on the server's machine, or elsewhere."""
    transport = httpx.ASGITransport(desk.app, client=(peer, 40000))
    async with httpx.AsyncClient(transport=transport, base_url=base_url, headers={"User-Agent": "Firefox"}, timeout=60) as client:
        yield Browser(desk, client)
