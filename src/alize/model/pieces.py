"""Work in pieces of a bounded size. In: a generator. Out: its result, all at once or a piece for each `next`.

An encoder sees an image whole: 12,100 patches of a large one through 24 layers. Whoever computes other things besides wants to stop now and
then; but its attention needs all rows of a layer, so they cannot go one after the other through all layers. A piece is then a part of one
layer, whatever the size of the image: the keys and values of all rows, or what some of the rows become.

    layer 0     keys, values │ rows 0 … 511 │ rows 512 … 1023 │ …      a line: a `yield`, where one may stop
    layer 1     keys, values │ rows 0 … 511 │ …

The cuts are always at the same rows. So neither where one stopped, nor what was computed meanwhile, changes a bit of the result.
"""

from collections.abc import Generator, Iterator
from dataclasses import replace
from typing import TypeVar

from alize.model.config import ModelConfig
from alize.model.memory import parameters

__all__ = ["ROWS", "Pieces", "stretches", "tokens_worth", "whole"]

ROWS = 512
"""Of a piece. Fewer make products slower, more make a piece longer: with these it takes about as long as one token of a decoder of 12 B."""

Result = TypeVar("Result")
Pieces = Generator[None, None, Result]
"""One piece for each `next`; the result is what it returns. What is held between two pieces is freed with it."""


def whole(pieces: Pieces[Result]) -> Result:
    """All of them, one after the other."""
    while True:
        try:
            next(pieces)
        except StopIteration as end:
            return end.value


def stretches(length: int, rows: int = ROWS) -> Iterator[slice]:
    """
    >>> list(stretches(5, 3))
    [slice(0, 3, None), slice(3, 5, None)]
    """
    return (slice(start, min(start + rows, length)) for start in range(0, length, rows))


def tokens_worth(config: ModelConfig, rows: int) -> float:
    """How many tokens of a prompt take as long as the longest piece of what has so many rows, by the multiplications of either.

    Pixtral 12B, of the largest of its images:

    >>> from alize.model.config import Vision
    >>> eye = Vision(dim=1024, layers=24, heads=16, hidden=4096, patch=16, image=1024)
    >>> sizes = {"dim": 5120, "layers": 40, "heads": 32, "kv_heads": 8, "head_dim": 128, "hidden": 14336, "vocab": 131072}
    >>> round(tokens_worth(ModelConfig(**sizes, max_context=1, vision=eye), 64 * 64), 2)
    1.08
    """
    decoder = parameters(replace(config, vision=None, hearing=None), active=True) - config.dim * config.vocab * (1 if config.tied else 2)
    return _multiplications(config, rows) / decoder


def _multiplications(config: ModelConfig, rows: int) -> int:
    """Of the longest piece: what some rows become, or the keys and values of all."""
    if config.vision is not None:
        dim, gates = config.vision.dim, 3 * config.vision.dim * config.vision.hidden
        return max(min(rows, ROWS) * (2 * dim * dim + gates + 2 * rows * dim), rows * 2 * dim * dim)
    ear = config.hearing
    assert ear is not None, "a model that only reads encodes nothing"
    inner, wide = ear.heads * ear.head_dim, ear.dim * ear.hidden
    if ear.stream is not None:  # a window of rows makes its keys and values itself, and sees two
        return min(rows, ear.stream.window) * (4 * ear.dim * inner + 3 * wide + 4 * ear.stream.window * inner)
    chunk = min(rows, ear.chunk)
    return max(min(chunk, ROWS) * (2 * ear.dim * inner + 2 * wide + 2 * chunk * inner), chunk * 2 * ear.dim * inner)
