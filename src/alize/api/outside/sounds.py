"""Sounds from elsewhere. In: nothing. Out: which are taken, as they are told by their beginning."""

from alize.api.outside.wanted import Wanted
from alize.prompt.sounds import KINDS, MOST_BYTES, kind_of

__all__ = ["SOUNDS"]

SOUNDS = Wanted("sound", ", ".join(KINDS), ("audio/wav", "audio/flac", "audio/ogg", "audio/mpeg"), kind_of, MOST_BYTES)
