"""A conversation in a terminal. In: lines a person types. Out: turns for the model, and what the lines with a slash change.

Nothing is written to disk but by /save: what a person says to the model is theirs.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, BinaryIO

from alize.errors import InvalidRequest
from alize.wording import quantity

__all__ = ["COMMANDS", "Conversation", "read_turn"]

FENCE = '"""'
_ROLES = ("system", "user", "assistant")


@dataclass(slots=True)
class Conversation:
    """The turns so far. `system` stays before them through a reset."""

    system: str = ""
    turns: list[dict[str, str]] = field(default_factory=list[dict[str, str]])

    def messages(self) -> list[dict[str, str]]:
        """What the model gets."""
        return [*([{"role": "system", "content": self.system}] if self.system else []), *self.turns]

    def ask(self, text: str) -> None:
        self.turns.append({"role": "user", "content": text})

    def answered(self, text: str) -> None:
        """Keep an answer. An empty one (stopped, or failed, before its first word) takes its question away too."""
        if text:
            self.turns.append({"role": "assistant", "content": text})
        elif self.turns:
            self.turns.pop()

    def reset(self, _: str = "") -> str:
        self.turns.clear()
        return "The conversation begins anew."

    def set_system(self, text: str) -> str:
        self.system = text
        return "Noted." if text else "No system prompt any more."

    def save(self, name: str) -> str:
        """Write the conversation to a new file. Raises InvalidRequest: no name, a file that exists, a place that cannot be written."""
        if not name:
            raise InvalidRequest("/save needs the name of a file.", remedy="/save talk.json")
        path = Path(name).expanduser()
        whole = json.dumps({"system": self.system, "messages": self.turns}, ensure_ascii=False, indent=2).encode()
        try:
            with path.open("xb") as file:
                _write_or_remove(file, path, whole)
        except FileExistsError as error:
            raise InvalidRequest(f"{path} is there already.", remedy="Choose another name.") from error
        except (OSError, ValueError) as error:
            raise InvalidRequest(f"{path} cannot be written: {error}.") from error
        return f"Saved to {path}."

    def load(self, name: str) -> str:
        """Go on with a saved conversation. Raises InvalidRequest, changing nothing, where the file is none."""
        path = Path(name).expanduser()
        try:
            held: Any = json.loads(path.read_text("utf-8"))
            system: Any = held["system"]
            turns: list[dict[str, Any]] = [{"role": turn["role"], "content": turn["content"]} for turn in held["messages"]]
        except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
            raise InvalidRequest(f"{path or 'That'} is no saved conversation: {error}.", remedy="/save makes one.") from error
        if not isinstance(system, str) or not all(isinstance(value, str) for turn in turns for value in turn.values()):
            raise InvalidRequest(f"{path} is no saved conversation: something in it is not text.")
        if not all(turn["role"] in _ROLES for turn in turns):
            raise InvalidRequest(f"{path} is no saved conversation: a role in it is not one of {', '.join(_ROLES)}.")
        try:
            "".join((system, *(turn["content"] for turn in turns))).encode()
        except UnicodeEncodeError as error:
            raise InvalidRequest(f"{path} is no saved conversation: it holds half of a surrogate pair, which is no character.") from error
        self.system, self.turns = system, turns
        return f"{quantity(len(turns), 'turn')} taken up."

    def retry(self) -> bool:
        """Take the last answer back, so that its question is asked again. False where there is none."""
        if self.turns and self.turns[-1]["role"] == "assistant":
            self.turns.pop()
        return bool(self.turns)


def _write_or_remove(file: BinaryIO, path: Path, data: bytes) -> None:
    """Half a conversation (the disk is full) could not be loaded, and would be in the way of saving it again."""
    try:
        file.write(data)
        file.flush()
    except OSError:
        path.unlink()
        raise


COMMANDS: dict[str, tuple[str, Callable[[Conversation, str], str] | None]] = {
    "/help": ("what can be typed", None),
    "/reset": ("forget the conversation", Conversation.reset),
    "/system": ("TEXT: how the model shall behave; nothing: no longer", Conversation.set_system),
    "/retry": ("answer the last question again", None),
    "/save": ("FILE: write the conversation to a new file", Conversation.save),
    "/load": ("FILE: go on with a saved one", Conversation.load),
    "/exit": ("end (Ctrl-D does too)", None),
}


def read_turn(read: Callable[[str], str]) -> str:
    '''One turn, which may have several lines. `read` gives a line for a prompt; raises EOFError, as it does, at the end.

    A line that ends with a backslash goes on in the next one; text between lines of three quotes is taken as it stands.

    >>> lines = iter(["one \\\\", "two"])
    >>> read_turn(lambda _: next(lines))
    'one \\ntwo'
    >>> lines = iter(['"""', "def f():", "    return 1", '"""'])
    >>> read_turn(lambda _: next(lines))
    'def f():\\n    return 1'
    '''
    line = read("› ")
    if line.strip() == FENCE:
        return "\n".join(_until_fence(read))
    lines = [line]
    while lines[-1].endswith("\\"):
        lines[-1] = lines[-1][:-1]
        lines.append(read("… "))
    return "\n".join(lines)


def _until_fence(read: Callable[[str], str]) -> Iterator[str]:
    while (line := read("… ")).strip() != FENCE:
        yield line
