"""What a person does with conversations. In: whose they are, and the wish. Out: records; runs that wait to be made.

Ids come from the page. The same id with the same content again is the same wish, sent twice: it is answered as the first time.

Messages of a conversation are kept in the order in which they came, whatever the clock says: one that was set back by hours would put
a new version before those that it replaces. When the conversation was last used is told by the clock alone, and so mends itself.
"""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from alize.assistant.runs import answer_to
from alize.assistant.titles import tidied
from alize.errors import Conflict, InvalidRequest, NotFound
from alize.reasons import because
from alize.storage.base import ConversationRecord, MessageRecord, Owner, RunRecord, Store

__all__ = ["again", "carry_on", "conversation_of", "create", "message_of", "run_of", "say"]

_ACTIVE = ("waiting", "running")


async def create(store: Store, owner: Owner, id: str, title: str, model: str, settings: dict[str, Any]) -> ConversationRecord:
    """The conversation, made or found. Raises Conflict for an id that names another one."""
    now = datetime.now(UTC)
    made = ConversationRecord(id, owner.workspace, owner.principal, title, "person" if title else "", model, settings, None, now, now)
    if await store.conversations.add(made):
        return made
    there = await store.conversations.get(owner, id)
    if there is None:
        raise Conflict("This id is in use.", param="id", remedy="Make another one.", reason=because("id_taken"))
    return there


async def conversation_of(store: Store, owner: Owner, id: str, *, deleted: bool = False) -> ConversationRecord:
    """Raises NotFound."""
    found = await store.conversations.get(owner, id, deleted=deleted)
    if found is None:
        raise NotFound(f"There is no conversation '{id[:100]}'.", reason=because("conversation_gone"))
    return found


async def message_of(store: Store, owner: Owner, id: str) -> MessageRecord:
    """Raises NotFound, also where its conversation was deleted."""
    found = await store.conversations.message(owner, id)
    if found is None or await store.conversations.get(owner, found.conversation) is None:
        raise NotFound(f"There is no message '{id[:100]}'.", reason=because("message_gone"))
    return found


async def run_of(store: Store, owner: Owner, id: str) -> RunRecord:
    """Raises NotFound."""
    found = await store.runs.get(owner, id)
    if found is None:
        raise NotFound(f"There is no run '{id[:100]}'.", reason=because("run_gone"))
    return found


async def say(
    store: Store,
    owner: Owner,
    conversation: str,
    id: str,
    parent: str | None,
    content: str,
    attachments: list[dict[str, Any]],
    answer: str,
    run: str,
) -> tuple[MessageRecord, MessageRecord, RunRecord]:
    """Keep a question, and let it be answered. Raises NotFound, InvalidRequest, Conflict."""
    chat = await conversation_of(store, owner, conversation)
    if not content.strip() and not attachments:
        raise InvalidRequest("The message is empty.", param="content", reason=because("message_empty"))
    if parent is not None:
        above = await store.conversations.message(owner, parent)
        if above is None or above.conversation != conversation or above.role != "assistant":
            raise InvalidRequest(
                f"parent = '{parent}' is no answer of this conversation.", param="parent", reason=because("not_under_answer")
            )
    at = await _next(store, owner, conversation)
    # The conversation's own principal: a person may go on in one that a key of theirs began, and the key sees that.
    question = MessageRecord(id, chat.workspace, chat.principal, chat.id, parent, "user", content, at, attachments)
    if not await store.conversations.add_message(question, updated=datetime.now(UTC)):
        return await _sent_before(store, owner, question, answer, run)
    if not chat.title and parent is None:  # until it is named: its own first words
        files = [str(file["name"]) for file in attachments]
        await store.conversations.change(owner, conversation, title=tidied(content) or tidied(" ".join(files)))
    return (question, *await _answered(store, question, answer, run))


async def again(store: Store, owner: Owner, message: str, answer: str, run: str) -> tuple[MessageRecord, RunRecord]:
    """Another answer to the question of this one. Raises NotFound, InvalidRequest, Conflict."""
    found = await message_of(store, owner, message)
    question = await store.conversations.message(owner, found.parent or "")
    if found.role != "assistant" or question is None:
        raise InvalidRequest("Only an answer can be made again.", reason=because("only_answers_again"))
    before = await store.conversations.message(owner, answer)
    if before is not None:
        return await _made_before(store, owner, before, question.id, run)
    return await _answered(store, question, answer, run)


async def carry_on(store: Store, owner: Owner, message: str, run: str) -> tuple[MessageRecord, RunRecord]:
    """The rest of an answer that was stopped, cut off, or as long as it might be. Raises NotFound, InvalidRequest, Conflict."""
    found = await message_of(store, owner, message)
    if found.run == run:
        return found, await run_of(store, owner, run)
    if found.role != "assistant" or found.state in _ACTIVE or (found.state == "done" and found.finish == "stop"):
        raise InvalidRequest(
            "This answer has nothing to continue.", remedy="Make it again, or ask on.", reason=because("nothing_to_continue")
        )
    made = await _run(store, found, run)
    if not await store.runs.attach(owner, found.id, run):
        raise Conflict("This answer is being continued already.", reason=because("continued_already"))
    return replace(found, run=run, state="waiting"), made


async def _next(store: Store, owner: Owner, conversation: str) -> datetime:
    """Now, or just after its newest message where that is later."""
    last, now = await store.conversations.last_created(owner, conversation), datetime.now(UTC)
    return now if last is None else max(now, last + timedelta(microseconds=1))


async def _answered(store: Store, question: MessageRecord, answer: str, run: str) -> tuple[MessageRecord, RunRecord]:
    at = await _next(store, Owner(question.workspace, question.principal), question.conversation)
    record = answer_to(question, answer, run, at)
    if not await store.conversations.add_message(record, updated=datetime.now(UTC)):
        raise Conflict("The answer's id is in use.", param="answer.id", remedy="Make another one.", reason=because("id_taken"))
    return record, await _run(store, record, run)


async def _run(store: Store, answer: MessageRecord, run: str) -> RunRecord:
    now = datetime.now(UTC)
    made = RunRecord(run, answer.workspace, answer.principal, answer.conversation, answer.id, "waiting", "", now, 0, now)
    if not await store.runs.add(made):
        raise Conflict("The run's id is in use.", param="run", remedy="Make another one.", reason=because("id_taken"))
    return made


async def _sent_before(
    store: Store, owner: Owner, question: MessageRecord, answer: str, run: str
) -> tuple[MessageRecord, MessageRecord, RunRecord]:
    there = await store.conversations.message(owner, question.id)
    same = ("conversation", "parent", "content", "attachments")
    if there is None or any(getattr(there, name) != getattr(question, name) for name in same):
        raise Conflict("The message's id is in use.", param="id", remedy="Make another one.", reason=because("id_taken"))
    made = await store.conversations.message(owner, answer)
    if made is None:
        raise Conflict("This message was sent before, with another answer.", param="answer.id", reason=because("sent_before"))
    return (there, *await _made_before(store, owner, made, question.id, run))


async def _made_before(store: Store, owner: Owner, answer: MessageRecord, question: str, run: str) -> tuple[MessageRecord, RunRecord]:
    there = await store.runs.get(owner, run)
    if answer.parent != question or there is None or there.message != answer.id:
        raise Conflict("The answer's id is in use.", param="answer.id", remedy="Make another one.", reason=because("id_taken"))
    return answer, there
