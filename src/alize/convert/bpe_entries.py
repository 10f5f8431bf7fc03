"""Byte-level BPE for a GGUF. In: tekken.json, or a tokenizer.json. Out: the `tokenizer.*` entries of the model "gpt2".

A GGUF knows neither patterns nor ranks: it names the way a text is cut (pretokenize.py), and lists merges. Tekken has ranks alone: of each
entry, the two parts that merging by lower ranks leaves are its merge.
"""

import base64
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from alize.convert.merges import merges
from alize.errors import CheckpointInvalid, ConversionFailed
from alize.tokenize.alphabet import byte_level_characters
from alize.tokenize.gguf import CONTROL, NORMAL, UNUSED, USER_DEFINED
from alize.tokenize.huggingface_json import read_object
from alize.tokenize.pretokenize import PRE_TOKENIZERS

__all__ = ["from_tekken", "from_tokenizer_json"]

MOST_SPECIALS = 1 << 16  # control tokens; releases have a thousand, and each has an entry, named or not
_IDS = {"bos": "bos", "eos": "eos", "unk": "unknown", "pad": "padding"}


def from_tekken(path: Path) -> dict[str, Any]:
    """Raises CheckpointInvalid for a damaged file."""
    document = read_object(path)
    try:
        config: dict[str, Any] = document["config"]
        specials, size = config["default_num_special_tokens"], config["default_vocab_size"]
        control: list[dict[str, Any]] = document.get("special_tokens") or _old_specials()
        words = [base64.b64decode(entry["token_bytes"]) for entry in document["vocab"][: size - specials]]
        if type(specials) is not int or len(words) != size - specials or not len(control) <= specials <= MOST_SPECIALS:
            raise ValueError(f"{len(words)} words and {len(control)} control tokens for a vocabulary of {size}")
        texts = [str(entry["token_str"]) for entry in sorted(control, key=lambda entry: entry["rank"])]
    except (KeyError, TypeError, ValueError) as error:
        raise CheckpointInvalid(f"{path.name} cannot be read: {error!r:.200}.", remedy="Fetch the file again.") from error
    texts += [f"<SPECIAL_{number}>" for number in range(len(texts), specials)]
    spelled = [_spelled(word) for word in words]
    by_text = {text: number for number, text in enumerate(texts)}
    return {
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": "tekken",
        "tokenizer.ggml.tokens": texts + spelled,
        "tokenizer.ggml.token_type": [CONTROL] * specials + [NORMAL] * len(words),
        "tokenizer.ggml.merges": [" ".join(map(_spelled, pair)) for pair in merges(words)],
        "tokenizer.ggml.add_bos_token": True,
        "tokenizer.ggml.add_space_prefix": False,
    } | {
        f"tokenizer.ggml.{name}_token_id": by_text[text]
        for text, name in (("<s>", "bos"), ("</s>", "eos"), ("<unk>", "unknown"), ("<pad>", "padding"))
        if text in by_text
    }


def _old_specials() -> list[dict[str, Any]]:
    """Those of files before version 7, which do not list them."""
    from mistral_common.tokens.tokenizers.tekken import Tekkenizer

    return [{"rank": entry["rank"], "token_str": entry["token_str"]} for entry in Tekkenizer.DEPRECATED_SPECIAL_TOKENS]


def _spelled(word: bytes) -> str:
    characters = byte_level_characters()
    return "".join(characters[octet] for octet in word)


def from_tokenizer_json(files: Mapping[str, Path]) -> dict[str, Any]:
    """Raises ConversionFailed for a tokenizer.json that cuts texts in a way with no name in a GGUF, CheckpointInvalid for a damaged one."""
    from alize.tokenize.huggingface import load_huggingface

    # Before anything is made of it: whatever could be wrong in the file is refused there.
    tokenizer = load_huggingface({name: path for name, path in files.items() if not name.startswith("chat_template")}, "")
    document = read_object(files["tokenizer.json"])
    model: dict[str, Any] = document.get("model") or {}
    pre = _way(document)
    vocab: dict[str, int] = model.get("vocab") or {}
    added: list[dict[str, Any]] = document.get("added_tokens") or []
    ids = {**vocab, **{entry["content"]: entry["id"] for entry in added}}
    size = max(ids.values(), default=-1) + 1
    texts, kinds = [f"[PAD{number}]" for number in range(size)], [UNUSED] * size
    for text, number in vocab.items():
        texts[number], kinds[number] = text, NORMAL
    for entry in added:
        texts[entry["id"]], kinds[entry["id"]] = entry["content"], CONTROL if entry.get("special") else USER_DEFINED
    given = cast("list[list[str] | str]", model.get("merges") or [])
    merges = [" ".join(merge) if isinstance(merge, list) else merge for merge in given]
    found = {
        "tokenizer.ggml.model": "gpt2",
        "tokenizer.ggml.pre": pre,
        "tokenizer.ggml.tokens": texts,
        "tokenizer.ggml.token_type": kinds,
        "tokenizer.ggml.merges": merges,
        "tokenizer.ggml.add_space_prefix": False,
    }
    return found | _named_ids(files, ids, tokenizer.bos_id)


def _named_ids(files: Mapping[str, Path], ids: Mapping[str, int], bos_id: int | None) -> dict[str, Any]:
    config = read_object(files["tokenizer_config.json"]) if "tokenizer_config.json" in files else {}
    found: dict[str, Any] = {"tokenizer.ggml.add_bos_token": bos_id is not None}
    for name, theirs in _IDS.items():
        text: Any = config.get(f"{name}_token")
        text = cast("dict[str, Any]", text).get("content") if isinstance(text, dict) else text
        if isinstance(text, str) and text in ids:
            found[f"tokenizer.ggml.{theirs}_token_id"] = ids[text]
    if bos_id is not None:
        found.setdefault("tokenizer.ggml.bos_token_id", bos_id)
    return found


def _way(document: Mapping[str, Any]) -> str:
    """The name of the pre-tokenizer: the one that would be written for it is the one that is there."""
    from tokenizers import Tokenizer, models

    from alize.tokenize.pretokenize import apply_pre_tokenizer

    theirs = _cuts(document.get("pre_tokenizer")), _type(document.get("normalizer"))
    model: dict[str, Any] = document.get("model") or {}
    ignores = bool(model.get("ignore_merges"))
    for name, way in PRE_TOKENIZERS.items():
        bare = Tokenizer(models.BPE())
        apply_pre_tokenizer(bare, way)
        ours: dict[str, Any] = json.loads(bare.to_str())
        if theirs == (_cuts(ours["pre_tokenizer"]), _type(ours["normalizer"])) and ignores == way.ignore_merges:
            return name
    raise ConversionFailed(
        "tokenizer.json cuts texts in a way that has no name in a GGUF, or none that is known here.",
        remedy=f"Known are {', '.join(PRE_TOKENIZERS)}, and the files of Mistral's own releases.",
    )


def _type(part: Any) -> Any:
    return cast("dict[str, Any]", part).get("type") if isinstance(part, dict) else None


def _cuts(part: Any) -> list[tuple[Any, ...]]:
    """What a pre-tokenizer does, step by step, without what changes no cut."""
    if not isinstance(part, dict):
        return []
    step = cast("dict[str, Any]", part)
    if step.get("type") == "Sequence":
        return [cut for inner in cast("list[Any]", step.get("pretokenizers") or []) for cut in _cuts(inner)]
    kept = {key: value for key, value in step.items() if key not in ("type", "trim_offsets")}
    return [(step.get("type"), *sorted((key, repr(value)) for key, value in kept.items()))]
