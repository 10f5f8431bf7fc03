"""Drivers' errors as ours. In: whatever SQLAlchemy, sqlite3 or psycopg raise. Out: StorageFailed, DiskFull, Conflict or InvalidRequest.

The drivers' own words are kept where they help; addresses never are, since they may hold a password.
"""

import sqlite3
from collections.abc import Generator
from contextlib import contextmanager

from sqlalchemy import exc

from alize.errors import AlizeError, Conflict, DiskFull, InvalidRequest, StorageFailed
from alize.reasons import because

__all__ = ["driver_errors", "translated"]


@contextmanager
def driver_errors() -> Generator[None, None, None]:
    """Within it, no driver's error gets out. Everything else passes: a bug in a caller's block stays that bug."""
    try:
        yield
    except exc.SQLAlchemyError as error:
        raise translated(error) from error


def translated(error: Exception) -> Exception:
    """The error to raise in place of this one."""
    cause = error.orig if isinstance(error, exc.StatementError) and error.orig is not None else error
    if isinstance(cause, AlizeError | ValueError):
        return cause  # raised by a column type, before the driver saw the value
    state = getattr(cause, "sqlstate", None)
    if isinstance(state, str):
        return _postgres(state, cause)
    code = getattr(cause, "sqlite_errorcode", None)
    if isinstance(code, int):
        return _sqlite(code, cause)
    if isinstance(error, exc.TimeoutError):
        return StorageFailed(
            "The database is busy: no connection came free in time.", remedy="Try again.", retry_after=1, reason=because("storage_busy")
        )
    return StorageFailed(
        f"The database cannot be used: {_first_line(cause)}",
        remedy="Check that it runs and that database_url is right.",
        reason=because("storage_unusable", words=_first_line(cause)),
    )


def _sqlite(code: int, cause: BaseException) -> Exception:
    text = _first_line(cause)
    if code == sqlite3.SQLITE_IOERR_SHMSIZE:  # the file beside the database, which readers need, too, could not grow
        code = sqlite3.SQLITE_FULL
    match code & 0xFF:  # the primary code; higher bits tell variants apart
        case sqlite3.SQLITE_FULL:
            return DiskFull(
                "The disk that holds the database is full.",
                remedy="Free some space: nothing that was answered is lost.",
                reason=because("disk_full"),
            )
        case sqlite3.SQLITE_CONSTRAINT:
            return Conflict(f"The row does not fit those already there: {text}", reason=because("storage_conflict", words=text))
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return StorageFailed(
                "The database is busy: another process holds it.", remedy="Try again.", retry_after=1, reason=because("storage_busy")
            )
        case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
            return StorageFailed(
                f"The database file is damaged: {text}",
                remedy="Restore the latest backup with `alize restore`.",
                reason=because("storage_damaged", words=text),
            )
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_PERM | sqlite3.SQLITE_AUTH:
            return StorageFailed(
                f"The database file cannot be written: {text}",
                remedy="Check the owner and mode of the state folder.",
                reason=because("storage_unwritable", words=text),
            )
        case sqlite3.SQLITE_TOOBIG | sqlite3.SQLITE_MISMATCH | sqlite3.SQLITE_RANGE:
            return InvalidRequest(f"A value cannot be stored: {text}", reason=because("value_unstorable", words=text))
        case sqlite3.SQLITE_ERROR if "no such table" in text or "no such column" in text:
            return StorageFailed(
                f"The database has not been migrated: {text}",
                remedy="Start `alize up` once, which migrates it.",
                reason=because("storage_old", words=text),
            )
        case sqlite3.SQLITE_IOERR if code == sqlite3.SQLITE_IOERR_WRITE:  # SQLite does not tell a quota from a broken disk
            return StorageFailed(
                f"The disk that holds the database did not take what was to be written: {text}",
                remedy="A quota may be used up: free some space. If not, the system's log says more.",
                reason=because("storage_untaken", words=text),
            )
        case sqlite3.SQLITE_IOERR:
            return StorageFailed(
                f"The disk that holds the database failed: {text}",
                remedy="The system's log says more.",
                reason=because("storage_disk", words=text),
            )
        case _:
            return StorageFailed(f"SQLite failed: {text}", reason=because("storage_unusable", words=text))


def _postgres(state: str, cause: BaseException) -> Exception:
    text = _first_line(cause)
    match state[:2]:
        case "22":
            return InvalidRequest(f"A value cannot be stored: {text}", reason=because("value_unstorable", words=text))
        case "23":
            return Conflict(f"The row does not fit those already there: {text}", reason=because("storage_conflict", words=text))
        case "40":
            return StorageFailed(
                "The transaction met another one and was undone.", remedy="Try again.", retry_after=0, reason=because("storage_undone")
            )
        case "42" if state in ("42P01", "42703"):
            return StorageFailed(
                f"The database has not been migrated: {text}",
                remedy="Start `alize up` once, which migrates it.",
                reason=because("storage_old", words=text),
            )
        case "53" if state == "53100":
            return DiskFull(
                "PostgreSQL's disk is full.",
                remedy="Free some space there: nothing that was answered is lost.",
                reason=because("disk_full"),
            )
        case _:
            return StorageFailed(f"PostgreSQL failed: {text}", reason=because("storage_unusable", words=text))


def _first_line(cause: BaseException) -> str:
    return (str(cause).strip() or type(cause).__name__).splitlines()[0].rstrip(".") + "."
