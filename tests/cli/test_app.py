"""The application made for one command is, for that command, the whole one."""

import pytest
from typer.testing import CliRunner

from alize.cli.app import COMMANDS, GROUPS, build


@pytest.mark.parametrize("name", [*COMMANDS, *GROUPS])
def test_a_command_is_the_same_where_only_it_is_made(name: str) -> None:
    alone, among = (CliRunner().invoke(build(only), [name, "--help"], prog_name="alize") for only in (name, ""))
    assert alone.exit_code == 0
    assert alone.output == among.output


def test_a_command_that_is_not_there_is_told_what_it_may_have_been() -> None:
    done = CliRunner().invoke(build("rum"), ["rum"], prog_name="alize")
    assert done.exit_code == 2
    assert "Did you mean 'run'?" in done.output
