"""A request's body. In: bytes. Out: JSON values, then a schema's object; or ValidationFailed that says where and what.

Stricter than Python's own reader, which takes NaN, lets the last of two equal keys win, and turns 1e999 into infinity: what a client
meant by such a body cannot be known.
"""

import json
import math
from collections.abc import Mapping, Sequence
from typing import Any, NoReturn, TypeVar

from pydantic import BaseModel, ValidationError
from starlette.requests import Request

from alize.api.aside import aside
from alize.api.unions import meant
from alize.errors import ValidationFailed

__all__ = ["MOST_ERRORS", "detail_of", "failed", "json_of", "parsed", "read"]

Model = TypeVar("Model", bound=BaseModel)

MOST_ERRORS = 100
"""Errors a 422 lists; building a million of them would take seconds in which nobody else is answered."""
_INLINE = 65_536  # bytes read at once, in about 5 ms; longer ones in a thread: 10 MB made to hurt take 2 s
_LONGEST_NUMBER = 64  # digits; Python takes quadratic time to read longer ones
_LONGEST_INPUT = 200  # characters of a wrong value that are sent back


async def read(request: Request, model: type[Model], *, strict: bool) -> Model:
    """The body as `model`. Raises ValidationFailed, and PayloadTooLarge where it is longer than the limit.

    `strict` refuses unknown fields; otherwise they are ignored, at every depth.
    """
    _check_content_type(request.headers.get("content-type", ""))
    coded = request.headers.get("content-encoding", "identity")
    if coded.strip().lower() != "identity":
        _refuse("content_encoding", f"The body is sent as {coded[:50]}; send it uncompressed.", where=("header", "content-encoding"))
    body = await request.body()
    if len(body) <= _INLINE:
        return parsed(json_of(body), model, strict=strict)
    return await aside(lambda: parsed(json_of(body), model, strict=strict))


def parsed(value: Any, model: type[Model], *, strict: bool) -> Model:
    """A JSON value as `model`. Raises ValidationFailed."""
    try:
        return model.model_validate(value, extra="forbid" if strict else "ignore")
    except ValidationError as error:
        raise failed(detail_of(error, value, "body")) from None


def json_of(body: bytes) -> Any:
    """The one JSON value in a body. Raises ValidationFailed."""
    if not body.strip():
        _refuse("missing", "The body is empty; this request needs a JSON object.")
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        _refuse("json_invalid", f"The body is not UTF-8: byte {error.start} is {body[error.start]:#04x}.", error.start)
    try:
        value = json.loads(text, object_pairs_hook=_object, parse_constant=_constant, parse_int=_integer, parse_float=_float)
    except json.JSONDecodeError as error:
        _refuse("json_invalid", f"The body is not JSON: {error.msg} at character {error.pos}.", error.pos)
    except RecursionError:
        _refuse("json_invalid", "The body is nested too deeply.")
    if "\\ud" in text or "\\uD" in text:
        _refuse_surrogates(value)
    return value


def detail_of(error: ValidationError, value: Any, *place: str) -> list[Mapping[str, Any]]:
    """What pydantic found in `value`, in the form of the public API's `detail`, without what cannot or need not be sent back."""
    if error.error_count() > MOST_ERRORS:
        return [{"type": "too_many_errors", "loc": [*place], "msg": f"The request has {error.error_count()} errors; none is listed."}]
    return [_entry(dict(entry), place) for entry in meant(error.errors(include_url=False), value)]


def failed(detail: Sequence[Mapping[str, Any]]) -> ValidationFailed:
    """The error for a detail list, whose message says the first entry in a sentence."""
    first = detail[0]
    place = [str(part) for part in first["loc"]]
    where = ".".join(place[1:]) or place[0]
    match first["type"]:
        case "extra_forbidden":
            message = f"There is no field {where}; docs/reference/api.md lists what there is."
        case "missing":
            message = f"The field {where} is missing."
        case "model_type" | "model_attributes_type":
            message = f"The {where} must be a JSON object."
        case _:
            message = f"{where}: {first['msg']}."
    more = f" ({len(detail) - 1} more in detail.)" if len(detail) > 1 else ""
    error = ValidationFailed(list(detail), message + more)
    error.param = where
    return error


def _entry(entry: dict[str, Any], place: tuple[str, ...]) -> dict[str, Any]:
    shown: dict[str, Any] = {"type": entry["type"], "loc": [*place, *entry["loc"]], "msg": entry["msg"]}
    given: Any = entry.get("input")
    if isinstance(given, str | int | float | bool | None) and len(str(given)) <= _LONGEST_INPUT:
        shown["input"] = given
    if "ctx" in entry:
        shown["ctx"] = {name: value if isinstance(value, str | int | float) else str(value) for name, value in entry["ctx"].items()}
    return shown


def _check_content_type(header: str) -> None:
    kind, *parameters = (part.strip().lower() for part in header.split(";"))
    if kind != "application/json" and not (kind.startswith("application/") and kind.endswith("+json")):
        found = f"it says {kind[:100]!r}" if kind else "there is none"
        _refuse("content_type", f"The body must be sent with Content-Type: application/json; {found}.", where=("header", "content-type"))
    for parameter in parameters:
        if parameter.startswith("charset=") and parameter[8:].strip('"') not in ("utf-8", "utf8"):
            _refuse("content_type", f"The body must be UTF-8, not {parameter[8:][:50]}.", where=("header", "content-type"))


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        seen: set[str] = set()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))
        _refuse("json_invalid", f"An object has the key {twice[:100]!r} twice.")
    return found


def _constant(name: str) -> NoReturn:
    _refuse("json_invalid", f"{name} is not a JSON value.")


def _integer(digits: str) -> int:
    if len(digits) > _LONGEST_NUMBER:
        _refuse("json_invalid", f"A number has {len(digits)} digits; {_LONGEST_NUMBER} is the most.")
    return int(digits)


def _float(digits: str) -> float:
    value = float(digits)
    if math.isinf(value):
        _refuse("json_invalid", f"The number {digits[:50]} is too large.")
    return value


def _refuse_surrogates(value: Any) -> None:
    """Half of a UTF-16 pair is no character: it could neither be encoded for the model nor sent back."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        _refuse("json_invalid", f"A text has half a surrogate pair, \\u{ord(error.object[error.start]):04x}, which is no character.")


def _refuse(kind: str, message: str, *position: int, where: tuple[str, ...] = ("body",)) -> NoReturn:
    error = ValidationFailed([{"type": kind, "loc": [*where, *position], "msg": message}], message)
    error.param = where[-1]
    raise error
