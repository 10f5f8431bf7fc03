"""What an adapter is, on disk. In: a file's tensors. Out: for each linear layer the two thin matrices of it, not yet read.

A low-rank adapter (Hu et al. 2021) adds to a layer's weight W, [out, in], a product of two thin matrices: W + scale · B A, with
A [rank, in] and B [out, rank]. How it is computed with stands in model/lora.py. Layers have the names of their weights in a Checkpoint
(weights/checkpoints/base.py), without ".weight".
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from alize.errors import CheckpointInvalid
from alize.weights.checkpoints.fields import printable
from alize.weights.checkpoints.kinds import PLAIN
from alize.weights.checkpoints.mapped import FileTensor
from alize.weights.files import sha256_of

__all__ = ["CONFIG", "FILE", "WEIGHTS", "Adapter", "Half", "LowRank", "fingerprint", "paired"]

CONFIG, WEIGHTS = "adapter_config.json", "adapter_model.safetensors"
"""Files of PEFT's folder."""

FILE = "lora.safetensors"
"""As mistral-finetune calls its own."""

Half = Literal["A", "B"]
MOST_RANK = 1 << 16


@dataclass(frozen=True, slots=True)
class LowRank:
    """One layer's matrices, as they lie in the file."""

    layer: str
    a: FileTensor  # [rank, in]
    b: FileTensor  # [out, rank]
    scale: float
    halves: bool = False  # the rows of b are in the order that transformers has, which keeps rotated heads in halves
    experts: int = 0  # > 0: those of so many experts in one: a [experts · rank, in], b [out, rank · experts]

    @property
    def rank(self) -> int:
        return self.a.shape[0] // max(1, self.experts)


@dataclass(frozen=True, slots=True)
class Adapter:
    path: Path
    format: Literal["peft", "consolidated"]
    layers: Mapping[str, LowRank]
    sha256: str  # of the matrices and the scales: the same adapter has the same wherever it lies
    base: str = ""  # the model it was made for, as its makers wrote it

    @property
    def rank(self) -> int:
        """The largest of any layer."""
        return max(pair.rank for pair in self.layers.values())

    @property
    def numbers(self) -> int:
        """How many there are in all matrices."""
        return sum(pair.a.shape[0] * pair.a.shape[1] + pair.b.shape[0] * pair.b.shape[1] for pair in self.layers.values())


def paired(path: Path, halves: Iterable[tuple[str, Half, FileTensor]]) -> dict[str, tuple[FileTensor, FileTensor]]:
    """A and B of each layer. Raises CheckpointInvalid where one is missing, there twice, no matrix, or where they do not fit together."""
    found: dict[str, dict[Half, FileTensor]] = {}
    for layer, half, tensor in halves:
        if tensor.kind not in PLAIN:
            raise _wrong(path, tensor, f"is stored as {tensor.kind}, and an adapter must be one of {', '.join(PLAIN)}")
        if len(tensor.shape) != 2 or 0 in tensor.shape:
            raise _wrong(path, tensor, f"is of shape {list(tensor.shape)}, which is no matrix")
        if half in found.setdefault(layer, {}):
            raise _wrong(path, tensor, f"means the same as '{printable(found[layer][half].name[:200])}'")
        found[layer][half] = tensor
    if not found:
        raise CheckpointInvalid(f"{path} holds no matrices of an adapter.")
    for pair in found.values():
        if len(pair) < 2:
            (there,) = pair.values()
            raise _wrong(path, there, "is there without its other half")
        a, b = pair["A"], pair["B"]
        if a.shape[0] != b.shape[1] or a.shape[0] > MOST_RANK:
            raise _wrong(path, b, f"is {list(b.shape)} and '{printable(a.name[:200])}' {list(a.shape)}: they have no rank in common")
    return {layer: (pair["A"], pair["B"]) for layer, pair in found.items()}


def fingerprint(path: Path, scales: Mapping[str, float]) -> str:
    """The file's SHA-256, with what is said beside it of how to scale it."""
    digest = hashlib.sha256(sha256_of(path).encode())
    for layer, scale in sorted(scales.items()):
        digest.update(f"{layer}={scale!r}\n".encode())
    return digest.hexdigest()


def _wrong(path: Path, tensor: FileTensor, why: str) -> CheckpointInvalid:
    return CheckpointInvalid(f"{path}: '{printable(tensor.name[:200])}' {why}.", remedy="The file is damaged, or no adapter of this kind.")
