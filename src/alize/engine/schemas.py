"""JSON schemas in words that llguidance reads. In: a schema. Out: one that means the same.

    oneOf: [{type: string}, {type: integer}]              anyOf: the same, since nothing is both
    oneOf: [{type: [string, null]}, {type: [integer, null]}]      anyOf without null, which both allow and so none does
    type: string, format: byte                            type: string: JSON Schema knows no such format, and ignores it

What stays as it was and is not read, is refused by its name when it is compiled.
"""

from collections.abc import Mapping
from typing import Any, cast

__all__ = ["check_sizes", "readable"]

_TIMES = ("date-time", "time", "date", "duration")
_ADDRESSES = ("email", "idn-email", "hostname", "idn-hostname", "ipv4", "ipv6", "uri", "uri-reference", "iri", "iri-reference")
_FORMATS = frozenset((*_TIMES, *_ADDRESSES, "uuid", "uri-template", "json-pointer", "relative-json-pointer", "regex"))
"""Those of the specification (draft 2020-12, validation, 7.3)."""

_LONGEST, _MOST_ITEMS = 1 << 17, 1 << 20  # items of a list, and of all: there are rules for each

_ONE = ("additionalProperties", "items", "contains", "not", "if", "then", "else", "propertyNames", "unevaluatedItems")
_SEVERAL = ("anyOf", "oneOf", "allOf", "prefixItems", "items")
_NAMED = ("properties", "patternProperties", "$defs", "definitions", "dependentSchemas")
_SAYS_NOTHING = frozenset({"type", "title", "description", "default", "examples", "$comment"})

Schema = Mapping[str, Any]


def check_sizes(schema: Schema) -> None:
    """Raises ValueError where lists may have so many items that to write that down takes gigabytes."""
    items, todo = 0, list[Any]([schema])
    while todo:
        value = todo.pop()
        if isinstance(value, Mapping):
            found = cast("Schema", value)
            items += max([0, *(n for key in ("minItems", "maxItems") if isinstance(n := found.get(key), int | float) and n <= _LONGEST)])
            if isinstance(least := found.get("minItems"), int | float) and least > _LONGEST:
                raise ValueError(f"minItems is {least:,}, and no answer has so many")
            todo += found.values()
        elif isinstance(value, list):
            todo += cast("list[Any]", value)
    if items > _MOST_ITEMS:
        raise ValueError(f"its lists may have {items:,} items together, of at most {_MOST_ITEMS:,} (minItems, maxItems)")


def readable(schema: Schema) -> dict[str, Any]:
    """Everything that is no schema (`const`, `enum`, names of properties) stays as it is. A `maxItems` that no answer reaches is left out.

    >>> readable({"oneOf": [{"type": ["string", "null"]}, {"type": ["number", "null"]}]})
    {'anyOf': [{'type': ['string']}, {'type': ['number']}]}
    """
    found = dict(schema)
    for key, value in schema.items():
        if key in _NAMED and isinstance(value, Mapping):
            found[key] = {name: _inner(part) for name, part in cast("Schema", value).items()}
        elif key in _SEVERAL and isinstance(value, list):
            found[key] = [_inner(part) for part in cast("list[Any]", value)]
        elif key in _ONE:
            found[key] = _inner(value)
    if "oneOf" in found and "anyOf" not in found and (apart := _apart(found["oneOf"])) is not None:
        del found["oneOf"]
        found["anyOf"] = apart
    if isinstance(found.get("maxItems"), int | float) and found["maxItems"] > _LONGEST:
        del found["maxItems"]
    if isinstance(found.get("format"), str) and found["format"] not in _FORMATS:
        del found["format"]
    return found


def _inner(value: Any) -> Any:
    return readable(cast("Schema", value)) if isinstance(value, Mapping) else value


def _apart(cases: Any) -> list[Schema] | None:
    """The cases without what several of them allow, where that leaves none that anything could fit two of; None where it is not known."""
    if not isinstance(cases, list) or not all(isinstance(case, Mapping) and "type" in case for case in cast("list[Any]", cases)):
        return None
    known: list[Schema] = [cast("Schema", case) for case in cast("list[Any]", cases)]
    types = [_types(case["type"]) for case in known]
    if not all(types) or sum(bool(own & {"integer", "number"}) for own in types) > 1:  # a whole number is both
        return None
    shared = {kind for place, own in enumerate(types) for other in types[:place] for kind in own & other}
    if shared:  # what two cases allow whole is allowed by none: that is known where they say nothing but types
        if not all(case.keys() <= _SAYS_NOTHING for case in known):
            return None
        known = [{**case, "type": sorted(own - shared)} for case, own in zip(known, types, strict=True) if own - shared]
    return known or None


def _types(given: Any) -> set[str]:
    """None where they are no types."""
    names = cast("list[Any]", given) if isinstance(given, list) else [given]
    return set(names) if all(isinstance(name, str) for name in names) else set()
