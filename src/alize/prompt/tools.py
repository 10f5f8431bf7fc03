"""The tools of a request. In: their JSON, and how a model writes calls. Out: tools for its template, and what its answer may call.

tool_choice   the answer
auto          is text, calls, or both, as the model likes
any, required begins as a call
a function    begins as a call of it, and ends with that call

A call is begun by putting its first words behind the prompt, so that the model can only go on with them. What follows is held to the
schema by a grammar, where the engine has grammars and the form is JSON (held.py).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from alize.errors import InvalidRequest, UnsupportedParameter
from alize.prompt.calls import CallReader
from alize.prompt.forms import FUNCTION_NAME, new_id
from alize.prompt.thoughts import left_open
from alize.tokenize.base import CallMarks, ThoughtMarks, Tokenizer
from alize.tokenize.text import texts_in

__all__ = ["MOST_TOOLS", "Offer", "PlainTool", "begins_thought", "offered", "plain_tools", "strict_among"]

MOST_TOOLS = 128
_FORCED = ("any", "required")

PlainTool = dict[str, Any]
Message = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Offer:
    """What one answer may call."""

    marks: CallMarks
    tools: Sequence[PlainTool]
    begun: tuple[str, ...] = ()  # words that the prompt begins a call with; marks stand alone
    single: bool = False  # the answer ends with its first call
    named: str | None = None  # the only tool that it may call
    strict: frozenset[str] = frozenset()  # tools whose arguments must be what the schema says

    def reader(self, *, continuing: bool = False, ids: Callable[[], str] = new_id) -> CallReader:
        """Of one answer; it has read what the prompt begins. `continuing`: see `CallReader`."""
        schemas = {tool["function"]["name"]: tool["function"]["parameters"] for tool in self.tools}
        reader = CallReader(self.marks, schemas, single=self.single, continuing=continuing, ids=ids)
        for words in self.begun:
            id = self.marks.ids.get(words)
            reader.push(words) if id is None else reader.control(id)
        return reader

    def opened(self, messages: Sequence[Message]) -> list[Message]:
        """The conversation; where a call is begun and its marks are text, with the answer that begins so."""
        if not self.begun or self.begun[0] in self.marks.ids:
            return list(messages)
        return [*messages, {"role": "assistant", "content": "".join(self.begun), "prefix": True}]

    def behind(self, encode: Callable[[str], list[int]]) -> list[int]:
        """Ids behind the prompt; where a call is begun and its mark is a control token, what begins it."""
        ids = self.marks.ids
        if not self.begun or self.begun[0] not in ids:
            return []
        return [id for words in self.begun for id in ([ids[words]] if words in ids else encode(words))]


def begins_thought(marks: ThoughtMarks, tokens: Sequence[int], tokenizer: Tokenizer, begun: Sequence[int], model: str) -> bool:
    """Whether a prompt begins a thought. Raises UnsupportedParameter where a call is begun behind it, which would stand in the thought."""
    opened = left_open(marks, tokens, tokenizer)
    if opened and begun:
        raise UnsupportedParameter(
            f"tool_choice: the model {model} begins every answer with a thought, so it cannot be made to begin with a call.",
            param="tool_choice",
            remedy="Send tool_choice: auto.",
        )
    return opened


def plain_tools(tools: Sequence[Mapping[str, Any]]) -> list[PlainTool]:
    """Tools in the form that templates take: `{"type": "function", "function": {"name", "description", "parameters"}}`.

    Raises InvalidRequest for too many, a name that is none or stands twice, and parameters that are no JSON schema (draft 7);
    UnsupportedParameter for tools that the server would have to run.
    """
    if len(tools) > MOST_TOOLS:
        raise InvalidRequest(f"tools has {len(tools)} entries; {MOST_TOOLS} is the most.", param="tools")
    for _ in texts_in(tools, "tools"):
        pass  # each is checked on the way, and how deep they are nested
    plain = [_plain(tool, f"tools.{index}") for index, tool in enumerate(tools)]
    names = [tool["function"]["name"] for tool in plain]
    for index, name in enumerate(names):
        if name in names[:index]:
            raise InvalidRequest(f"tools.{index}: there are two tools of the name {name}.", param=f"tools.{index}.function.name")
    return plain


def strict_among(tools: Sequence[Mapping[str, Any]]) -> frozenset[str]:
    """The names of those of `plain_tools` that say so."""
    return frozenset(tool["function"]["name"] for tool in tools if tool["function"].get("strict"))


def offered(
    marks: CallMarks | None,
    tools: Sequence[PlainTool],
    choice: str = "auto",
    *,
    parallel: bool = True,
    model: str = "",
    strict: frozenset[str] = frozenset(),
) -> Offer:
    """What an answer may call. `choice`: "auto", "any", "required", or the name of a function. `strict`: see `Offer`.

    Raises UnsupportedParameter for a model that calls no tools, InvalidRequest for a function that is not among them.
    """
    if marks is None:
        raise UnsupportedParameter(
            f"tools: the chat template of the model {model} has no place for tools, or writes calls in a form that is not read.",
            param="tools",
            remedy="Choose a model whose card says function_calling, leave them out, or send tool_choice: none.",
        )
    if choice == "auto":
        return Offer(marks, tools, single=not parallel, strict=strict)
    name, names = None if choice in _FORCED else choice, [tool["function"]["name"] for tool in tools]
    if name is not None and name not in names:
        raise InvalidRequest(
            f"tool_choice names the function {name[:100]!r}, which is none of the tools.",
            param="tool_choice.function.name",
            remedy=f"Tools are {', '.join(names[:5])}{', …' if len(names) > 5 else ''}.",
        )
    return Offer(marks, tools, _beginning(marks, name), single=not parallel or name is not None, named=name, strict=strict)


def _beginning(marks: CallMarks, name: str | None) -> tuple[str, ...]:
    """The first words of a call, marks standing alone. A space is left to the model, whose tokens begin with it."""
    match marks.form:
        case "named":
            return (marks.opens,) if name is None else (marks.opens, name, "[ARGS]")
        case "functions":
            return (marks.opens, "\n<function=" if name is None else f"\n<function={name}>\n")
        case "bare":
            return ('{"name": "' if name is None else f'{{"name": "{name}", "{marks.key}":',)
        case "json":
            start = "[" if marks.listed else "\n" if marks.closes else ""
            return (marks.opens,) if name is None else (marks.opens, f'{start}{{"name": "{name}", "{marks.key}":')


def _plain(tool: Mapping[str, Any], path: str) -> PlainTool:
    kind: object = tool.get("type", "function")
    if kind != "function":
        raise UnsupportedParameter(
            f"{path}: {str(kind)[:100]} would have to be run by this server, which runs no tools.",
            param=path,
            remedy="Send tools of the type function, and run them yourself.",
        )
    given: object = tool.get("function")
    if not isinstance(given, Mapping):
        raise InvalidRequest(f"{path}.function is no object.", param=f"{path}.function")
    function = cast("Mapping[str, Any]", given)
    name, description, parameters = function.get("name"), function.get("description") or "", function.get("parameters")
    if not isinstance(name, str) or not FUNCTION_NAME.fullmatch(name):
        raise InvalidRequest(
            f"{path}.function.name is {str(name)[:100]!r}, but must be a-z, A-Z, 0-9, or contain underscores and dashes, with a maximum "
            "length of 64.",
            param=f"{path}.function.name",
        )
    if not isinstance(description, str):
        raise InvalidRequest(f"{path}.function.description is not a text.", param=f"{path}.function.description")
    schema = _checked_schema({} if parameters is None else parameters, f"{path}.function.parameters")
    return {"type": "function", "function": {"name": name, "description": description, "parameters": schema}}


def _checked_schema(schema: object, path: str) -> Mapping[str, Any]:
    if not isinstance(schema, Mapping):
        raise InvalidRequest(f"{path} is no JSON schema: it is not an object.", param=path)
    from jsonschema import Draft7Validator, FormatChecker  # 0.2 s of import, for those alone who offer tools
    from jsonschema.exceptions import SchemaError

    schema = cast("Mapping[str, Any]", schema)
    try:
        # Patterns are those of ECMAScript: Python's reader refuses some of them, and others, made for that, break it.
        Draft7Validator.check_schema(dict(schema), format_checker=FormatChecker(()))
    except SchemaError as error:
        where = ".".join([path, *map(str, error.absolute_path)])
        raise InvalidRequest(f"{where[:300]} is no JSON schema: {error.message[:300]}", param=path) from error
    return schema
