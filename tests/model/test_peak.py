"""While a model is loaded, memory never holds more than its weights and one tensor.

Measured by the system in a process of its own: the peak of what is resident, pages of mapped files included, above what was there before.
"""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
gguf = pytest.importorskip("gguf")
from safetensors.torch import save_file  # noqa: E402

pytestmark = [pytest.mark.slow, pytest.mark.skipif(sys.platform != "linux", reason="asks Linux for the peak")]

DIM, HIDDEN, LAYERS, HEADS, VOCAB = 512, 1792, 9, 8, 12288
SLACK = 16 * 2**20
"""What Python, the allocator and oneDNN keep for themselves."""

MEASURE = """
import gc, json, re, sys
import torch
from pathlib import Path
from alize.engine.runners.torch import TorchRunner
from alize.engine.runners.torch_pack import can_pack, pack_module
from alize.model.load import load_model
from alize.weights.checkpoints import open_checkpoint

def resident(name):
    return int(re.search(name + r":\\s+(\\d+) kB", Path("/proc/self/status").read_text())[1]) * 1024

path, dtype, stored = sys.argv[1], getattr(torch, sys.argv[2]), sys.argv[3] == "stored"
torch.set_num_threads(1)
if can_pack(dtype, "cpu"):
    warm = torch.ops.mkldnn._reorder_linear_weight(torch.ones(64, 64, dtype=dtype), 512)
    torch.ops.mkldnn._linear_pointwise(torch.ones(8, 64, dtype=dtype), warm, None, "none", [], "")
checkpoint = open_checkpoint(Path(path))
gc.collect()
before = resident("VmRSS")
Path("/proc/self/clear_refs").write_text("5")  # the peak begins anew
settle = pack_module if can_pack(dtype, "cpu") else None  # as build.py does
runner = TorchRunner(load_model(checkpoint, dtype, stored=stored, settle=settle))
print(json.dumps({"peak": resident("VmHWM") - before, "kept": resident("VmRSS") - before, "weights": runner.info.weights_bytes}))
"""


def tensors() -> dict[str, Any]:
    torch.manual_seed(0)
    shapes = {"tok_embeddings": (VOCAB, DIM), "output": (VOCAB, DIM), "norm": (DIM,)}
    for layer in range(LAYERS):
        shapes |= {f"layers.{layer}.attention.{name}": (DIM, DIM) for name in ("wq", "wk", "wv", "wo")}
        shapes |= {f"layers.{layer}.feed_forward.{name}": (HIDDEN, DIM) for name in ("w1", "w3")}
        shapes |= {
            f"layers.{layer}.feed_forward.w2": (DIM, HIDDEN),
            f"layers.{layer}.attention_norm": (DIM,),
            f"layers.{layer}.ffn_norm": (DIM,),
        }
    return {f"{name}.weight": torch.randn(shape) * 0.1 for name, shape in shapes.items()}


def as_consolidated(folder: Path, dtype: Any) -> Path:
    folder.mkdir()
    save_file({name: tensor.to(dtype) for name, tensor in tensors().items()}, folder / "consolidated.safetensors")
    shape = {"dim": DIM, "n_layers": LAYERS, "n_heads": HEADS, "n_kv_heads": HEADS, "hidden_dim": HIDDEN, "vocab_size": VOCAB}
    (folder / "params.json").write_text(json.dumps(shape))
    return folder


def as_gguf(path: Path, kind: str) -> Path:
    writer = gguf.GGUFWriter(path, "llama")
    writer.add_block_count(LAYERS)
    writer.add_context_length(2048)
    writer.add_embedding_length(DIM)
    writer.add_feed_forward_length(HIDDEN)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(HEADS)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_vocab_size(VOCAB)
    parts = {"attention.wq": "attn_q", "attention.wk": "attn_k", "attention.wv": "attn_v", "attention.wo": "attn_output"}
    parts |= {"feed_forward.w1": "ffn_gate", "feed_forward.w2": "ffn_down", "feed_forward.w3": "ffn_up", "attention_norm": "attn_norm"}
    outer = {"tok_embeddings": "token_embd", "output": "output", "norm": "output_norm"}
    for name, tensor in tensors().items():
        stem = name.removesuffix(".weight")
        layer, _, part = stem.removeprefix("layers.").partition(".")
        theirs = outer.get(stem) or f"blk.{layer}.{parts.get(part, part)}"
        if tensor.ndim == 1:
            writer.add_tensor(f"{theirs}.weight", tensor.numpy())
            continue
        raw = gguf.quants.quantize(np.asarray(tensor), gguf.GGMLQuantizationType[kind])
        writer.add_tensor(f"{theirs}.weight", raw, raw_dtype=gguf.GGMLQuantizationType[kind])
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return path


WAYS = {
    "float32 to float32": ("float32", "float32", "expanded"),
    "bfloat16 to bfloat16": ("bfloat16", "bfloat16", "expanded"),
    "bfloat16 to float32": ("bfloat16", "float32", "expanded"),
    "Q8_0 to float32": ("Q8_0", "float32", "expanded"),
    "Q8_0 to bfloat16": ("Q8_0", "bfloat16", "expanded"),
    "Q4_0, stored": ("Q4_0", "float32", "stored"),
}


@pytest.mark.parametrize("way", WAYS)
def test_loading_takes_the_weights_and_one_tensor(way: str, tmp_path: Path) -> None:
    kind, dtype, kept = WAYS[way]
    path = as_gguf(tmp_path / "model.gguf", kind) if kind.startswith("Q") else as_consolidated(tmp_path / "model", getattr(torch, kind))
    done = subprocess.run([sys.executable, "-c", MEASURE, str(path), dtype, kept], capture_output=True, text=True, timeout=300, check=True)
    found = json.loads(done.stdout)
    largest = VOCAB * DIM * getattr(torch, dtype).itemsize
    assert found["peak"] <= found["weights"] + largest + SLACK, found
