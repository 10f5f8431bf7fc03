"""Seven billion weights on a GPU. In: a folder with room. Out: tokens a second, ours and transformers', and the memory's rate; JSON last.

The weights are random bfloat16 in the shape of Mistral 7B (load.py), made once and kept: 14.5 GB on disk, and as much on the GPU, twice one
after the other. What a decode step has to read is known, so each row says what share of the memory's measured rate it came to.

    python benchmarks/gpu.py --folder DIR
    python benchmarks/gpu.py --folder DIR --layers 8      # a smaller GPU: 4.1 GB

transformers runs as it comes, and with a static cache, for which it compiles the model; the faster of the two is its number.
"""

import argparse
import gc
import json
import statistics
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
from load import Size, write_consolidated

PROMPT, ANSWER, LONG = 64, 128, 2048
STREAMS = (1, 64)
TIMES = 5


def memory_rate(device: str, size: int = 2**31) -> float:
    """GB/s of a copy within the device's memory, read and written: the best of ten."""
    import torch

    source = torch.empty(size, dtype=torch.uint8, device=device)
    into = torch.empty_like(source)
    best = min(timed(device, lambda: into.copy_(source)) for _ in range(10))
    return 2 * size / best / 1e9


def timed(device: str, work: Callable[[], Any]) -> float:
    """Seconds, until the device has done it."""
    import torch

    wait: Callable[[], object] = torch.cuda.synchronize if device == "cuda" else lambda: None
    wait()
    started = time.perf_counter()
    work()
    wait()
    return time.perf_counter() - started


def prompts(count: int, length: int, vocabulary: int) -> Any:
    return np.random.default_rng(0).integers(0, vocabulary, (count, length))


def ours(path: Path, device: str, streams: Iterable[int] = STREAMS, prompt: int = PROMPT, answer: int = ANSWER, long: int = LONG) -> Any:
    """Tokens a second by kind of work, and what the runner says of itself."""
    from alize.engine.base import Request
    from alize.engine.build import EngineConfig, build_core
    from alize.engine.schedule import Limits

    context = 2 * max(long, prompt + answer)
    limits = Limits(max_context=context, step_tokens=long, max_running=max(streams), prefix_cache=False, speculation=False)
    core = build_core(EngineConfig(str(path), runner="torch", device=device, dtype="bfloat16", gpu_kernels=True, limits=limits))
    vocabulary = core.runner.info.vocab_size
    found: dict[str, float] = {}
    for count in streams:
        for index, tokens in enumerate(prompts(count, prompt, vocabulary).tolist()):
            core.add(Request(f"{count}-{index}", tuple(tokens), answer))
        steps: list[float] = []
        while core.busy:
            started = time.perf_counter()
            drawn = sum(len(step.tokens) for step in core.step())  # tokens are numbers of the processor's: the device has done it
            if drawn == count:
                steps.append(time.perf_counter() - started)
        found[f"decode-{count}"] = count / statistics.median(steps[5:])  # the first ones compile and record
    seconds: list[float] = []
    for index, tokens in enumerate(prompts(TIMES, long, vocabulary).tolist()):
        core.add(Request(f"long-{index}", tuple(tokens), 1))
        started = time.perf_counter()
        while core.busy:
            core.step()
        seconds.append(time.perf_counter() - started)
    found[f"prefill-{long}"] = long / statistics.median(seconds)
    why = core.info.dtype_reason
    core.runner.close()
    return found, why


def transformers_model(path: Path, device: str) -> Any:
    """The same shape, with random numbers: what they are changes nothing about the time."""
    import torch
    from transformers import MistralConfig, MistralForCausalLM

    params = json.loads((path / "params.json").read_text())
    config = MistralConfig(
        hidden_size=params["dim"],
        num_hidden_layers=params["n_layers"],
        num_attention_heads=params["n_heads"],
        num_key_value_heads=params["n_kv_heads"],
        head_dim=params["head_dim"],
        intermediate_size=params["hidden_dim"],
        vocab_size=params["vocab_size"],
        max_position_embeddings=params["max_position_embeddings"],
        rope_theta=params["rope_theta"],
        sliding_window=None,
        eos_token_id=None,
        pad_token_id=0,
    )
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.bfloat16)
    try:
        with torch.device(device):
            return MistralForCausalLM(config).eval()
    finally:
        torch.set_default_dtype(before)


def peer(
    path: Path,
    device: str,
    streams: Iterable[int] = STREAMS,
    prompt: int = PROMPT,
    answer: int = ANSWER,
    long: int = LONG,
    caches: tuple[str, ...] = ("dynamic", "static"),
) -> dict[str, float]:
    """Tokens a second by kind of work: of decoding, what `answer` tokens take longer than one."""
    import torch

    model = transformers_model(path, device)
    vocabulary = model.config.vocab_size
    found: dict[str, float] = {}
    with torch.inference_mode():
        for count in streams:
            ids = torch.as_tensor(prompts(count, prompt, vocabulary), device=device)
            rates = []
            for cache in caches:
                times = {length: _generating(model, ids, length, cache, device) for length in (1, answer)}
                rates.append(count * (answer - 1) / (times[answer] - times[1]))
            found[f"decode-{count}"] = max(rates)
        ids = torch.as_tensor(prompts(1, long, vocabulary), device=device)
        seconds = [timed(device, lambda: model(ids, logits_to_keep=1)) for _ in range(TIMES + 1)]
        found[f"prefill-{long}"] = long / statistics.median(seconds[1:])
    return found


def _generating(model: Any, ids: Any, length: int, cache: str, device: str) -> float:
    """The median after two that compile what is to be compiled."""

    def generate() -> None:
        model.generate(ids, max_new_tokens=length, min_new_tokens=length, do_sample=False, cache_implementation=cache)

    return statistics.median([timed(device, generate) for _ in range(TIMES)][2:])


def read_by_a_step(path: Path) -> int:
    """Bytes of weights: all but the table, of which a row is read."""
    params = json.loads((path / "params.json").read_text())
    return sum(file.stat().st_size for file in path.glob("*.safetensors")) - 2 * params["dim"] * params["vocab_size"]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--layers", type=int, default=32)
    args = parser.parse_args()
    import torch

    if not torch.cuda.is_available():
        print("There is no GPU that the installed PyTorch can use, so nothing was measured.", file=sys.stderr)
        return 1
    size = Size(args.layers)
    path = args.folder / size.name
    if not path.exists():
        args.folder.mkdir(parents=True, exist_ok=True)
        noise = (np.random.default_rng(0).standard_normal(1 << 24) * 0.02).astype(np.float32)
        write_consolidated(path.with_name(f"making-{path.name}"), noise, size).rename(path)
    rate = memory_rate("cuda")
    mine, why = ours(path, "cuda")
    gc.collect()
    torch.cuda.empty_cache()
    theirs = peer(path, "cuda")
    rows = [{"work": work, "unit": "tok/s", "ours": round(mine[work], 1), "transformers": round(theirs[work], 1)} for work in mine]
    for row in rows:
        row["ratio"] = round(row["ours"] / row["transformers"], 2)
        print(f"{row['work']:14} {row['ours']:10} tok/s   transformers {row['transformers']:10}   {row['ratio']:5}")
    share = mine["decode-1"] * read_by_a_step(path) / 1e9 / rate
    machine = {"gpu": torch.cuda.get_device_name(), "torch": torch.__version__, "copy_gb_s": round(rate), "decode_1_of_it": round(share, 2)}
    print(json.dumps({"model": path.name, "machine": machine, "why": why, "rows": rows}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
