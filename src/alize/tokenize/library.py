"""The tokenizers library, held to errors. In: a tokenizer.json that was checked; texts. Out: what runs it; ids.

It is written in Rust, and a document that it accepts may still make it panic, such as `"normalizer": [""]` with any text. Python's class
for that is no `Exception`: nobody expects it, and in a server it would end more than one request.
"""

import json
from typing import TYPE_CHECKING, Any

from alize.errors import CheckpointInvalid, InvalidRequest
from alize.reasons import because

if TYPE_CHECKING:
    import tokenizers

__all__ = ["encoder_of", "ids_of", "invalid"]

_TEXTS = ("a", " été 1, 中\n")
"""What is read first, to see whether anything can be."""


def invalid(what: str) -> CheckpointInvalid:
    """The error for a tokenizer.json."""
    return CheckpointInvalid(f"tokenizer.json: {what}.", remedy="Fetch the file again, or ask for this kind of tokenizer to be supported.")


def encoder_of(document: dict[str, Any]) -> "tokenizers.Tokenizer":
    """Raises CheckpointInvalid where the library cannot read the document, panics at one of `_TEXTS` or can read neither."""
    from tokenizers import Tokenizer

    try:
        encoder = Tokenizer.from_str(json.dumps(document))
    except BaseException as error:
        if _is_refusal(error):
            raise invalid(f"the tokenizers library cannot read it: {error}") from error
        raise
    failed = [error for text in _TEXTS if (error := _failure(encoder, text)) is not None]
    for error in failed:
        if _is_panic(error) or len(failed) == len(_TEXTS):
            raise invalid(f"the tokenizers library can read nothing with it: {error}") from error
    return encoder


def ids_of(encoder: "tokenizers.Tokenizer", text: str) -> list[int]:
    """Of plain text. Raises InvalidRequest where the library panics, or has no word for some of it and no way to say so."""
    try:
        return _ids(encoder, text)
    except BaseException as error:
        if _is_refusal(error):
            said = f"This model's tokenizer cannot read the text: {error}."
            raise InvalidRequest(said, reason=because("text_unreadable", words=str(error))) from error
        raise


def _failure(encoder: "tokenizers.Tokenizer", text: str) -> BaseException | None:
    """Why the library cannot read a text."""
    try:
        _ids(encoder, text)
    except BaseException as error:
        if _is_refusal(error):
            return error
        raise
    return None


def _ids(encoder: "tokenizers.Tokenizer", text: str) -> list[int]:
    # The batch call computes no offsets and lets go of the interpreter's lock: three times as fast on a megabyte.
    return encoder.encode_batch_fast([text], add_special_tokens=False)[0].ids


def _is_refusal(error: BaseException) -> bool:
    return type(error) is Exception or _is_panic(error)  # the library's own errors are of no narrower class


def _is_panic(error: BaseException) -> bool:
    return type(error).__name__ == "PanicException"  # each library has its own, and none says where it is
