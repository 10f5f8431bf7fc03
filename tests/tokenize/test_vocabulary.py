"""What entries stand for."""

import pytest

from alize.tokenize.alphabet import byte_level_bytes, byte_level_characters, sentencepiece_bytes
from alize.tokenize.vocabulary import Vocabulary, stop_ids


def test_every_byte_has_a_character_of_its_own_that_leads_back():
    characters = byte_level_characters()
    assert len(set(characters)) == 256
    assert [byte_level_bytes(character) for character in characters] == [bytes([byte]) for byte in range(256)]


def test_no_byte_is_spelled_with_a_space_or_a_control_character():
    assert all(character.isprintable() and not character.isspace() for character in byte_level_characters())


def test_a_byte_level_entry_outside_the_alphabet_stands_for_itself():
    assert byte_level_bytes("Ġhi") == b" hi"
    assert byte_level_bytes("a b") == b"a b"
    assert byte_level_bytes("中") == "中".encode()


def test_sentencepiece_marks_spaces_and_bytes():
    assert sentencepiece_bytes("▁hi▁", False) == b" hi "
    assert sentencepiece_bytes("<0x0A>", True) == b"\n"
    assert sentencepiece_bytes("<0x0A>", False) == b"<0x0A>"
    with pytest.raises(ValueError, match="marked as a byte"):
        sentencepiece_bytes("<0x0>", True)


ENTRIES = Vocabulary(pieces=(b"", b" hi", b"\xc3"), texts=("<s>", "Ġhi", "Ã"), control={"<s>": 0})


@pytest.mark.parametrize("token", [-1, 3, 10**12])
def test_an_id_outside_the_vocabulary_is_an_index_error(token: int):
    with pytest.raises(IndexError, match="outside the vocabulary of 3"):
        ENTRIES.bytes_of(token)
    with pytest.raises(IndexError):
        ENTRIES.name(token)


def test_entries_are_shown_as_text_control_tokens_by_name_and_parts_of_characters_as_bytes():
    assert [ENTRIES.name(token) for token in range(3)] == ["<s>", " hi", "<0xC3>"]


def test_an_answer_ends_at_what_the_file_names_and_at_control_tokens_that_can_only_be_ends():
    control = {"<|im_start|>": 1, "<|im_end|>": 2, "<|endoftext|>": 0}
    assert stop_ids(control, [7]) == {0, 2, 7}
