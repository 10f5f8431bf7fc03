"""Text ↔ ids. In: the tokenizer files of a checkpoint. Out: the one Tokenizer that speaks them exactly, or a refusal by name."""

from typing import TYPE_CHECKING

from alize.errors import CheckpointInvalid
from alize.tokenize.base import Piece, TextStream, Tokenizer

if TYPE_CHECKING:
    from alize.weights.checkpoints.base import TokenizerFiles

__all__ = ["Piece", "TextStream", "Tokenizer", "load_tokenizer"]


def load_tokenizer(files: "TokenizerFiles") -> Tokenizer:
    """The tokenizer of a checkpoint; libraries are imported only for the kind found.

    Mistral's own files come first, since they alone hold its template; then `tokenizer.json`; then a GGUF's metadata.
    Raises CheckpointInvalid where there is none, where it is damaged, or where its kind is not known: nothing is guessed.
    """
    if files.gguf:
        from alize.tokenize.gguf import load_gguf

        return load_gguf(files.gguf, files.chat_template)
    raise CheckpointInvalid(
        "No tokenizer was found with these weights.",
        remedy="Put the release's tekken.json, tokenizer.model.v* or tokenizer.json beside them.",
    )
