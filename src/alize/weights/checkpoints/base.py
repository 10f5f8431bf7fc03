"""The Checkpoint seam. In: files on disk. Out: named arrays in one canonical form, read lazily from mapped memory.

Canonical names and layout are those of Mistral's own release (`consolidated.safetensors` + `params.json`):

    tok_embeddings.weight [V, D]                 norm.weight [D]              output.weight [V, D] (absent when tied)
    layers.N.attention_norm.weight [D]           layers.N.ffn_norm.weight [D]
    layers.N.attention.{wq,wk,wv}.weight         [heads·H, D]     layers.N.attention.wo.weight [D, heads·H]
    layers.N.feed_forward.{w1,w3}.weight [F, D]  layers.N.feed_forward.w2.weight [D, F]

Queries and keys are in the interleaved rotary layout: rotation i turns elements (2i, 2i+1) of a head. Formats that store
halves instead, (i, i + H/2), are permuted on reading. What a layer of Mamba-2 is made of stands in mamba.py.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

__all__ = ["MOST_LAYERS", "Checkpoint", "Matrix", "Scale", "StoredTensor", "TokenizerFiles"]

MOST_LAYERS = 9999
"""Names have four digits for a layer. A configuration that claims more is refused before anything is made for each."""


@dataclass(frozen=True, slots=True)
class Scale:
    """What the numbers of FP8 are multiplied by: one factor for each block of `rows` by `columns` of them."""

    values: npt.NDArray[np.float32]  # [blocks down, blocks across], and of a stack of matrices one axis more in front
    rows: int
    columns: int


@dataclass(frozen=True, slots=True)
class StoredTensor:
    """One tensor as it lies in the file. `data` is a view of mapped memory: nothing is read until it is touched."""

    name: str  # canonical
    kind: str  # "F32", "F16", "BF16", "F64", "Q8_0", "Q4_1", …: how `data` encodes the values
    shape: tuple[int, ...]  # of the values, outermost first
    data: npt.NDArray[np.uint8]  # raw bytes, 1-D, in the file's own row order
    rotary_halves: int = 0  # > 0: rows are stored in halves for this many heads; array() permutes them
    negative_exp: bool = False  # the file has -exp of the values; array() takes that back
    plus_one: bool = False  # the file has 1 + the values; array() takes that back
    scale: Scale | None = None  # of FP8


@dataclass(frozen=True, slots=True)
class TokenizerFiles:
    """Where the tokenizer of a checkpoint is: files beside it, or the metadata inside a GGUF."""

    files: Mapping[str, Path] = field(default_factory=dict[str, Path])  # "tekken.json", "tokenizer.model.v3", "tokenizer.json", …
    gguf: Mapping[str, Any] = field(default_factory=dict[str, Any])  # the `tokenizer.*` metadata
    chat_template: str | None = None  # Jinja source, where the release carries one


class Matrix(Protocol):
    """A matrix that is kept in few bits and gives any of its rows as float32: what a product by tiles needs to know of it."""

    shape: tuple[int, int]
    nbytes: int  # that it takes as it is kept

    def rows(self, start: int, stop: int, out: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """Rows [start, stop) in canonical order, decoded into the beginning of `out`: 1-D, with room for them. Several threads may."""
        ...


class Checkpoint(Protocol):
    """A model's weights and configuration, whatever the format they were released in."""

    format: str  # "gguf", "huggingface", "consolidated"
    path: Path
    params: Mapping[str, Any]  # the configuration, in the vocabulary of params.json (see model/config.py)
    tokenizer: TokenizerFiles
    metadata: Mapping[str, Any]  # name, licence, … as the file says
    projector: Path | None  # the file of what sees or hears, where that is one of its own (GGUF)
    left_out: str | None  # what of the release cannot be used, and why: a sentence for a person

    def __contains__(self, name: str) -> bool: ...

    def __iter__(self) -> Iterator[str]:
        """Canonical names, in the file's order."""
        ...

    def stored(self, name: str) -> StoredTensor:
        """The tensor as it lies in the file. Raises KeyError for an unknown name."""
        ...

    def array(self, name: str, out: npt.NDArray[np.float32] | None = None) -> npt.NDArray[Any]:
        """The values in canonical layout: float32 for quantised kinds and BF16, the file's own type otherwise.

        The result may be a view of the file, or of `out` where that is given: 1-D, with room for the values, and overwritten.
        """
        ...

    def matrix(self, name: str) -> Matrix:
        """A tensor of two axes, left in its file. Raises KeyError for an unknown name."""
        ...

    def release(self, name: str) -> None:
        """The tensor was read and its bytes need not stay in this process's memory; touched again, they are read again."""
        ...

    def close(self) -> None:
        """Unmap the files. Arrays handed out before stay valid. A no-op when closed."""
        ...
