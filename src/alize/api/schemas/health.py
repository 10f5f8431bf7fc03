"""Health. In: nothing. Out: the shape of a health report."""

from typing import Literal

from alize.api.schemas.values import Schema

__all__ = ["Health"]


class Health(Schema):
    status: Literal["ready", "unready"]
    checks: dict[str, str]
