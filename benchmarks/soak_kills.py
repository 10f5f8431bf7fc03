"""`kill -9` at many moments of an answer. In: how many, a seed. Out: a line for each, and one JSON document on the last line.

Each life of the server is asked one or two questions, followed for a drawn while and killed; the next life on the same state must have

- every question that was acknowledged, once and word for word;
- of every answer all that was shown, at its beginning, once: what was seen over the wire before the death is a prefix of what is kept;
- the same text in its events as in its message, their numbers without a hole, and exactly one end, the last of them;
- for each answer that was cut off, a continuation that goes on from there.

The first violation ends the run with status 1 and names seed and number, which are enough to repeat that kill alone (--only).

    python benchmarks/soak_kills.py [--kills 200] [--seed 0] [--only NUMBER]
"""

import argparse
import json
import random
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from alize.assistant.events import TERMINAL
from tests.house import House, start

MOMENTS = ("before a token", "between tokens", "at the end", "while another waits")
EACH = 8  # kills of one conversation: then a new one, so that prompts stay short
TOKENS = 24


class Violation(Exception):
    """A promise was broken."""


@dataclass
class Asked:
    """A question that was acknowledged, and what was seen of its answer."""

    question: str
    content: str
    answer: str
    run: str
    shown: str = ""
    seen: int = 0  # events
    ended: bool = False


@dataclass
class Chat:
    id: str = field(default_factory=lambda: uuid4().hex)
    parent: str | None = None
    asked: list[Asked] = field(default_factory=list[Asked])


def ask(client: httpx.Client, chat: Chat, content: str) -> Asked:
    asked = Asked(uuid4().hex, content, uuid4().hex, uuid4().hex)
    body = {"id": asked.question, "parent": chat.parent, "content": content, "answer": {"id": asked.answer, "run": asked.run}}
    answer = client.post(f"/api/conversations/{chat.id}/messages", json=body)
    if answer.status_code != 201:
        raise Violation(f"a question was refused: {answer.text}")
    chat.parent = asked.answer
    chat.asked.append(asked)
    return asked


def follow(client: httpx.Client, asked: Asked, enough: threading.Event, events: int) -> None:
    """Read until the server is gone; `enough` is set after that many events, or the last."""
    try:
        with client.stream("GET", f"/api/runs/{asked.run}/events", params={"after": 0}) as stream:
            for line in stream.iter_lines():
                if line.startswith("data: "):
                    event = json.loads(line[6:])
                    asked.seen += 1
                    asked.shown += event.get("content", "")
                    asked.ended = event["type"] in TERMINAL
                    if asked.seen >= events or asked.ended:
                        enough.set()
    except httpx.TransportError:
        pass
    finally:
        enough.set()


def life(house: House, chat: Chat, moment: str, draw: random.Random) -> None:
    """Ask, follow, kill."""
    with house.client() as client:
        if not chat.asked:
            settings = {"temperature": 0, "max_tokens": TOKENS}
            client.post("/api/conversations", json={"id": chat.id, "settings": settings}).raise_for_status()
        asked = [ask(client, chat, f"Tell me something about the number {draw.randint(2, 999)}.")]
        if moment == "while another waits":
            asked.append(ask(client, chat, "And what else?"))
        enough = threading.Event()
        events = {"before a token": 1, "at the end": 10**9}.get(moment, draw.randint(2, TOKENS))
        reading = threading.Thread(target=follow, args=(client, asked[0], enough, events))
        reading.start()
        if moment != "before a token":
            enough.wait(60)
        time.sleep(draw.random() * 0.03)  # the moment itself is drawn: within one token, a commit, or the title that follows an answer
        house.process.send_signal(signal.SIGKILL)
        house.process.wait(60)
        reading.join(60)


def events_of(client: httpx.Client, run: str) -> list[dict[str, Any]]:
    """All, which end with the run's end. Raises Violation where a number is missing."""
    text = client.get(f"/api/runs/{run}/events", params={"after": 0}).text
    numbers = [int(line[4:]) for line in text.splitlines() if line.startswith("id: ")]
    if numbers != list(range(1, len(numbers) + 1)):
        raise Violation(f"the events of run {run} are numbered {numbers}")
    return [json.loads(line[6:]) for line in text.splitlines() if line.startswith("data: ")]


def check(house: House, chat: Chat, outcomes: Counter[str]) -> None:
    """Hold the next life to what was acknowledged and shown. Raises Violation."""
    with house.client() as client:
        for asked in chat.asked:
            events = events_of(client, asked.run)
            ends = [event["type"] for event in events if event["type"] in TERMINAL]
            if len(ends) != 1 or events[-1]["type"] != ends[0]:
                raise Violation(f"run {asked.run} ended {len(ends)} times: {ends}")
            told = "".join(event.get("content", "") for event in events)
            if not told.startswith(asked.shown):
                raise Violation(f"shown was {asked.shown!r}, kept is {told!r}")
            if asked.ended and (told != asked.shown or len(events) != asked.seen):
                raise Violation(f"a finished answer has changed from {asked.shown!r} to {told!r}")
        messages = client.get(f"/api/conversations/{chat.id}").json()["messages"]
        by_id = Counter(message["id"] for message in messages)
        expected = Counter(id for asked in chat.asked for id in (asked.question, asked.answer))
        if by_id != expected:
            raise Violation(f"messages are {by_id}, expected {expected}")
        contents = {message["id"]: message["content"] for message in messages}
        for asked in chat.asked:
            if contents[asked.question] != asked.content:
                raise Violation(f"a question became {contents[asked.question]!r}")
            if not contents[asked.answer].startswith(asked.shown):
                raise Violation(f"shown was {asked.shown!r}, the message is {contents[asked.answer]!r}")
        last = next(message for message in messages if message["id"] == chat.asked[-1].answer)
        outcomes[last["state"]] += 1
        if last["state"] == "cut_off" and last["content"]:
            resume(client, chat, last["content"])


def resume(client: httpx.Client, chat: Chat, kept: str) -> None:
    """Continue what was cut off; its message then begins with what was kept. Raises Violation."""
    answer, run = chat.asked[-1].answer, uuid4().hex
    begun = client.post(f"/api/messages/{answer}/continue", json={"run": run})
    if begun.status_code != 201:
        raise Violation(f"a cut-off answer cannot be continued: {begun.text}")
    more = "".join(event.get("content", "") for event in events_of(client, run))
    messages = client.get(f"/api/conversations/{chat.id}").json()["messages"]
    whole = next(message["content"] for message in messages if message["id"] == answer)
    if whole != kept + more:
        raise Violation(f"{kept!r} was continued by {more!r} and became {whole!r}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=200, help="how many (default: 200)")
    parser.add_argument("--seed", type=int, default=0, help="of the moments (default: 0)")
    parser.add_argument("--only", type=int, default=None, metavar="NUMBER", help="that kill alone")
    options = parser.parse_args()
    from alize.weights.pull import pull

    weights = pull("smollm2-135m-instruct", Path("~/.cache/alize-tests").expanduser())
    outcomes: Counter[str] = Counter()
    moments: Counter[str] = Counter()
    shown, chat, began = 0, Chat(), time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "log.txt"
        house = start(Path(folder) / "home", log, weights)
        house.wait_ready()
        for number in range(options.kills) if options.only is None else [options.only]:
            draw = random.Random(f"{options.seed}:{number}")
            moment = MOMENTS[number % len(MOMENTS)]
            if len(chat.asked) >= EACH:
                chat = Chat()
            try:
                life(house, chat, moment, draw)
                house = start(house.home, log, weights)
                house.wait_ready()
                check(house, chat, outcomes)
            except Violation as violation:
                print(f"seed {options.seed}, kill {number} ({moment}): {violation}", file=sys.stderr)
                house.stop(signal.SIGKILL)
                return 1
            moments[moment] += 1
            shown += sum(len(asked.shown) for asked in chat.asked[-2:])
            print(f"{number + 1:4} {moment:20} {chat.asked[-1].seen:3} events seen", flush=True)
        house.stop()
    print(
        json.dumps(
            {"kills": sum(moments.values()), "seed": options.seed, "moments": moments, "last_answers": outcomes, "violations": 0}
            | {"minutes": round((time.monotonic() - began) / 60, 1)}
        )
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
