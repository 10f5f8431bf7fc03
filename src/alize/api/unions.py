"""Which branch of a union a wrong value was meant for. In: pydantic's errors, and the value. Out: that branch's, at places of the value.

A field that may be a text or a list of texts has the errors of both, each behind a name of its branch, which no client ever wrote:

    {"stop": ["a", 5]}    (stop, str) no string · (stop, list[str], 1) no string    →    (stop, 1) no string
"""

from collections.abc import Iterator, Sequence
from typing import Any, cast

from pydantic_core import ErrorDetails

__all__ = ["meant"]

Place = tuple[int | str, ...]


def meant(errors: Sequence[ErrorDetails], value: Any) -> list[ErrorDetails]:
    """The errors without those of branches for another type than the value's; all, where no branch is for its type.

    The tag of a tagged union stays in a place, as the public API has it: (messages, 0, user, content).
    """
    branches: dict[Place, dict[int | str, list[ErrorDetails]]] = {}
    for error in errors:
        for position in _unwritten(error, value):
            branches.setdefault(error["loc"][:position], {}).setdefault(error["loc"][position], []).append(error)
    unions = {place: found for place, found in branches.items() if len(found) > 1}
    strange = {place: _strange(place, found) for place, found in unions.items()}
    kept: list[ErrorDetails] = []
    for error in errors:
        loc = error["loc"]
        at = [position for position in range(len(loc)) if loc[:position] in unions and loc[position] in unions[loc[:position]]]
        if not any(loc[position] in strange[loc[:position]] for position in at):
            kept.append({**error, "loc": tuple(part for position, part in enumerate(loc) if position not in at)})
    return kept


def _unwritten(error: ErrorDetails, value: Any) -> Iterator[int]:
    """The positions in an error's place that are no key and no index of the value: the names of branches and tags."""
    last = len(error["loc"]) - 1
    for position, part in enumerate(error["loc"]):
        if isinstance(value, dict) and part in value:
            value = cast("dict[Any, Any]", value)[part]
        elif isinstance(value, list) and isinstance(part, int) and part < len(cast("list[Any]", value)):
            value = cast("list[Any]", value)[part]
        elif position < last or error["type"] != "missing":  # what is missing is no key either
            yield position


def _strange(place: Place, branches: dict[int | str, list[ErrorDetails]]) -> set[int | str]:
    """The branches of one union that are for another type; none where all are."""
    strange = {name for name, errors in branches.items() if any(error["loc"] == (*place, name) and _is_of_type(error) for error in errors)}
    return set() if len(strange) == len(branches) else strange


def _is_of_type(error: ErrorDetails) -> bool:
    """Whether an error says that the type is wrong, rather than the value."""
    return error["type"].endswith("_type") or (error["type"] in ("literal_error", "enum") and isinstance(error["input"], dict | list))
