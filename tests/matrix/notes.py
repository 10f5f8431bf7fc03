"""What is to be said of two features together. In: their names. Out: a sentence for the page, and what proves it where no finding does.

Of a pair of which one is off, the finding proves that it is, and that this is said; of one that is refused, the error is the note.
"""

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import jsonschema

from tests.matrix.features import FORM, pictured
from tests.matrix.finding import GREEDY, House, ordered
from tests.matrix.models import TOKENIZER

__all__ = ["NOTES", "Note"]

Names = frozenset[str]


@dataclass(frozen=True)
class Note:
    text: str
    off: str = ""  # the feature that is off beside the other
    proof: Callable[[House, Names], Awaitable[bool]] | None = None


async def _guessed_whatever_is_predicted(house: House, names: Names) -> bool:
    expected = house.case(names).greedy
    answer = await house.answered(ordered(names), "nothing of the kind", GREEDY)
    return answer.tokens == expected.tokens and answer.usage["completion_tokens_details"]["accepted_prediction_tokens"] > 0


async def _not_shared_with_the_model_alone(house: House, names: Names) -> bool:
    body = house.body(names, **GREEDY)
    alone = {name: value for name, value in body.items() if name != "model"}
    return await _cached(house, names, alone, body) == 0 < await _cached(house, names, body, body)


async def _shared_as_far_as_pictures_are_the_same(house: House, names: Names) -> bool:
    body, begins = house.body(names, **GREEDY), house.case(names).greedy.traces[0].request.images[0].start
    return await _cached(house, names, body | pictured("blue"), body) <= begins < await _cached(house, names, body, body)


async def _shared_by_the_choices(house: House, names: Names) -> bool:
    server = house.server(house.setup(names))
    server.forget()
    answer = await server.ask(house.body(names, **GREEDY))
    first, second = (trace.last.cached_tokens for trace in answer.traces if trace.last is not None)
    return first == 0 < second


async def _calls_or_says_it_in_the_form(house: House, names: Names) -> bool:
    server, found = house.server(house.setup(names)), set[str]()
    for seed in range(4):
        for bias in (-100, 100):
            body = house.body(names, temperature=0.9, random_seed=seed)
            chosen = {"tool_choice": "auto", "logit_bias": body["logit_bias"] | {str(CALLS): bias}}
            (choice,) = (await server.ask(body | chosen, beside=False)).choices
            text = choice.calls[0]["arguments"] if choice.calls else choice.text
            jsonschema.validate(json.loads(text), FORM)
            found.add(choice.finish)
    return found == {"stop", "tool_calls"}


async def _cached(house: House, names: Names, before: Any, body: Any) -> int:
    """Tokens of a prompt that were there, where only one was asked before."""
    server = house.server(house.setup(names))
    server.forget()
    await server.ask(before, beside=False)
    return (await server.ask(body, beside=False)).usage["prompt_tokens_details"]["cached_tokens"]


_BY_FORM = Note("What the form leaves nothing else for is guessed; a prediction counts for nothing.", proof=_guessed_whatever_is_predicted)

CALLS = TOKENIZER.call_marks.ids[TOKENIZER.call_marks.opens]

NOTES: dict[Names, Note] = {
    frozenset({"tools", "schema"}): Note(
        "Where a call is forced the form has no say, and `finish_reason` is `tool_calls`. With `tool_choice: auto` the answer is calls, or "
        "a text that matches the schema ([how](../guides/structured.md#beside-tools)).",
        off="schema",
        proof=_calls_or_says_it_in_the_form,
    ),
    frozenset({"tools", "speculation"}): _BY_FORM,
    frozenset({"schema", "speculation"}): _BY_FORM,
    frozenset({"LoRA", "prefix cache"}): Note(
        "A prefix is shared by requests with the same adapter, and not with those that have another or none.",
        proof=_not_shared_with_the_model_alone,
    ),
    frozenset({"vision", "prefix cache"}): Note(
        "A prefix reaches into an image only where the same picture was shown.", proof=_shared_as_far_as_pictures_are_the_same
    ),
    frozenset({"prefix cache", "n > 1"}): Note(
        "The choices share their prompt, also where nobody asked before.", proof=_shared_by_the_choices
    ),
    frozenset({"vision", "speculation"}): Note(
        "Nothing is guessed beside images, and what sees is computed by PyTorch, whose results depend on the batch. The answer is the one "
        "without; `usage.completion_tokens_details` says 0 ([why](../guides/predictions.md#what-to-know)).",
        off="speculation",
    ),
    frozenset({"state space", "speculation"}): Note(
        "Nothing is guessed: a state has moved past a guess and cannot go back. The answer is the one without; "
        "`usage.completion_tokens_details` says 0.",
        off="speculation",
    ),
    frozenset({"state space", "prefix cache"}): Note(
        "Nothing is shared: a state has moved on to the end of its sequence, and nobody else can begin from it. "
        "`usage.prompt_tokens_details` says 0.",
        off="prefix cache",
    ),
}
