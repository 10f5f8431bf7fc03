"""Another server that answers for models of its own. In: a chat request in the public API's form. Out: its answer, or what went wrong.

address.py   where it is: the settings, checked
models.py    what it offers: its cards, under our names
client.py    asks it, and keeps its list of models
frames.py    bytes → server-sent events
answer.py    events → chunks of one answer that has an end and a usage
failures.py  whatever went wrong → one of our errors
"""

from alize.upstream.address import Address, upstream_of
from alize.upstream.models import UpstreamModel

__all__ = ["Address", "UpstreamModel", "upstream_of"]
