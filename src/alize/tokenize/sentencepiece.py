"""Sentencepiece's BPE from a GGUF's pieces and scores. In: checked entries. Out: an encoder of the tokenizers library, and a Vocabulary.

Sentencepiece joins, of all neighbours whose union is a piece, those whose piece scores best, leftmost first. The library joins the
pair with the lowest rank, leftmost first. So every way to split a piece into two becomes a merge, ranked by the score of the whole;
`_merges` says how equal ranks are kept in sentencepiece's order, and what is refused because no order can say it.
"""

from collections.abc import Iterator
from itertools import groupby
from math import isfinite
from typing import TYPE_CHECKING, cast

from alize.errors import CheckpointInvalid
from alize.tokenize.alphabet import SPACE_MARK, sentencepiece_bytes
from alize.tokenize.vocabulary import Vocabulary

if TYPE_CHECKING:
    import tokenizers

    from alize.tokenize.gguf import Entries

__all__ = ["read_sentencepiece"]

_REFUSED = ("tokenizer.ggml.precompiled_charsmap", "tokenizer.ggml.remove_extra_whitespaces")


def read_sentencepiece(entries: "Entries") -> "tuple[tokenizers.Tokenizer, Vocabulary]":
    """The encoder and the vocabulary of `tokenizer.ggml.model = llama`.

    A space is put before every stretch of text, at the start and after each control token, unless the file says otherwise.
    Raises CheckpointInvalid for damaged entries and for what this encoder cannot say exactly.
    """
    from tokenizers import AddedToken, Tokenizer, models, normalizers

    from alize.tokenize.gguf import BYTE, NORMAL, USER_DEFINED

    for key in _REFUSED:
        if entries.metadata.get(key):
            raise CheckpointInvalid(
                f"{key} is set: text is rewritten before it is cut, in a way that is not known here.",
                remedy="Serve the release's own tokenizer.json or tokenizer.model instead.",
            )
    scores = cast("list[float]", entries.list_of("tokenizer.ggml.scores", float))
    if not all(map(isfinite, scores)):
        raise CheckpointInvalid("tokenizer.ggml.scores holds a value that is no number.", remedy="The file is damaged: fetch it again.")
    if len(scores) != len(entries.texts):
        raise CheckpointInvalid(f"tokenizer.ggml.scores has {len(scores)} entries for the {len(entries.texts)} of tokenizer.ggml.tokens.")
    normal = entries.ids_of(NORMAL)
    bytes_ = entries.ids_of(BYTE)
    missing = [f"<0x{byte:02X}>" for byte in range(256) if f"<0x{byte:02X}>" not in bytes_]
    if missing:
        raise CheckpointInvalid(
            f"tokenizer.ggml.tokens has no byte piece {missing[0]} ({len(missing)} are missing): some text could not be said."
        )
    merges = _merges(normal, scores)
    ranks = {**normal, **bytes_, **entries.ids_of(USER_DEFINED)}
    encoder = Tokenizer(models.BPE(vocab=ranks, merges=merges, byte_fallback=True))
    prefix = entries.flag("tokenizer.ggml.add_space_prefix", True)
    encoder.normalizer = normalizers.Sequence(
        [
            *([normalizers.Prepend(SPACE_MARK)] if prefix else []),
            normalizers.Replace(" ", SPACE_MARK),
        ]
    )
    encoder.add_tokens([AddedToken(text, normalized=False) for text in entries.ids_of(USER_DEFINED)])  # pyright: ignore[reportUnknownMemberType]
    pieces = [
        sentencepiece_bytes(text, kind == BYTE) if kind in (NORMAL, BYTE) else text.encode() if kind == USER_DEFINED else b""
        for text, kind in zip(entries.texts, entries.kinds, strict=True)
    ]
    leading = frozenset(id for text, id in normal.items() if text.startswith(SPACE_MARK)) if prefix else frozenset[int]()
    return encoder, entries.vocabulary(pieces, add_bos=True, leading_space=leading)


def _merges(pieces: dict[str, int], scores: list[float]) -> list[tuple[str, str]]:
    """Every way to join two pieces into a third, best score first, and of equal scores the longest left part first.

    Two pieces of one score are joined leftmost first by sentencepiece, whichever they are: an order of ranks cannot say that. It can
    where all of them are runs of the same character (`▁▁`, `▁▁▁`, …, as releases have them): what lies left has grown longest.
    Runs of two characters it cannot: beside better `aab` and `bba`, the text `aabb` wants `aa` before `bb`, and `bbaa` the reverse.
    Raises CheckpointInvalid for other pieces of one score.
    """
    ranked = sorted(_splits(pieces, scores), key=lambda entry: entry[:3])
    for score, group in groupby(ranked, key=lambda entry: entry[0]):
        whole = {left + right for _, _, _, (left, right) in group}
        if len(whole) > 1 and len(set("".join(whole))) > 1:
            raise CheckpointInvalid(
                f"tokenizer.ggml.scores: {min(whole)!r} and {len(whole) - 1} others share the score {-score:g}: their order is not known.",
                remedy="Serve the release's own tokenizer.json or tokenizer.model instead.",
            )
    return [pair for _, _, _, pair in ranked]


def _splits(pieces: dict[str, int], scores: list[float]) -> Iterator[tuple[float, int, int, tuple[str, str]]]:
    for piece, id in pieces.items():
        for cut in range(1, len(piece)):
            left, right = piece[:cut], piece[cut:]
            if left in pieces and right in pieces:
                yield -scores[id], -len(left), -len(right), (left, right)
