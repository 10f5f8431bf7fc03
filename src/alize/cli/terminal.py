"""What a person or a program reads. In: values and text of any origin. Out: standard output, as JSON or drawn for a terminal."""

import json
import sys
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from alize.cli.streams import is_unicode
from alize.errors import InvalidRequest

if TYPE_CHECKING:
    from rich.console import Console

__all__ = ["clean", "legible", "print_json", "print_table", "remark", "size", "stderr", "write"]

_CONTROLS = {code: None for code in (*range(0x20), 0x7F, *range(0x80, 0xA0)) if chr(code) not in "\n\t"}


def stderr() -> "Console":
    """Where progress and remarks go, so that standard output stays what was asked for."""
    from rich.console import Console  # only where something is drawn: `alize run` waits for it otherwise

    return Console(stderr=True, highlight=False)


def remark(text: str) -> None:
    """A line on standard error, dim: what helps but was not asked for."""
    from rich.text import Text

    stderr().print(Text(clean(text), "dim"), soft_wrap=True)


def print_json(value: Any) -> None:
    """One JSON document on standard output."""
    print(json.dumps(value, ensure_ascii=not is_unicode(sys.stdout), indent=2, default=str))


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
    """A table as wide as its content on a terminal; into a pipe never cut to a width."""
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    console = Console(highlight=False, width=None if sys.stdout.isatty() else 10_000)
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(Text(clean(str(cell))) for cell in row))
    console.print(table)


def write(text: str) -> None:
    """Add a piece of a model's answer to standard output at once."""
    sys.stdout.write(clean(text) if sys.stdout.isatty() else text)
    sys.stdout.flush()


def legible(text: str) -> str:
    """The text itself. Raises InvalidRequest where bytes that are no UTF-8 were typed: a shell passes them on as lone surrogates."""
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise InvalidRequest("What was typed is not valid UTF-8.", remedy="Set your terminal's encoding to UTF-8.") from error
    return text


def clean(text: str) -> str:
    r"""Text without control characters: a model, or a file's name, must not be able to send commands to the terminal.

    >>> clean("a\x1b[2Jb\tc\r\n")
    'a[2Jb\tc\n'
    """
    return text.translate(_CONTROLS)


def size(count: float) -> str:
    """Bytes for a person.

    >>> size(98_233_344)
    '93.7 MiB'
    """
    for unit in ("B", "KiB", "MiB", "GiB"):
        if count < 1024:
            return f"{count:.0f} B" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:.1f} TiB"
