"""Adapters of Mistral's own tools. In: a lora.safetensors as mistral-finetune writes it. Out: an Adapter.

    layers.N.attention.wq.lora_A.weight [rank, in]      layers.N.attention.wq.lora_B.weight [out, rank]

The rank is the file's; the scale is in a params.json beside it, as lora.scaling, or it is 2, which mistral-finetune trains with and
mistral-inference takes where nobody says otherwise. Source: mistralai/mistral-inference, lora.py and args.py.
"""

import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from alize.errors import CheckpointInvalid
from alize.weights.adapters.base import Adapter, Half, LowRank, fingerprint, paired
from alize.weights.checkpoints.fields import Fields, printable, read_json
from alize.weights.checkpoints.mamba import from_mamba
from alize.weights.checkpoints.mapped import FileTensor
from alize.weights.checkpoints.names import from_consolidated
from alize.weights.checkpoints.safetensors_file import read_safetensors

__all__ = ["open_release"]

_SCALE = 2.0
_NAME = re.compile(r"(?P<layer>.+)\.lora_(?P<half>[AB])\.weight", re.ASCII)


def open_release(path: Path, scale: float | None = None) -> Adapter:
    """Raises CheckpointInvalid naming the file and the tensor."""
    scale = _scale(path) if scale is None else scale
    if not math.isfinite(scale):
        raise CheckpointInvalid(f"{path} cannot be scaled by {scale}.", remedy="Give a number.")
    layers = {layer: LowRank(layer, a, b, scale) for layer, (a, b) in paired(path, _halves(path)).items()}
    return Adapter(path, "consolidated", layers, fingerprint(path, dict.fromkeys(layers, scale)))


def _halves(path: Path) -> Iterator[tuple[str, Half, FileTensor]]:
    for tensor in read_safetensors(path).values():
        found = _NAME.fullmatch(tensor.name)
        name = found and (from_consolidated(f"{found['layer']}.weight") or from_mamba(f"backbone.{found['layer']}.weight"))
        if not found or not name:
            raise CheckpointInvalid(
                f"{path} holds '{printable(tensor.name[:200])}', which is no part of an adapter that can be applied.",
                remedy="Understood are adapters of linear layers: layers.N.….lora_A.weight and lora_B.weight.",
            )
        yield name.removesuffix(".weight"), cast("Half", found["half"]), tensor


def _scale(path: Path) -> float:
    beside = path.parent / "params.json"
    given: Any = read_json(beside).get("lora") if beside.exists() else None
    if not isinstance(given, dict):
        return _SCALE
    return Fields(beside, cast("dict[str, Any]", given)).number("scaling", _SCALE)
