"""Text ↔ ids. In: the tokenizer files of a checkpoint. Out: the one Tokenizer that speaks them exactly, or a refusal by name."""

import re
from contextlib import closing
from typing import TYPE_CHECKING

from alize.errors import CheckpointInvalid
from alize.tokenize.base import Piece, TextStream, Tokenizer

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from alize.weights.checkpoints.base import TokenizerFiles

__all__ = ["Piece", "TextStream", "Tokenizer", "load_tokenizer", "tokenizer_at"]

_VERSIONED = re.compile(r"tokenizer\.model\.v(\d+)(?:m\d+)?")


def load_tokenizer(files: "TokenizerFiles") -> Tokenizer:
    """The tokenizer of a checkpoint; libraries are imported only for the kind found.

    Mistral's own files come first, since they alone hold its template; then `tokenizer.json`; then a GGUF's metadata.
    Raises CheckpointInvalid where there is none, where it is damaged, or where its kind is not known: nothing is guessed.
    """
    if (mistral := _mistral_file(files.files)) is not None:
        from alize.tokenize.unopened import soundfile_unopened

        with soundfile_unopened():
            from alize.tokenize.mistral import load_mistral

        return load_mistral(mistral)
    if "tokenizer.json" in files.files:
        from alize.tokenize.huggingface import load_huggingface

        return load_huggingface(files.files, files.chat_template)
    if files.gguf:
        from alize.tokenize.gguf import load_gguf

        return load_gguf(files.gguf, files.chat_template)
    raise CheckpointInvalid(
        "No tokenizer was found with these weights.",
        remedy="Put the release's tekken.json, tokenizer.model.v* or tokenizer.json beside them.",
    )


def tokenizer_at(path: "Path") -> Tokenizer:
    """Of a model, wherever its files keep it. Raises CheckpointInvalid."""
    from alize.weights.checkpoints import open_checkpoint

    with closing(open_checkpoint(path)) as checkpoint:
        return load_tokenizer(checkpoint.tokenizer)


def _mistral_file(files: "Mapping[str, Path]") -> "Path | None":
    """Tekken where there is one, else the latest of `tokenizer.model.v1`, `.v3`, …: a release may carry older ones for old programs."""
    if "tekken.json" in files:
        return files["tekken.json"]
    versions = {int(found[1]): path for name, path in files.items() if (found := _VERSIONED.fullmatch(name))}
    return versions[max(versions)] if versions else None
