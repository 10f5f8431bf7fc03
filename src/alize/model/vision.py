"""Pixtral's image encoder (Agrawal et al. 2024). In: images of any sizes. Out: a row for each patch of each image.

An image is cut into squares of P · P pixels, and a transformer sees them as it sees words, but for two things. A patch has two
positions: half of the pairs of each head turn with its row, the other half with its column. And there is no before and after: every
patch sees all patches of its own image, and none of another, however many images lie end to end.

    an image of 2 rows and 3 columns of patches, heads of 4 pairs whose speeds are s0 > s1 > s2 > s3:

        patch   (0,0) (0,1) (0,2) (1,0) (1,1) (1,2)
        row       0     0     0     1     1     1       turns pairs 0 and 1, by s0 and s2 a row
        column    0     1     2     0     1     2       turns pairs 2 and 3, by s1 and s3 a column

So an image needs neither to be square nor to be shrunk to one size, and what the model learned of one size serves it in others.

A large image takes minutes on a CPU, so it is seen in pieces (pieces.py): in each layer first the keys and values of all patches, then
what some of the patches become, and the next ones.

T patches of an image, S of them that are computed together, D width, N heads, H head width, Y rows and X columns, P pixels of a patch.
"""

from collections.abc import Sequence

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from alize.model.config import Rope, Vision
from alize.model.feedforward import FeedForward
from alize.model.pieces import Pieces, stretches, whole
from alize.model.rope import rotate, speeds

__all__ = ["EPS", "VisionEncoder", "grid_rotations"]

EPS = 1e-5  # of every norm in the encoder; no configuration says another


class VisionEncoder(nn.Module):
    """Parameter names are those of Pixtral's release."""

    def __init__(self, config: Vision) -> None:
        super().__init__()
        self.config = config
        self.patch_conv = nn.Conv2d(3, config.dim, kernel_size=config.patch, stride=config.patch, bias=False)
        self.ln_pre = nn.RMSNorm(config.dim, eps=EPS)
        self.transformer = nn.ModuleDict({"layers": nn.ModuleList(VisionBlock(config) for _ in range(config.layers))})

    def forward(self, images: Sequence[Tensor]) -> Tensor:
        """Images [3, Y·P, X·P] → a row of D for each patch, row by row, image after image."""
        return torch.cat([whole(self.pieces(image)) for image in images])

    def pieces(self, image: Tensor) -> Pieces[Tensor]:
        """One image [3, Y·P, X·P] → [T, D]."""
        grid = self.patch_conv(image[None])[0]  # [D, Y, X]
        x_TD = self.ln_pre(grid.flatten(1).T)
        width = self.config.dim // self.config.heads
        rotation = grid_rotations(self.config.rope_theta, width, grid.shape[1], grid.shape[2], x_TD.device)
        yield
        for block in self.transformer["layers"].children():
            pieces: Pieces[Tensor] = block(x_TD, rotation)
            x_TD = yield from pieces
        return x_TD


class VisionBlock(nn.Module):
    """x + attention(norm x), then x + feed_forward(norm x)."""

    def __init__(self, config: Vision) -> None:
        super().__init__()
        self.attention_norm = nn.RMSNorm(config.dim, eps=EPS)
        self.attention = VisionAttention(config)
        self.ffn_norm = nn.RMSNorm(config.dim, eps=EPS)
        self.feed_forward = FeedForward(config.dim, config.hidden, config.activation)

    def forward(self, x_TD: Tensor, rotation: Tensor) -> Pieces[Tensor]:
        kept = self.attention.kept(self.attention_norm(x_TD), rotation)
        yield
        rows: list[Tensor] = []
        for some in stretches(len(x_TD)):
            x_SD = x_TD[some]
            x_SD = x_SD + self.attention(self.attention_norm(x_SD), rotation[some], *kept)
            rows.append(x_SD + self.feed_forward(self.ffn_norm(x_SD)))
            yield
        return torch.cat(rows)


class VisionAttention(nn.Module):
    """Every patch sees the patches of its own image."""

    def __init__(self, config: Vision) -> None:
        super().__init__()
        self.heads = config.heads
        self.wq = nn.Linear(config.dim, config.dim, bias=False)
        self.wk = nn.Linear(config.dim, config.dim, bias=False)
        self.wv = nn.Linear(config.dim, config.dim, bias=False)
        self.wo = nn.Linear(config.dim, config.dim, bias=False)

    def kept(self, x_TD: Tensor, rotation: Tensor) -> tuple[Tensor, Tensor]:
        """Keys and values of all patches, [N, T, H] each."""
        return rotate(self._heads(self.wk(x_TD)), rotation).transpose(0, 1), self._heads(self.wv(x_TD)).transpose(0, 1)

    def forward(self, x_SD: Tensor, rotation: Tensor, k_NTH: Tensor, v_NTH: Tensor) -> Tensor:
        """What some patches see of all."""
        q_NSH = rotate(self._heads(self.wq(x_SD)), rotation).transpose(0, 1)
        # With an axis before the heads PyTorch goes through the scores bit by bit; without one it would write all of them out, 800 MB for
        # these rows and the 110 · 110 patches of a large image.
        seen_NSH = F.scaled_dot_product_attention(q_NSH[None], k_NTH[None], v_NTH[None])[0]
        return self.wo(seen_NSH.transpose(0, 1).flatten(-2))

    def _heads(self, x_TD: Tensor) -> Tensor:
        return x_TD.view(len(x_TD), self.heads, -1)


def grid_rotations(theta: float, width: int, rows: int, columns: int, device: torch.device | str = "cpu") -> Tensor:
    """One complex number per patch and pair of a head of this width: [rows · columns, width / 2], complex64.

    >>> grid_rotations(1e4, 4, 1, 2).angle().tolist()  # the second pair turns with the column, at the second of two speeds
    [[0.0, 0.0], [0.0, 0.009999999776482582]]
    """
    speed = speeds(Rope(theta=theta), width, device)
    row = torch.arange(rows, dtype=torch.float32, device=device).repeat_interleave(columns)
    column = torch.arange(columns, dtype=torch.float32, device=device).repeat(rows)
    angles = torch.cat([row[:, None] * speed[0::2], column[:, None] * speed[1::2]], dim=-1)
    return torch.complex(angles.cos(), angles.sin())
