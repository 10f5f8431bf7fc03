"""What lies beside weights in a folder. In: the folder. Out: where its tokenizer is, the chat template the release carries, its licence."""

import re
from pathlib import Path
from typing import Any, cast

from alize.errors import CheckpointInvalid
from alize.weights.checkpoints.base import TokenizerFiles
from alize.weights.checkpoints.fields import read_json
from alize.weights.checkpoints.layout import Layout

__all__ = ["stated_licence", "tokenizer_files"]

MAX_TEMPLATE = 16 * 2**20  # bytes
MAX_HEAD = 2**16  # bytes of a model card, whose head is at its top
_LICENCE = re.compile(r"license:\s*[\"']?([\w.+-]+)[\"']?\s*")


def tokenizer_files(folder: Path, layout: Layout) -> TokenizerFiles:
    """Raises CheckpointInvalid where a file that would hold the template cannot be read."""
    files = {name: folder / name for name in layout.beside if not name.startswith(("LICEN", "NOTICE"))}
    return TokenizerFiles(files=files, chat_template=_template(files))


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
    if "chat_template.jinja" in files:
        return _text(files["chat_template.jinja"])
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
