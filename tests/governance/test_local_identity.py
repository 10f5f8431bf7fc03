"""Without keys, programs of this machine act as the owner, and pages of the web do not."""

import pytest

from alize.errors import AuthenticationFailed
from alize.governance import LocalIdentity, Principal

OWNER = Principal("prn", "org", "ws", frozenset({"inference", "admin"}), "member", "owner")


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:8600", "LOCALHOST", "127.0.0.1:8600", "127.9.9.9", "[::1]:8600", "alize.localhost"]
)
async def test_this_machine_acts_as_the_owner_whatever_key_it_sends(host: str) -> None:
    principal = await LocalIdentity(OWNER).identify({"host": host, "authorization": "Bearer anything"})
    assert principal.kind == "local"
    assert (principal.id, principal.workspace, principal.scopes) == (OWNER.id, OWNER.workspace, OWNER.scopes)


@pytest.mark.parametrize(
    "host",
    [
        "",
        "evil.example",
        "evil.example:8600",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "10.0.0.1",
        "0.0.0.0",
        "[::",
        "user@evil",
    ],
)
async def test_a_request_sent_to_another_name_is_refused(host: str) -> None:
    with pytest.raises(AuthenticationFailed, match="only this machine"):
        await LocalIdentity(OWNER).identify({"host": host})


async def test_a_request_without_a_name_is_refused() -> None:
    with pytest.raises(AuthenticationFailed):
        await LocalIdentity(OWNER).identify({})


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "", "http://localhost.evil.example", "file://"])
async def test_a_page_from_elsewhere_is_refused(origin: str) -> None:
    with pytest.raises(AuthenticationFailed, match="pages of this machine"):
        await LocalIdentity(OWNER, ["https://good.example"]).identify({"host": "localhost", "origin": origin})


@pytest.mark.parametrize("origin", ["http://localhost:3000", "http://127.0.0.1:8600", "https://good.example"])
async def test_a_page_of_this_machine_or_of_a_named_origin_may_call(origin: str) -> None:
    identity = LocalIdentity(OWNER, ["https://good.example/"])
    assert (await identity.identify({"host": "localhost", "origin": origin})).kind == "local"


async def test_a_star_lets_every_page_call() -> None:
    identity = LocalIdentity(OWNER, ["*"])
    assert (await identity.identify({"host": "localhost", "origin": "https://any.example"})).kind == "local"
