"""The forms in which models call tools. In: a place in their answer, behind the mark that opens a call. Out: the calls, as they come.

Mistral up to the seventh version of its tokenizer, and many others, write JSON; from the eleventh on Mistral writes name and arguments
between tokens of their own; Qwen's models for code write each parameter between tags. `CallMarks` in tokenize/base.py shows each.
"""

import json
import re
import secrets
import string
from collections.abc import Callable, Collection, Mapping
from typing import Any, NoReturn, cast

from alize.prompt.cursor import Cursor, MalformedError, Reading, Words
from alize.prompt.extent import Extent
from alize.prompt.parts import Call, Part
from alize.tokenize.base import CallMarks

__all__ = ["CALL_ID", "FUNCTION_NAME", "Calls", "DoneError", "Forms", "new_id"]

CALL_ID = re.compile(r"[a-zA-Z0-9]{9}")
FUNCTION_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}")
_LETTERS = string.ascii_letters + string.digits
_LONGEST_NAME = 200  # characters that are read in search of the end of a name or an id
_OF_A_CALL = frozenset({"name", "arguments", "parameters", "type", "id"})
_PYTHON = {"True": "true", "False": "false", "None": "null"}  # as templates print these values for Qwen's models to learn from
_ELSEWHERE = frozenset({"anyOf", "oneOf", "allOf", "enum", "const", "$ref"})  # words of a schema that may say what a value is
_KINDS: dict[type, frozenset[str]] = {
    bool: frozenset({"boolean"}),
    int: frozenset({"integer", "number"}),
    float: frozenset({"number"}),
    type(None): frozenset({"null"}),
    dict: frozenset({"object"}),
    list: frozenset({"array"}),
    str: frozenset[str](),  # it would have to be quoted, and texts are not
}
_PARAMETER, _CLOSED = "<parameter=", "</parameter>"


def new_id() -> str:
    """An id of a call, as Mistral's API gives them: nine letters and digits."""
    return "".join(secrets.choice(_LETTERS) for _ in range(9))


class DoneError(Exception):
    """No more calls are wanted."""


class Calls:
    """What is given out of one answer: calls, in pieces, and text."""

    def __init__(self, cursor: Cursor, *, single: bool, ids: Callable[[], str]) -> None:
        self.parts: list[Part | Call] = []
        self.count = 0
        self.open = 0  # how many lack the end of their arguments
        self.tail = False  # a call has just ended: what still belongs to its form, and white space, is not text
        self._cursor, self._single, self._ids = cursor, single, ids
        self._begun = 0

    def new(self, name: str, id: str = "") -> Call:
        """A call that begins; the model's own id where that is one. Raises MalformedError for what is no name."""
        if not FUNCTION_NAME.fullmatch(name):
            raise MalformedError
        self.count += 1
        self.open += 1
        return Call(self.count - 1, id if CALL_ID.fullmatch(id) else self._ids(), name)

    def give(self, call: Call, arguments: str) -> None:
        """More of a call's arguments. All that was read is given out with it."""
        begins = call.number == self._begun
        self._begun += begins
        self.parts.append(Call(call.number, call.id, call.name, arguments, begins))
        self._cursor.kept = self._cursor.at

    def end(self) -> None:
        """The call has all of its arguments. Raises DoneError where one is enough."""
        self.open -= 1
        self.tail = True
        if self._single:
            raise DoneError

    def passed(self) -> None:
        """What was read belongs to the form and is not given out."""
        self._cursor.kept = self._cursor.at


class Forms:
    """Reads the calls of one answer. Each method begins where a call may, and raises MalformedError where none does."""

    def __init__(self, cursor: Cursor, calls: Calls, marks: CallMarks, signs: Mapping[str, str], tools: Mapping[str, Any] | None) -> None:
        """`signs`: how each mark that is a control token stands in the text. `tools`: see `CallReader`."""
        self._cursor, self._calls, self._marks, self._signs, self._tools = cursor, calls, marks, signs, tools
        self._spelled = {ord(sign): mark for mark, sign in signs.items()}

    def read(self) -> Reading:
        """The calls behind a mark, with the one that closes them."""
        match self._marks.form:
            case "named":
                yield from self._named()
            case "bare":
                yield from self.bare()
            case "functions":
                yield from self._function()
            case "json":
                yield from self._json()
        if self._marks.closes:
            yield from self._cursor.expect(self._sign(self._marks.closes))
            self._calls.passed()

    def bare(self) -> Reading:
        """Calls one behind another, as Llama's models write them: with white space or a semicolon between."""
        cursor, tag = self._cursor, self._sign(self._marks.opens)
        if (yield from cursor.next()) == tag:
            cursor.at += 1
        while True:
            yield from self._object()
            if (yield from cursor.next()) == ";":
                cursor.at += 1
                self._calls.passed()

    def _sign(self, mark: str) -> str:
        return self._signs.get(mark, mark)

    def _json(self) -> Reading:
        """One call, or several in a list."""
        cursor = self._cursor
        if (yield from cursor.next()) == "{":
            yield from self._object()
            return
        mark = "["
        while mark != "]":
            yield from cursor.expect(mark)
            self._calls.passed() if mark == "," else None
            yield from self._object()
            mark = "]" if (yield from cursor.next()) == "]" else ","
        cursor.at += 1
        self._calls.passed()

    def _object(self) -> Reading:
        """A call as an object of JSON: its name and its arguments, in either order, among whatever else."""
        cursor, calls = self._cursor, self._calls
        yield from cursor.expect("{")
        calls.tail = False
        name, arguments, called, mark = "", "", False, ""
        while mark != "}":
            key = yield from self._key()
            if called or key not in ("name", "arguments", "parameters"):
                yield from cursor.value()
            elif key == "name":
                name = _text((yield from cursor.value()))
                if self._marks.form == "bare" and self._tools is not None and name not in self._tools:
                    raise MalformedError
            elif (yield from cursor.next()) != "{":
                raise MalformedError
            elif name:
                yield from self._streamed(calls.new(name))
                called = True
            else:
                arguments = yield from cursor.value()
            if name and arguments and not called:
                called = True
                calls.give(calls.new(name), arguments)
                calls.end()
            mark = yield from cursor.next()
            yield from cursor.expect("}" if mark == "}" else ",")
        if not called:
            raise MalformedError
        calls.passed()

    def _key(self) -> Words:
        cursor = self._cursor
        if (yield from cursor.next()) != '"':
            raise MalformedError
        key = _text((yield from cursor.value()))
        if self._marks.form == "bare" and key not in _OF_A_CALL:
            raise MalformedError
        yield from cursor.expect(":")
        return key

    def _named(self) -> Reading:
        """The name, perhaps an id, and the arguments, each behind a mark of its own."""
        cursor, id = self._cursor, ""
        opens, own, arguments = (self._sign(mark) for mark in (self._marks.opens, "[CALL_ID]", "[ARGS]"))
        name, mark = yield from cursor.until(opens, own, arguments, most=_LONGEST_NAME)
        if mark == opens:  # it counts, what stands before it does not
            cursor.at -= len(opens)
            raise MalformedError
        if mark == own:
            id, _ = yield from cursor.until(arguments, most=_LONGEST_NAME)
        if (yield from cursor.next()) != "{":
            raise MalformedError
        yield from self._streamed(self._calls.new(name.strip(), id.strip()))

    def _streamed(self, call: Call) -> Reading:
        """Arguments, given out as they come."""
        cursor, extent = self._cursor, Extent()
        while not extent.ended:
            while cursor.at == len(cursor.held):
                yield from cursor.more()
            start, cursor.at = cursor.at, extent.feed(cursor.held, cursor.at)
            self._calls.give(call, cursor.held[start : cursor.at])
        if extent.broken:
            raise MalformedError
        self._calls.end()

    def _function(self) -> Reading:
        """Parameters between tags. What each is as JSON, the schema of the tool says."""
        cursor, calls = self._cursor, self._calls
        yield from cursor.expect("<function=")
        name, _ = yield from cursor.until(">", most=_LONGEST_NAME)
        call, tools = calls.new(name), self._tools or {}
        before = "{"
        while True:
            yield from cursor.space()
            if not (yield from cursor.comes(_PARAMETER)):
                break
            key, _ = yield from cursor.until(">", most=_LONGEST_NAME)
            calls.give(call, f'{before}"{self._quoted(key)}": ')
            yield from self._parameter(call, _kinds(tools.get(name), key))
            before = ", "
        yield from cursor.expect("</function>")
        calls.give(call, "{}" if before == "{" else "}")
        calls.end()

    def _parameter(self, call: Call, kinds: Collection[str]) -> Reading:
        """One value. A text is given out as it comes, anything else when it is whole."""
        cursor, calls = self._cursor, self._calls
        if tuple(kinds) != ("string",):
            value, _ = yield from cursor.until(_CLOSED)
            calls.give(call, self._as_json(value.removeprefix("\n").removesuffix("\n"), kinds))
            return
        calls.give(call, '"')
        yield from cursor.more() if cursor.at == len(cursor.held) else ()
        cursor.at += cursor.held.startswith("\n", cursor.at)
        while (end := cursor.held.find(_CLOSED, cursor.at)) < 0:
            start, cursor.at = cursor.at, max(cursor.at, len(cursor.held) - len(_CLOSED))  # the last may be a line break and the tag
            if cursor.at > start:
                calls.give(call, self._quoted(cursor.held[start : cursor.at]))
            yield from cursor.more()
        value, cursor.at = cursor.held[cursor.at : end].removesuffix("\n"), end + len(_CLOSED)
        calls.give(call, f'{self._quoted(value)}"')

    def _quoted(self, text: str) -> str:
        """As it stands within the quotes of JSON; a control token, which has no place there, as it is spelled."""
        return json.dumps(text.translate(self._spelled), ensure_ascii=False)[1:-1]

    def _as_json(self, text: str, kinds: Collection[str]) -> str:
        """The text as it stands where that is JSON of such a kind, else quoted."""
        written = _PYTHON.get(text.strip(), text).translate(self._spelled)
        try:
            value: Any = json.loads(written, parse_constant=_refused)
        except (ValueError, RecursionError):
            return f'"{self._quoted(text)}"'
        return written if not kinds or not _KINDS[type(value)].isdisjoint(kinds) else f'"{self._quoted(text)}"'


def _refused(word: str) -> NoReturn:
    """NaN, Infinity and -Infinity: Python reads them, and they are no JSON."""
    raise ValueError(word)


def _text(value: str) -> str:
    """The text that a value of JSON is. Raises MalformedError for another kind of value."""
    try:
        text: Any = json.loads(value)
    except (ValueError, RecursionError):
        raise MalformedError from None
    if not isinstance(text, str):
        raise MalformedError
    return text


def _kinds(schema: object, key: str) -> Collection[str]:
    """What the schema of a tool lets a parameter be: a text where it does not say, () where it says so in another way."""
    properties = _member(schema, "properties")
    given, known = _member(_member(properties, key), "type"), _member(properties, key)
    if isinstance(given, list):
        return [str(kind) for kind in cast("list[Any]", given)]
    elsewhere = isinstance(known, Mapping) and not _ELSEWHERE.isdisjoint(cast("Mapping[str, Any]", known))
    return () if given is None and elsewhere else (given,) if isinstance(given, str) else ("string",)


def _member(value: object, key: str) -> object:
    return cast("Mapping[str, object]", value).get(key) if isinstance(value, Mapping) else None
