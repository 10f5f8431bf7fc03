"""What a release puts around a text. In: the `post_processor` of a tokenizer.json. Out: the ids before a single text, and behind it.

A chat template writes its own marks; a text that is read whole, to be embedded, gets these: `[CLS] text [SEP]`, `<s> text </s>`.
"""

from collections.abc import Mapping
from typing import Any, cast

from alize.errors import CheckpointInvalid

__all__ = ["Around", "around"]

_Json = dict[str, Any]
Around = tuple[tuple[int, ...], tuple[int, ...]]


def around(processor: Any, ids: Mapping[str, int]) -> Around:
    """Nothing where there is no such step. Raises CheckpointInvalid for a mark that is no entry of the vocabulary.

    >>> around({"type": "BertProcessing", "sep": ["[SEP]", 102], "cls": ["[CLS]", 101]}, {"[CLS]": 101, "[SEP]": 102})
    ((101,), (102,))
    """
    if not isinstance(processor, dict):
        return (), ()
    part = cast("_Json", processor)
    inner: Any = part.get("processors")
    for step in cast("list[Any]", inner) if isinstance(inner, list) else []:
        if any(found := around(step, ids)):
            return found
    match part.get("type"):
        case "TemplateProcessing":
            return _of_template(part.get("single"), ids)
        case "BertProcessing" | "RobertaProcessing":
            return (_id(_first(part.get("cls")), ids),), (_id(_first(part.get("sep")), ids),)
        case _:
            return (), ()


def _of_template(single: Any, ids: Mapping[str, int]) -> Around:
    before, after, seen = list[int](), list[int](), False
    for piece in cast("list[Any]", single) if isinstance(single, list) else []:
        mark: Any = cast("_Json", piece).get("SpecialToken") if isinstance(piece, dict) else None
        if mark is None:
            seen = True
        else:
            (after if seen else before).append(_id(cast("_Json", mark).get("id") if isinstance(mark, dict) else None, ids))
    return tuple(before), tuple(after)


def _first(pair: Any) -> Any:
    return cast("list[Any]", pair)[0] if isinstance(pair, list) and pair else None


def _id(name: Any, ids: Mapping[str, int]) -> int:
    if not isinstance(name, str) or name not in ids:
        raise CheckpointInvalid(
            f"tokenizer.json: post_processor puts {name!r} around a text, which is no entry of the vocabulary.",
            remedy="Fetch the file again.",
        )
    return ids[name]
