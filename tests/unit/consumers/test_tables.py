"""Tables of connectors whose tables have a database and a schema, and the topics of their envelopes.

No message of SQL Server or Oracle was captured: these are the examples of the documentation,
https://debezium.io/documentation/reference/stable/connectors/sqlserver.html#sqlserver-create-events and
https://debezium.io/documentation/reference/stable/connectors/oracle.html#oracle-create-events.
"""

from collections.abc import Callable
from dataclasses import replace

import orjson
import pytest

from consumers.decoders import decode_as
from consumers.decoders.message import Message
from consumers.decoders.tables import default_topics, table_of
from graph_model.catalogue.rules import Catalogue, Source
from graph_model.errors import MessageRejected
from graph_model.records.record import Change
from tests.unit.consumers.conftest import source

SQL_SERVER = {
    "before": None,
    "after": {"id": 1005, "first_name": "john", "last_name": "doe", "email": "john.doe@example.org"},
    "source": {
        "version": "3.4.1.Final",
        "connector": "sqlserver",
        "name": "server1",
        "ts_ms": 1559729468470,
        "snapshot": False,
        "db": "testDB",
        "schema": "dbo",
        "table": "customers",
        "change_lsn": "00000027:00000758:0003",
        "commit_lsn": "00000027:00000758:0005",
        "event_serial_no": "1",
    },
    "op": "c",
    "ts_ms": 1559729471739,
}
ORACLE = {
    "before": None,
    "after": {"ID": 1004, "FIRST_NAME": "Anne", "LAST_NAME": "Kretchmar", "EMAIL": "annek@noanswer.org"},
    "source": {
        "version": "3.4.1.Final",
        "name": "server1",
        "ts_ms": 1520085154000,
        "txId": "6.28.807",
        "scn": "2122185",
        "commit_scn": "2122185",
        "snapshot": False,
        "connector": "oracle",
        "db": "ORCLPDB1",
        "schema": "DEBEZIUM",
        "table": "CUSTOMERS",
    },
    "op": "c",
    "ts_ms": 1532592105975,
}


def of_topic(topic: str, envelope: object) -> Message:
    return Message(topic=topic, offset=1, timestamp=1_600_000_000_000, value=orjson.dumps(envelope))


def only_source(message: Message, catalogue: Catalogue, *sources: Source) -> str:
    (change,) = decode_as("debezium", message, replace(catalogue, sources={each.name: each for each in sources}))
    assert isinstance(change, Change)
    return change.address.source


@pytest.mark.parametrize("table", ["dbo.customers", "testDB.dbo.customers"])
def test_a_table_may_be_named_with_its_database_and_without(table: str, catalogue: Catalogue) -> None:
    customers = source("customers", topic="all", table=table, columns=("email",))
    others = source("others", topic="all", table="dbo.orders", columns=("email",))
    assert only_source(of_topic("all", SQL_SERVER), catalogue, customers, others) == "customers"


def test_of_two_databases_each_table_goes_to_its_source(catalogue: Catalogue) -> None:
    north = source("north", topic="all", table="north.dbo.customers", columns=("email",))
    south = source("south", topic="all", table="dbo.customers", columns=("email",))
    assert only_source(of_topic("all", SQL_SERVER), catalogue, north, south) == "south"
    moved = SQL_SERVER | {"source": SQL_SERVER["source"] | {"db": "north"}}  # type: ignore[operator]
    assert only_source(of_topic("all", moved), catalogue, north, south) == "north"


def test_an_unknown_table_is_named_as_a_catalogue_would_name_it(catalogue: Catalogue) -> None:
    others = source("others", topic="all", table="dbo.orders")
    with pytest.raises(MessageRejected, match=r"table 'dbo\.customers' of topic 'all' belongs to no source"):
        only_source(of_topic("all", SQL_SERVER), catalogue, others)


@pytest.mark.parametrize(
    ("topic", "envelope", "key"),
    [
        ("server1.testDB.dbo.customers", SQL_SERVER, "id"),
        ("server1.dbo.customers", SQL_SERVER, "id"),
        ("server1.DEBEZIUM.CUSTOMERS", ORACLE, "ID"),
        ("server1.ORCLPDB1.DEBEZIUM.CUSTOMERS", ORACLE, "ID"),
    ],
)
@pytest.mark.parametrize("from_file", [False, True], ids=["message", "line of a file"])
def test_an_envelope_finds_the_source_of_its_topic_by_either_form(
    topic: str,
    envelope: object,
    key: str,
    from_file: bool,
    catalogue: Catalogue,
) -> None:
    customers = source("customers", topic=topic, key=(key,), columns=("email",))
    orders = source("orders", topic="server1.dbo.orders", columns=("email",))
    message = of_topic("" if from_file else topic, envelope)
    assert only_source(message, catalogue, customers, orders) == "customers"


def test_the_likeliest_topic_comes_first() -> None:
    assert default_topics(SQL_SERVER["source"]) == (  # type: ignore[arg-type]
        "server1.testDB.dbo.customers",
        "server1.dbo.customers",
    )
    assert default_topics(ORACLE["source"])[0] == "server1.DEBEZIUM.CUSTOMERS"  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("folder", "topics"),
    [
        ("debezium_postgres", ("capcrm.crm.customer", "capcrm.capdb.crm.customer")),
        ("debezium_mariadb", ("capmdb.crm.customer",)),
    ],
)
def test_the_topic_that_a_connector_wrote_to_comes_first(
    folder: str, topics: tuple[str, ...], captured: Callable[..., Message]
) -> None:
    block = orjson.loads(captured("c", folder=folder).value or b"")["source"]
    assert default_topics(block) == topics


@pytest.mark.parametrize("block", [{}, {"table": "t"}, {"db": 1, "table": "t"}, {"schema": "", "db": "", "table": ""}])
def test_what_does_not_tell_its_table_has_none(block: dict[str, object]) -> None:
    assert table_of(block) is None  # type: ignore[arg-type]
    assert default_topics(block) == ()  # type: ignore[arg-type]
