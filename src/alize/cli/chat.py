"""`alize chat`. In: lines typed or piped in. Out: answers, streamed; by a model in this process or behind a server (`--url`)."""

import importlib
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Annotated, Any, Protocol

import typer

from alize.cli.conversation import COMMANDS, Conversation, read_turn
from alize.cli.options import Home, MaxTokens, ModelName, Seed, System, Temperature
from alize.cli.report import say
from alize.errors import AlizeError, InvalidRequest

__all__ = ["chat"]


class Speaker(Protocol):
    """Who answers."""

    name: str

    def answer(self, messages: Sequence[Mapping[str, Any]], sampling: Mapping[str, Any]) -> "Stream": ...
    def close(self) -> None: ...


class Stream(Iterator[str], Protocol):
    def close(self) -> None: ...


class LocalModel:
    """Answers in this process."""

    def __init__(self, name: str, home: Path) -> None:
        from alize.cli.run import load

        self._model = load(name, home)
        self.name = self._model.info.id

    def answer(self, messages: Sequence[Mapping[str, Any]], sampling: Mapping[str, Any]) -> Stream:
        return self._model.stream(messages, **sampling)

    def close(self) -> None:
        self._model.close()


def chat(
    model: ModelName = None,
    url: Annotated[
        str, typer.Option("--url", help="Talk through a running server instead of loading a model here.", show_default=False)
    ] = "",
    key: Annotated[str, typer.Option("--key", help="The server's API key.", envvar="ALIZE_API_KEY", show_default=False)] = "",
    system: System = "",
    temperature: Temperature = None,
    max_tokens: MaxTokens = None,
    seed: Seed = None,
    home: Home = None,
) -> None:
    """Talk with a model. /help lists what can be typed; Ctrl-C stops an answer, Ctrl-D ends."""
    from alize.cli.remote import RemoteModel
    from alize.cli.terminal import legible
    from alize.settings import Settings

    given = Settings.load(home=home, model=model)
    options = {"temperature": temperature, "max_tokens": max_tokens, "seed": seed}
    sampling = {name: value for name, value in options.items() if value is not None}
    talk = Conversation(legible(system))
    with closing(RemoteModel(url, key, given.model) if url else LocalModel(given.model, given.home)) as speaker:
        if sys.stdin.isatty():
            _interactive(speaker, talk, sampling)
        else:
            _piped(speaker, talk, sampling)


def _interactive(speaker: Speaker, talk: Conversation, sampling: Mapping[str, Any]) -> None:
    from alize.cli.terminal import remark

    with suppress(ImportError):  # it gives `input` line editing and this conversation's history; some Pythons are built without
        importlib.import_module("readline")
    remark(f"{speaker.name}. /help lists what can be typed.")
    while True:
        try:
            line = read_turn(input)
            if line.strip() == "/exit":
                return
            said = _turn(speaker, talk, line, sampling)
            if said:
                remark(said)
        except EOFError:
            print()
            return
        except KeyboardInterrupt:
            remark("\n/exit or Ctrl-D ends.")
        except AlizeError as error:
            say(error, as_json=False)


def _piped(speaker: Speaker, talk: Conversation, sampling: Mapping[str, Any]) -> None:
    """Each line, or fenced block, is a turn. The first thing that cannot be done ends the command with its status."""
    lines = iter(_text(line) for line in sys.stdin.buffer)

    def read(_: str) -> str:
        line = next(lines, None)
        if line is None:
            raise EOFError
        return line.rstrip("\r\n")

    while True:
        try:
            line = read_turn(read)
        except EOFError:
            return
        if line.strip() == "/exit":
            return
        said = _turn(speaker, talk, line, sampling)
        if said:
            print(said, file=sys.stderr)


def _text(line: bytes) -> str:
    try:
        return line.decode()
    except UnicodeDecodeError as error:
        raise InvalidRequest("What is piped in is not UTF-8 text.", remedy="Convert it first: iconv -f latin1 -t utf-8") from error


def _turn(speaker: Speaker, talk: Conversation, line: str, sampling: Mapping[str, Any]) -> str:
    """Carry one turn out and return a remark, if there is one to make."""
    from alize.cli.terminal import legible

    word, _, rest = legible(line).strip().partition(" ")
    if not word:
        return ""
    if word.startswith("/") and "\n" not in line:
        return _command(speaker, talk, word, rest.strip(), sampling)
    talk.ask(line)
    _answer(speaker, talk, sampling)
    return ""


def _command(speaker: Speaker, talk: Conversation, word: str, rest: str, sampling: Mapping[str, Any]) -> str:
    if word not in COMMANDS:
        raise InvalidRequest(
            f"There is no {word} here.", remedy='/help lists what can be typed. To send it as text, put it between two lines of """.'
        )
    if word == "/help":
        lines = [f"{name:8} {help}" for name, (help, _) in COMMANDS.items()]
        return "\n".join([*lines, r"A line that ends with \ goes on in the next one; so does all between two lines of three quotes."])
    if word == "/retry":
        if not talk.retry():
            raise InvalidRequest("There is no question to ask again.")
        _answer(speaker, talk, sampling)
        return ""
    action = COMMANDS[word][1]
    return action(talk, rest) if action else ""


def _answer(speaker: Speaker, talk: Conversation, sampling: Mapping[str, Any]) -> None:
    """Stream an answer and keep it, also the part that Ctrl-C left."""
    from alize.cli.terminal import write

    text = ""
    interactive = os.isatty(0)
    try:
        with closing(speaker.answer(talk.messages(), sampling)) as pieces:
            for piece in pieces:
                text += piece
                write(piece)
    except KeyboardInterrupt:
        if not interactive:
            raise
    finally:
        talk.answered(text)
        if text and not text.endswith("\n"):
            write("\n")
