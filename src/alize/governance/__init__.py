"""Who may do what. In: requests and records. Out: principals, API keys, and the errors for those who may not."""

from alize.governance.identity import SCOPES, Identity, Principal, Scope, first_match
from alize.governance.key_identity import KeyIdentity
from alize.governance.keys import MadeKey, first_key, make_key, owner, principal_of, replace_admin_key, revoke_key
from alize.governance.local_identity import LocalIdentity

__all__ = [
    "SCOPES",
    "Identity",
    "KeyIdentity",
    "LocalIdentity",
    "MadeKey",
    "Principal",
    "Scope",
    "first_key",
    "first_match",
    "make_key",
    "owner",
    "principal_of",
    "replace_admin_key",
    "revoke_key",
]
