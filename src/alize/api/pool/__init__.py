"""The models of one server within one budget of memory. In: requests for models by name. Out: each model, awake, for as long as it is used.

base.py      what crosses the seams: a source of weights, a lease
room.py      who gives way to whom: a pure function
resident.py  one model: its state, who waits for it, who uses it
pool.py      all of them: who is loaded, put to sleep, waited for
source.py    weights of this disk, and an engine's process
offered.py   which models the settings offer
figures.py   what /metrics says of them
"""

from alize.api.pool.base import Lease, Source, State
from alize.api.pool.pool import Pool
from alize.api.pool.resident import Resident

__all__ = ["Lease", "Pool", "Resident", "Source", "State"]
