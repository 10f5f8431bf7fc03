"""The memory of a state-space model (Mamba-2, Dao & Gu 2024). In: inputs, steps, B and C of tokens. Out: what is read from the states.

A head remembers its whole past in one matrix h of P · S numbers, however long that past is. A token first lets it fade, then writes
into it, then reads from it:

    h  =  e^(dt·a) · h  +  dt · x Bᵀ            a < 0 is the head's own; dt, x, B and C are made from the token
    y  =  h C

With dt near 0 a token leaves the memory as it is; with a large dt it wipes it and writes itself. That is `advance`, the definition, and
how a token is decoded. For a prompt it is slow: all of h is read and written for every token. Written out for a run of tokens,

    y_t  =  e^(l_t) · h C_t  +  Σ over u ≤ t of  e^(l_t - l_u) · (C_t·B_u) · dt_u x_u        l_t: the sum of dt·a up to t

it says two things. Whatever lies before the run enters through h alone. Within the run it is attention without a softmax, where C asks,
B is the key, dt·x the value, and a score fades with what lies between. So `scan` cuts a prompt into chunks, does each as attention, by
products of matrices, and hands h from one to the next:

    tokens    0 1 2 3 | 4 5 6 7 | 8 9
    h      0 ────────►h4───────►h8────►h10        inside a chunk: 4 × 4 scores; between chunks: one matrix

T tokens, R sequences of one token each, L tokens of a chunk, N heads, P inputs a head, S numbers an input is spread over, G groups of
heads that share B and C, C channels of the convolution, K tokens it sees.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

__all__ = ["advance", "convolve", "scan"]

CHUNK = 64
"""Any length gives the same result but for rounding. Processor time for 512 tokens of one layer of Codestral Mamba, one core: 0.14 s in
chunks of 16, 0.11 of 32, 0.10 of 64, 0.14 of 128, 0.44 of 256."""


def convolve(tail: Tensor, x: Tensor, weight_CK: Tensor, bias_C: Tensor) -> tuple[Tensor, Tensor]:
    """Each channel's inputs of the last K tokens, weighted and summed, through silu; and the last K - 1 inputs, for the token to come.

    `tail` [..., K - 1, C] are the inputs before `x` [..., T, C], zeros where there are none. With weights 1, 10, 100 and a tail of 5, 6:

        5 6 | 7 8      7 gets 5 + 60 + 700,  8 gets 6 + 70 + 800;  the new tail is 7, 8
    """
    wide = torch.promote_types(x.dtype, torch.float32)
    tokens = x.shape[-2]
    row = torch.cat([tail, x], dim=-2)
    y = bias_C.to(wide)
    for k, weight_C in enumerate(weight_CK.to(wide).unbind(-1)):
        y = y + weight_C * row[..., k : k + tokens, :]
    return F.silu(y).to(x.dtype), row[..., tokens:, :]


def advance(h_RNPS: Tensor, x_RNP: Tensor, dt_RN: Tensor, a_N: Tensor, b_RGS: Tensor, c_RGS: Tensor) -> tuple[Tensor, Tensor]:
    """One token of each of R sequences: what it reads, [R, N, P], and the states after it."""
    shared = a_N.shape[0] // b_RGS.shape[1]
    b_RNS, c_RNS = b_RGS.repeat_interleave(shared, 1), c_RGS.repeat_interleave(shared, 1)
    written_RNPS = (dt_RN[..., None] * x_RNP)[..., None] * b_RNS[:, :, None]
    h_RNPS = torch.exp(dt_RN * a_N)[..., None, None] * h_RNPS + written_RNPS
    return (h_RNPS @ c_RNS[..., None])[..., 0], h_RNPS


def scan(
    h_NPS: Tensor, x_TNP: Tensor, dt_TN: Tensor, a_N: Tensor, b_TGS: Tensor, c_TGS: Tensor, chunk: int = CHUNK
) -> tuple[Tensor, Tensor]:
    """The tokens of one sequence in order: what each reads, [T, N, P], and the state after the last. Equal to `advance`, token by token."""
    read: list[Tensor] = []
    for start in range(0, len(x_TNP), chunk):
        part = slice(start, start + chunk)
        y_LNP, h_NPS = _chunk(h_NPS, x_TNP[part], dt_TN[part], a_N, b_TGS[part], c_TGS[part])
        read.append(y_LNP)
    return torch.cat(read), h_NPS


def _chunk(h_NPS: Tensor, x_LNP: Tensor, dt_LN: Tensor, a_N: Tensor, b_LGS: Tensor, c_LGS: Tensor) -> tuple[Tensor, Tensor]:
    heads, inputs, spread = h_NPS.shape
    b_GLS, c_GLS = b_LGS.transpose(0, 1), c_LGS.transpose(0, 1)
    groups, length, _ = b_GLS.shape
    value_NLP = (dt_LN[..., None] * x_LNP).transpose(0, 1)
    # Sums of dt·a grow, their differences may be small: in float32 those would keep few digits.
    sum_NL = (dt_LN.T.double() * a_N[:, None]).cumsum(1)
    fade_NLL = (sum_NL[:, :, None] - sum_NL[:, None, :]).to(x_LNP.dtype)
    later = torch.ones(length, length, dtype=torch.bool, device=x_LNP.device).triu(1)
    score_GLL = c_GLS @ b_GLS.transpose(1, 2)
    score_NLL = score_GLL.repeat_interleave(heads // groups, 0) * fade_NLL.masked_fill(later, float("-inf")).exp()
    inside_NLP = score_NLL @ value_NLP
    # The heads of a group share B and C: their states lie below one another and are read, and written, by one product.
    h_GXS = h_NPS.reshape(groups, -1, spread)
    before_GLX = c_GLS @ h_GXS.transpose(1, 2)
    before_NLP = before_GLX.view(groups, length, -1, inputs).transpose(1, 2).reshape(heads, length, inputs)
    y_NLP = inside_NLP + sum_NL.exp().to(x_LNP.dtype)[..., None] * before_NLP
    left_NL = (sum_NL[:, -1:] - sum_NL).exp().to(x_LNP.dtype)  # of what a token writes, at the end of the chunk
    value_GXL = (left_NL[..., None] * value_NLP).transpose(1, 2).reshape(groups, -1, length)
    written_NPS = (value_GXL @ b_GLS).view(h_NPS.shape)
    return y_NLP.transpose(0, 1), sum_NL[:, -1, None, None].exp().to(x_LNP.dtype) * h_NPS + written_NPS
