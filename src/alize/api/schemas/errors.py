"""Errors. In: nothing. Out: the shapes that `errors.AlizeError.body` gives, for the documentation."""

from typing import Any

from alize.api.schemas.values import Integer, JsonObject, Schema

__all__ = ["Error", "HTTPValidationError", "ValidationError"]


class Error(Schema):
    """Every error has these six keys. docs/reference/errors.md lists the types and codes."""

    object: str = "error"
    message: str
    type: str
    param: str | None
    code: str | None
    raw_status_code: Integer


class ValidationError(Schema):
    loc: list[str | Integer]
    msg: str
    type: str
    input: Any = None
    ctx: JsonObject | None = None


class HTTPValidationError(Error):
    """A 422 also says field by field what was wrong."""

    detail: list[ValidationError]
