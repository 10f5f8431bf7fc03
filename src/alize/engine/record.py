"""What one answer was made of. In: a request, the model, the tokens that came. Out: a record, as JSON and back; `replay.py` runs it again.

Everything that decides a token is in it: the weights by their hash, the prompt as token ids, how each draw is made, what the answer had
to match, when it had to end. Left out is what decides nothing (`Request`): whose it was and how urgent, with whom it shared cached
prefixes, what it was predicted to be, its id. A text that an answer goes on from, and a thought that was begun, stand in the prompt.

Pictures and sounds are in it by their hash alone. As numbers for an encoder they take megabytes each, and may show people; and the models
that take them run on PyTorch, which promises no two equal answers.

    {"format": "alize.replay", "version": 1, "model": "smollm2-135m-instruct", "weights_sha256": "…", "prompt": [1, 4093, …], …}
"""

from dataclasses import asdict, fields
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Annotated, Any, Literal, Self, cast

import msgspec

from alize.engine.base import ModelInfo, Request, SamplingParams
from alize.engine.grammar import LONGEST, Grammar, Thought
from alize.engine.media import Medium
from alize.errors import InvalidRequest

__all__ = [
    "FORMAT",
    "LARGEST",
    "VERSION",
    "AdapterFact",
    "EngineFacts",
    "GrammarFact",
    "MediumFact",
    "ReplayRecord",
    "Sampling",
    "ThoughtFact",
    "facts_of",
    "grammar_library",
    "read_record",
    "read_records",
    "record_of",
    "written",
]

FORMAT, VERSION = "alize.replay", 1
LARGEST = 32 << 20
"""Bytes of a record that is read: a prompt and an answer of two million tokens each."""

_MOST = 1 << 22  # token ids of a prompt or an answer
_Id = Annotated[int, msgspec.Meta(ge=0, lt=1 << 31)]
_Ids = Annotated[tuple[_Id, ...], msgspec.Meta(max_length=_MOST)]
_Name = Annotated[str, msgspec.Meta(max_length=1000)]
_Mark = Annotated[str, msgspec.Meta(min_length=1, max_length=64)]  # of thoughts
_Sha256 = Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{64}$")]
_Count = Annotated[int, msgspec.Meta(ge=0, le=(1 << 63) - 1)]


class _Fact(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A part of a record. What it does not know it does not take: it may decide a token."""


class Sampling(_Fact, frozen=True, kw_only=True):
    """Every field of `SamplingParams`."""

    temperature: float
    top_p: float
    top_k: int
    min_p: float
    presence_penalty: float
    frequency_penalty: float
    repetition_penalty: float
    logit_bias: Annotated[tuple[tuple[_Id, float], ...], msgspec.Meta(max_length=1 << 20)]
    seed: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{1,20}$")]  # as a text: JavaScript's numbers end at 2^53
    logprobs: int | None

    @classmethod
    def of(cls, params: SamplingParams) -> Self:
        given: dict[str, Any] = asdict(params)
        given["seed"] = str(params.seed)
        return cls(**given)

    @property
    def params(self) -> SamplingParams:
        """Raises InvalidRequest for what no engine takes."""
        given: dict[str, Any] = {field.name: getattr(self, field.name) for field in fields(SamplingParams)}
        given["seed"] = int(self.seed)
        return SamplingParams(**given)


class ThoughtFact(_Fact, frozen=True, kw_only=True, omit_defaults=True):
    """Every field of `Thought`. Whether it may end the answer is left out where it may not: it came later to this format."""

    opens: _Mark
    closes: _Mark
    ids: tuple[_Id, _Id] | None
    begun: bool
    asked: bool
    ending: Annotated[tuple[_Id, ...], msgspec.Meta(max_length=100)]
    never: Annotated[tuple[_Id, ...], msgspec.Meta(max_length=100)]
    ends: bool = False


class GrammarFact(_Fact, frozen=True, kw_only=True, omit_defaults=True):
    """What the answer had to match. What stands before the match is left out where there is nothing: it came later to this format."""

    kind: Literal["json", "regex", "lark", "own"]
    text: Annotated[str, msgspec.Meta(max_length=LONGEST)]
    otherwise: Annotated[str, msgspec.Meta(max_length=LONGEST)]
    library: _Name  # what computed the masks, and its version
    prefix: Annotated[str, msgspec.Meta(max_length=LARGEST)] = ""  # text of the prompt that the match begins with
    thought: ThoughtFact | None = None  # what may be thought before it

    @property
    def grammar(self) -> Grammar:
        """As the engine takes it."""
        thought = None if self.thought is None else Thought(**{each.name: getattr(self.thought, each.name) for each in fields(Thought)})
        return Grammar(self.kind, self.text, self.otherwise, prefix=self.prefix, thought=thought)


class AdapterFact(_Fact, frozen=True, kw_only=True):
    """What changed the weights."""

    name: _Name
    sha256: _Sha256 | None  # None: another took the name while the request came


class MediumFact(_Fact, frozen=True, kw_only=True):
    """A picture or a sound of the prompt."""

    kind: Literal["image", "sound"]
    start: _Count  # index of its first token in the prompt
    length: _Count  # tokens
    hash: Annotated[str, msgspec.Meta(pattern="^[0-9a-f]{2,128}$")]  # of what its encoder takes


class EngineFacts(_Fact, frozen=True, kw_only=True):
    """What computed the answer. None of it changes a token where `batch_invariant`, but `cache_dtype` and the weights' own `dtype`."""

    alize: _Name  # the version
    runner: _Name  # with its kernels: native-avx512
    dtype: _Name
    cache_dtype: _Name  # of keys and values
    batch_invariant: bool
    vocab_size: _Count
    max_context: _Count


class ReplayRecord(_Fact, frozen=True, kw_only=True):
    """One answer. See the module for what is in it."""

    format: Literal["alize.replay"] = FORMAT
    version: Literal[1] = VERSION
    model: _Name
    weights_sha256: _Sha256 | None  # None: they were loaded from a path, and nobody had said
    adapter: AdapterFact | None
    engine: EngineFacts
    prompt: Annotated[_Ids, msgspec.Meta(min_length=1)]
    sampling: Sampling
    stop_ids: Annotated[tuple[_Id, ...], msgspec.Meta(max_length=1 << 16)]
    min_tokens: _Count
    max_tokens: _Count
    grammar: GrammarFact | None
    media: Annotated[tuple[MediumFact, ...], msgspec.Meta(max_length=1 << 16)]
    answer: _Ids
    finish: Literal["stop", "length", "model_length", "error"] | None  # None: a stop string, a person or a client ended it

    @property
    def request(self) -> Request:
        """What was asked, as far as the record goes: of an answer that was ended from outside, no more than there is of it."""
        most = self.max_tokens if self.finish is not None else min(self.max_tokens, len(self.answer))
        grammar = self.grammar
        return Request(
            "replay",
            self.prompt,
            most,
            self.sampling.params,
            frozenset(self.stop_ids),
            self.min_tokens,
            adapter=None if self.adapter is None else self.adapter.name,
            grammar=None if grammar is None else grammar.grammar,
        )


def record_of(
    request: Request, info: ModelInfo, answer: tuple[int, ...] | list[int], finish: str | None, before: ModelInfo | None = None
) -> ReplayRecord:
    """The record of an answer, as far as it has come.

    `info`: the model as it was when the answer began; `before`: as it was when the request came, where that is another moment.
    """
    return ReplayRecord(
        model=info.id,
        weights_sha256=info.weights_sha256,
        adapter=_adapter(request.adapter, info, before or info),
        engine=facts_of(info),
        prompt=request.tokens,
        sampling=Sampling.of(request.sampling),
        stop_ids=tuple(sorted(request.stop_ids)),
        min_tokens=request.min_tokens,
        max_tokens=request.max_tokens,
        grammar=None if request.grammar is None else _grammar(request.grammar),
        media=(*(_medium("image", each) for each in request.images), *(_medium("sound", each) for each in request.sounds)),
        answer=tuple(answer),
        finish=cast("Any", finish) if finish in ("stop", "length", "model_length", "error") else None,
    )


def facts_of(info: ModelInfo) -> EngineFacts:
    """What computes here."""
    return EngineFacts(
        alize=_version("alize"),
        runner=info.runner,
        dtype=info.dtype,
        cache_dtype=info.cache_dtype,
        batch_invariant=info.batch_invariant,
        vocab_size=info.vocab_size,
        max_context=info.max_context,
    )


def written(record: ReplayRecord) -> bytes:
    """As JSON, on one line."""
    return _encoder.encode(record)


def read_record(data: bytes) -> ReplayRecord:
    """A record of its JSON, of at most `LARGEST` bytes. Raises InvalidRequest that says what is wrong with it."""
    _check_size(data)
    try:
        kind = _kinds.decode(data)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise InvalidRequest(f"This is no replay record: {error}.", remedy=_REMEDY) from None
    if kind.format != FORMAT:
        raise InvalidRequest(f"This is no replay record: its format is {kind.format!r:.100}, and not '{FORMAT}'.", remedy=_REMEDY)
    if kind.version != VERSION:
        raise InvalidRequest(
            f"The record is of version {kind.version} of its format; this Alizé reads version {VERSION}.",
            remedy="Replay it with a newer Alizé." if kind.version > VERSION else _REMEDY,
        )
    try:
        record = _records.decode(data)
        _ = record.sampling.params
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise InvalidRequest(f"The record is damaged: {error}.", remedy=_REMEDY) from None
    except InvalidRequest as error:
        raise InvalidRequest(f"The record is damaged: its sampling: {error.message}", remedy=_REMEDY) from None
    marks = None if record.grammar is None else record.grammar.thought
    if marks is not None and max((*(marks.ids or ()), *marks.ending, *marks.never), default=0) >= record.engine.vocab_size:
        raise InvalidRequest("The record is damaged: a mark of thoughts is no token of its vocabulary.", remedy=_REMEDY)
    return record


def read_records(data: bytes) -> list[ReplayRecord]:
    """The records of a document: one, a list of them, or such a list under `data`, as the API gives it.

    Raises InvalidRequest that says what is wrong with it.
    """
    _check_size(data)
    try:
        found = _documents.decode(data)
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise InvalidRequest(f"This is no replay record: {error}.", remedy=_REMEDY) from None
    if isinstance(found, _Document):
        found = [msgspec.Raw(data)] if found.data is None else found.data
    if not found:
        raise InvalidRequest(
            "There is no record in it.", remedy="What an upstream answered has none, nor has what was answered before they were kept."
        )
    return [read_record(bytes(each)) for each in found]


_REMEDY = "Take the record as it was given: from `replay` of an answer, or from GET /api/messages/{id}/replay."


def _check_size(data: bytes) -> None:
    if len(data) > LARGEST:
        raise InvalidRequest(f"The record has more than {LARGEST:,} bytes, which is the most that is read.", remedy=_REMEDY)


class _Kind(msgspec.Struct):
    format: str
    version: int


class _Document(msgspec.Struct):
    data: Annotated[list[msgspec.Raw], msgspec.Meta(max_length=10_000)] | None = None


_encoder = msgspec.json.Encoder()
_kinds = msgspec.json.Decoder(_Kind)
_documents = msgspec.json.Decoder(_Document | Annotated[list[msgspec.Raw], msgspec.Meta(max_length=10_000)])
_records = msgspec.json.Decoder(ReplayRecord)


def _adapter(name: str | None, info: ModelInfo, before: ModelInfo) -> AdapterFact | None:
    """A request keeps what the name meant when it came."""
    if name is None:
        return None
    then, now = ({each.name: each.sha256 for each in one.adapters}.get(name) for one in (before, info))
    return AdapterFact(name=name, sha256=now if now == then else None)


def _medium(kind: Literal["image", "sound"], medium: Medium) -> MediumFact:
    return MediumFact(kind=kind, start=medium.start, length=medium.length, hash=medium.key.hex())


def _grammar(grammar: Grammar) -> GrammarFact:
    thought = None if grammar.thought is None else ThoughtFact(**asdict(grammar.thought))
    library, prefix = grammar_library(), grammar.prefix
    return GrammarFact(kind=grammar.kind, text=grammar.text, otherwise=grammar.otherwise, library=library, prefix=prefix, thought=thought)


def grammar_library() -> str:
    """What computes masks here, and its version."""
    return f"llguidance {_version('llguidance')}"


@cache
def _version(package: str) -> str:
    try:
        return version(package)
    except PackageNotFoundError:
        return "unknown"
