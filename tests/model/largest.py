"""How much memory a computation takes at once, counted and not measured. In: operations within a block. Out: the largest tensor."""

from typing import Any

import torch
from torch.utils._python_dispatch import TorchDispatchMode

__all__ = ["LargestMade"]


class LargestMade(TorchDispatchMode):
    """Numbers in the largest tensor that any operation gives."""

    size = 0

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        for made in result if isinstance(result, tuple) else (result,):
            self.size = max(self.size, made.numel() if isinstance(made, torch.Tensor) else 0)
        return result
