"""Typed reading of a configuration. In: a dictionary from a file. Out: numbers and texts of the right kind, or a refusal by name."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, NoReturn, cast

from alize.errors import CheckpointInvalid
from alize.weights.checkpoints.base import MOST_LAYERS

__all__ = ["Fields", "inner", "printable", "read_json", "read_list", "shown"]

MAX_JSON = 16 * 2**20  # bytes; read, a list of empty lists takes 28 times as much


class Fields:
    """The entries of `values` whose keys begin with `prefix`. Remembers what was asked for, so that the rest can be refused."""

    def __init__(self, path: Path, values: Mapping[str, Any], prefix: str = "") -> None:
        self.path, self.values, self.prefix = path, values, prefix
        self.seen: set[str] = set()

    def get(self, key: str) -> Any:
        """The entry; None where it is absent. A list of one number for every layer stands for that number."""
        self.seen.add(self.prefix + key)
        value = self.values.get(self.prefix + key)
        return _alike(cast("list[Any]", value)) if isinstance(value, list) else value

    def integer(self, key: str, default: int | None = None) -> int:
        """A whole number from 0 to 2³¹. Raises CheckpointInvalid for anything else, and where it is absent without a default."""
        value = self.get(key)
        if value is None and default is not None:
            return default
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value < 2**31:
            self._fail(key, "a whole number", value)
        return value

    def layers(self, key: str) -> int:
        """How many layers: lists are made of them. Raises CheckpointInvalid also for more than can have names."""
        count = self.integer(key)
        if count > MOST_LAYERS:
            raise CheckpointInvalid(
                f"{self.path}: '{self.prefix}{key}' is {count}; {MOST_LAYERS} layers can have names.", remedy="The file is damaged."
            )
        return count

    def number(self, key: str, default: float | None = None) -> float:
        """A finite number. Raises CheckpointInvalid for anything else, and where it is absent without a default."""
        value = self.get(key)
        if value is None and default is not None:
            return default
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e30:
            self._fail(key, "a number", value)
        return float(value)

    def flag(self, key: str, default: bool) -> bool:
        """True or false."""
        value = self.get(key)
        if value is None:
            return default
        if not isinstance(value, bool):
            self._fail(key, "true or false", value)
        return value

    def expect(self, key: str, *values: Any) -> None:
        """Raises CheckpointInvalid where the entry is there and is none of `values`."""
        value = self.get(key)
        if value is not None and value not in values:
            allowed = " or ".join(repr(allowed) for allowed in values)
            raise CheckpointInvalid(
                f"{self.path}: '{self.prefix}{key}' is {shown(value)}; this version runs models where it is {allowed}.",
                remedy="Choose a plain dense release.",
            )

    def refuse(self, key: str, why: str) -> None:
        """Raises CheckpointInvalid where the entry is there and not null."""
        if self.get(key) is not None:
            raise CheckpointInvalid(f"{self.path}: '{self.prefix}{key}' is set: {why}.", remedy="Choose a plain dense release.")

    def refuse_rest(self) -> None:
        """Raises CheckpointInvalid naming the entries under the prefix that were never asked for."""
        rest = sorted(key for key in self.values if key.startswith(self.prefix) and key not in self.seen)
        if rest:
            names = ", ".join(printable(key[:100]) for key in rest[:5])
            raise CheckpointInvalid(
                f"{self.path} is built with {names}, which this version does not know: its answers would be wrong.",
                remedy="Choose a plain dense release.",
            )

    def _fail(self, key: str, wanted: str, value: Any) -> NoReturn:
        state = "is missing" if value is None else f"is {shown(value)}, not {wanted}"
        raise CheckpointInvalid(f"{self.path}: '{self.prefix}{key}' {state}.", remedy="The file is damaged, or not a plain dense model.")


def inner(fields: Fields, key: str) -> Fields:
    """The entries of an object within the configuration. Raises CheckpointInvalid where there is none."""
    value = fields.get(key)
    if not isinstance(value, dict):
        raise CheckpointInvalid(f"{fields.path}: '{key}' is {shown(value)}, not an object.", remedy="Fetch the model again.")
    return Fields(fields.path, cast("dict[str, Any]", value))


def _alike(items: list[Any]) -> Any:
    return items[0] if items and all(item == items[0] for item in items) else items


def read_json(path: Path) -> dict[str, Any]:
    """A JSON object from a file. Raises CheckpointInvalid where there is none."""
    return cast("dict[str, Any]", _read(path, dict, "object"))


def read_list(path: Path) -> list[Any]:
    """A JSON list from a file. Raises CheckpointInvalid where there is none."""
    return cast("list[Any]", _read(path, list, "list"))


def _read(path: Path, kind: type, name: str) -> Any:
    try:
        with path.open("rb") as file:
            text = file.read(MAX_JSON + 1)
        if len(text) > MAX_JSON:
            raise ValueError(f"it is larger than {MAX_JSON} bytes")
        values: Any = json.loads(text)
        if not isinstance(values, kind):
            raise ValueError(f"it holds no {name}")
    except OSError as error:
        raise CheckpointInvalid(f"{path} cannot be read: {error.strerror}.", remedy="Fetch the model again.") from error
    except (ValueError, RecursionError) as error:
        raise CheckpointInvalid(f"{path} is not valid: {error}.", remedy="Fetch the model again.") from error
    return values


def printable(text: str) -> str:
    """A text out of a file, fit for a message: what would move a terminal's cursor is written out.

    >>> printable("blk.0\\x1b[2J")
    'blk.0\\\\x1b[2J'
    """
    return "".join(character if character.isprintable() else repr(character)[1:-1] for character in text)


def shown(value: Any) -> str:
    """What a file holds, short enough for a message."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"
