"""Which files of a release make the model. In: the names in a folder or repository. Out: its format, and the files to read or fetch.

A release may hold the same weights twice. Mistral's own form comes first, since nothing needs to be permuted; then safetensors of
Hugging Face; then GGUF, if there is only one in it. What sees or hears is a second GGUF there, beside the first, with `mmproj` in its name:

    model-Q4_K_M.gguf  model-Q8_0.gguf  mmproj-model-F16.gguf     two models to choose from, and what either of them sees with
"""

import os
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from alize.errors import CheckpointInvalid

__all__ = ["INDEX", "MODULES", "POOLING", "READS", "Layout", "is_projector", "layout_of", "names_in", "projector_of", "split_of"]

INDEX = "model.safetensors.index.json"
MODULES, POOLING = "modules.json", "1_Pooling/config.json"
"""Of a model that embeds: see pooling.py."""
READS = re.compile(r"sentence_[\w-]{1,20}_config\.json", re.ASCII)
SPLIT = re.compile(r"(?P<stem>.+)-(?P<number>\d{5})-of-(?P<count>\d{5})(?P<suffix>\.gguf|\.safetensors)")
_CONSOLIDATED = re.compile(r"consolidated(-\d{5}-of-\d{5})?\.safetensors")
_SHARD = re.compile(r"model-\d{5}-of-\d{5}\.safetensors")
_BESIDE = re.compile(
    r"tekken\.json|tokenizer\.model(\.v\w+)?|tokenizer\.json|tokenizer_config\.json|special_tokens_map\.json|added_tokens\.json"
    r"|generation_config\.json|chat_template\.(jinja|json)|(LICEN[CS]E|NOTICE)(\.\w+)?"
)
_PROJECTOR = re.compile(r"[^/]*mmproj[^/]*\.gguf", re.IGNORECASE)
_PICKLES = (".pth", ".bin", ".pt", ".ckpt")


@dataclass(frozen=True, slots=True)
class Layout:
    """The files that matter, by what they are for."""

    format: Literal["consolidated", "huggingface", "gguf"]
    weights: tuple[str, ...]  # in the order of their pieces
    configuration: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()  # tokenizer, template, licence
    projector: str | None = None  # of a GGUF: the file of what sees or hears

    @property
    def files(self) -> tuple[str, ...]:
        """All of them, the small ones first."""
        return (*self.configuration, *self.beside, *([self.projector] if self.projector else []), *self.weights)


def layout_of(names: Iterable[str], where: str, file: str | None = None) -> Layout:
    """Choose among the files of a release. `file` names one GGUF among several, or `MODEL.gguf+MMPROJ.gguf` what it sees with as well.

    Raises CheckpointInvalid where there is nothing to run, where there are several models, and for pickled weights, which run code.
    """
    found = sorted(set(names))
    beside = tuple(name for name in found if _BESIDE.fullmatch(name))
    if file is not None:
        if not file.endswith(".gguf"):
            raise CheckpointInvalid(
                f"'{file[:200]}' is no GGUF file, and other weights are more than one file.", remedy=f"Leave it out: name {where} alone."
            )
        model, projector = _chosen(found, file, where)
        return Layout("gguf", _pieces(found, model, where), beside=beside, projector=projector)
    consolidated = tuple(name for name in found if _CONSOLIDATED.fullmatch(name))
    if consolidated and "params.json" in found:
        return Layout("consolidated", _whole(consolidated, "consolidated.safetensors", where), ("params.json",), beside)
    shards = tuple(name for name in found if _SHARD.fullmatch(name) or name == "model.safetensors")
    if shards and "config.json" in found:
        weights = _whole(shards, "model.safetensors", where)
        index = tuple(name for name in (INDEX,) if name in found and weights != ("model.safetensors",))
        return Layout("huggingface", weights, ("config.json", *index, *_pooling(found)), beside)
    models = sorted({split_of(name)[0] for name in found if name.endswith(".gguf") and not is_projector(name)})
    if len(models) == 1:
        return Layout("gguf", _pieces(found, models[0], where), beside=beside, projector=projector_of(found, models[0], where))
    raise _refusal(found, models, bool(consolidated or shards), where)


def names_in(folder: Path) -> list[str]:
    """The names in a folder, and the one below it that matters. Raises OSError."""
    return [*os.listdir(folder), *([POOLING] if (folder / POOLING).is_file() else [])]


def is_projector(name: str) -> bool:
    """Whether a file is named as what makes a GGUF see or hear: by itself it is no model.

    >>> is_projector("mmproj-F16.gguf"), is_projector("pixtral-12b.mmproj-Q8_0.gguf"), is_projector("pixtral-12b-Q8_0.gguf")
    (True, True, False)
    """
    return _PROJECTOR.fullmatch(name.rpartition("/")[2]) is not None


def projector_of(names: Iterable[str], model: str, where: str) -> str | None:
    """The file that makes a GGUF see or hear: in the same folder. Raises CheckpointInvalid where there are several."""
    folder = model.rpartition("/")[0]
    found = sorted(name for name in names if name.rpartition("/")[0] == folder and is_projector(name))
    if len(found) > 1:
        raise CheckpointInvalid(
            f"{where} holds several files that {model} could see or hear with: {', '.join(found[:20])}.",
            remedy=f"Leave one of them in the folder, or name both when you pull: owner/name:{model}+{found[0]}.",
        )
    return found[0] if found else None


def _chosen(found: list[str], file: str, where: str) -> tuple[str, str | None]:
    """The model that is asked for, and what it sees or hears with."""
    model, _, projector = file.rpartition("+")
    if file in found or not is_projector(projector):
        return file, projector_of(found, file, where)
    if projector not in found:
        raise CheckpointInvalid(f"{where} holds no {projector}.", remedy="Look at the names of the repository's files.")
    if model.rpartition("/")[0] != projector.rpartition("/")[0]:
        raise CheckpointInvalid(
            f"{where} holds {model} and {projector} in different folders.", remedy="Fetch both yourself, into one: alize pull FOLDER"
        )
    return model, projector


def _pooling(found: list[str]) -> tuple[str, ...]:
    """What says how a model embeds: nothing where the release has no modules."""
    names = (MODULES, POOLING, "config_sentence_transformers.json")
    return tuple(name for name in found if name in names or READS.fullmatch(name)) if MODULES in found else ()


def split_of(name: str) -> list[str]:
    """All pieces of a split file, in order; the name alone where it is not split.

    >>> split_of("m-00002-of-00002.gguf")
    ['m-00001-of-00002.gguf', 'm-00002-of-00002.gguf']
    """
    found = SPLIT.fullmatch(name)
    if found is None or not 1 <= int(found["number"]) <= int(found["count"]) <= 9999:
        return [name]
    return [f"{found['stem']}-{number:05}-of-{found['count']}{found['suffix']}" for number in range(1, int(found["count"]) + 1)]


def _whole(names: tuple[str, ...], single: str, where: str) -> tuple[str, ...]:
    """A file that holds everything makes shards beside it superfluous; without one, all shards must be there."""
    return (single,) if single in names else _pieces(list(names), names[0], where)


def _pieces(found: list[str], file: str, where: str) -> tuple[str, ...]:
    pieces = split_of(file)
    for piece in pieces:
        if piece not in found:
            several = f": it is one of {len(pieces)} pieces" if len(pieces) > 1 else ""
            raise CheckpointInvalid(f"{where} holds no {piece}{several}.", remedy="Put all files of the model into one folder.")
    return tuple(pieces)


def _refusal(found: list[str], models: list[str], safetensors: bool, where: str) -> CheckpointInvalid:
    if models:
        shown = ", ".join(models[:20])
        return CheckpointInvalid(f"{where} holds several models: {shown}.", remedy="Name one of them: FOLDER/FILE, or owner/name:FILE.")
    if halves := [name for name in found if is_projector(name)]:
        return CheckpointInvalid(
            f"{where} holds {halves[0]}, which is what a model sees or hears with, and no model.", remedy="Put the model's GGUF beside it."
        )
    pickles = [name for name in found if name.endswith(_PICKLES)]
    if pickles and not safetensors:
        return CheckpointInvalid(
            f"{where} holds its weights as {pickles[0]}, a format that can run any code when it is read.",
            remedy="Take the release's safetensors, or convert them on a machine you can spare.",
        )
    if safetensors:
        return CheckpointInvalid(
            f"{where} holds safetensors without a configuration.", remedy="Put params.json or config.json of the release beside them."
        )
    return CheckpointInvalid(
        f"{where} holds no model.",
        remedy="Wanted are consolidated.safetensors with params.json, model.safetensors with config.json, or one .gguf file.",
    )
