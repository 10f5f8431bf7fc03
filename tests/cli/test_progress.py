"""A bar is drawn for a person who waits, and for nobody else."""

import io

import pytest

from alize.cli.progress import downloading


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_nothing_is_drawn_where_nobody_looks() -> None:
    file = io.StringIO()
    with downloading("Loading …", file) as report:
        assert report is None
    assert file.getvalue() == ""


def test_nothing_is_drawn_where_nothing_can_be_erased(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "dumb")
    terminal = Terminal()
    with downloading("Loading …", terminal) as report:
        assert report is None
    assert terminal.getvalue() == ""


def test_what_takes_a_moment_leaves_no_trace_and_draws_no_bar() -> None:
    terminal = Terminal()
    with downloading("Loading …", terminal, patience=60) as report:
        assert report
        report(1, 2, "a model")
    assert terminal.getvalue() == "Loading …\r\x1b[K"


@pytest.mark.parametrize("meanwhile", ["", "Loading …"])
def test_a_person_sees_what_comes_and_how_much(meanwhile: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    terminal = Terminal()
    with downloading(meanwhile, terminal, patience=0) as report:
        assert report
        report(0, 0, "a model")
        report(1_000_000, 2_000_000, "a model")
        report(2_000_000, 2_000_000, "another [bold]\x1b]0;title\a")
    drawn = terminal.getvalue()
    assert "a model" in drawn
    assert "2.0/2.0 MB" in drawn
    assert "[bold]]0;title" in drawn
    assert meanwhile in drawn
