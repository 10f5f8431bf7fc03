"""What reproduces an answer, as it is kept and given. In: a record of the engine. Out: fewer bytes for a database, and JSON again.

An answer that was continued has a record for each part, since each is a request of its own: its prompt ends with what was there.
"""

import zlib
from collections.abc import Sequence

import msgspec

from alize.engine.record import ReplayRecord, written

__all__ = ["given_by", "packed", "unpacked"]

_LEVEL = 1  # ids as digits shrink to a third, in a millisecond for 30,000 of them; more work gains a tenth


class _Answer(msgspec.Struct):
    answer: list[int]


def packed(record: ReplayRecord) -> bytes:
    """Bytes to keep."""
    return zlib.compress(written(record), _LEVEL)


def unpacked(kept: Sequence[bytes]) -> list[msgspec.Raw]:
    """The records as JSON, as they were written."""
    return [msgspec.Raw(zlib.decompress(data)) for data in kept]


def given_by(records: Sequence[msgspec.Raw]) -> int:
    """Tokens of all parts together."""
    return sum(len(msgspec.json.decode(record, type=_Answer).answer) for record in records)
