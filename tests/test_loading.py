"""Python's garbage collector rests while something loads, and never for longer."""

import gc

import pytest

from alize.loading import undisturbed


def test_it_rests_within_and_passes_over_what_came() -> None:
    before = gc.get_freeze_count()
    with undisturbed():
        assert not gc.isenabled()
        kept = [[] for _ in range(1000)]
    assert gc.isenabled()
    assert gc.get_freeze_count() >= before + len(kept)


def test_it_goes_on_where_the_loading_failed() -> None:
    with pytest.raises(RuntimeError), undisturbed():
        raise RuntimeError
    assert gc.isenabled()
