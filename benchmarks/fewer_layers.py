"""A smaller model cut from a GGUF: its first layers, and its own ends. In: a GGUF. Out: another, with the same tokenizer.

    python benchmarks/fewer_layers.py MODEL.gguf SMALLER.gguf --layers 10

What is left was never trained to be a model of its own, so it is a bad one: a draft model that takes a third of the time and is wrong more
often than right, for `benchmarks/speculation.py --draft`.
"""

import argparse
import re
import sys
from collections.abc import Callable
from pathlib import Path

import gguf
import numpy as np

__all__ = ["fewer_layers"]


def fewer_layers(path: Path, smaller: Path, layers: int, words: Callable[[list[str]], list[str]] = list) -> Path:
    """`words`: what becomes of the vocabulary's, for whoever wants another. Behind its end, [THESE] are control tokens."""
    reader = gguf.GGUFReader(path)
    fields = {name: field.contents() for name, field in reader.fields.items()}
    architecture, known, rows = fields["general.architecture"], fields["tokenizer.ggml.tokens"], words(fields["tokenizer.ggml.tokens"])
    changed = {
        f"{architecture}.block_count": layers,
        f"{architecture}.vocab_size": len(rows),
        "tokenizer.ggml.tokens": rows,
    }
    kinds = [3 if word.startswith("[") else 1 for word in rows[len(known) :]]
    changed["tokenizer.ggml.token_type"] = fields["tokenizer.ggml.token_type"] + kinds
    writer = gguf.GGUFWriter(smaller, architecture)
    for name, field in reader.fields.items():
        if name.startswith("GGUF.") or name == "general.architecture":
            continue
        inner = field.types[-1] if field.types[0] == gguf.GGUFValueType.ARRAY else None
        writer.add_key_value(name, changed.get(name, fields[name]), field.types[0], inner)
    for tensor in reader.tensors:
        layer = re.match(r"blk\.(\d+)\.", tensor.name)
        if layer is None or int(layer[1]) < layers:
            more = tensor.data[: len(kinds)] if tensor.name in ("token_embd.weight", "output.weight") else tensor.data[:0]
            writer.add_tensor(tensor.name, np.concatenate([tensor.data, more]), raw_dtype=tensor.tensor_type)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return smaller


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("smaller", type=Path)
    parser.add_argument("--layers", type=int, default=10)
    args = parser.parse_args()
    fewer_layers(args.model, args.smaller, args.layers)
    return 0


if __name__ == "__main__":
    sys.exit(main())
