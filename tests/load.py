"""A crowd that asks for everything at once. In: a running house, a seed, a while. Out: what went wrong that nobody asked for.

Each of many clients does one thing after the other, drawn by the seed: short and long questions, streams, forms, adapters, several choices,
predictions; it leaves in the middle of an answer or before its first token; it asks for what has to be refused. Some ask a question whose
answer is known, and compare.
"""

import asyncio
import itertools
import json
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import httpx
import jsonschema

__all__ = ["Crowd", "Cut"]

Body = dict[str, Any]

WORDS = ("sea", "bread", "winter", "train", "bee", "river", "chess", "music", "glass", "salt", "clock", "paper", "rain", "copper")
CITY: Body = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "maxLength": 20},
        "people": {"type": "integer", "minimum": 0, "maximum": 99999999},
        "coast": {"type": "boolean"},
    },
    "required": ["name", "people", "coast"],
    "additionalProperties": False,
}
LIST: Body = {"type": "array", "items": {"enum": ["red", "green", "blue"]}, "minItems": 2, "maxItems": 5}
TOOLS: dict[str, Body] = {
    "city": CITY,
    "paint": {"type": "object", "properties": {"colours": LIST}, "required": ["colours"], "additionalProperties": False},
}
CHOICE: Body = {"enum": ["yes", "no", "perhaps"]}
PARAMETERS: tuple[Body, ...] = ({"temperature": 0}, {"temperature": 0.8, "top_p": 0.9}, {"temperature": 1.0, "top_k": 40, "min_p": 0.05})


class Said(NamedTuple):
    """A choice, or what one event adds to it."""

    text: str = ""
    reason: str | None = None
    calls: tuple[tuple[str, str], ...] = ()  # names and arguments

    def and_then(self, message: Body, reason: str | None) -> "Said":
        """With what a message or an event adds: a call's arguments come in pieces."""
        calls = dict(enumerate(self.calls))
        for place, call in enumerate(message.get("tool_calls") or []):
            index, function = call.get("index", place), call["function"]
            name, arguments = calls.get(index, ("", ""))
            calls[index] = name + (function.get("name") or ""), arguments + (function.get("arguments") or "")
        return Said(self.text + (message.get("content") or ""), reason or self.reason, tuple(calls.values()))


class Cut(Exception):
    """An answer was ended by the engine's end."""


@dataclass
class Crowd:
    """Clients of one house. `wrong` stays empty where all is well."""

    url: str
    key: str
    seed: int
    model: str
    adapters: tuple[str, ...] = ()
    longest: int = 3000  # words of a long question
    done: Counter[str] = field(default_factory=Counter[str])
    wrong: list[tuple[float, str]] = field(default_factory=list[tuple[float, str]])  # when, by time.monotonic(), and what
    open: set[int] = field(default_factory=set[int])  # requests in flight
    killed: bool = False  # the engine is being killed, or restarted: such an end is asked for
    _known: dict[str, str] = field(default_factory=dict[str, str])
    _tickets: Iterator[int] = field(default_factory=itertools.count)

    async def run(self, clients: int, seconds: float, meanwhile: Callable[[], Awaitable[None]] | None = None) -> None:
        """Until the time is over and every answer has ended."""
        limits = httpx.Limits(max_connections=None, max_keepalive_connections=clients)
        headers = {"Authorization": f"Bearer {self.key}"}
        async with httpx.AsyncClient(base_url=self.url, headers=headers, timeout=300, limits=limits) as client:
            await self._learn(client)
            end = time.monotonic() + seconds
            beside = asyncio.ensure_future(meanwhile()) if meanwhile is not None else None
            await asyncio.gather(*(self._client(client, number, end) for number in range(clients)))
            if beside is not None:
                await beside

    async def _client(self, client: httpx.AsyncClient, number: int, end: float) -> None:
        numbers = random.Random(f"{self.seed}/{number}")
        kinds = [
            *(self._short, self._short, self._long, self._formed, self._adapted, self._several),
            *(self._predicted, self._leaves, self._leaves_at_once, self._refused, self._compared),
            *(self._called, self._continued),
        ]
        while time.monotonic() < end:
            kind = numbers.choice(kinds)
            name = kind.__name__.strip("_")
            ticket, cut = next(self._tickets), False
            self.open.add(ticket)
            try:
                await kind(client, numbers)
                self.done[name] += 1
            except Cut:
                cut = True
                self.done["cut"] += 1
            except Exception as error:  # noqa: BLE001  whatever it is, it is a finding
                self.wrong.append((time.monotonic(), f"{name}: {type(error).__name__}: {str(error)[:300]}"))
            finally:
                self.open.discard(ticket)
            if cut:
                await asyncio.sleep(0.5)  # as a client that is told to try again does

    # ── what a client does ──

    async def _short(self, client: httpx.AsyncClient, numbers: random.Random) -> None:
        body = self._body(f"Tell me about {numbers.choice(WORDS)} and {numbers.choice(WORDS)}.", numbers.randrange(1, 100), numbers)
        await self._answer(client, body, streamed=numbers.random() < 0.7)

    async def _long(self, client: httpx.AsyncClient, numbers: random.Random) -> None:
        """Half of them begin alike, so that they share a prefix."""
        shared = random.Random(numbers.randrange(3)) if numbers.random() < 0.5 else numbers
        text = " ".join(shared.choices(WORDS, k=numbers.randrange(self.longest // 6, self.longest)))
        await self._answer(client, self._body(f"{text}\n\nWhat was that?", numbers.randrange(1, 40), numbers), streamed=True)

    async def _formed(self, client: httpx.AsyncClient, numbers: random.Random) -> None:
        schema = numbers.choice((CITY, LIST, CHOICE))
        form = {"type": "json_schema", "json_schema": {"name": "form", "strict": True, "schema": schema}}
        body = self._body(f"Describe the city of {numbers.choice(WORDS)} in JSON.", 150, numbers) | {"response_format": form}
        for text, reason, _ in await self._answer(client, body, streamed=numbers.random() < 0.5):
            if reason == "stop":
                jsonschema.validate(json.loads(text), schema)
            elif reason != "length":
                raise AssertionError(f"an answer of a form ended with {reason}")

    async def _called(self, client: httpx.AsyncClient, numbers: random.Random) -> None:
        """Whole or streamed, a call that was not cut has arguments that match; `auto` may say something instead."""
        choice = numbers.choice(("any", "auto", {"type": "function", "function": {"name": "city"}}))
        tools = [{"type": "function", "function": {"name": name, "parameters": schema}} for name, schema in TOOLS.items()]
        asked = self._body(f"Find the city of {numbers.choice(WORDS)}.", 120, numbers)
        body = asked | {"tools": tools, "tool_choice": choice, "parallel_tool_calls": numbers.random() < 0.5}
        ((text, reason, calls),) = await self._answer(client, body, streamed=numbers.random() < 0.5)
        if reason == "tool_calls":
            for name, arguments in calls:
                jsonschema.validate(json.loads(arguments), TOOLS[name])
        elif reason not in ("length", "stop") or (reason == "stop" and choice != "auto"):
            raise AssertionError(f"tool_choice {choice} ended with {reason}: {text!r}, {calls}")

    async def _continued(self, client: httpx.AsyncClient, numbers: random.Random) -> None:
        """An answer that goes on from a text, and matches with it."""
        form = {"type": "json_schema", "json_schema": {"name": "form", "strict": True, "schema": CITY}}
        body = self._body(f"Describe the city of {numbers.choice(WORDS)} in JSON.", 100, numbers) | {"response_format": form}
        begun = {"role": "assistant", "content": numbers.choice(('{"name": "', "{", '{"name": "Sea"')), "prefix": True}
        ((text, reason, _),) = await self._answer(client, body | {"messages": [*body["messages"], begun]}, streamed=numbers.random() < 0.5)
        if reason == "stop":
            jsonschema.validate(json.loads(text), CITY)
        elif reason != "length":
            raise AssertionError(f"an answer that goes on ended with {reason}")

    async def _adapted(self, client: httpx.AsyncClient, numbers: random.Random) -> None:
        model = numbers.choice((self.model, *self.adapters))
        body = self._body(f"Describe {numbers.choice(WORDS)}.", numbers.randrange(1, 60), numbers) | {"model": model}
        await self._answer(client, body, streamed=numbers.random() < 0.5)

    async def _several(self, client: httpx.AsyncClient, numbers: random.Random) -> None:
        wanted = numbers.randrange(2, 5)
        body = self._body(f"Name a {numbers.choice(WORDS)}.", 20, numbers) | {"n": wanted, "temperature": 0.9}
        answers = await self._answer(client, body, streamed=numbers.random() < 0.5)
        if len(answers) != wanted:
            raise AssertionError(f"{len(answers)} choices of {wanted}")

    async def _predicted(self, client: httpx.AsyncClient, numbers: random.Random) -> None:
        text = " ".join(numbers.choices(WORDS, k=60))
        body = self._body(f"Repeat this: {text}", 80, numbers) | {"prediction": {"type": "content", "content": text}}
        await self._answer(client, body, streamed=True)

    async def _leaves(self, client: httpx.AsyncClient, numbers: random.Random) -> None:
        body = self._body("Write a very long story.", 400, numbers) | {"n": numbers.choice((1, 1, 3))}
        await self._answer(client, body, streamed=True, leave_after=numbers.randrange(1, 30))

    async def _leaves_at_once(self, client: httpx.AsyncClient, numbers: random.Random) -> None:
        text = " ".join(numbers.choices(WORDS, k=numbers.randrange(10, self.longest)))
        try:
            async with asyncio.timeout(numbers.random() * 0.2):
                await self._answer(client, self._body(text, 50, numbers), streamed=numbers.random() < 0.5)
        except TimeoutError:
            pass

    async def _refused(self, client: httpx.AsyncClient, numbers: random.Random) -> None:
        wrong, status = numbers.choice(
            [
                ({"max_tokens": -1}, 422),
                ({"messages": []}, 400),
                ({"model": "nobody"}, 400),
                ({"temperature": 9}, 422),
                ({"messages": [{"role": "user", "content": "far too long " * 20_000}]}, 400),
                ({"response_format": {"type": "json_schema", "json_schema": {"name": "f", "schema": {"type": "nothing"}}}}, 400),
            ]
        )
        answer = await client.post("/v1/chat/completions", json=self._body("Hello", 5, numbers) | wrong)
        self._died(answer.status_code, answer.text)
        if answer.status_code != status:
            raise AssertionError(f"{list(wrong)} was answered {answer.status_code}: {answer.text[:200]}")

    async def _compared(self, client: httpx.AsyncClient, numbers: random.Random) -> None:
        question = numbers.choice(list(self._known))
        ((text, _, _),) = await self._answer(client, self._question(question), streamed=True)
        if text != self._known[question]:
            raise AssertionError(f"{question!r} was answered {text!r}, and alone {self._known[question]!r}")

    # ── how ──

    async def _learn(self, client: httpx.AsyncClient) -> None:
        for word in WORDS[:6]:
            question = f"Write three sentences about {word}."
            ((self._known[question], _, _),) = await self._answer(client, self._question(question), streamed=True)

    def _question(self, text: str) -> Body:
        """Drawn with a seed: whatever else runs, the same."""
        return {
            "model": self.model,
            "messages": [{"role": "user", "content": text}],
            "max_tokens": 60,
            "temperature": 0.8,
            "random_seed": 7,
        }

    def _body(self, text: str, length: int, numbers: random.Random) -> Body:
        drawn = {"random_seed": numbers.randrange(2**31), **numbers.choice(PARAMETERS)}
        return {"model": self.model, "messages": [{"role": "user", "content": text}], "max_tokens": length, **drawn}

    async def _answer(self, client: httpx.AsyncClient, body: Body, *, streamed: bool, leave_after: int | None = None) -> list[Said]:
        """Each choice. Raises Cut where the engine ended meanwhile, and was to."""
        if not streamed:
            try:
                answer = await client.post("/v1/chat/completions", json=body)
            except httpx.TransportError as error:
                raise AssertionError(f"the connection: {error!r}") from error
            self._died(answer.status_code, answer.text)
            return [Said().and_then(choice["message"], choice["finish_reason"]) for choice in self._good(answer)["choices"]]
        said: dict[int, Said] = {}
        ended, seen = False, 0
        async with client.stream("POST", "/v1/chat/completions", json=body | {"stream": True}) as answer:
            if answer.status_code != 200:
                await answer.aread()
                self._died(answer.status_code, answer.text)
                self._good(answer)
            async for line in answer.aiter_lines():
                if line == "data: [DONE]":
                    ended = True
                elif line.startswith("data: "):
                    event = json.loads(line[6:])
                    self._died(event.get("code", 200), line)
                    for choice in event["choices"]:
                        before = said.get(choice["index"], Said())
                        said[choice["index"]] = before.and_then(choice["delta"], choice["finish_reason"])
                    seen += 1
                    if seen == leave_after:
                        return []
        if not ended:
            raise AssertionError(f"a stream ended without its end, after {seen} events")
        return [said[index] for index in sorted(said)]

    def _died(self, status: Any, text: str) -> None:
        """Raises Cut for the error of an engine that has ended, or is not back yet, where it was killed."""
        if self.killed and ("engine" in text or "model is being loaded" in text) and str(status) not in ("200", "400", "422"):
            raise Cut

    def _good(self, answer: httpx.Response) -> Body:
        if answer.status_code != 200:
            raise AssertionError(f"{answer.status_code}: {answer.text[:300]}")
        return answer.json()
