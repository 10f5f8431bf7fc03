"""Pictures from elsewhere: what is fetched over a real socket, what is never asked, and who may have it fetched."""

import asyncio
import logging
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest

from alize.api.outside import PICTURES, File, fetch
from alize.api.outside.fetching import MOST_REDIRECTS
from alize.errors import OutsideFailed, OutsideRefused
from tests.browser import Browser, browsing
from tests.certificates import self_signed
from tests.elsewhere import PNG, PUBLIC, Elsewhere, elsewhere, picture, redirect
from tests.serving import Desk, listening, opened

HOSTS = ("pictures.example", "*.b.example")
URL = "http://pictures.example/"


async def test_a_picture_comes_from_the_address_that_was_checked_and_nothing_of_the_person_goes() -> None:
    async with elsewhere(names={"pictures.example": [[PUBLIC], ["127.0.0.1"]]}, answers={"/a?q=1": picture()}) as there:
        assert await fetch("http://pictures.example/a?q=1#mine", HOSTS, there.wire) == File("image/png", PNG)
        assert there.asked == ["pictures.example"]  # once: an answer that changes comes too late
        assert there.dialled == [(PUBLIC, 80)]
        head, *headers = there.heard[0].strip().split("\r\n")
        assert head == "GET /a?q=1 HTTP/1.1"
        assert {line.split(":")[0].lower() for line in headers} == {"host", "accept", "accept-encoding", "user-agent", "connection"}
        assert "Host: pictures.example" in headers


@pytest.mark.parametrize("path", ["//evil.example/x", "/a/../b", "/%2F%zz", '/?q="<>^`{|}\\@:', "/?", "/" + "x" * 2000])
async def test_a_path_is_sent_letter_for_letter(path: str) -> None:
    async with elsewhere(answers={path: picture()}) as there:
        assert (await fetch(f"http://pictures.example{path}", HOSTS, there.wire)).data == PNG
        assert there.heard[0].startswith(f"GET {path} HTTP/1.1\r\nHost: pictures.example\r\n")


async def test_an_ipv6_address_is_asked_as_one() -> None:
    async with elsewhere(names={"pictures.example": [["2606:4700::1111"]]}) as there:
        assert (await fetch(URL, HOSTS, there.wire)).data == PNG
        assert there.dialled == [("2606:4700::1111", 80)]


@pytest.mark.parametrize(
    "addresses",
    [
        *(["127.0.0.1"], ["10.0.0.1"], ["169.254.169.254"], ["::1"], ["::ffff:127.0.0.1"], ["64:ff9b::7f00:1"], ["fe80::1%eth0"]),
        *([PUBLIC, "192.168.1.1"], ["192.168.1.1", PUBLIC], ["0.0.0.0"], ["100.100.100.200"], ["fd00:ec2::254"], ["nonsense"]),
    ],
)
async def test_a_name_that_leads_out_of_the_public_internet_is_not_asked(addresses: list[str]) -> None:
    async with elsewhere(names={"pictures.example": [addresses]}) as there:
        with pytest.raises(OutsideRefused, match="public internet") as refused:
            await fetch(URL, ("*",), there.wire)
        assert there.dialled == []
        assert not any(address in refused.value.text for address in addresses)  # a visitor learns nothing of the inside


async def test_a_host_that_no_setting_names_is_not_even_looked_up() -> None:
    async with elsewhere() as there:
        for hosts, offline in (((), False), (("other.example",), False), (("*.pictures.example",), False), (HOSTS, True)):
            with pytest.raises(OutsideRefused, match="offline" if offline else "outside_hosts"):
                await fetch(URL, hosts, there.wire, offline=offline)
        assert there.asked == []


async def test_the_next_address_is_tried_where_nobody_listens() -> None:
    async with elsewhere(names={"pictures.example": [["1.1.1.1", PUBLIC]]}, dead=("1.1.1.1",)) as there:
        assert (await fetch(URL, HOSTS, there.wire)).data == PNG
        assert [address for address, _ in there.dialled] == ["1.1.1.1", PUBLIC]
    async with elsewhere(names={"pictures.example": [["1.1.1.1"]]}, dead=("1.1.1.1",)) as there:
        with pytest.raises(OutsideFailed, match="reached"):
            await fetch(URL, HOSTS, there.wire)
    async with elsewhere(names={"pictures.example": [[]]}) as there:
        with pytest.raises(OutsideFailed, match="no address"):
            await fetch(URL, HOSTS, there.wire)


async def test_each_redirect_is_checked_like_the_first_address() -> None:
    hops = {
        "/": redirect("/1"),
        "/1": redirect("//x.b.example/2", 308),
        "/2": redirect("http://pictures.example:443/3", 301),
        "/3": picture(),
    }
    async with elsewhere(answers=hops) as there:
        assert (await fetch(URL, HOSTS, there.wire)).data == PNG
        assert there.asked == ["pictures.example", "pictures.example", "x.b.example", "pictures.example"]
        assert len(there.heard) == MOST_REDIRECTS + 1
        assert not any("cookie" in head.lower() for head in there.heard)
        assert "Host: pictures.example:443" in there.heard[-1]


@pytest.mark.parametrize(
    "location",
    [
        *(
            "http://evil.example/",
            "http://127.0.0.1/",
            "http://[::1]/",
            "http://2130706433/",
            "https://pictures.example:22/",
            "file:///etc/passwd",
        ),
        *(
            "http://a@pictures.example/",
            "//evil.example",
            "data:image/png,x",
            "http://inside.b.example/",
            "http://pictures.example\\@evil.example/",
        ),
        *("http://[", "javascript:alert(1)", "ftp://pictures.example/"),
    ],
)
async def test_a_redirect_leads_nowhere_else(location: str) -> None:
    names: dict[str, Any] = {"inside.b.example": [["10.0.0.1"]]}
    async with elsewhere(answers={"/": redirect(location)}, names=names) as there:
        with pytest.raises(OutsideRefused):
            await fetch(URL, HOSTS, there.wire)
        assert len(there.heard) == 1


async def test_redirects_end() -> None:
    async with elsewhere(answers={"/": redirect("/")}) as there:
        with pytest.raises(OutsideFailed, match="redirects"):
            await fetch(URL, HOSTS, there.wire)
        assert len(there.heard) == MOST_REDIRECTS + 1


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (picture(b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>", "image/svg+xml"), "no picture"),
        (picture(b"<html><script>alert(1)</script>", "image/png"), "no picture"),
        (picture(b"", "image/png"), "no picture"),
        (picture(b"\x1f\x8b" + bytes(300), "image/png", "Content-Encoding: gzip"), "no picture"),
        (b"HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n", "500"),
        (b"HTTP/1.1 206 Part\r\nContent-Length: 3\r\n\r\nabc", "206"),
        (b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\n\r\n", "302"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", "broke off"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % (PICTURES.most + 1), "larger than 10 MiB"),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 400\r\n\r\n" + PNG, "broke off"),
        (b"HTTP/1.1 200 OK\r\n\r\n" + PNG + bytes(PICTURES.most), "larger than 10 MiB"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\nzz", "broke off"),
        (b"SSH-2.0-OpenSSH_9.6\r\n", "broke off"),
        (b"", "broke off"),
        (b"HTTP/1.1 200 OK\r\n" + b"X: " + b"x" * 200_000, "broke off"),
    ],
)
async def test_what_is_no_whole_picture_is_not_passed_on(answer: bytes, says: str) -> None:
    async with elsewhere(answers={"/": answer}) as there:
        with pytest.raises(OutsideFailed, match=says):
            await fetch(URL, HOSTS, there.wire)


async def test_what_a_server_calls_its_picture_counts_for_nothing() -> None:
    async with elsewhere(answers={"/": picture(kind="text/html")}) as there:
        assert (await fetch(URL, HOSTS, there.wire)).kind == "image/png"


async def test_a_server_that_says_nothing_is_left() -> None:
    async with elsewhere(silent=True, seconds=0.05) as there:
        with pytest.raises(OutsideFailed, match="longer than"):
            await fetch(URL, HOSTS, there.wire)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Of pictures.example."""
    return self_signed(tmp_path_factory.mktemp("tls"), "DNS:pictures.example")


async def test_over_tls_the_name_is_asked_for_and_the_certificate_must_be_its_own(certificate: tuple[Path, Path]) -> None:
    named: list[str | None] = []
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    tls.load_cert_chain(*certificate)
    tls.sni_callback = lambda _socket, name, _context: named.append(name)
    trusted = ssl.create_default_context(cafile=str(certificate[0]))
    async with elsewhere(tls, trusted=trusted) as there:
        assert (await fetch("https://pictures.example/", HOSTS, there.wire)).data == PNG
        assert named == ["pictures.example"]
        assert there.dialled == [(PUBLIC, 443)]
        with pytest.raises(OutsideFailed, match="certificate"):
            await fetch("https://x.b.example/", HOSTS, there.wire)


# ── the route ──


@asynccontextmanager
async def house(folder: Path, there: Elsewhere, **given: Any) -> AsyncIterator[Desk]:
    """An application whose wire ends elsewhere."""
    async with opened(folder, **{"outside_hosts": HOSTS, **given}) as desk:
        desk.app.state.house = replace(desk.app.state.house, parts=replace(desk.parts, wire=there.wire))
        yield desk


async def test_a_person_and_a_key_get_a_picture_that_a_browser_can_use_as_nothing_else(tmp_path: Path) -> None:
    async with elsewhere(answers={"/": picture(kind="text/html")}) as there, house(tmp_path, there) as desk, browsing(desk) as ada:
        await ada.set_up()
        inference = {"Authorization": f"Bearer {await desk.make_key('inference')}"}
        for client, headers in ((desk.client, {}), (ada.client, {"Sec-Fetch-Site": "same-origin"}), (desk.without_key(), inference)):
            answer = await client.get("/api/outside", params={"url": URL}, headers=headers)
            assert answer.status_code == 200, answer.text
            assert answer.content == PNG
        assert answer.headers["content-type"] == "image/png"
        assert answer.headers["content-disposition"] == 'attachment; filename="picture.png"'
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox; frame-ancestors 'none'"
        assert answer.headers["cross-origin-resource-policy"] == "same-origin"
        assert answer.headers["cache-control"] == "private, max-age=86400"
        assert not any("cookie" in head.lower() or "authorization" in head.lower() for head in there.heard)


async def test_nobody_else_has_anything_fetched(tmp_path: Path) -> None:
    async with elsewhere() as there, house(tmp_path, there) as desk, browsing(desk) as ada, browsing(desk) as stranger:
        await ada.set_up()
        asked = {"params": {"url": URL}}
        refused: list[tuple[int, httpx.Response]] = [
            (401, await stranger.client.get("/api/outside", **asked)),
            (401, await desk.without_key().get("/api/outside", **asked, headers={"Authorization": "Bearer wrong"})),
            (403, await desk.client.get("/api/outside", **asked, headers={"Authorization": f"Bearer {await desk.make_key('admin')}"})),
            (403, await ada.client.get("/api/outside", **asked, headers={"Sec-Fetch-Site": "cross-site"})),
            (403, await ada.client.get("/api/outside", **asked, headers={"Sec-Fetch-Site": "same-site"})),
            (403, await ada.client.get("/api/outside", **asked, headers={"Origin": "http://evil.example"})),
            *[(405, await ada.client.request(method, "/api/outside", **asked)) for method in ("POST", "PUT", "DELETE", "PATCH")],
            (422, await ada.client.get("/api/outside")),
            (400, await ada.client.get("/api/outside", params={"url": "http://127.0.0.1/"})),
            (403, await ada.client.get("/api/outside", params={"url": "http://evil.example/"})),
        ]
        for status, answer in refused:
            assert answer.status_code == status, answer.text
            assert answer.json()["object"] == "error"
            assert answer.headers["cache-control"] == "no-store"
        assert there.asked == []


async def test_without_accounts_pages_from_elsewhere_have_nothing_fetched_either(tmp_path: Path) -> None:
    async with elsewhere() as there, house(tmp_path, there, auth=False) as desk, browsing(desk) as local:
        asked = {"params": {"url": URL}}
        assert (await local.client.get("/api/outside", **asked, headers={"Sec-Fetch-Site": "same-origin"})).status_code == 200
        assert (await local.client.get("/api/outside", **asked, headers={"Sec-Fetch-Site": "cross-site"})).status_code == 403
        assert (await local.client.get("/api/outside", **asked, headers={"Host": "evil.example"})).status_code == 401
        assert len(there.heard) == 1


async def test_a_client_that_leaves_has_nothing_fetched_any_more(tmp_path: Path) -> None:
    async with elsewhere(silent=True) as there, house(tmp_path, there) as desk, listening(desk.app) as port, httpx.AsyncClient() as client:
        headers = {"Authorization": f"Bearer {desk.key}"}
        asking = asyncio.create_task(client.get(f"http://127.0.0.1:{port}/api/outside", params={"url": URL}, headers=headers))
        async with asyncio.timeout(10):
            await there.arrived.wait()
            asking.cancel()
            await there.left.wait()


async def test_the_page_is_told_where_pictures_may_come_from_once_somebody_is_signed_in(desk: Desk, new_desk: Callable[..., Any]) -> None:
    async with browsing(desk) as ada:
        assert (await ada.session())["outside"] == {"hosts": [], "offline": False}
    named = await new_desk(outside_hosts=HOSTS, offline=True)
    async with browsing(named) as ada:
        assert (await ada.session())["outside"] == {"hosts": [], "offline": True}
        assert (await ada.set_up()).json()["outside"] == {"hosts": [*HOSTS], "offline": True}
    async with browsing(await new_desk(outside_hosts=HOSTS, auth=False)) as local:
        assert (await local.session())["outside"] == {"hosts": [*HOSTS], "offline": False}


async def test_the_log_names_the_host_that_was_asked_and_no_path(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "alize.api.outside"):
        async with elsewhere(answers={"/secret?q=words": picture()}) as there:
            await fetch("http://pictures.example/secret?q=words", HOSTS, there.wire)
    (record,) = [one for one in caplog.records if one.name == "alize.api.outside"]
    assert (record.__dict__["host"], record.__dict__["address"]) == ("pictures.example", PUBLIC)
    assert "secret" not in str(record.__dict__)


async def test_every_host_that_was_asked_for_an_answers_pictures_is_counted_to_it_before_it_is_asked(tmp_path: Path) -> None:
    answers = {"/": redirect("http://x.b.example/on"), "/on": picture(), "/gone": b""}
    async with elsewhere(answers=answers) as there, house(tmp_path, there) as desk, browsing(desk) as ada, browsing(desk) as bob:
        await ada.set_up()
        chat, question, answer, run = (uuid4().hex for _ in range(4))
        await ada.ask("POST", "/api/conversations", {"id": chat})
        body = {"id": question, "parent": None, "content": "Show me", "answer": {"id": answer, "run": run}}
        await ada.ask("POST", f"/api/conversations/{chat}/messages", body)
        await ada.ask("GET", f"/api/runs/{run}/events")

        async def left() -> list[str]:
            return (await ada.ask("GET", f"/api/conversations/{chat}")).json()["messages"][1]["left"]

        async def show(browser: Browser, url: str, message: str = answer) -> int:
            params = {"url": url, "message": message}
            return (await browser.client.get("/api/outside", params=params, headers={"Sec-Fetch-Site": "same-origin"})).status_code

        assert await show(ada, "http://evil.example/") == 403  # asked of nobody
        assert await left() == []
        assert await show(ada, f"{URL}gone") == 502
        assert await left() == ["pictures.example"]
        assert await show(ada, URL) == 200
        assert await show(ada, URL) == 200
        assert await left() == ["pictures.example", "x.b.example"]
        await bob.invited()
        heard = len(there.heard)
        assert await show(bob, URL) == 404  # counted to somebody else's answer
        assert await show(ada, URL, "nothing") == 404
        assert len(there.heard) == heard
