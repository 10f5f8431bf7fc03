"""Events are the same however their bytes are cut, and never grow beyond their bound."""

import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alize.errors import UpstreamFailed
from alize.upstream.frames import LONGEST_FRAME, Frame, Frames

ENDS = st.sampled_from([b"\n", b"\r\n", b"\r"])
FIELDS = st.sampled_from([b"data: one", b"data:two", b"data", b": note", b"event: error", b"id: 7", b"", b"", "data: é🌬 東京".encode()])


def whole(stream: bytes) -> list[Frame]:
    frames = Frames()
    return [*frames.push(stream), *frames.end()]


@given(st.lists(st.tuples(FIELDS, ENDS), max_size=12), st.lists(st.integers(0, 200), max_size=8))
def test_wherever_bytes_are_cut_the_events_are_the_same(lines: list[tuple[bytes, bytes]], cuts: list[int]) -> None:
    stream = b"".join(line + end for line, end in lines)
    places = sorted({0, len(stream), *(cut for cut in cuts if cut < len(stream))})
    frames = Frames()
    found = [frame for start, end in pairwise(places) for frame in frames.push(stream[start:end])]
    assert [*found, *frames.end()] == whole(stream)


@given(st.lists(st.text(min_size=1), max_size=5), ENDS)
def test_what_is_written_as_json_is_read_back(texts: list[str], end: bytes) -> None:
    stream = b"".join(b": keep-alive" + end + b"data: " + json.dumps(text).encode() + end + end for text in texts)
    assert [json.loads(frame.data) for frame in whole(stream)] == texts


def test_a_byte_order_mark_and_lines_of_one_event_are_understood() -> None:
    assert whole(b"\xef\xbb\xbfevent: error\ndata: {\ndata: }\n\n") == [Frame(b"{\n}", "error")]


@pytest.mark.parametrize("piece", [b"data: " + b"x" * 65536, b"x" * 65536, b"data: " + b"x" * 65536 + b"\n"])
def test_an_event_without_an_end_is_given_up(piece: bytes) -> None:
    with pytest.raises(UpstreamFailed, match="4 MiB"):
        pushed(piece, 2 * LONGEST_FRAME // len(piece))


def pushed(piece: bytes, times: int) -> None:
    frames = Frames()
    for _ in range(times):
        frames.push(piece)
