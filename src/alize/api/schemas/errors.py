"""Errors. In: nothing. Out: the shapes that `errors.AlizeError.body` gives, for the documentation."""

from typing import Any

from pydantic import Field

from alize.api.schemas.values import Integer, JsonObject, Schema

__all__ = ["Error", "ErrorValue", "HTTPValidationError", "ValidationError"]

ErrorValue = int | float | str | list[str]


class Error(Schema):
    """Every error has the first six keys. docs/reference/errors.md lists the types, codes and reasons."""

    object: str = "error"
    message: str
    type: str
    param: str | None
    code: str | None
    raw_status_code: Integer
    reason: str | None = Field(None, description="What the message says without a language, where that can be said.")
    values: dict[str, ErrorValue] | None = Field(None, description="The numbers and names that the reason is said with.")


class ValidationError(Schema):
    loc: list[str | Integer]
    msg: str
    type: str
    input: Any = None
    ctx: JsonObject | None = None


class HTTPValidationError(Error):
    """A 422 also says field by field what was wrong."""

    detail: list[ValidationError]
