"""An answer comes again from its record, whatever it was made beside; one that does not is told where; what is no record is refused."""

import json
from collections.abc import Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alize.engine.base import Request, SamplingParams, Step
from alize.engine.core import Core
from alize.engine.grammar import Grammar, Thought
from alize.engine.record import LARGEST, ReplayRecord, Sampling, read_record, read_records, record_of, written
from alize.engine.replay import Replayed, changed, replay
from alize.engine.runners.fake import FakeRunner
from alize.engine.runners.native.runner import CacheNumbers
from alize.engine.schedule import Limits
from alize.errors import AlizeError, InvalidRequest, PromptTooLong, UnsupportedParameter
from tests.engine.engines import picture
from tests.engine.native.files import write_gguf
from tests.engine.native.kernels import NAMES
from tests.engine.native.test_runner import native
from tests.engine.test_guides import WORDS
from tests.engine.test_speculation import ticking


def core(blocks: int = 200, limits: Limits | None = None, window: int | None = None) -> Core:
    runner = FakeRunner(window=window)
    sizes = {group.name: blocks for group in runner.info.groups}
    return Core(runner, limits or Limits(), sizes, "fake", "ab" * 32, clock=ticking(), words=lambda: WORDS)


def made(engine: Core, requests: Sequence[Request], cut: dict[str, int] | None = None) -> dict[str, ReplayRecord]:
    """The records of answers that are made together, through JSON. `cut`: of some, after how many tokens somebody leaves."""
    tokens: dict[str, list[int]] = {request.id: [] for request in requests}
    ends: dict[str, str | None] = dict.fromkeys(tokens)
    for request in requests:
        engine.add(request)
    while engine.busy:
        for step in engine.step():
            tokens[step.request_id] += step.tokens
            ends[step.request_id] = step.finish
            if len(tokens[step.request_id]) >= (cut or {}).get(step.request_id, 1 << 30):
                engine.abort(step.request_id)
    engine.check()
    records = {
        request.id: record_of(request, engine.info, tokens[request.id], ends[request.id]) for request in requests if tokens[request.id]
    }
    return {id: read_record(written(record)) for id, record in records.items()}


def again(engine: Core, record: ReplayRecord) -> Replayed:
    def steps(request: Request) -> Iterator[Step]:
        engine.add(request)
        while engine.busy:
            yield from engine.step()

    return replay(record, engine.info, steps, engine.score, None if record.adapter is None else record.adapter.name)


def identical(found: Replayed) -> bool:
    return found.identical and not found.changed


def _formed(request: Request) -> dict[str, Any]:
    """What a grammar asks of its request."""
    return {} if request.grammar is None else {"stop_ids": frozenset({20}), "min_tokens": 0}


numbers = st.integers(0, 60)
samplings = st.builds(
    SamplingParams,
    temperature=st.sampled_from([0.0, 0.7, 1.5]),
    top_p=st.sampled_from([1.0, 0.9]),
    top_k=st.sampled_from([0, 5]),
    min_p=st.sampled_from([0.0, 0.05]),
    presence_penalty=st.sampled_from([0.0, 0.5]),
    repetition_penalty=st.sampled_from([1.0, 1.3]),
    logit_bias=st.sampled_from([(), ((3, 2.0), (7, -100.0))]),
    seed=st.integers(0, 2**64 - 1),
    logprobs=st.sampled_from([None, 2]),
)
requests = st.lists(
    st.builds(
        Request,
        id=st.just(""),
        tokens=st.lists(numbers, min_size=1, max_size=70).map(tuple),
        max_tokens=st.integers(1, 40),
        sampling=samplings,
        stop_ids=st.sampled_from([frozenset[int](), frozenset({5, 9, 20})]),
        min_tokens=st.integers(0, 5),
        tenant=st.sampled_from(["", "a", "b"]),
        priority=st.integers(0, 2),
        salt=st.sampled_from(["", "s"]),
        predicted=st.lists(numbers, max_size=30).map(tuple),
        grammar=st.sampled_from([None, None, Grammar("regex", "(ab|cd){2,9}"), Grammar("regex", "[a-f]*e")]),
    ),
    min_size=1,
    max_size=8,
).map(lambda found: [replace(one, id=str(index), **_formed(one)) for index, one in enumerate(found)])
limits = st.builds(
    Limits,
    step_tokens=st.sampled_from([16, 64, 512]),
    max_running=st.sampled_from([3, 16]),
    decode_steps=st.sampled_from([1, 4]),
    prefix_cache=st.booleans(),
    speculation=st.booleans(),
)
cuts = st.dictionaries(st.sampled_from("01234567"), st.integers(1, 10))


def shared(requests: list[Request]) -> list[Request]:
    """Half of them begin alike: what one has computed the others find."""
    common = tuple(range(1, 40))
    return [replace(one, tokens=common + one.tokens) if index % 2 else one for index, one in enumerate(requests)]


@settings(max_examples=60)
@given(requests, limits, st.sampled_from([None, 24]), st.sampled_from([12, 200]), cuts)
def test_whatever_an_answer_was_made_beside_it_comes_again_alone(
    requests: list[Request], limits: Limits, window: int | None, blocks: int, cut: dict[str, int]
) -> None:
    """Chunked, cached, preempted, guessed, held to a grammar, given up on: with few blocks most are preempted."""
    engine = core(blocks, limits, window)
    mix = [one for one in shared(requests) if len(one.tokens) + one.max_tokens < engine.info.max_context]
    for record in made(engine, mix, cut).values():
        assert identical(again(core(200, Limits(max_context=record.engine.max_context), window), record))


def test_a_mix_has_all_that_might_change_an_answer() -> None:
    """What the test above would not see, were it not there."""
    common = tuple(range(1, 40))
    mix = [Request(str(n), (*common, n), 40, SamplingParams(temperature=0.5, seed=n), predicted=tuple(range(9))) for n in range(8)]
    engine = core(12, Limits(step_tokens=16))
    records = made(engine, mix)
    stats = engine.stats()
    assert min(stats.preemptions, stats.cached_tokens, stats.steps) > 0
    assert all(identical(again(core(limits=Limits(max_context=records["0"].engine.max_context)), record)) for record in records.values())


@settings(max_examples=25)
@given(requests, limits, cuts, st.sampled_from(["int8", "bfloat16"]), st.sampled_from(NAMES), st.sampled_from([1, 2]))
def test_the_native_core_answers_again_on_other_kernels_and_threads(
    tiny: Path, requests: list[Request], limits: Limits, cut: dict[str, int], cache: CacheNumbers, kernels: str, threads: int
) -> None:
    with closing(native(tiny, cache=cache)) as busy, closing(native(tiny, threads, kernels, cache)) as calm:
        engine = Core(busy, limits, {"full": 24}, "tiny", "ab" * 32, clock=ticking(), words=lambda: WORDS)
        records = made(engine, shared(requests), cut)
        most = Limits(max_context=records["0"].engine.max_context)
        alone = Core(calm, most, {"full": 64}, "tiny", "ab" * 32, words=lambda: WORDS)
        for record in records.values():
            found = again(alone, record)
            assert found.identical
            assert {each.what for each in found.changed} <= {"runner"}


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_gguf(tmp_path_factory.mktemp("replay") / "tiny.gguf", "Q4_1")


def one(**more: Any) -> ReplayRecord:
    request = Request("a", (1, 2, 3), 20, SamplingParams(temperature=0.8, seed=2**64 - 1), **more)
    return made(core(), [request])["a"]


@pytest.mark.parametrize("index", [0, 7, 19])
def test_a_token_that_was_changed_is_told_by_its_index_and_with_what_both_were_worth(index: int) -> None:
    record = one()
    other = (record.answer[index] + 1) % 64
    forged = msgspec.structs.replace(record, answer=(*record.answer[:index], other, *record.answer[index + 1 :]))
    difference = again(core(), forged).difference
    assert difference is not None
    assert (difference.index, difference.recorded, difference.found) == (index, other, record.answer[index])
    scores = [core().score([*record.prompt, *record.answer[:index], token])[-1] for token in (other, record.answer[index])]
    assert [difference.recorded_logprob, difference.found_logprob] == scores


def test_answers_of_other_lengths_differ_where_one_ends() -> None:
    record = one()
    longer = msgspec.structs.replace(record, answer=(*record.answer, 5))
    found = again(core(), longer)
    assert found.difference is not None
    assert (found.difference.index, found.difference.recorded, found.difference.found) == (20, 5, None)
    cut = msgspec.structs.replace(record, answer=record.answer[:9])
    shorter = again(core(), cut)
    assert shorter.difference is not None
    assert (shorter.difference.index, shorter.difference.recorded, shorter.difference.found) == (9, None, record.answer[9])
    left = msgspec.structs.replace(cut, finish=None)
    assert identical(again(core(), left))
    assert len(again(core(), left).tokens) == 9
    ended = again(core(), msgspec.structs.replace(record, finish="stop"))
    assert (ended.identical, ended.difference, ended.ends) == (False, None, ("stop", "length"))


def test_everything_that_decides_a_token_is_told_where_it_is_another() -> None:
    record = one(grammar=Grammar("regex", "[a-t]*"), stop_ids=frozenset({20}))
    info = core().info
    assert not [*changed(record, info)]
    for field, value, what in (
        ("weights_sha256", "cd" * 32, "weights"),
        ("weights_sha256", None, "weights"),
        ("dtype", "bfloat16", "numbers of the weights"),
        ("cache_dtype", "int8", "numbers of keys and values"),
        ("batch_invariant", False, "sums that no batch changes"),
        ("runner", "native-avx2", "runner"),
        ("max_context", 17, "context"),
    ):
        assert [each.what for each in changed(record, replace(info, **{field: value}))] == [what]
    older = msgspec.structs.replace(record, engine=msgspec.structs.replace(record.engine, alize="0.0.1"))
    assert [(each.what, each.recorded, each.decides) for each in changed(older, info)] == [("version of Alizé", "0.0.1", True)]
    assert record.grammar is not None
    masked = msgspec.structs.replace(record, grammar=msgspec.structs.replace(record.grammar, library="llguidance 0.1"))
    assert [each.what for each in changed(masked, info)] == ["grammar library"]


def test_a_runner_whose_sums_depend_on_the_batch_is_told_to_be_a_reason() -> None:
    record = one()
    info = replace(core().info, batch_invariant=False, runner="torch-cpu")
    assert [(each.what, each.decides) for each in changed(record, info)] == [("sums that no batch changes", True), ("runner", True)]


@pytest.mark.parametrize(
    ("record", "kind", "said"),
    [
        ({"answer": (), "finish": None}, InvalidRequest, "has no tokens"),
        ({"max_tokens": 0, "answer": ()}, InvalidRequest, "nothing was drawn"),
        ({"prompt": (1,) * 5000}, PromptTooLong, "5000 tokens"),
        ({"prompt": (1, 1000)}, InvalidRequest, "token id outside"),
    ],
)
def test_what_cannot_be_run_again_says_why(record: dict[str, Any], kind: type[AlizeError], said: str) -> None:
    with pytest.raises(kind, match=said):
        again(core(), msgspec.structs.replace(one(), **record))


def test_a_picture_is_not_in_a_record_and_that_is_said() -> None:
    request = Request("a", (1, 2, 3), 5, images=(picture(1, 1, 1, 0),))
    record = record_of(request, core().info, [1], "length")
    assert [(medium.kind, medium.start, medium.hash) for medium in record.media] == [("image", 0, request.images[0].key.hex())]
    with pytest.raises(UnsupportedParameter, match="shows images, and a record holds only their hashes"):
        again(core(), read_record(written(record)))


def test_another_vocabulary_is_another_model() -> None:
    record = one()
    other = msgspec.structs.replace(record, engine=msgspec.structs.replace(record.engine, vocab_size=5))
    with pytest.raises(InvalidRequest, match="another model"):
        again(core(), other)


def test_an_adapter_that_is_not_loaded_is_asked_for_and_one_that_was_replaced_meanwhile_is_not_vouched_for() -> None:
    from alize.engine.base import AdapterInfo

    info = replace(core().info, adapters=(AdapterInfo("poet", 1, "ab" * 32),))
    request = Request("a", (1, 2), 5, adapter="poet")
    record = record_of(request, info, [1], "length")
    assert record.adapter is not None
    assert record.adapter.sha256 == "ab" * 32
    with pytest.raises(InvalidRequest, match="adapter 'poet'"):
        again(core(), record)
    before = replace(info, adapters=(AdapterInfo("poet", 1, "cd" * 32),))
    meanwhile = record_of(request, info, [1], "length", before).adapter
    assert meanwhile is not None
    assert meanwhile.sha256 is None
    assert [each.what for each in changed(record, replace(info, adapters=()), "poet")] == ["adapter"]


# ── what is read ──


def test_every_field_of_sampling_is_in_a_record() -> None:
    assert set(Sampling.__struct_fields__) == {field.name for field in fields(SamplingParams)}


def test_a_request_is_whole_but_for_what_decides_nothing() -> None:
    """A field that is added to a request has to be recorded, or named here."""
    kept = {"tokens", "max_tokens", "sampling", "stop_ids", "min_tokens", "adapter", "grammar", "images", "sounds"}
    assert {field.name for field in fields(Request)} - kept == {"id", "tenant", "priority", "salt", "predicted"}


def test_a_list_and_what_the_api_gives_are_read_too() -> None:
    record, text = one(), written(one()).decode()
    for document in (
        text,
        f" [{text}]",
        json.dumps({"object": "list", "data": [json.loads(text)], "whole": True}),
        json.dumps(json.loads(text), indent=4),
    ):
        assert read_records(document.encode()) == [record]
    assert len(read_records(f"[{text},{text}]".encode())) == 2


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "no replay record"),
        (b"\xff\xfe", "no replay record"),
        (b"null", "no replay record"),
        (b"5", "no replay record"),
        (b"{}", "missing required field"),
        (b"[]", "no record in it"),
        (b'{"data": []}', "no record in it"),
        (b'{"data": [5]}', "no replay record"),
        (b'{"data": {}}', "no replay record"),
        (b'{"format": "other", "version": 1}', "its format is 'other'"),
        (b'{"format": "alize.replay", "version": 2}', "version 2 of its format; this Alizé reads version 1"),
        (b'{"format": "alize.replay", "version": 1}', "damaged"),
        (b"[" * 100_000, "no replay record"),
        (b'{"a":' * 100_000, "no replay record"),
        (b" " * (LARGEST + 1), "more than"),
    ],
)
def test_what_is_no_record_is_refused_with_the_reason(data: bytes, said: str) -> None:
    with pytest.raises(InvalidRequest, match=said):
        read_records(data)


def test_a_newer_format_asks_for_a_newer_program() -> None:
    newer = written(one()).replace(b'"version":1', b'"version":7,"unheard_of":[]')
    with pytest.raises(InvalidRequest) as refused:
        read_records(newer)
    assert refused.value.remedy == "Replay it with a newer Alizé."


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("prompt", []),
        ("prompt", [-1]),
        ("prompt", [1.5]),
        ("prompt", ["1"]),
        ("prompt", [2**31]),
        ("answer", None),
        ("weights_sha256", "x"),
        ("max_tokens", 2**63),
        ("max_tokens", -1),
        ("finish", "because"),
        ("unheard_of", 1),
        ("sampling", {}),
        ("grammar", {"kind": "spell", "text": "", "otherwise": "", "library": ""}),
        ("media", [{"kind": "smell"}]),
    ],
)
def test_a_field_that_cannot_be_is_named(field: str, value: Any) -> None:
    told = {**json.loads(written(one())), field: value}
    with pytest.raises(InvalidRequest, match=f"damaged.*{field}"):
        read_records(json.dumps(told).encode())


@pytest.mark.parametrize(("field", "value"), [("temperature", 1e9), ("top_p", 0), ("seed", 5), ("seed", "9" * 20), ("logprobs", -1)])
def test_sampling_that_no_engine_takes_is_refused(field: str, value: Any) -> None:
    told = json.loads(written(one()))
    told["sampling"][field] = value
    with pytest.raises(InvalidRequest, match="damaged"):
        read_records(json.dumps(told).encode())


THOUGHT = Thought("[T]", "[/T]", (18, 19), begun=True, ending=(16,), never=(17,))


@pytest.mark.parametrize(
    ("field", "value"),
    [("opens", ""), ("closes", ""), ("opens", "<" * 65), ("ids", [18, 64]), ("ids", [2**30, 19]), ("ending", [64]), ("never", [64])],
)
def test_a_thought_that_no_engine_tells_is_refused(field: str, value: Any) -> None:
    told = json.loads(written(one(grammar=Grammar("regex", "[a-t]*", thought=THOUGHT), stop_ids=frozenset({20}))))
    assert read_records(json.dumps(told).encode())
    told["grammar"]["thought"][field] = value
    with pytest.raises(InvalidRequest, match="The record is damaged"):
        read_records(json.dumps(told).encode())


@given(st.data())
def test_a_record_that_is_cut_short_or_changed_anywhere_is_read_or_refused(data: st.DataObject) -> None:
    text = bytearray(WRITTEN)
    place = data.draw(st.integers(0, len(text) - 1))
    if data.draw(st.booleans()):
        del text[place:]
    else:
        text[place] = data.draw(st.integers(0, 255))
    with suppress(InvalidRequest):
        read_records(bytes(text))


WRITTEN = written(one())


def test_numbers_come_back_to_the_bit() -> None:
    values = np.random.default_rng(0).random(50)
    for value in values.tolist():
        record = record_of(
            Request("a", (1,), 1, SamplingParams(temperature=value, top_p=value, seed=2**64 - 1)), core().info, [1], "length"
        )
        assert read_record(written(record)).sampling.params == SamplingParams(temperature=value, top_p=value, seed=2**64 - 1)
