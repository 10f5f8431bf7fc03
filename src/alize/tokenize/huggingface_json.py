"""`tokenizer.json`, read and checked. In: its path. Out: encoders for plain text, what each id says, and the control tokens.

The file's format is that of the `tokenizers` library (its `Tokenizer.to_str`), which also runs it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from alize.errors import CheckpointInvalid
from alize.tokenize.alphabet import BYTE_PIECE, SPACE_MARK, byte_level_bytes, byte_level_characters, sentencepiece_bytes
from alize.tokenize.around import around
from alize.tokenize.library import encoder_of, invalid

if TYPE_CHECKING:
    import tokenizers

__all__ = ["AddedTokenEntry", "Pipeline", "added_tokens", "check_control", "read_object", "read_pipeline", "texts_of"]

MAX_BYTES = 2**26  # twice the largest file of a release so far, Gemma 3's
MAX_PARTS = 2**22  # lists and objects: half a million merges are as many lists, and each takes many times its bytes

_Json = dict[str, Any]
_HARMLESS_NORMALIZERS = {"NFC", "NFD", "NFKC", "NFKD"}  # leave a control token's ASCII alone


@dataclass(frozen=True, slots=True)
class AddedTokenEntry:
    """One entry of `added_tokens`."""

    text: str
    id: int
    special: bool
    strip_left: bool
    strip_right: bool
    normalized: bool


@dataclass(frozen=True, slots=True)
class Pipeline:
    """What the file says, ready to use."""

    encoder: "tokenizers.Tokenizer"  # for the start of a text
    later: "tokenizers.Tokenizer"  # for what follows a control token
    pieces: tuple[bytes, ...]
    texts: tuple[str, ...]
    ids: Mapping[str, int]
    control: tuple[AddedTokenEntry, ...]
    first_id: int | None  # what the post-processor puts before a text
    after: tuple[int, ...]  # and behind it
    leading_space: frozenset[int]


def read_object(path: Path) -> _Json:
    """The JSON object in a file. Raises CheckpointInvalid where there is none."""
    try:
        with path.open("rb") as file:
            text = file.read(MAX_BYTES + 1)
        if len(text) > MAX_BYTES or text.count(b"[") + text.count(b"{") > MAX_PARTS:
            raise ValueError(f"it holds more than {MAX_BYTES} bytes, or than {MAX_PARTS} lists and objects")
        value: Any = json.loads(text)
    except (OSError, ValueError, RecursionError) as error:
        raise CheckpointInvalid(f"{path.name} cannot be read: {error}.", remedy="Fetch the file again.") from error
    if not isinstance(value, dict):
        raise CheckpointInvalid(f"{path.name} is not a JSON object.", remedy="Fetch the file again.")
    return cast("_Json", value)


def read_pipeline(document: _Json) -> Pipeline:
    """Everything of `tokenizer.json`. Raises CheckpointInvalid for what is damaged, or cannot be kept exact without control tokens."""
    model = _model(document)
    added = added_tokens(document)
    control = tuple(token for token in added if token.special)
    check_control(document, control)
    ids = {**model["vocab"], **{token.text: token.id for token in added}}
    texts = texts_of(ids)
    byte_level = _is_byte_level(document)
    before, after = around(document.get("post_processor"), ids)
    encoder = _encoder(document, model, added)
    return Pipeline(
        encoder=encoder,
        later=_later(encoder),
        pieces=_pieces(texts, added, byte_level),
        texts=texts,
        ids=ids,
        control=control,
        first_id=before[0] if before else None,
        after=after,
        leading_space=frozenset[int]() if byte_level else _leading_space(document, model["vocab"]),
    )


def added_tokens(document: _Json) -> list[AddedTokenEntry]:
    """Words and control tokens beside the model's vocabulary."""
    return [_added(entry) for entry in _list(document, "added_tokens")]


def _list(document: _Json, key: str) -> list[Any]:
    value: Any = document.get(key) or []
    if not isinstance(value, list):
        raise invalid(f"{key} is not a list")
    return cast("list[Any]", value)


def _model(document: _Json) -> _Json:
    """The merges and their vocabulary, refused where they are of another kind."""
    model: Any = document.get("model")
    if not isinstance(model, dict):
        raise invalid("model is missing")
    model = cast("_Json", model)
    # Files of the first years leave the type out; what has merges is BPE.
    if model.get("type", "BPE" if "merges" in model else None) != "BPE":
        raise invalid(f"the model {model.get('type')!r} is not known; BPE, WordPiece and Unigram are")
    for key in ("dropout", "continuing_subword_prefix", "end_of_word_suffix"):
        if model.get(key):
            raise invalid(f"model.{key} is {model[key]!r}, which is not known")
    if not isinstance(model.get("unk_token"), str | None):
        raise invalid("model.unk_token is not a text")
    vocab: Any = model.get("vocab")
    if not isinstance(vocab, dict) or not all(type(id) is int and id >= 0 for id in cast("_Json", vocab).values()):
        raise invalid("model.vocab does not map texts to ids")
    return model


def _added(entry: Any) -> AddedTokenEntry:
    if not isinstance(entry, dict):
        raise invalid("added_tokens holds something that is no object")
    token = cast("_Json", entry)
    text, id = token.get("content"), token.get("id")
    if not isinstance(text, str) or not text or type(id) is not int or id < 0:
        raise invalid(f"added_tokens holds {str(token)[:200]}, without a text or an id")
    special = bool(token.get("special"))
    if special and token.get("single_word"):
        raise invalid(f"the control token {text!r} is matched as a single word, which is not known")
    return AddedTokenEntry(
        text, id, special, bool(token.get("lstrip")), bool(token.get("rstrip")), bool(token.get("normalized", not special))
    )


def check_control(document: _Json, control: tuple[AddedTokenEntry, ...]) -> None:
    """A control token that is looked for after text is rewritten could not be found before: refused unless that leaves it alone."""
    kinds = set(_types(document.get("normalizer")))
    for token in control:
        if token.normalized and not (token.text.isascii() and kinds <= {*_HARMLESS_NORMALIZERS, "Sequence"}):
            raise invalid(f"the control token {token.text!r} is matched after normalisation, which is not known")


def _types(value: Any) -> list[str]:
    """Every `type` in a part of the pipeline."""
    if isinstance(value, dict):
        part = cast("_Json", value)
        own = [part["type"]] if isinstance(part.get("type"), str) else []
        return own + [kind for inner in part.values() for kind in _types(inner)]
    if isinstance(value, list):
        return [kind for inner in cast("list[Any]", value) for kind in _types(inner)]
    return []


def texts_of(ids: Mapping[str, int]) -> tuple[str, ...]:
    """What each id says; "" where no entry claims it."""
    size = max(ids.values(), default=-1) + 1
    if not size or size > 2 * len(ids) + 2**20:
        raise invalid(f"{len(ids)} entries have ids up to {size - 1}")
    texts = [""] * size
    for text, id in ids.items():
        texts[id] = text
    return tuple(texts)


def _is_byte_level(document: _Json) -> bool:
    """How entries are spelled, by the decoder that undoes it."""
    kinds = set(_types(document.get("decoder")))
    if "ByteLevel" in kinds:
        return True
    if "Metaspace" in kinds or {"ByteFallback", "Replace"} <= kinds:
        return False
    raise invalid(f"the decoder {'+'.join(sorted(kinds)) or None!r} is not known")


def _encoder(document: _Json, model: _Json, added: list[AddedTokenEntry]) -> "tokenizers.Tokenizer":
    """The pipeline for plain text alone."""
    special = {token.text for token in added if token.special}
    vocab = {text: id for text, id in model["vocab"].items() if text not in special}
    # Words the release takes whole get their ids from the vocabulary: the library would count them anew.
    vocab |= {token.text: token.id for token in added if not token.special}
    unknown = model.get("unk_token")
    _check_covers(model, vocab, unknown if unknown in special else None)
    plain = {
        **document,
        "model": {**model, "type": "BPE", "vocab": vocab, "unk_token": None if unknown in special else unknown},
        "added_tokens": [entry for entry in _list(document, "added_tokens") if not entry.get("special")],
        "post_processor": None,
        "truncation": None,
        "padding": None,
    }
    return encoder_of(plain)


def _check_covers(model: _Json, vocab: Mapping[str, int], unknown: str | None) -> None:
    """Refuse a vocabulary in which some text would become the control token for unknown text: it is out of the encoder's reach."""
    bytes_ = [f"<0x{byte:02X}>" for byte in range(256)] if model.get("byte_fallback") else byte_level_characters()
    if unknown is not None and not all(text in vocab for text in bytes_):
        raise invalid(f"model.unk_token {unknown!r} stands for text without an entry, which is not known")


def _later(encoder: "tokenizers.Tokenizer") -> "tokenizers.Tokenizer":
    """The encoder for text after a control token: without the space that some put before the very first word alone."""
    from tokenizers import Tokenizer
    from tokenizers.pre_tokenizers import Metaspace

    way = encoder.pre_tokenizer
    if not isinstance(way, Metaspace) or way.prepend_scheme != "first":
        return encoder
    later = Tokenizer.from_str(encoder.to_str())
    later.pre_tokenizer = Metaspace(replacement=way.replacement, prepend_scheme="never", split=way.split)
    return later


def _pieces(texts: tuple[str, ...], added: list[AddedTokenEntry], byte_level: bool) -> tuple[bytes, ...]:
    own = {token.id: b"" if token.special else token.text.encode() for token in added}
    if byte_level:
        return tuple(own[id] if id in own else byte_level_bytes(text) for id, text in enumerate(texts))
    return tuple(own[id] if id in own else sentencepiece_bytes(text, bool(BYTE_PIECE.fullmatch(text))) for id, text in enumerate(texts))


def _leading_space(document: _Json, vocab: Mapping[str, int]) -> frozenset[int]:
    """Ids that lose their space at the start of a text, where the decoder strips one."""
    decoder = document.get("decoder")
    strips = "Strip" in _types(decoder)
    if isinstance(decoder, dict) and cast("_Json", decoder).get("type") == "Metaspace":
        strips = cast("_Json", decoder).get("prepend_scheme", "always") != "never"
    return frozenset(id for text, id in vocab.items() if text.startswith(SPACE_MARK)) if strips else frozenset[int]()
