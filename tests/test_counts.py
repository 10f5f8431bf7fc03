"""A kernel that takes more instructions than were kept fails `make check`; one that takes fewer asks to be kept."""

from scripts.count_instructions import compare


def test_within_a_percent_nothing_is_said() -> None:
    assert compare({"add": 1000, "gate": 5000}, {"add": 1010, "gate": 4950}) == ([], [])


def test_more_is_worse_and_fewer_is_better() -> None:
    more, fewer = compare({"add": 1000, "gate": 5000}, {"add": 1011, "gate": 4000})
    assert more == ["add: 1,011, kept 1,000 (+1.1%)"]
    assert fewer == ["gate: 4,000, kept 5,000 (-20.0%)"]


def test_a_call_that_only_one_of_both_knows_is_worse() -> None:
    """Else a kernel that is renamed would not be guarded any more."""
    more, fewer = compare({"add": 1000}, {"sum": 1000})
    assert more == ["add: not counted any more", "sum: 1,000, never kept"]
    assert not fewer
