"""What comes of features together. In: their names. Out: whether all were in effect, with which answer, or what was said instead."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from alize.api.parts import Served
from alize.errors import CheckpointInvalid, SettingInvalid
from tests.matrix.features import FEATURES, TEXT, Body, Case
from tests.matrix.models import TOKENIZER
from tests.matrix.serving import Answer, Server, Setup, served
from tests.serving import opened

__all__ = ["GREEDY", "Finding", "House", "ordered"]

GREEDY: Body = {"temperature": 0}
SEEDED: Body = {"temperature": 0.9, "random_seed": 7}
BIAS = {str(id): -100 for id in range(TOKENIZER.vocab_size) if not 32 <= id < 127}
"""Characters that can be printed, unless a form asks for others: a prediction is text, and must be able to be what was drawn."""
LONGEST = 20  # tokens of a free answer
FORMED = 80  # of one that has a form, which ends it


@dataclass(frozen=True)
class Finding:
    mark: Literal["✓", "–", "✗"]  # works together, off beside the other, refused
    words: str = ""  # of an error
    off: frozenset[str] = frozenset()


@dataclass
class House:
    """One application for all models, which are made as they are needed; with a loop of its own."""

    folder: Path
    _runner: asyncio.Runner = field(default_factory=asyncio.Runner)
    _stack: AsyncExitStack = field(default_factory=AsyncExitStack)
    _models: dict[str, Served] = field(default_factory=dict[str, Served])
    _servers: dict[Setup, Server] = field(default_factory=dict[Setup, Server])
    _plain: dict[str, Answer] = field(default_factory=dict[str, Answer])
    _findings: dict[frozenset[str], tuple[Finding, Case | None]] = field(default_factory=dict[frozenset[str], Any])

    def __enter__(self) -> "House":
        (self.folder / "home").mkdir()
        self._desk = self.run(self._stack.enter_async_context(opened(self.folder / "home", models=self._models)))
        return self

    def __exit__(self, *_: object) -> None:
        self.run(self._stack.aclose())
        for model in self._models.values():
            self.run(model.engine.close())
        self._runner.close()

    def run(self, work: Any) -> Any:
        return self._runner.run(work)

    def find(self, names: Iterable[str]) -> Finding:
        """Found once. Fails where an answer is another than it may be, or a feature is off in silence."""
        return self._found(names)[0]

    def case(self, names: Iterable[str]) -> Case:
        """Of features that were answered together."""
        case = self._found(names)[1]
        assert case is not None
        return case

    def holds(self, names: Iterable[str], proof: Callable[["House", frozenset[str]], Awaitable[bool]]) -> bool:
        return self.run(proof(self, frozenset(names)))

    def server(self, setup: Setup) -> Server:
        """Raises what a model is refused with."""
        if setup not in self._servers:
            name = f"tiny-{len(self._models)}"
            self._models[name] = made = served(self.folder / name, setup)
            self._servers[setup] = Server(self._desk, name, made.engine)  # type: ignore[arg-type]
        return self._servers[setup]

    def setup(self, names: Iterable[str]) -> Setup:
        setup = Setup()
        for name in names:
            setup = FEATURES[name].setup(setup)
        return setup

    def body(self, names: Iterable[str], text: str = "", **sampling: Any) -> Body:
        """`text`: what it will be answered with."""
        formed = {"tools", "schema"}.intersection(names)
        body: Body = {"messages": [{"role": "user", "content": TEXT}], "logit_bias": BIAS, "max_tokens": FORMED if formed else LONGEST}
        for name in names:
            body |= FEATURES[name].body(text)
        return body | sampling

    async def plain(self, setup: Setup, body: Body) -> Answer:
        """Alone, whole, in one piece, from the beginning."""
        known = repr((setup, body))
        if known not in self._plain:
            self._plain[known] = await self.server(setup).ask(body, beside=False)
        return self._plain[known]

    def _found(self, names: Iterable[str]) -> tuple[Finding, Case | None]:
        wanted = frozenset(names)
        if wanted not in self._findings:
            try:
                self._findings[wanted] = self.run(self._ask(wanted))
            except (CheckpointInvalid, SettingInvalid) as error:  # the model is none that can be run
                self._findings[wanted] = Finding("✗", f"when the model is loaded: {error.text}"), None
        return self._findings[wanted]

    async def _ask(self, wanted: frozenset[str]) -> tuple[Finding, Case | None]:
        names = ordered(wanted)
        changing = [name for name in names if FEATURES[name].changes]
        calm, server = self.setup(changing), self.server(self.setup(names))
        answers: list[Answer] = []
        for sampling in (GREEDY, SEEDED):
            plain = await self.plain(calm, self.body(changing, **sampling))
            answer = await self.answered(names, _text(plain), sampling)
            if answer.status != 200:
                return Finding("✗", _words(answer)), None
            assert answer.tokens == plain.tokens, f"{', '.join(names)}: another answer"
            assert answer.choices[0] == plain.choices[0], f"{', '.join(names)}: told otherwise"
            answers.append(answer)
        case = Case(wanted, self.setup(names), server.engine.info, *answers)
        off = frozenset(name for name in names if not FEATURES[name].shown(case))
        for name in off:
            said = FEATURES[name].said
            assert said is not None, f"{name} is not in effect: {wanted}"
            assert said(case), f"{name} is off, and nothing says so: {wanted}"
        await self._compare(case, [name for name in changing if name not in off], calm)
        return Finding("–" if off else "✓", off=off), case

    async def answered(self, names: list[str], text: str, sampling: Body) -> Answer:
        """Beside two others; where a prefix is to be found, after the question's first half."""
        server, body = self.server(self.setup(names)), self.body(names, text, **sampling)
        if {"tools", "schema"}.intersection(names):  # it is compiled: who goes first is no matter of how long that takes
            await server.ask(body | {"max_tokens": 1}, beside=False)
        server.forget()
        if any(FEATURES[name].before for name in names):
            await server.ask(_half(body), beside=False)
        return await server.ask(body, min(FEATURES[name].others for name in names))

    async def _compare(self, case: Case, names: list[str], calm: Setup) -> None:
        """Whoever has none of a feature is answered otherwise."""
        changing = [name for name in ordered(case.features) if FEATURES[name].changes]
        for name in names:
            otherwise = FEATURES[name].otherwise
            if otherwise is not None:
                other = await self.plain(*otherwise(calm, self.body(changing, **GREEDY)))
                assert other.tokens != case.greedy.tokens, f"{name} makes no difference: {case.features}"


def ordered(names: Iterable[str]) -> list[str]:
    """As they are declared."""
    wanted = set(names)
    return [name for name in FEATURES if name in wanted]


def _half(body: Body) -> Body:
    """The beginning of the same question, of which one token of an answer is enough."""
    (message,) = body["messages"]
    content = message["content"]
    text = content if isinstance(content, str) else content[0]["text"]
    return body | {"messages": [{**message, "content": text[: len(text) // 2]}], "max_tokens": 1}


def _text(answer: Answer) -> str:
    """Of the first choice; of a call, its arguments."""
    return "".join(choice.text + "".join(call["arguments"] for call in choice.calls) for choice in answer.choices[:1])


def _words(answer: Answer) -> str:
    """An error that names what it is about."""
    error = answer.error
    assert answer.status == 400
    assert all(error[name] for name in ("type", "code", "param", "message")), error
    return f"{answer.status}, code `{error['code']}`, param `{error['param']}`: {error['message']}"
