"""Adapters in the native core: what the specification adds, and the same bits whatever other adapters share the batch."""

from contextlib import closing
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from alize.engine.base import Request
from alize.engine.batch import pack
from alize.engine.build import EngineConfig, build_core
from alize.engine.runners.native import NativeRunner
from alize.engine.schedule import Limits
from alize.model.params import read_params
from alize.weights.adapters import open_adapter
from alize.weights.checkpoints import open_checkpoint
from tests.adapters import write_release
from tests.engine.native.files import DIM, HEAD, HEADS, HIDDEN, KV_HEADS, LAYERS, VOCAB, write_gguf
from tests.engine.native.kernels import NAMES

Logits = npt.NDArray[np.float32]
SHAPES = {
    "attention.wq": (HEADS * HEAD, DIM),
    "attention.wk": (KV_HEADS * HEAD, DIM),
    "attention.wv": (KV_HEADS * HEAD, DIM),
    "attention.wo": (DIM, HEADS * HEAD),
    "feed_forward.w1": (HIDDEN, DIM),
    "feed_forward.w2": (DIM, HIDDEN),
    "feed_forward.w3": (HIDDEN, DIM),
}
EVERY = {f"layers.{layer}.{name}": size for layer in range(LAYERS) for name, size in SHAPES.items()}
SOME = {f"layers.1.{name}": SHAPES[name] for name in ("attention.wv", "feed_forward.w3")}


@pytest.fixture(params=["Q8_0", "BF16"])
def files(request: pytest.FixtureRequest, tmp_path: Path) -> dict[str, Path]:
    return {
        "model": write_gguf(tmp_path / "tiny.gguf", request.param),
        "every": write_release(tmp_path / "every" / "lora.safetensors", EVERY, seed=1, rank=5, size=0.1),
        "some": write_release(tmp_path / "some" / "lora.safetensors", SOME, seed=2, rank=3, size=0.3),
    }


def runner(files: dict[str, Path], threads: int = 2, kernels: str = "") -> NativeRunner:
    with closing(open_checkpoint(files["model"])) as checkpoint:
        made = NativeRunner(checkpoint, read_params(checkpoint.params), threads, kernels=kernels)
    for name in ("every", "some"):
        made.load_adapter(name, open_adapter(files[name]))
    made.allocate({"full": 40})
    return made


def logits(made: NativeRunner, *asked: tuple[int, str | None]) -> list[Logits]:
    """Of prompts of so many tokens with these adapters, all in one batch."""
    rows = [
        (tokens(length), 0, {"full": list(range(start, start + 10))}) for start, (length, _) in zip(range(0, 40, 10), asked, strict=False)
    ]
    batch = pack(rows, made.info.groups, [False] * len(rows), tuple(name for _, name in asked), want="logits")
    values = made.run(batch, []).values
    assert values is not None
    return np.split(values, np.cumsum([length for length, _ in asked])[:-1])


def tokens(length: int) -> list[int]:
    return np.random.default_rng(length).integers(0, VOCAB, length).tolist()


@pytest.mark.parametrize("name", ["every", "some"])
def test_an_adapter_adds_what_the_specification_adds(files: dict[str, Path], name: str) -> None:
    torch = pytest.importorskip("torch")
    from alize.model.build import packed_memory
    from alize.model.load import load_model
    from alize.model.lora import adapt

    with closing(open_checkpoint(files["model"])) as checkpoint:
        model = load_model(checkpoint, torch.float64)

    def specified() -> npt.NDArray[np.float64]:
        with torch.inference_mode():
            return model.head(model(torch.tensor(tokens(60)), torch.arange(60), packed_memory(model.config, [60]))).numpy()

    with closing(runner(files)) as made:
        (found,), (plain,) = logits(made, (60, name)), logits(made, (60, None))
    before = specified()
    adapt(model, open_adapter(files[name]))
    changed = specified()
    assert np.abs(changed - before).std() > 10 * np.abs(found - changed).std()  # it does something, and that
    assert np.abs((found - plain) - (changed - before)).std() < 0.06 * (changed - before).std()


@pytest.mark.parametrize("kernels", NAMES)
def test_a_row_is_the_same_whatever_adapters_are_beside_it(files: dict[str, Path], kernels: str) -> None:
    asked = [(3, "every"), (70, "some"), (1, None), (20, "every")]
    with closing(runner(files, threads=1, kernels="portable")) as made:
        alone = [logits(made, one)[0].tobytes() for one in asked]
    for threads in (1, 3):
        with closing(runner(files, threads, kernels)) as made:
            assert [each.tobytes() for each in logits(made, *asked)] == alone
            assert [logits(made, one)[0].tobytes() for one in asked] == alone


@pytest.mark.parametrize("limits", [Limits(), Limits(step_tokens=16, prefix_cache=False), Limits(decode_steps=8)])
def test_answers_among_other_adapters_are_those_given_alone(files: dict[str, Path], limits: Limits) -> None:
    adapters = {name: str(files[name]) for name in ("every", "some")}
    with_adapters = EngineConfig(str(files["model"]), runner="native", threads=2, cache_bytes=1 << 24, limits=limits, adapters=adapters)
    core = build_core(with_adapters)
    assert not core.adapters.unavailable
    requests = [Request(f"{name}-{n}", tuple(tokens(n)), 12, adapter=name) for n in (4, 30, 61) for name in ("every", "some", None)]

    def finished() -> dict[str, list[int]]:
        given: dict[str, list[int]] = {}
        while core.busy:
            for step in core.step():
                given.setdefault(step.request_id, []).extend(step.tokens)
        return given

    alone: dict[str, list[int]] = {}
    for request in requests:
        core.add(request)
        alone |= finished()
    for request in requests:
        core.add(request)
    assert finished() == alone
    assert alone["every-61"] != alone["None-61"]
    core.runner.close()


def test_an_adapter_of_another_model_changes_nothing(files: dict[str, Path], tmp_path: Path) -> None:
    from alize.errors import CheckpointInvalid

    wrong = write_release(tmp_path / "wrong" / "lora.safetensors", {"layers.0.attention.wq": (64, 64)})
    with closing(runner(files)) as made:
        before = logits(made, (9, "every"))[0].tobytes()
        with pytest.raises(CheckpointInvalid):
            made.load_adapter("every", open_adapter(wrong))
        assert logits(made, (9, "every"))[0].tobytes() == before
