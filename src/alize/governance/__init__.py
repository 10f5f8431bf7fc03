"""Who may do what. In: requests and records. Out: principals, API keys, accounts, and the errors for those who may not."""

from alize.governance.accounts import Accounts
from alize.governance.identity import SCOPES, Identity, Principal, Scope, first_match
from alize.governance.key_identity import KeyIdentity
from alize.governance.keys import MadeKey, answerable, first_key, make_key, owner, principal_of, replace_admin_key, revoke_key
from alize.governance.local_identity import LocalIdentity
from alize.governance.passes import Passes
from alize.governance.session_identity import SessionIdentity
from alize.governance.sessions import Cookie

__all__ = [
    "SCOPES",
    "Accounts",
    "Cookie",
    "Identity",
    "KeyIdentity",
    "LocalIdentity",
    "MadeKey",
    "Passes",
    "Principal",
    "Scope",
    "SessionIdentity",
    "answerable",
    "first_key",
    "first_match",
    "make_key",
    "owner",
    "principal_of",
    "replace_admin_key",
    "revoke_key",
]
