"""Which queries a kernel answers together. In: a batch. Out: tiles, each a few neighbouring positions of one sequence.

A tile begins at a multiple of its length, whatever piece of a prompt is asked for. So a query stands in the same row of the same tile
whether it comes with its neighbours, alone as a decode, or with other sequences, and what is computed for it is the same to the last bit.

Tiles of 8 positions; one sequence decodes at position 20, the other asks for the positions 5 … 9 of a prompt:

    sequence  row  first  low  high        `row` is where the packed tokens would have the tile's first position: only those
           0   -4     16   20    21        from `low` up to `high` are there, in the rows -4 + 4 = 0 and -4 + 5 … -4 + 9 = 1 … 5
           1   -4      0    5     8
           1    4      8    8    10
"""

import numpy as np

from alize.engine.runners.base import Batch, Ints

__all__ = ["FIELDS", "tiles"]

FIELDS = 5
"""Numbers a tile."""


def tiles(batch: Batch, length: int) -> Ints:
    """[tiles, FIELDS], of `length` positions each.

    >>> from alize.engine.batch import pack
    >>> rows = [([7], 20, {}), ([1, 2, 3, 4, 5], 5, {})]
    >>> tiles(pack(rows, (), [True, True]), 8).tolist()
    [[0, -4, 16, 20, 21], [1, -4, 0, 5, 8], [1, 4, 8, 8, 10]]
    """
    begin, end = batch.contexts - batch.lengths, batch.contexts
    counts = (end - 1) // length - begin // length + 1
    sequence = np.repeat(np.arange(len(counts)), counts)
    index = np.arange(len(sequence)) - np.repeat(np.cumsum(counts) - counts, counts)
    first = ((begin // length)[sequence] + index) * length
    low, high = np.maximum(first, begin[sequence]), np.minimum(first + length, end[sequence])
    row = (np.cumsum(batch.lengths) - end)[sequence] + first
    return np.stack([sequence, row, first, low, high], axis=1).astype(np.int32)
