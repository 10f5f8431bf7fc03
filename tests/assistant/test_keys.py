"""What a key talked is its person's, too: seen, heard of, gone on with and deleted in the page; a key sees only what it made itself."""

from contextlib import aclosing
from datetime import UTC, datetime, timedelta

from alize.assistant.changes import ConversationChanged, Ready
from alize.governance import make_key
from alize.storage.base import Owner
from tests.assistant.conftest import Page, new_id
from tests.browser import browsing


async def test_a_person_sees_what_their_key_asked_and_goes_on_and_the_key_sees_that(page: Page) -> None:
    async with browsing(page.desk) as ada:
        await ada.set_up()
        chat = await page.begin(title="By a script")
        asked = await page.ask(chat, "Which pump?")
        await page.follow(asked["run"]["id"])
        listed = (await ada.ask("GET", "/api/conversations")).json()["data"]
        assert [(one["id"], one["title"]) for one in listed] == [(chat, "By a script")]
        assert [hit["conversation"] for hit in (await ada.ask("GET", "/api/search?q=which")).json()["data"]] == [chat]
        body = {"id": new_id(), "parent": asked["answer"]["id"], "content": "And why?", "answer": {"id": new_id(), "run": new_id()}}
        assert (await ada.ask("POST", f"/api/conversations/{chat}/messages", body)).status_code == 201
        await ada.ask("GET", f"/api/runs/{body['answer']['run']}/events")
        messages = (await page.read(chat))["messages"]
        assert [one["content"] for one in messages] == ["Which pump?", "Hello", "And why?", "Hello"]
        assert (await ada.ask("DELETE", f"/api/conversations/{chat}")).status_code == 200
        await page.call("GET", f"/api/conversations/{chat}", 404)


async def test_a_key_sees_neither_its_persons_conversations_nor_another_keys(page: Page) -> None:
    async with browsing(page.desk) as ada, page.desk.without_key() as program:
        await ada.set_up()
        hers, by_admin_key = new_id(), await page.begin(title="secret of a key")
        assert (await ada.ask("POST", "/api/conversations", {"id": hers, "title": "secret of hers"})).status_code == 201
        program.headers["Authorization"] = f"Bearer {await page.desk.make_key('inference')}"
        for client in (program, page.client):  # the second may do everything in the house, and reads nobody's conversations
            assert (await client.get(f"/api/conversations/{hers}")).status_code == 404
            assert (await client.get("/api/search?q=hers")).json()["data"] == []
        assert (await program.get(f"/api/conversations/{by_admin_key}")).status_code == 404
        assert (await program.get("/api/conversations")).json()["data"] == []


async def test_what_a_key_asked_is_nobody_elses_and_outlives_it(page: Page) -> None:
    desk = page.desk
    async with browsing(desk) as ada, browsing(desk) as bob, desk.without_key() as program:
        await ada.set_up()
        await bob.invited()
        for_an_hour = datetime.now(UTC) + timedelta(hours=1)
        async with desk.database.transaction() as store:
            made = await make_key(store, desk.owner, "for a while", expires=for_an_hour)
        chat = new_id()
        headers = {"Authorization": f"Bearer {made.secret}"}
        assert (await program.post("/api/conversations", json={"id": chat, "title": "By a script"}, headers=headers)).status_code == 201
        assert (await page.client.delete(f"/api/keys/{made.record.id}")).status_code == 200
        assert (await program.get(f"/api/conversations/{chat}", headers=headers)).status_code == 401
        assert (await ada.ask("GET", f"/api/conversations/{chat}")).json()["title"] == "By a script"
        assert (await bob.ask("GET", f"/api/conversations/{chat}")).status_code == 404
        assert (await bob.ask("GET", "/api/conversations")).json()["data"] == []


async def test_the_persons_page_hears_what_a_key_does_and_the_key_nothing_of_the_person(page: Page) -> None:
    desk = page.desk
    changes = desk.app.state.assistant.changes
    async with desk.database.transaction() as store:
        [key] = (await store.keys.list(desk.owner.workspace)).items
    ada, hers = Owner(key.workspace, key.principal), Owner(key.workspace, key.id)
    async with aclosing(changes.listen(ada)) as page_hears, aclosing(changes.listen(hers)) as key_hears, browsing(desk) as browser:
        await browser.set_up()
        assert [await anext(page_hears), await anext(key_hears)] == [Ready(), Ready()]
        of_hers = new_id()
        await browser.ask("POST", "/api/conversations", {"id": of_hers})
        assert await anext(page_hears) == ConversationChanged(of_hers)
        by_key = await page.begin()
        assert [await anext(page_hears), await anext(key_hears)] == [ConversationChanged(by_key)] * 2
