"""What people may be called. In: an address or a name as typed. Out: the form that is kept, or InvalidRequest.

A name is shown to others, beside their own: what cannot be seen, or turns the text around it, has no place in it.
"""

import re
import unicodedata

from alize.errors import InvalidRequest
from alize.reasons import because

__all__ = ["LONGEST_EMAIL", "LONGEST_NAME", "checked_email", "checked_name", "folded"]

LONGEST_EMAIL = 254  # characters, as mail itself allows
LONGEST_NAME = 100
# Not the grammar of RFC 5322: whether mail arrives is not asked, only that the text can be typed again and shown on one line.
_EMAIL = re.compile(r"[^\s@\"<>(),:;\[\\\]]{1,64}@[^\s@\"<>(),:;\[\\\]]{1,253}")
_HIDDEN = frozenset(("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"))
_JOINERS = "\u200c\u200d"  # part of how Persian and many emoji are written


def checked_email(text: str) -> str:
    """Lower case, NFKC, without blanks around it: two ways of typing one address are one account.

    >>> checked_email(" Ada@Example.ORG ")
    'ada@example.org'
    """
    email = folded(text)
    hidden = any(unicodedata.category(letter) in _HIDDEN for letter in email)
    if len(email) > LONGEST_EMAIL or hidden or not _EMAIL.fullmatch(email) or ".." in email:
        raise InvalidRequest(
            "This is no e-mail address.", param="email", remedy="Write it like ada@example.org.", reason=because("email_invalid")
        )
    return email


def folded(text: str) -> str:
    """The address as it would be kept, whether it is one or not: what somebody who signs in means."""
    return unicodedata.normalize("NFKC", text.strip()).lower()


def checked_name(text: str) -> str:
    """NFC, without blanks around it.

    >>> checked_name("  Ada Lovelace ")
    'Ada Lovelace'
    """
    name = unicodedata.normalize("NFC", text.strip())
    if not name or not any(letter.isprintable() and not letter.isspace() for letter in name):
        raise InvalidRequest("The name is empty.", param="name", remedy="Write at least one letter.", reason=because("name_empty"))
    if len(name) > LONGEST_NAME:
        raise InvalidRequest(
            f"The name has {len(name)} characters; {LONGEST_NAME} is the most.",
            param="name",
            remedy="Shorten it.",
            reason=because("name_long", characters=len(name), most=LONGEST_NAME),
        )
    if any(unicodedata.category(letter) in _HIDDEN and letter not in _JOINERS for letter in name):
        raise InvalidRequest(
            "The name has characters that cannot be seen.", param="name", remedy="Type it by hand.", reason=because("name_hidden")
        )
    return name
