"""Write the page's types from the server. In: the OpenAPI document of the whole application. Out: web/src/api/schema.ts.

With --check nothing is written: status 1 where the file is not what the server says. There is a type for each schema, and `Calls`: what the
path, query and body of each operation are, and what it answers. What has no form in TypeScript (lengths, ranges, patterns) is left out.
"""

import json
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

FILE = Path(__file__).resolve().parent.parent / "web" / "src" / "api" / "schema.ts"
HEADER = """\
/**
 * What crosses the wire. In: the server's OpenAPI document. Out: its types, and what each call is sent and answers.
 * Made by `make docs`; changes here are overwritten.
 */

/** ISO 8601 with an offset. */
export type Moment = string;
"""
_PLAIN = {"string": "string", "integer": "number", "number": "number", "boolean": "boolean", "null": "null"}
_METHODS = ("get", "post", "put", "patch", "delete")


def document() -> dict[str, Any]:
    """Of the API and what stands above it, without starting anything."""
    from alize.api.app import create_app
    from alize.api.parts import Parts
    from alize.assistant.routes import ROUTERS
    from alize.settings import Settings

    nothing = cast("Any", None)
    app = create_app(Settings(), Parts({}, nothing, nothing))
    for router in ROUTERS:
        app.include_router(router)
    return app.openapi()


def text_of(document: dict[str, Any]) -> str:
    """The file as the server has it now."""
    blocks = [HEADER.rstrip("\n")]
    blocks += ["\n".join(_declared(name, schema)) for name, schema in document["components"]["schemas"].items()]
    blocks.append("\n".join(_calls(document["paths"])))
    return "\n\n".join(blocks) + "\n"


def _declared(name: str, schema: dict[str, Any]) -> Iterator[str]:
    yield from _said(schema.get("description"), "")
    if schema.get("type") == "object" and "properties" in schema:
        yield f"export interface {_name(name)} {{"
        required = schema.get("required", ())
        for field, inner in schema["properties"].items():
            yield from _said(inner.get("description"), "  ")
            yield f"  {_key(field)}{'' if field in required else '?'}: {type_of(inner)};"
        yield "}"
    else:
        yield f"export type {_name(name)} = {type_of(schema)};"


def _calls(paths: dict[str, Any]) -> Iterator[str]:
    yield "/** By method and path. `null`: there is none. `answer` is of success; a `stream` carries events of its type. */"
    yield "export interface Calls {"
    for path, item in paths.items():
        for method in (method for method in _METHODS if method in item):
            call = item[method]
            yield from _said(call.get("description"), "  ")
            yield f'  "{method.upper()} {path}": {{'
            yield f"    path: {_parameters(call, 'path')};"
            yield f"    query: {_parameters(call, 'query')};"
            yield f"    body: {_content(call.get('requestBody', {}))};"
            (success,) = (answer for status, answer in call["responses"].items() if status.startswith("2"))
            events = success.get("content", {}).get("text/event-stream")
            yield f"    answer: {_content(success)};"
            yield f"    stream: {'null' if events is None else type_of(events['schema'])};"
            yield "  };"
    yield "}"


def _parameters(call: dict[str, Any], place: str) -> str:
    found = [one for one in call.get("parameters", ()) if one["in"] == place]
    fields = [f"{_key(one['name'])}{'' if one['required'] else '?'}: {type_of(one['schema'])}" for one in found]
    return f"{{ {'; '.join(fields)} }}" if fields else "null"


def _content(body: dict[str, Any]) -> str:
    kinds = [type_of(one["schema"]) for kind, one in body.get("content", {}).items() if kind != "text/event-stream"]
    return " | ".join(dict.fromkeys(kinds)) or "null"


def type_of(schema: dict[str, Any]) -> str:
    """
    >>> type_of({"anyOf": [{"type": "array", "items": {"enum": ["a", "b"]}}, {"type": "null"}]})
    '("a" | "b")[] | null'
    """
    if "$ref" in schema:
        return _name(schema["$ref"].rsplit("/", 1)[1])
    if "const" in schema:
        return json.dumps(schema["const"])
    if "enum" in schema:
        return " | ".join(json.dumps(one) for one in schema["enum"])
    if union := schema.get("anyOf") or schema.get("oneOf"):
        return " | ".join(dict.fromkeys(type_of(one) for one in union))
    match schema.get("type"):
        case "array" if "prefixItems" in schema:
            return f"[{', '.join(type_of(one) for one in schema['prefixItems'])}]"
        case "array":
            inner = type_of(schema.get("items", {}))
            return f"({inner})[]" if " " in inner else f"{inner}[]"
        case "object":
            more = schema.get("additionalProperties", True)
            return f"Record<string, {type_of(more) if isinstance(more, dict) else 'unknown'}>"
        case "string" if schema.get("format") in ("date-time", "binary"):
            return {"date-time": "Moment", "binary": "Blob"}[schema["format"]]
        case str(kind):
            return _PLAIN[kind]
        case _:
            return "unknown"


def _name(name: str) -> str:
    return re.sub(r"\W", "", name)


def _key(name: str) -> str:
    return name if re.fullmatch(r"[A-Za-z_$][\w$]*", name) else json.dumps(name)


def _said(text: str | None, indent: str) -> Iterator[str]:
    lines = [line.rstrip().replace("*/", "* /") for line in (text or "").strip().splitlines()]
    if len(lines) == 1:
        yield f"{indent}/** {lines[0]} */"
    elif lines:
        yield f"{indent}/**"
        yield from (f"{indent} * {line}".rstrip() for line in lines)
        yield f"{indent} */"


def is_current() -> bool:
    return FILE.exists() and FILE.read_text("utf-8") == text_of(document())


def main() -> int:
    if "--check" in sys.argv[1:]:
        current = is_current()
        print(f"{FILE.name} is current." if current else f"{FILE.name} is not what the server says: run `make docs` and commit the result.")
        return not current
    FILE.write_text(text_of(document()), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
