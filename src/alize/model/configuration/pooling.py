"""From rows to a vector of a text. In: `params` with an object `pooling`. Out: which rows are pooled, and how much is read."""

from collections.abc import Mapping
from typing import Any, get_args

from alize.errors import CheckpointInvalid
from alize.model.config import Pooling
from alize.model.configuration.values import integer, part_of

__all__ = ["context_of", "pooling_of"]


def pooling_of(params: Mapping[str, Any]) -> Pooling | None:
    """Which rows become the vector; None of a model that writes. Raises CheckpointInvalid for a mode that is not known."""
    part = part_of(params, "pooling")
    if part is None:
        return None
    mode: Any = part.get("mode")
    if mode not in get_args(Pooling):
        raise CheckpointInvalid(f"The model's 'pooling' has the mode {mode!r}; known are {', '.join(get_args(Pooling))}.")
    return mode


def context_of(params: Mapping[str, Any], context: int) -> int:
    """How much a model reads: what it was made to embed may be less than there are positions for."""
    part = part_of(params, "pooling")
    return context if part is None else min(context, integer(part, "max_tokens", context))
