"""What lies beside weights in a folder. In: the folder. Out: where its tokenizer is, and the chat template the release carries."""

from pathlib import Path
from typing import Any, cast

from alize.errors import CheckpointInvalid
from alize.weights.checkpoints.base import TokenizerFiles
from alize.weights.checkpoints.fields import read_json
from alize.weights.checkpoints.layout import Layout

__all__ = ["tokenizer_files"]

MAX_TEMPLATE = 16 * 2**20  # bytes


def tokenizer_files(folder: Path, layout: Layout) -> TokenizerFiles:
    """Raises CheckpointInvalid where a file that would hold the template cannot be read."""
    files = {name: folder / name for name in layout.beside if not name.startswith(("LICEN", "NOTICE"))}
    return TokenizerFiles(files=files, chat_template=_template(files))


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
