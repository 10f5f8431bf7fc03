"""Keep: conversations are listed, changed, found, taken away, deleted and had back, each by nobody but its owner."""

from tests.assistant.conftest import Page, new_id


async def test_a_list_pages_and_keeps_the_archived_apart(page: Page) -> None:
    chats = [await page.begin(title=str(number)) for number in range(5)]
    await page.call("PATCH", f"/api/conversations/{chats[0]}", 200, {"archived": True, "pinned": True})
    first = await page.call("GET", "/api/conversations?limit=3", 200)
    second = await page.call("GET", f"/api/conversations?limit=3&after={first['next']}", 200)
    assert [one["title"] for one in (*first["data"], *second["data"])] == ["4", "3", "2", "1"]
    assert [one["id"] for one in (await page.call("GET", "/api/conversations?archived=true", 200))["data"]] == [chats[0]]


async def test_what_is_given_is_changed_and_nothing_else(page: Page) -> None:
    chat = await page.begin(settings={"temperature": 0.5})
    changed = await page.call("PATCH", f"/api/conversations/{chat}", 200, {"title": " Bees ", "pinned": True})
    assert (changed["title"], changed["titled_by"]) == ("Bees", "person")
    assert changed["pinned"]
    changed = await page.call("PATCH", f"/api/conversations/{chat}", 200, {"pinned": False})
    assert (changed["title"], changed["pinned"]) == ("Bees", None)
    assert (await page.read(chat))["settings"] == {"temperature": 0.5}
    await page.call("PATCH", f"/api/conversations/{chat}", 400, {"leaf": new_id()})
    await page.call("PATCH", f"/api/conversations/{chat}", 422, {"colour": "red"})


async def test_a_deleted_conversation_is_gone_until_it_is_had_back(page: Page) -> None:
    chat = await page.begin(title="Bees")
    asked = await page.ask(chat, "Where is honey?")
    await page.follow(asked["run"]["id"])
    await page.call("DELETE", f"/api/conversations/{chat}", 200)
    await page.call("GET", f"/api/conversations/{chat}", 404)
    assert (await page.call("GET", "/api/search?q=honey", 200))["data"] == []
    await page.call("POST", f"/api/conversations/{chat}/restore", 200)
    assert len((await page.read(chat))["messages"]) == 2


async def test_deleting_stops_what_is_being_made(page: Page) -> None:
    page.engine.hold(after=1)
    chat = await page.begin()
    asked = await page.ask(chat)
    await page.engine.until(lambda stats: stats.running == 1)
    await page.call("DELETE", f"/api/conversations/{chat}", 200)
    assert (await page.follow(asked["run"]["id"]))[-1][1]["type"] == "run.stopped"


async def test_a_search_shows_where_its_words_stand(page: Page) -> None:
    chat = await page.begin(title="Été")
    asked = await page.ask(chat, "Où est l'été à Paris ?")
    await page.follow(asked["run"]["id"])
    hits = (await page.call("GET", "/api/search?q=ete", 200))["data"]
    assert {hit["message"] for hit in hits} == {None, asked["message"]["id"]}
    for hit in hits:
        assert [hit["excerpt"][a:b] for a, b in hit["marks"]] == ["Été" if hit["message"] is None else "été"]


async def test_every_hit_of_a_search_can_be_had_page_by_page(page: Page) -> None:
    for number in range(5):
        await page.begin(title=f"bee {number}")
    titles: list[str] = []
    after = ""
    for _ in range(3):
        found = await page.call("GET", f"/api/search?q=bee&limit=2{after}", 200)
        titles += [hit["title"] for hit in found["data"]]
        after = f"&after={found['next']}"
        assert found["has_more"] == (found["next"] is not None)
    assert (titles, after) == ([f"bee {number}" for number in (4, 3, 2, 1, 0)], "&after=None")


async def test_a_conversation_is_taken_away_as_markdown_and_as_json(page: Page) -> None:
    chat = await page.begin(title="Bees")
    asked = await page.ask(chat, "Why?", attachments=[{"name": "a.md", "type": "text/markdown", "text": "```\nx\n```"}])
    await page.follow(asked["run"]["id"])
    markdown = await page.client.get(f"/api/conversations/{chat}/export")
    assert markdown.headers["content-disposition"] == "attachment; filename=\"Bees.md\"; filename*=UTF-8''Bees.md"
    assert markdown.text.startswith("# Bees\n")
    assert "````\n```\nx\n```\n````" in markdown.text
    assert markdown.text.endswith("Hello\n")
    for header, said in (("fr-CA, en;q=0.5", "## Réponse (fake)"), ("ja", "## 回答 (fake)"), ("de", "## Answer (fake)")):
        given = await page.client.get(f"/api/conversations/{chat}/export", headers={"Accept-Language": header})
        assert said in given.text
    given = await page.client.get(f"/api/conversations/{chat}/export", headers={"Accept-Language": "en", "Cookie": "alize_look=dark.fr"})
    assert "## Vous\n" in given.text  # what was chosen on the page counts before what the browser says
    found = (await page.client.get(f"/api/conversations/{chat}/export?format=json")).json()
    assert [message["content"] for message in found["messages"]] == ["Why?", "Hello"]


async def test_the_page_is_told_what_is_still_sent(page: Page) -> None:
    chat = await page.begin()
    parent = None
    for number in range(4):
        asked = await page.ask(chat, f"{number} " + "x" * 900, parent=parent)
        await page.follow(asked["run"]["id"])
        parent = asked["answer"]["id"]
    asked = await page.ask(chat, "y" * 2500, parent=parent)
    started = (await page.follow(asked["run"]["id"]))[0][1]
    assert started["dropped"] > 0
    use = await page.call("GET", f"/api/conversations/{chat}/context?leaf={asked['message']['id']}", 200)
    assert (use["limit"], len(use["dropped"]), use["sent_from"]) == (4096, started["dropped"], started["sent_from"])
    assert use["used"] <= use["limit"]


async def test_ids_that_are_nobodys_are_not_found(page: Page) -> None:
    for method, path, body in (
        ("GET", "/api/conversations/{}", None),
        ("PATCH", "/api/conversations/{}", {}),
        ("DELETE", "/api/conversations/{}", None),
        ("POST", "/api/conversations/{}/restore", None),
        ("GET", "/api/conversations/{}/export", None),
        ("GET", "/api/conversations/{}/context", None),
        ("POST", "/api/conversations/{}/messages", {"id": new_id(), "content": "x", "answer": {"id": new_id(), "run": new_id()}}),
        ("POST", "/api/messages/{}/regenerate", {"answer": {"id": new_id(), "run": new_id()}}),
        ("POST", "/api/messages/{}/continue", {"run": new_id()}),
        ("POST", "/api/runs/{}/stop", None),
        ("POST", "/api/runs/{}/withdraw", None),
        ("GET", "/api/runs/{}/events", None),
    ):
        for id in (new_id(), "x", "%2e%2e", "é"):
            await page.call(method, path.format(id), 404, body)
