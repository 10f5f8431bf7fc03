"""Multi-head latent attention (DeepSeek-V2, § 2.1). In: one row per token and its place. Out: one row per token.

Plainly said, a token's keys and values of all heads are projections of one short vector, its latent c, and a part of each key that is
rotated is the same for all heads. A cache then needs c and that part alone: 320 numbers for Mistral Small 4 instead of 8,192.

    k of head n = [ U_n c , r ]        v of head n = W_n c        score = q·k = q_pass · U_n c + q_turn · r

The projection U_n may as well be applied to the query, once, instead of to every key: q_pass · U_n c = (U_nᵀ q_pass) · c. So this layer
attends with queries [U_nᵀ q_pass, q_turn], one key head [c, r] and values c, and applies W_n to what was seen: no key is ever unpacked.

T tokens, N heads, C rank of the latent, R rotated part of a head, P the rest of it, V width of a value.
"""

import torch
from torch import Tensor, nn

from alize.model.attend import Attend
from alize.model.config import LatentAttention as LatentConfig
from alize.model.config import ModelConfig
from alize.model.indexer import Indexer, LearnedTemperature
from alize.model.rope import Places, rotate

__all__ = ["LatentAttention"]


class LatentAttention(nn.Module):
    """Parameter names are those of Mistral Large 3's release."""

    def __init__(self, config: ModelConfig, latent: LatentConfig, layer: int) -> None:
        super().__init__()
        self.layer, self.source = layer, latent.source(layer)
        self.rotated = latent.rope_dim(layer)
        self.plain = latent.nope_head_dim + latent.rope_head_dim - self.rotated
        self.rank, self.v_head_dim, self.heads = latent.kv_rank, latent.v_head_dim, config.heads
        self.scale = (self.plain + self.rotated) ** -0.5 * config.rope.score_scale
        queries = config.heads * (self.plain + self.rotated)
        if latent.q_rank:
            self.wq_a = nn.Linear(config.dim, latent.q_rank, bias=False)
            self.q_a_norm = nn.RMSNorm(latent.q_rank, eps=config.norm_eps)
            self.wq_b = nn.Linear(latent.q_rank, queries, bias=False)
        else:
            self.wq = nn.Linear(config.dim, queries, bias=False)
        self.q_rank = latent.q_rank
        if self.source == layer:
            self.wkv_a_with_mqa = nn.Linear(config.dim, self.rank + self.rotated, bias=False)
            self.kv_a_norm = nn.RMSNorm(self.rank, eps=config.norm_eps)
        self.wkv_b = nn.Linear(self.rank, config.heads * (self.plain + self.v_head_dim), bias=False)
        self.wo = nn.Linear(config.heads * self.v_head_dim, config.dim, bias=False)
        self.ssmax_scaling = LearnedTemperature(config.heads) if latent.learned_temperature else None
        self.indexer = Indexer(config, config.index, self.rotated, layer) if config.index and layer in config.index.layers else None
        self.chosen = config.index is not None

    def forward(self, x_TD: Tensor, places: Places, attend: Attend) -> Tensor:
        if self.indexer is not None:
            self.indexer(x_TD, places, attend)
        pass_TNP, turn_TNR = torch.split(self._queries(x_TD, places), [self.plain, self.rotated], dim=-1)
        q_TNC = torch.cat([self.absorbed(pass_TNP), turn_TNR], dim=-1)
        seen_TNC = attend(self.source, q_TNC, *self._keys(x_TD, places), self.scale, chosen=self.chosen)
        return self.wo(self.unpacked(seen_TNC).flatten(-2))

    def absorbed(self, pass_TNP: Tensor) -> Tensor:
        """Queries as latents are asked, U_nᵀ q."""
        return torch.einsum("tnp,npc->tnc", pass_TNP, self._unpacking()[0])

    def unpacked(self, seen_TNC: Tensor) -> Tensor:
        """Values, W_n c, of what was seen of latents."""
        return torch.einsum("tnc,nvc->tnv", seen_TNC, self._unpacking()[1])

    def _unpacking(self) -> tuple[Tensor, ...]:
        """U [N, P, C] and W [N, V, C]."""
        return torch.split(self.wkv_b.weight.view(self.heads, -1, self.rank), [self.plain, self.v_head_dim], dim=1)

    def _queries(self, x_TD: Tensor, places: Places) -> Tensor:
        """[T, N, P + R], the last part rotated."""
        q = self.wq_b(self.q_a_norm(self.wq_a(x_TD))) if self.q_rank else self.wq(x_TD)
        q_TNH = q.view(len(x_TD), self.heads, -1)
        if self.rotated:
            q_TNH = torch.cat([q_TNH[..., : self.plain], rotate(q_TNH[..., self.plain :], places.rotation)], dim=-1)
        q_TNH = places.warmed(q_TNH)
        return q_TNH if self.ssmax_scaling is None else self.ssmax_scaling(q_TNH, places.positions_T)

    def _keys(self, x_TD: Tensor, places: Places) -> tuple[Tensor | None, Tensor | None]:
        """One key head [T, 1, C + R] and its first C numbers, the values; None where another layer has made them."""
        if self.source != self.layer:
            return None, None
        latent_TC, turn_TR = torch.split(self.wkv_a_with_mqa(x_TD), [self.rank, self.rotated], dim=-1)
        latent_T1C = self.kv_a_norm(latent_TC)[:, None]
        if not self.rotated:
            return latent_T1C, latent_T1C
        return torch.cat([latent_T1C, rotate(turn_TR[:, None], places.rotation)], dim=-1), latent_T1C
