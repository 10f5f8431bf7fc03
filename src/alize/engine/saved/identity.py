"""Whose blocks a file is worth something to. In: weights and a layout. Out: an identity, the same for the same numbers and no others.

What is kept of a token depends on the weights, on how the model reads them, and on the runner. The hash of the weights is the one that was
stated when they were pulled. Their files' sizes and times are part of it, too: a file that was overwritten since then is another one.
"""

import hashlib
from pathlib import Path

from alize.model.config import ModelConfig

__all__ = ["identity_of"]


def identity_of(path: Path, sha256: str | None, params: ModelConfig, layout: str) -> str:
    """32 hexadecimal digits."""
    files = sorted(file for file in path.iterdir() if file.is_file()) if path.is_dir() else [path]
    facts = [(file.name, file.stat().st_size, file.stat().st_mtime_ns) for file in files if file.is_file()]
    return hashlib.blake2b(repr((sha256, facts, params, layout)).encode(), digest_size=16).hexdigest()
