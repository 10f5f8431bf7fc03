"""Health. In: nothing. Out: the shape of a health report."""

from typing import Literal

from alize.api.schemas.values import Reply

__all__ = ["Health"]


class Health(Reply):
    status: Literal["ready", "unready"]
    checks: dict[str, str]
