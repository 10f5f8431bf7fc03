"""The page at /docs. In: the OpenAPI document. Out: HTML that needs no script and nothing from elsewhere.

Each operation opens to its parameters, its fields, its answers and a curl line that can be copied.
"""

import json
import re
from collections.abc import Iterator, Mapping
from html import escape
from importlib.resources import files
from typing import Any, cast

__all__ = ["STYLE", "page_of"]

STYLE = files("alize.api").joinpath("documentation_page.css").read_text("utf-8")
_DEEPEST = 3  # how far objects inside objects are shown

Schema = Mapping[str, Any]


def page_of(document: Mapping[str, Any], root_path: str = "") -> str:
    """The whole page."""
    info, schemas = document["info"], document["components"]["schemas"]
    by_tag: dict[str, list[str]] = {}
    for path, item in document["paths"].items():
        for method, operation in item.items():
            by_tag.setdefault(operation["tags"][0], []).append("".join(_operation(method, path, operation, schemas, root_path)))
    sections = "".join(f"<section><h2>{escape(tag)}</h2>{''.join(operations)}</section>" for tag, operations in by_tag.items())
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">'
        f'<title>{escape(info["title"])}</title><link rel="stylesheet" href="{escape(root_path)}/docs/style.css"></head><body><main>'
        f"<header><h1>{escape(info['title'])} <small>{escape(info['version'])}</small></h1><p>{escape(info['description'])}</p>"
        f'<p>Send a key as <code>Authorization: Bearer KEY</code>. <a href="{escape(root_path)}/openapi.json">openapi.json</a> is this page'
        f" for programs.</p></header>{sections}</main></body></html>"
    )


def _operation(method: str, path: str, operation: Schema, schemas: Schema, root_path: str) -> Iterator[str]:
    summary = operation.get("description") or operation.get("summary", "")
    yield f"<details><summary><b>{method.upper()}</b> <code>{escape(path)}</code> <span>{_prose(summary)}</span></summary>"
    parameters = operation.get("parameters", [])
    if parameters:
        yield "<h3>Parameters</h3><dl>"
        for each in parameters:
            yield from _field(
                each["name"], {**each["schema"], "description": each.get("description", "")}, each.get("required"), schemas, 0, set()
            )
        yield "</dl>"
    body = operation.get("requestBody", {}).get("content", {}).get("application/json")
    if body:
        yield "<h3>Body</h3>"
        yield from _fields(body["schema"], schemas, 0, set())
    for status, response in operation["responses"].items():
        for kind, content in response.get("content", {}).items():
            if status.startswith("2"):
                yield f"<h3>Answer <small>{escape(kind)}</small></h3>"
                yield from _fields(content.get("schema", {}), schemas, 0, set())
    yield f"<h3>Example</h3><pre>{escape(_curl(method, path, bool(body), bool(operation.get('security')), root_path))}</pre></details>"


def _fields(schema: Schema, schemas: Schema, depth: int, shown: set[str]) -> Iterator[str]:
    """`shown`: names of the schemas whose fields stand on the page already, in this body or answer; they are not repeated."""
    if "$ref" in schema:
        if schema["$ref"] in shown or depth >= _DEEPEST:
            return
        shown.add(schema["$ref"])
    schema = _resolved(schema, schemas)
    properties: Schema = schema.get("properties", {})
    if properties and depth < _DEEPEST:
        yield "<dl>"
        for name, inner in properties.items():
            yield from _field(name, inner, name in schema.get("required", ()), schemas, depth, shown)
        yield "</dl>"
    for member in _members(schema):
        if "$ref" in member and member["$ref"] not in shown and depth < _DEEPEST:
            yield f"<h4>{escape(member['$ref'].rsplit('/', 1)[-1])}</h4>"
        yield from _fields(member, schemas, depth, shown)


def _field(name: str, schema: Schema, required: object, schemas: Schema, depth: int, shown: set[str]) -> Iterator[str]:
    needed = " <em>required</em>" if required else ""
    yield f"<dt><code>{escape(name)}</code> <i>{escape(_kind(schema, schemas))}</i>{needed}</dt>"
    yield f"<dd>{_prose(str(schema.get('description') or ''))}"
    inner = [member for member in (schema, *_members(schema)) if "$ref" in member or member.get("type") == "array"]
    for member in inner:
        yield from _fields(member.get("items", member), schemas, depth + 1, shown)
    yield "</dd>"


def _prose(text: str) -> str:
    """
    >>> _prose("`n` < 3")
    '<code>n</code> &lt; 3'
    """
    return re.sub(r"`([^`]+)`", r"<code>\1</code>", escape(text))


def _kind(schema: Schema, schemas: Schema) -> str:
    """A schema in a few words: `number 0 … 1.5`, `list of string`, `"auto" or "none"`."""
    if members := _members(schema):
        return " or ".join(dict.fromkeys(_kind(member, schemas) for member in members))
    if "$ref" in schema:
        target = _resolved(schema, schemas)
        return _kind(target, schemas) if "enum" in target else schema["$ref"].rsplit("/", 1)[-1]
    if "const" in schema:
        return json.dumps(schema["const"])
    if "enum" in schema:
        return " or ".join(json.dumps(value) for value in schema["enum"])
    if schema.get("type") == "array":
        return f"list of {_kind(schema.get('items', {}), schemas)}"
    low = schema.get("minimum", schema.get("exclusiveMinimum"))
    high = schema.get("maximum", schema.get("exclusiveMaximum"))
    bounds = "" if low is None and (high is None or high >= 2**63 - 1) else f" {'' if low is None else low} …"
    return f"{schema.get('type', 'anything')}{bounds}{'' if high is None or high >= 2**63 - 1 else f' {high}'}"


def _members(schema: Schema) -> list[Schema]:
    return cast("list[Schema]", schema.get("anyOf") or schema.get("oneOf") or [])


def _resolved(schema: Schema, schemas: Schema) -> Schema:
    return schemas[schema["$ref"].rsplit("/", 1)[-1]] if "$ref" in schema else schema


def _curl(method: str, path: str, has_body: bool, secured: bool, root_path: str) -> str:
    parts = ["curl", *(["-X", method.upper()] if method != "get" else []), f"$ALIZE{root_path}{path}"]
    if secured:
        parts.append('-H "Authorization: Bearer $KEY"')
    if has_body:
        example = (
            '{"model": "MODEL", "messages": [{"role": "user", "content": "Hello"}]}'
            if path.endswith("completions")
            else '{"name": "laptop"}'
        )
        parts.append(f"-H 'Content-Type: application/json' -d '{example}'")
    return " ".join(parts)
