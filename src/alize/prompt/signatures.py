"""Tools in a line each, for a model that is told of them in words. In: tools as `plain_tools` gives them. Out: short, always the same text.

    - get_forecast(city: string, unit?: celsius|fahrenheit, days: list of integer): Get the weather forecast of a city.
      city: Where, in English.

A `?` stands behind what may be left out. What bounds a value (a minimum, a pattern) is left out here: calls are held to it anyway.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any, cast

from alize.prompt.tools import PlainTool

__all__ = ["signatures"]

_DEEPEST = 6  # levels of a schema that are written out
_SEVERAL = {"anyOf": " or ", "oneOf": " or ", "allOf": " and "}

Schema = Mapping[str, Any]


def signatures(tools: Sequence[PlainTool]) -> str:
    """One tool after another, in the order in which they were given."""
    return "\n".join(_signature(tool["function"]) for tool in tools)


def _signature(function: Mapping[str, Any]) -> str:
    schema: Schema = function["parameters"]
    properties, kinds = _object(schema.get("properties")), _Kinds(schema)
    described = [
        f"\n  {_line(name)}: {_line(said)}"
        for name, inner in properties.items()
        if isinstance(said := _object(inner).get("description"), str) and said.strip()
    ]
    head = f"- {function['name']}({kinds.listed(schema, 0)})"
    return "".join([head, f": {_line(function['description'])}" if function["description"].strip() else "", *described])


def _line(text: str) -> str:
    """Its words on one line, so that no description looks like another tool."""
    return " ".join(text.split())


class _Kinds:
    """What values of one tool's schema are, in words. A definition is written out where it is first met, and named from then on: however
    definitions refer to each other, the text grows no faster than the schema."""

    def __init__(self, root: Schema) -> None:
        self._root = root
        self._met = set[str]()

    def listed(self, schema: Schema, depth: int) -> str:
        """The properties of an object, `name: kind`, with commas between."""
        needed: object = schema.get("required")
        names = {name for name in cast("list[object]", needed) if isinstance(name, str)} if isinstance(needed, list) else set[str]()
        properties = _object(schema.get("properties"))
        return ", ".join(f"{_line(name)}{'' if name in names else '?'}: {self.kind(inner, depth)}" for name, inner in properties.items())

    def kind(self, given: object, depth: int) -> str:
        """Of a value.

        >>> _Kinds({}).kind({"type": "array", "items": {"enum": ["a", 1, None]}}, 0)
        'list of a|1|null'
        """
        schema = _object(given)
        if depth > _DEEPEST:
            return "any"
        if isinstance(ref := schema.get("$ref"), str):
            return self._definition(ref, depth)
        if isinstance(values := schema.get("enum"), list):
            return "|".join(map(_value, cast("list[Any]", values)))
        if "const" in schema:
            return _value(schema["const"])
        for word, between in _SEVERAL.items():
            if isinstance(schema.get(word), list):
                return between.join(dict.fromkeys(self.kind(inner, depth + 1) for inner in schema[word]))
        kinds: object = schema.get("type")
        if isinstance(kinds, list):
            return " or ".join(self._plain(schema, kind, depth) for kind in cast("list[Any]", kinds))
        return self._plain(schema, kinds, depth)

    def _plain(self, schema: Schema, kind: object, depth: int) -> str:
        match kind:
            case "object" if schema.get("properties"):
                return "{" + self.listed(schema, depth + 1) + "}"
            case "array" if isinstance(schema.get("items"), Mapping):
                return f"list of {self.kind(schema['items'], depth + 1)}"
            case "array":
                return "list"
            case "string" if isinstance(schema.get("format"), str):
                return _line(schema["format"])
            case _:
                return kind if isinstance(kind, str) else "any"

    def _definition(self, ref: str, depth: int) -> str:
        found: object = self._root
        for step in ref.removeprefix("#/").split("/"):
            found = _object(found).get(step.replace("~1", "/").replace("~0", "~"))
        name = _line(ref.rpartition("/")[2])
        if ref in self._met or not isinstance(found, Mapping):
            return name
        self._met.add(ref)
        return self.kind(cast("object", found), depth + 1)


def _object(value: object) -> Schema:
    return cast("Schema", value) if isinstance(value, Mapping) else {}


def _value(value: object) -> str:
    return _line(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
