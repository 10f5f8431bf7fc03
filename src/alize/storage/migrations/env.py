"""Alembic's entry. In: the connection that migrate.py put into the configuration. Out: migrations run in its transaction."""

from alembic import context

from alize.storage.schema import VERSION_TABLE, metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    version_table=VERSION_TABLE,
    render_as_batch=True,  # SQLite cannot change a column: the table is made anew
)
context.run_migrations()
