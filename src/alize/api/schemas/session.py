"""Sessions and accounts. In: the JSON of signing in and of changes. Out: the shapes of what the page is told."""

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from alize.api.schemas.values import Reply, Schema

__all__ = [
    "Account",
    "AccountChange",
    "AccountList",
    "AccountPatch",
    "AttachmentLimits",
    "BrowserSession",
    "BrowserSessionList",
    "Ended",
    "OutsideAccess",
    "PasswordChange",
    "SessionState",
    "SetupRequest",
    "SignInRequest",
]

Email = Annotated[str, Field(min_length=3, max_length=320, description="Upper and lower case are the same.")]
Name = Annotated[str, Field(min_length=1, max_length=200)]
Password = Annotated[str, Field(min_length=1, max_length=1024, description="A new one has 8 to 256 characters.")]
Token = Annotated[str, Field(min_length=1, max_length=200)]
Role = Literal["owner", "member"]
Language = Literal["", "en", "fr", "ja"]
Theme = Literal["", "light", "dark"]


class SignInRequest(Schema):
    email: Email
    password: Password


class SetupRequest(Schema):
    token: Token | None = Field(None, description="What the server printed when it started; needed unless it listens on loopback only.")
    email: Email
    name: Name
    password: Password


class AccountChange(Schema):
    name: Name | None = None
    language: Language | None = Field(None, description="Empty: what the browser prefers.")
    theme: Theme | None = Field(None, description="Empty: what the system prefers.")


class PasswordChange(Schema):
    old: Password
    new: Password


class AccountPatch(Schema):
    role: Role | None = None
    disabled: bool | None = Field(None, description="True ends its sessions, and it cannot sign in until false is sent.")


class Account(Reply):
    id: str
    object: Literal["account"] = "account"
    email: str
    name: str
    role: Role
    language: Language = Field(description="Empty: what the browser prefers.")
    theme: Theme = Field(description="Empty: what the system prefers.")
    created: AwareDatetime
    disabled: AwareDatetime | None


class AccountList(Reply):
    object: Literal["list"] = "list"
    data: list[Account]
    has_more: bool
    next: str | None


class AttachmentLimits(Reply):
    attachment_bytes: int = Field(description="Of one file.")
    attachments: int = Field(description="Files of one question.")
    attachment_types: list[str] = Field(description="Media types and endings.")
    image_bytes: int = Field(description="Of one image; the page makes larger ones smaller.")
    image_types: list[str] = Field(description="Media types of images, for models that see.")
    audio_bytes: int = Field(description="Of one sound.")
    audio_types: list[str] = Field(description="Media types of sounds, for models that hear.")
    body_bytes: int = Field(description="Of one request: all that a chat which is kept nowhere sends with a question.")


class OutsideAccess(Reply):
    hosts: list[str] = Field(description="That pictures in answers may come from: names, `*.example.org`, `*`. Told to who is signed in.")
    offline: bool = Field(description="No host is asked, whatever `hosts` says.")


class SessionState(Reply):
    object: Literal["session"] = "session"
    signed_in: bool
    setup: bool = Field(description="There is no account yet: the first visit makes one with POST /api/setup.")
    setup_token_needed: bool
    no_auth: bool = Field(description="Everybody on this machine is one person; there is no signing in.")
    account: Account | None
    csrf: str = Field(description="Sent as X-CSRF-Token with everything that changes something.")
    limits: AttachmentLimits
    outside: OutsideAccess
    version: str


class BrowserSession(Reply):
    id: str
    object: Literal["browser_session"] = "browser_session"
    user_agent: str
    address: str
    created: AwareDatetime
    last_seen: AwareDatetime
    expires: AwareDatetime
    current: bool


class BrowserSessionList(Reply):
    object: Literal["list"] = "list"
    data: list[BrowserSession]
    has_more: bool
    next: str | None


class Ended(Reply):
    ended: int = Field(description="How many sessions.")
