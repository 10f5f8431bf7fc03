"""A whole model as csrc/contract.h has it, in numpy and without the core. In: a GGUF of Q4_1, tokens. Out: logits, to the bit.

Written from the contract, slowly: every product of floats with the sum behind it is one rounding where the contract says `fma`, and two
where it does not. Nothing here is shared with the core: not a kernel, not a packed weight, not a table of cosines.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import gguf
import numpy as np
import numpy.typing as npt

from tests.engine.native.files import HEAD, HEADS, KV_HEADS, LAYERS

__all__ = ["fma", "reference_logits"]

Floats = npt.NDArray[np.float32]
Kept = Literal["int8", "bfloat16"]

GROUP, PAGE_LANES, SPAN, PART = 32, 16, 64, 16  # of the contract; PART: columns of a key that share a scale
EPSILON, THETA = np.float32(1e-5), np.float32(10000.0)
ONE, SMALLEST = np.float32(1), np.float32(1e-36)


def fma(a: npt.ArrayLike, b: npt.ArrayLike, c: npt.ArrayLike) -> Floats:
    """a · b + c, rounded once. The product is exact in double precision; the sum is rounded to odd there, so that the second rounding is as
    the first would have been (Boldo and Melquiond, *Emulation of FMA and correctly rounded sums*, 2008)."""
    product = np.asarray(a, np.float32).astype(np.float64) * np.asarray(b, np.float32).astype(np.float64)
    c = np.broadcast_to(np.asarray(c, np.float32).astype(np.float64), np.broadcast_shapes(product.shape, np.shape(c)))
    total = np.asarray(product + c)
    back = total - product
    lost = (product - (total - back)) + (c - back)  # exactly (Knuth, Møller)
    bits = total.view(np.int64)
    even = (lost != 0) & (bits & 1 == 0) & np.isfinite(total)
    return np.where(even, bits + np.where((lost > 0) == (total > 0), 1, -1), bits).view(np.float64).astype(np.float32)


@dataclass(frozen=True)
class Matrix:
    """Weights of Q4_1, Q8_0 or Q4_0: scale · number + minimum, of each group of 32 columns; of the last two no minimum."""

    numbers: npt.NDArray[np.int64]  # [rows, groups, 32]
    scales: Floats  # [rows, groups]
    minimums: Floats

    @classmethod
    def of(cls, data: npt.NDArray[np.uint8], format: str) -> "Matrix":
        """`data`: [rows, bytes] as the file has it: of each group float16 scale (and minimum), then a byte for a column or for two."""
        halves = 2 if format == "Q4_1" else 1
        size = 2 * halves + (32 if format == "Q8_0" else 16)
        blocks = data.reshape(len(data), -1, size)
        scales = blocks[..., : 2 * halves].copy().view(np.float16).astype(np.float32)
        own = blocks[..., 2 * halves :]
        if format == "Q8_0":
            numbers = own.copy().view(np.int8).astype(np.int64)
        else:
            numbers = np.concatenate([own & 15, own >> 4], axis=-1).astype(np.int64) - (8 if format == "Q4_0" else 0)
        return cls(numbers, scales[..., 0], scales[..., 1] if format == "Q4_1" else np.zeros_like(scales[..., 0]))

    def row(self, index: int) -> Floats:
        """As a token is looked up: an exact product, and a sum."""
        return (self.numbers[index].astype(np.float32) * self.scales[index, :, None] + self.minimums[index, :, None]).reshape(-1)

    def turned(self, heads: int) -> "Matrix":
        """Rows of each head in halves: (i, i + width / 2) turn together."""
        order = np.arange(heads * HEAD).reshape(heads, HEAD // 2, 2).transpose(0, 2, 1).reshape(-1)
        return Matrix(self.numbers[order], self.scales[order], self.minimums[order])


@dataclass(frozen=True)
class Quantised:
    integers: npt.NDArray[np.int64]  # [tokens, groups, 32]
    scales: Floats  # [tokens, groups]
    apart: Floats  # [tokens, groups]: the number that stands apart, and which column it is; -1: none does
    columns: npt.NDArray[np.int64]


def quantised(x: Floats) -> Quantised:
    blocks = x.reshape(len(x), -1, GROUP)
    sizes = np.abs(blocks)
    largest = sizes.max(-1)
    above = sizes > (largest * np.float32(0.5))[..., None]
    alone = (above.sum(-1) == 1) & (largest >= SMALLEST)
    place = sizes.argmax(-1)
    apart = np.where(alone, np.take_along_axis(blocks, place[..., None], -1)[..., 0], np.float32(0))
    rest = np.where(alone[..., None] & (np.arange(GROUP) == place[..., None]), np.float32(0), blocks)
    amax = np.abs(rest).max(-1)
    some = amax >= SMALLEST
    inverse = np.float32(127) / np.where(some, amax, ONE)
    integers = np.where(some[..., None], np.rint(rest * inverse[..., None]), 0).astype(np.int64)
    scales = np.where(some, amax / np.float32(127), np.float32(0))
    return Quantised(integers, scales, apart.astype(np.float32), np.where(alone, place, -1))


def product(x: Quantised, w: Matrix) -> Floats:
    """[tokens, rows]: the chain of the contract, all of them side by side."""
    total = np.zeros((len(x.integers), len(w.numbers)), np.float32)
    for g in range(w.numbers.shape[1]):
        whole = x.integers[:, g] @ w.numbers[:, g].T
        f = fma(whole.astype(np.float32), w.scales[:, g], np.float32(0))
        f = fma(x.integers[:, g].sum(-1).astype(np.float32)[:, None], w.minimums[:, g], f)
        total = fma(f, x.scales[:, g, None], total)
    for g in range(w.numbers.shape[1]):
        for token in np.flatnonzero(x.columns[:, g] >= 0):
            weight = fma(w.numbers[:, g, x.columns[token, g]].astype(np.float32), w.scales[:, g], w.minimums[:, g])
            total[token] = fma(x.apart[token, g], weight, total[token])
    return total


def folded(lanes: Floats) -> Floats:
    """The last axis, of sixteen lanes: 8, 4, 2, 1."""
    for width in (8, 4, 2, 1):
        lanes = lanes[..., :width] + lanes[..., width:]
    return lanes[..., 0]


def normalised(x: Floats, weight: Floats) -> Floats:
    squares = np.zeros((len(x), 16), np.float32)
    for k in range(0, x.shape[1], 16):
        squares = fma(x[:, k : k + 16], x[:, k : k + 16], squares)
    factor = ONE / np.sqrt(folded(squares) / np.float32(x.shape[1]) + EPSILON)
    return (x * factor[:, None]) * weight


def exponential(x: Floats) -> Floats:
    """e^x of what is not above 0, +0 below -87: csrc/isa/floats.h writes down which operations."""
    low = np.maximum(x, np.float32(-87))
    n = np.rint(low * np.float32(1.44269504))
    r = fma(n, np.float32(2.12194440e-4), fma(n, np.float32(-0.693359375), low))
    p = np.float32(1.9875691500e-4)
    for factor in (1.3981999507e-3, 8.3334519073e-3, 4.1665795894e-2, 1.6666665459e-1, 5.0000001201e-1):
        p = fma(p, r, np.float32(factor))
    e = fma(p, r * r, r) + ONE
    return np.where(x < -87, np.float32(0), np.ldexp(e, n.astype(np.int32))).astype(np.float32)


def turns(positions: int) -> tuple[Floats, Floats]:
    """Cosines and sines: an angle in single precision, reduced and summed in double (csrc/turns.cpp writes down how)."""
    pairs = np.arange(0, HEAD, 2, dtype=np.float32) / np.float32(HEAD)
    speed = np.array([ONE / np.float32(float(THETA) ** float(pair)) for pair in pairs], np.float32)
    angle = (np.arange(positions, dtype=np.float32)[:, None] * speed).astype(np.float64)
    high, middle, low = (float.fromhex(part) for part in ("0x1.921fb544p0", "0x1.0b4611a6p-34", "0x1.3198a2e037073p-69"))
    quarters = np.rint(angle / (high + middle))
    rest = ((angle - quarters * high) - quarters * middle) - quarters * low
    square, sine, cosine, of_sine, of_cosine = rest * rest, rest, np.ones_like(rest), rest, np.ones_like(rest)
    for n in range(1, 10):
        of_sine = of_sine * (-square / (2 * n * (2 * n + 1)))
        of_cosine = of_cosine * (-square / ((2 * n - 1) * 2 * n))
        sine, cosine = sine + of_sine, cosine + of_cosine
    quadrant = quarters.astype(np.int64) & 3
    cosines = np.choose(quadrant, [cosine, -sine, -cosine, sine])
    sines = np.choose(quadrant, [sine, cosine, -sine, -cosine])
    return cosines.astype(np.float32), sines.astype(np.float32)


def rotated(x: Floats, cosines: Floats, sines: Floats) -> Floats:
    """Heads [tokens, heads, width], whose halves turn."""
    a, b = x[..., : HEAD // 2], x[..., HEAD // 2 :]
    c, s = cosines[:, None], sines[:, None]
    return np.concatenate([fma(a, c, np.float32(0) - b * s), fma(b, c, a * s)], axis=-1)


def in_bytes(x: Floats) -> tuple[Floats, Floats]:
    """The last axis as whole numbers, and their scale."""
    amax = np.abs(x).max(-1)
    some = amax >= SMALLEST
    inverse = np.float32(127) / np.where(some, amax, ONE)
    whole = np.where(some[..., None], np.rint(x * inverse[..., None]), np.float32(0))
    return whole.astype(np.float32), np.where(some, amax / np.float32(127), np.float32(0)).astype(np.float32)


def in_sixteen(x: Floats) -> Floats:
    """To bfloat16, ties to even."""
    bits = x.view(np.uint32)
    return ((bits + np.uint32(0x7FFF) + (bits >> np.uint32(16) & np.uint32(1))) & np.uint32(0xFFFF0000)).view(np.float32)


def attended(query: Floats, keys: Floats, values: Floats, window: int, kept: Kept) -> Floats:
    """What the last token makes of all: query [width], keys and values [tokens, width], spans of 64 merged in their order."""
    last, parts = len(keys) - 1, HEAD // PART if kept == "int8" else 1
    if kept == "int8":
        numbers, key_scales = in_bytes(keys.reshape(len(keys), parts, PART))
        looked_at, value_scales = in_bytes(values)
    else:
        numbers, key_scales = in_sixteen(keys)[:, None], None
        looked_at, value_scales = in_sixteen(values), None
    score = np.zeros(len(keys), np.float32)
    for part in range(parts):
        along = np.zeros(len(keys), np.float32)
        for d in range(numbers.shape[-1]):
            along = fma(query[part * numbers.shape[-1] + d], numbers[:, part, d], along)
        score = along if key_scales is None else fma(along, key_scales[:, part], score)
    most, total, out = np.float32(-np.inf), np.float32(0), np.zeros(HEAD, np.float32)
    oldest = max(0, last - window + 1) if window else 0
    for start in range(oldest // SPAN * SPAN, last + 1, SPAN):
        seen = np.full(SPAN, -np.inf, np.float32)
        for j in range(max(start, oldest), min(start + SPAN, last + 1)):
            seen[j - start] = score[j]
        peak = seen.max()
        weight = exponential(seen - peak)
        lanes = np.zeros(PAGE_LANES, np.float32)
        for j in range(0, SPAN, PAGE_LANES):
            lanes = lanes + weight[j : j + PAGE_LANES]
        mixed = np.zeros(HEAD, np.float32)
        for j in range(max(start, oldest), min(start + SPAN, last + 1)):
            share = weight[j - start] if value_scales is None else weight[j - start] * value_scales[j]
            mixed = fma(share, looked_at[j], mixed)
        higher = max(peak, most)
        before, now = exponential(np.array([most - higher, peak - higher], np.float32))
        most, total = higher, fma(folded(lanes), now, total * before)
        out = fma(mixed, now, out * before)
    return out / total


def gated(gate: Floats, up: Floats) -> Floats:
    small = exponential(np.float32(0) - np.abs(gate))
    sigmoid = np.where(gate < 0, small, ONE) / (ONE + small)
    return (gate * sigmoid) * up


def reference_logits(path: Path, tokens: list[int], kept: Kept, window: int = 0) -> Floats:
    """[tokens, vocabulary] of a file of `write_gguf`."""
    tensors = {tensor.name.removesuffix(".weight"): tensor for tensor in gguf.GGUFReader(path).tensors}

    def matrix(name: str) -> Matrix:
        return Matrix.of(np.asarray(tensors[name].data), tensors[name].tensor_type.name)

    def vector(name: str) -> Floats:
        return np.asarray(tensors[name].data, np.float32)

    count, cosines_sines = len(tokens), turns(len(tokens))
    embedding = matrix("token_embd")
    x = np.stack([embedding.row(token) for token in tokens])
    for layer in range(LAYERS):
        at = f"blk.{layer}"
        normal = quantised(normalised(x, vector(f"{at}.attn_norm")))
        q = product(normal, matrix(f"{at}.attn_q").turned(HEADS)).reshape(count, HEADS, HEAD)
        k = product(normal, matrix(f"{at}.attn_k").turned(KV_HEADS)).reshape(count, KV_HEADS, HEAD)
        v = product(normal, matrix(f"{at}.attn_v")).reshape(count, KV_HEADS, HEAD)
        q, k = rotated(q, *cosines_sines) * np.float32(HEAD**-0.5), rotated(k, *cosines_sines)
        made = np.empty_like(q)
        for token in range(count):
            for head in range(HEADS):
                of = head // (HEADS // KV_HEADS)
                made[token, head] = attended(q[token, head], k[: token + 1, of], v[: token + 1, of], window, kept)
        x = x + product(quantised(made.reshape(count, -1)), matrix(f"{at}.attn_output"))
        normal = quantised(normalised(x, vector(f"{at}.ffn_norm")))
        inner = gated(product(normal, matrix(f"{at}.ffn_gate")), product(normal, matrix(f"{at}.ffn_up")))
        x = x + product(quantised(inner), matrix(f"{at}.ffn_down"))
    return product(quantised(normalised(x, vector("output_norm"))), matrix("output"))
