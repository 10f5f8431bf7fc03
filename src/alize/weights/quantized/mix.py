"""Which kind each tensor of a GGUF gets. In: what the file shall be called (Q4_K_M, …), a tensor's name and shape. Out: a kind.

A file "in four bits" is a mix: what hurts most when it is rounded keeps more. The head (or the table of embeddings, where it is the head,
too) gets six bits; in Q4_K_M, so do the values' and the feed-forward's last projections of half the layers: those at both ends and every
third between. Rows that do not hold whole blocks of 256 get the next kind in blocks of 32, or float16 where even that does not fit.
Norms and the choice of experts stay as they are. Source: ggml-org/llama.cpp (MIT), llama-quant.cpp, whose choices these are.
"""

from dataclasses import dataclass

from alize.weights.checkpoints.kinds import KINDS

__all__ = ["MIXES", "Mix", "kind_in"]


@dataclass(frozen=True, slots=True)
class Mix:
    """One sort of file."""

    base: str
    head: str
    more: str  # of the values' and the feed-forward's last projections in layers that get more
    number: int  # as general.file_type


MIXES = {
    "q4_0": Mix("Q4_0", "Q6_K", "Q4_0", 2),
    "q8_0": Mix("Q8_0", "Q8_0", "Q8_0", 7),
    "q4_k_m": Mix("Q4_K", "Q6_K", "Q6_K", 15),
}
_NARROWER = {"Q4_K": "Q5_0", "Q5_K": "Q5_1", "Q6_K": "Q8_0"}
_KEPT = ("_norm.weight", "ffn_gate_inp.weight", "ssm_conv1d.weight")


def kind_in(mix: Mix, name: str, shape: tuple[int, ...], layers: int, experts: int = 0, tied: bool = False) -> str | None:
    """None where the tensor stays as it is. `name` is the GGUF's.

    >>> kind_in(MIXES["q4_k_m"], "blk.0.attn_v.weight", (1024, 4096), 32), kind_in(MIXES["q4_k_m"], "blk.0.attn_q.weight", (576, 576), 30)
    ('Q6_K', 'Q5_0')
    """
    if len(shape) < 2 or not name.endswith(".weight") or name.endswith(_KEPT):
        return None
    return _fitting(_wanted(mix, name, shape, layers, experts, tied), shape[-1])


def _wanted(mix: Mix, name: str, shape: tuple[int, ...], layers: int, experts: int, tied: bool) -> str:
    if name == "output.weight" or (tied and name == "token_embd.weight"):
        return mix.head if shape[-1] % KINDS[mix.base].values == 0 else "Q8_0"
    if not name.startswith("blk."):
        return mix.base
    layer, part = int(name.split(".")[1]), name.split(".")[2]
    several = mix.base == "Q4_K"
    if part == "attn_v":
        wanted = mix.more if _more(layer, layers) else mix.base
        return "Q8_0" if experts == 8 else "Q5_K" if several and layers == 80 and wanted == "Q4_K" else wanted
    if part == "attn_k" and experts == 8:
        return "Q8_0"
    if part == "attn_output" and experts == 8 and several:
        return "Q5_K"
    if part.startswith("ffn_down") and _more(layer, layers):
        return mix.more
    return mix.base


def _more(layer: int, layers: int) -> bool:
    """Both ends, an eighth of the layers each, and every third layer between them."""
    return layer < layers // 8 or layer >= 7 * layers // 8 or (layer - layers // 8) % 3 == 2


def _fitting(kind: str, width: int) -> str:
    if width % KINDS[kind].values:
        kind = _NARROWER.get(kind, kind)
    return kind if width % KINDS[kind].values == 0 else "F16"
