"""Invitations. In: the JSON of a new one, or of somebody who follows its link. Out: their shapes; the token only where it is made."""

from typing import Annotated, Literal

from pydantic import AwareDatetime, Field

from alize.api.schemas.session import Email, Name, Password, Role, Token
from alize.api.schemas.values import WHOLE, Reply, Schema

__all__ = [
    "AcceptRequest",
    "Invitation",
    "InvitationList",
    "InvitationOffer",
    "InvitationRequest",
    "InvitationRevoked",
    "LookRequest",
    "NewInvitation",
]


class InvitationRequest(Schema):
    role: Role = "member"
    name: str = Field("", max_length=100, description="A note: whom it is for.")
    days: Annotated[int, Field(ge=1, le=365, description="How long it can be used."), WHOLE] = 7


class Invitation(Reply):
    id: str
    object: Literal["invitation"] = "invitation"
    role: Role
    name: str
    made_by: str = Field(description="The principal.")
    created: AwareDatetime
    expires: AwareDatetime
    used: AwareDatetime | None
    revoked: AwareDatetime | None


class NewInvitation(Invitation):
    link_token: str = Field(description="What the link ends in: /invitation#TOKEN. It is not kept and never shown again.")


class InvitationList(Reply):
    object: Literal["list"] = "list"
    data: list[Invitation]
    has_more: bool
    next: str | None


class InvitationRevoked(Reply):
    id: str
    object: Literal["invitation"] = "invitation"
    deleted: Literal[True] = True


class LookRequest(Schema):
    token: Token


class InvitationOffer(Reply):
    object: Literal["invitation.offer"] = "invitation.offer"
    role: Role
    workspace: str
    expires: AwareDatetime


class AcceptRequest(Schema):
    token: Token
    email: Email
    name: Name
    password: Password
