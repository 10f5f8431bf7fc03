"""Where records are kept. In: the settings. Out: a Database. SQLAlchemy is loaded when one is opened, not before."""

from alize.settings import Settings
from alize.storage.base import Database

__all__ = ["open_database"]


def open_database(settings: Settings) -> Database:
    """The database that the settings name, not migrated yet: `database_url`, or else `alize.db` in the state folder.

    Raises HomeUnusable where the state folder cannot be used, SettingInvalid for an address that cannot be, and Missing where
    PostgreSQL's driver is not installed.
    """
    from sqlalchemy import URL

    from alize.storage.database import SqlDatabase
    from alize.storage.home import database_file, prepare_home

    if settings.database_url:
        return SqlDatabase(settings.database_url)
    return SqlDatabase(URL.create("sqlite", database=str(database_file(prepare_home(settings.home)))))
