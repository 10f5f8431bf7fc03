"""What every schema is made of. In: a field's JSON value. Out: the value, or pydantic's error where it is of the wrong kind.

JSON has one kind of number: 5.0 is the integer 5, and nothing else turns into something it was not. "0.5", true and 1 stay a text, a
truth value and a number.
"""

from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

__all__ = ["MOST", "WHOLE", "Integer", "JsonObject", "Natural", "Reply", "Schema"]

MOST = 2**63 - 1
"""The largest integer of any field: what a signed 64-bit number holds."""


class Schema(BaseModel):
    """An object of the API. Unknown fields are refused; `parsed` in body.py can have them ignored."""

    model_config = ConfigDict(extra="forbid", strict=True, allow_inf_nan=False, protected_namespaces=())


class Reply(Schema):
    """What the server says: every field is always there, also one that has a default here."""

    model_config = ConfigDict(json_schema_serialization_defaults_required=True)


def _whole(value: Any) -> Any:
    return int(value) if isinstance(value, float) and value.is_integer() else value


WHOLE = BeforeValidator(_whole)
"""Comes last in an Annotated: bounds before it are bounds of the integer, also in the documentation."""
Integer = Annotated[int, Field(le=MOST), WHOLE]
Natural = Annotated[int, Field(ge=0, le=MOST), WHOLE]
JsonObject = dict[str, Any]
