"""Sentencepiece for a GGUF. In: tokenizer.model, whatever its version. Out: the `tokenizer.*` entries of the model "llama"."""

from pathlib import Path
from typing import Any

from alize.errors import CheckpointInvalid
from alize.tokenize.gguf import BYTE, CONTROL, NORMAL, UNKNOWN, UNUSED

__all__ = ["from_sentencepiece"]


def from_sentencepiece(path: Path) -> dict[str, Any]:
    """Pieces with their scores and kinds. Raises CheckpointInvalid for a damaged file."""
    from sentencepiece import SentencePieceProcessor

    processor: Any = SentencePieceProcessor()  # its types are generated at run time
    try:
        processor.LoadFromSerializedProto(path.read_bytes())
    except (OSError, RuntimeError) as error:
        raise CheckpointInvalid(f"{path.name} cannot be read: {error}.", remedy="Fetch the file again.") from error
    ids = range(processor.vocab_size())
    kinds = [_kind(processor, id) for id in ids]
    found: dict[str, Any] = {
        "tokenizer.ggml.model": "llama",
        "tokenizer.ggml.pre": "default",
        "tokenizer.ggml.tokens": [processor.IdToPiece(id) for id in ids],
        "tokenizer.ggml.scores": [float(processor.GetScore(id)) for id in ids],
        "tokenizer.ggml.token_type": kinds,
        "tokenizer.ggml.add_bos_token": True,
        "tokenizer.ggml.add_eos_token": False,
        "tokenizer.ggml.add_space_prefix": True,
    }
    for name, id in (("bos", processor.bos_id()), ("eos", processor.eos_id()), ("unknown", processor.unk_id())):
        if id >= 0:
            found[f"tokenizer.ggml.{name}_token_id"] = id
    return found


def _kind(processor: Any, id: int) -> int:
    for asked, kind in (("IsUnknown", UNKNOWN), ("IsControl", CONTROL), ("IsByte", BYTE), ("IsUnused", UNUSED)):
        if getattr(processor, asked)(id):
            return kind
    return NORMAL
