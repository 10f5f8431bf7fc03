"""Usage. In: nothing. Out: the shapes of what a workspace has used, in all and request by request."""

from typing import Literal

from pydantic import AwareDatetime, Field

from alize.api.schemas.values import Integer, Reply

__all__ = ["UsageList", "UsageRow", "UsageSum"]


class UsageSum(Reply):
    object: Literal["usage"] = "usage"
    since: AwareDatetime | None
    requests: Integer
    prompt_tokens: Integer
    cached_tokens: Integer
    completion_tokens: Integer
    total_tokens: Integer


class UsageRow(Reply):
    id: str = Field(description="The id of the answer.")
    object: Literal["usage.request"] = "usage.request"
    principal: str = Field(description="Whose key it was.")
    model: str
    endpoint: str
    prompt_tokens: Integer
    cached_tokens: Integer
    completion_tokens: Integer
    outcome: str = Field(description="Finish reasons, `cancelled` where the client left, or `error`.")
    created: AwareDatetime
    seconds: float


class UsageList(Reply):
    object: Literal["list"] = "list"
    data: list[UsageRow]
    has_more: bool
    next: str | None
