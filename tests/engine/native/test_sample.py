"""The core draws what the definition in engine/sample.py draws, to the bit, whatever the logits, the rules and the processor."""

from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import gguf
import msgspec
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from alize.engine.base import Request, SamplingParams, Step
from alize.engine.batch import pack
from alize.engine.build import EngineConfig, build_core
from alize.engine.core import Core
from alize.engine.runners.base import RowSampling
from alize.engine.runners.native import NativeRunner
from alize.engine.sample import NOT_FINITE, NOTHING_LEFT, Drawn, sample_row
from alize.engine.schedule import Limits
from alize.model.params import read_params
from alize.weights.checkpoints import open_checkpoint
from tests.engine.native.files import CONTEXT, VOCAB, write_gguf
from tests.engine.native.kernels import NAMES, draw

Floats = npt.NDArray[np.float32]

KINDS = ("normal", "narrow", "wide", "ties", "equal", "masked", "denormal", "huge", "ascending", "peaked")


def logits(kind: str, vocab: int, seed: int) -> Floats:
    rng = np.random.default_rng(seed)
    x = rng.standard_normal(vocab).astype(np.float32)
    match kind:
        case "normal":
            x *= np.float32(3)
        case "wide":
            x *= np.float32(60)
        case "ties":
            x = rng.integers(-3, 4, vocab).astype(np.float32) * rng.choice(np.array([-1, 1], np.float32), vocab)  # -0 is 0
        case "equal":
            x[:] = -0.0
            x[rng.random(vocab) < 0.5] = 0.0
        case "masked":
            x[rng.random(vocab) < 0.99] = -np.inf
        case "denormal":
            x *= np.float32(1e-40)
        case "huge":
            x = np.clip(x, np.float32(-3.4), np.float32(3.4)) * np.float32(1e38)
        case "ascending":
            x.sort()  # so that the largest lie together, in the last blocks
        case "peaked":
            x[rng.integers(0, vocab, 20)] += np.float32(15)
    return x


def rule(rng: np.random.Generator, vocab: int, **given: Any) -> RowSampling:
    """Any rules, each of them off as often as on, and those of `given` as they are given."""
    tokens = tuple(rng.integers(0, vocab, rng.integers(0, 60)).tolist())
    biased = np.unique(rng.integers(0, vocab, rng.integers(0, 20)))
    choices: dict[str, list[Any]] = {
        "temperature": [0.0, 1.0, 1.0, float(rng.uniform(0.2, 2)), 100.0, 1e-29, 1e-3],
        "top_k": [0, 0, 1, 2, 40, vocab - 1, vocab, vocab + 1, int(rng.integers(0, vocab + 1))],
        "top_p": [1.0, 1.0, 1e-300, 0.5, 0.9, 0.999999, float(1 - rng.random())],
        "min_p": [0.0, 0.0, 1.0, 0.1, 1e-300, float(rng.random() ** 8)],
        "presence_penalty": [0.0, 0.7, -1.1],
        "frequency_penalty": [0.0, 0.3, -0.2],
        "repetition_penalty": [1.0, 1.2, 0.8, 100.0],
        "logit_bias": [(), tuple((int(token), float(rng.uniform(-100, 100))) for token in biased)],
        "logprobs": [None, None, 0, 3, 200],
        "seed": [0, int(rng.integers(0, 2**63)), 2**64 - 1],
    }
    params = SamplingParams(**{name: values[rng.integers(len(values))] for name, values in choices.items()} | given)
    words = [-(-vocab // 32), max(1, vocab // 64), vocab // 32 + 3][rng.integers(3)]
    mask = rng.integers(0, 2**32, words, np.uint32) if rng.random() < 0.3 else None
    stops = frozenset(rng.integers(0, vocab + 10, 4).tolist())
    return RowSampling(params, tokens[:30], tokens[30:], stops, int(rng.integers(0, 2)), 1, mask)


def defined(x: Floats, rule: RowSampling, position: int) -> Drawn:
    return sample_row(x.copy(), rule, position)


sizes = st.one_of(st.integers(1, 200), st.sampled_from([255, 256, 257, 1023, 4095, 8191, 49_152, 50_000]), st.integers(1, 50_000))


@settings(max_examples=150, deadline=None)
@given(kind=st.sampled_from(KINDS), vocab=sizes, seed=st.integers(0, 2**32 - 1), position=st.integers(0, 2**31))
@example(kind="normal", vocab=1, seed=0, position=0)
@example(kind="ties", vocab=50_000, seed=0, position=1)
def test_every_family_draws_what_the_definition_draws(kind: str, vocab: int, seed: int, position: int) -> None:
    rng = np.random.default_rng(seed)
    rows = np.stack([logits(kind, vocab, seed + row) for row in range(3)])
    rules = [rule(rng, vocab) for _ in rows]
    expected = [defined(row, each, position) for row, each in zip(rows, rules, strict=True)]
    for name in NAMES:
        assert draw(name, rows, rules, [position] * 3) == expected


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("top_p", [0.01, 0.3, 0.9, 0.99, 0.9999])
def test_a_nucleus_of_thousands_ends_where_the_definition_ends_it(kind: str, top_p: float) -> None:
    """Where its border is guessed from a sample first, and a draw from all of it shows whether it is right."""
    x = logits(kind, 49_152, 5)
    for temperature in (0.7, 3.0, 100.0):
        params = SamplingParams(temperature=temperature, top_p=top_p)
        rules = [RowSampling(replace(params, seed=seed)) for seed in range(4)]
        expected = [defined(x, each, 7) for each in rules]
        for name in NAMES:
            assert draw(name, np.stack([x] * 4), rules, [7] * 4) == expected


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("vocab", [1, 15, 64, 65, 203, 4097])
@pytest.mark.parametrize("temperature", [0.0, 1.0])
def test_a_row_that_holds_what_is_no_number_fails_wherever_it_stands_and_no_other_row_does(
    name: str, vocab: int, temperature: float
) -> None:
    good = logits("normal", vocab, 1)
    plain = RowSampling(SamplingParams(temperature=temperature))
    forbidden = replace(plain, mask=np.zeros(-(-vocab // 32), np.uint32))
    for bad in (np.nan, np.inf):
        for place in {0, vocab // 2, vocab - 1}:
            x = np.stack([good, good, good, np.full_like(good, -np.inf)])
            x[1, place] = bad
            found = draw(name, x, [plain, plain, forbidden, plain], [3] * 4)
            assert found == [defined(good, plain, 3), Drawn(failure=NOT_FINITE), *[Drawn(failure=NOTHING_LEFT)] * 2]
            assert found == [defined(row, each, 3) for row, each in zip(x, [plain, plain, forbidden, plain], strict=True)]


@pytest.mark.parametrize("name", NAMES)
def test_a_penalty_that_makes_a_logit_infinite_fails_and_its_counts_are_forgotten(name: str) -> None:
    x = np.array([[3e38, 1.0, 2.0], [1.0, 3.0, 2.5]], np.float32)
    rules = [RowSampling(SamplingParams(repetition_penalty=0.01), (0,)), RowSampling(SamplingParams(frequency_penalty=0.3), (1, 1))]
    assert draw(name, x, rules, [0, 0]) == [Drawn(failure=NOT_FINITE), Drawn(2)]
    assert [defined(row, each, 0) for row, each in zip(x, rules, strict=True)] == [Drawn(failure=NOT_FINITE), Drawn(2)]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("vocab", [7, 700])
def test_the_probabilities_of_all_tokens_sum_to_1(name: str, vocab: int) -> None:
    (found,) = draw(
        name, logits("wide", vocab, 3)[None] / np.float32(8), [RowSampling(SamplingParams(temperature=1.0, logprobs=vocab))], [0]
    )
    assert found.logprob is not None
    assert len(found.logprob.top) == vocab
    assert sum(np.exp(logprob) for _, logprob in found.logprob.top) == pytest.approx(1, abs=1e-6)
    assert dict(found.logprob.top)[found.token] == found.logprob.logprob


def native(path: Path, threads: int, kernels: str) -> NativeRunner:
    with closing(open_checkpoint(path)) as checkpoint:
        return NativeRunner(checkpoint, read_params(checkpoint.params), threads, kernels=kernels)


@pytest.mark.parametrize("kernels", NAMES)
@pytest.mark.parametrize("threads", [1, 2])
def test_a_step_draws_from_its_own_logits_as_the_definition_does(tmp_path: Path, threads: int, kernels: str) -> None:
    """Rows of one step, each with rules of its own, on threads that share them out."""
    path, rng = write_gguf(tmp_path / "tiny.gguf"), np.random.default_rng(0)
    tables = [{"full": [row]} for row in range(CONTEXT // 16)]
    prompts = [rng.integers(0, VOCAB, 3 + row % 9).tolist() for row in range(len(tables))]
    rows = [(tokens, 0, table) for tokens, table in zip(prompts, tables, strict=True)]
    with closing(native(path, threads, kernels)) as runner:
        runner.allocate({"full": len(tables)})
        batch = pack(rows, runner.info.groups, [True] * len(rows))
        values = runner.run(replace(batch, want="logits"), []).values
        assert values is not None
        last = values[np.cumsum(batch.lengths) - 1]
        rules = [rule(rng, VOCAB) for _ in rows]
        output = runner.run(batch, rules)
    expected = [defined(row, each, int(place)) for row, each, place in zip(last, rules, batch.contexts, strict=True)]
    assert output.tokens == tuple(() if drawn.failure else (drawn.token,) for drawn in expected)
    assert output.failures == tuple((row, drawn.failure) for row, drawn in enumerate(expected) if drawn.failure)
    assert output.logprobs == tuple(() if drawn.logprob is None else (drawn.logprob,) for drawn in expected)


def finished(core: Core, asked: list[Request]) -> dict[str, tuple[list[int], list[Any], Step]]:
    """Of each request its tokens, their log-probabilities and its last step."""
    found: dict[str, tuple[list[int], list[Any], Step]] = {}
    for request in asked:
        core.add(request)
    while core.busy:
        for step in core.step():
            tokens, logprobs, _ = found.get(step.request_id, ([], [], None))
            timeless = msgspec.structs.replace(step, times=None)  # how long it took is no part of what was drawn
            found[step.request_id] = [*tokens, *step.tokens], [*logprobs, *step.logprobs], timeless
    core.check()
    return found


@pytest.mark.parametrize("decode_steps", [1, 6])
@pytest.mark.parametrize("threads", [1, 2])
def test_a_seeded_request_is_answered_alike_alone_and_among_others(tmp_path: Path, threads: int, decode_steps: int) -> None:
    path, rng = write_gguf(tmp_path / "tiny.gguf"), np.random.default_rng(1)
    given: list[dict[str, Any]] = [
        {},
        {"top_p": 0.8},
        {"top_k": 5},
        {"min_p": 0.2},
        {"repetition_penalty": 1.3, "logit_bias": ((3, 2.0),)},
        {"presence_penalty": 1.0},
    ]
    asked = [
        Request(str(index), tuple(rng.integers(0, VOCAB, 5 + 11 * index).tolist()), 14, SamplingParams(temperature=0.9, seed=index, **each))
        for index, each in enumerate(given)
    ]
    asked = [replace(each, sampling=replace(each.sampling, logprobs=2 if index % 2 else None)) for index, each in enumerate(asked)]

    def answers(requests: list[Request], threads: int, limits: Limits) -> dict[str, tuple[list[int], list[Any]]]:
        found = finished(Core(native(path, threads, ""), limits, {"full": 200}, "tiny"), requests)
        return {id: (tokens, logprobs) for id, (tokens, logprobs, _) in found.items()}

    alone: dict[str, tuple[list[int], list[Any]]] = {}
    for request in asked:
        alone |= answers([request], 1, Limits())
    assert answers(asked, threads, Limits(decode_steps=decode_steps)) == alone


@pytest.mark.parametrize("runner", ["native", "torch"])
def test_a_token_whose_numbers_are_none_ends_its_request_and_no_other(tmp_path: Path, runner: str) -> None:
    if runner == "torch":
        pytest.importorskip("torch")
    path = write_gguf(tmp_path / "tiny.gguf")
    (table,) = [tensor for tensor in gguf.GGUFReader(path, "r+").tensors if tensor.name == "token_embd.weight"]
    table.data[7, 0:2] = np.array([0xFF, 0x7F], np.uint8)  # the scale of the first block of token 7: NaN in float16
    good, bad = Request("good", (1, 2, 3), 5), Request("bad", (1, 7, 3), 5, SamplingParams(temperature=1.0))
    config = EngineConfig(str(path), runner=runner, dtype="float32")
    alone = finished(build_core(config), [good])
    core = build_core(config)
    found = finished(core, [good, bad, replace(bad, id="worse", sampling=SamplingParams(logprobs=2))])
    assert found["good"] == alone["good"]
    for id in ("bad", "worse"):
        tokens, logprobs, last = found[id]
        assert (tokens, logprobs, last.finish, last.error) == ([], [], "error", NOT_FINITE)
    assert finished(core, [replace(good, id="after")])["after"][0] == alone["good"][0]
