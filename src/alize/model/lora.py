"""Low-rank adapters (LoRA, Hu et al. 2021). In: a model and an adapter. Out: the same model, some of whose layers compute a little more.

What fine-tuning changes about a weight is simple, next to the weight itself: a matrix of low rank does nearly as well as any. So the
weight stays as it is, and what is learnt is the product of two thin matrices:

    y = W x + scale · B (A x)          W [O, I]   A [R, I]   B [O, R]         R a few, against thousands

                ┌───── W ─────┐
        x ──────┤             + ───── y       4096 × 4096 weights: 16.8 million numbers in W,
                └─ A ─ B ─ · ─┘               131 thousand in A and B of rank 16, 0.8 % of them

B begins at zero, so that training begins with the model as it was. The scale makes runs of different ranks alike: alpha / R, or alpha / √R
(rsLoRA, Kalajdzievski 2023), with which a larger rank does not learn more slowly. Several adapters can share one W, which is how a
server holds many fine-tuned models in the memory of one; or one of them is added to W for good (merge.py), and costs nothing any more.

The models of this folder know nothing of it: layers are replaced from outside. Any linear layer of a decoder may be: attention's, those
that make and unpack latents, feed-forwards, experts, the gate before them, a state space's projections. Not embeddings, nor the head.

O outputs, I inputs, R rank.
"""

from collections.abc import Iterable
from typing import cast

import torch
from torch import Tensor, nn

from alize.model.build import Model
from alize.model.fit import fit
from alize.weights.adapters import Adapter

__all__ = ["LoraLinear", "adapt", "linear_layers", "modules_of", "shapes_of"]


class LoraLinear(nn.Module):
    """Takes the place of a linear layer. Its own parameters are named as in the files of mistral-finetune."""

    def __init__(self, linear: nn.Linear, rank: int, scale: float) -> None:
        super().__init__()
        self.linear, self.scale = linear, scale
        device, dtype = linear.weight.device, linear.weight.dtype
        self.lora_A = nn.Linear(linear.in_features, rank, bias=False, device=device, dtype=dtype)
        self.lora_B = nn.Linear(rank, linear.out_features, bias=False, device=device, dtype=dtype)
        nn.init.zeros_(self.lora_B.weight)

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(x) + self.scale * self.lora_B(self.lora_A(x))

    @property
    def weight(self) -> Tensor:
        """W + scale · B A, for whoever does not multiply rows with it: latent attention's wkv_b."""
        return self.linear.weight + self.scale * (self.lora_B.weight @ self.lora_A.weight)


def modules_of(model: Model) -> dict[str, nn.Module]:
    """Everything that a decoder's layers are made of, by name."""
    return dict(cast("Iterable[tuple[str, nn.Module]]", model.layers.named_modules(prefix="layers")))


def linear_layers(model: Model) -> dict[str, nn.Linear]:
    """Those that an adapter may be on: all that see rows. What tells a layer its delay (transformer.py) sees none."""
    layers = {name: module for name, module in modules_of(model).items() if isinstance(module, nn.Linear)}
    return {name: layer for name, layer in layers.items() if ".ada_rms_norm_t_cond." not in name}


def shapes_of(model: Model) -> dict[str, tuple[int, ...]]:
    """Of the same layers, [O, I]."""
    return {name: (layer.out_features, layer.in_features) for name, layer in linear_layers(model).items()}


def adapt(model: Model, adapter: Adapter) -> None:
    """Put an adapter on a model. Raises CheckpointInvalid, changing nothing, where it is none for this model."""
    layers = linear_layers(model)
    for name, delta in fit(adapter, model.config, shapes_of(model)):
        replaced = LoraLinear(layers[name], len(delta.a_RI), delta.scale)
        for part, values in ((replaced.lora_A, delta.a_RI), (replaced.lora_B, delta.b_OR)):
            part.weight.data = torch.as_tensor(values.copy()).to(part.weight)
        above, _, last = name.rpartition(".")
        setattr(model.get_submodule(above), last, cast(nn.Linear, replaced.requires_grad_(False)))
