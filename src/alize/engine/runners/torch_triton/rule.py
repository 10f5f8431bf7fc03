"""Where the kernels are used. In: a model. Out: what speaks against it, to be read after "because "; None: nothing.

What is refused here PyTorch computes as it always did. Nothing in this file imports Triton.
"""

import os
import shutil
from collections.abc import Iterable
from importlib.util import find_spec
from typing import cast

import torch
from torch import nn

from alize.engine.runners.base import CacheGroup
from alize.model.build import Model
from alize.model.config import ModelConfig
from alize.model.experts import SparseFeedForward
from alize.model.memory import cache_row
from alize.model.stored import StoredEmbedding, StoredLinear

__all__ = ["why_no_graphs", "why_no_kernels", "why_not_here"]

WIDEST = 512
"""Bytes of a key. Of wider ones a tile of queries, one of keys and what was seen do not fit into a multiprocessor."""

TYPES = (torch.float32, torch.bfloat16, torch.float16)
OLDEST = (8, 0)
"""Compute capability: Ampere, the first that multiplies in bfloat16."""


def why_not_here(device: str) -> str | None:
    """What this machine lacks."""
    if not device.startswith("cuda"):
        return "there is no GPU"
    if find_spec("triton") is None:
        return "Triton is not installed"
    if torch.cuda.get_device_capability(device) < OLDEST:
        return f"the GPU's compute capability is below {OLDEST[0]}.{OLDEST[1]}"
    if not (os.environ.get("CC") or shutil.which("gcc") or shutil.which("clang")):
        return "there is no C compiler, which Triton makes its launchers with"
    return None


def why_no_kernels(config: ModelConfig, groups: Iterable[CacheGroup], dtype: torch.dtype) -> str | None:
    """What the kernels cannot do."""
    layers = [layer for group in groups if group.kind != "recurrent" for layer in group.layers]
    if not layers:
        return "its layers keep no keys"
    if config.index is not None:
        return "an indexer chooses which keys are seen"
    if dtype not in TYPES:
        return f"they do not compute in {str(dtype).removeprefix('torch.')}"
    widest = max(cache_row(config, layer).key for layer in layers) * dtype.itemsize
    return f"its keys have {widest} bytes, more than {WIDEST}" if widest > WIDEST else None


def why_no_graphs(model: Model) -> str | None:
    """What of a step that only decodes cannot be recorded once and repeated: whatever the processor has to look at in between."""
    modules = list(cast("Iterable[nn.Module]", model.modules()))
    if any(isinstance(module, StoredLinear | StoredEmbedding) for module in modules):
        return "some of its weights are decoded by the processor"
    if any(type(module) is SparseFeedForward for module in modules):
        return "its experts are computed one after the other"
    ropes = [model.config.rope, model.config.sliding_rope]
    if any(rope is not None and rope.divisors for rope in ropes):
        return "the numbers that its rotation is divided by are the processor's"
    return None
