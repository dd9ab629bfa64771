"""Samples of tables from messages that real connectors wrote, and from plain rows."""

import json
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import orjson
import pytest

from consumers.decoders.message import Message
from consumers.sampling import sampled_tables
from graph_model.catalogue.draft.drafting import draft_catalogue
from graph_model.errors import MessageRejected

CAPTURES = Path(__file__).parents[2] / "captures" / "debezium_postgres"


def captured(*names: str, topic: str = "") -> list[Message]:
    messages = [json.loads((CAPTURES / f"{name}.json").read_text()) for name in names]
    return [
        Message(
            topic=topic,
            offset=offset,
            timestamp=0,
            key=None if message["key"] is None else orjson.dumps(message["key"]),
            value=None if message["value"] is None else orjson.dumps(message["value"]),
        )
        for offset, message in enumerate(messages)
    ]


def of_rows(rows: Iterable[object], keys: Iterable[object] = ()) -> list[Message]:
    written = [None if key is None else orjson.dumps(key) for key in keys]
    return [
        Message(topic="t", offset=n, timestamp=0, key=written[n] if written else None, value=orjson.dumps(row))
        for n, row in enumerate(rows)
    ]


def test_rows_of_envelopes_come_with_the_keys_of_their_messages() -> None:
    (table,) = sampled_tables(captured("c", "u", "d", "tombstone", "heartbeat"), "x", file="x.jsonl", is_whole=True)
    assert (table.name, table.origin.format, table.origin.file) == ("x", "debezium", "x.jsonl")
    assert table.origin.topic == "capcrm.crm.customer"
    assert table.keys == [{"id": row["id"]} for row in table.rows]


def test_versions_of_one_row_do_not_make_its_key_doubtful() -> None:
    tables = sampled_tables(captured("c", "u", "c", "u"), "x", file=None, is_whole=True)
    assert "key: [id] # the key of the messages" in draft_catalogue(tables)


def test_the_key_of_several_columns_is_in_the_order_of_the_messages() -> None:
    tables = sampled_tables(captured("full_c"), "x", file=None, is_whole=True)
    assert "key: [bank, account_no] # the key of the messages" in draft_catalogue(tables)


def test_values_are_converted_as_the_schema_says() -> None:
    (table,) = sampled_tables(captured("schema_c"), "x", file=None, is_whole=True)
    assert table.rows[0]["birth_date"] == "1990-12-31"
    assert table.keys == [{"id": 1003}]


def test_a_decimal_that_shows_without_a_schema_is_a_number() -> None:
    (message,) = captured("c")
    envelope = orjson.loads(message.value or b"")
    envelope["after"]["balance"] = {"scale": 0, "value": "D0JB"}
    (table,) = sampled_tables([replace(message, value=orjson.dumps(envelope))], "x", file=None, is_whole=True)
    assert table.rows[0]["balance"] == "1000001"


def test_a_topic_of_several_tables_gives_each_of_them() -> None:
    tables = sampled_tables(captured("c", "full_c", "nokey_c", topic="all"), "all", file=None, is_whole=False)
    assert [(table.name, table.origin.topic, table.origin.table) for table in tables] == [
        ("customer", "all", "crm.customer"),
        ("account", "all", "crm.account"),
        ("visit", "all", "crm.visit"),
    ]


def test_envelopes_of_several_tables_in_a_file_have_their_own_topics() -> None:
    tables = sampled_tables(captured("c", "full_c"), "changes", file="changes.jsonl", is_whole=True)
    assert [(table.origin.topic, table.origin.table) for table in tables] == [
        ("capcrm.crm.customer", None),
        ("capcrm.crm.account", None),
    ]


@pytest.mark.parametrize(
    ("key", "read"),
    [({"id": 7}, {"id": 7}), (7, 7), ("7", "7"), (None, None), ({"payload": {"id": 7}, "schema": None}, {"id": 7})],
)
def test_plain_rows_have_the_keys_of_their_messages(key: object, read: object) -> None:
    (table,) = sampled_tables(of_rows([{"id": 7, "email": "a@x.example.org"}], [key]), "t", file=None, is_whole=True)
    assert (table.keys, table.origin.format, table.origin.topic) == ([read], "rows", "t")


def test_a_bare_key_is_converted_as_its_schema_says() -> None:
    key = {"schema": {"type": "int32", "name": "io.debezium.time.Date"}, "payload": 5172}
    (table,) = sampled_tables(of_rows([{"born": "1984-02-29"}], [key]), "t", file=None, is_whole=True)
    assert table.keys == ["1984-02-29"]


def test_a_key_that_is_no_json_is_text() -> None:
    message = Message(topic="t", offset=0, timestamp=0, key=b"user-7", value=b'{"id": "user-7"}')
    (table,) = sampled_tables([message], "t", file=None, is_whole=True)
    assert table.keys == ["user-7"]


def test_between_envelopes_other_messages_are_passed_over() -> None:
    (table,) = sampled_tables([*captured("c"), *of_rows([{"status": "BEGIN"}])], "x", file=None, is_whole=True)
    assert table.origin.format == "debezium"


def test_where_no_message_holds_a_row_it_is_said_what_they_look_like() -> None:
    message = Message(topic="t", offset=0, timestamp=0, value=b"\x00\x00\x00\x00\x07abc")
    with pytest.raises(MessageRejected, match="this looks like the Confluent wire format"):
        sampled_tables([message], "t", file=None, is_whole=True)
    with pytest.raises(MessageRejected, match="no row that could be read"):
        sampled_tables([], "t", file=None, is_whole=True)
