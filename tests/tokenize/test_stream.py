"""Streaming: whatever the split into tokens, the pieces are the whole text up to the earliest stop string."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alize.errors import InvalidRequest
from alize.tokenize.base import Piece
from alize.tokenize.stream import VocabularyStream
from alize.tokenize.vocabulary import Vocabulary

BYTES = Vocabulary(pieces=tuple(bytes([byte]) for byte in range(256)), texts=tuple(f"<0x{byte:02X}>" for byte in range(256)), control={})


def of(*pieces: bytes) -> Vocabulary:
    return Vocabulary(pieces=pieces, texts=tuple(repr(piece) for piece in pieces), control={})


def cut(text: str, stops: list[str]) -> Piece:
    """The definition: the earliest start wins, of equal starts the shortest stop string."""
    found = [(text.index(stop), len(stop), stop) for stop in stops if stop in text]
    if not found:
        return Piece(text)
    start, _, stop = min(found)
    return Piece(text[:start], stop)


def drain(stream: VocabularyStream, chunks: list[list[int]]) -> list[Piece]:
    return [*(stream.push(chunk) for chunk in chunks), stream.flush()]


def joined(pieces: list[Piece]) -> Piece:
    return Piece("".join(piece.text for piece in pieces), next((piece.stopped for piece in pieces if piece.stopped is not None), None))


@st.composite
def splits(draw: st.DrawFn, bytes_: bytes) -> list[bytes]:
    borders = sorted(draw(st.lists(st.integers(0, len(bytes_)), max_size=12)))
    return [bytes_[a:b] for a, b in zip([0, *borders], [*borders, len(bytes_)], strict=True)]


SOUP = st.lists(
    st.sampled_from(
        [b"a", b"b", b"ab", b"\n", "é".encode(), "中".encode(), "👨‍👩‍👧".encode(), b"\xff", b"\xe4", b"\xb8", b"\xf0\x9f", b"\xc3"]
    ),
    max_size=20,
).map(b"".join)
STOPS = st.lists(
    st.one_of(st.text("ab\n", min_size=1, max_size=4), st.sampled_from(["é", "中", "👩", "\ufffd", "a\ufffd", "\u200d"])), max_size=16
)


@given(st.data(), st.one_of(SOUP, st.binary(max_size=60)), STOPS)
def test_pieces_are_the_whole_text_up_to_the_earliest_stop_string(data: st.DataObject, bytes_: bytes, stops: list[str]):
    tokens = data.draw(splits(bytes_))
    pieces = drain(VocabularyStream(of(*tokens), stops), [[index] for index in range(len(tokens))])
    assert joined(pieces) == cut(bytes_.decode("utf-8", "replace"), stops)


@given(st.data(), SOUP, STOPS)
def test_how_tokens_are_grouped_into_pushes_changes_nothing(data: st.DataObject, bytes_: bytes, stops: list[str]):
    chunks = data.draw(splits(bytes_))
    one_by_one = drain(VocabularyStream(BYTES, stops), [[byte] for byte in bytes_])
    grouped = drain(VocabularyStream(BYTES, stops), [list(chunk) for chunk in chunks])
    assert joined(one_by_one) == joined(grouped)


@given(SOUP, STOPS)
def test_nothing_comes_after_the_stop_and_nothing_is_half_a_character(bytes_: bytes, stops: list[str]):
    pieces = drain(VocabularyStream(BYTES, stops), [[byte] for byte in bytes_])
    ended = next((index for index, piece in enumerate(pieces) if piece.stopped is not None), len(pieces))
    assert all(piece == Piece() for piece in pieces[ended + 1 :])
    for piece in pieces:
        piece.text.encode()  # no half of a surrogate pair


@given(st.text("ab\né", max_size=30), st.lists(st.text("ab\né", min_size=1, max_size=4), max_size=16))
def test_only_what_may_still_become_a_stop_string_is_held_back(text: str, stops: list[str]):
    stream = VocabularyStream(BYTES, stops)
    seen = ""
    for end in range(1, len(text) + 1):
        if any(stop in text[:end] for stop in stops):
            return
        seen += stream.push(list(text[end - 1].encode())).text
        held = text[len(seen) : end]
        longest = next((text[start:end] for start in range(end) if any(stop.startswith(text[start:end]) for stop in stops)), "")
        assert held == longest


def test_a_character_appears_with_its_last_byte():
    stream = VocabularyStream(BYTES)
    assert [stream.push([byte]).text for byte in "é中👍".encode()] == ["", "é", "", "", "中", "", "", "", "👍"]


def test_an_emoji_family_arrives_part_by_part_and_whole():
    family = "👨‍👩‍👧"
    stream = VocabularyStream(BYTES)
    pieces = [stream.push([byte]).text for byte in family.encode()]
    assert "".join(pieces) == family
    assert [piece for piece in pieces if piece] == list(family)


@pytest.mark.parametrize(
    "bytes_",
    [b"\x80", b"a\x80\x80b", b"\xe4\xb8", b"\xe4\xb8a", b"\xf0\x9f\x91", b"\xed\xa0\x80", b"\xc0\xaf", b"\xf4\x90\x80\x80", b"\xff\xfe"],
    ids=["lone", "two lone", "cut", "broken off", "cut emoji", "surrogate", "overlong", "beyond Unicode", "never valid"],
)
def test_bytes_that_are_no_character_become_what_python_makes_of_them(bytes_: bytes):
    pieces = drain(VocabularyStream(BYTES), [[byte] for byte in bytes_])
    assert joined(pieces).text == bytes_.decode("utf-8", "replace")


def test_a_half_character_at_the_end_comes_out_as_a_replacement_only_when_flushed():
    stream = VocabularyStream(BYTES)
    assert stream.push(list(b"ok \xe4\xb8")).text == "ok "
    assert stream.flush().text == "\ufffd"
    assert stream.flush() == stream.push([65]) == Piece()


def test_a_stop_string_across_tokens_ends_the_answer_and_is_not_returned():
    stream = VocabularyStream(of(b"The e", b"nd", b". More"), ["end."])
    assert [stream.push([token]) for token in range(3)] == [Piece("The "), Piece(), Piece("", "end.")]
    assert stream.push([0]) == stream.flush() == Piece()


def test_what_only_looked_like_a_stop_string_is_released():
    stream = VocabularyStream(of(b"a STO", b"RM"), ["STOP"])
    assert [stream.push([0]).text, stream.push([1]).text, stream.flush().text] == ["a ", "STORM", ""]


def test_the_match_that_begins_first_wins_even_if_another_ends_first():
    stream = VocabularyStream(BYTES, ["abcd", "bc"])
    assert stream.push(list(b"abc")) == Piece(), "abcd may still come"
    assert stream.push(list(b"d")) == Piece("", "abcd")
    stream = VocabularyStream(BYTES, ["abcd", "bc"])
    assert joined([stream.push(list(b"abc")), stream.push(list(b"e"))]) == Piece("a", "bc")
    stream = VocabularyStream(BYTES, ["abcd", "bc"])
    assert joined([stream.push(list(b"abc")), stream.flush()]) == Piece("a", "bc")


def test_of_two_stop_strings_that_begin_together_the_shorter_ends_the_answer_at_once():
    stream = VocabularyStream(BYTES, ["ab!", "ab"])
    assert stream.push(list(b"xab")) == Piece("x", "ab")


def test_an_empty_stop_string_is_refused():
    with pytest.raises(InvalidRequest, match="empty string"):
        VocabularyStream(BYTES, ["x", ""])


def test_an_unknown_id_is_refused_and_leaves_the_stream_as_it_was():
    stream = VocabularyStream(BYTES)
    for bad in (-1, 256, 10**9):
        with pytest.raises(IndexError):
            stream.push([65, bad])
    assert stream.push([66]).text == "B"


def test_control_tokens_add_nothing():
    stream = VocabularyStream(of(b"a", b"", b"b"), ["ab"])
    assert joined(drain(stream, [[0], [1], [2]])) == Piece("", "ab")


def spaced() -> Vocabulary:
    return Vocabulary(pieces=(b"", b" a", b" ", b"b"), texts=("<s>", "▁a", "▁", "b"), control={"<s>": 0}, leading_space=frozenset({1, 2}))


def test_sentencepiece_drops_the_space_before_the_first_word_only():
    assert joined(drain(VocabularyStream(spaced()), [[0], [1], [1]])).text == "a a"
    assert joined(drain(VocabularyStream(spaced()), [[2, 1]])).text == " a"
    assert joined(drain(VocabularyStream(spaced()), [[3, 1]])).text == "b a"


def test_sentencepiece_keeps_that_space_when_it_continues_a_text():
    assert joined(drain(VocabularyStream(spaced(), continuing=True), [[1]])).text == " a"


def test_two_hundred_streams_at_once_do_not_disturb_each_other():
    stops = [f"stop {number}" for number in range(16)]
    texts = [f"answer {number} stop {number % 16} and more" for number in range(200)]
    streams = [VocabularyStream(BYTES, stops) for _ in texts]
    pieces: list[list[Piece]] = [[] for _ in texts]
    for position in range(max(map(len, texts))):
        for stream, text, seen in zip(streams, texts, pieces, strict=True):
            seen.append(stream.push(list(text[position : position + 1].encode())))
    for stream, text, seen in zip(streams, texts, pieces, strict=True):
        assert joined([*seen, stream.flush()]) == cut(text, stops)
