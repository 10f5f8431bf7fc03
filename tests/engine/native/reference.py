"""A whole model as csrc/contract.h has it, in numpy and without the core. In: a GGUF, an adapter, tokens. Out: logits, to the bit.

Written from the contract, slowly: every product of floats with the sum behind it is one rounding where the contract says `fma`, and two
where it does not. Nothing here is shared with the core: not a kernel, not a packed weight, not a table of cosines.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

import gguf
import numpy as np

from tests.engine.native.files import HEAD, LAYERS
from tests.engine.native.reference_products import ONE, SMALLEST, Floats, Numbers, Weights, dequantised, fma, weights_of

__all__ = ["Adapter", "reference_logits"]

Kept = Literal["int8", "bfloat16"]
Adapter = Mapping[str, tuple[Floats, Floats]]
"""By tensors' names: A, and B times its scale."""

PAGE_LANES, SPAN, PART = 16, 64, 16  # of the contract; PART: columns of a key that share a scale
EPSILON, THETA = np.float32(1e-5), np.float32(10000.0)


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


class Model:
    """A file of `write_gguf`."""

    def __init__(self, path: Path, adapter: Adapter) -> None:
        reader = gguf.GGUFReader(path)
        self._tensors = {tensor.name.removesuffix(".weight"): tensor for tensor in reader.tensors}
        kind = reader.fields["general.architecture"].contents()
        active = reader.fields.get(f"{kind}.expert_used_count")
        self.active = 0 if active is None else int(active.contents())
        self.interleaved = kind == "llama"  # rows of queries and keys of which (2 i, 2 i + 1) turn together
        self.adapter = adapter
        self._matrices: dict[tuple[str, int | None], Weights] = {}

    def has(self, name: str) -> bool:
        return name in self._tensors

    def vector(self, name: str) -> Floats:
        return np.asarray(self._tensors[name].data, np.float32)

    def matrix(self, name: str, expert: int | None = None) -> Weights:
        if (name, expert) not in self._matrices:
            tensor = self._tensors[name]
            data = tensor.data if expert is None else tensor.data[expert]
            self._matrices[name, expert] = weights_of(data, tensor.tensor_type.name)
        return self._matrices[name, expert]

    def product(self, x: Floats, name: str) -> Floats:
        """[tokens, rows], with what the adapter adds."""
        w = self.matrix(name)
        y = w.of_rows(x)
        if name not in self.adapter:
            return y
        a, b = self.adapter[name]
        read, lanes = x if isinstance(w, Numbers) else dequantised(x), np.zeros((len(x), len(a), 16), np.float32)
        for k in range(0, x.shape[1], 16):
            lanes = fma(a[:, k : k + 16], read[:, None, k : k + 16], lanes)
        narrow = folded(lanes)
        for j in range(len(a)):
            y = fma(narrow[:, j, None], b[:, j], y)
        return y

    def heads(self, x: Floats, name: str, norm: str = "") -> Floats:
        """[tokens, heads, width], their halves as they turn. `norm`: each is normalised, where the file says so."""
        y = self.product(x, name).reshape(len(x), -1, HEAD)
        if norm and self.interleaved:
            y = y.reshape(*y.shape[:2], -1, 2).swapaxes(2, 3).reshape(y.shape)
        if self.has(norm):
            y = normalised(y.reshape(-1, HEAD), self.vector(norm)).reshape(y.shape)
        return y

    def forward(self, x: Floats, at: str) -> Floats:
        """What a layer's feed-forward makes of normalised rows."""
        if not self.active:
            return self.product(gated(self.product(x, f"{at}.ffn_gate"), self.product(x, f"{at}.ffn_up")), f"{at}.ffn_down")
        logits = Numbers(self.vector(f"{at}.ffn_gate_inp")).of_rows(x)
        return np.concatenate([self._chosen(x[token : token + 1], logits[token], at) for token in range(len(x))])

    def _chosen(self, x: Floats, logits: Floats, at: str) -> Floats:
        """A row, as its experts have it."""
        chosen = np.argsort(-logits, kind="stable")[: self.active]
        parts = exponential(logits[chosen] - logits[chosen[0]])
        total = np.float32(0)
        for part in parts:
            total = total + part
        acc = np.zeros_like(x)
        for part, expert in zip(parts, chosen, strict=True):
            gate, up, down = (self.matrix(f"{at}.ffn_{name}_exps", expert) for name in ("gate", "up", "down"))
            acc = fma(part / total, down.of_rows(gated(gate.of_rows(x), up.of_rows(x))), acc)
        return acc


def reference_logits(path: Path, tokens: list[int], kept: Kept, window: int = 0, adapter: Adapter | None = None) -> Floats:
    """[tokens, vocabulary] of a file of `write_gguf`."""
    model = Model(path, adapter or {})
    count, cosines_sines = len(tokens), turns(len(tokens))
    embedding = model.matrix("token_embd")
    x = np.stack([embedding.row(token) for token in tokens])
    for layer in range(LAYERS):
        at = f"blk.{layer}"
        normal = normalised(x, model.vector(f"{at}.attn_norm"))
        q, k = (rotated(model.heads(normal, f"{at}.attn_{part}", f"{at}.attn_{part}_norm"), *cosines_sines) for part in "qk")
        q, v = q * np.float32(HEAD**-0.5), model.heads(normal, f"{at}.attn_v")
        made = np.empty_like(q)
        heads, sharing = q.shape[1], q.shape[1] // k.shape[1]
        for token in range(count):
            for head in range(heads):
                of = head // sharing
                made[token, head] = attended(q[token, head], k[: token + 1, of], v[: token + 1, of], window, kept)
        x = x + model.product(made.reshape(count, -1), f"{at}.attn_output")
        x = x + model.forward(normalised(x, model.vector(f"{at}.ffn_norm")), at)
    return model.product(normalised(x, model.vector("output_norm")), "output")
