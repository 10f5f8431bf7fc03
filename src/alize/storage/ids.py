"""Ids of rows. In: what kind of thing. Out: a text no one can guess or meet twice.

The prefix says what an id names wherever it turns up: in a log, a path, a question to an administrator.
"""

import secrets
from typing import Literal

__all__ = ["Kind", "new_id", "tenant_of"]

Kind = Literal["org", "ws", "prn", "mem", "key", "acc", "ses", "inv", "try", "att"]


def new_id(kind: Kind) -> str:
    """
    >>> new_id("key").startswith("key_"), len(new_id("key"))
    (True, 28)
    """
    return f"{kind}_{secrets.token_hex(12)}"  # 96 random bits: two in 2^48 rows would be a surprise


def tenant_of(workspace: str, principal: str) -> str:
    """Who takes turns with others, and whose prompts nobody else may learn of: a person or a key, within their workspace."""
    return f"{workspace}/{principal}"
