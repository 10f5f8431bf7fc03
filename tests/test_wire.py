"""What the server documents is what it says: its answers and events fit their schemas, and the page's types are made from these."""

import json
import re
from typing import Any
from uuid import uuid4

import msgspec
import pytest
from pydantic import BaseModel

from alize import errors
from alize.api.documentation import EventUnion
from alize.api.schemas.models import ModelList
from alize.api.schemas.session import SessionState
from alize.assistant import schemas
from alize.assistant.changes import Change, Ready
from alize.assistant.events import TERMINAL, RunEvent
from scripts import wire
from tests.assistant.conftest import events_of
from tests.browser import browsing
from tests.serving import opened


def fits(model: type[BaseModel], text: str) -> None:
    """Every field is there, and no other."""
    model.model_validate_json(text)
    given, declared = json.loads(text), set(model.model_fields)
    assert set(given) == declared, f"{model.__name__}: {set(given) ^ declared}"


async def test_what_the_assistant_answers_is_what_it_documents(tmp_path: Any) -> None:
    async with opened(tmp_path) as desk, browsing(desk) as ada:
        await ada.set_up()
        fits(SessionState, json.dumps(await ada.session()))
        fits(ModelList, (await ada.ask("GET", "/v1/models")).text)
        chat, message, answer, run, again, second = (uuid4().hex for _ in range(6))
        begin = {"id": chat, "settings": {"temperature": 0.5, "stop": ["x"]}}
        fits(schemas.Conversation, (await ada.ask("POST", "/api/conversations", begin)).text)
        body = {
            "id": message,
            "content": "Hi",
            "attachments": [{"name": "a", "type": "", "text": "x"}],
            "answer": {"id": answer, "run": run},
        }
        fits(schemas.Said, (await ada.ask("POST", f"/api/conversations/{chat}/messages", body)).text)
        streamed = events_of((await ada.ask("GET", f"/api/runs/{run}/events")).text)
        events = [msgspec.convert(data, RunEvent, strict=True) for _, data in streamed]
        assert [data for _, data in streamed] == [msgspec.to_builtins(event) for event in events]  # nothing besides
        sent = {"answer": {"id": again, "run": second}}
        fits(schemas.Answered, (await ada.ask("POST", f"/api/messages/{answer}/regenerate", sent)).text)
        await ada.ask("GET", f"/api/runs/{second}/events")
        fits(schemas.Run, (await ada.ask("POST", f"/api/runs/{second}/stop")).text)
        for model, path in (
            (schemas.Conversation, f"/{chat}"),
            (schemas.ConversationList, ""),
            (schemas.ContextUse, f"/{chat}/context"),
            (schemas.Exported, f"/{chat}/export?format=json"),
        ):
            fits(model, (await ada.ask("GET", f"/api/conversations{path}")).text)
        asked = {"messages": [{"id": message, "role": "user", "content": "Hi"}]}
        fits(schemas.ContextUse, (await ada.ask("POST", "/api/context", asked)).text)
        fits(schemas.Hits, (await ada.ask("GET", "/api/search?q=hi")).text)
        fits(schemas.Summary, (await ada.ask("PATCH", f"/api/conversations/{chat}", {"pinned": True})).text)


def test_what_the_page_lets_a_person_set_and_look_for_the_server_takes() -> None:
    document = wire.document()
    fields = document["components"]["schemas"]["SamplingSettings"]["properties"]
    source = wire.FILE.parents[1]
    form, queries = (source / "thread/settings.ts").read_text("utf-8"), (source / "api/queries.ts").read_text("utf-8")
    rows = re.findall(r'name: "(\w+)", whole: (\w+), least: ([-\w.]+), most: ([\w.]+)', form)
    assert {name for name, *_ in rows} == fields.keys() - {"system", "stop"}
    for name, whole, least, most in rows:
        taken = next(kind for kind in fields[name]["anyOf"] if kind["type"] != "null")
        assert (taken["type"] == "integer") == (whole == "true"), name
        assert _constant(form, least) >= taken.get("minimum", taken.get("exclusiveMinimum")), name
        assert _constant(form, most) <= taken["maximum"], name
    stops = next(kind for kind in fields["stop"]["anyOf"] if kind["type"] == "array")
    assert (_constant(form, "MOST_STOPS"), _constant(form, "LONGEST_STOP")) == (stops["maxItems"], stops["items"]["maxLength"])
    assert _constant(form, "LONGEST_SYSTEM") == next(kind for kind in fields["system"]["anyOf"] if kind["type"] == "string")["maxLength"]
    asked = {one["name"]: one["schema"] for one in document["paths"]["/api/search"]["get"]["parameters"]}
    assert _constant(queries, "LONGEST_SEARCH") == asked["q"]["maxLength"]


def test_the_page_has_words_for_every_error_that_it_may_be_answered_with() -> None:
    table = (wire.FILE.parents[1] / "components/error-words.ts").read_text("utf-8")
    worded = set(re.findall(r'^ {2}"?(\w+)"?: "error\.', table, re.MULTILINE))
    never = set(re.findall(r'"(\w+)"', table[table.index("NEVER_SHOWN") :]))
    sent = {kind.code or kind.type for kind in _kinds(errors.AlizeError)} | {"engine_error"}  # the last is an answer's (assistant/runs.py)
    assert never < sent
    assert worded & sent == sent - never


def _kinds(kind: type[errors.AlizeError]) -> list[type[errors.AlizeError]]:
    """It and those beneath it that are sent to clients."""
    return [] if kind is errors.LocalError else [kind, *(one for below in kind.__subclasses__() for one in _kinds(below))]


def _constant(source: str, word: str) -> float:
    """A number, or what a constant of the page's source is: a number, or 2 ** n - 1."""
    found = re.search(rf"const {word} = ([^;]+);", source)
    text = (found[1] if found else word).replace("_", "")
    power = re.fullmatch(r"2 \*\* (\d+) - 1", text)
    return 2 ** int(power[1]) - 1 if power else float(text)


def test_each_stream_documents_every_event_and_how_to_tell_them_apart() -> None:
    document = wire.document()
    for name, members, path in (("RunEvent", RunEvent, "/api/runs/{run_id}/events"), ("Change", Change, "/api/changes")):
        union = document["components"]["schemas"][name]
        tags = {kind.__struct_config__.tag for kind in members.__args__}
        assert union["discriminator"]["propertyName"] == "type"
        assert set(union["discriminator"]["mapping"]) == tags
        stream = document["paths"][path]["get"]["responses"]["200"]["content"]
        assert stream == {"text/event-stream": {"schema": {"$ref": f"#/components/schemas/{name}"}}}
    assert {kind.__struct_config__.tag for kind in RunEvent.__args__} > TERMINAL


def test_every_reference_of_the_document_leads_to_a_schema() -> None:
    document = wire.document()
    named = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(document)))
    assert named <= set(document["components"]["schemas"])
    assert not [name for name in document["components"]["schemas"] if name.endswith(("-Input", "-Output"))], "read and written in two forms"


@pytest.mark.parametrize(
    ("schema", "written"),
    [
        ({"$ref": "#/components/schemas/Message"}, "Message"),
        ({"const": "list"}, '"list"'),
        ({"enum": ["", "en", None]}, '"" | "en" | null'),
        ({"anyOf": [{"type": "number"}, {"type": "integer"}, {"type": "null"}]}, "number | null"),
        ({"type": "array", "items": {"anyOf": [{"type": "string"}, {"type": "boolean"}]}}, "(string | boolean)[]"),
        ({"type": "array", "prefixItems": [{"type": "integer"}, {"type": "integer"}]}, "[number, number]"),
        ({"type": "object", "additionalProperties": {"type": "string"}}, "Record<string, string>"),
        ({"type": "object"}, "Record<string, unknown>"),
        ({"type": "string", "format": "date-time"}, "Moment"),
        ({}, "unknown"),
    ],
)
def test_a_schema_becomes_a_type(schema: dict[str, Any], written: str) -> None:
    assert wire.type_of(schema) == written


def test_what_is_said_of_a_field_cannot_end_its_comment() -> None:
    schemas = {"A": {"type": "object", "properties": {"b-c": {"type": "string", "description": "x */ alert(1) /*"}}}}
    text = wire.text_of({"components": {"schemas": schemas}, "paths": {}})
    assert text.count("*/") == text.count("/**")
    assert '"b-c"?: string;' in text


def test_members_of_a_union_carry_its_prefix() -> None:
    assert set(EventUnion("Heard", Ready, "Page").schemas()) == {"Heard", "PageReady"}
