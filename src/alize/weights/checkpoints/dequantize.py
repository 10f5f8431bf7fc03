"""From stored bytes to values. In: raw bytes and their kind. Out: float32 for quantised kinds and BF16, the file's own type otherwise.

Every value is computed in float32 in one fixed order, scale · level (+ or - offset), as ggml does: the same bits on every machine. The
scales of FP8 lie beside its tensors and are not known here (matrix.py).
Blocks are decoded a chunk at a time, so that temporaries stay in the second-level cache: 134 million values of Q4_1 take 0.24 s on one
core, of which 0.15 s is the first touch of the result's memory; as one expression over the whole tensor they take 3.8 s.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from alize.weights.checkpoints.kinds import KINDS

__all__ = ["dequantize"]

Floats = npt.NDArray[np.float32]
Levels = npt.NDArray[np.uint8] | npt.NDArray[np.int8]
Records = npt.NDArray[Any]  # structured: the fields of the kind

CHUNK = 1 << 17  # values; 512 KiB of float32
LOW_NIBBLES = np.uint64(0x0F0F0F0F0F0F0F0F)


def dequantize(kind: str, data: npt.NDArray[np.uint8], shape: Sequence[int], out: Floats | None = None) -> npt.NDArray[Any]:
    """The values of a tensor. A plain kind is a view of `data`, not a copy; others are a view of `out`, where that is given.

    `data` holds exactly the bytes that `kind` and `shape` call for: readers check that once, when they open a file. `out` is 1-D and
    has room for the values: whoever takes tensors one after another saves the first touch of fresh memory.
    """
    layout = KINDS[kind]
    assert layout.bytes_of(shape) == data.nbytes, (kind, shape, data.nbytes)
    records = data.view(layout.record)
    if kind != "BF16" and kind not in _DECODERS:
        return records.reshape(shape)
    count = len(records) * layout.values
    values = (np.empty(count, np.float32) if out is None else out[:count]).reshape(-1, layout.values)
    if kind == "BF16":  # the upper half of a float32
        np.left_shift(records, np.uint32(16), out=values.view(np.uint32).reshape(-1), dtype=np.uint32)
        return values.reshape(shape)
    step = CHUNK // layout.values
    with np.errstate(invalid="ignore"):  # a scale that is no number gives values that are none: no cause to warn on the terminal
        for start in range(0, len(records), step):
            _DECODERS[kind](records[start : start + step], values[start : start + step])
    return values.reshape(shape)


def _f32(halves: Any) -> Floats:
    return halves.astype(np.float32)


def _nibbles(packed: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """[n, B] bytes → [n, 2, B]: the low nibbles of each row, then the high ones. Eight bytes are split at a time."""
    words = np.ascontiguousarray(packed).view(np.uint64)
    split = np.empty((len(packed), 2, words.shape[1]), np.uint64)
    np.bitwise_and(words, LOW_NIBBLES, out=split[:, 0])
    np.bitwise_and(words >> np.uint64(4), LOW_NIBBLES, out=split[:, 1])
    return split.view(np.uint8)


def _bits(words: npt.NDArray[np.uint32]) -> npt.NDArray[np.uint8]:
    """[n] words → [n, 32]: their bits, lowest first."""
    octets = np.ascontiguousarray(words).view(np.uint8).reshape(-1, 4)
    return np.unpackbits(octets, axis=1, bitorder="little")


def _scaled(levels: Levels, scale: Floats, values: Floats) -> Floats:
    """values = scale · levels. `levels` [n, …], `scale` of the same rank with 1 where it is shared."""
    shaped = values.reshape(levels.shape)
    shaped[...] = levels
    shaped *= scale
    return shaped


# ── FP8 ──


def _e4m3() -> Floats:
    """The value of each byte: ±2^(e-7) · (1 + f/8), ±2^-6 · f/8 where e is 0, and no number where all other bits are set."""
    octets = np.arange(256)
    exponent, fraction = octets >> 3 & 15, octets & 7
    size = np.where(exponent > 0, np.ldexp(1 + fraction / 8, exponent - 7), np.ldexp(fraction / 8, -6))
    size[octets & 127 == 127] = np.nan
    return np.where(octets < 128, size, -size).astype(np.float32)


_E4M3 = _e4m3()


def _f8_e4m3(octets: npt.NDArray[np.uint8], values: Floats) -> None:
    np.take(_E4M3, octets, out=values.reshape(-1), mode="clip")  # every byte is in the table; checked again, it takes twice as long


# ── packed whole numbers ──


def _int8(octets: npt.NDArray[np.uint8], values: Floats) -> None:
    np.subtract(octets, np.float32(128), out=values.reshape(-1), dtype=np.float32)


def _int4(words: Records, values: Floats) -> None:
    octets = words["qs"]
    shaped = values.reshape(-1, 4, 2)  # of each byte, the low four bits come first
    shaped[:, :, 0] = octets & np.uint8(15)
    shaped[:, :, 1] = octets >> np.uint8(4)
    values -= np.float32(8)


# ── blocks of 32 ──


def _q8_0(blocks: Records, values: Floats) -> None:
    levels = np.ascontiguousarray(blocks["qs"])  # converted from between the scales, they take five times as long
    _scaled(levels, _f32(blocks["d"])[:, None], values)


def _q4_0(blocks: Records, values: Floats) -> None:
    levels = _nibbles(blocks["qs"]).view(np.int8)
    levels -= 8
    _scaled(levels, _f32(blocks["d"])[:, None, None], values)


def _q4_1(blocks: Records, values: Floats) -> None:
    _scaled(_nibbles(blocks["qs"]), _f32(blocks["d"])[:, None, None], values)
    values += _f32(blocks["m"])[:, None]


def _five_bits(blocks: Records) -> npt.NDArray[np.uint8]:
    levels = _bits(blocks["qh"])
    levels <<= 4
    levels |= _nibbles(blocks["qs"]).reshape(levels.shape)
    return levels


def _q5_0(blocks: Records, values: Floats) -> None:
    levels = _five_bits(blocks).view(np.int8)
    levels -= 16
    _scaled(levels, _f32(blocks["d"])[:, None], values)


def _q5_1(blocks: Records, values: Floats) -> None:
    _scaled(_five_bits(blocks), _f32(blocks["d"])[:, None], values)
    values += _f32(blocks["m"])[:, None]


# ── blocks of 256, split into groups of 16 or 32 that have scales of their own ──


def _crumbs(packed: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """[n, 32·k] bytes → [n, k, 4, 32]: the four two-bit fields of each byte, lowest first, run by run of 32 bytes."""
    runs = packed.reshape(len(packed), -1, 1, 32)
    return (runs >> np.array([0, 2, 4, 6], np.uint8)[:, None]) & np.uint8(3)


def _six_bit_scales(packed: npt.NDArray[np.uint8]) -> tuple[Levels, Levels]:
    """[n, 12] bytes → scales and offsets of 8 groups, [n, 8] each.

    The first four of each have bytes 0-3 and 4-7 to themselves (six bits); the last four have their low nibbles in bytes 8-11
    and their two high bits on top of the first eight bytes.
    """
    first, second, third = packed[:, 0:4], packed[:, 4:8], packed[:, 8:12]
    scales: Levels = np.concatenate([first & 63, (third & 15) | (first >> 6) << 4], axis=1)
    offsets: Levels = np.concatenate([second & 63, (third >> 4) | (second >> 6) << 4], axis=1)
    return scales, offsets


def _scaled_groups(levels: Levels, scale: Floats, values: Floats, offset: Floats | None = None) -> None:
    """values = scale · levels - offset, for `levels` [n, groups, width] and a scale and offset a group, [n, groups]."""
    shaped = _scaled(levels, scale[:, :, None], values)
    if offset is not None:
        shaped -= offset[:, :, None]


def _q2_k(blocks: Records, values: Floats) -> None:
    scales = blocks["scales"]
    scale = _f32(blocks["d"])[:, None] * _f32(scales & 15)
    offset = _f32(blocks["dmin"])[:, None] * _f32(scales >> 4)
    _scaled_groups(_crumbs(blocks["qs"]).reshape(-1, 16, 16), scale, values, offset)


def _q3_k(blocks: Records, values: Floats) -> None:
    packed = blocks["scales"]  # 16 of six bits: low nibbles in bytes 0-7, high pairs in bytes 8-11
    low = np.concatenate([packed[:, :8] & 15, packed[:, :8] >> 4], axis=1)
    high = ((packed[:, None, 8:] >> np.array([0, 2, 4, 6], np.uint8)[:, None]) & np.uint8(3)).reshape(-1, 16)
    scales = (low | high << 4).view(np.int8) - np.int8(32)
    levels = _crumbs(blocks["qs"]).reshape(-1, 8, 32).view(np.int8)
    set_bits = (blocks["hmask"][:, None, :] >> np.arange(8, dtype=np.uint8)[:, None]) & np.uint8(1)
    levels -= (np.uint8(1) - set_bits).view(np.int8) << 2  # a cleared bit stands for minus four
    _scaled_groups(levels.reshape(-1, 16, 16), _f32(blocks["d"])[:, None] * _f32(scales), values)


def _q4_k(blocks: Records, values: Floats) -> None:
    scales, offsets = _six_bit_scales(blocks["scales"])
    levels = _nibbles(blocks["qs"].reshape(-1, 32)).reshape(-1, 8, 32)
    _scaled_groups(levels, _f32(blocks["d"])[:, None] * _f32(scales), values, _f32(blocks["dmin"])[:, None] * _f32(offsets))


def _q5_k(blocks: Records, values: Floats) -> None:
    scales, offsets = _six_bit_scales(blocks["scales"])
    levels = (blocks["qh"][:, None, :] >> np.arange(8, dtype=np.uint8)[:, None]) & np.uint8(1)
    levels <<= 4
    levels |= _nibbles(blocks["qs"].reshape(-1, 32)).reshape(-1, 8, 32)
    _scaled_groups(levels, _f32(blocks["d"])[:, None] * _f32(scales), values, _f32(blocks["dmin"])[:, None] * _f32(offsets))


def _q6_k(blocks: Records, values: Floats) -> None:
    levels = _crumbs(blocks["qh"]).reshape(-1, 2, 2, 64)
    levels <<= 4
    levels |= _nibbles(blocks["ql"].reshape(-1, 64)).reshape(-1, 2, 2, 64)
    signed = levels.view(np.int8)
    signed -= 32
    _scaled_groups(signed.reshape(-1, 16, 16), _f32(blocks["d"])[:, None] * _f32(blocks["scales"]), values)


_DECODERS: dict[str, Callable[[Records, Floats], None]] = {
    "F8_E4M3": _f8_e4m3,
    "INT8": _int8,
    "INT4": _int4,
    "Q8_0": _q8_0,
    "Q4_0": _q4_0,
    "Q4_1": _q4_1,
    "Q5_0": _q5_0,
    "Q5_1": _q5_1,
    "Q2_K": _q2_k,
    "Q3_K": _q3_k,
    "Q4_K": _q4_k,
    "Q5_K": _q5_k,
    "Q6_K": _q6_k,
}
