"""What a driver says becomes one of our errors, with what to do."""

import sqlite3

import psycopg
import pytest
from sqlalchemy import exc

from alize.errors import AlizeError, Conflict, DiskFull, InvalidRequest, StorageFailed
from alize.storage.failures import driver_errors, translated


def said(cause: Exception) -> Exception:
    return translated(exc.DBAPIError("SELECT secret", {"digest": "abc"}, cause))


@pytest.mark.parametrize(
    ("cause", "kind", "words"),
    [
        (psycopg.errors.DiskFull("no space"), DiskFull, "PostgreSQL's disk is full"),
        (psycopg.errors.UniqueViolation("duplicate key"), Conflict, "duplicate key"),
        (psycopg.errors.ForeignKeyViolation("no such row"), Conflict, "no such row"),
        (psycopg.errors.NumericValueOutOfRange("too large"), InvalidRequest, "too large"),
        (psycopg.errors.SerializationFailure("conflict"), StorageFailed, "Try again"),
        (psycopg.errors.DeadlockDetected("deadlock"), StorageFailed, "Try again"),
        (psycopg.errors.UndefinedTable('relation "usage" does not exist'), StorageFailed, "has not been migrated"),
        (psycopg.errors.AdminShutdown("terminating connection"), StorageFailed, "terminating connection."),
        (psycopg.OperationalError("connection refused\nIs the server running?"), StorageFailed, "connection refused. Check"),
        (sqlite3.OperationalError(), StorageFailed, "OperationalError"),
    ],
)
def test_an_error_of_a_driver_has_its_place_in_the_tree(cause: Exception, kind: type[AlizeError], words: str) -> None:
    error = said(cause)
    assert type(error) is kind
    assert words in error.text
    assert "secret" not in error.text
    assert "abc" not in error.text


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        (sqlite3.SQLITE_FULL, DiskFull),
        (sqlite3.SQLITE_IOERR_SHMSIZE, DiskFull),
        (sqlite3.SQLITE_CONSTRAINT_UNIQUE, Conflict),
        (sqlite3.SQLITE_BUSY_SNAPSHOT, StorageFailed),
        (sqlite3.SQLITE_IOERR_FSYNC, StorageFailed),
        (sqlite3.SQLITE_IOERR_WRITE, StorageFailed),
        (sqlite3.SQLITE_CORRUPT_VTAB, StorageFailed),
        (sqlite3.SQLITE_READONLY_DBMOVED, StorageFailed),
        (sqlite3.SQLITE_TOOBIG, InvalidRequest),
        (sqlite3.SQLITE_ERROR, StorageFailed),
    ],
)
def test_sqlites_extended_codes_are_their_primary_ones(code: int, kind: type[AlizeError]) -> None:
    cause = sqlite3.OperationalError("it said so")
    cause.sqlite_errorcode = code
    assert type(said(cause)) is kind


def test_a_pool_that_is_used_up_may_be_tried_again() -> None:
    error = translated(exc.TimeoutError("QueuePool limit reached"))
    assert isinstance(error, StorageFailed)
    assert error.retry_after == 1


def test_a_bug_of_the_caller_is_not_taken_for_a_failure_of_the_database() -> None:
    for bug in (KeyError("x"), OSError("their file"), OverflowError()):
        with pytest.raises(type(bug)), driver_errors():
            raise bug
