"""The text of a key: unguessable, recognisable, and a slip of the pen is found."""

import hashlib
import string

from hypothesis import given
from hypothesis import strategies as st

from alize.governance.secret import MARK, digest_of, new_secret, shown_of, whole

ALPHABET = string.digits + string.ascii_letters


def test_keys_look_alike_and_are_never_the_same() -> None:
    keys = {new_secret() for _ in range(1000)}
    assert len(keys) == 1000
    assert all(len(key) == 42 and key.startswith("alz_") and set(key[4:]) <= set(ALPHABET) and whole(key) for key in keys)


def test_a_keys_letters_are_all_equally_likely() -> None:
    drawn = "".join(new_secret()[4:36] for _ in range(2000))
    counts = [drawn.count(letter) for letter in ALPHABET]
    expected = len(drawn) / 62  # 1032; a deviation of 6 standard deviations (192) is a fault, not chance
    assert all(abs(count - expected) < 6 * expected**0.5 for count in counts)


@given(st.integers(len(MARK), 41), st.integers(1, len(ALPHABET) - 1))
def test_a_wrong_letter_is_found(at: int, further: int) -> None:
    key = new_secret()
    wrong = ALPHABET[(ALPHABET.index(key[at]) + further) % len(ALPHABET)]
    assert not whole(key[:at] + wrong + key[at + 1 :])


@given(st.integers(len(MARK), 40))
def test_neighbors_exchanged_are_found(at: int) -> None:
    key = new_secret()
    swapped = key[:at] + key[at + 1] + key[at] + key[at + 2 :]
    assert swapped == key or not whole(swapped)


@given(st.integers(0, 41))
def test_a_key_cut_off_is_found(length: int) -> None:
    assert not whole(new_secret()[:length])


@given(st.text(max_size=80))
def test_any_text_may_be_asked_about(text: str) -> None:
    assert not whole(text)


def test_the_digest_is_sha_256_of_the_text() -> None:
    assert digest_of("alz_x") == hashlib.sha256(b"alz_x").hexdigest()


@given(st.text(string.printable, min_size=16, max_size=500))
def test_of_a_key_made_elsewhere_an_eighth_at_most_is_shown(secret: str) -> None:
    assert secret.startswith(shown_of(secret))
    assert len(shown_of(secret)) <= len(secret) / 8 or len(secret) == 42


def test_of_our_keys_six_letters_are_shown() -> None:
    key = new_secret()
    assert shown_of(key) == key[:10]
