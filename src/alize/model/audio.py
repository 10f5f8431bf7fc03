"""Voxtral's audio encoder (Liu et al. 2025), which is Whisper's (Radford et al. 2022). In: spectrograms. Out: rows, 50 a second.

A sound is a picture of 100 columns a second, each the strength of so many pitches (prompt/spectrogram.py). Two convolutions look at
three columns at a time, the second only at every other place; from there on a transformer sees 50 rows a second. It was trained on half
minutes: all rows of one see one another, whether they lie before or after, and none of another half minute.

    a sound of 40 s, padded with silence to 60 s:

        columns   0 ─────── 3000 ─────── 6000
        rows      0 ─ 1500 ─ 3000               1500 see one another, and the other 1500
        tokens    0 ─ 375 ── 750                the adapter lays 4 rows side by side

Where a row is in its half minute is added to it: sines and cosines of ever longer waves (Vaswani et al. 2017), here all sines first.

A half minute is heard in pieces, as an image is seen (vision.py).

F columns of all chunks, T rows of one chunk, S of them that are computed together, D width, N heads, H head width.
"""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from alize.model.config import Hearing
from alize.model.pieces import Pieces, stretches, whole

__all__ = ["AudioEncoder", "sines"]


class AudioEncoder(nn.Module):
    """Parameter names are those of Voxtral's release. Norms subtract the mean here, and most projections add a bias: this is Whisper."""

    def __init__(self, config: Hearing) -> None:
        super().__init__()
        self.config = config
        dim = config.dim
        self.conv_layers = nn.ModuleList([nn.Conv1d(config.mels, dim, 3, padding=1), nn.Conv1d(dim, dim, 3, stride=2, padding=1)])
        self.embed_positions = nn.Embedding(config.chunk, dim) if config.learned else None
        layers = nn.ModuleList(AudioBlock(config) for _ in range(config.layers))
        self.transformer = nn.ModuleDict({"layers": layers, "norm": nn.LayerNorm(dim)})

    def forward(self, mel_MF: Tensor) -> Tensor:
        """A spectrogram of whole chunks, [mels, F] → [F / 2, D]."""
        return whole(self.pieces(mel_MF))

    def pieces(self, mel_MF: Tensor) -> Pieces[Tensor]:
        """The same, in pieces."""
        chunks: list[Tensor] = []
        for chunk in torch.split(mel_MF, 2 * self.config.chunk, dim=1):
            chunks.append((yield from self._heard(chunk)))
        return torch.cat(chunks)

    def _heard(self, mel_MF: Tensor) -> Pieces[Tensor]:
        x = mel_MF[None]
        for conv in self.conv_layers:
            x = F.gelu(conv(x))
        x_TD = x[0].T
        x_TD = x_TD + (sines(*x_TD.shape).to(x_TD) if self.embed_positions is None else self.embed_positions.weight)
        yield
        for block in self.transformer["layers"].children():
            pieces: Pieces[Tensor] = block(x_TD)
            x_TD = yield from pieces
        return self.transformer["norm"](x_TD)


class AudioBlock(nn.Module):
    """x + attention(norm x), then x + feed_forward(norm x)."""

    def __init__(self, config: Hearing) -> None:
        super().__init__()
        self.attention_norm = nn.LayerNorm(config.dim)
        self.attention = AudioAttention(config)
        self.ffn_norm = nn.LayerNorm(config.dim)
        self.feed_forward = AudioFeedForward(config)

    def forward(self, x_TD: Tensor) -> Pieces[Tensor]:
        kept = self.attention.kept(self.attention_norm(x_TD))
        yield
        rows: list[Tensor] = []
        for some in stretches(len(x_TD)):
            x_SD = x_TD[some]
            x_SD = x_SD + self.attention(self.attention_norm(x_SD), *kept)
            rows.append(x_SD + self.feed_forward(self.ffn_norm(x_SD)))
            yield
        return torch.cat(rows)


class AudioAttention(nn.Module):
    """Every row sees all rows of its chunk. A bias on keys would change nothing, and there is none."""

    def __init__(self, config: Hearing) -> None:
        super().__init__()
        self.heads = config.heads
        self.wq = nn.Linear(config.dim, config.dim)
        self.wk = nn.Linear(config.dim, config.dim, bias=False)
        self.wv = nn.Linear(config.dim, config.dim)
        self.wo = nn.Linear(config.dim, config.dim)

    def kept(self, x_TD: Tensor) -> tuple[Tensor, Tensor]:
        """Keys and values of all rows, [N, T, H] each."""
        return self._heads(self.wk(x_TD)), self._heads(self.wv(x_TD))

    def forward(self, x_SD: Tensor, k_NTH: Tensor, v_NTH: Tensor) -> Tensor:
        """What some rows see of all, with an axis before the heads, as in vision.py."""
        seen_NSH = F.scaled_dot_product_attention(self._heads(self.wq(x_SD))[None], k_NTH[None], v_NTH[None])[0]
        return self.wo(seen_NSH.transpose(0, 1).flatten(-2))

    def _heads(self, x_TD: Tensor) -> Tensor:
        return x_TD.view(len(x_TD), self.heads, -1).transpose(0, 1)


class AudioFeedForward(nn.Module):
    """w2(gelu(w1 x)): no gate."""

    def __init__(self, config: Hearing) -> None:
        super().__init__()
        self.w1 = nn.Linear(config.dim, config.hidden)
        self.w2 = nn.Linear(config.hidden, config.dim)

    def forward(self, x_TD: Tensor) -> Tensor:
        return self.w2(F.gelu(self.w1(x_TD)))


def sines(length: int, dim: int) -> Tensor:
    """[length, dim], float32: of each position the sines of `dim` / 2 angles, then their cosines.

    The first angle is the position, the last one a ten-thousandth of it.

    >>> sines(2, 4).mul(1e4).round().tolist()
    [[0.0, 0.0, 10000.0, 10000.0], [8415.0, 1.0, 5403.0, 10000.0]]
    """
    speed = torch.exp(torch.arange(dim // 2, dtype=torch.float32) * -(math.log(10000.0) / max(1, dim // 2 - 1)))
    angles = torch.arange(length, dtype=torch.float32)[:, None] * speed
    return torch.cat([angles.sin(), angles.cos()], dim=1)
