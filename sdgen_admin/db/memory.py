"""Reading goes on where writing cannot: temporary tables that hide the file's own, and take what would be stored.

SQLite resolves a table's name in the temporary schema first, so every statement works on as it is. That is why no
statement names an index of these tables.
"""

import sqlite3

from sdgen_admin.db.convert import convert_in_memory
from sdgen_admin.db.schema import TABLES, Form, Schema, make_tables
from sdgen_admin.db.shared.metadata_table import read_through_copy

_ALL = tuple(name for name in TABLES if name != "sdgen_admin_version")
_AS_THEY_ARE = {Form.EARLIER: ("sdgen_admin_history",), Form.PRESENT: _ALL, Form.NEWER: _ALL}
"""The tables that can be copied, by the form that the database has."""


def hide_tables(connection: sqlite3.Connection, schema: Schema) -> None:
    """Copy the tables that this tool writes into memory, and let the connection see the copies from now on.

    Args:
        connection: The database, which need not be writable.
        schema: What it has.
    """
    connection.execute("PRAGMA temp_store = MEMORY")
    connection.execute("BEGIN")
    try:
        make_tables(connection, temporary=True)
        read_through_copy(connection)
        if schema.form is Form.EARLIER:
            convert_in_memory(connection)
        for name in _AS_THEY_ARE.get(schema.form, ()):
            if name not in schema.lacks:
                _copy(connection, name)
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _copy(connection: sqlite3.Connection, name: str) -> None:
    """Copy what a table has of the columns that are known here."""
    there, known = (
        [row[1] for row in connection.execute(f"PRAGMA {schema}.table_xinfo({name})")] for schema in ("main", "temp")
    )
    columns = ", ".join(column for column in known if column in there)
    connection.execute(f"INSERT OR IGNORE INTO temp.{name} ({columns}) SELECT {columns} FROM main.{name}")
