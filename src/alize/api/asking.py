"""From a request to a question for an engine. In: a well-formed request for a model of this server. Out: token ids to continue.

chat ─ refuse what is not served ─ prompt/messages ─ looking (where there are images) ─ tokenizer.template ┬ Question
fill-in-the-middle ─────────────────────────────────────────────────────────────────────── tokenizer.infill ───┘
"""

import asyncio
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from alize.api.answers import Question
from alize.api.looking import look, sight_of
from alize.api.parts import House, Served
from alize.api.schemas.chat import ChatCompletionRequest
from alize.api.schemas.fim import FIMCompletionRequest
from alize.api.support import refuse_unsupported
from alize.engine.base import Image, Request, SamplingParams, Sight, check_fits, longest_answer
from alize.errors import UnsupportedParameter
from alize.governance.identity import Principal
from alize.prompt import plain_messages
from alize.prompt.placing import images_in, placed
from alize.settings import Settings

__all__ = ["Asked", "ask", "ask_infill"]

_Sampled = ChatCompletionRequest | FIMCompletionRequest

_INLINE = 16_384  # characters that are tokenized at once: about 15 ms; more goes to a thread, so that others are answered meanwhile
_SEEDS = 2**63
_GOLDEN = 0x9E3779B97F4A7C15  # 2^64 divided by the golden ratio: multiples of it are far apart


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that can be run."""

    id: str  # of the answer: 32 hexadecimal digits
    served: Served
    question: Question
    messages: Sequence[Mapping[str, Any]]  # as the model reads them


async def ask(request: ChatCompletionRequest, served: Served, principal: Principal, house: House) -> Asked:
    """Make a question of a request.

    Raises UnsupportedParameter, PromptTooLong, InvalidMedia, and whatever `plain_messages` and the template find wrong with the messages.
    """
    sight = sight_of(served)
    refuse_unsupported(request, served.card)
    messages = plain_messages(
        [_message(message.model_dump()) for message in request.messages],
        safe_prompt=request.safe_prompt,
        model=served.card.id,
        sees=sight is not None,
    )
    tokens, images, messages = await _read(messages, served, sight, house)
    first = _first(tokens, request, served, principal, house.settings, images)
    first = replace(
        first,
        sampling=_chat_sampling(first.sampling, request),
        stop_ids=frozenset() if request.ignore_eos else first.stop_ids,
    )
    prefix = messages[-1]["content"] if messages[-1].get("prefix") else ""
    return Asked(first.id, served, Question(tuple(_choices(first, request.n or 1)), _stop(request.stop), prefix), messages)


async def ask_infill(request: FIMCompletionRequest, served: Served, principal: Principal, settings: Settings) -> Asked:
    """Make a question of a gap to fill. Raises UnsupportedParameter for a model that cannot, and PromptTooLong."""
    if "completion_fim" not in served.card.capabilities:
        raise UnsupportedParameter(
            f"The model {served.card.id} does not fill gaps.", param="model", remedy="Choose one of GET /v1/models that has completion_fim."
        )
    before, after = request.prompt, request.suffix or ""
    tokens = await _tokenized(len(before) + len(after), partial(served.tokenizer.infill, before, after))
    first = _first(tokens, request, served, principal, settings)
    messages = ({"role": "prompt", "content": before}, {"role": "suffix", "content": after})
    return Asked(first.id, served, Question(tuple(_choices(first, 1)), _stop(request.stop)), messages)


async def _tokenized(characters: int, tokenize: Callable[[], list[int]]) -> tuple[int, ...]:
    return tuple(tokenize() if characters <= _INLINE else await asyncio.to_thread(tokenize))


def _first(
    tokens: tuple[int, ...], request: _Sampled, served: Served, principal: Principal, settings: Settings, images: tuple[Image, ...] = ()
) -> Request:
    """What every request for text has. Raises PromptTooLong."""
    temperature = settings.temperature(served.card.default_temperature)
    first = Request(
        id=secrets.token_hex(16),
        tokens=tokens,
        max_tokens=_max_tokens(request, served, settings, len(tokens)),
        sampling=SamplingParams(
            temperature=temperature if request.temperature is None else request.temperature,
            top_p=1.0 if request.top_p is None else request.top_p,
            seed=secrets.randbelow(_SEEDS) if request.random_seed is None else request.random_seed,
        ),
        stop_ids=served.tokenizer.stop_ids,
        min_tokens=request.min_tokens or 0,
        tenant=principal.workspace,
        salt=principal.workspace,
        adapter=served.adapter,
        images=images,
    )
    check_fits(first, served.engine.info)
    return first


def _stop(given: str | list[str] | None) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given or ())


async def _read(
    messages: list[dict[str, Any]], served: Served, sight: Sight | None, house: House
) -> tuple[tuple[int, ...], tuple[Image, ...], list[dict[str, Any]]]:
    """The tokens, the images among them, and the messages with what was found of each image."""
    template, marks = served.tokenizer.template, served.tokenizer.image_marks
    if sight is not None and marks is not None and images_in(messages):
        messages, pictures = await look(messages, sight, house)
        tokens = await asyncio.to_thread(template, messages)
        return tuple(tokens), await asyncio.to_thread(placed, tokens, pictures, marks, sight), messages
    return await _tokenized(sum(len(message["content"]) for message in messages), partial(template, messages)), (), messages


def _message(message: dict[str, Any]) -> dict[str, Any]:
    return {**message, "role": "system"} if message["role"] == "developer" else message


def _max_tokens(request: _Sampled, served: Served, settings: Settings, prompt: int) -> int:
    """0 is kept: such a request is answered without the engine."""
    if request.max_tokens is not None:
        return request.max_tokens
    return longest_answer(settings.max_tokens(served.card.default_max_tokens), prompt, served.engine.info)


def _chat_sampling(sampling: SamplingParams, request: ChatCompletionRequest) -> SamplingParams:
    """With what only chat can ask for."""
    return replace(
        sampling,
        top_k=max(0, request.top_k or 0),
        min_p=request.min_p or 0.0,
        presence_penalty=request.presence_penalty or 0.0,
        frequency_penalty=request.frequency_penalty or 0.0,
        logprobs=(request.top_logprobs or 0) if request.logprobs else None,
    )


def _choices(first: Request, n: int) -> Iterator[Request]:
    """The first choice is what n = 1 would give; each has a seed of its own that follows from the first one's."""
    for index in range(n):
        seed = (first.sampling.seed + index * _GOLDEN) % _SEEDS
        yield replace(first, id=f"{first.id}-{index}", sampling=replace(first.sampling, seed=seed))
