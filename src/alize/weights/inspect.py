"""What weights consist of. In: a path. Out: facts for a person, read from headers alone."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alize.weights.checkpoints import open_checkpoint
from alize.weights.checkpoints.base import TokenizerFiles
from alize.weights.footprint import expanded_bytes, stored_bytes

__all__ = ["Facts", "KindFacts", "inspect"]


@dataclass(frozen=True, slots=True)
class KindFacts:
    """The tensors that are stored in one way."""

    tensors: int
    parameters: int
    bytes: int

    @property
    def bits(self) -> float:
        """Bits a value takes, with its share of the scales that lie in its block; those of FP8 and of packed numbers lie elsewhere."""
        return 8 * self.bytes / max(1, self.parameters)


@dataclass(frozen=True, slots=True)
class Facts:
    """One checkpoint."""

    path: Path
    format: str  # gguf, huggingface, consolidated
    parameters: int
    bytes: int  # of the tensors
    memory: Mapping[str, int]  # what the weights take: decoded to a type, or "stored", as their file has them
    kinds: Mapping[str, KindFacts]  # the one with most bytes first
    params: Mapping[str, Any]  # the configuration, in the vocabulary of params.json
    tokenizer: str | None  # its kind, for a person; None where there is none
    chat_template: bool
    projector: Path | None  # the file of what sees or hears, where that is one of its own
    left_out: str | None  # what of the release cannot be used, and why
    metadata: Mapping[str, Any]


def inspect(path: Path) -> Facts:
    """Look into weights. Raises CheckpointInvalid."""
    checkpoint = open_checkpoint(path)
    try:
        kinds: dict[str, KindFacts] = {}
        for name in checkpoint:
            tensor = checkpoint.stored(name)
            so_far = kinds.get(tensor.kind, KindFacts(0, 0, 0))
            kinds[tensor.kind] = KindFacts(
                so_far.tensors + 1, so_far.parameters + math.prod(tensor.shape), so_far.bytes + tensor.data.nbytes
            )
        return Facts(
            path=path,
            format=checkpoint.format,
            parameters=sum(kind.parameters for kind in kinds.values()),
            bytes=sum(kind.bytes for kind in kinds.values()),
            memory={
                "float32": expanded_bytes(checkpoint, 4),
                "bfloat16": expanded_bytes(checkpoint, 2),
                "stored": stored_bytes(checkpoint, 4),
            },
            kinds=dict(sorted(kinds.items(), key=lambda item: -item[1].bytes)),
            params=checkpoint.params,
            tokenizer=_tokenizer(checkpoint.tokenizer),
            chat_template=checkpoint.tokenizer.chat_template is not None,
            projector=checkpoint.projector,
            left_out=checkpoint.left_out,
            metadata=checkpoint.metadata,
        )
    finally:
        checkpoint.close()


def _tokenizer(files: TokenizerFiles) -> str | None:
    if files.gguf:
        model, way = files.gguf.get("tokenizer.ggml.model"), files.gguf.get("tokenizer.ggml.pre")
        return f"in the GGUF: {model}" + (f", {way}" if way else "")
    if "tekken.json" in files.files:
        return "Tekken (tekken.json)"
    pieces = sorted(name for name in files.files if name.startswith("tokenizer.model"))
    if pieces:
        return f"SentencePiece ({pieces[-1]})"
    return "tokenizers (tokenizer.json)" if "tokenizer.json" in files.files else None
