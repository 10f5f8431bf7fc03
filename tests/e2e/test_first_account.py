"""The first account of a house that people reach over a network: of fifty who sign up at the same moment, one owns it."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from tests.e2e.conftest import House

pytestmark = pytest.mark.slow

PASSWORD = "correct horse battery"
PEOPLE = 50


def signed_in(client: httpx.Client) -> str:
    """The address of the account that this browser is signed in to, "" where it is in none."""
    account = client.get("/api/session").json()["account"]
    return "" if account is None else account["email"]


@pytest.mark.parametrize("kind", ["sqlite", "postgresql"])
def test_of_fifty_who_sign_up_at_once_one_owns_the_house(house: Callable[..., House], request: pytest.FixtureRequest, kind: str) -> None:
    settings = {"database_url": request.getfixturevalue("postgres")()} if kind == "postgresql" else {}
    running = house(**settings)
    together = threading.Barrier(PEOPLE)

    def visit(number: int) -> tuple[int, str]:
        """What the server said to this visitor, and who they then are."""
        with httpx.Client(base_url=running.url, timeout=60) as client:
            assert client.get("/api/session").json()["setup"]  # a connection of one's own is open before all ask at once
            body = {"name": f"Visitor {number}", "email": f"{number}@example.org", "password": PASSWORD}
            together.wait(60)
            status = client.post("/api/setup", json=body).status_code
            return status, signed_in(client)

    with ThreadPoolExecutor(PEOPLE) as crowd:
        outcomes = list(crowd.map(visit, range(PEOPLE)))
    assert sorted(status for status, _ in outcomes) == [201] + [409] * (PEOPLE - 1)
    (owner,) = {who for status, who in outcomes if status == 201}
    assert {who for status, who in outcomes if status == 409} == {""}
    with running.client() as client:
        assert [(one["email"], one["role"]) for one in client.get("/api/accounts").json()["data"]] == [(owner, "owner")]
    assert running.stop() == 0

    again = house(running.home, **settings)
    with httpx.Client(base_url=again.url, timeout=60) as client:
        assert client.post("/api/session", json={"email": owner, "password": PASSWORD}).status_code == 200
        assert signed_in(client) == owner
    assert again.stop() == 0
