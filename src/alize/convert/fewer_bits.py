"""One checkpoint in fewer bits. In: where it is, where it goes, how many bits. Out: a GGUF, or a folder that transformers and vLLM read.

The projections of all layers are quantised; the embeddings, the head, the norms and the choice of experts stay in 16 bits in a folder, and
are what a GGUF of that name has them as (mix.py). A matrix whose rows do not hold whole groups stays, too, and the configuration says so.

    int8       a scale a row            pack-quantized of compressed-tensors
    int4-g32   a scale for 32 values    the same                                fp8   a scale a row    float-quantized
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from alize.convert.check import check_family
from alize.convert.kinds import DTYPES, KindChoice, usual_kind
from alize.convert.layouts import new_tensors, pieces
from alize.convert.pieces import Piece, cast
from alize.convert.release import Order, check_whole, checked, convert, huggingface_files
from alize.convert.write import Report, check_free, write_folder
from alize.errors import ConversionFailed
from alize.model.config import ModelConfig
from alize.model.params import read_params
from alize.weights.checkpoints import Checkpoint, open_checkpoint
from alize.weights.checkpoints.packed_file import PACKED
from alize.weights.checkpoints.writing import NewTensor
from alize.weights.quantized.fp8 import LARGEST, encode_e4m3
from alize.weights.quantized.mix import MIXES
from alize.weights.quantized.packed import Packed, levels_of, pack, scales_of

__all__ = ["KINDS", "Balance", "quantize"]

Floats = npt.NDArray[np.float32]
Balance = Callable[[Checkpoint, ModelConfig, Mapping[str, Piece], "Scheme", str], dict[str, Piece]]
"""Makes a model easier to round, without changing what it computes; given the kind of what stays in 16 bits. See model/quantize.py."""

_MATRIX = re.compile(
    r"layers\.\d{1,4}\.(attention\.(w[qkvo]|wq_a|wq_b|wkv_a_with_mqa|wkv_b)"
    r"|feed_forward\.(experts\.\d{1,4}\.|shared_experts\.)?w[123])\.weight",
    re.ASCII,
)

LEAST_SCALE = {"F16": np.float32(2.0**-24), "BF16": np.float32(2.0**-126)}
"""A smaller one would become zero when it is stored, and all that it is multiplied with."""


@dataclass(frozen=True, slots=True)
class Scheme:
    """What matrices become in a folder."""

    packed: Packed | None  # None: FP8, a scale a row

    def fits(self, shape: tuple[int, ...]) -> bool:
        """Whether a matrix of this shape can be quantised."""
        return len(shape) == 2 and min(shape) > 0 and (self.packed is None or self.packed.fits(shape))

    def scales(self, weights: Floats) -> Floats:
        """[rows, groups]."""
        if self.packed is not None:
            return scales_of(weights, self.packed)
        largest = np.abs(weights).max(axis=1, keepdims=True)
        return np.where(largest == 0, np.float32(1), largest / LARGEST)

    def encoded(self, weights: Floats, scales: Floats) -> npt.NDArray[np.uint8]:
        """The bytes of the matrix."""
        if self.packed is not None:
            return pack(levels_of(weights, scales, self.packed), self.packed.bits)
        return encode_e4m3(weights / scales)


KINDS: dict[str, Scheme | None] = {
    "int8": Scheme(Packed(8, 0)),
    "int4-g32": Scheme(Packed(4, 32)),
    "int4-g64": Scheme(Packed(4, 64)),
    "int4-g128": Scheme(Packed(4, 128)),
    "fp8": Scheme(None),
    **dict.fromkeys(MIXES),
}
"""By the names that --to takes. None: a GGUF."""


def quantize(
    source: Path,
    target: Path,
    to: str,
    licence: str | None = None,
    balance: Balance | None = None,
    report: Report = lambda done, total, what: None,
) -> list[str]:
    """Write the checkpoint at `source` to `target` as `to`, a name of KINDS; returns the matrices of layers that stay in 16 bits.

    Raises CheckpointInvalid for a source that cannot be read, ConversionFailed for weights that are no finite numbers, for a family that
    has no such form, for a target that is there already, and where the disk is full.
    """
    scheme = KINDS[to]
    if scheme is None:
        if balance is not None:
            raise ConversionFailed(f"Calibrating goes with int8, int4 and fp8, and {to} is none of them.", remedy="Leave out --calibrate.")
        convert(source, target, Order("gguf", mix=to, licence=licence), report)
        return []
    check_free(target)
    if target.suffix == ".gguf":
        raise ConversionFailed(f"{target} cannot be the target: {to} is written as a folder.", remedy="Choose another name with -o.")
    checkpoint = open_checkpoint(source)
    try:
        config = read_params(checkpoint.params)
        check_family(config, "huggingface")
        found = pieces(checkpoint, config)
        check_whole(checkpoint, config, found)
        kind = usual_kind(found)
        rest = kind if kind in ("F16", "BF16") else "BF16"
        tensors, left = _tensors(found, config, scheme, rest)
        dtype, said = next(name for name, kind in DTYPES.items() if kind == rest), {"quantization_config": _said(scheme, left)}
        files = huggingface_files(checkpoint, config, dtype, licence, said)
        if balance is not None:  # minutes: whatever can be refused has been by now
            tensors, _ = _tensors(balance(checkpoint, config, found, scheme, rest), config, scheme, rest)
        write_folder(target, "model.safetensors", tensors, files, report, checked(checkpoint, config, pieces(checkpoint, config)))
        return left
    finally:
        checkpoint.close()


def _tensors(found: Mapping[str, Piece], config: ModelConfig, scheme: Scheme, rest: str) -> tuple[list[NewTensor], list[str]]:
    """The new tensors, and the names of the matrices that stay as they are though others of their sort do not."""
    vectors = KindChoice("huggingface", rest, narrow=True)
    chosen = {name for name, piece in found.items() if _MATRIX.fullmatch(name) and scheme.fits(piece.shape)}
    plain = new_tensors(
        {name: piece for name, piece in found.items() if name not in chosen},
        config,
        "huggingface",
        lambda name, piece: rest if len(piece.shape) > 1 else vectors(name, piece),
        stacked=False,
    )
    left = [tensor.name.removesuffix(".weight") for tensor in plain if len(tensor.shape) > 1 and ".layers." in tensor.name]
    few: list[NewTensor] = []
    for name in found:
        if name in chosen:
            few += _quantised(_renamed(name, found[name], config), scheme, rest)
    return plain + few, left


def _renamed(name: str, piece: Piece, config: ModelConfig) -> Piece:
    """The matrix under its new name, its rows in their new order."""
    made: list[Piece] = []

    def keep(theirs: str, part: Piece) -> str:
        made.append(Piece(theirs, part.kind, part.shape, part.stored, part.values))
        return "F32"

    new_tensors({name: piece}, config, "huggingface", keep, stacked=False)
    return made[0]


def _quantised(piece: Piece, scheme: Scheme, rest: str) -> Iterator[NewTensor]:
    stem = piece.name.removesuffix(".weight")
    rows, width = piece.shape
    packed = scheme.packed
    groups = 1 if packed is None or packed.group == 0 else width // packed.group

    def made() -> tuple[Floats, Piece]:
        weights = np.asarray(piece.values(), np.float32)
        if not np.isfinite(weights).all():
            raise ConversionFailed(f"'{piece.name}' holds a value that is no finite number: it cannot be quantised.")
        scales = scheme.scales(weights)
        scales = np.copysign(np.maximum(np.abs(scales), LEAST_SCALE[rest]), scales)
        return weights, cast(Piece(f"{stem}.weight_scale", "F32", scales.shape, lambda: scales, lambda: scales), rest)

    def levels() -> Iterator[npt.NDArray[Any]]:
        weights, scales = made()
        yield scheme.encoded(weights, widened(scales.stored(), rest))

    def scales() -> Iterator[npt.NDArray[Any]]:
        yield made()[1].stored()

    if packed is None:
        yield NewTensor(f"{stem}.weight", "F8_E4M3", piece.shape, levels, rows * width)
    else:
        words = width * packed.bits // 32
        yield NewTensor(f"{stem}.weight_packed", "I32", (rows, words), levels, rows * words * 4)
        yield NewTensor(f"{stem}.weight_shape", "I64", (2,), lambda: iter((np.array(piece.shape, "<i8"),)), 16)
    yield NewTensor(f"{stem}.weight_scale", rest, (rows, groups), scales, rows * groups * 2)


def widened(stored: npt.NDArray[Any], kind: str) -> Floats:
    """Numbers of 16 bits as float32."""
    if kind == "BF16":
        return (stored.astype(np.uint32) << np.uint32(16)).view(np.float32)
    return stored.astype(np.float32)


def _said(scheme: Scheme, left: list[str]) -> dict[str, Any]:
    """The configuration in the words of compressed-tensors."""
    packed = scheme.packed
    weights: dict[str, Any] = {
        "num_bits": packed.bits if packed else 8,
        "type": "int" if packed else "float",
        "symmetric": True,
        "strategy": "group" if packed and packed.group else "channel",
        "group_size": packed.group or None if packed else None,
        "dynamic": False,
        "observer": "minmax",
    }
    activations = None if packed else {"num_bits": 8, "type": "float", "symmetric": True, "strategy": "token", "dynamic": True}
    form = PACKED if packed else "float-quantized"
    return {
        "quant_method": "compressed-tensors",
        "format": form,
        "quantization_status": "compressed",
        "config_groups": {"group_0": {"targets": ["Linear"], "format": form, "weights": weights, "input_activations": activations}},
        "ignore": ["lm_head", *left],
    }
