"""Whether a title speaks as its question does. In: both. Out: yes, or no where a small model named a French question in English.

No list of languages is complete, and none is needed: who asks in English gets an English name, and of anybody else's question the name
must be made of its own words. That is judged by words that every sentence has, so a name without any evidence is believed.
"""

import re

from alize.storage.folding import fold

__all__ = ["speaks_alike"]

_ENGLISH = frozenset(
    [
        *("the", "is", "are", "was", "what", "how", "do", "does", "did", "why", "i", "my", "of", "to", "in", "on", "at", "and", "for"),
        *("with", "can", "you", "your", "it", "this", "that", "about", "which", "who", "when", "or", "an", "from"),
    ]
)
# Folded. What English has, too ("on", "in", "me", "die"), tells nothing and is left out.
_OTHERS = frozenset(
    [
        *("le", "la", "les", "des", "une", "est", "que", "qui", "dans", "pour", "avec", "je", "tu", "vous", "nous", "mon", "mes", "sur"),
        *("quel", "quelle", "quels", "quelles", "comment", "pourquoi", "peux", "et", "du", "ce", "cette", "der", "das", "und", "ist"),
        *("ein", "eine", "wie", "warum", "ich", "mein", "fur", "mit", "nicht", "el", "los", "las", "una", "como", "por", "para", "mi"),
        *("con", "y", "il", "gli", "di", "che", "per", "non", "sono", "o", "os", "um", "uma", "voce", "het", "een", "wat", "hoe", "waarom"),
    ]
)


def speaks_alike(title: str, question: str) -> bool:
    """
    >>> speaks_alike("Capital of Italy", "What is the capital of Italy?"), speaks_alike("Greeting", "Hi")
    (True, True)
    >>> speaks_alike("Capital of Italy", "Quelle est la capitale de l'Italie ?"), speaks_alike("Summary of the lease", "賃貸契約を要約して")
    (False, False)
    >>> speaks_alike("Capitale de l'Italie", "Quelle est la capitale de l'Italie ?"), speaks_alike("賃貸契約の要約", "賃貸契約を要約して")
    (True, True)
    """
    asked, named = _words(question), _words(title)
    foreign = sum(word in _OTHERS for word in asked) + any(letter.isalpha() and not letter.isascii() for letter in question)
    if foreign <= sum(word in _ENGLISH for word in asked):
        return True
    telling = [word for word in named if word not in _OTHERS and len(word) > 1]
    own = sum(word in asked for word in telling)
    return not any(word in _ENGLISH and word not in asked for word in named) and 2 * own >= len(telling)


def _words(text: str) -> list[str]:
    """Folded; of scripts without spaces, each pair of neighbours.

    >>> _words("L'Été"), _words("要約文")
    (['l', 'ete'], ['要約', '約文'])
    """
    found: list[str] = []
    for word in re.findall(r"\w+", fold(text)):
        spaced = (
            word.isascii() or len(word) < 2 or not any("\u0e00" <= letter <= "\u0eff" or "\u3040" <= letter <= "\u9fff" for letter in word)
        )
        found += [word] if spaced else [word[at : at + 2] for at in range(len(word) - 1)]
    return found
