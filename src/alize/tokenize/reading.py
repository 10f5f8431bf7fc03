"""Tokenizers of models that only read: WordPiece and Unigram. In: a tokenizer.json. Out: a ReadingTokenizer.

The pipeline runs as the file says, in the library the file was written by. As with every tokenizer here, control tokens are taken out of
its reach: a text that says `[SEP]` is a text about a bracket, and cannot end itself. They are put around a whole text, by their ids.
"""

import secrets
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, cast

from alize.errors import InvalidRequest, UnsupportedParameter
from alize.tokenize.alphabet import BYTE_PIECE, SPACE_MARK, sentencepiece_bytes
from alize.tokenize.around import around
from alize.tokenize.decoder import VocabularyDecoder
from alize.tokenize.huggingface_json import AddedTokenEntry, added_tokens, check_control, texts_of
from alize.tokenize.library import encoder_of, ids_of, invalid
from alize.tokenize.text import check_text
from alize.tokenize.vocabulary import Vocabulary

if TYPE_CHECKING:
    import tokenizers

__all__ = ["ReadingTokenizer", "load_reading", "reads_only"]

_Json = dict[str, Any]


class ReadingTokenizer(VocabularyDecoder):
    """The alphabet of a model that is never asked to write. Immutable; one instance serves all threads."""

    def __init__(self, encoder: "tokenizers.Tokenizer", vocabulary: Vocabulary) -> None:
        super().__init__(vocabulary)
        self._encoder = encoder

    def encode(self, text: str) -> list[int]:
        """Ids of plain text, without what is put around it. Raises InvalidRequest for half a surrogate pair, which is no character."""
        check_text(text)
        return ids_of(self._encoder, text)

    def template(
        self, messages: Sequence[Mapping[str, Any]], tools: Sequence[Mapping[str, Any]] = (), effort: str | None = None
    ) -> list[int]:
        raise InvalidRequest("This model reads texts and cannot be talked to.", param="model", remedy="Use a model that chats.")

    def infill(self, before: str, after: str) -> list[int]:
        raise UnsupportedParameter("This model reads texts and fills no gaps.", param="model")


def reads_only(document: _Json) -> bool:
    """Whether a tokenizer.json is of one of these kinds."""
    model: Any = document.get("model")
    return isinstance(model, dict) and cast("_Json", model).get("type") in ("WordPiece", "Unigram")


def load_reading(document: _Json) -> ReadingTokenizer:
    """Raises CheckpointInvalid for what is damaged, or cannot be kept exact without control tokens."""
    model = cast("_Json", document["model"])
    added = added_tokens(document)
    check_control(document, tuple(token for token in added if token.special))
    words = _words(model) if model["type"] == "WordPiece" else _pieces(model)
    ids = {**words, **{token.text: token.id for token in added}}
    texts = texts_of(ids)
    control = {token.text: token.id for token in added if token.special}
    before, after = around(document.get("post_processor"), ids)
    if len(before) > 1:
        raise invalid("post_processor puts several marks before a text, which is not known")
    spell = _of_wordpiece if model["type"] == "WordPiece" else _of_unigram
    vocabulary = Vocabulary(
        pieces=tuple(b"" if text in control or not text else spell(text) for text in texts),
        texts=texts,
        control=control,
        bos_id=before[0] if before else None,
        after=after,
        leading_space=frozenset(id for text, id in ids.items() if spell(text).startswith(b" ")),
    )
    changed = _without_control(model, added, set(control)) if model["type"] == "WordPiece" else _unspelled(model, added)
    return ReadingTokenizer(_encoder({**document, "model": changed}), vocabulary)


def _words(model: _Json) -> dict[str, int]:
    vocab: Any = model.get("vocab")
    if not isinstance(vocab, dict) or not all(type(id) is int and id >= 0 for id in cast("_Json", vocab).values()):
        raise invalid("model.vocab does not map texts to ids")
    unknown = model.get("unk_token")
    if not isinstance(unknown, str) or unknown not in vocab:
        raise invalid(f"model.unk_token {str(unknown)[:200]!r} is no entry of the vocabulary")
    return cast("dict[str, int]", vocab)


def _pieces(model: _Json) -> dict[str, int]:
    """Entries of Unigram are numbered by their place."""
    vocab: Any = model.get("vocab")
    entries = cast("list[Any]", vocab) if isinstance(vocab, list) else []
    if not entries or not all(_is_scored(entry) for entry in entries):
        raise invalid("model.vocab is no list of texts and scores")
    return {entry[0]: id for id, entry in enumerate(entries)}


def _is_scored(entry: Any) -> bool:
    if not isinstance(entry, list):
        return False
    pair = cast("list[Any]", entry)
    return len(pair) == 2 and isinstance(pair[0], str) and isinstance(pair[1], float | int) and not isinstance(pair[1], bool)


def _without_control(model: _Json, added: list[AddedTokenEntry], control: set[str]) -> _Json:
    """Words without those that are control tokens; the one for unknown words stays, since the library asks for it."""
    words = {text: id for text, id in model["vocab"].items() if text not in control or text == model["unk_token"]}
    # Words the release takes whole get their ids from the vocabulary: the library would count them anew.
    return {**model, "vocab": words | {token.text: token.id for token in added if not token.special}}


def _unspelled(model: _Json, added: list[AddedTokenEntry]) -> _Json:
    """Places decide the ids, so a control token stays in its place, under a spelling that nobody can know."""
    vocab = [list(entry) for entry in model["vocab"]]
    for token in added:
        known = token.id < len(vocab) and vocab[token.id][0] == token.text
        if not token.special and not known:
            raise invalid(f"added_tokens holds {token.text!r}, which is not in model.vocab at its id")
        if token.special and known:
            vocab[token.id][0] = secrets.token_hex(32)
    return {**model, "vocab": vocab}


def _encoder(document: _Json) -> "tokenizers.Tokenizer":
    added = cast("list[_Json]", document.get("added_tokens") or [])
    kept = [entry for entry in added if not entry.get("special")]
    plain: _Json = {**document, "added_tokens": kept, "post_processor": None, "truncation": None, "padding": None}
    return encoder_of(plain)


def _of_wordpiece(text: str) -> bytes:
    return text[2:].encode() if text.startswith("##") else f" {text}".encode()


def _of_unigram(text: str) -> bytes:
    return sentencepiece_bytes(text, bool(BYTE_PIECE.fullmatch(text))) if text != SPACE_MARK else b" "
