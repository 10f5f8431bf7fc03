"""Voxtral Realtime's audio encoder. In: a spectrogram, as it comes. Out: rows, 50 a second, each final at once.

Made for a stream (compare audio.py, which hears half minutes): no row depends on anything later. Each convolution begins with columns of
silence instead of looking ahead, a row sees itself and the `window - 1` rows before it, and in place of sines added to the rows, queries
and keys are rotated by their position, so that a row is heard alike however long the sound has lasted.

    columns of the spectrogram   ·  ·  0  1  2  3  4  5     · silence
    first convolution                  0  1  2  3  4  5     0 from (·, ·, 0), 1 from (·, 0, 1) …
    second, every other               (0)   (1)   (2)       1 from (1, 2, 3): never from what follows its pair

So a sound may come in pieces: what later rows still look back at is a Past, of the same size however long the sound has lasted. And a
window of rows after the other goes through a layer: what is computed at once is as long for an hour of sound as for a minute.

T rows, S of them that are computed together, D width, N heads, H head width, M bands of the spectrogram, F its columns, P rows of the past.
"""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from alize.model.attend import causal_mask
from alize.model.config import Hearing, Rope, Stream
from alize.model.feedforward import FeedForward
from alize.model.pieces import Pieces, stretches, whole
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
        return whole(self.pieces(mel_MF, past))

    def pieces(self, mel_MF: Tensor, past: Past | None = None) -> Pieces[tuple[Tensor, Past]]:
        """The same, in pieces of work."""
        past = past or self._silence(mel_MF)
        x_TD, columns = yield from self._convolved(mel_MF, past.columns)
        places = torch.arange(past.rows, past.rows + len(x_TD), device=x_TD.device)
        rotation = rotations(Rope(theta=self.stream.rope_theta), self.config.head_dim, places)
        seen: list[tuple[Tensor, Tensor]] = []
        for block, before in zip(self.transformer["layers"].children(), past.seen, strict=True):
            rows: list[Tensor] = []
            for some in stretches(len(x_TD), self.stream.window):
                x_SD, before = block(x_TD[some], rotation[some], before)
                rows.append(x_SD)
                yield
            x_TD = torch.cat(rows)
            seen.append(before)
        return self.transformer["norm"](x_TD), Past(past.rows + len(x_TD), columns, tuple(seen))

    def _convolved(self, mel_MF: Tensor, before: tuple[Tensor, Tensor]) -> Pieces[tuple[Tensor, tuple[Tensor, Tensor]]]:
        """Rows [F / 2, D], and the last columns before each convolution of what comes next."""
        rows: list[Tensor] = []
        for x in torch.split(mel_MF, 2 * self.stream.window, dim=1):
            first, second = self.conv_layers
            mel = torch.cat([before[0], x], dim=1)
            inner = torch.cat([before[1], F.gelu(first(mel[None]))[0]], dim=1)
            before = mel[:, -before[0].shape[1] :].clone(), inner[:, -before[1].shape[1] :].clone()
            rows.append(F.gelu(second(inner[None]))[0].T)
            yield
        return torch.cat(rows), before

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

    def forward(self, x_SD: Tensor, rotation: Tensor, past: tuple[Tensor, Tensor]) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        given_SD, past = self.attention(self.attention_norm(x_SD), rotation, past)
        x_SD = x_SD + given_SD
        return x_SD + self.feed_forward(self.ffn_norm(x_SD)), past


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

    def forward(self, x_SD: Tensor, rotation: Tensor, past: tuple[Tensor, Tensor]) -> tuple[Tensor, tuple[Tensor, Tensor]]:
        """What no more rows than a window see of themselves and of the past; and what is the past of the next."""
        q_SNH, k_SNH, v_SNH = (part(x_SD).view(len(x_SD), self.heads, -1) for part in (self.wq, self.wk, self.wv))
        q_NSH, k_NSH, v_NSH = (part.transpose(0, 1) for part in (rotate(q_SNH, rotation), rotate(k_SNH, rotation), v_SNH))
        k_NTH, v_NTH = (torch.cat(both, dim=1) for both in zip(past, (k_NSH, v_NSH), strict=True))
        at = torch.arange(k_NTH.shape[1], device=x_SD.device)
        mask = causal_mask(at[-len(x_SD) :], at, self.window)
        parts = q_NSH[None], k_NTH[None], v_NTH[None]  # with an axis more, as in audio.py
        seen_NSH = F.scaled_dot_product_attention(*parts, attn_mask=mask)[0]
        last = max(0, len(at) - self.window + 1)
        return self.wo(seen_NSH.transpose(0, 1).flatten(-2)), (k_NTH[:, last:].clone(), v_NTH[:, last:].clone())
