"""The Engine seam. In: requests as token ids. Out: steps as token ids. No text and no JSON here.

Everything that serves a model (this machine's `LocalEngine`, a remote vLLM, `FakeEngine` in tests) is an `Engine`;
the same contract test runs on all of them.
"""

from collections.abc import AsyncGenerator, Mapping, Sequence
from dataclasses import dataclass, field
from numbers import Real
from pathlib import PurePath
from typing import TYPE_CHECKING, Any, Literal, Protocol

import msgspec

from alize.engine.grammar import Grammar
from alize.engine.images import Image, Sight
from alize.engine.media import Medium
from alize.engine.sounds import Hearing, Sound
from alize.errors import InvalidRequest, PromptTooLong, UnsupportedParameter
from alize.reasons import because
from alize.wording import quantity

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

__all__ = [
    "AdapterInfo",
    "DraftInfo",
    "Engine",
    "EngineStats",
    "FinishReason",
    "Hearing",
    "Image",
    "ModelInfo",
    "Request",
    "SamplingParams",
    "Sight",
    "Sound",
    "Step",
    "TenantStats",
    "Times",
    "TokenLogprob",
    "Unavailable",
    "check_fits",
    "check_writes",
    "logit_biases",
    "longest_answer",
]

FinishReason = Literal["stop", "length", "model_length", "error", "aborted"]
"""`stop`: a stop token was drawn. `length`: max_tokens reached. `model_length`: the context is full."""


@dataclass(frozen=True, slots=True)
class SamplingParams:
    """How the next token is drawn. Greedy is temperature 0.

    The order of effects: grammar mask, biases, penalties, temperature, top_k, min_p, top_p, draw.
    """

    temperature: float = 0.0
    top_p: float = 1.0  # keep the smallest set of likeliest tokens whose mass reaches this
    top_k: int = 0  # keep the k likeliest; 0 keeps all
    min_p: float = 0.0  # drop tokens less likely than this share of the likeliest
    presence_penalty: float = 0.0  # subtracted once from the logit of each token generated before
    frequency_penalty: float = 0.0  # subtracted once per earlier occurrence
    repetition_penalty: float = 1.0  # positive logits of tokens of prompt and answer are divided by it, others multiplied with it
    logit_bias: tuple[tuple[int, float], ...] = ()  # (token id, what is added to its logit), each id once
    seed: int = 0  # with the position of the token, decides the draw: same seed, same answer
    logprobs: int | None = None  # how many alternatives to report beside each drawn token; None reports nothing

    @property
    def penalizes(self) -> bool:
        """Whether a draw depends on the tokens before it."""
        return bool(self.presence_penalty or self.frequency_penalty) or self.repetition_penalty != 1

    def __post_init__(self) -> None:
        """Raises InvalidRequest naming the first value that is outside what can be computed (NaN is outside everything)."""
        for name, low, high in _BOUNDS:
            value = getattr(self, name)
            if value is not None and not low <= value <= high:
                raise InvalidRequest(f"{name} is {value}; it must be between {low:g} and {high:g}.", param=name)
        if self.top_p == 0:
            raise InvalidRequest("top_p is 0: no token would be left.", param="top_p")
        for token, bias in self.logit_bias:
            if not (token >= 0 and -100 <= bias <= 100):
                raise InvalidRequest(f"logit_bias of {token} is {bias}; it must be between -100 and 100.", param="logit_bias")
        if len({token for token, _ in self.logit_bias}) < len(self.logit_bias):
            raise InvalidRequest("logit_bias names a token twice.", param="logit_bias")


def logit_biases(given: Mapping[Any, Any]) -> tuple[tuple[int, float], ...]:
    """`logit_bias` of a mapping whose keys are ids, or ids written out. Raises InvalidRequest where one is neither, or no number is given.

    >>> logit_biases({"5": -1, 3: 0.5})
    ((3, 0.5), (5, -1.0))
    """
    biases: list[tuple[int, float]] = []
    for key, bias in given.items():
        written = str(key)
        if not (written.isascii() and written.isdecimal() and len(written) < 10) or isinstance(bias, bool) or not isinstance(bias, Real):
            raise InvalidRequest(f"logit_bias of {key!r} is {bias!r}; it takes token ids and numbers.", param="logit_bias")
        biases.append((int(written), float(bias)))
    return tuple(sorted(biases))


_BOUNDS = (
    ("temperature", 0, 100),
    ("top_p", 0, 1),
    ("top_k", 0, 2**31),
    ("min_p", 0, 1),
    ("presence_penalty", -100, 100),
    ("frequency_penalty", -100, 100),
    ("repetition_penalty", 0.01, 100),
    ("seed", 0, 2**64 - 1),
    ("logprobs", 0, 1000),
)


@dataclass(frozen=True, slots=True)
class Request:
    """One sequence to continue. `n` answers to one question are n requests; they share the cached prompt."""

    id: str
    tokens: tuple[int, ...]  # the whole prompt, at least one token
    max_tokens: int  # at most this many new tokens, at least 1
    sampling: SamplingParams = field(default_factory=SamplingParams)
    stop_ids: frozenset[int] = frozenset()  # drawing one ends the answer; it is counted and reported as the last token
    min_tokens: int = 0  # stop tokens cannot be drawn before this many
    tenant: str = ""  # whose share of the machine this uses; of `workspace/person` the workspace's, and of that the person's
    priority: int = 0  # higher runs first
    salt: str = ""  # requests share what was computed of prefixes, images, sounds and grammars only within one salt
    adapter: str | None = None  # the name of one; the request keeps the generation that the name has when it comes
    grammar: Grammar | None = None  # that the answer must match
    predicted: tuple[int, ...] = ()  # what the answer is thought to be much like: where it is, it comes faster, and it is never another
    images: tuple[Image, ...] = ()  # in the order of their tokens, which are part of the prompt
    sounds: tuple[Sound, ...] = ()  # likewise; for a model that streams one alone, under the tokens of the answer, too, which may go on

    @property
    def media(self) -> tuple[Medium, ...]:
        """Everything that is not text."""
        return (*self.images, *self.sounds)


@dataclass(frozen=True, slots=True)
class TokenLogprob:
    """Natural-log probability of the drawn token, before temperature and truncation, and of the likeliest alternatives."""

    logprob: float
    top: tuple[tuple[int, float], ...] = ()  # (token id, logprob), likeliest first


class Times(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Where a request's time went until its first token, in seconds by its engine's clock; and how often it gave way."""

    queue: float  # from its arrival to the first step that computes something of it: a grammar is compiled meanwhile
    prefill: float  # from there to its first token
    preemptions: int = 0  # so far


class Step(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What one request gained. The last step of a request, and no other, carries `finish`.

    Of all values the one that is made most often, for every stream in every step: hence no dataclass, which takes ten times as long.
    """

    request_id: str
    tokens: tuple[int, ...] = ()
    logprobs: tuple[TokenLogprob, ...] = ()  # one per token where the request asked for them, else empty
    finish: FinishReason | None = None
    prompt_tokens: int = 0
    cached_tokens: int = 0  # how much of the prompt came from the prefix cache
    error: str | None = None  # why, when finish is "error"
    guessed: int = 0  # so far: tokens that were computed before it was known whether they follow
    accepted: int = 0  # and how many of them did
    times: Times | None = None  # with the first tokens and with `finish`, for that costs something

    def cut(self, count: int, accepted: int) -> "Step":
        """What it is for one who wants only `count` of its tokens: no end of its own. `accepted`: as the step before it said.

        Of a step with guesses, those that were right are its first tokens:

        >>> step = Step("a", (5, 6, 7), finish="length", guessed=9, accepted=6).cut(1, accepted=4)
        >>> step.tokens, step.finish, step.guessed, step.accepted
        ((5,), None, 9, 5)
        """
        if count >= len(self.tokens):
            return self
        right = accepted + min(count, self.accepted - accepted)
        return msgspec.structs.replace(self, tokens=self.tokens[:count], logprobs=self.logprobs[:count], finish=None, accepted=right)


@dataclass(frozen=True, slots=True)
class AdapterInfo:
    """A low-rank adapter that requests may name."""

    name: str
    generation: int  # how often the name was given something new, since the weights were loaded
    sha256: str
    rank: int = 0  # the largest of any layer
    bytes: int = 0  # in memory
    base: str = ""  # the model it was made for, as its makers wrote it


@dataclass(frozen=True, slots=True)
class Unavailable:
    """An adapter that was asked for, and is not there."""

    name: str
    path: str
    reason: str  # for whoever can mend it: with the path, and what to do

    @property
    def told(self) -> str:
        """The reason for everybody: without the folders in which it lies."""
        return self.reason.replace(self.path, PurePath(self.path).name)


@dataclass(frozen=True, slots=True)
class DraftInfo:
    """A smaller model that guesses what a model writes next."""

    id: str
    weights_bytes: int
    cache_bytes: int


@dataclass(frozen=True, slots=True)
class ModelInfo:
    """What is being served: facts a client or an operator may ask for."""

    id: str
    vocab_size: int
    max_context: int  # tokens, prompt and answer together
    dtype: str
    dtype_reason: str
    runner: str  # which Runner computes it, e.g. "torch-cpu"
    weights_bytes: int
    cache_bytes: int
    hidden_size: int = 0
    weights_sha256: str | None = None
    sight: Sight | None = None  # None: it takes no images
    adapters: tuple[AdapterInfo, ...] = ()
    unavailable: tuple[Unavailable, ...] = ()  # adapters that could not be loaded with the weights
    writes: bool = True  # False: it makes vectors of texts, and no text
    hearing: Hearing | None = None  # None: it takes no sounds
    grammars: bool = False  # whether requests may carry one
    batch_invariant: bool = False  # whether an answer never depends on what else is computed
    cache_dtype: str = ""  # of keys and values
    draft: DraftInfo | None = None  # what it takes is counted in neither of the bytes above


@dataclass(frozen=True, slots=True)
class TenantStats:
    """What a tenant has of an engine. An engine names so many tenants (`tenants.MOST`), and has the others together."""

    used: int = 0  # counter: tokens, weighted as fairness weighs them
    preemptions: int = 0  # counter
    running: int = 0
    waiting: int = 0
    waiting_tokens: int = 0  # of those that wait, still to be computed


@dataclass(frozen=True, slots=True)
class EngineStats:
    """A snapshot of load. Counters only grow while one engine process lives."""

    running: int = 0
    waiting: int = 0
    blocks_total: int = 0
    blocks_used: int = 0
    prompt_tokens: int = 0  # counter: prompt tokens accepted
    cached_tokens: int = 0  # counter: of those, how many the prefix cache gave
    generated_tokens: int = 0  # counter
    steps: int = 0  # counter: runner calls
    guessed_tokens: int = 0  # counter: computed before it was known whether they follow
    accepted_tokens: int = 0  # counter: of those, how many did
    preemptions: int = 0  # counter
    aborted: int = 0  # counter
    step_seconds: float = 0.0  # counter: time spent in runner calls
    memory_bytes: int = 0  # resident set of the engine's process
    generation: int = 0  # how often the engine has been started; 1 is the first
    tenants: Mapping[str, TenantStats] = field(default_factory=dict[str, TenantStats])
    prefix_disk_tokens: int = 0  # counter: prompt tokens that were read from the disk into the prefix cache
    prefix_disk_saved: int = 0  # counter: blocks that were written there
    prefix_disk_corrupt: int = 0  # counter: files that were not what they should have been, and were removed
    prefix_disk_bytes: int = 0  # that all files take, those of other models included


class Engine(Protocol):
    """Runs one model."""

    @property
    def info(self) -> ModelInfo:
        """The model served. Raises EngineUnavailable before the first successful start."""
        ...

    def generate(self, request: Request) -> AsyncGenerator[Step, None]:
        """Yield steps until one carries `finish`. Closing the generator early aborts the request and frees its blocks.

        Raises PromptTooLong, InvalidRequest, UnsupportedParameter (images, sounds, an adapter or a grammar that it lacks; a model that only
        reads), Conflict (the id is in use) and QueueFull before the first step; EngineCrashed if the engine ends meanwhile;
        EngineUnavailable if it is not running.
        """
        ...

    def hear(self, request_id: str, data: bytes, *, last: bool) -> None:
        """More of the sound of a request that said so (`Sound.begun`): whole tokens of a spectrogram, as `sounds.written` lays them;
        `last`: no more will come, and the answer ends where the sound does. A no-op for a request that has not given a step, or has ended.

        What cannot be heard (more than was announced, half a token, behind the last) ends the request: `generate` raises InvalidRequest.
        """
        ...

    async def score(self, tokens: Sequence[int]) -> list[float]:
        """Log-probability of each token after the first, given those before it: `len(tokens) - 1` numbers. Changes nothing.

        Raises UnsupportedParameter for a model that only reads, and QueueFull.
        """
        ...

    async def embed(self, batch: Sequence[Sequence[int]], tenant: str = "") -> "npt.NDArray[np.float32]":
        """One vector of length 1 per sequence, pooled as its model says, else the mean of the last hidden states: [len(batch), hidden].

        Changes nothing. Tenants take turns, and giving up the wait ends the work. Raises PromptTooLong, InvalidRequest and QueueFull
        before anything is computed.
        """
        ...

    async def set_adapter(self, name: str, path: str | None) -> None:
        """Load, replace or (path None) remove an adapter, between two steps. Requests that came before keep the one they came with.

        Removing one that is not there is a no-op. Raises UnsupportedParameter where the runner has no adapters, CheckpointInvalid for files
        that are none of this model, InvalidRequest and OutOfMemory past the limits; then the name means what it meant before.
        """
        ...

    async def pause(self) -> None:
        """Stop starting new work and wait until nothing runs. Requests that arrive wait. A no-op when paused."""
        ...

    async def resume(self) -> None:
        """Undo `pause`. A no-op when not paused."""
        ...

    async def reload(self, path: str | None = None) -> None:
        """Pause, take the weights again (from `path` if given), forget cached prefixes, resume.

        Raises Conflict where what runs does not end within the time that it is given: the old weights go on, and no request is lost.
        """
        ...

    async def stats(self) -> EngineStats:
        """Current load; never blocks on running work for longer than a step."""
        ...

    async def close(self) -> None:
        """End every request with EngineUnavailable and free everything. A no-op when closed."""
        ...


def check_fits(request: Request, info: ModelInfo, drawn: int = 1, param: str = "messages") -> None:
    """Raise PromptTooLong where `drawn` tokens do not fit behind the prompt, saying both, and the field that it came in; InvalidRequest for
    numbers out of range and images or sounds out of place, UnsupportedParameter for them where the model takes none."""
    if not request.tokens:
        raise InvalidRequest("The prompt is empty: the model needs at least one token to continue.", reason=because("prompt_empty"))
    if len(request.tokens) + drawn > info.max_context:
        raise PromptTooLong(
            f"Prompt contains {len(request.tokens)} tokens, too large for model with {info.max_context} maximum context length.",
            param=param,
            remedy=f"Shorten it to at most {quantity(info.max_context - drawn, 'token')}.",
            reason=because("prompt_too_long", tokens=len(request.tokens), limit=info.max_context),
        )
    if not 0 <= min(request.tokens) <= max(request.tokens) < info.vocab_size:
        raise InvalidRequest(f"The prompt has a token id outside 0 … {info.vocab_size - 1}.")
    if any(token >= info.vocab_size for token, _ in request.sampling.logit_bias):
        raise InvalidRequest(f"logit_bias names a token outside 0 … {info.vocab_size - 1}.", param="logit_bias")
    for name in ("max_tokens", "min_tokens", "priority"):
        if abs(getattr(request, name)) >= 2**63:  # what can be written in a message to an engine's process
            raise InvalidRequest(f"{name} must be below 2^63.", param=name)
    _check_images(request, info)
    _check_sounds(request, info)


def _check_images(request: Request, info: ModelInfo) -> None:
    sight, free = info.sight, 0
    if not request.images:
        return
    if sight is None:
        raise UnsupportedParameter(
            f"The model {info.id} takes no images: it reads text.",
            param="messages",
            remedy="Send the text alone.",
            reason=because("model_blind", model=info.id),
        )
    for image in request.images:
        squares = f"An image of {quantity(image.rows, 'row')} and {quantity(image.columns, 'column')}"
        if min(image.rows, image.columns) < 1 or max(image.rows, image.columns) > -(-sight.most // sight.side):
            raise InvalidRequest(f"{squares} is none that {info.id} takes: no side may be longer than {quantity(sight.most, 'pixel')}.")
        if len(image.data) != 12 * image.rows * image.columns * sight.side**2:
            raise InvalidRequest(f"{squares} has {quantity(len(image.data), 'byte')} of pixels.")
        free = _behind(image, free, len(request.tokens))


def _check_sounds(request: Request, info: ModelInfo) -> None:
    hearing, free = info.hearing, 0
    if hearing is None:
        if request.sounds:
            raise UnsupportedParameter(
                f"The model {info.id} takes no sounds.",
                param="messages",
                remedy="Send the text alone.",
                reason=because("model_deaf", model=info.id),
            )
        return
    for sound in request.sounds:
        if sound.length < 1 or sound.length % hearing.piece or len(sound.data) != hearing.token_bytes * sound.length:
            raise InvalidRequest(
                f"A sound of {quantity(sound.length, 'token')} and {quantity(len(sound.data), 'byte')} is none that {info.id} takes."
            )
        if sound.most and (not hearing.streams or not sound.length <= sound.most < 2**32):
            raise InvalidRequest(f"A sound of {quantity(sound.length, 'token')} cannot become one of {sound.most}.")
        if not hearing.streams:
            free = _behind(sound, free, len(request.tokens))
    if hearing.streams:
        if [sound.start for sound in request.sounds] != [0] or request.sounds[0].length < len(request.tokens):
            raise UnsupportedParameter(f"The model {info.id} does nothing but write what it hears: it needs one sound.", param="messages")
        if request.max_tokens > max(request.sounds[0].length, request.sounds[0].most) - len(request.tokens) + 1:
            raise InvalidRequest(f"The sound ends before {quantity(request.max_tokens, 'token')} of an answer.", param="max_tokens")


def _behind(medium: Medium, free: int, prompt: int) -> int:
    """The first token behind a medium, whose own are neither before `free` nor behind the prompt."""
    end = medium.start + medium.length
    if medium.start < free or end > prompt:
        raise InvalidRequest(f"The tokens {medium.start} … {end - 1} of the prompt are not an image's or a sound's alone.")
    return end


def check_writes(info: ModelInfo) -> None:
    """Raise UnsupportedParameter for a model that makes no text."""
    if not info.writes:
        raise UnsupportedParameter(
            f"The model {info.id} makes vectors of texts; it writes none.",
            param="model",
            remedy="Ask another one, or POST /v1/embeddings.",
            reason=because("model_writes_nothing", model=info.id),
        )


def longest_answer(most: int, prompt: int, info: ModelInfo) -> int:
    """`max_tokens` of a request that gives none: `most`, or where that is 0 whatever the context leaves behind `prompt` tokens.

    That is one more than fits, so that the full context ends the answer (`model_length`) and not a limit that nobody set (`length`).
    """
    return most or max(1, info.max_context - prompt + 1)
