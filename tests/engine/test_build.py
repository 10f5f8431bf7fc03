"""From a path to an engine that answers, and what that costs."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from alize.engine.build import EngineConfig, build_core, named
from alize.engine.fit import LEAST_CONTEXT, OVERHEAD, least_cache
from alize.errors import OutOfMemory
from alize.model.params import read_params
from alize.weights.checkpoints import open_checkpoint
from alize.weights.footprint import stored_bytes

pytest.importorskip("torch")

ANSWER = """
import sys
from alize.engine.base import Request
from alize.engine.build import EngineConfig, build_core
core = build_core(EngineConfig(sys.argv[1], threads=1, cache_bytes=1 << 20))
core.add(Request("a", (1, 2, 3), 4))
while core.busy:
    core.step()
assert core.stats().generated_tokens == 4
sys.exit("torch._dynamo" in sys.modules)
"""


def test_an_engine_answers_without_pytorch_s_compiler(tiny_checkpoint: Path) -> None:
    """Importing it takes a second, as much as all the rest of PyTorch."""
    subprocess.run([sys.executable, "-c", ANSWER, str(tiny_checkpoint)], check=True, timeout=120)


@pytest.mark.parametrize(("runner", "weights"), [("torch", "stored"), ("torch", "expanded"), ("native", "stored")])
def test_loading_tells_how_far_it_is(runner: str, weights: str, smollm2: Path) -> None:
    told: list[tuple[int, int, str]] = []
    config = EngineConfig(str(smollm2), runner=runner, threads=1, cache_bytes=1 << 20, weights=weights)
    core = build_core(config, named(lambda *report: told.append(report), "Loading it"))
    core.runner.close()
    done = [each[0] for each in told]
    assert len(told) > 100
    assert done == sorted(done)
    assert {each[1:] for each in told} == {(done[-1], "Loading it")}  # of all bytes in the end


@pytest.mark.parametrize("given", [{"dtype": "float32"}, {"runner": "native"}])
def test_what_does_not_fit_is_refused_before_a_weight_is_read(given: dict[str, Any], smollm2: Path) -> None:
    told: list[int] = []
    config = EngineConfig(str(smollm2), threads=1, memory_bytes=100 << 20, **given)
    with pytest.raises(OutOfMemory, match=r"does not fit into memory: its weights take 92\.[01] MiB as stored, .*; 100\.0 MiB are free"):
        build_core(config, lambda done, total: told.append(done))
    assert not told


@pytest.mark.parametrize("runner", ["torch", "native"])
def test_a_limit_of_memory_bounds_weights_and_cache_together(runner: str, smollm2: Path) -> None:
    limit = 600 << 20
    core = build_core(EngineConfig(str(smollm2), runner=runner, threads=1, memory_bytes=limit))
    assert runner == "native" or "as stored" in core.info.dtype_reason
    assert core.info.weights_bytes + core.info.cache_bytes < limit


def test_where_memory_is_short_the_cache_still_holds_the_least_context(smollm2: Path) -> None:
    checkpoint = open_checkpoint(smollm2)
    cache = least_cache(read_params(checkpoint.params), "float32")
    limit = stored_bytes(checkpoint, 4) + OVERHEAD + cache + (1 << 20)
    core = build_core(EngineConfig(str(smollm2), dtype="float32", threads=1, memory_bytes=limit))
    assert core.info.max_context == LEAST_CONTEXT
    assert core.info.cache_bytes == cache
