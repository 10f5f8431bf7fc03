"""The `alize` command. In: the arguments of a shell. Out: an exit status (`report.py` lists them).

One module a subcommand. What is heavy (PyTorch, the web framework, the database, tokenizers) is imported when a command needs it, never
here: `alize --help` answers in a fraction of a second.
"""

import sys

__all__ = ["main"]


def main() -> None:
    """Run the command that `sys.argv` names and end the process with its exit status."""
    try:
        from alize.cli.app import build
        from alize.cli.streams import prepare_streams

        prepare_streams()
        build(only=next(iter(sys.argv[1:]), ""))(prog_name="alize")
    except KeyboardInterrupt:  # before the command began: `reported` catches it from there on
        sys.exit(130)
