"""Chat templates in Jinja. In: messages and tools. Out: the conversation as control ids and plain text, in order.

The template is the release's own, rendered by the conventions its authors wrote it for (those of `transformers`): trimmed blocks,
`raise_exception`, `strftime_now`, `tojson` without HTML escapes, `bos_token` and its like, tools in the OpenAI shape, the arguments of
a tool call as an object. What the template adds of itself, such as SmolLM2's default system prompt, is part of the release and stays.

Control tokens come from the template alone. A marker written in its source is rendered as one character that occurs in no message, so
that afterwards markers and people's words cannot be confused, whatever a template does with the words, and the words need no
change: merges across the border between both come out as they were trained. Some templates assemble markers (`'<|' + role + '|>'`):
where markers remain as text, the conversation is rendered again with the words neutralised. None then: the text was a person's, and is
text. Some: those are the template's, and the words are shielded; if that leaves any other, the request is refused.

A last assistant message with `prefix: True` is left open: the rendering ends right after its text, with no end marker and no new turn.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any, cast

from alize.errors import AlizeError, InvalidRequest, UnsupportedParameter
from alize.reasons import because
from alize.tokenize.base import CallMarks, ThoughtMarks
from alize.tokenize.calls import PROBE, QUESTION, TOOL, marks_in, marks_told
from alize.tokenize.markers import Markers, transform, unused_characters
from alize.tokenize.rendering import Rendering, refuse
from alize.tokenize.text import parts_of, texts_in, thought_of

__all__ = ["ChatTemplate", "Segment"]

Segment = int | str
"""A control id, or text to encode."""


class ChatTemplate:
    """A model's template. Immutable; one instance serves all threads."""

    def __init__(
        self,
        source: str,
        special: Mapping[str, str],
        markers: Markers,
        *,
        tool_source: str | None = None,
        clock: Callable[[], datetime] = datetime.now,
    ) -> None:
        """`special` maps `bos_token` and its like to their spelling; `tool_source` is a second template for requests with tools.

        Raises CheckpointInvalid where the source is not Jinja.
        """
        self._special = dict(special)
        self._markers = markers
        self._clock = clock
        self._plain = Rendering(source, markers)
        self._tools = self._plain if tool_source is None else Rendering(tool_source, markers)
        self._written: CallMarks | None = None  # how calls are put into an answer's text; None where the template writes them itself
        self.call_marks = self._found_marks()

    def thought_marks(self, control: ThoughtMarks | None) -> ThoughtMarks | None:
        """The marks around thoughts: control tokens, or text that the template speaks of. None where it knows of none."""
        marks = control or (ThoughtMarks() if ThoughtMarks().closes in self._plain.source else None)
        return marks and replace(marks, efforts=self._plain.takes_effort)

    def _found_marks(self) -> CallMarks | None:
        """How a call is written, which the template is asked to show. None where it takes no tools, or in no form that is read."""
        control, asked = self._markers.by_text, self._shown(PROBE[:1])
        if QUESTION not in asked:
            return None
        if self._tools.mentions("tool_calls"):
            called = self._shown(PROBE)
            return marks_in(asked, called, control) if QUESTION in called else None
        self._written = marks_told(asked, control)
        return self._written

    def _shown(self, messages: Sequence[Mapping[str, Any]]) -> str:
        """A prompt with a tool, its markers as they are spelled; "" where the template has no place for it."""
        names = {id: text for text, id in self._markers.by_text.items()}
        try:
            return "".join(part if isinstance(part, str) else names[part] for part in self.segments(messages, [TOOL]))
        except AlizeError:
            return ""

    def segments(
        self, messages: Sequence[Mapping[str, Any]], tools: Sequence[Mapping[str, Any]] = (), effort: str | None = None
    ) -> Iterator[Segment]:
        """The conversation in order, ready for the model to continue.

        Raises InvalidMessageOrder where the template refuses the messages, UnsupportedParameter for tools it does not mention and
        for a prefix it leaves out, InvalidRequest where it cannot be rendered for these messages.
        """
        rendering = self._tools if tools else self._plain
        if self._written is not None:
            messages = [_with_calls_written(message, self._written) for message in messages]
        rendering.check(messages, tools)
        conversation = _Conversation(rendering, messages, tools, self._special, self._markers, effort)
        rendered = conversation.render(self._clock)
        if not self._markers.ids(rendered) or not (own := self._own(conversation)):
            return self._markers.split(rendered, conversation.stand_ins)
        rendered = conversation.render(self._clock, lambda text: self._markers.shield(text, conversation.mark))
        if self._markers.ids(rendered) != own:
            raise InvalidRequest(
                "The model's chat template would make control tokens out of the text of these messages.",
                param="messages",
                remedy="Take markers such as <|…|> out of them.",
                reason=because("markers_in_text"),
            )
        return self._markers.split(rendered, conversation.stand_ins, conversation.mark)

    def _own(self, conversation: "_Conversation") -> list[int]:
        """The markers that the template assembles without a character of anyone's words."""
        return self._markers.ids(conversation.render(self._clock, lambda text: self._markers.neutralise(text, conversation.mark)))


class _Conversation:
    """One request, to be rendered with its words changed in one way or another."""

    def __init__(
        self,
        rendering: Rendering,
        messages: Sequence[Mapping[str, Any]],
        tools: Sequence[Mapping[str, Any]],
        special: Mapping[str, str],
        markers: Markers,
        effort: str | None,
    ) -> None:
        self._rendering = rendering
        self._effort: dict[str, Any] = {} if effort is None else {"reasoning_effort": effort, "enable_thinking": effort != "none"}
        self._messages = [_for_template(message, f"messages.{index}", rendering) for index, message in enumerate(messages)]
        self._tools = list(tools)
        self._opened = bool(messages) and messages[-1].get("role") == "assistant" and bool(messages[-1].get("prefix"))
        strings = [*texts_in(self._messages, "messages"), *texts_in(self._tools, "tools")]
        written = list(dict.fromkeys([*rendering.markers, *(text for text in special.values() if text in markers)]))
        self.mark, self._end, *characters = unused_characters(2 + len(written), [*strings, rendering.source])
        self.stand_ins = dict(zip(characters, written, strict=True))
        shown = {text: character for character, text in self.stand_ins.items()}
        self._markers = {name: shown[text] for text, name in rendering.markers.items()}
        self._special = {name: shown.get(text, text) for name, text in special.items()}

    def render(self, clock: Callable[[], datetime], change: Callable[[str], str] = str) -> str:
        """The text, each of its words passed through `change`, markers of the template as the characters that stand for them."""
        messages = transform(self._messages, change)
        if self._opened:
            messages[-1]["content"] = _ended(messages[-1].get("content", ""), self._end)
        variables: dict[str, Any] = {
            **self._special,
            **self._markers,
            **self._effort,
            "messages": messages,
            self._rendering.tools: transform(self._tools, change) if self._tools else None,
            "documents": None,
            "add_generation_prompt": not self._opened,
            "strftime_now": lambda pattern: clock().strftime(pattern),  # pyright: ignore
            "raise_exception": refuse,
        }
        rendered = self._rendering.render(variables, self.mark + self._end + "".join(self.stand_ins))
        if not self._opened:
            return rendered
        cut = rendered.rfind(self._end)
        if cut < 0:
            raise UnsupportedParameter(
                "This model's chat template leaves out the text of the last assistant message: it cannot be continued.",
                param=f"messages.{len(messages) - 1}.prefix",
                reason=because("answer_not_continued"),
            )
        return rendered[:cut].replace(self._end, "")


def _with_calls_written(message: Mapping[str, Any], marks: CallMarks) -> Mapping[str, Any]:
    """An answer whose calls are the last of its text, as the model wrote them."""
    calls: Sequence[Mapping[str, Any]] = message.get("tool_calls") or ()
    if not calls:
        return message
    written = [
        f'{marks.opens}\n{{"name": {json.dumps(call["function"]["name"])}, "arguments": {call["function"]["arguments"]}}}\n{marks.closes}'
        for call in calls
    ]
    said: object = message.get("content")
    plain = {key: value for key, value in message.items() if key != "tool_calls"}
    if isinstance(said, list):
        return {**plain, "content": [*cast("list[Any]", said), {"type": "text", "text": "\n".join(written)}]}
    return {**plain, "content": "\n".join([*([said] if isinstance(said, str) and said else []), *written])}


def _ended(content: Any, end: str) -> Any:
    """With a character behind its last text."""
    if isinstance(content, str):
        return content + end
    parts = cast("list[dict[str, Any]]", content)
    last = parts[-1] if parts else {}
    key = last.get("type")
    return [*parts[:-1], {**last, key: last[key] + end}] if key in ("text", "thinking") else [*parts, {"type": "text", "text": end}]


def _for_template(message: Mapping[str, Any], path: str, rendering: Rendering) -> dict[str, Any]:
    """The message without `prefix` and what is None, the arguments of its calls as an object where they are one."""
    plain = {key: value for key, value in message.items() if key != "prefix" and value is not None}
    if parts := parts_of(message):
        plain |= _content(parts, message["role"], path, rendering)
    if message.get("tool_calls"):
        try:
            plain["tool_calls"] = [_with_object(call) for call in message["tool_calls"]]
        except (LookupError, TypeError) as error:
            raise InvalidRequest(f"{path}.tool_calls holds a call without a function and its arguments.", param=path) from error
    return plain


def _content(parts: Sequence[Mapping[str, Any]], role: str, path: str, rendering: Rendering) -> dict[str, Any]:
    """Parts as the template takes them: thoughts beside the text, or among the parts, or not at all.

    One that knows no sounds is shown an image in the place of each: where its mark stands, the tokenizer puts those of a sound.
    """
    thoughts = [part for part in parts if part["type"] == "thinking"]
    if not thoughts:
        heard = "audio" if rendering.mentions("audio") else "image"
        shown = {"audio": {"type": heard}, "image": {"type": "image"}}
        return {"content": [shown.get(part["type"], part) for part in parts]}
    if rendering.mentions("thinking"):
        return {
            "content": [
                {"type": "thinking", "thinking": thought_of(part), "closed": part["closed"]} if part["type"] == "thinking" else part
                for part in parts
            ]
        }
    if role != "assistant":
        raise UnsupportedParameter(f"{path}: this model's chat template has no place for reasoning in a {role} message.", param=path)
    text = "".join(part["text"] for part in parts if part["type"] == "text")
    if rendering.mentions("reasoning_content"):
        return {"content": text, "reasoning_content": "".join(map(thought_of, thoughts))}
    return {"content": text}


def _with_object(call: Mapping[str, Any]) -> dict[str, Any]:
    function: Mapping[str, Any] = call["function"]
    arguments: Any = function["arguments"]
    if isinstance(arguments, str):
        try:
            read: Any = json.loads(arguments)
        except (ValueError, RecursionError):
            read = None
        # What a model once wrote and is no object goes back as it was: a template prints a string as it is.
        arguments = cast("dict[str, Any]", read) if isinstance(read, dict) else arguments
    return {**call, "function": {**function, "arguments": arguments}}
