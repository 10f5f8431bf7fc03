"""Whether a model thinks and calls tools. In: its tokenizer, and its card. Out: the marks it does so with, or None.

A server's answers and its list of models, and what a person is told of a file, go by these alone.
"""

from collections.abc import Collection

from alize.prompt.told import TOLD
from alize.tokenize.base import CallMarks, ThoughtMarks, Tokenizer
from alize.weights.catalog import Card

__all__ = ["call_marks_of", "thought_marks_of"]


def thought_marks_of(tokenizer: Tokenizer, capabilities: Collection[str]) -> ThoughtMarks | None:
    """What stands around its thoughts; None for a model that does not think. The first Magistral writes marks that no file names."""
    if "completion_chat" not in capabilities:
        return None
    return tokenizer.thought_marks or (ThoughtMarks(prompted=True) if "reasoning" in capabilities else None)


def call_marks_of(tokenizer: Tokenizer, card: Card) -> CallMarks | None:
    """How it calls tools: in its own form, or where it has none and its card says so, in the house's.

    None for a model whose template has no place for tools, or writes calls in no form that is read, and whose card does not say so.
    """
    if "completion_chat" not in card.capabilities:
        return None
    return tokenizer.call_marks or (TOLD if card.told_tools else None)
