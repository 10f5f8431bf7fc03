"""Load seven billion weights and let them speak. In: a kind of file, a folder with room. Out: times and memory; JSON on the last line.

The weights are random, in the shape of Mistral 7B: what they say is noise, and what they cost is not. The files are made once and kept.

    python benchmarks/load.py bfloat16 --folder DIR     # 14.5 GB, consolidated, in pieces of 2 GB
    python benchmarks/load.py Q4_0 --folder DIR         # 4.1 GB, one GGUF
    python benchmarks/load.py Q4_0 --experts 8 --layers 4 --folder DIR     # 3.4 GB: Mixtral 8x7B, of its 32 layers as many as fit

With experts, weights in all and those of one token are two numbers: the last line has both, and how fast those of a token are read.
A GGUF with the tokenizer of another (`--words FILE`) is a model to others, too, and `alize bench` runs it beside llama.cpp.
"""

import argparse
import json
import struct
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import psutil

DIM, HIDDEN, HEADS, KV_HEADS, CONTEXT = 4096, 14336, 32, 8, 32768
ACTIVE = 2
PIECE = 2 * 10**9  # bytes of a file
Octets = npt.NDArray[np.uint8]


@dataclass(frozen=True)
class Size:
    layers: int = 32
    experts: int = 0  # 0: dense
    vocab: int = 32768

    @property
    def name(self) -> str:
        """Of its files."""
        shrunk = "" if self.layers == 32 else f"-{self.layers}-layers"
        return (f"{self.experts}-times-seven-billion" if self.experts else "seven-billion") + shrunk


def shapes(size: Size) -> Iterator[tuple[str, tuple[int, ...]]]:
    """Canonical names."""
    yield "tok_embeddings.weight", (size.vocab, DIM)
    for layer in range(size.layers):
        for name, rows in (("wq", DIM), ("wk", DIM * KV_HEADS // HEADS), ("wv", DIM * KV_HEADS // HEADS), ("wo", DIM)):
            yield f"layers.{layer}.attention.{name}.weight", (rows, DIM)
        if size.experts:
            yield f"layers.{layer}.feed_forward.gate.weight", (size.experts, DIM)
        for stem in [f"experts.{number}." for number in range(size.experts)] or [""]:
            for name, shape in (("w1", (HIDDEN, DIM)), ("w2", (DIM, HIDDEN)), ("w3", (HIDDEN, DIM))):
                yield f"layers.{layer}.feed_forward.{stem}{name}.weight", shape
        for name in ("attention_norm", "ffn_norm"):
            yield f"layers.{layer}.{name}.weight", (DIM,)
    yield "norm.weight", (DIM,)
    yield "output.weight", (size.vocab, DIM)


def ones_or_noise(shape: tuple[int, ...], noise: npt.NDArray[np.float32], start: int) -> npt.NDArray[np.float32]:
    """A norm's factors are ones; a matrix is a stretch of the same noise, from another place each time."""
    if len(shape) == 1:
        return np.ones(shape, np.float32)
    count = int(np.prod(shape))
    return np.resize(np.roll(noise, start * 977), count).reshape(shape)


def write_consolidated(folder: Path, noise: npt.NDArray[np.float32], size: Size) -> Path:
    """params.json and consolidated-0000N-of-0000M.safetensors."""
    folder.mkdir(parents=True, exist_ok=True)
    pieces: list[list[tuple[str, tuple[int, ...]]]] = [[]]
    for name, shape in shapes(size):
        if 2 * sum(int(np.prod(s)) for _, s in pieces[-1]) > PIECE:
            pieces.append([])
        pieces[-1].append((name, shape))
    for number, tensors in enumerate(pieces, 1):
        header: dict[str, Any] = {}
        position = 0
        for name, shape in tensors:
            end = position + 2 * int(np.prod(shape))
            header[name] = {"dtype": "BF16", "shape": shape, "data_offsets": [position, end]}
            position = end
        text = json.dumps(header).encode()
        with (folder / f"consolidated-{number:05}-of-{len(pieces):05}.safetensors").open("wb") as file:
            file.write(struct.pack("<Q", len(text)) + text)
            for index, (_, shape) in enumerate(tensors):
                values = ones_or_noise(shape, noise, number * 100 + index)
                file.write((values.view(np.uint32) >> 16).astype(np.uint16).tobytes())
    said = {"dim": DIM, "n_layers": size.layers, "n_heads": HEADS, "n_kv_heads": KV_HEADS, "head_dim": DIM // HEADS, "hidden_dim": HIDDEN}
    params = {**said, "vocab_size": size.vocab, "norm_eps": 1e-5, "rope_theta": 1e6, "max_position_embeddings": CONTEXT}
    if size.experts:
        params["moe"] = {"num_experts": size.experts, "num_experts_per_tok": ACTIVE}
    (folder / "params.json").write_text(json.dumps(params))
    return folder


PARTS = {
    "gate": "ffn_gate_inp",
    "wq": "attn_q",
    "wk": "attn_k",
    "wv": "attn_v",
    "wo": "attn_output",
    "w1": "ffn_gate",
    "w2": "ffn_down",
    "w3": "ffn_up",
}
OUTER = {"tok_embeddings": "token_embd", "output": "output", "norm": "output_norm", "attention_norm": "attn_norm", "ffn_norm": "ffn_norm"}


def stacked(size: Size) -> Iterator[tuple[str, tuple[int, ...]]]:
    """The same, named as in a GGUF, where all experts of a layer are one tensor."""
    for name, shape in shapes(size):
        *before, part, _ = name.split(".")
        layer = f"blk.{before[1]}." if before else ""
        if "experts" not in before:
            yield f"{layer}{PARTS.get(part) or OUTER[part]}.weight", shape
        elif before[-1] == "0":
            yield f"{layer}{PARTS[part]}_exps.weight", (size.experts, *shape)


def write_gguf(path: Path, noise: npt.NDArray[np.float32], size: Size, kind: str, words: Path | None) -> Path:
    """Written by the gguf package, tensor by tensor. `words`: whose tokenizer it gets."""
    import gguf

    quantised = gguf.GGMLQuantizationType[kind]
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_block_count(size.layers)
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(DIM)
    writer.add_feed_forward_length(HIDDEN)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV_HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_rope_freq_base(1e6)
    writer.add_vocab_size(size.vocab)
    for field in gguf.GGUFReader(words).fields.values() if words else ():
        if field.name.startswith("tokenizer."):
            writer.add_key_value(field.name, field.contents(), field.types[0], field.types[-1] if len(field.types) > 1 else None)
    if size.experts:
        writer.add_expert_count(size.experts)
        writer.add_expert_used_count(ACTIVE)
    encoded = gguf.quants.quantize(noise, quantised)
    values, width = gguf.GGML_QUANT_SIZES[quantised]
    for name, shape in stacked(size):
        plain, count = is_plain(name), int(np.prod(shape))
        stored = [*shape[:-1], shape[-1] if plain else shape[-1] // values * width]
        bytes = count * 4 if plain else count // values * width
        writer.add_tensor_info(name, stored, np.dtype(np.float32 if plain else np.uint8), bytes, None if plain else quantised)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    for index, (name, shape) in enumerate(stacked(size)):
        plain = is_plain(name)
        writer.write_tensor_data(ones_or_noise(shape, noise, index) if plain else np.resize(encoded, int(np.prod(shape)) // values * width))
    writer.close()
    return path


def is_plain(name: str) -> bool:
    """Whether it is kept in float32: norms, and what chooses experts."""
    return name.endswith(("norm.weight", "ffn_gate_inp.weight"))


def vocabulary(words: Path) -> int:
    """How many tokens there are in a GGUF's tokenizer."""
    import gguf

    return len(gguf.GGUFReader(words).fields["tokenizer.ggml.tokens"].data)


class Peak:
    """The most memory this process has held, asked 50 times a second: what is its own, and what are pages of files."""

    def __init__(self) -> None:
        self.own = self.files = self.both = 0
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._look, daemon=True)

    def __enter__(self) -> "Peak":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _look(self) -> None:
        while not self._ended.wait(0.02):
            lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
            own, files = (int(lines[name].split()[0]) * 1024 for name in ("RssAnon", "RssFile"))
            self.own, self.files, self.both = max(self.own, own), max(self.files, files), max(self.both, own + files)


def measure(path: Path, options: dict[str, Any], tokens: int) -> dict[str, Any]:
    """Load it as the engine's process does, read a prompt of 64 tokens and write some."""
    from alize.engine.base import Request
    from alize.engine.build import EngineConfig, build_core
    from alize.engine.schedule import Limits
    from alize.model.memory import parameters
    from alize.model.params import read_params
    from alize.weights.checkpoints import open_checkpoint

    with Peak() as peak:
        started = time.perf_counter()
        limits = Limits(max_context=2048, max_running=1)
        core = build_core(EngineConfig(str(path), limits=limits, **options), shown())
        loaded, computed = time.perf_counter(), time.process_time()
        core.add(Request("a", tuple(range(100, 164)), tokens))
        times: list[float] = []
        processor = [computed]
        while core.busy:
            if any(step.tokens for step in core.step()):
                times.append(time.perf_counter())
                processor.append(time.process_time())
    token_s = (times[-1] - times[0]) / max(1, len(times) - 1)
    with closing(open_checkpoint(path)) as checkpoint:
        config = read_params(checkpoint.params)
    every, active = parameters(config), parameters(config, active=True)
    read = core.info.weights_bytes / every * (active - config.vocab * config.dim)  # of the table one row is read
    return {
        "load_s": round(loaded - started, 1),
        "prompt_of_64_s": round(times[0] - loaded, 1),
        "token_s": round(token_s, 3),
        "parameters_b": round(every / 1e9, 2),
        "of_a_token_b": round(active / 1e9, 2),
        "read_gb_s": round(read / token_s / 1e9, 1),
        "prompt_cpu_s": round(processor[1] - processor[0], 1),  # of all cores: what it costs where others compute, too
        "token_cpu_s": round((processor[-1] - processor[1]) / max(1, len(times) - 1), 2),
        "weights_gb": round(core.info.weights_bytes / 1e9, 2),
        "peak_own_gb": round(peak.own / 1e9, 2),
        "peak_files_gb": round(peak.files / 1e9, 2),
        "peak_both_gb": round(peak.both / 1e9, 2),
        "dtype": core.info.dtype,
        "why": core.info.dtype_reason,
    }


def shown() -> Callable[[int, int], None]:
    def report(done: int, total: int) -> None:
        print(f"\r{100 * done // total} %", end="" if done < total else "\n", file=sys.stderr, flush=True)

    return report


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("kind", choices=("bfloat16", "Q4_0", "Q8_0"))
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--experts", type=int, default=0, help="of a feed-forward, 2 for each token; 0: dense")
    parser.add_argument("--layers", type=int, default=32)
    parser.add_argument("--words", type=Path, help="a GGUF whose tokenizer a GGUF gets")
    parser.add_argument("--make", action="store_true", help="the file alone")
    parser.add_argument("--dtype", default="auto")
    parser.add_argument("--weights", default="auto", choices=("auto", "stored", "expanded"))
    parser.add_argument("--memory", type=float, default=0.0, help="GiB that may be taken")
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--tokens", type=int, default=4)
    args = parser.parse_args()
    size = Size(args.layers, args.experts, vocabulary(args.words) if args.words else 32768)
    path = args.folder / (size.name if args.kind == "bfloat16" else f"{size.name}.{args.kind}.gguf")
    if not path.exists():
        args.folder.mkdir(parents=True, exist_ok=True)
        noise = (np.random.default_rng(0).standard_normal(1 << 24) * 0.02).astype(np.float32)
        beside = path.with_name(f"making-{path.name}")
        made = (
            write_consolidated(beside, noise, size) if args.kind == "bfloat16" else write_gguf(beside, noise, size, args.kind, args.words)
        )
        made.rename(path)
    if args.make:
        return 0
    options = {"dtype": args.dtype, "weights": args.weights, "memory_bytes": int(args.memory * 2**30), "threads": args.threads}
    found = measure(path, options, args.tokens)
    machine = {"cores": psutil.cpu_count(), "memory_gb": round(psutil.virtual_memory().total / 1e9, 1), "load": psutil.getloadavg()[0]}
    print(json.dumps({"kind": args.kind, **found, **machine}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
