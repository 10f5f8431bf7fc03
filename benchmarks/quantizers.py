"""Are our files llama.cpp's? In: a model. Out: how its quantiser's files differ from ours, and whether it runs ours; JSON on the last line.

The model is converted to a GGUF in float32, which our quantiser and llama.cpp's both round to q8_0, q4_0 and q4_k_m. Of each pair: how many
tensors are the same to the bit, and how large the error of the others is against the float32 weights, ours over theirs. Then llama.cpp
and this project run our files over the same tokens of real text.

    python benchmarks/quantizers.py [--model smollm2-135m-instruct] [--tokens 256]
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

import alize
from alize.cli.bench.peers import PEERS, prepare
from alize.convert.fewer_bits import quantize
from alize.convert.release import Order, convert
from alize.evaluate.texts import MEASURE, text_at
from alize.settings import Settings
from alize.weights.checkpoints.dequantize import dequantize
from alize.weights.checkpoints.gguf_file import GgufFile, read_gguf
from alize.weights.pull import located
from alize.weights.quantized.mix import MIXES

PEER = """
import json, sys
import llama_cpp, numpy as np
task = json.loads(sys.stdin.read())
if "number" in task:
    params = llama_cpp.llama_model_quantize_default_params()
    params.ftype, params.nthread = task["number"], 1
    sys.exit(llama_cpp.llama_model_quantize(task["source"].encode(), task["target"].encode(), params))
model = llama_cpp.Llama(task["path"], n_ctx=len(task["tokens"]) + 8, logits_all=True, n_threads=1, verbose=False)
model.eval(task["tokens"])
print(json.dumps(np.array(model.scores[: len(task["tokens"])]).argmax(-1).tolist()))
"""


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", default="smollm2-135m-instruct")
    parser.add_argument("--tokens", type=int, default=256)
    args = parser.parse_args()
    settings = Settings.load()
    python = prepare(PEERS["llama.cpp"], settings.home, settings.offline, print)
    _, path = located(args.model, settings.home, settings.aliases())
    found: dict[str, Any] = {"model": args.model, "peer": f"llama.cpp ({PEERS['llama.cpp'].version})", "tokens": args.tokens}
    with tempfile.TemporaryDirectory() as folder:
        plain = Path(folder) / "float32.gguf"
        convert(path, plain, Order("gguf", "float32"))
        original = read_gguf(plain)
        for kind, mix in MIXES.items():
            ours, theirs = Path(folder) / f"ours-{kind}.gguf", Path(folder) / f"theirs-{kind}.gguf"
            quantize(plain, ours, kind)
            asked(python, {"number": mix.number, "source": str(plain), "target": str(theirs)})
            found[kind] = compared(read_gguf(ours), read_gguf(theirs), original) | {"same_top_1": agreed(python, ours, args.tokens)}
            print(kind, found[kind])
    print(json.dumps(found))
    return 0


def compared(ours: GgufFile, theirs: GgufFile, original: GgufFile) -> dict[str, Any]:
    assert ours.tensors.keys() == theirs.tensors.keys()
    kinds = [name for name, tensor in ours.tensors.items() if tensor.kind != theirs.tensors[name].kind]
    other = [name for name, tensor in ours.tensors.items() if not np.array_equal(tensor.data, theirs.tensors[name].data)]
    ratios = [error(ours, original, name) / error(theirs, original, name) for name in other]
    return {
        "tensors": len(ours.tensors),
        "of_another_kind": len(kinds),
        "of_other_bytes": len(other),
        "error_ours_over_theirs": [round(min(ratios), 5), round(max(ratios), 5)] if ratios else None,
    }


def error(file: GgufFile, original: GgufFile, name: str) -> float:
    tensor, true = file.tensors[name], original.tensors[name]
    apart = dequantize(tensor.kind, tensor.data, tensor.shape) - dequantize(true.kind, true.data, true.shape)
    return float(np.sqrt((apart * apart).mean()))


def agreed(python: Path, path: Path, count: int) -> float:
    """How often llama.cpp and this project find the same token likeliest, in the same file."""
    model = alize.load(path, dtype="float32")
    tokens = model.tokenizer.encode(text_at(MEASURE))[:count]
    ours = model.logits(tokens).argmax(-1)
    model.close()
    theirs = np.array(json.loads(asked(python, {"path": str(path), "tokens": tokens}).strip().splitlines()[-1]))
    return round(float((ours == theirs).mean()), 4)


def asked(python: Path, task: dict[str, Any]) -> str:
    done = subprocess.run([str(python), "-c", PEER], input=json.dumps(task), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-2000:]
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
