"""API keys. In: the JSON of a new one. Out: the shapes of keys; the secret only in the answer that makes it."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BeforeValidator, Field

from alize.api.schemas.values import Reply, Schema

__all__ = ["Key", "KeyDeleted", "KeyList", "KeyRequest", "NewKey"]


def _moment(value: Any) -> Any:
    return datetime.fromisoformat(value) if isinstance(value, str) else value


Moment = Annotated[AwareDatetime, BeforeValidator(_moment)]


Scope = Literal["inference", "admin"]


class KeyRequest(Schema):
    name: str = Field(description="What the key is for, to recognize it by.", min_length=1, max_length=100)
    scopes: Annotated[list[Scope], Field(min_length=1)] = Field(default_factory=lambda: ["inference"])
    expires: Moment | None = Field(None, description="When it ends: ISO 8601 with a time zone. Never, by default.")


class Key(Reply):
    id: str
    object: Literal["key"] = "key"
    name: str
    prefix: str = Field(description="The first characters of the secret.")
    scopes: list[Scope]
    created: AwareDatetime
    last_used: AwareDatetime | None
    expires: AwareDatetime | None
    revoked: AwareDatetime | None


class NewKey(Key):
    key: str = Field(description="The secret. It is not kept and never shown again.")


class KeyList(Reply):
    object: Literal["list"] = "list"
    data: list[Key]
    has_more: bool
    next: str | None


class KeyDeleted(Reply):
    id: str
    object: Literal["key"] = "key"
    deleted: Literal[True] = True
