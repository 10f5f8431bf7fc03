"""The schema's way to today. In: a database at any released revision, or empty. Out: the same rows at HEAD.

All steps run in one transaction that no two processes hold at once: a second one waits, then finds nothing left to do, and a
crash half-way leaves the old schema. There is no way back down: restore the backup made before the upgrade.
"""

from pathlib import Path
from typing import Any

from sqlalchemy import Connection, inspect, text

from alize.errors import StorageFailed
from alize.storage.schema import HEAD, VERSION_TABLE, metadata
from alize.storage.units import Connections

__all__ = ["known_revisions", "migrate", "migration_config", "revision_of"]


async def migrate(connections: Connections, target: str = HEAD) -> None:
    """Run the migrations that are missing. A no-op at `target` (older ones than HEAD are for tests).

    Raises StorageFailed where the database is newer than the program, or holds tables of these names that Alizé did not make.
    """
    async with connections.migrating() as connection:
        await connection.run_sync(_upgrade, target)


def revision_of(connection: Connection) -> str | None:
    """The revision a database stands at; None for one that was never migrated. Raises StorageFailed where it holds several."""
    if not inspect(connection).has_table(VERSION_TABLE):
        return None
    found = connection.execute(text(f"SELECT version_num FROM {VERSION_TABLE}")).scalars().all()
    if len(found) > 1:
        raise StorageFailed(f"{VERSION_TABLE} holds {len(found)} revisions; one was expected.", remedy="Restore a backup.")
    return found[0] if found else None


def _upgrade(connection: Connection, target: str) -> None:
    current = revision_of(connection)
    if current == target:
        return
    from alembic import command  # 0.2 s to load, which a database at HEAD does not cost

    if current is not None and current not in known_revisions():
        raise StorageFailed(
            f"The database stands at revision '{current}', which this version does not know: a newer Alizé has used it.",
            remedy="Install that version again, or restore the backup made before the upgrade.",
        )
    strangers = set(inspect(connection).get_table_names()) & set(metadata.tables)
    if current is None and strangers:
        raise StorageFailed(
            f"The database holds tables that Alizé did not make: {', '.join(sorted(strangers))}.",
            remedy="Give Alizé a database of its own.",
        )
    command.upgrade(migration_config(connection), target)


def known_revisions() -> frozenset[str]:
    """Every revision this version can start from."""
    from alembic.script import ScriptDirectory

    return frozenset(script.revision for script in ScriptDirectory.from_config(migration_config()).walk_revisions())


def migration_config(connection: Connection | None = None) -> Any:
    """Alembic's configuration, made here instead of in an alembic.ini: the scripts lie beside this file, the connection is ours."""
    from alembic.config import Config

    config = Config(attributes={"connection": connection})
    # Alembic reads % as the start of a substitution.
    config.set_main_option("script_location", str(Path(__file__).with_name("migrations")).replace("%", "%%"))
    return config
