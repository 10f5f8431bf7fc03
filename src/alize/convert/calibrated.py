"""A model made easier to round. In: its tensors, and the ids of a text. Out: tensors of a model that computes the same.

model/quantize.py says what is divided and multiplied, and why. A norm is stored in 16 bits: what it is divided by is therefore taken from
its rounded result, so that the matrices behind it are multiplied by exactly that.
"""

from collections.abc import Callable, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from alize.convert.fewer_bits import Balance, Scheme, widened
from alize.convert.pieces import Piece, cast, transformed
from alize.errors import ConversionFailed
from alize.model.config import ModelConfig
from alize.weights.checkpoints import Checkpoint
from alize.wording import quantity

__all__ = ["LEAST", "balanced"]

Floats = npt.NDArray[np.float32]
LEAST = 256
"""Tokens of a text, to say anything of what a model computes."""


def balanced(tokens: Sequence[int], report: Callable[[int, int, str], None] = lambda done, total, what: None) -> Balance:
    """For `fewer_bits.quantize`. Raises ConversionFailed for a text that is too short, and for a family that this is not known for."""
    if len(tokens) < LEAST:
        raise ConversionFailed(
            f"The text to calibrate with has {quantity(len(tokens), 'token')}, and {LEAST} are wanted.", remedy="Give a longer one."
        )

    def balance(checkpoint: Checkpoint, config: ModelConfig, found: Mapping[str, Piece], scheme: Scheme, rest: str) -> dict[str, Piece]:
        if config.experts is not None or config.latent is not None or config.post_norms or config.centred_norms:
            raise ConversionFailed(
                "Calibrating is known for dense models with plain norms, and this is none.", remedy="Leave out --calibrate."
            )
        from alize.model.quantize import rounding, watched

        bits, group = (None, 0) if scheme.packed is None else (scheme.packed.bits, scheme.packed.group)
        round = rounding(bits, group, scheme.fits)
        factors = watched(checkpoint, config, tokens, round, lambda done, total: report(done, total, "layers looked at"))
        return _changed(found, config, factors, rest)

    return balance


def _changed(found: Mapping[str, Piece], config: ModelConfig, factors: Mapping[str, Floats], rest: str) -> dict[str, Piece]:
    from alize.model.quantize import BALANCED, heads_of

    changed = dict(found)
    for name, factor in factors.items():
        layer, source = name.rsplit(".", 1)[0].split(".")[1], name.split(".", 2)[2]
        stem = f"layers.{layer}."
        if source.endswith("_norm"):
            changed[f"{name}.weight"], factor = _norm(found[f"{name}.weight"], factor, rest)
        else:
            changed[f"{name}.weight"] = _times(changed[f"{name}.weight"], np.float32(1) / factor, rows=True)
        heads = heads_of(config) if source == "attention.wv" else None
        spread = factor if heads is None else np.broadcast_to(factor.reshape(heads[0], 1, heads[2]), heads).reshape(-1)
        for target in BALANCED[source]:
            changed[f"{stem}{target}.weight"] = _times(changed[f"{stem}{target}.weight"], spread, rows=False)
    return changed


def _times(piece: Piece, factor: Floats, rows: bool) -> Piece:
    return transformed(piece, lambda values: values * (factor[:, None] if rows else factor))


def _norm(piece: Piece, factor: Floats, rest: str) -> tuple[Piece, Floats]:
    """The norm divided and stored, and what it was divided by exactly; 1 where it is zero, whose inputs are none."""
    values = np.asarray(piece.values(), np.float32)
    divided = values / factor
    stored = cast(Piece(piece.name, "F32", piece.shape, lambda: divided, lambda: divided), rest).stored()
    result = widened(stored, rest).reshape(values.shape)
    kept = result != 0
    exact: Floats = np.divide(values, result, out=np.ones_like(values), where=kept)
    result = np.where(kept, result, values)
    return Piece(piece.name, "F32", piece.shape, lambda: result, lambda: result), exact
