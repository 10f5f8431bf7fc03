"""A GGUF's tokenizer as files. In: its `tokenizer.*` entries. Out: tokenizer.json, tokenizer_config.json and generation_config.json.

The encoder is the one that this project itself makes of the entries, written down by the library that runs it; what is taken out of it
there, because a text must not reach it (control tokens, the token that a text begins with), is put back as others expect it.
"""

import json
from collections.abc import Mapping
from typing import Any, cast

from alize.tokenize.alphabet import SPACE_MARK
from alize.tokenize.gguf import CONTROL, UNKNOWN, USER_DEFINED, Entries, load_gguf

__all__ = ["tokenizer_files"]

_NAMES = {"bos_token": "bos", "eos_token": "eos", "unk_token": "unknown", "pad_token": "padding"}


def tokenizer_files(metadata: Mapping[str, Any], template: str | None) -> dict[str, str]:
    """Files by name, as text. Raises CheckpointInvalid for a tokenizer that is not known, or damaged."""
    tokenizer, entries = load_gguf(metadata), Entries(metadata)
    special = {
        name: entries.texts[id] for name, key in _NAMES.items() if (id := entries.id_at(f"tokenizer.ggml.{key}_token_id")) is not None
    }
    config: dict[str, Any] = {"tokenizer_class": "PreTrainedTokenizerFast", "clean_up_tokenization_spaces": False, **special}
    config["add_bos_token"] = tokenizer.bos_id is not None
    files = {
        "tokenizer.json": json.dumps(_document(tokenizer.plain_encoder(), entries, tokenizer.bos_id), ensure_ascii=False, indent=2),
        "generation_config.json": json.dumps(_generation(entries, tokenizer.stop_ids), indent=2),
    }
    if template is not None:
        config["chat_template"] = template
        files["chat_template.jinja"] = template
    files["tokenizer_config.json"] = json.dumps(config, ensure_ascii=False, indent=2)
    return files


def _generation(entries: Entries, ends: frozenset[int]) -> dict[str, Any]:
    bos = entries.id_at("tokenizer.ggml.bos_token_id")
    return ({} if bos is None else {"bos_token_id": bos}) | {"eos_token_id": sorted(ends)}


def _document(encoder: str, entries: Entries, bos_id: int | None) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(encoder)
    byte_level = entries.metadata.get("tokenizer.ggml.model") == "gpt2"
    document["decoder"] = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    if not byte_level:
        strip = [{"type": "Strip", "content": " ", "start": 1, "stop": 0}] if entries.flag("tokenizer.ggml.add_space_prefix", True) else []
        replaced = {"type": "Replace", "pattern": {"String": SPACE_MARK}, "content": " "}
        document["decoder"] = {"type": "Sequence", "decoders": [replaced, {"type": "ByteFallback"}, {"type": "Fuse"}, *strip]}
    document["added_tokens"] = [
        _added(id, text, special=kind != USER_DEFINED)
        for id, (text, kind) in enumerate(zip(entries.texts, entries.kinds, strict=True))
        if kind in (CONTROL, UNKNOWN, USER_DEFINED)
    ]
    model = cast("dict[str, Any]", document["model"])
    model["vocab"] = dict(sorted({**model["vocab"], **_control(entries)}.items(), key=lambda item: item[1]))
    document["post_processor"] = None if bos_id is None else _beginning(entries.texts[bos_id], bos_id)
    return document


def _control(entries: Entries) -> dict[str, int]:
    return entries.ids_of(CONTROL, UNKNOWN)


def _added(id: int, text: str, special: bool) -> dict[str, Any]:
    return {"id": id, "content": text, "single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": special}


def _beginning(text: str, id: int) -> dict[str, Any]:
    """What puts the first token before a text."""

    def token(type_id: int) -> list[dict[str, Any]]:
        return [{"SpecialToken": {"id": text, "type_id": type_id}}, {"Sequence": {"id": "AB"[type_id], "type_id": type_id}}]

    return {
        "type": "TemplateProcessing",
        "single": token(0),
        "pair": [*token(0), *token(1)],
        "special_tokens": {text: {"id": text, "ids": [id], "tokens": [text]}},
    }
