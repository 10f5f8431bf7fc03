"""From a request to a question for an engine. In: a well-formed request for a model of this server. Out: token ids to continue.

chat ─ refuse what is not served ─ offering ─ prompt/messages ─ looking, hearing (where there is what) ─ tokenizer.template ┬ Question
fill-in-the-middle ─────────────────────────────────────────────────────────────────────────────────────── tokenizer.infill ───┤
transcription, of a file or while one speaks ───── hearing ─────────────────────────────────────────── tokenizer.transcription ─┘
"""

import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from alize.api.answers import Question
from alize.api.aside import aside
from alize.api.forming import grammar_of, whole_grammar
from alize.api.hearing import ears_of, hears, listen
from alize.api.looking import look, sees, sight_of
from alize.api.offering import offer_of, tools_of
from alize.api.parts import House, Served, Sleeping
from alize.api.schemas.audio import AudioTranscriptionRequest
from alize.api.schemas.chat import ChatCompletionRequest
from alize.api.schemas.fim import FIMCompletionRequest
from alize.api.support import refuse_anyway, refuse_unsupported
from alize.engine.base import Image, Request, SamplingParams, Sight, Sound, check_fits, logit_biases, longest_answer
from alize.engine.grammar import Grammar
from alize.errors import UnsupportedParameter
from alize.governance.identity import Principal
from alize.prompt import effort_of, plain_messages, with_thinking_prompt
from alize.prompt.hearing import Ears, Heard, laid
from alize.prompt.images import Floats
from alize.prompt.matching import Start, placed
from alize.prompt.placing import placed as laid_images
from alize.prompt.told import for_template
from alize.prompt.tools import Offer, PlainTool, begins_thought
from alize.settings import Settings
from alize.tokenize.text import check_text, parts_of

__all__ = ["Asked", "ask", "ask_infill", "ask_live", "ask_transcription", "check", "check_infill"]

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
    audio_seconds: float | None = None  # of all sounds; None where there are none


async def ask(request: ChatCompletionRequest, served: Served, principal: Principal, house: House) -> Asked:
    """Make a question of a request.

    Raises UnsupportedParameter, PromptTooLong, InvalidMedia, and whatever `plain_messages` and the template find wrong with the messages.
    """
    plan = await _planned(request, served)
    sight, ears, marks, offer = sight_of(served), ears_of(served), served.thought_marks, plan.offer
    continued = bool(plan.messages[-1].get("prefix"))
    telling = partial(for_template, plan.messages, offer, served.call_marks)
    asked, tools = await aside(telling) if request.tools else telling()
    effort = effort_of(request.prompt_mode, request.reasoning_effort, marks)
    read = await _read(asked, tools, served, sight, ears, house, effort)
    begun = () if offer is None else tuple(offer.behind(served.tokenizer.encode))
    first = replace(
        _first(read.tokens + begun, request, served, principal, house.settings, images=read.images, sounds=read.sounds),
        stop_ids=frozenset() if request.ignore_eos else served.tokenizer.stop_ids,
        predicted=await _predicted(request.prediction.content, served),
        priority=request.priority or 0,
    )
    messages, start = read.messages, Start(asked=effort != "none")
    if continued:
        start = Start.of(messages[-1])
    elif marks is not None:
        start = replace(start, opened=begins_thought(marks, read.tokens, served.tokenizer, begun, served.card.id))
    first = replace(first, sampling=_chat_sampling(first.sampling, request), grammar=placed(plan.grammar, offer, marks, start))
    choices = tuple(_choices(first, request.n or 1))
    question = Question(choices, _stop(request.stop), start.prefix, start.thought, marks, start.opened, offer)
    return Asked(first.id, served, question, messages, read.seconds)


async def check(request: ChatCompletionRequest, model: Served | Sleeping) -> None:
    """Raise what `ask` would raise before it reads pictures, sounds and words, as far as that is known of a model that is not awake: of one
    that was never loaded, what its card says (whether it thinks or calls tools is known once it was)."""
    if isinstance(model, Served):
        await _planned(request, model)
    else:
        await aside(_check_unseen, request, model)


def _check_unseen(request: ChatCompletionRequest, model: Sleeping) -> None:
    refuse_anyway(request, model.card)
    grammar_of(request)
    tools_of(request)
    reads = [what for what, has in (("images", sees(model)), ("audio", hears(model)), ("thoughts", True)) if has]
    plain_messages(_messages(request), model=model.card.id, reads=reads)


@dataclass(frozen=True, slots=True)
class _Plan:
    """A chat request as its model takes it, before its words are tokens."""

    messages: list[dict[str, Any]]
    offer: Offer | None
    grammar: Grammar | None  # what the answer must match, wherever that begins


async def _planned(request: ChatCompletionRequest, served: Served) -> _Plan:
    refuse_unsupported(request, served)
    # Schemas of ten megabytes take seconds to check: others are answered meanwhile.
    simple = request.response_format.json_schema is None and request.structured_outputs is None and not request.tools
    offer, grammar = _wanted(request, served) if simple else await aside(_wanted, request, served)
    marks = served.thought_marks
    reads = (("images", sight_of(served)), ("audio", ears_of(served)), ("thoughts", marks))
    messages = plain_messages(
        with_thinking_prompt(_messages(request), request.prompt_mode, marks),
        safe_prompt=request.safe_prompt,
        model=served.card.id,
        reads=[what for what, has in reads if has is not None],
    )
    return _Plan(messages, offer, grammar)


def _wanted(request: ChatCompletionRequest, served: Served) -> tuple[Offer | None, Grammar | None]:
    """What may be called, and what the answer must match."""
    form, offer = grammar_of(request), offer_of(request, served)
    return offer, whole_grammar(form, offer, request, served)


async def ask_infill(request: FIMCompletionRequest, served: Served, principal: Principal, settings: Settings) -> Asked:
    """Make a question of a gap to fill. Raises UnsupportedParameter for a model that cannot, and PromptTooLong."""
    await check_infill(served)
    before, after = request.prompt, request.suffix or ""
    tokens = await _tokenized(len(before) + len(after), partial(served.tokenizer.infill, before, after))
    first = _first(tokens, request, served, principal, settings)
    messages = ({"role": "prompt", "content": before}, {"role": "suffix", "content": after})
    return Asked(first.id, served, Question(tuple(_choices(first, 1)), _stop(request.stop)), messages)


async def check_infill(model: Served | Sleeping) -> None:
    """Raises UnsupportedParameter for a model that fills no gaps, which its card says."""
    if "completion_fim" not in model.card.capabilities:
        raise UnsupportedParameter(
            f"The model {model.card.id} does not fill gaps.", param="model", remedy="Choose one of GET /v1/models that has completion_fim."
        )


async def ask_transcription(
    request: AudioTranscriptionRequest, heard: Heard, ears: Ears, served: Served, principal: Principal, settings: Settings
) -> Asked:
    """Make a question of a sound. Raises UnsupportedParameter for a language that cannot be said, and PromptTooLong."""
    tokens = tuple(await aside(served.tokenizer.transcription, heard.tokens, request.language))
    sounds = await aside(laid, tokens, [heard], ears)
    room = longest_answer(0, len(tokens), served.engine.info)
    if ears.hearing.streams:
        room = min(room, heard.tokens - len(tokens) + 1)  # a token for each piece of sound that the prompt does not bring
    messages = ({"role": "sound", "content": f"{heard.seconds:.2f} s"},)
    param = "file" if request.file_url is None else "file_url"
    return _transcribed(
        tokens, room, sounds, request.temperature or 0.0, served, principal, _salt(principal, settings), messages, param, heard.seconds
    )


def ask_live(tokens: tuple[int, ...], begun: Sound, served: Served, principal: Principal) -> Asked:
    """Make a question of a sound that is still coming. `tokens`: its prompt, which `begun` covers. Raises PromptTooLong."""
    room = max(begun.length, begun.most) - len(tokens) + 1
    messages = ({"role": "sound", "content": "as it was spoken"},)
    return _transcribed(tokens, room, (begun,), 0.0, served, principal, principal.tenant, messages, "audio")


def _transcribed(
    tokens: tuple[int, ...],
    room: int,
    sounds: tuple[Sound, ...],
    temperature: float,
    served: Served,
    principal: Principal,
    salt: str,
    messages: Sequence[Mapping[str, Any]],
    param: str,
    seconds: float | None = None,
) -> Asked:
    first = Request(
        id=secrets.token_hex(16),
        tokens=tokens,
        max_tokens=room,
        sampling=SamplingParams(temperature=temperature, seed=secrets.randbelow(_SEEDS)),
        stop_ids=served.tokenizer.stop_ids,
        tenant=principal.tenant,
        salt=salt,
        adapter=served.adapter,
        sounds=sounds,
    )
    check_fits(first, served.engine.info, param=param)
    return Asked(first.id, served, Question(tuple(_choices(first, 1))), messages, seconds)


async def _predicted(text: str, served: Served) -> tuple[int, ...]:
    """What an answer is thought to be; no more of it than an answer can have."""
    check_text(text, "prediction")
    tokens = await _tokenized(len(text), partial(served.tokenizer.encode, text)) if text else ()
    return tokens[: served.engine.info.max_context]


async def _tokenized(characters: int, tokenize: Callable[[], list[int]]) -> tuple[int, ...]:
    return tuple(tokenize() if characters <= _INLINE else await aside(tokenize))


def _first(
    tokens: tuple[int, ...],
    request: _Sampled,
    served: Served,
    principal: Principal,
    settings: Settings,
    images: tuple[Image, ...] = (),
    sounds: tuple[Sound, ...] = (),
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
        tenant=principal.tenant,
        salt=_salt(principal, settings),
        adapter=served.adapter,
        images=images,
        sounds=sounds,
    )
    check_fits(first, served.engine.info, param="prompt" if isinstance(request, FIMCompletionRequest) else "messages")
    return first


def _salt(principal: Principal, settings: Settings) -> str:
    """Whoever has the same finds what was computed for the other, and so can find out what was asked: by the time a first token takes."""
    return principal.workspace if settings.share_prefixes else principal.tenant


def _stop(given: str | list[str] | None) -> tuple[str, ...]:
    return (given,) if isinstance(given, str) else tuple(given or ())


@dataclass(frozen=True, slots=True)
class _Read:
    tokens: tuple[int, ...]
    messages: list[dict[str, Any]]  # with what was found of each image and sound
    images: tuple[Image, ...] = ()
    sounds: tuple[Sound, ...] = ()
    seconds: float | None = None


async def _read(
    messages: list[dict[str, Any]],
    tools: Sequence[PlainTool],
    served: Served,
    sight: Sight | None,
    ears: Ears | None,
    house: House,
    effort: str | None,
) -> _Read:
    """The tokens, and the images and sounds among them."""
    template, marks = partial(served.tokenizer.template, tools=tools, effort=effort), served.tokenizer.image_marks
    if not any(parts_of(message) for message in messages):
        characters = sum(_written(message) for message in messages) + sum(len(str(tool)) for tool in tools)
        return _Read(await _tokenized(characters, partial(template, messages)), messages)
    images, sounds, pictures, all_heard = (), (), list[Floats](), list[Heard]()
    if sight is not None:
        messages, pictures = await look(messages, sight, house)
    if ears is not None:
        messages, all_heard = await listen(messages, ears, house)
    tokens = tuple(await aside(template, messages))
    if sight is not None and marks is not None:
        images = await aside(laid_images, tokens, pictures, marks, sight)
    if ears is not None:
        sounds = await aside(laid, tokens, all_heard, ears)
    return _Read(tokens, messages, images, sounds, sum(heard.seconds for heard in all_heard) if all_heard else None)


def _written(message: dict[str, Any]) -> int:
    """Characters of a text and the calls beside it."""
    return len(message["content"]) + sum(len(call["function"]["arguments"]) for call in message.get("tool_calls", ()))


def _messages(request: ChatCompletionRequest) -> list[dict[str, Any]]:
    """OpenAI's name of a role means this API's."""
    given = [message.model_dump() for message in request.messages]
    return [{**message, "role": "system"} if message["role"] == "developer" else message for message in given]


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
        repetition_penalty=1.0 if request.repetition_penalty is None else request.repetition_penalty,
        logit_bias=logit_biases(request.logit_bias or {}),
        logprobs=(request.top_logprobs or 0) if request.logprobs else None,
    )


def _choices(first: Request, n: int) -> Iterator[Request]:
    """The first choice is what n = 1 would give; each has a seed of its own that follows from the first one's."""
    for index in range(n):
        seed = (first.sampling.seed + index * _GOLDEN) % _SEEDS
        yield replace(first, id=f"{first.id}-{index}", sampling=replace(first.sampling, seed=seed))
