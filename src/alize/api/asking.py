"""From a chat request to a question for an engine. In: a well-formed request for a model of this server. Out: token ids to continue.

request ─ refuse what is not served ─ prompt/messages ─ tokenizer.template ─ Question
"""

import asyncio
import secrets
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from alize.api.answers import Question
from alize.api.parts import Served
from alize.api.schemas.chat import ChatCompletionRequest
from alize.api.support import refuse_unsupported
from alize.engine.base import Request, SamplingParams, check_fits, longest_answer
from alize.governance.identity import Principal
from alize.prompt import plain_messages
from alize.settings import Settings

__all__ = ["Asked", "ask"]

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


async def ask(request: ChatCompletionRequest, served: Served, principal: Principal, settings: Settings) -> Asked:
    """Make a question of a request.

    Raises UnsupportedParameter, PromptTooLong, and whatever `plain_messages` and the template find wrong with the messages.
    """
    refuse_unsupported(request, served.card)
    messages = plain_messages([_message(message.model_dump()) for message in request.messages], safe_prompt=request.safe_prompt)
    if sum(len(message["content"]) for message in messages) <= _INLINE:
        tokens = served.tokenizer.template(messages)
    else:
        tokens = await asyncio.to_thread(served.tokenizer.template, messages)
    id = secrets.token_hex(16)
    first = Request(
        id=id,
        tokens=tuple(tokens),
        max_tokens=_max_tokens(request, served, settings, len(tokens)),
        sampling=_sampling(request, served, settings),
        stop_ids=frozenset() if request.ignore_eos else served.tokenizer.stop_ids,
        min_tokens=request.min_tokens or 0,
        tenant=principal.workspace,
        salt=principal.workspace,
    )
    check_fits(first, served.engine.info)
    stop = (request.stop,) if isinstance(request.stop, str) else tuple(request.stop or ())
    prefix = messages[-1]["content"] if messages[-1].get("prefix") else ""
    return Asked(id, served, Question(tuple(_choices(first, request.n or 1)), stop, prefix), messages)


def _message(message: dict[str, Any]) -> dict[str, Any]:
    return {**message, "role": "system"} if message["role"] == "developer" else message


def _max_tokens(request: ChatCompletionRequest, served: Served, settings: Settings, prompt: int) -> int:
    """0 is kept: such a request is answered without the engine."""
    if request.max_tokens is not None:
        return request.max_tokens
    return longest_answer(settings.max_tokens(served.card.default_max_tokens), prompt, served.engine.info)


def _sampling(request: ChatCompletionRequest, served: Served, settings: Settings) -> SamplingParams:
    temperature = settings.temperature(served.card.default_temperature)
    return SamplingParams(
        temperature=temperature if request.temperature is None else request.temperature,
        top_p=1.0 if request.top_p is None else request.top_p,
        top_k=max(0, request.top_k or 0),
        min_p=request.min_p or 0.0,
        presence_penalty=request.presence_penalty or 0.0,
        frequency_penalty=request.frequency_penalty or 0.0,
        seed=secrets.randbelow(_SEEDS) if request.random_seed is None else request.random_seed,
        logprobs=(request.top_logprobs or 0) if request.logprobs else None,
    )


def _choices(first: Request, n: int) -> Iterator[Request]:
    """The first choice is what n = 1 would give; each has a seed of its own that follows from the first one's."""
    for index in range(n):
        seed = (first.sampling.seed + index * _GOLDEN) % _SEEDS
        yield replace(first, id=f"{first.id}-{index}", sampling=replace(first.sampling, seed=seed))
