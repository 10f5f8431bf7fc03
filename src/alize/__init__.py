"""Alizé: an open, self-hosted AI house. In: a name or path of a model. Out: something to talk to.

import alize
print(alize.load().chat("What is the capital of France?"))
"""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from alize.engine.base import SamplingParams
    from alize.engine.grammar import Grammar
    from alize.library import Message, Model, Tool, ToolCall, load

__all__ = ["Grammar", "Message", "Model", "SamplingParams", "Tool", "ToolCall", "load"]

_HOMES = dict.fromkeys(("load", "Message", "Model", "Tool", "ToolCall"), "alize.library") | {
    "SamplingParams": "alize.engine.base",
    "Grammar": "alize.engine.grammar",
}


def __getattr__(name: str) -> Any:
    """Import on first use: `alize --help` must not wait for numpy."""
    if name not in _HOMES:
        raise AttributeError(f"module 'alize' has no attribute '{name}'")
    from importlib import import_module

    return getattr(import_module(_HOMES[name]), name)
