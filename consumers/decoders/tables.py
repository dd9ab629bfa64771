"""Which table an envelope of Debezium is about, and which topic its connector writes it to."""

from collections.abc import Mapping
from typing import NamedTuple

from graph_model.values.equality import JsonValue


class Table(NamedTuple):
    """A table as an envelope's `source` names it."""

    name: str  #: `schema.table`; for MySQL and MariaDB `database.table`
    database: str | None  #: of connectors whose tables have a schema as well

    @property
    def names(self) -> tuple[str, ...]:
        """What a catalogue may call it, the longest first."""
        return (self.name,) if self.database is None else (f"{self.database}.{self.name}", self.name)


def table_of(source: Mapping[str, JsonValue]) -> Table | None:
    """The table that an envelope's `source` names; None where it does not."""
    database, schema, table = (source.get(field) for field in ("db", "schema", "table"))
    parent = schema or database
    if not (isinstance(parent, str) and parent and isinstance(table, str)):
        return None
    return Table(f"{parent}.{table}", database if schema and isinstance(database, str) and database else None)


def default_topics(source: Mapping[str, JsonValue]) -> tuple[str, ...]:
    """The topics that a connector may send such an envelope to unless it was told otherwise, the likeliest first.

    Of SQL Server the database stands in the topic since the connector reads several
    (https://debezium.io/documentation/reference/stable/connectors/sqlserver.html#sqlserver-topic-names); all others
    leave it out.
    """
    server, table = source.get("name"), table_of(source)
    if not isinstance(server, str) or table is None:
        return ()
    topics = tuple(f"{server}.{name}" for name in table.names)
    return topics if source.get("connector") == "sqlserver" else topics[::-1]
