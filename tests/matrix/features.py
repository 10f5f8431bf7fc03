"""The features of the matrix, each declared once. In: nothing. Out: how each is asked for, and what shows that it was in effect.

A feature may change what is said (an adapter, a form, another model) or only how that is computed and sent. The answer with some of the
latter must be that without them, to the token.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import jsonschema

from alize.engine.base import ModelInfo
from alize.engine.runners.base import BLOCK
from tests.matrix.serving import BESIDE, Answer, Setup
from tests.pictures import plain, written

__all__ = ["FEATURES", "TEXT", "Body", "Case", "Feature", "pictured"]

Body = dict[str, Any]
TEXT = "Say something long about the wind that blows over the sea, and then go on."
WINDOW = 32
NONE = {"accepted_prediction_tokens": 0}
STEP = 16  # tokens of a step that reads in pieces

FORM: dict[str, Any] = {
    "type": "object",
    "properties": {"name": {"type": "string", "minLength": 4, "maxLength": 8}, "age": {"type": "integer", "minimum": 0, "maximum": 99}},
    "required": ["name", "age"],
    "additionalProperties": False,
}
TOOL: Body = {"type": "function", "function": {"name": "note", "parameters": FORM}}


@dataclass(frozen=True)
class Case:
    """One question, asked greedily and with a seed."""

    features: frozenset[str]
    setup: Setup
    info: ModelInfo
    greedy: Answer
    seeded: Answer

    @property
    def both(self) -> tuple[Answer, Answer]:
        return self.greedy, self.seeded


Changed = Callable[[Setup, Body], tuple[Setup, Body]]


@dataclass(frozen=True)
class Feature:
    """`asked` and `evidence` stand on the page; `evidence` says in words what `shown` and `otherwise` look for."""

    asked: str
    evidence: str
    shown: Callable[[Case], bool]
    setup: Callable[[Setup], Setup] = lambda setup: setup
    body: Callable[[str], Body] = lambda _: {}  # what is added to a request, by the text that it is answered with
    changes: bool = False  # the answer may be another with it
    before: bool = False  # the beginning of the question was asked before
    others: int = 0  # priority of the two that came before
    otherwise: Changed | None = None  # another answer must come of this
    said: Callable[[Case], bool] | None = None  # whether one that is asked for and is off says so; None: it may not be off


def pictured(colour: str) -> Body:
    """The picture stands behind the text: a window sees what is near."""
    image = {"type": "image_url", "image_url": written(plain(32, 32, colour))}
    return {"messages": [{"role": "user", "content": [{"type": "text", "text": TEXT}, image]}]}


def _valid(text: str) -> bool:
    try:
        jsonschema.validate(json.loads(text), FORM)
    except (ValueError, jsonschema.ValidationError):
        return False
    return True


def _called(case: Case) -> bool:
    choices = [choice for answer in case.both for choice in answer.choices]
    return all(
        choice.finish == "tool_calls"
        and [call["name"] for call in choice.calls] == ["note"]
        and all(_valid(call["arguments"]) for call in choice.calls)
        for choice in choices
    )


def _formed(case: Case) -> bool:
    return all(choice.finish == "stop" and _valid(choice.text) for answer in case.both for choice in answer.choices)


def _called_instead(case: Case) -> bool:
    return all(choice.finish == "tool_calls" for answer in case.both for choice in answer.choices)


def _slid(case: Case) -> bool:
    trace = case.greedy.traces[0]
    held = trace.held.get("sliding")
    return held is not None and held < (len(trace.request.tokens) + len(trace.tokens)) // BLOCK


def _parts(**parts: Any) -> Callable[[Setup], Setup]:
    return lambda setup: replace(setup, parts=replace(setup.parts, **parts))


FEATURES: dict[str, Feature] = {
    "streaming": Feature(
        "`stream: true`",
        "the answer comes in several events",
        lambda case: case.greedy.events > 2,
        body=lambda _: {"stream": True},
    ),
    "tools": Feature(
        "`tools`, and `tool_choice: any`",
        "a call of the tool, whose arguments match its schema",
        _called,
        body=lambda _: {"tools": [TOOL], "tool_choice": "any", "parallel_tool_calls": False},
        changes=True,
    ),
    "schema": Feature(
        "`response_format: json_schema`",
        "the answer is JSON that matches the schema",
        _formed,
        body=lambda _: {"response_format": {"type": "json_schema", "json_schema": {"name": "form", "schema": FORM}}},
        changes=True,
        said=_called_instead,
    ),
    "LoRA": Feature(
        "an adapter's name as `model`",
        "the model without the adapter says something else",
        lambda case: case.greedy.traces[0].request.adapter is not None,
        body=lambda _: {"model": "-adapted"},
        changes=True,
        otherwise=lambda setup, body: (setup, {key: value for key, value in body.items() if key != "model"}),
    ),
    "vision": Feature(
        "an image in `messages`",
        "of another picture the model says something else",
        lambda case: len(case.greedy.traces[0].request.images) == 1,
        setup=_parts(eyes=True),
        body=lambda _: pictured("red"),
        changes=True,
        otherwise=lambda setup, body: (setup, body | pictured("blue")),
    ),
    "prefix cache": Feature(
        "the setting `prefix_cache`",
        "`cached_tokens` is above 0 where the question's beginning was asked before",
        lambda case: case.greedy.usage["prompt_tokens_details"]["cached_tokens"] > 0,
        setup=lambda setup: replace(setup, prefix_cache=True),
        before=True,
        said=lambda case: case.greedy.usage["prompt_tokens_details"] == {"cached_tokens": 0},
    ),
    "chunking": Feature(
        f"the setting `step_tokens`: {STEP}",
        "the prompt is read in three steps or more",
        lambda case: case.greedy.traces[0].pieces + 1 >= 3,
        setup=lambda setup: replace(setup, step_tokens=STEP),
    ),
    "speculation": Feature(
        "`prediction`, and the setting `speculation`",
        "guessed tokens were accepted; the prediction is right but for one character",
        lambda case: case.greedy.usage.get("completion_tokens_details", NONE)["accepted_prediction_tokens"] > 0,
        setup=lambda setup: replace(setup, speculation=True),
        body=lambda text: {"prediction": {"type": "content", "content": text[:9] + "~" + text[10:]}},  # nearly
        said=lambda case: set(case.greedy.usage["completion_tokens_details"].values()) == {0},
    ),
    "sliding window": Feature(
        f"a model whose layers see {WINDOW} tokens",
        "blocks behind the window were given back",
        _slid,
        setup=_parts(window=WINDOW),
        changes=True,
    ),
    "MoE": Feature(
        "a model with experts, two of four for a token",
        "with one for a token the same weights say something else",
        lambda case: case.setup.parts.active == 2,
        setup=_parts(active=2),
        changes=True,
        otherwise=lambda setup, body: (replace(setup, parts=replace(setup.parts, active=1)), body),
    ),
    "state space": Feature(
        "a model of Mamba's kind",
        "one slot holds all that is kept of a sequence",
        lambda case: case.greedy.traces[0].held == {"recurrent": 1},
        setup=_parts(state=True),
        changes=True,
    ),
    "quantised KV": Feature(
        "the setting `cache_dtype`: `int8`",
        "the engine says that it keeps keys and values in 8 bits",
        lambda case: "keys and values in int8" in case.info.dtype_reason,
        setup=lambda setup: replace(setup, cache="int8"),
        changes=True,
    ),
    "priority": Feature(
        "`priority: -1`, and two others of the same key that came before with -2",
        "it goes before one that came first",
        lambda case: case.greedy.order.index(case.greedy.traces[0].request.id) < case.greedy.order.index(BESIDE[1]),
        setup=lambda setup: replace(setup, max_running=1),
        body=lambda _: {"priority": -1},
        others=-2,
    ),
    "n > 1": Feature(
        "`n: 2`",
        "two choices, with a seed of their own each; the first is that of `n: 1`",
        lambda case: len(case.greedy.choices) == 2 and case.seeded.traces[0].tokens != case.seeded.traces[1].tokens,
        body=lambda _: {"n": 2},
    ),
}
