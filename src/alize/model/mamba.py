"""Mamba-2 (Dao & Gu 2024): the specification of Codestral Mamba. In: packed token ids. Out: hidden states or logits.

There is no attention and no feed-forward: a block is one mixer. Its memory of the past is a state of constant size (scan.py), so a token
costs the same after ten tokens and after a million, and positions are nowhere: what lies further back has faded longer.

    x ─ norm ─ in_proj ─┬─ z ───────────────────────────────── silu ──┐
                        ├─ x, B, C ─ convolution over 4 tokens ─┐     │
                        └─ dt ─ softplus(dt + dt_bias) ─────────┴ scan ┴ × ─ norm by groups ─ out_proj ─ + x
                                                    (and D · x beside it)

The interface is that of a Transformer, with a `Remember` in place of an `Attend`. Names inside a layer are those of the release; the
outer ones are those of the other families (weights/checkpoints/mamba.py).

T tokens, D model width, I inner width (N heads of P), C channels of the convolution, N heads, P inputs a head, G groups, S state.
"""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from alize.model.config import ModelConfig, StateSpace
from alize.model.remember import Remember
from alize.model.transformer import Embeds

__all__ = ["Mamba", "MambaBlock", "Mixer"]


class Mamba(nn.Module):
    """Embed, run the blocks, norm; `head` turns the rows one asks for into logits."""

    def __init__(self, config: ModelConfig, space: StateSpace) -> None:
        super().__init__()
        self.config = config
        self.wide_residual = space.wide_residual
        self.tok_embeddings = nn.Embedding(config.vocab, config.dim)
        self.layers = nn.ModuleList(MambaBlock(config, space, layer) for layer in range(config.layers))
        self.norm = _Norm(config.dim, eps=config.norm_eps)
        self.output = None if config.tied else nn.Linear(config.dim, config.vocab, bias=False)

    def forward(self, tokens_T: Tensor, positions_T: Tensor, remember: Remember, embeds: Embeds | None = None) -> Tensor:
        """Hidden states after the last norm, [T, D]. Positions are not looked at. `embeds` puts rows in place of tokens' embeddings."""
        x_TD = self.tok_embeddings(tokens_T)
        if embeds is not None:
            x_TD = x_TD.index_copy(0, *embeds)
        if self.wide_residual:
            x_TD = x_TD.to(torch.promote_types(x_TD.dtype, torch.float32))
        for block in self.layers:
            x_TD = block(x_TD, remember)
        return self.norm(x_TD)

    def head(self, hidden_TD: Tensor) -> Tensor:
        """Logits of the next token, [T, V], in the weights' own type."""
        return F.linear(hidden_TD, self.tok_embeddings.weight) if self.output is None else self.output(hidden_TD)


class MambaBlock(nn.Module):
    """x + mixer(norm x)"""

    def __init__(self, config: ModelConfig, space: StateSpace, layer: int) -> None:
        super().__init__()
        self.norm = _Norm(config.dim, eps=config.norm_eps)
        self.mixer = Mixer(config, space, layer)

    def forward(self, x_TD: Tensor, remember: Remember) -> Tensor:
        return x_TD + self.mixer(self.norm(x_TD), remember)


class Mixer(nn.Module):
    """Everything between the steps of a token and the state is computed in float32 or wider, whatever type the weights have."""

    def __init__(self, config: ModelConfig, space: StateSpace, layer: int) -> None:
        super().__init__()
        self.layer, self.space = layer, space
        self.in_proj = nn.Linear(config.dim, space.inner + space.channels + space.heads, bias=False)
        self.conv1d = _Convolution(space.channels, space.conv)
        self.dt_bias = nn.Parameter(torch.empty(space.heads))
        self.A_log = nn.Parameter(torch.empty(space.heads))
        self.D = nn.Parameter(torch.empty(space.heads))
        self.norm = _GatedNorm(space.inner, space.groups, config.norm_eps)
        self.out_proj = nn.Linear(space.inner, config.dim, bias=False)

    def forward(self, x_TD: Tensor, remember: Remember) -> Tensor:
        space, wide = self.space, torch.promote_types(x_TD.dtype, torch.float32)
        z_TI, xbc_TC, dt_TN = torch.split(self.in_proj(x_TD), [space.inner, space.channels, space.heads], dim=-1)
        xbc_TC = remember.convolve(self.layer, xbc_TC, self.conv1d.weight[:, 0], self.conv1d.bias).to(wide)
        x_TI, b_TX, c_TX = torch.split(xbc_TC, [space.inner, space.groups * space.state, space.groups * space.state], dim=-1)
        x_TNP = x_TI.reshape(len(x_TD), space.heads, space.head_dim)
        b_TGS, c_TGS = (part.reshape(len(x_TD), space.groups, space.state) for part in (b_TX, c_TX))
        dt_TN = F.softplus(dt_TN.to(wide) + self.dt_bias.to(wide))
        y_TNP = remember.scan(self.layer, x_TNP, dt_TN, -self.A_log.to(wide).exp(), b_TGS, c_TGS)
        y_TNP = y_TNP + self.D.to(wide)[:, None] * x_TNP
        return self.out_proj(self.norm(y_TNP.flatten(-2), z_TI))


class _Convolution(nn.Module):
    """The weights of a convolution in which each channel sees itself alone."""

    def __init__(self, channels: int, width: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(channels, 1, width))
        self.bias = nn.Parameter(torch.empty(channels))


class _GatedNorm(nn.Module):
    """RMSNorm of y · silu(z), for each group of heads alone, so that groups may live on different devices."""

    def __init__(self, width: int, groups: int, eps: float) -> None:
        super().__init__()
        self.groups, self.eps = groups, eps
        self.weight = nn.Parameter(torch.empty(width))

    def forward(self, y_TI: Tensor, z_TI: Tensor) -> Tensor:
        gated_TGX = (y_TI * F.silu(z_TI.to(y_TI.dtype))).view(len(y_TI), self.groups, -1)
        normed_TI = F.rms_norm(gated_TGX, gated_TGX.shape[-1:], eps=self.eps).flatten(-2)
        return (self.weight.to(y_TI.dtype) * normed_TI).to(z_TI.dtype)


class _Norm(nn.RMSNorm):
    """RMSNorm whose rows may be wider than its weights; what comes out is of the weights' type."""

    def forward(self, x: Tensor) -> Tensor:
        return F.rms_norm(x, self.weight.shape, self.weight.to(x.dtype), self.eps).to(self.weight.dtype)
