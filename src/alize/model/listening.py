"""Voxtral Realtime's audio encoder. In: a spectrogram, as it comes. Out: rows, 50 a second, each final at once.

Made for a stream (compare audio.py, which hears half minutes): no row depends on anything later. Each convolution begins with columns of
silence instead of looking ahead, a row sees itself and the `window - 1` rows before it, and in place of sines added to the rows, queries
and keys are rotated by their position, so that a row is heard alike however long the sound has lasted.

    columns of the spectrogram   ·  ·  0  1  2  3  4  5     · silence
    first convolution                  0  1  2  3  4  5     0 from (·, ·, 0), 1 from (·, 0, 1) …
    second, every other               (0)   (1)   (2)       1 from (1, 2, 3): never from what follows its pair

So a sound may come in pieces: what later rows still look back at is a Past, of the same size however long the sound has lasted.

T rows, D width, N heads, H head width, M bands of the spectrogram, F its columns, P rows of the past.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from alize.model.attend import causal_mask
from alize.model.config import Hearing, Rope, Stream
from alize.model.feedforward import FeedForward
from alize.model.rope import rotate, rotations

__all__ = ["Past", "StreamEncoder"]


@dataclass(frozen=True, slots=True)
class Past:
    """What is left of a sound that goes on."""

    rows: int  # how many there were
    columns: tuple[Tensor, Tensor]  # the last ones before each convolution: [M, 2], [D, 1]
    seen: tuple[tuple[Tensor, Tensor], ...]  # of each layer the keys and values of the last `window - 1` rows: [N, P, H]


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
        return self.listen(mel_MF, None)[0]

    def listen(self, mel_MF: Tensor, past: Past | None) -> tuple[Tensor, Past]:
        """The next piece of a sound, [mels, F] → [F / 2, D], and the past of the one after it. F is even. None: the sound begins."""
        past, x, columns = past or self._silence(mel_MF), mel_MF, list[Tensor]()
        for conv, before in zip(self.conv_layers, past.columns, strict=True):
            x = torch.cat([before, x], dim=1)
            columns.append(x[:, -before.shape[1] :].clone())
            x = F.gelu(conv(x[None]))[0]
        x_TD = x.T
        places = torch.arange(past.rows, past.rows + len(x_TD), device=x_TD.device)
        rotation = rotations(Rope(theta=self.stream.rope_theta), self.config.head_dim, places)
        seen: list[tuple[Tensor, Tensor]] = []
        for block, before in zip(self.transformer["layers"].children(), past.seen, strict=True):
            x_TD, now = block(x_TD, rotation, before)
            seen.append(now)
        first, second = columns
        return self.transformer["norm"](x_TD), Past(past.rows + len(x_TD), (first, second), tuple(seen))

    def _silence(self, like: Tensor) -> Past:
        config = self.config
        columns, nothing = (like.new_zeros(config.mels, 2), like.new_zeros(config.dim, 1)), like.new_zeros(config.heads, 0, config.head_dim)
        return Past(0, columns, ((nothing, nothing),) * config.layers)


class StreamBlock(nn.Module):
    """x + attention(norm x), then x + feed_forward(norm x)."""

    def __init__(self, config: Hearing, stream: Stream) -> None:
        super().__init__()
        self.attention_norm = nn.RMSNorm(config.dim, eps=stream.norm_eps)
        self.attention = StreamAttention(config, stream)
        self.ffn_norm = nn.RMSNorm(config.dim, eps=stream.norm_eps)
        self.feed_forward = FeedForward(config.dim, config.hidden, bias=True)

    def forward(self, x_TD: Tensor, rotation: Tensor, past: tuple[Tensor, Tensor]) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        given_TD, past = self.attention(self.attention_norm(x_TD), rotation, past)
        x_TD = x_TD + given_TD
        return x_TD + self.feed_forward(self.ffn_norm(x_TD)), past


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

    def forward(self, x_TD: Tensor, rotation: Tensor, past: tuple[Tensor, Tensor]) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """A window of queries at a time, which see two windows of keys: an hour of sound takes no more memory than a minute."""
        q_TNH, k_TNH, v_TNH = (part(x_TD).view(len(x_TD), self.heads, -1) for part in (self.wq, self.wk, self.wv))
        q_NTH, k_NTH, v_NTH = (part.transpose(0, 1) for part in (rotate(q_TNH, rotation), rotate(k_TNH, rotation), v_TNH))
        before = past[0].shape[1]
        k_NTH, v_NTH = (torch.cat(both, dim=1) for both in zip(past, (k_NTH, v_NTH), strict=True))
        at = torch.arange(k_NTH.shape[1], device=x_TD.device)
        seen: list[Tensor] = []
        for start in range(before, len(at), self.window):
            some, around = slice(start, start + self.window), slice(max(0, start - self.window + 1), start + self.window)
            mask = causal_mask(at[some], at[around], self.window)
            parts = q_NTH[None, :, start - before : start - before + self.window], k_NTH[None, :, around], v_NTH[None, :, around]
            seen.append(F.scaled_dot_product_attention(*parts, attn_mask=mask)[0])  # with an axis more, as in audio.py
        last = max(0, len(at) - self.window + 1)
        return self.wo(torch.cat(seen, dim=1).transpose(0, 1).flatten(-2)), (k_NTH[:, last:].clone(), v_NTH[:, last:].clone())
