"""Chat templates in Jinja. In: messages and tools. Out: the conversation as control ids and plain text, in order.

The template is the release's own, rendered by the conventions its authors wrote it for (those of `transformers`): trimmed blocks,
`raise_exception`, `strftime_now`, `tojson` without HTML escapes, `bos_token` and its like, tools in the OpenAI shape, the arguments of
a tool call as an object. What the template adds of itself, such as SmolLM2's default system prompt, is part of the release and stays.

A last assistant message with `prefix: True` is left open: the rendering ends right after its text, with no end marker and no new turn.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, cast

from alize.errors import UnsupportedParameter
from alize.tokenize.markers import Markers, unused_character
from alize.tokenize.rendering import Rendering, refuse

__all__ = ["ChatTemplate", "Segment"]

Segment = int | str
"""A control id, or text to encode."""


class ChatTemplate:
    """A model's template. Immutable; one instance serves all threads."""

    def __init__(
        self,
        source: str,
        special: Mapping[str, str],
        *,
        tool_source: str | None = None,
        clock: Callable[[], datetime] = datetime.now,
    ) -> None:
        """`special` maps `bos_token` and its like to their spelling; `tool_source` is a second template for requests with tools.

        Raises CheckpointInvalid where the source is not Jinja.
        """
        self._special = dict(special)
        self._clock = clock
        self._plain = Rendering(source)
        self._tools = self._plain if tool_source is None else Rendering(tool_source)

    def segments(self, messages: Sequence[Mapping[str, Any]], tools: Sequence[Mapping[str, Any]], markers: Markers) -> Iterator[Segment]:
        """The conversation in order, ready for the model to continue.

        Raises InvalidMessageOrder where the template refuses the messages, UnsupportedParameter for tools it does not mention and
        for a prefix it leaves out, InvalidRequest where it cannot be rendered for these messages.
        """
        rendering = self._tools if tools else self._plain
        rendering.check(messages, tools)
        strings = list(_strings([messages, tools]))
        mark = unused_character(strings, rendering.source)
        end = unused_character(strings, rendering.source + mark)
        shielded = markers.shield_all([_for_template(message) for message in messages], mark)
        opened = bool(messages) and messages[-1].get("role") == "assistant" and bool(messages[-1].get("prefix"))
        if opened:
            shielded[-1]["content"] = shielded[-1].get("content", "") + end
        variables: dict[str, Any] = {
            **self._special,
            "messages": shielded,
            "tools": markers.shield_all(list(tools), mark) if tools else None,
            "documents": None,
            "add_generation_prompt": not opened,
            "strftime_now": self._now,
            "raise_exception": refuse,
        }
        rendered = rendering.render(variables, mark, sum(map(len, strings)))
        if opened:
            cut = rendered.rfind(end)
            if cut < 0:
                raise UnsupportedParameter(
                    "This model's chat template leaves out the text of the last assistant message: it cannot be continued.",
                    param=f"messages.{len(messages) - 1}.prefix",
                )
            rendered = rendered[:cut].replace(end, "")
        return markers.split(rendered, mark)

    def _now(self, pattern: str) -> str:
        return self._clock().strftime(pattern)


def _for_template(message: Mapping[str, Any]) -> dict[str, Any]:
    """The message without `prefix` and what is None, the arguments of its calls as an object where they are one."""
    plain = {key: value for key, value in message.items() if key != "prefix" and value is not None}
    if message.get("tool_calls"):
        plain["tool_calls"] = [_with_object(call) for call in message["tool_calls"]]
    return plain


def _with_object(call: Mapping[str, Any]) -> dict[str, Any]:
    function: Mapping[str, Any] = call["function"]
    arguments: Any = function["arguments"]
    if isinstance(arguments, str):
        try:
            read: Any = json.loads(arguments)
        except ValueError:
            read = None
        # What a model once wrote and is no object goes back as it was: a template prints a string as it is.
        arguments = cast("dict[str, Any]", read) if isinstance(read, dict) else arguments
    return {**call, "function": {**function, "arguments": arguments}}


def _strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, inner in cast("Mapping[str, Any]", value).items():
            yield key
            yield from _strings(inner)
    elif isinstance(value, list | tuple):
        for inner in cast("list[Any]", value):
            yield from _strings(inner)
