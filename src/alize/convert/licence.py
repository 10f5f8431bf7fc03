"""A licence that goes along. In: what a checkpoint says of its licence. Out: the same in another form.

A folder has files LICENSE and NOTICE, and a model card (README.md) whose head may name the licence; a GGUF has the entries
general.license, which names it, and, written by this project, general.license.text, the file itself.
"""

import json
import re
from pathlib import Path
from typing import Any

from alize.weights.checkpoints import Checkpoint

__all__ = ["licence_entries", "licence_files"]

_FILE = re.compile(r"(LICEN[CS]E|NOTICE)(\.\w+)?")
MOST = 1 << 20  # bytes of such a file


def licence_files(checkpoint: Checkpoint, name: str | None) -> dict[str, Path | str]:
    """Files for a folder. `name` is what is known of the licence from elsewhere."""
    if checkpoint.path.is_dir():
        found: dict[str, Path | str] = {path.name: path for path in sorted(checkpoint.path.iterdir()) if _FILE.fullmatch(path.name)}
        card = checkpoint.path / "README.md"
        return found | ({card.name: card} if card.is_file() else {})
    text, stated = checkpoint.metadata.get("license.text"), checkpoint.metadata.get("license") or name
    found = {"LICENSE": text} if isinstance(text, str) else {}
    return found | ({"README.md": f"---\nlicense: {json.dumps(stated.lower())}\n---\n"} if isinstance(stated, str) else {})


def licence_entries(checkpoint: Checkpoint, name: str | None) -> dict[str, Any]:
    """Entries of a GGUF."""
    if not checkpoint.path.is_dir():
        kept = {
            f"general.{key}": value for key, value in checkpoint.metadata.items() if key.startswith("license") and isinstance(value, str)
        }
        return ({"general.license": name} if name else {}) | kept
    found: dict[str, Any] = {}
    stated = checkpoint.metadata.get("license") or name
    if stated:
        found["general.license"] = stated
    texts = [text for path in sorted(checkpoint.path.iterdir()) if _FILE.fullmatch(path.name) and (text := _text(path))]
    if texts:
        found["general.license.text"] = "\n\n".join(texts)
    return found


def _text(path: Path) -> str | None:
    if not path.is_file() or path.stat().st_size > MOST:
        return None
    return path.read_text("utf-8", errors="replace")
