"""A library that waits until it is needed. In: an import that would load libsndfile. Out: the same import, without it.

mistral-common reads sounds with `soundfile`, and imports it with its tokenizers; that takes up to half a second of a server's start, for
models that never hear, too. What it asks `soundfile` at once is the names of formats alone.
"""

import sys
from collections.abc import Generator
from contextlib import contextmanager
from importlib import import_module
from importlib.util import find_spec
from types import ModuleType
from typing import Any

__all__ = ["soundfile_unopened"]

_NAME = "soundfile"
FORMATS = (
    *("AIFF", "AU", "AVR", "CAF", "FLAC", "HTK", "SVX", "MAT4", "MAT5", "MPC2K", "MP3", "OGG", "PAF", "PVF", "RAW", "RF64", "SD2"),
    *("SDS", "IRCAM", "VOC", "W64", "WAV", "NIST", "WAVEX", "WVE", "XI"),
)
"""What libsndfile 1.2 reads and writes."""


class _Unopened(ModuleType):
    """`soundfile`, which is imported when anything but its formats is asked for."""

    def available_formats(self) -> dict[str, str]:
        return dict.fromkeys(FORMATS, "")

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):  # whatever looks through the modules that there are needs no sounds
            raise AttributeError(name)
        if sys.modules.get(_NAME) is self:
            del sys.modules[_NAME]
        return getattr(import_module(_NAME), name)


@contextmanager
def soundfile_unopened() -> Generator[None, None, None]:
    """Within the block, whoever imports `soundfile` gets it unopened, and keeps it so; behind it, anybody gets the library itself.

    A no-op where it is imported already, or not installed.
    """
    if _NAME in sys.modules or (spec := find_spec(_NAME)) is None:
        yield
        return
    unopened = _Unopened(_NAME)
    unopened.__spec__ = spec
    sys.modules[_NAME] = unopened
    try:
        yield
    finally:
        if sys.modules.get(_NAME) is unopened:
            del sys.modules[_NAME]
