"""The text of an API key. In: randomness, or what somebody sent. Out: a key, its digest, what may be shown of it, whether it is whole.

    alz_ 4f0Zq…  (32 letters and digits, 190 random bits)  7Hk2Pa  (6: a checksum of all before)

The checksum tells a mistyped or cut key from an unknown one without asking the database. It protects nothing: anyone can compute it.

Only the SHA-256 is kept. Slow hashes (argon2, scrypt) make guessing a *password* expensive; 190 random bits cannot be guessed at
any speed, and a slow hash would cost every request its time. Looking a digest up leaks nothing by its timing either: to steer a
digest's first bytes one would have to invert SHA-256.
"""

import hashlib
import secrets
import string
import zlib

__all__ = ["MARK", "digest_of", "new_secret", "shown_of", "whole"]

MARK = "alz_"
_ALPHABET = string.digits + string.ascii_uppercase + string.ascii_lowercase
_BODY = 32
_CHECK = 6
_LENGTH = len(MARK) + _BODY + _CHECK


def new_secret() -> str:
    """
    >>> whole(new_secret())
    True
    """
    text = MARK + "".join(secrets.choice(_ALPHABET) for _ in range(_BODY))
    return text + _checksum(text)


def whole(text: str) -> bool:
    """Whether `text` is written as `new_secret` writes: a wrong letter, or two neighbors exchanged, is always found."""
    return len(text) == _LENGTH and text.startswith(MARK) and text[-_CHECK:] == _checksum(text[:-_CHECK])


def digest_of(secret: str) -> str:
    """SHA-256, 64 hexadecimal digits."""
    return hashlib.sha256(secret.encode()).hexdigest()


def shown_of(secret: str) -> str:
    """The first characters, by which a person recognises a key: 10 of ours, at most an eighth of one made elsewhere.

    >>> shown_of("alz_" + "0" * 38), shown_of("sixteen-letters!")
    ('alz_000000', 'si')
    """
    return secret[: len(MARK) + 6] if secret.startswith(MARK) and len(secret) == _LENGTH else secret[: min(8, len(secret) // 8)]


def _checksum(text: str) -> str:
    value = zlib.crc32(text.encode())  # under 62^6
    digits = ""
    for _ in range(_CHECK):
        value, digit = divmod(value, 62)
        digits = _ALPHABET[digit] + digits
    return digits
