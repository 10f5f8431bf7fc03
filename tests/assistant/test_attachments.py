"""Uploads: kept once they are acknowledged, named by messages, given back to whom they belong to, and gone when nothing names them."""

import asyncio
import base64
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.assistant.conftest import Page, new_id
from tests.browser import browsing
from tests.pictures import noise, plain
from tests.serving import listening, opened

PNG = plain(8, 4)


async def get(page: Page, id: str, **headers: str) -> httpx.Response:
    return await page.client.get(f"/api/attachments/{id}", headers=headers)


async def test_an_upload_is_given_back_as_it_was_and_as_nothing_else(page: Page) -> None:
    file = await page.upload(PNG, "image/png", 'é"\n.png')
    answer = await get(page, file["id"])
    assert (answer.status_code, answer.content) == (200, PNG)
    assert answer.headers["content-type"] == "image/png"
    assert answer.headers["content-disposition"] == "attachment; filename*=UTF-8''%C3%A9%22%0A.png"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox; frame-ancestors 'none'"
    assert answer.headers["cross-origin-resource-policy"] == "same-origin"
    assert answer.headers["cache-control"] == "private, no-cache"
    again = await get(page, file["id"], **{"If-None-Match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")


async def test_a_part_of_an_upload_can_be_had_as_a_player_asks_for_it(page: Page) -> None:
    file = await page.upload(PNG, "image/png")
    part = await get(page, file["id"], Range="bytes=2-5")
    assert (part.status_code, part.content, part.headers["content-range"]) == (206, PNG[2:6], f"bytes 2-5/{len(PNG)}")
    changed = await get(page, file["id"], Range="bytes=2-5", **{"If-Range": '"other"'})
    assert (changed.status_code, changed.content) == (200, PNG)


@given(st.one_of(st.text("bytes=0123456789-, ", max_size=20), st.builds("bytes={}-{}".format, st.integers(0, 200), st.integers(0, 200))))
@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_whatever_range_is_asked_for_what_comes_is_what_it_says(page: Page, asked: str) -> None:
    file = await page.upload(PNG, "image/png")
    answer = await get(page, file["id"], Range=asked)
    if answer.status_code == 200:
        assert answer.content == PNG
    else:
        assert answer.status_code == 206
        first, last = (int(one) for one in answer.headers["content-range"].removeprefix("bytes ").split("/")[0].split("-"))
        assert answer.content == PNG[first : last + 1] != b""


async def test_reading_a_conversation_carries_no_picture(page: Page) -> None:
    large = noise(400, 300, 1)
    assert len(large) > 100_000
    chat = await page.begin()
    asked = await page.ask(chat, "What?", attachments=[await page.upload(large, "image/png", "large.png")])
    await page.follow(asked["run"]["id"])
    read = await page.client.get(f"/api/conversations/{chat}")
    assert len(read.content) < 5000
    assert read.json()["messages"][0]["attachments"][0]["name"] == "large.png"


async def test_two_sounds_as_large_as_may_be_go_with_one_question(page: Page) -> None:
    """In one body they were more than a request may have."""
    most = (await page.client.get("/api/session")).json()["limits"]["audio_bytes"]
    silence = b"RIFF" + (most - 8).to_bytes(4, "little") + b"WAVEfmt " + bytes([16, 0, 0, 0, 1, 0, 1, 0])
    silence += (
        (16000).to_bytes(4, "little") + (32000).to_bytes(4, "little") + bytes([2, 0, 16, 0]) + b"data" + (most - 44).to_bytes(4, "little")
    )
    data = silence + bytes(most - len(silence))
    files = [await page.upload(data, "audio/wav", name) for name in ("a.wav", "b.wav")]
    chat = await page.begin()
    asked = await page.ask(chat, "Heard?", attachments=files)
    assert [one["id"] for one in asked["message"]["attachments"]] == [one["id"] for one in files]
    refused = await page.client.post("/api/attachments?name=c.wav", content=data + b"\0", headers={"Content-Type": "audio/wav"})
    assert (refused.status_code, refused.json()["code"]) == (413, "payload_too_large")


async def test_the_page_is_told_no_more_than_a_request_may_have(tmp_path: Path) -> None:
    async with opened(tmp_path, max_body_bytes=100_000) as desk:
        limits = (await desk.client.get("/api/session")).json()["limits"]
        assert (limits["image_bytes"], limits["audio_bytes"], limits["body_bytes"]) == (100_000, 100_000, 100_000)


async def test_a_person_has_as_much_kept_as_they_may_whichever_key_uploads_it(tmp_path: Path) -> None:
    async with opened(tmp_path, upload_bytes_per_person=2 * len(PNG)) as desk:
        page, sent = Page(desk), {"Content-Type": "image/png"}
        first = await page.upload(PNG, "image/png")
        other = {**sent, "Authorization": f"Bearer {await desk.make_key()}"}
        assert (await page.client.post("/api/attachments?name=b.png", content=PNG, headers=other)).status_code == 201
        for headers in (sent, other):
            refused = await page.client.post("/api/attachments?name=c.png", content=PNG, headers=headers)
            assert (refused.status_code, refused.json()["code"]) == (409, "conflict")
            assert f"{2 * len(PNG)} bytes are kept for you" in refused.json()["message"]
            assert "upload_bytes_per_person" in refused.json()["message"]
            assert refused.json()["reason"] == "files_full"
            assert refused.json()["values"] == {"taken_bytes": 2 * len(PNG), "most_bytes": 2 * len(PNG)}
        assert (await get(page, first["id"])).content == PNG
    (unlimited := tmp_path / "unlimited").mkdir()
    async with opened(unlimited, upload_bytes_per_person=0) as desk:
        await Page(desk).upload(PNG, "image/png")


async def test_the_same_question_sent_twice_is_one_with_its_uploads(page: Page) -> None:
    chat, file = await page.begin(), await page.upload(PNG, "image/png")
    body = {"id": new_id(), "content": "What?", "attachments": [file], "answer": {"id": new_id(), "run": new_id()}}
    first = await page.call("POST", f"/api/conversations/{chat}/messages", 201, body)
    await page.follow(first["run"]["id"])
    again = await page.call("POST", f"/api/conversations/{chat}/messages", 201, body)
    assert again["message"] == first["message"]
    other = await page.upload(PNG, "image/png")
    await page.call("POST", f"/api/conversations/{chat}/messages", 409, {**body, "attachments": [other]})


async def test_a_new_version_of_a_question_names_the_same_upload(page: Page) -> None:
    chat, file = await page.begin(), await page.upload(PNG, "image/png")
    for words in ("What?", "Which?"):
        await page.follow((await page.ask(chat, words, attachments=[file]))["run"]["id"])
    questions = [one for one in (await page.read(chat))["messages"] if one["role"] == "user"]
    assert [one["attachments"][0]["id"] for one in questions] == [file["id"]] * 2


async def test_what_is_taken_away_has_the_pictures_in_it(page: Page) -> None:
    chat, file = await page.begin(), await page.upload(PNG, "image/png", "a.png")
    await page.follow((await page.ask(chat, "What?", attachments=[file]))["run"]["id"])
    found = (await page.client.get(f"/api/conversations/{chat}/export?format=json")).json()
    text = f"data:image/png;base64,{base64.b64encode(PNG).decode()}"
    assert found["messages"][0]["attachments"] == [{"name": "a.png", "type": "image/png", "text": text, **file}]
    assert text in (await page.client.get(f"/api/conversations/{chat}/export")).text


async def test_an_upload_goes_with_the_last_conversation_that_names_it_once_that_cannot_be_restored(page: Page) -> None:
    chat, file = await page.begin(), await page.upload(PNG, "image/png")
    await page.follow((await page.ask(chat, "What?", attachments=[file]))["run"]["id"])
    await page.call("DELETE", f"/api/conversations/{chat}", 200)
    await page.call("POST", f"/api/conversations/{chat}/restore", 200)
    assert (await get(page, file["id"])).status_code == 200
    await page.call("DELETE", f"/api/conversations/{chat}", 200)
    async with page.desk.database.transaction() as store:
        await store.conversations.change(owner_of(page), chat, deleted=datetime.now(UTC) - timedelta(hours=2))
    async with asyncio.timeout(30):
        while True:
            if (await get(page, file["id"])).status_code == 404:
                break
            await asyncio.sleep(0.05)  # between two looks: the server clears up by itself


def owner_of(page: Page) -> Any:
    from alize.storage.base import Owner

    return Owner(page.desk.owner.workspace, page.desk.owner.id)


@pytest.mark.parametrize("name", [{}, {"name": ""}, {"name": "x" * 256}, {"name": "a\0b"}])
async def test_an_upload_has_a_name_that_can_be_kept(page: Page, name: dict[str, str]) -> None:
    answer = await page.client.post("/api/attachments", params=name, content=PNG, headers={"Content-Type": "image/png"})
    assert answer.status_code in (400, 422)
    assert answer.json()["object"] == "error"


async def test_what_a_client_breaks_off_is_not_kept(page: Page) -> None:
    """Nor is anything said to be: a row comes with its bytes, or not at all."""
    async with listening(page.desk.app) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        head = (
            f"POST /api/attachments?name=a.png HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {page.desk.key}\r\nContent-Type: image/png\r\n"
        )
        writer.write(head.encode() + f"Content-Length: {len(PNG)}\r\n\r\n".encode() + PNG[:-1])
        await writer.drain()
        writer.close()
        await writer.wait_closed()
        assert await reader.read() == b""
    async with page.desk.database.transaction() as store:
        assert await store.attachments.sweep(datetime.now(UTC) + timedelta(days=1)) == 0


async def test_a_page_of_another_origin_can_neither_upload_nor_read(page: Page) -> None:
    async with browsing(page.desk) as ada:
        await ada.set_up()
        sent = {"Content-Type": "image/png", "X-CSRF-Token": ada.csrf}
        made = await ada.client.post("/api/attachments?name=a.png", content=PNG, headers=sent)
        assert made.status_code == 201
        without = await ada.client.post("/api/attachments?name=a.png", content=PNG, headers={"Content-Type": "image/png"})
        assert (without.status_code, without.json()["code"]) == (403, "csrf_failed")
        address = f"/api/attachments/{made.json()['id']}"
        assert (await ada.client.get(address, headers={"Sec-Fetch-Site": "same-origin"})).status_code == 200
        assert (await ada.client.get(address, headers={"Sec-Fetch-Site": "cross-site"})).status_code == 403
