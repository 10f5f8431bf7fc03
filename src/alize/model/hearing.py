"""A decoder that hears. In: spectrograms, and the tokens that hold a place for them. Out: what a Transformer gives.

Voxtral reads a sound as others read an image: the encoder's rows, four side by side, stand in place of embeddings. A token is 80 ms.

    tokens    <s> [INST] [BEGIN_AUDIO] [AUDIO] [AUDIO] … [AUDIO]  what was said  [/INST]
    rows of x  e    e          e          0       1        374      e   e   e       e

Voxtral Realtime listens while it writes. Every token it reads is 80 ms of sound *and* its own last word: the two are added. It writes a
word `delay` tokens after it was said, and between words a token that says so. Since the same weights can be asked for more haste or more
care, each layer is told the delay, as a factor on what goes into its feed-forward (Block, transformer.py).

    sound          silence …  silence    hel    lo     there
    last word        [PAD]  …  [PAD]    [PAD]  [PAD]   hello       delay 2
    it writes          …       [PAD]    [PAD]  hello   [PAD]  …

F columns of a spectrogram, T rows of the encoder, S rows a token, I tokens, D width of the decoder.
"""

import torch
from torch import Tensor

from alize.model.audio import AudioEncoder
from alize.model.config import Hearing, ModelConfig
from alize.model.listening import Past, StreamEncoder
from alize.model.pieces import Pieces, stretches, whole
from alize.model.projector import Adapter
from alize.model.transformer import Embeds, Transformer

__all__ = ["HearingTransformer"]


class HearingTransformer(Transformer):
    """Parameter names are those of the releases, without the name of what holds them together there."""

    def __init__(self, config: ModelConfig, hearing: Hearing) -> None:
        super().__init__(config)
        self.hearing = hearing
        self.whisper_encoder = StreamEncoder(hearing, hearing.stream) if hearing.stream else AudioEncoder(hearing)
        self.audio_language_adapter = Adapter(hearing.dim * hearing.stack, config.dim, bias=False)

    def hear(self, mel_MF: Tensor) -> Tensor:
        """A spectrogram [mels, F], a multiple of the columns that are heard together → [I, D]: a row for each of its tokens."""
        return whole(self.perceive(mel_MF))

    def perceive(self, mel_MF: Tensor) -> Pieces[Tensor]:
        """The same, in pieces."""
        encoder = self.whisper_encoder
        if isinstance(encoder, StreamEncoder):
            x_TD, _ = yield from encoder.pieces(mel_MF)
        else:
            x_TD = yield from encoder.pieces(mel_MF)
        x_IS = x_TD.reshape(len(x_TD) // self.hearing.stack, -1)
        rows: list[Tensor] = []
        for some in stretches(len(x_IS)):
            rows.append(self.audio_language_adapter(x_IS[some]))
            yield
        return torch.cat(rows)

    def hear_on(self, mel_MF: Tensor, past: Past | None) -> tuple[Tensor, Past]:
        """`hear`, of the next piece of a stream: any number of whole tokens. `past` is what this gave with the piece before it."""
        encoder = self.whisper_encoder
        assert isinstance(encoder, StreamEncoder), "half minutes are heard whole"
        x_TD, past = encoder.listen(mel_MF, past)
        return self.audio_language_adapter(x_TD.reshape(len(x_TD) // self.hearing.stack, -1)), past

    def placed(self, x_TD: Tensor, embeds: Embeds) -> Tensor:
        return x_TD.index_add(0, *embeds) if self.hearing.stream else super().placed(x_TD, embeds)
