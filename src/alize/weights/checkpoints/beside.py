"""What lies beside weights in a folder. In: the folder. Out: where its tokenizer is, the chat template the release carries, its licence."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from alize.errors import CheckpointInvalid
from alize.weights.checkpoints.base import TokenizerFiles
from alize.weights.checkpoints.fields import read_json
from alize.weights.checkpoints.layout import Layout

__all__ = ["stated_licence", "tokenizer_files", "tokenizer_inside"]

MAX_TEMPLATE = 16 * 2**20  # bytes
TEMPLATE = "chat_template.jinja"
MAX_HEAD = 2**16  # bytes of a model card, whose head is at its top
_LICENCE = re.compile(r"license:\s*[\"']?([\w.+-]+)[\"']?\s*")


def tokenizer_files(folder: Path, layout: Layout) -> TokenizerFiles:
    """Raises CheckpointInvalid where a file that would hold the template cannot be read."""
    files = {name: folder / name for name in layout.beside if not name.startswith(("LICEN", "NOTICE"))}
    return TokenizerFiles(files=files, chat_template=_template(files))


def tokenizer_inside(path: Path, metadata: Mapping[str, Any]) -> TokenizerFiles:
    """Of the GGUF at `path`, whose entries are `metadata`. The template inside it comes first, whatever it is called there; where there is
    none, one may lie beside it, as repositories of GGUFs keep it. Raises CheckpointInvalid where that cannot be read."""
    entries = {key: value for key, value in metadata.items() if key.startswith("tokenizer.")}
    if any(key.startswith("tokenizer.chat_template") for key in entries):
        own = entries.get("tokenizer.chat_template")
        return TokenizerFiles(gguf=entries, chat_template=own if isinstance(own, str) else None)
    beside = path.with_name(TEMPLATE)
    if not os.path.isfile(beside):  # false, too, in a folder that may not be looked into
        return TokenizerFiles(gguf=entries)
    return TokenizerFiles({TEMPLATE: beside}, entries, _text(beside))


def stated_licence(folder: Path) -> dict[str, str]:
    """`license`, as the head of the model card (README.md) names it, for a checkpoint's metadata; empty where nothing does."""
    card = folder / "README.md"
    try:
        if not card.is_file():
            return {}
        with card.open("rb") as file:
            lines = file.read(MAX_HEAD).decode("utf-8", errors="replace").splitlines()
    except OSError:
        return {}
    if not lines or lines[0].rstrip() != "---":
        return {}
    for line in lines[1:]:
        if line.rstrip() == "---":
            break
        if found := _LICENCE.fullmatch(line):
            return {"license": found[1]}
    return {}


def _template(files: dict[str, Path]) -> str | None:
    """The template's own file comes before the configurations that older releases put it into."""
    if TEMPLATE in files:
        return _text(files[TEMPLATE])
    for name in ("tokenizer_config.json", "chat_template.json"):
        template: Any = read_json(files[name]).get("chat_template") if name in files else None
        if isinstance(template, str):
            return template
        if isinstance(template, list):  # several, by name
            for entry in cast("list[Any]", template):
                if isinstance(entry, dict) and cast("dict[str, Any]", entry).get("name") == "default":
                    source: Any = cast("dict[str, Any]", entry).get("template")
                    return source if isinstance(source, str) else None
    return None


def _text(path: Path) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MAX_TEMPLATE + 1)
        if len(data) > MAX_TEMPLATE:
            raise CheckpointInvalid(f"{path} is larger than {MAX_TEMPLATE} bytes.", remedy="Fetch the model again.")
        return data.decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise CheckpointInvalid(f"{path} cannot be read: {error}.", remedy="Fetch the model again.") from error
