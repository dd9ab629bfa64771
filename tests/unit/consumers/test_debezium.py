"""The Debezium decoder on messages captured from the real connector."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import orjson
import pytest

from consumers.decoders import debezium
from consumers.decoders.message import Message
from graph_model.catalogue.rules import Catalogue, Column, TimeColumn
from graph_model.errors import MessageRejected
from graph_model.records.record import Change, RecordAddress
from graph_model.records.tasks import TruncateSource
from graph_model.values.patterns import Pattern
from graph_model.values.positions import Position, SourcePosition

Captured = Callable[..., Message]

DAY = 86_400_000


def only(message: Message, catalogue: Catalogue) -> Change:
    (change,) = debezium.decode(message, catalogue)
    assert isinstance(change, Change)
    return change


def edited(message: Message, edit: Callable[[dict[str, Any]], object]) -> Message:
    """The message with something broken in its envelope."""
    envelope = orjson.loads(message.value or b"")
    edit(envelope)
    return replace(message, value=orjson.dumps(envelope))


def refusal(message: Message, catalogue: Catalogue) -> MessageRejected:
    with pytest.raises(MessageRejected) as caught:
        debezium.decode(message, catalogue)
    return caught.value


@pytest.mark.parametrize("name", ["c", "u", "r_nulls", "schema_c", "schema_u", "u_added_column"])
def test_a_written_row_is_kept_whole(name: str, captured: Captured, catalogue: Catalogue) -> None:
    message = captured(name)
    envelope = orjson.loads(message.value or b"")
    after = envelope.get("payload", envelope)["after"]
    row = only(message, catalogue).row
    assert row is not None
    assert row.keys() == after.keys()
    assert row["first_name"] == after["first_name"]


@pytest.mark.parametrize(("name", "key"), [("c", 1003), ("schema_c", 1003), ("d", 1003), ("schema_d", 1003)])
def test_the_address_is_the_typed_message_key(name: str, key: int, captured: Captured, catalogue: Catalogue) -> None:
    assert only(captured(name), catalogue).address == RecordAddress.of("customer", [key])


@pytest.mark.parametrize("name", ["full_c", "schema_full_c", "full_d", "r_incremental"])
def test_a_composite_key_is_in_the_order_of_the_catalogue(name: str, captured: Captured, catalogue: Catalogue) -> None:
    message = captured(name)
    key = orjson.loads(message.key or b"")
    key = key.get("payload", key)
    assert only(message, catalogue).address == RecordAddress.of("account", [key["account_no"], key["bank"]])


def bare(message: Message) -> Message:
    """The message with the key that ExtractField$Key makes of it."""
    key = orjson.loads(message.key or b"")
    if "schema" in key:
        (field,) = key["schema"]["fields"]
        return replace(message, key=orjson.dumps({"schema": field, "payload": key["payload"]["id"]}))
    return replace(message, key=orjson.dumps(key["id"]))


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        *(("debezium_postgres", name) for name in ("c", "u", "d", "r_all_types", "pk_change_1_d", "pk_change_3_c")),
        *(("debezium_postgres", name) for name in ("schema_c", "schema_u", "schema_d", "schema_pk_change_3_c")),
        *(("debezium_mariadb", name) for name in ("c", "u", "schema_r_all_types", "schema_pk_change_3_c")),
    ],
)
def test_a_key_of_one_column_may_be_its_bare_value(
    name: str, folder: str, captured: Captured, catalogue: Catalogue
) -> None:
    message = captured(name, folder=folder)
    assert debezium.decode(bare(message), catalogue) == debezium.decode(message, catalogue)


@pytest.mark.parametrize("name", ["full_c", "full_d"])
def test_a_bare_value_is_no_key_of_several_columns(name: str, captured: Captured, catalogue: Catalogue) -> None:
    reason = refusal(replace(captured(name), key=b'"AT"'), catalogue).reason
    assert "the key is a single value; a JSON object with account_no, bank is expected" in reason
    assert "ExtractField$Key" in reason
    assert "AT" not in reason.replace("ExtractField", "")


def test_a_bare_key_that_is_not_the_key_column_s_value_is_refused(captured: Captured, catalogue: Catalogue) -> None:
    """A deletion names nothing else; the row would stay for ever."""
    error = refusal(replace(captured("c"), key=b"4711"), catalogue)
    assert error.stage == "map"
    assert "not that of the key column 'id'" in error.reason
    assert "4711" not in error.reason


@pytest.mark.parametrize("key", [b"true", b"[1]", b'""', b"1e30"])
def test_a_bare_value_that_is_no_key_is_refused(key: bytes, captured: Captured, catalogue: Catalogue) -> None:
    for name in ("c", "d"):
        assert refusal(replace(captured(name), key=key), catalogue).stage == "map"


def test_a_bare_key_is_converted_as_its_schema_says(captured: Captured, catalogue: Catalogue) -> None:
    customer = replace(catalogue.sources["customer"], key=("birth_date",))
    days = {"schema": {"type": "int32", "name": "io.debezium.time.Date"}, "payload": 5172}
    message = replace(captured("schema_r_all_types"), key=orjson.dumps(days))
    dated = replace(catalogue, sources={"customer": customer})
    assert only(message, dated).address == RecordAddress.of("customer", ["1984-02-29"])


def test_a_row_of_a_table_without_primary_key_is_addressed_by_its_columns(
    captured: Captured, catalogue: Catalogue
) -> None:
    written, deleted = (only(captured(name), catalogue) for name in ("nokey_c", "nokey_d"))
    assert written.address == deleted.address == RecordAddress.of("visit", [1001, "/cart"])


@pytest.mark.parametrize("name", ["d", "full_d", "nokey_d", "pk_change_1_d", "schema_pk_change_1_d"])
def test_a_delete_has_no_row(name: str, captured: Captured, catalogue: Catalogue) -> None:
    assert only(captured(name), catalogue).row is None


def test_the_image_before_a_delete_never_gives_the_key_where_the_message_has_one(
    captured: Captured, catalogue: Catalogue
) -> None:
    message = edited(captured("d"), lambda envelope: envelope["before"].update(id=4711))
    assert only(message, catalogue).address == RecordAddress.of("customer", [1003])


@pytest.mark.parametrize("name", ["pk_change_3_c", "schema_pk_change_3_c"])
@pytest.mark.parametrize("folder", ["debezium_postgres", "debezium_mariadb"])
def test_a_row_whose_key_changed_tells_its_former_address(
    name: str, folder: str, captured: Captured, catalogue: Catalogue
) -> None:
    change = only(captured(name, folder=folder), catalogue)
    assert change.address == RecordAddress.of("customer", [2001])
    assert change.previous == RecordAddress.of("customer", [1002])


def test_the_delete_of_a_changed_key_is_an_ordinary_delete(captured: Captured, catalogue: Catalogue) -> None:
    change = only(captured("pk_change_1_d"), catalogue)
    assert change.address == RecordAddress.of("customer", [1002])
    assert change.previous is None


@pytest.mark.parametrize("name", ["pk_change_1_d", "schema_pk_change_1_d"])
def test_a_deletion_by_a_change_of_the_key_tells_where_the_row_is_now(
    name: str, captured: Captured, catalogue: Catalogue
) -> None:
    assert only(captured(name), catalogue).moved_to == RecordAddress.of("customer", [2001])


def test_an_ordinary_deletion_leads_nowhere(captured: Captured, catalogue: Catalogue) -> None:
    assert only(captured("d"), catalogue).moved_to is None


def test_a_former_key_that_cannot_be_read_leaves_the_row_in_force(captured: Captured, catalogue: Catalogue) -> None:
    message = replace(captured("pk_change_3_c"), headers=(("__debezium.oldkey", b"\xff{"),))
    change = only(message, catalogue)
    assert change.previous is None
    assert change.row is not None


@pytest.mark.parametrize("name", ["u_unchanged_toast", "schema_u_unchanged_toast"])
def test_a_toasted_column_that_was_not_sent_is_unavailable(name: str, captured: Captured, catalogue: Catalogue) -> None:
    assert only(captured(name), catalogue).unavailable == {"note"}


def test_a_toasted_column_that_was_sent_is_available(captured: Captured, catalogue: Catalogue) -> None:
    assert only(captured("full_u_unchanged_toast"), catalogue).unavailable == frozenset()


@pytest.mark.parametrize(
    "placeholder",
    [
        ["__debezium_unavailable_value"],
        "X19kZWJleml1bV91bmF2YWlsYWJsZV92YWx1ZQ==",
        ["X19kZWJleml1bV91bmF2YWlsYWJsZV92YWx1ZQ=="],
        list(b"__debezium_unavailable_value"),
        {"__debezium_unavailable_value": "__debezium_unavailable_value"},
        ["b68a35a7-17ad-35b3-af2a-ae46edb4545a"],
    ],
    ids=["text array", "bytea", "bytea array", "number array", "hstore", "uuid array"],
)
def test_the_placeholder_is_known_in_the_shape_of_every_type(
    placeholder: object, captured: Captured, catalogue: Catalogue
) -> None:
    message = edited(captured("u_unchanged_toast"), lambda envelope: envelope["after"].update(tags=placeholder))
    assert only(message, catalogue).unavailable == {"note", "tags"}


@pytest.mark.parametrize(
    ("folder", "name"),
    [
        *(
            ("debezium_postgres", name)
            for name in (
                *("tombstone", "schema_tombstone", "nokey_tombstone", "pk_change_2_tombstone"),
                *("heartbeat", "tx_begin", "tx_end"),
                *("m_transactional", "m_nontransactional", "schema_m_transactional"),
            )
        ),
        ("debezium_mariadb", "ddl_create_table"),
        ("debezium_mariadb", "ddl_alter_table"),
    ],
)
def test_what_is_no_row_is_ignored(folder: str, name: str, captured: Captured, catalogue: Catalogue) -> None:
    assert debezium.decode(captured(name, folder=folder), catalogue) == ()


@pytest.mark.parametrize(
    ("folder", "name", "position"),
    [
        ("debezium_postgres", "t", SourcePosition("postgresql", (27_125_736,))),
        ("debezium_postgres", "schema_t", SourcePosition("postgresql", (27_125_736,))),
        ("debezium_mariadb", "t", SourcePosition("mariadb:7", (1, 18_171, 0))),
    ],
)
def test_a_truncate_empties_its_table_where_it_stands_in_the_log(
    folder: str, name: str, position: SourcePosition, captured: Captured, catalogue: Catalogue
) -> None:
    (task,) = debezium.decode(captured(name, folder=folder), catalogue)
    assert isinstance(task, TruncateSource)
    assert (task.source, task.topic, task.position) == ("account", None, Position(3, 7))
    assert task.source_position == position
    assert task.done_to is None


def test_a_truncate_was_observed_when_the_database_did_it(captured: Captured, catalogue: Catalogue) -> None:
    (task,) = debezium.decode(captured("t"), catalogue)
    assert isinstance(task, TruncateSource)
    assert task.observed_at == 1_795_259_770_268


def test_a_truncate_of_a_source_of_many_topics_empties_only_its_own(captured: Captured, catalogue: Catalogue) -> None:
    account = replace(catalogue.sources["account"], topic=None, topic_pattern=Pattern("customers|clients"))
    patterned = replace(catalogue, sources={**catalogue.sources, "account": account})
    (task,) = debezium.decode(captured("t"), patterned)
    assert isinstance(task, TruncateSource)
    assert task.topic == "customers"


def test_a_truncate_in_a_file_is_refused_where_versions_order_the_rows(
    captured: Captured, catalogue: Catalogue
) -> None:
    account = replace(catalogue.sources["account"], topic="capcrm.crm.account", version=TimeColumn("memo"))
    versioned = replace(catalogue, sources={"account": account})
    assert "a truncate has no version" in refusal(captured("t", topic=""), versioned).reason


def test_an_unknown_operation_is_an_upsert(captured: Captured, catalogue: Catalogue) -> None:
    change = only(edited(captured("u"), lambda envelope: envelope.update(op="x")), catalogue)
    assert change.row is not None
    assert change.address == RecordAddress.of("customer", [1003])


def test_a_version_is_ordered_by_epoch_and_offset(captured: Captured, catalogue: Catalogue) -> None:
    assert only(captured("u"), catalogue).position == Position(3, 7)


def test_an_envelope_from_a_file_is_ordered_by_the_number_given(captured: Captured, catalogue: Catalogue) -> None:
    assert only(captured("u", topic=""), catalogue).position == Position(0, 7)


def test_the_topic_of_an_envelope_from_a_file_is_found_by_its_default_name(
    captured: Captured, catalogue: Catalogue
) -> None:
    assert only(captured("u", topic=""), catalogue).address.source == "default_name"


def test_a_version_was_observed_when_the_database_wrote_it(captured: Captured, catalogue: Catalogue) -> None:
    assert only(captured("c"), catalogue).observed_at == 1_795_259_764_254


def test_a_streamed_version_of_postgresql_has_its_log_sequence_number(captured: Captured, catalogue: Catalogue) -> None:
    assert only(captured("c"), catalogue).source_position == SourcePosition("postgresql", (27_112_440,))


def test_a_streamed_version_of_mariadb_has_its_binlog_position(captured: Captured, catalogue: Catalogue) -> None:
    change = only(captured("u", folder="debezium_mariadb"), catalogue)
    assert change.source_position == SourcePosition("mariadb:7", (1, 7138, 0))


@pytest.mark.parametrize("name", ["r_all_types", "r_nulls", "r_incremental", "schema_r_all_types"])
def test_a_snapshot_row_has_no_source_position(name: str, captured: Captured, catalogue: Catalogue) -> None:
    assert only(captured(name), catalogue).source_position is None


@pytest.mark.parametrize("said", [False, None, "false"])
def test_a_streamed_version_is_known_in_every_spelling(said: object, captured: Captured, catalogue: Catalogue) -> None:
    message = edited(captured("c"), lambda envelope: envelope["source"].update(snapshot=said))
    assert only(message, catalogue).source_position is not None


def test_a_boolean_snapshot_mark_is_understood(captured: Captured, catalogue: Catalogue) -> None:
    message = edited(captured("c"), lambda envelope: envelope["source"].update(snapshot=True))
    assert only(message, catalogue).source_position is None


@pytest.mark.parametrize(
    ("folder", "column", "value"),
    [
        ("debezium_postgres", "birth_date", "1984-02-29"),
        ("debezium_postgres", "seen_at", "2024-05-02T08:00:00.654321Z"),
        ("debezium_postgres", "balance", "1234.50"),
        ("debezium_postgres", "wake_at", "06:30:00.000000"),
        ("debezium_postgres", "created_at", "2024-05-01T08:20:30.123456Z"),
        ("debezium_mariadb", "birth_date", "1984-02-29"),
        ("debezium_mariadb", "seen_at", "2024-05-02T08:00:00.654Z"),
        ("debezium_mariadb", "balance", "1234.50"),
    ],
)
def test_values_mean_what_their_schema_says(
    folder: str, column: str, value: str, captured: Captured, catalogue: Catalogue
) -> None:
    row = only(captured("schema_r_all_types", folder=folder), catalogue).row
    assert row is not None
    assert row[column] == value


@pytest.mark.parametrize("name", ["r_all_types", "schema_r_all_types"])
def test_a_path_leads_into_json_that_a_connector_sends_as_text(
    name: str, captured: Captured, catalogue: Catalogue
) -> None:
    column = Column(name="attrs.phones[]", identifier=None, trait="note")
    customer = replace(catalogue.sources["customer"], meanings=(column,))
    row = only(captured(name), replace(catalogue, sources={"customer": customer})).row
    assert row is not None
    assert row["attrs.phones[]"] == ["+43 1 234567"]


@pytest.mark.parametrize("unknown", [0, -1, -62_135_596_800_000, None, 1_795_259_999_999 + 2 * DAY, 2**63 - 1])
@pytest.mark.parametrize(("folder", "name"), [("debezium_mariadb", "r_all_types"), ("debezium_postgres", "c")])
def test_a_time_of_the_database_that_cannot_be_is_unknown_and_that_of_the_envelope_counts(
    folder: str, name: str, unknown: object, captured: Captured, catalogue: Catalogue
) -> None:
    message = edited(captured(name, folder=folder), lambda envelope: envelope["source"].update(ts_ms=unknown))
    change = only(message, catalogue)
    assert change.observed_at == orjson.loads(message.value or b"")["ts_ms"]
    assert not change.undated


def test_without_a_time_in_the_envelope_that_of_the_message_counts(captured: Captured, catalogue: Catalogue) -> None:
    def forget(envelope: dict[str, Any]) -> None:
        envelope["source"]["ts_ms"] = envelope["ts_ms"] = 0

    message = edited(captured("r_all_types"), forget)
    assert (only(message, catalogue).observed_at, only(message, catalogue).undated) == (message.timestamp, False)
    from_file = only(replace(message, topic=""), replace(catalogue, sources={"a": catalogue.sources["default_name"]}))
    assert (from_file.observed_at, from_file.undated) == (message.timestamp, True)


def test_a_time_within_a_day_after_that_of_the_message_is_one(captured: Captured, catalogue: Catalogue) -> None:
    ahead = 1_795_259_999_999 + DAY
    message = edited(captured("c"), lambda envelope: envelope["source"].update(ts_ms=ahead))
    assert only(message, catalogue).observed_at == ahead


READ_AT = 1_800_000_000_000


@pytest.mark.parametrize("folder", ["debezium_postgres", "debezium_mariadb"])
def test_a_message_without_a_time_is_dated_and_accepted_by_its_envelope(
    folder: str, captured: Captured, catalogue: Catalogue
) -> None:
    """So that a birth date is not taken for one in the future, whoever reads the message, and whenever."""
    message = captured("c", folder=folder)
    envelope = orjson.loads(message.value or b"")
    change = only(replace(message, timestamp=READ_AT, is_timed=False), catalogue)
    assert (change.observed_at, change.accepted_at) == (envelope["source"]["ts_ms"], envelope["ts_ms"])
    assert not change.undated


def test_a_message_without_any_time_was_accepted_when_it_was_read(captured: Captured, catalogue: Catalogue) -> None:
    def forget(envelope: dict[str, Any]) -> None:
        envelope["source"]["ts_ms"] = 0
        envelope["ts_ms"] = READ_AT + 2 * DAY

    change = only(replace(edited(captured("c"), forget), timestamp=READ_AT, is_timed=False), catalogue)
    assert (change.observed_at, change.accepted_at, change.undated) == (READ_AT, None, True)


def test_a_truncate_without_a_time_of_its_message_happened_when_its_envelope_says(
    captured: Captured, catalogue: Catalogue
) -> None:
    (task,) = debezium.decode(replace(captured("t"), timestamp=READ_AT, is_timed=False), catalogue)
    assert isinstance(task, TruncateSource)
    assert (task.observed_at, task.accepted_at) == (
        1_795_259_770_268,
        orjson.loads(captured("t").value or b"")["ts_ms"],
    )


def test_positions_of_a_file_count_within_their_epoch_only(captured: Captured, catalogue: Catalogue) -> None:
    """The file has no place in a log, so that nothing else tells one life of a database from the next."""
    customers = replace(catalogue.sources["default_name"], epoch=1)
    message = replace(captured("c"), topic="")
    first, second = (
        only(message, replace(catalogue, sources={"a": replace(customers, epoch=epoch)})) for epoch in (1, 2)
    )
    assert first.position == second.position
    assert first.source_position == SourcePosition("postgresql", (27_112_440,))
    assert second.source_position is not None
    assert second.source_position.is_newer_than(SourcePosition("postgresql", (99_999_999,)))


def test_a_trace_is_carried_along(captured: Captured, catalogue: Catalogue) -> None:
    trace = b"00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    message = captured("c")
    traced = replace(message, headers=(*message.headers, ("traceparent", trace)))
    assert only(traced, catalogue).trace == trace.decode()


def test_a_malformed_trace_is_dropped(captured: Captured, catalogue: Catalogue) -> None:
    assert only(replace(captured("c"), headers=(("traceparent", b"\xff00-"),)), catalogue).trace is None


def test_an_unknown_table_of_a_shared_topic_is_refused(captured: Captured, catalogue: Catalogue) -> None:
    message = edited(captured("c"), lambda envelope: envelope["source"].update(table="supplier"))
    error = refusal(message, catalogue)
    assert error.stage == "map"
    assert "'crm.supplier'" in error.reason


def test_an_envelope_without_a_row_is_refused(captured: Captured, catalogue: Catalogue) -> None:
    message = edited(captured("c"), lambda envelope: envelope.update(after=None))
    assert "`after`" in refusal(message, catalogue).reason


def test_an_envelope_without_a_source_is_refused(captured: Captured, catalogue: Catalogue) -> None:
    message = edited(captured("c"), lambda envelope: envelope.pop("source"))
    assert "`source`" in refusal(message, catalogue).reason


def test_a_delete_whose_message_key_lacks_a_key_column_is_refused(captured: Captured, catalogue: Catalogue) -> None:
    message = replace(captured("full_d"), key=captured("d").key)
    assert "'account_no'" in refusal(message, catalogue).reason


@pytest.mark.parametrize(
    ("break_it", "reason"),
    [
        (lambda value: value[: len(value) // 2], "not UTF-8 JSON"),
        (lambda value: value.replace(b"Jean", b"J\xff\xfen"), "not UTF-8 JSON"),
        (lambda value: b"[" + value + b"]", "a JSON object is expected"),
        (lambda value: value.replace(b'"note":"', b'"note":"' + b"n" * 10_000_000), "the most is 5000000"),
    ],
    ids=["cut short", "invalid UTF-8", "a list", "10 MB field"],
)
def test_a_broken_value_is_refused_without_quoting_it(
    break_it: Callable[[bytes], bytes], reason: str, captured: Captured, catalogue: Catalogue
) -> None:
    message = captured("c")
    error = refusal(replace(message, value=break_it(message.value or b"")), catalogue)
    assert error.stage == "decode"
    assert reason in error.reason
    assert "Dupont" not in error.reason


def test_a_schema_of_another_shape_leaves_the_values_as_they_are(captured: Captured, catalogue: Catalogue) -> None:
    def break_schema(wrapped: dict[str, Any]) -> None:
        after = next(field for field in wrapped["schema"]["fields"] if field["field"] == "after")
        after["fields"] = [None, {"name": ["x"]}, {"name": "io.debezium.time.Date", "field": "first_name"}]

    row = only(edited(captured("schema_r_all_types"), break_schema), catalogue).row
    assert row is not None
    assert (row["first_name"], row["birth_date"]) == ("Ada", 5172)
