"""What a step's kernels are told. In: a batch. Out: its numbers as flat arrays, by name, and on the device.

tokens, positions            [T]
tiles                        [tiles, 5], see tiles.py
slots of <group>             [T], where each token's key goes, counted in tokens from the beginning of the cache
table of <group>             [R, blocks]
"""

from collections.abc import Mapping

import numpy as np
import torch
from torch import Tensor

from alize.engine.runners.base import BLOCK, Batch, Ints
from alize.engine.runners.torch_triton.tiles import tiles

__all__ = ["inputs", "on_device", "slots_of", "table_of"]


def slots_of(group: str) -> str:
    return f"slots of {group}"


def table_of(group: str) -> str:
    return f"table of {group}"


def inputs(batch: Batch, length: int) -> dict[str, Ints]:
    """`length`: positions of a tile.

    >>> from alize.engine.batch import pack
    >>> from alize.engine.runners.base import CacheGroup
    >>> group = CacheGroup("full", "full", (0,), 0)
    >>> inputs(pack([([7, 8], 15, {"full": [4, 2]})], (group,), [True]), 8)["slots of full"].tolist()
    [79, 32]
    """
    made: dict[str, Ints] = {"tokens": batch.tokens, "positions": batch.positions, "tiles": tiles(batch, length)}
    rows = np.repeat(np.arange(len(batch.lengths)), batch.lengths)
    for name, table in batch.tables.items():
        made[slots_of(name)] = table[rows, batch.positions // BLOCK] * BLOCK + batch.positions % BLOCK
        made[table_of(name)] = table
    return made


def on_device(arrays: Mapping[str, Ints], device: str) -> dict[str, Tensor]:
    return {name: torch.as_tensor(array, device=device) for name, array in arrays.items()}
