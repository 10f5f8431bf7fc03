"""Each refusal that somebody at the page can meet has a reason, and the page a sentence for it in each of its languages.

Nothing is listed by hand but what the page cannot meet, and why. The errors are found in the source: whatever constructs one.
"""

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple, cast, get_args

import msgspec
import pytest

from alize import errors
from alize.engine.wire import Failure
from alize.reasons import REASONS, Value, because
from scripts import wire

SOURCE = Path(errors.__file__).parent
PAGE = wire.FILE.parents[1]
LANGUAGES = ("en", "fr", "ja")

UNMET = {
    # whole modules and folders
    "cli/": "commands",
    "evaluate/": "commands",
    "weights/": "commands, and the start",
    "model/": "the specification, which checks what the server has checked before",
    "library.py": "programs that import alize",
    "prompt/messages.py": "the page writes messages in their order",
    "prompt/content.py": "and of chunks that are there",
    "prompt/brought.py": "the library's and the commands' files",
    "prompt/modes.py": "the page sends no mode of reasoning",
    "prompt/turns.py": "the library's",
    "prompt/tools.py": "the page offers no tools",
    "prompt/placing.py": "a picture goes to models with a place for it alone",
    "prompt/hearing.py": "a sound likewise",
    "prompt/pcm.py": "sound that is streamed",
    "prompt/streamed.py": "sound that is streamed",
    "tokenize/bytes.py": "a tokenizer of tests",
    "tokenize/decoder.py": "transcriptions",
    "tokenize/reading.py": "models that read are never asked for text",
    "tokenize/stream.py": "the page sends no empty stop",
    "engine/vectors.py": "embeddings",
    "engine/record.py": "records that `alize replay` reads",
    "engine/replay.py": "records that `alize replay` reads",
    "engine/runners/": "the engine has refused it before",
    "api/outside/": "pictures of answers, which fail in silence",
    "api/routes/outside.py": "pictures of answers",
    "api/routes/audio.py": "transcriptions",
    "api/routes/realtime.py": "transcriptions",
    "api/routes/embeddings.py": "embeddings",
    "api/routes/fim.py": "programs that fill gaps",
    "api/routes/models.py": "the page lists models, and asks for none alone",
    "api/routes/health.py": "the page looks at the status alone",
    "api/health.py": "the page looks at the status alone",
    "api/embedding.py": "embeddings",
    "api/dictation.py": "transcriptions",
    "api/live.py": "transcriptions",
    "api/hearing.py": "sounds of other hosts: the page sends them whole",
    "api/form.py": "transcriptions",
    "api/forming.py": "the page wants text",
    "api/offering.py": "the page offers no tools",
    "api/schemas/extensions.py": "other clients' names of fields",
    "governance/key_identity.py": "the page has a cookie, and no key",
    "governance/passes.py": "transcriptions",
    "storage/migrate.py": "the start",
    "storage/keys.py": "two random numbers that are the same",
    "storage/attachments.py": "two random numbers that are the same",
    # single errors of the others, by how their message begins
    "api/pool/lives.py": "administrators are told why a model is not there, in a list that is no error",
    "api/routes/residents.py:'{name}' is": "the page sets no adapters",
    "api/routes/residents.py:An adapter's name": "the page sets no adapters",
    "api/routes/residents.py:Either path or model": "the page names no weights",
    "api/routes/residents.py:There is no file": "the page names no weights",
    "api/routes/residents.py:{path": "the page names no weights",
    "api/looking.py:{path}": "pictures of other hosts: the page sends them whole",
    "api/asking.py:The model {model.card.id} does not fill": "programs that fill gaps",
    "api/middleware/body_limit.py:The request has Content-Length": "no browser sends it",
    "api/protocol.py:This is not a valid HTTP": "no browser sends it",
    "engine/adapters.py:This engine has no adapters": "the start",
    "engine/adapters.py:This server holds": "the start",
    "engine/base.py:{name}": "the schema of the page's settings has narrower bounds",
    "engine/base.py:top_p": "the schema of the page's settings has narrower bounds",
    "engine/base.py:logit_bias": "the page sets no bias",
    "engine/base.py:The prompt has a token id": "a tokenizer gives none",
    "engine/base.py:{squares}": "what reads pictures gives none",
    "engine/base.py:A sound of": "what reads sounds gives none",
    "engine/base.py:The model {info.id} does nothing but": "transcriptions",
    "engine/base.py:The sound ends before": "transcriptions",
    "engine/base.py:The tokens {medium.start}": "what places pictures gives none",
    "engine/core.py:More of the sound": "transcriptions",
    "engine/admission.py:max_tokens": "the schema of the page's settings has narrower bounds",
    "engine/admission.py:This engine has no grammars": "the page sends no grammar",
    "engine/admission.py:An answer that matches": "the page sends no grammar",
    "engine/admission.py:A request with the id": "two random numbers that are the same",
    "engine/grammar.py": "programs that import alize",
    "prompt/held.py": "the page offers no strict tools",
    "prompt/matching.py": "the page wants text",
    "engine/guide.py": "the page sends no grammar",
    "engine/guides.py": "the page sends no grammar",
    "engine/fake.py:More of the sound": "transcriptions",
    "engine/fake.py:max_tokens": "the schema of the page's settings has narrower bounds",
    "engine/fake.py:response_format": "the page sends no grammar",
    "engine/fake.py:This engine has no": "the page asks for adapters by the server's own names",
    "engine/fake.py:A request with the id": "two random numbers that are the same",
    "engine/fake.py:This FakeEngine's script": "whoever writes a test",
    "engine/local.py:A request with the id": "two random numbers that are the same",
    "engine/local.py:The weights were replaced": "embeddings",
    "governance/keys.py:The key that asks": "the page has a cookie, and no key",
    "storage/accounts.py:This session exists": "two random numbers that are the same",
    "storage/accounts.py:This invitation exists": "two random numbers that are the same",
    "storage/columns.py:{value} is not a count": "no count comes from the page",
    "storage/columns.py:{list(value)!r}": "no words come from the page",
    "storage/cursor.py:limit": "the page asks for its own number",
    "storage/sqlite.py:Migrating": "the start",
    "storage/sqlite.py:SQLite cannot keep": "the start",
    "tokenize/bpe.py:This model's chat template": "a picture goes to models with a place for it alone",
    "tokenize/bpe.py:This model's vocabulary": "a picture goes to models with a place for it alone",
    "tokenize/bpe.py:language": "transcriptions",
    "tokenize/bpe.py:This model has no markers of a gap": "programs that fill gaps",
    "tokenize/markers.py:The messages use every character": "nobody writes each of a million",
    "tokenize/mistral.py:The first version": "the page offers no tools",
    "tokenize/mistral.py:This model finds": "transcriptions",
    "tokenize/mistral.py:This model": "transcriptions, and programs that fill gaps",
    "tokenize/rendering.py:This model's chat template has no place for": "the page offers no tools",
    "tokenize/template.py:{path}": "the page offers no tools, and puts thoughts into answers alone",
    "tokenize/text.py:The text is not valid": "the body's reader has refused it before",
    "tokenize/text.py:{param}": "the page offers no tools",
    "upstream/client.py:{self.address.host} lists no models": "kept for whoever asks for a model (api/naming.py)",
}
"""Where errors need no reason: the beginning of a path, or a file and the beginning of a message; and why the page cannot meet them."""

CODES = ("3280", "method_not_allowed", "outside_refused", "outside_failed")
"""Codes that the page is never answered with: error-words.ts says why."""


class Site(NamedTuple):
    """Where an error is made."""

    place: str  # "api/auth.py:Your session has ended."
    kind: type[errors.AlizeError]
    call: ast.Call

    @property
    def reasoned(self) -> bool:
        return any(one.arg == "reason" for one in self.call.keywords)


@cache
def calls() -> list[tuple[str, ast.Call]]:
    found: list[tuple[str, ast.Call]] = []
    for path in sorted(SOURCE.rglob("*.py")):
        tree = ast.parse(path.read_text("utf-8"))
        name = path.relative_to(SOURCE).as_posix()
        found += [(name, node) for node in ast.walk(tree) if isinstance(node, ast.Call) and isinstance(node.func, ast.Name)]
    return found


def sites() -> Iterator[Site]:
    """Every error of ours that may be sent, but for two whose class is chosen as it is made (upstream/failures.py, api/errors.py)."""
    for name, call in calls():
        kind = getattr(errors, cast("ast.Name", call.func).id, None)
        if isinstance(kind, type) and issubclass(kind, errors.AlizeError) and not issubclass(kind, errors.LocalError):
            text = ast.unparse(call.args[0]) if call.args else ""
            yield Site(f"{name}:{re.sub('^f?[' + chr(39) + chr(34) + ']', '', text)}", kind, call)


def unmet(site: Site) -> set[str]:
    """What says that the page cannot meet it."""
    return {beginning for beginning in UNMET if site.place.startswith(beginning)}


def test_whatever_the_page_can_be_refused_says_why_without_a_language() -> None:
    found = list(sites())
    assert len(found) > 250, "the source is not read any more"
    said_by_fields = errors.ValidationFailed  # its `detail` says of each field what kind of fault it is
    silent = {one.place for one in found if not (one.reasoned or one.kind is said_by_fields or one.kind.code in CODES or unmet(one))}
    assert not silent, "give it a reason, or say in UNMET why the page cannot meet it"


def test_nothing_is_excused_that_is_not_there() -> None:
    needed = {beginning for site in sites() if not site.reasoned for beginning in unmet(site)}
    assert UNMET.keys() == needed


def test_each_reason_is_given_with_the_values_that_it_is_declared_with() -> None:
    given: dict[str, set[tuple[str, ...]]] = {}
    for _, call in calls():
        if cast("ast.Name", call.func).id == "because":
            (name,) = call.args
            assert isinstance(name, ast.Constant), ast.unparse(call)
            given.setdefault(cast("str", name.value), set()).add(tuple(sorted(one.arg or "**" for one in call.keywords)))
    given.setdefault("answer_failed", set()).add(())  # of an error that is none of ours (assistant/runs.py)
    assert given == {name: {tuple(sorted(values))} for name, values in REASONS.items()}


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_says_each_reason_with_all_its_values(language: str) -> None:
    text = (PAGE / f"i18n/{language}/reasons.ts").read_text("utf-8")
    worded = dict(re.findall(r'"because\.(\w+)":\s*"((?:[^"\\]|\\.)*)"', text))
    assert worded.keys() == REASONS.keys()
    for name, words in worded.items():
        assert set(re.findall(r"\{(\w+)", words)) == set(REASONS[name]), f"{language}: {name}"


@pytest.mark.parametrize("language", [language for language in LANGUAGES if language != "en"])
def test_no_language_borrows_a_sentence_of_another(language: str) -> None:
    other, english = ((PAGE / f"i18n/{one}/reasons.ts").read_text("utf-8") for one in (language, "en"))
    sentences = re.findall(r'"because\.\w+":\s*"((?:[^"\\]|\\.)*)"', english)
    assert len(sentences) == len(REASONS)
    assert not [sentence for sentence in sentences if f'"{sentence}"' in other]


def test_a_value_is_named_by_how_it_is_written() -> None:
    names = {value for values in REASONS.values() for value in values}
    told = (PAGE / "components/reasons.ts").read_text("utf-8")
    assert {name for name in names if "bytes" in name} == {"bytes", "most_bytes", "taken_bytes"}
    assert {name for name in names if "seconds" in name} == {"seconds", "most_seconds"}
    assert all(f'"{name}"' in told for name in ("words", "detail", "seconds", "most_seconds"))


def test_an_error_carries_its_reason_beside_the_keys_of_the_public_api() -> None:
    plain = errors.QueueFull("Full.").body()
    full = errors.QueueFull("Full.", reason=because("queue_full", requests=7)).body()
    assert full == {**plain, "reason": "queue_full", "values": {"requests": 7}}
    assert "reason" not in plain


def test_every_kind_of_fault_of_the_pages_fields_has_words() -> None:
    """Of a 422, pydantic says what is wrong with each field; which kinds there are, the schemas of what the page sends say."""
    told = (PAGE / "components/reasons.ts").read_text("utf-8")
    worded = set(re.findall(r"^ {2}(\w+): \[", told, re.MULTILINE))
    kinds = {kind for keyword in _keywords() for kind in _KINDS[keyword]}
    assert kinds >= {"missing", "string_too_long", "greater_than_equal", "too_long"}
    assert kinds <= worded, kinds - worded


_KINDS: dict[str, set[str]] = {
    "maxLength": {"string_too_long"},
    "minLength": {"string_too_short"},
    "pattern": {"string_pattern_mismatch"},
    "maximum": {"less_than_equal"},
    "minimum": {"greater_than_equal"},
    "exclusiveMaximum": {"less_than"},
    "exclusiveMinimum": {"greater_than"},
    "maxItems": {"too_long"},
    "minItems": {"too_short"},
    "const": {"literal_error"},
    "enum": {"literal_error"},
    "required": {"missing"},
    "additionalProperties": {"extra_forbidden"},
    "string": {"string_type"},
    "integer": {"int_type", "int_parsing"},
    "number": {"float_type", "finite_number"},
    "boolean": {"bool_type", "bool_parsing"},
    "array": {"list_type"},
    "object": {"model_type", "model_attributes_type", "dict_type"},
    "null": set(),
    "date-time": {"datetime_parsing", "datetime_type", "timezone_aware", "datetime_from_date_parsing"},
}
_SILENT = {"description", "title", "default", "properties", "items", "anyOf", "$ref", "type", "format", "not", "discriminator"}


def _keywords() -> set[str]:
    """Of the schemas of everything that the page's own operations take. A keyword that is in neither table is a KeyError."""
    document = wire.document()
    found: set[str] = set()
    seen: set[str] = set()

    def look(schema: Any) -> None:
        if isinstance(schema, list):
            for one in cast("list[Any]", schema):
                look(one)
        if not isinstance(schema, dict):
            return
        schema = cast("dict[str, Any]", schema)
        name = schema.get("$ref", "").rsplit("/", 1)[-1]
        if name and name not in seen:
            seen.add(name)
            look(document["components"]["schemas"][name])
        found.update(schema.keys() - _SILENT)
        found.update({schema[key] for key in ("type", "format") if isinstance(schema.get(key), str)} - {"binary"})
        for key in ("items", "anyOf"):
            look(schema.get(key))
        for inner in schema.get("properties", {}).values():
            look(inner)

    for path, item in document["paths"].items():
        if path.startswith("/api/"):
            for call in item.values():
                look([one["schema"] for one in call.get("parameters", ())])
                look([one["schema"] for kind, one in call.get("requestBody", {}).get("content", {}).items() if kind == "application/json"])
    return found


def test_a_reason_crosses_from_the_engines_process() -> None:
    reason = because("model_unknown_near", model="grand", near=["grande", "gros"])
    sent = msgspec.msgpack.encode(Failure.of(errors.InvalidModel("No.", reason=reason)))
    assert msgspec.msgpack.decode(sent, type=Failure).error().reason == reason


def test_values_are_what_json_and_the_engines_messages_can_say() -> None:
    assert set(get_args(Value)) == {int, float, str, list[str]}
