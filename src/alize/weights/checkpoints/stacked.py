"""Experts in one tensor. In: the tensors of a file. Out: the same, with each expert's projections apart.

transformers and GGUF keep one projection of all E experts of a layer as one tensor, outermost axis first, so that an expert is a
run of bytes; transformers also puts the rows of the gate before those of the other projection into it.

    mlp.experts.gate_up_proj [E, 2F, D]    ->   mlp.experts.e.gate_proj.weight [F, D], mlp.experts.e.up_proj.weight [F, D]
    mlp.experts.down_proj    [E, D, F]     ->   mlp.experts.e.down_proj.weight [D, F]
    blk.3.ffn_down_exps      [E, D, F]     ->   blk.3.ffn_down.e.weight [D, F], as older GGUFs have them
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import replace
from pathlib import Path

from alize.errors import CheckpointInvalid
from alize.weights.checkpoints.base import Scale
from alize.weights.checkpoints.fields import printable
from alize.weights.checkpoints.mapped import FileTensor

__all__ = ["unstacked"]

_STACKED = (
    re.compile(r"(?P<stem>.+\.experts)\.(?P<part>gate_up_proj|down_proj)(\.weight)?", re.ASCII),
    re.compile(r"(?P<stem>blk\.\d{1,4})\.ffn_(?P<part>gate_up|gate|down|up)_exps\.weight", re.ASCII),
)
_PARTS = {
    "gate_up_proj": ("{stem}.{expert}.gate_proj.weight", "{stem}.{expert}.up_proj.weight"),
    "down_proj": ("{stem}.{expert}.down_proj.weight",),
    "gate_up": ("{stem}.ffn_gate.{expert}.weight", "{stem}.ffn_up.{expert}.weight"),
    "gate": ("{stem}.ffn_gate.{expert}.weight",),
    "down": ("{stem}.ffn_down.{expert}.weight",),
    "up": ("{stem}.ffn_up.{expert}.weight",),
}
MOST_EXPERTS = 4096


def unstacked(path: Path, tensors: Iterable[FileTensor]) -> Iterator[FileTensor]:
    """Raises CheckpointInvalid for a stack that is no stack of matrices."""
    for tensor in tensors:
        found = next(filter(None, (stack.fullmatch(tensor.name) for stack in _STACKED)), None)
        if found is None:
            yield tensor
            continue
        parts = _PARTS[found["part"]]
        if len(tensor.shape) != 3 or not 0 < tensor.shape[0] <= MOST_EXPERTS or tensor.shape[1] % len(parts):
            raise CheckpointInvalid(
                f"{path}: '{printable(tensor.name[:200])}' is of shape {list(tensor.shape)}, which is no stack of experts.",
                remedy="The file is damaged: fetch it again.",
            )
        experts, rows, width = tensor.shape
        height, scale = rows // len(parts), tensor.scale
        if scale is not None and len(parts) > 1 and len(scale.values[0]) > 1 and height % scale.rows:
            raise CheckpointInvalid(
                f"{path}: '{printable(tensor.name[:200])}' has a scale for every {scale.rows} rows, and one is for rows of two "
                f"projections, of which each has {height}.",
                remedy="Take the model's release in 16 bits.",
            )
        pieces = tensor.data.reshape(experts, len(parts), -1)
        for expert in range(experts):
            for number, part in enumerate(parts):
                name, scale = part.format(stem=found["stem"], expert=expert), _scale_of(tensor.scale, expert, number, len(parts))
                yield FileTensor(name, tensor.kind, (height, width), pieces[expert, number], scale)


def _scale_of(scale: Scale | None, expert: int, number: int, parts: int) -> Scale | None:
    """Of one part of one expert. A scale of the whole expert is that of each of its parts."""
    if scale is None:
        return None
    blocks = scale.values[expert if len(scale.values) > 1 else 0]
    return replace(scale, values=blocks if len(blocks) == 1 else blocks.reshape(parts, -1, blocks.shape[1])[number])
