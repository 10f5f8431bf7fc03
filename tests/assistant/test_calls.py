"""A model that calls a tool of its own accord: the assistant offers none, so what it writes is the answer's text, as ever."""

from pathlib import Path

from tests.assistant.conftest import Page
from tests.calling import ARGUMENTS, TOKENIZER, agent, engine_of
from tests.serving import opened


async def test_a_call_that_nobody_offered_is_the_answer_s_text(tmp_path: Path) -> None:
    async with opened(tmp_path, engine=engine_of(agent), tokenizer=TOKENIZER) as desk:
        page = Page(desk)
        chat = await page.begin()
        events = await page.follow((await page.ask(chat))["run"]["id"])
        answer = (await page.read(chat))["messages"][-1]
    assert "".join(event["content"] for _, event in events if event["type"] == "message.output.delta") == answer["content"]
    assert (answer["content"], answer["state"]) == (f"weather{ARGUMENTS}", "done")
