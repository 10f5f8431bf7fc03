"""How rows become a vector, as sentence-transformers writes it down. In: the folder of a release. Out: `pooling` of the params.

    modules.json                 what comes after what: Transformer, Pooling, perhaps Normalize
    1_Pooling/config.json        which rows: {"pooling_mode_mean_tokens": true}, in later files {"pooling_mode": "mean"}
    sentence_*_config.json       how many tokens the model was made to read

Vectors are of length 1 here whether or not a Normalize says so: their cosines are the same. What would change a vector otherwise and is
not computed here (a Dense layer, prompts put before every text) is refused by name. Source: sentence-transformers' own reading of them.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from alize.errors import CheckpointInvalid
from alize.weights.checkpoints.fields import Fields, read_json, read_list, shown
from alize.weights.checkpoints.layout import MODULES, POOLING, READS, Layout

__all__ = ["pooling_of"]

_MODES = {"pooling_mode_mean_tokens": "mean", "pooling_mode_cls_token": "cls", "pooling_mode_lasttoken": "last"}
_NAMED = {"mean": "mean", "cls": "cls", "lasttoken": "last"}
_PROMPTS = "config_sentence_transformers.json"


def pooling_of(folder: Path, layout: Layout) -> dict[str, Any] | None:
    """None where the release is of a model that writes. Raises CheckpointInvalid for vectors that this version cannot compute."""
    if MODULES not in layout.configuration:
        return None
    _check_modules(folder / MODULES)
    if POOLING not in layout.configuration:
        raise CheckpointInvalid(f"{folder} has no {POOLING}, which {MODULES} names.", remedy="Fetch the model again.")
    found: dict[str, Any] = {"mode": _mode(Fields(folder / POOLING, read_json(folder / POOLING)))}
    for name in layout.configuration:
        if READS.fullmatch(name):
            most = Fields(folder / name, read_json(folder / name)).integer("max_seq_length", 0)
            if most:
                found["max_tokens"] = most
    if _PROMPTS in layout.configuration:
        Fields(folder / _PROMPTS, read_json(folder / _PROMPTS)).refuse("default_prompt_name", "every text would be put behind a prompt")
    return found


def _check_modules(path: Path) -> None:
    """The last word of a module's type is its class, wherever a version keeps it."""
    modules = [_module(path, entry) for entry in read_list(path)]
    kinds = [kind for kind, _ in modules]
    if kinds not in (["Transformer", "Pooling"], ["Transformer", "Pooling", "Normalize"]):
        raise CheckpointInvalid(f"{path} is made of {shown(kinds)}; Transformer, Pooling and perhaps Normalize can be run.")
    places = [place for _, place in modules[:2]]
    if places != ["", POOLING.partition("/")[0]]:
        raise CheckpointInvalid(f"{path} keeps its parts at {shown(places)}; only a release in one folder can be read.")


def _module(path: Path, entry: Any) -> tuple[str, str]:
    fields: Mapping[str, Any] = cast("Mapping[str, Any]", entry) if isinstance(entry, dict) else {}
    kind, place = fields.get("type"), fields.get("path")
    if not isinstance(kind, str) or not isinstance(place, str):
        raise CheckpointInvalid(f"{path} holds {shown(entry)}, a module without a type and a path.", remedy="Fetch the model again.")
    return kind.rpartition(".")[2], place


def _mode(fields: Fields) -> str:
    named = fields.get("pooling_mode")
    modes = [named] if named is not None else [key for key in fields.values if key.startswith("pooling_mode_") and fields.flag(key, False)]
    known = _NAMED if named is not None else _MODES
    if len(modes) != 1 or not isinstance(modes[0], str) or modes[0] not in known:
        raise CheckpointInvalid(f"{fields.path} pools by {shown(modes)}; one of {', '.join(known)} can be computed.")
    fields.expect("include_prompt", True)
    return known[modes[0]]
