"""What an answer shows from elsewhere. In: a picture's address. Out: its bytes, fetched for the person, from places that may be asked.

targets      an address as it was written → the one place that every reader of addresses takes it for, and whether the settings allow it
addresses    what its name resolves to → whether that is in the public internet
fetching     both, then the bytes from the very address that was looked at; each redirect begins anew
pictures     the bytes → which picture they are, by their beginning; sounds likewise
wanted       what either says of itself
"""

from alize.api.outside.fetching import Wire, fetch
from alize.api.outside.pictures import PICTURES
from alize.api.outside.sounds import SOUNDS
from alize.api.outside.targets import allowed
from alize.api.outside.wanted import File, Wanted

__all__ = ["PICTURES", "SOUNDS", "File", "Wanted", "Wire", "allowed", "fetch"]
