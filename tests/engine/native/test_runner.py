"""The native runner beside the specification, and beside itself: the same answer whatever shares a batch, on any threads and kernels."""

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import psutil
import pytest

from alize.engine.base import Request, SamplingParams
from alize.engine.batch import pack
from alize.engine.build import EngineConfig, build_core
from alize.engine.core import Core
from alize.engine.runners.base import Batch
from alize.engine.runners.native import NativeRunner, why_not
from alize.engine.runners.native.layout import halves
from alize.engine.runners.native.library import FORMATS, SIXTEEN
from alize.engine.runners.native.runner import CacheNumbers
from alize.engine.schedule import Limits
from alize.errors import Missing, SettingInvalid
from alize.model.params import read_params
from alize.weights.checkpoints import open_checkpoint
from tests.engine.native.files import CONTEXT, VOCAB, write_gguf
from tests.engine.native.kernels import BLOCK, NAMES

MIXED = {"attn_v": "Q6_K", "attn_k": "Q5_K", "attn_output": "BF16", "ffn_up": "Q5_0", "ffn_down": "Q6_K", "output.weight": "Q8_0"}
"""Kinds that are multiplied beside Q4_K in one product, as files of Q4_K_M have some of them."""
WAYS = {
    "batched": (Limits(), 200),
    "chunked": (Limits(step_tokens=16), 200),
    "several steps a call": (Limits(decode_steps=8), 200),
    "without the prefix cache": (Limits(prefix_cache=False), 200),
    "preempted": (Limits(step_tokens=64), 24),
}


def native(path: Path, threads: int = 2, kernels: str = "", cache: CacheNumbers = "bfloat16") -> NativeRunner:
    with closing(open_checkpoint(path)) as checkpoint:
        return NativeRunner(checkpoint, read_params(checkpoint.params), threads, kernels=kernels, cache=cache)


def logits(runner: NativeRunner, tokens: list[int], pieces: int = 0, adapter: str | None = None) -> npt.NDArray[np.float32]:
    """Of every token: in one call, or in calls of so many."""
    runner.allocate({group.name: CONTEXT // 16 for group in runner.info.groups})
    table = {group.name: list(range(CONTEXT // 16)) for group in runner.info.groups}
    size = pieces or len(tokens)
    batches = [
        pack([(tokens[at : at + size], at, table)], runner.info.groups, [False], (adapter,), want="logits")
        for at in range(0, len(tokens), size)
    ]
    values = [runner.run(batch, []).values for batch in batches]
    return np.concatenate([value for value in values if value is not None])


def prompt(length: int, seed: int = 0) -> list[int]:
    return np.random.default_rng(seed).integers(0, VOCAB, length).tolist()


def packed_rows(runner: NativeRunner, count: int) -> Batch:
    """So many prompts of five tokens, each to be gone on with."""
    rows = [(prompt(5, row), 0, {group.name: [row] for group in runner.info.groups}) for row in range(count)]
    return pack(rows, runner.info.groups, [True] * count)


def test_a_cache_takes_memory_only_as_it_is_written_also_where_another_was_before(tmp_path: Path) -> None:
    process = psutil.Process()
    with closing(native(write_gguf(tmp_path / "tiny.gguf", "Q4_0"))) as runner:
        before = process.memory_info().rss
        for _ in range(5):
            runner.allocate({group.name: 8192 for group in runner.info.groups})  # 100 MB
        assert process.memory_info().rss - before < 50 * 2**20


@pytest.mark.parametrize("window", [0, 40])
@pytest.mark.parametrize(("kind", "cache"), [*((kind, "bfloat16") for kind in (*FORMATS, "mixed")), ("Q4_1", "int8"), ("BF16", "int8")])
def test_it_computes_what_the_specification_does(tmp_path: Path, kind: str, window: int, cache: CacheNumbers) -> None:
    """Up to what eight bits of activations, and those of keys and values, leave; and where these are rounded alike, to six digits, but
    where a number that lies between two integers falls to the other side: in a prompt of 150 tokens one does, in many of six not."""
    torch = pytest.importorskip("torch")
    from alize.model.attend import PackedCausal
    from alize.model.load import load_model

    def kept(part: Any, together: int) -> Any:
        """`together`: numbers that share a scale, where there are any."""
        if cache == "bfloat16":
            return part.float().bfloat16().double()
        parts = part.float().unflatten(-1, (-1, together))
        scales = parts.abs().amax(-1, keepdim=True) / 127
        return (torch.round(parts / scales) * scales).flatten(-2).double()

    class Rounding(PackedCausal):
        def __call__(self, layer: int, q: Any, k: Any, v: Any, scale: float, chosen: bool = False) -> Any:
            order = halves(np.arange(k.shape[-1], dtype=np.int32), k.shape[-1])  # of the core's columns
            keys = torch.empty_like(k)
            keys[..., order] = kept(k[..., order], 16)
            return super().__call__(layer, q, keys, kept(v, v.shape[-1]), scale, chosen)

    if kind == "mixed":
        path = write_gguf(tmp_path / "tiny.gguf", "Q4_K", window=window, others=MIXED)
    else:
        path = write_gguf(tmp_path / "tiny.gguf", kind, window=window, head=64 if kind == "Q4_1" else 32)
    tokens = prompt(150)
    with closing(open_checkpoint(path)) as checkpoint:
        model = load_model(checkpoint, torch.float64)

    def specified(memory: type[PackedCausal], tokens: list[int]) -> npt.NDArray[np.float64]:
        with torch.inference_mode():
            hidden = model(torch.tensor(tokens), torch.arange(len(tokens)), memory(model.config, [len(tokens)]))
            return model.head(hidden).numpy()

    def rounded(_: object, inputs: tuple[Any, ...]) -> tuple[Any, ...]:
        blocks = inputs[0].unflatten(-1, (-1, BLOCK))
        sizes = blocks.abs().sort(-1).values
        apart = torch.where((blocks.abs() == sizes[..., -1:]) & (2 * sizes[..., -2:-1] <= sizes[..., -1:]), blocks, 0)
        scales = (blocks - apart).abs().amax(-1, keepdim=True) / 127
        return ((torch.round((blocks - apart) / scales) * scales + apart).flatten(-2),)

    found, plain = logits(native(path, cache=cache), tokens), specified(PackedCausal, tokens)
    for name, layer in model.named_modules():
        if isinstance(layer, torch.nn.Linear) and kind not in SIXTEEN and not (kind == "mixed" and name.endswith(".wo")):
            layer.register_forward_pre_hook(rounded)
    assert _off(found, plain) < 0.04
    assert _off(found, specified(Rounding, tokens)) < 0.02
    short = [prompt(6, seed) for seed in range(10)]
    assert sum(_off(logits(native(path, cache=cache), tokens), specified(Rounding, tokens)) < 1e-6 for tokens in short) >= 3


def _off(found: npt.NDArray[np.float32], expected: npt.NDArray[np.float64]) -> float:
    """How far apart they are, as a share of how far the logits vary."""
    return float(np.sqrt(((found - expected) ** 2).mean()) / expected.std())


@pytest.mark.parametrize("cache", ["bfloat16", "int8"])
@pytest.mark.parametrize(("window", "kind", "others"), [(0, "Q4_1", {}), (40, "Q4_1", {}), (0, "Q4_K", MIXED)])
def test_every_family_of_processors_and_any_number_of_threads_give_the_same_bits(
    tmp_path: Path, window: int, kind: str, others: dict[str, str], cache: CacheNumbers
) -> None:
    path, tokens = write_gguf(tmp_path / "tiny.gguf", kind, window=window, others=others), prompt(150)
    whole = logits(native(path, threads=1, kernels="portable", cache=cache), tokens)
    for name in NAMES:
        for threads in (1, 2, 3):
            assert logits(native(path, threads, name, cache), tokens).tobytes() == whole.tobytes()


@pytest.mark.parametrize("cache", ["bfloat16", "int8"])
@pytest.mark.parametrize("pieces", [1, 3, 16, 50])
def test_a_prompt_in_pieces_gives_the_same_bits(tmp_path: Path, pieces: int, cache: CacheNumbers) -> None:
    path, tokens = write_gguf(tmp_path / "tiny.gguf", "Q4_0", window=40), prompt(150)
    assert logits(native(path, cache=cache), tokens, pieces).tobytes() == logits(native(path, cache=cache), tokens).tobytes()


def test_keys_and_values_are_kept_in_bytes_unless_something_else_is_wished_for(tmp_path: Path) -> None:
    path = write_gguf(tmp_path / "tiny.gguf", "Q4_1")

    def block(cache: str) -> int:
        with closing(build_core(EngineConfig(str(path), runner="native", cache_dtype=cache, cache_bytes=1 << 22)).runner) as runner:
            return sum(group.bytes_per_block for group in runner.info.groups)

    assert block("auto") == block("int8") < block("bfloat16")


@pytest.mark.parametrize("kernels", NAMES)
def test_a_setting_chooses_the_kernels(tmp_path: Path, kernels: str) -> None:
    path = write_gguf(tmp_path / "tiny.gguf", "Q4_1")
    with closing(build_core(EngineConfig(str(path), runner="native", kernels=kernels, cache_bytes=1 << 22)).runner) as runner:
        assert runner.info.name == f"native-{kernels}"


def test_kernels_that_this_processor_has_not_are_refused_by_name(tmp_path: Path) -> None:
    path = write_gguf(tmp_path / "tiny.gguf", "Q4_1")
    with pytest.raises(Missing, match="'avx10'") as refused:
        build_core(EngineConfig(str(path), runner="native", kernels="avx10", cache_bytes=1 << 22))
    assert refused.value.remedy == "Set kernels to auto."


def test_weights_that_are_packed_in_several_calls_are_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, tokens = write_gguf(tmp_path / "tiny.gguf", "Q4_1"), prompt(20)
    together = logits(native(path), tokens)
    monkeypatch.setattr("alize.engine.runners.native.weights._TOGETHER", 1)
    assert logits(native(path), tokens).tobytes() == together.tobytes()


def test_keys_and_values_in_bytes_take_about_half(tmp_path: Path) -> None:
    path = write_gguf(tmp_path / "tiny.gguf", "Q4_1", head=64)
    sizes = {cache: sum(group.bytes_per_block for group in native(path, cache=cache).info.groups) for cache in ("bfloat16", "int8")}
    assert sizes["int8"] < 0.6 * sizes["bfloat16"]


def requests() -> list[Request]:
    """Greedy and drawn, short and long, some with a common beginning."""
    common = prompt(60, 1)
    return [
        Request(
            str(index),
            (*(common if index % 2 else ()), *prompt(5 + 17 * index, index)),
            12,
            SamplingParams(temperature=0.0 if index % 3 else 0.9, seed=index, logprobs=2 if index == 4 else None),
        )
        for index in range(7)
    ]


def answers(core: Core, asked: list[Request]) -> dict[str, list[int]]:
    drawn: dict[str, list[int]] = {request.id: [] for request in asked}
    for request in asked:
        core.add(request)
    while core.busy:
        for step in core.step():
            drawn[step.request_id] += step.tokens
    core.check()
    return drawn


@pytest.mark.parametrize("cache", ["bfloat16", "int8"])
@pytest.mark.parametrize("way", WAYS)
def test_an_answer_is_the_same_whatever_runs_beside_it(tmp_path: Path, way: str, cache: CacheNumbers) -> None:
    path = write_gguf(tmp_path / "tiny.gguf", "Q8_0")
    limits, blocks = WAYS[way]
    runner = native(path, cache=cache)
    alone: dict[str, list[int]] = {}
    for request in requests():
        alone |= answers(
            Core(native(path, threads=1, cache=cache), replace(Limits(), prefix_cache=False), {"full": 200}, "tiny"), [request]
        )
    assert answers(Core(runner, limits, {"full": blocks}, "tiny"), requests()) == alone


def test_the_real_model_is_hardly_another_one(smollm2: Path) -> None:
    """A KL divergence of 0.003 from the weights in float32 is what eight bits of activations cost; see the log."""
    import alize

    text = (
        "The lighthouse keeper climbed the stairs every evening to light the lamp, and every morning to put it out. One night in November"
    )
    found: list[npt.NDArray[np.float64]] = []
    for runner in ("native", "torch"):
        with closing(alize.load(smollm2, runner=runner, dtype="float32")) as model:
            assert model.info.runner.startswith(runner)
            values = model.logits(model.tokenizer.encode(text)).astype(np.float64)
            found.append(values - np.log(np.exp(values).sum(-1, keepdims=True)))
    ours, theirs = found
    assert (np.exp(theirs) * (theirs - ours)).sum(-1).mean() < 0.01
    assert (ours.argmax(-1) == theirs.argmax(-1)).mean() > 0.9


def test_what_it_does_not_run_is_refused_with_the_reason(tmp_path: Path) -> None:
    path = write_gguf(tmp_path / "tiny.gguf", others={"token_embd": "F32"})
    with closing(open_checkpoint(path)) as checkpoint:
        assert why_not(checkpoint, read_params(checkpoint.params)) == "'tok_embeddings.weight' is stored as F32"
    with pytest.raises(SettingInvalid) as refused:
        build_core(EngineConfig(str(path), runner="native"))
    assert refused.value.remedy == "Set runner to torch, or to auto."


def test_pytorch_keeps_keys_in_what_it_computes_with_and_refuses_to_keep_them_in_bytes(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    path = write_gguf(tmp_path / "tiny.gguf")

    def kept(cache: str) -> int:
        return build_core(EngineConfig(str(path), runner="torch", dtype="float32", cache_dtype=cache, cache_bytes=1 << 22)).info.cache_bytes

    assert kept("auto") == kept("bfloat16")
    with pytest.raises(SettingInvalid, match="in int8: PyTorch computes it, because the setting `runner` says so") as refused:
        kept("int8")
    assert refused.value.param == "cache_dtype"


def test_more_threads_than_cores_never_mistake_one_step_for_another(tmp_path: Path) -> None:
    """A thread that wakes when the step it was woken for is over finds its work done, and takes none of the next step for it."""
    path = write_gguf(tmp_path / "tiny.gguf")
    table = {"full": list(range(CONTEXT // 16))}

    def steps(_: int) -> None:
        with closing(native(path, threads=8)) as runner:
            runner.allocate({"full": CONTEXT // 16})
            batches = [pack([(prompt(length, length), 0, table)], runner.info.groups, [False], want="hidden") for length in range(1, 10)]
            expected = [_bytes(runner, batch) for batch in batches]
            for _ in range(2000):
                assert [_bytes(runner, batch) for batch in batches] == expected

    with ThreadPoolExecutor(4) as others:  # so that no core is ever free
        list(others.map(steps, range(4)))


def _bytes(runner: NativeRunner, batch: Batch) -> bytes:
    values = runner.run(batch, []).values
    assert values is not None
    return values.tobytes()
