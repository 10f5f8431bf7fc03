"""The page is served to browsers, in their language and theme, and never in place of the API."""

import base64
import dataclasses
import hashlib
import re
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alize.api.app import create_app
from alize.api.pages import LANGUAGES, Pages, html_attributes
from tests.serving import Desk

INDEX = '<!doctype html>\n<html lang="en">\n<link href="./icon.svg"><script src="./assets/index-1a2b.js"></script>\n</html>\n'
BROWSER = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}


@pytest.fixture
def built(tmp_path: Path) -> Path:
    (tmp_path / "assets").mkdir()
    (tmp_path / "index.html").write_text(INDEX)
    (tmp_path / "icon.svg").write_text("<svg/>")
    script = tmp_path / "assets" / "index-1a2b.js"
    script.write_text("alert(1)")
    script.with_name("index-1a2b.js.br").write_bytes(b"brotli")
    script.with_name("index-1a2b.js.gz").write_bytes(b"gzip")
    return tmp_path


@pytest.fixture
async def browser(desk: Desk, built: Path) -> AsyncIterator[httpx.AsyncClient]:
    house = desk.app.state.house
    app = create_app(house.settings, house.parts, Pages(built))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://alize.test", headers=BROWSER) as client:
        yield client


@pytest.mark.parametrize("path", ["/", "/c/0123", "/settings/keys", "/apish", "/nope"])
async def test_every_address_of_a_browser_gets_the_page(browser: httpx.AsyncClient, path: str) -> None:
    answer = await browser.get(path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert 'src="/assets/index-1a2b.js"' in answer.text, "a relative address would be looked for beside the page's own"


@pytest.mark.parametrize("path", ["/api", "/api/nope", "/v1/nope", "/health/nope", "/docs/nope", "/assets/index-gone.js"])
async def test_the_api_and_lost_files_stay_not_found_for_a_browser(browser: httpx.AsyncClient, path: str) -> None:
    answer = await browser.get(path)
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/json"


@pytest.mark.parametrize(
    ("headers", "words"),
    [
        ({}, ('<html lang="en">', "The server is being stopped")),
        ({"Accept-Language": "ja-JP,en;q=0.5"}, ('<html lang="ja">', "サーバーを停止しています")),
        ({"Cookie": "alize_look=dark.fr"}, ('<html lang="fr" data-theme="dark">', "en cours d’arrêt")),
        ({"Cookie": 'alize_look="><script>.xx'}, ('<html lang="en">', "The server is being stopped")),
    ],
)
async def test_a_server_that_ends_says_so_to_a_person_in_their_language(
    desk: Desk, browser: httpx.AsyncClient, headers: dict[str, str], words: tuple[str, str]
) -> None:
    desk.parts.draining.begin()
    answer = await browser.get("/c/0123", headers=headers)
    assert (answer.status_code, answer.headers["retry-after"], answer.headers["connection"]) == (503, "5", "close")
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    assert answer.headers["cache-control"] == "no-store"
    assert all(word in answer.text for word in words)
    policy = answer.headers["content-security-policy"]
    assert "unsafe" not in policy
    for kind in ("style", "script"):
        (inline,) = re.findall(rf"<{kind}>(.*?)</{kind}>", answer.text)
        assert f"{kind}-src 'sha256-{base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()}'" in policy


@pytest.mark.parametrize(("path", "accept"), [("/api/session", "text/html"), ("/v1/models", "text/html"), ("/", "application/json")])
async def test_a_server_that_ends_says_so_to_programs_in_json(desk: Desk, browser: httpx.AsyncClient, path: str, accept: str) -> None:
    desk.parts.draining.begin()
    answer = await browser.get(path, headers={"Accept": accept})
    assert (answer.status_code, answer.json()["code"]) == (503, "engine_unavailable")


async def test_programs_get_no_page(browser: httpx.AsyncClient) -> None:
    assert (await browser.get("/nope", headers={"Accept": "*/*"})).status_code == 404
    assert (await browser.post("/c/0123")).status_code == 404
    assert (await browser.get("/", headers={"Accept": "*/*"})).headers["location"] == "/docs"


async def test_no_script_style_or_frame_of_elsewhere_and_none_inline(browser: httpx.AsyncClient) -> None:
    policy = (await browser.get("/")).headers["content-security-policy"]
    rules = dict(rule.split(" ", 1) for rule in policy.split("; "))
    assert rules["default-src"] == "'none'"
    assert rules["script-src"] == rules["style-src"] == rules["connect-src"] == "'self'"
    assert rules["frame-ancestors"] == rules["base-uri"] == "'none'"
    assert "unsafe" not in policy


@pytest.mark.parametrize(
    ("accepted", "encoding", "body"),
    [
        ("gzip, deflate, br", "br", b"brotli"),
        ("gzip", "gzip", b"gzip"),
        ("br;q=0, gzip;q=0.5", "gzip", b"gzip"),
        ("identity", None, b"alert(1)"),
        ("brr, gzipped", None, b"alert(1)"),
    ],
)
async def test_assets_come_small_and_are_kept(browser: httpx.AsyncClient, accepted: str, encoding: str | None, body: bytes) -> None:
    async with browser.stream("GET", "/assets/index-1a2b.js", headers={"Accept-Encoding": accepted}) as answer:
        assert b"".join([piece async for piece in answer.aiter_raw()]) == body
    assert answer.headers.get("content-encoding") == encoding
    assert answer.headers["content-type"].startswith("text/javascript")
    assert "immutable" in answer.headers["cache-control"]
    assert answer.headers["vary"] == "Accept-Encoding"


async def test_a_new_version_on_the_disk_changes_nothing_for_a_server_that_runs(browser: httpx.AsyncClient, built: Path) -> None:
    for path in (built / "index.html", *(built / "assets").iterdir()):
        path.unlink()
    assert (await browser.get("/assets/index-1a2b.js", headers={"Accept-Encoding": "identity"})).text == "alert(1)"
    assert "index-1a2b.js" in (await browser.get("/")).text


async def test_head_of_the_page_has_no_body(browser: httpx.AsyncClient) -> None:
    answer = await browser.head("/c/0123")
    assert (answer.status_code, answer.content) == (200, b"")


@pytest.mark.parametrize(
    "path", ["/../pages.py", "/assets/../../pages.py", "/%2e%2e/pages.py", "/assets/%2e%2e/index.html", "/index-1a2b.js.br"]
)
async def test_nothing_outside_the_page_is_a_file_of_it(browser: httpx.AsyncClient, path: str) -> None:
    answer = await browser.get(httpx.URL("http://alize.test").copy_with(raw_path=path.encode()), headers={"Accept": "*/*"})
    assert answer.status_code == 404


async def test_the_look_of_the_cookie_is_there_before_the_first_byte(browser: httpx.AsyncClient) -> None:
    answer = await browser.get("/", headers={"Cookie": "alize_look=dark.fr", "Accept-Language": "ja"})
    assert '<html lang="fr" data-theme="dark">' in answer.text


@pytest.mark.parametrize(
    ("look", "accepted", "attributes"),
    [
        ("", "", 'lang="en"'),
        ("light.", "fr-CA,fr;q=0.9,en;q=0.8", 'lang="fr" data-theme="light"'),
        (".ja", "fr", 'lang="ja"'),
        ("blue.de", "de, ja;q=0.3, en;q=0.2", 'lang="ja"'),
        ("", "fr;q=0, de", 'lang="en"'),
        ('dark"><script>', "", 'lang="en"'),
    ],
)
def test_the_language_is_the_chosen_one_or_the_browsers(look: str, accepted: str, attributes: str) -> None:
    assert html_attributes(look, accepted) == attributes


@given(st.text(), st.text())
def test_no_header_writes_into_the_page(look: str, accepted: str) -> None:
    words = {f'lang="{language}"{theme}' for language in LANGUAGES for theme in ("", ' data-theme="light"', ' data-theme="dark"')}
    assert html_attributes(look, accepted) in words


async def test_behind_a_proxy_the_page_finds_its_files(desk: Desk, built: Path) -> None:
    house = desk.app.state.house
    app = create_app(dataclasses.replace(house.settings, root_path="/alize"), house.parts, Pages(built))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://alize.test", headers=BROWSER) as client:
        for path in ("/alize/c/0123", "/c/0123"):  # a proxy may pass its prefix on or take it away
            assert 'src="/alize/assets/index-1a2b.js"' in (await client.get(path)).text
        assert (await client.get("/alize/icon.svg")).text == "<svg/>"


async def test_without_a_built_page_a_browser_is_sent_to_the_documentation(desk: Desk, tmp_path: Path) -> None:
    house = desk.app.state.house
    app = create_app(house.settings, house.parts, Pages(tmp_path / "nothing"))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://alize.test", headers=BROWSER) as client:
        assert (await client.get("/")).headers["location"] == "/docs"
        assert (await client.get("/c/0123")).status_code == 404
