"""Voxtral Realtime's audio encoder. In: a spectrogram, as it comes. Out: rows, 50 a second, each final at once.

Made for a stream (compare audio.py, which hears half minutes): no row depends on anything later. Each convolution begins with columns of
silence instead of looking ahead, a row sees itself and the `window - 1` rows before it, and in place of sines added to the rows, queries
and keys are rotated by their position, so that a row is heard alike however long the sound has lasted.

    columns of the spectrogram   ·  ·  0  1  2  3  4  5     · silence
    first convolution                  0  1  2  3  4  5     0 from (·, ·, 0), 1 from (·, 0, 1) …
    second, every other               (0)   (1)   (2)       1 from (1, 2, 3): never from what follows its pair

T rows, D width, N heads, H head width, M bands of the spectrogram, F its columns.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from alize.model.attend import causal_mask
from alize.model.config import Hearing, Rope, Stream
from alize.model.feedforward import FeedForward
from alize.model.rope import rotate, rotations

__all__ = ["StreamEncoder"]


class StreamEncoder(nn.Module):
    """Parameter names are those of the release. Norms are RMSNorm and the feed-forward is gated, as in a decoder."""

    def __init__(self, config: Hearing, stream: Stream) -> None:
        super().__init__()
        self.config, self.stream = config, stream
        self.conv_layers = nn.ModuleList([nn.Conv1d(config.mels, config.dim, 3), nn.Conv1d(config.dim, config.dim, 3, stride=2)])
        layers = nn.ModuleList(StreamBlock(config, stream) for _ in range(config.layers))
        self.transformer = nn.ModuleDict({"layers": layers, "norm": nn.RMSNorm(config.dim, eps=stream.norm_eps)})

    def forward(self, mel_MF: Tensor) -> Tensor:
        """[mels, F] → [F / 2, D]. F is even."""
        x = mel_MF[None]
        for conv, silence in zip(self.conv_layers, (2, 1), strict=True):
            x = F.gelu(conv(F.pad(x, (silence, 0))))
        x_TD = x[0].T
        rotation = rotations(Rope(theta=self.stream.rope_theta), self.config.head_dim, torch.arange(len(x_TD), device=x_TD.device))
        for block in self.transformer["layers"].children():
            x_TD = block(x_TD, rotation)
        return self.transformer["norm"](x_TD)


class StreamBlock(nn.Module):
    """x + attention(norm x), then x + feed_forward(norm x)."""

    def __init__(self, config: Hearing, stream: Stream) -> None:
        super().__init__()
        self.attention_norm = nn.RMSNorm(config.dim, eps=stream.norm_eps)
        self.attention = StreamAttention(config, stream)
        self.ffn_norm = nn.RMSNorm(config.dim, eps=stream.norm_eps)
        self.feed_forward = FeedForward(config.dim, config.hidden, bias=True)

    def forward(self, x_TD: Tensor, rotation: Tensor) -> Tensor:
        x_TD = x_TD + self.attention(self.attention_norm(x_TD), rotation)
        return x_TD + self.feed_forward(self.ffn_norm(x_TD))


class StreamAttention(nn.Module):
    """Every row sees the last `window` rows, itself included."""

    def __init__(self, config: Hearing, stream: Stream) -> None:
        super().__init__()
        self.heads, self.window = config.heads, stream.window
        inner = config.heads * config.head_dim
        self.wq = nn.Linear(config.dim, inner)
        self.wk = nn.Linear(config.dim, inner, bias=False)
        self.wv = nn.Linear(config.dim, inner)
        self.wo = nn.Linear(inner, config.dim)

    def forward(self, x_TD: Tensor, rotation: Tensor) -> Tensor:
        """A window of queries at a time, which see two windows of keys: an hour of sound takes no more memory than a minute."""
        q_TNH, k_TNH, v_TNH = (part(x_TD).view(len(x_TD), self.heads, -1) for part in (self.wq, self.wk, self.wv))
        q_NTH, k_NTH, v_NTH = (part.transpose(0, 1) for part in (rotate(q_TNH, rotation), rotate(k_TNH, rotation), v_TNH))
        at = torch.arange(len(x_TD), device=x_TD.device)
        seen: list[Tensor] = []
        for start in range(0, len(x_TD), self.window):
            some, past = slice(start, start + self.window), slice(max(0, start - self.window + 1), start + self.window)
            mask = causal_mask(at[some], at[past], self.window)
            parts = q_NTH[None, :, some], k_NTH[None, :, past], v_NTH[None, :, past]  # with an axis more, as in audio.py
            seen.append(F.scaled_dot_product_attention(*parts, attn_mask=mask)[0])
        return self.wo(torch.cat(seen, dim=1).transpose(0, 1).flatten(-2))
