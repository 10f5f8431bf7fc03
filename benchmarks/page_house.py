"""A server without a model, for the benchmark of the page. In: a state folder. Out: on its first line of output, its port and a key.

    python benchmarks/page_house.py HOME

It is the server of `alize up` over a `FakeEngine` that says 200 tokens a second, with an account and a conversation of 1,000 messages.
A token is four bytes, as in the vocabularies of models in English. Ends with its standard input.
"""

import asyncio
import sys
import time
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import uvicorn
from page_text import LAST, answer, question, streamed

from alize.api.app import create_app
from alize.api.listen import bind
from alize.api.parts import Parts, Served
from alize.api.protocol import Http1
from alize.api.server import Server
from alize.assistant.serving import assisting
from alize.engine.base import Request, Step
from alize.engine.fake import FakeEngine, saying
from alize.governance import Accounts, Cookie, KeyIdentity, SessionIdentity, first_match, make_key, owner
from alize.governance.sessions import Visit
from alize.settings import Settings
from alize.storage import open_database
from alize.storage.base import ConversationRecord, Database, MessageRecord, Owner
from alize.tokenize.bytes import ByteTokenizer
from alize.weights.catalog import Card

RATE = 200.0  # tokens a second
TOKEN = 4  # bytes
CONTEXT = 1 << 20
MESSAGES = 1000
OTHERS = 60  # conversations in the list beside it
EMAIL, PASSWORD = "ada@example.org", "correct horse battery"
CHAT = "0" * 31 + "1"


class Paced(FakeEngine):
    """A FakeEngine that takes its time."""

    async def generate(self, request: Request) -> AsyncGenerator[Step, None]:
        begun, given = time.perf_counter(), 0
        async with aclosing(super().generate(request)) as steps:
            async for step in steps:
                yield step
                given += 1
                await asyncio.sleep(max(0.0, begun + given / RATE - time.perf_counter()))


async def furnish(database: Database) -> str:
    """An account, its conversation, and a key for programs: the key's secret."""
    opened = await Accounts(database).set_up(EMAIL, "Ada", PASSWORD, Visit("", "127.0.0.1"), token=None, expected=None)
    mine = Owner(opened.account.workspace, opened.account.principal)
    program, now = await owner(database), datetime.now(UTC) - timedelta(hours=1)
    async with database.transaction() as store:
        chat = ConversationRecord(CHAT, mine.workspace, mine.principal, "A thousand messages", "person", "", {}, None, now, now)
        await store.conversations.add(chat)
        for number in range(OTHERS):
            await store.conversations.add(replace(chat, id=f"{number + 2:032x}", title=f"Wall {number}"))
        parent = None
        for number in range(MESSAGES):
            last = f"\n\n{LAST}" if number == MESSAGES - 1 else ""
            role, text = ("user", question(number)) if number % 2 == 0 else ("assistant", answer(number // 2) + last)
            id, when = f"{number + 1:032x}", now + timedelta(seconds=number)
            message = MessageRecord(id, mine.workspace, mine.principal, CHAT, parent, role, text, when, model="fake")
            await store.conversations.add_message(message)
            parent = id
        return (await make_key(store, program, "open-webui", scopes=("inference",))).secret


async def main(home: Path) -> None:
    settings = Settings.load({}, home=home, port=0)
    database = open_database(settings)
    await database.migrate()
    key = await furnish(database)
    tokenizer = ByteTokenizer()
    engine = Paced(saying(streamed(40_000), tokenizer), max_context=CONTEXT, step_tokens=TOKEN)
    card = Card("fake", (), "Fake", "Says what it is told.", frozenset({"completion_chat"}), CONTEXT, owned_by="alize")
    keys, sessions = KeyIdentity(database), SessionIdentity(database, Cookie(""))
    app = create_app(settings, Parts({card.id: Served(engine, tokenizer, card)}, database, first_match([keys, sessions])))
    async with assisting(app):
        listener = bind(settings)
        server = Server(uvicorn.Config(app, http=Http1, log_config=None, access_log=False, lifespan="off", ws="none"))
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        await server.listening.wait()
        print(listener.getsockname()[1], key, flush=True)
        await asyncio.to_thread(sys.stdin.read)  # until whoever started it is gone
        server.should_exit = True
        await serving


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
