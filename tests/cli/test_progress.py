"""A bar is drawn for a person who waits, and for nobody else."""

import io

import pytest
from rich.console import Console

from alize.cli.progress import downloading


def test_nothing_is_drawn_where_nobody_looks() -> None:
    console = Console(file=io.StringIO())
    with downloading(console, "Loading …") as report:
        assert report is None
    assert console.file.getvalue() == ""  # type: ignore[attr-defined]


@pytest.mark.parametrize("meanwhile", ["", "Loading …"])
def test_a_person_sees_what_comes_and_how_much(meanwhile: str) -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=120)
    with downloading(console, meanwhile) as report:
        assert report
        report(0, 0, "a model")
        report(1_000_000, 2_000_000, "a model")
        report(2_000_000, 2_000_000, "another [bold]\x1b]0;title\a")
    drawn = console.file.getvalue()  # type: ignore[attr-defined]
    assert "a model" in drawn
    assert "2.0/2.0 MB" in drawn
    assert "[bold]]0;title" in drawn
    assert meanwhile in drawn
