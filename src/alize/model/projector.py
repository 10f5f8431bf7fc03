"""From what an image encoder sees to what a decoder reads. In: a row for each patch. Out: a row for each token of the image.

Pixtral gives every patch a token. Mistral Small 3.1 and later norm the patches and merge m · m neighbours into one first, so that an
image takes m² times fewer tokens: those of a square are laid side by side, feature by feature, and multiplied back to one patch's width.

    an image of 2 rows and 4 columns of patches, m = 2:     a b c d     →   [a b e f]  [c d g h]
                                                            e f g h

T patches (all images end to end), I tokens, D width of a patch, m patches a side of a token.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

__all__ = ["Adapter", "PatchMerger", "squares"]


class PatchMerger(nn.Module):
    """Makes one patch of m · m."""

    def __init__(self, dim: int, merge: int) -> None:
        super().__init__()
        self.merge = merge
        self.merging_layer = nn.Linear(dim * merge**2, dim, bias=False)

    def forward(self, x_TD: Tensor, grids: Sequence[tuple[int, int]]) -> Tensor:
        """[T, D] → [T / m², D]. `grids` are rows and columns of patches of each image, multiples of m."""
        images = torch.split(x_TD, [rows * columns for rows, columns in grids])
        return self.merging_layer(torch.cat([squares(x, *grid, self.merge) for x, grid in zip(images, grids, strict=True)]))


class Adapter(nn.Module):
    """w_out(gelu(w_in x)): from the encoder's width to the decoder's."""

    def __init__(self, seen: int, dim: int, bias: bool) -> None:
        super().__init__()
        self.w_in = nn.Linear(seen, dim, bias=bias)
        self.w_out = nn.Linear(dim, dim, bias=bias)

    def forward(self, x_ID: Tensor) -> Tensor:
        return self.w_out(F.gelu(self.w_in(x_ID)))


def squares(x_TD: Tensor, rows: int, columns: int, merge: int) -> Tensor:
    """The patches of one image, square by square: [T, D] → [T / m², D · m²]. Of a square, each feature of all its patches in turn.

    >>> squares(torch.tensor([[0], [1], [2], [3], [4], [5], [6], [7]]), 2, 4, 2).tolist()
    [[0, 1, 4, 5], [2, 3, 6, 7]]
    """
    grid = x_TD.view(rows // merge, merge, columns // merge, merge, -1)
    return grid.permute(0, 2, 4, 1, 3).reshape(len(x_TD) // merge**2, -1)
