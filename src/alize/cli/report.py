"""How a command ends. In: an exception. Out: what was wrong and what to do next, on standard error, and an exit status.

    0    done
    1    it could not be done; the message says why and what to do
    2    the command line was not understood; of `alize replay`, that the answer cannot be made again here
    70   a fault of the program; the log holds the traceback
    75   not now: the server is busy or restarting, the same command may work later
    130  interrupted (Ctrl-C)

With `--json` the error is one JSON object on standard error, in the shape the API sends.
"""

import errno
import json
import os
import sys
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from functools import wraps
from pathlib import Path
from typing import ParamSpec, TypeVar

import typer

from alize.cli.streams import is_unicode
from alize.errors import AlizeError, DiskFull, LocalError
from alize.settings import home_folder

__all__ = ["FAULT", "INTERRUPTED", "LATER", "reported", "say"]

FAULT, LATER, INTERRUPTED = 70, 75, 130

P = ParamSpec("P")
R = TypeVar("R")


def reported(function: Callable[P, R]) -> Callable[P, R]:
    """Wrap a command so that no exception leaves it: each becomes a message and a status."""

    @wraps(function)
    def command(*args: P.args, **kwargs: P.kwargs) -> R:
        as_json = bool(kwargs.get("as_json"))
        try:
            result = function(*args, **kwargs)
            sys.stdout.flush()  # what cannot be written is said here; at the end of the program there is nobody left to say it
            return result
        except AlizeError as error:
            if os.environ.get("ALIZE_DEBUG"):
                traceback.print_exc()
            say(error, as_json)
            raise typer.Exit(_status(error)) from error
        except KeyboardInterrupt as error:
            print(file=sys.stderr)  # the terminal shows ^C where the cursor was
            raise typer.Exit(INTERRUPTED) from error
        except (typer.Exit, typer.Abort, typer.TyperException, BrokenPipeError):
            raise  # Typer's own ways to end; where the reader left (`| head`) it ends quietly
        except Exception as error:  # a fault must leave a sentence and a log, not a screen of code
            full = isinstance(error, OSError) and error.errno == errno.ENOSPC
            say(_full(error) if full else _fault(error, kwargs.get("home")), as_json)
            raise typer.Exit(1 if full else FAULT) from error

    return command


def _status(error: AlizeError) -> int:
    if isinstance(error, LocalError):
        return error.exit_status
    return LATER if error.retry else 1


def say(error: AlizeError, as_json: bool) -> None:
    """Print an error and its remedy on standard error."""
    if as_json:
        print(json.dumps(error.body(), ensure_ascii=not is_unicode(sys.stderr)), file=sys.stderr)
        return
    from rich.console import Console
    from rich.text import Text

    console = Console(stderr=True, soft_wrap=True, highlight=False)
    console.print(Text.assemble(("Error: ", "bold red"), error.message))
    if error.remedy:
        console.print(Text.assemble(("  → ", "bold"), error.remedy))


def _full(error: Exception) -> AlizeError:
    """No space is left, on a disk or behind `> FILE`. What standard output still holds is let go: at its end Python would fail again."""
    try:
        sys.stdout.flush()
    except OSError:
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115  it lives as long as the program
    where = getattr(error, "filename", None) or "what is written"
    return DiskFull(f"There is no space left for {where}.", remedy="Free some, then run it again.")


def _fault(error: Exception, home: object) -> AlizeError:
    """Keep the traceback, and say where. `home` is the command's own option, if it had one."""
    if os.environ.get("ALIZE_DEBUG"):
        traceback.print_exception(error)
        return AlizeError(f"{type(error).__name__}: {error}")
    folder = (Path(str(home)) if home else home_folder(os.environ)).expanduser() / "logs"
    log = folder / "command.log"
    try:
        folder.parent.mkdir(mode=0o700, parents=True, exist_ok=True)  # the state folder is for its owner alone
        folder.mkdir(exist_ok=True)
        with log.open("a", encoding="utf-8") as file:
            print(f"{datetime.now(UTC).isoformat()} alize {' '.join(sys.argv[1:2])}", file=file)
            traceback.print_exception(error, file=file)
    except OSError:
        return AlizeError(
            f"A fault of the program: {type(error).__name__}: {error}", remedy="Run it again with ALIZE_DEBUG=1 to see where."
        )
    return AlizeError(
        f"A fault of the program: {type(error).__name__}: {error}", remedy=f"The traceback is in {log}; please report it with what you did."
    )
