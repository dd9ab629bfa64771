"""Formats of messages of other programs that are JSON, each told by its members.

Canal: https://github.com/alibaba/canal, https://docs.pingcap.com/tidb/stable/ticdc-canal-json. Maxwell:
https://maxwells-daemon.io/dataformat/. Flink: https://nightlies.apache.org/flink/flink-docs-stable/docs/connectors/table/formats/overview/.
MongoDB: https://www.mongodb.com/docs/manual/reference/change-events/. CloudEvents:
https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md. AWS DMS:
https://docs.aws.amazon.com/dms/latest/userguide/CHAP_Target.Kafka.html. DynamoDB:
https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_streams_Record.html. EventBridge:
https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-events-structure.html. wal2json:
https://github.com/eulerto/wal2json. Airbyte: https://docs.airbyte.com/understanding-airbyte/airbyte-protocol. Singer:
https://github.com/singer-io/getting-started/blob/master/docs/SPEC.md. Hasura:
https://hasura.io/docs/latest/event-triggers/payload/. Segment: https://segment.com/docs/connections/spec/common/.
"""

from collections.abc import Callable, Mapping
from typing import Final, NamedTuple

from graph_model.values.equality import JsonValue

Fields = Mapping[str, JsonValue]

JSON_CONVERTER: Final = "org.apache.kafka.connect.json.JsonConverter"

_BY_DEBEZIUM: Final = (
    "read the table by Debezium (`format: debezium`), or send each row as a message of its own (`format: rows`)"
)
_UNWRAP: Final = "unwrap it to a row, and use `format: rows`"

_OPERATIONS: Final = frozenset({"insert", "update", "delete"})
_OF_CANAL: Final = frozenset({"isDdl", "mysqlType", "sqlType", "pkNames", "_tidb"})
_OF_CHANGE_STREAMS: Final = frozenset({"documentKey", "fullDocument", "updateDescription", "ns"})
_OF_FLINK: Final = frozenset({"data", "old", "type"})
_OF_EMPTY_WAL2JSON: Final = frozenset({"change", "action", "xid", "nextlsn", "lsn", "timestamp", "origin"})
_CALLS_OF_SEGMENT: Final = frozenset({"track", "identify", "page", "screen", "group", "alias"})
_OF_SEGMENT: Final = frozenset({"anonymousId", "userId"})
#: Messages of Singer and Airbyte beside records, and all that they may have.
_BESIDE_RECORDS: Final = frozenset({"SCHEMA", "STATE", "ACTIVATE_VERSION", "LOG", "TRACE", "CATALOG", "SPEC"})
_MEMBERS_BESIDE_RECORDS: Final = frozenset({
    "type", "stream", "schema", "key_properties", "bookmark_properties", "version", "value", "state", "log", "trace",
    "catalog", "spec",
})  # fmt: skip
_OF_REST_PROXY: Final = frozenset({"records", "key_schema", "key_schema_id", "value_schema", "value_schema_id"})


class KnownFormat(NamedTuple):
    """A format, and how its objects are told."""

    members: frozenset[str]  #: an object of this format has all of these
    told: str  #: what it is, and the way out
    fits: Callable[[Fields], bool]  #: what else must hold


def _is_canal(fields: Fields) -> bool:
    return isinstance(fields["data"], list | None) and not _OF_CANAL.isdisjoint(fields)


def _is_flink(fields: Fields) -> bool:
    operation = fields["type"]
    return (
        fields.keys() <= _OF_FLINK
        and isinstance(fields["data"], list | Mapping)
        and isinstance(operation, str)
        and operation.lower() in _OPERATIONS
    )


def _is_maxwell(fields: Fields) -> bool:
    return (
        isinstance(fields["type"], str) and isinstance(fields["ts"], int) and not isinstance(fields.get("data"), list)
    )


def _is_wal2json(fields: Fields) -> bool:
    changes = fields["change"]
    if not isinstance(changes, list):
        return False
    if not changes:
        return fields.keys() <= _OF_EMPTY_WAL2JSON
    return _all_have(changes, "kind", "table") or _all_have(changes, "kind", "content")


def _is_second_wal2json(fields: Fields) -> bool:
    operation = fields["action"]
    if operation in ("B", "C"):
        return fields.keys() <= _OF_EMPTY_WAL2JSON
    is_row = isinstance(fields.get("columns"), list) or isinstance(fields.get("identity"), list)
    return operation in ("I", "U", "D", "T", "M") and (is_row or fields.keys() >= {"schema", "table"})


def _is_singer(fields: Fields) -> bool:
    return fields["type"] == "RECORD" and isinstance(fields["record"], Mapping)


def _is_beside_records(fields: Fields) -> bool:
    kind = fields["type"]
    return isinstance(kind, str) and kind in _BESIDE_RECORDS and fields.keys() <= _MEMBERS_BESIDE_RECORDS


def _is_segment(fields: Fields) -> bool:
    kind = fields["type"]
    says_what = any(isinstance(fields.get(each), Mapping) for each in ("traits", "properties", "context"))
    return isinstance(kind, str) and kind in _CALLS_OF_SEGMENT and says_what and not _OF_SEGMENT.isdisjoint(fields)


def _is_trigger(fields: Fields) -> bool:
    kind = fields["type"]
    return isinstance(kind, str) and kind.lower() in _OPERATIONS


def _is_batch_of_aws(fields: Fields) -> bool:
    records = fields["Records"]
    return len(fields) == 1 and (_all_have(records, "eventSource") or _all_have(records, "EventSource"))


def _is_mass_transit(fields: Fields) -> bool:
    return isinstance(fields["messageType"], list) and isinstance(fields["message"], Mapping)


def _all_have(value: JsonValue, *members: str) -> bool:
    """Whether a value is a list of objects, at least one, that have these members."""
    if not isinstance(value, list) or not value:
        return False
    return all(isinstance(each, Mapping) and each.keys() >= {*members} for each in value)


def _member(name: str, *members: str) -> Callable[[Fields], bool]:
    """Whether one member is an object that has others."""

    def has(fields: Fields) -> bool:
        value = fields[name]
        return isinstance(value, Mapping) and value.keys() >= {*members}

    return has


def _format(members: str, told: str, fits: Callable[[Fields], bool] = lambda _: True) -> KnownFormat:
    return KnownFormat(frozenset(members.split()), told, fits)


#: In the order in which they are tried.
KNOWN_FORMATS: Final = (
    _format("data type", f"a change as Canal (or TiCDC's `canal-json`) writes it; {_BY_DEBEZIUM}", _is_canal),
    _format("data type", f"a change as Flink writes it (`canal-json` or `maxwell-json`); {_BY_DEBEZIUM}", _is_flink),
    _format("database table type ts", f"a change as Maxwell writes it; {_BY_DEBEZIUM}", _is_maxwell),
    _format(
        "operationType",
        "a change event of MongoDB itself; let its connector send documents alone "
        "(`publish.full.document.only=true`), and use `format: rows`",
        lambda fields: not _OF_CHANGE_STREAMS.isdisjoint(fields),
    ),
    _format(
        "specversion type source",
        f"an envelope of Debezium inside of a CloudEvent; set `value.converter` to {JSON_CONVERTER} instead of "
        "CloudEventsConverter, and use `format: debezium`",
        lambda fields: str(fields["type"]).startswith("io.debezium."),
    ),
    _format("specversion type source", "a CloudEvent; send its `data` alone, and use `format: rows`"),
    _format("op_type op_ts", f"a change as Oracle GoldenGate writes it; {_BY_DEBEZIUM}"),
    _format("op_type before after", f"a change as Flink writes it (`ogg-json`); {_BY_DEBEZIUM}"),
    _format("metadata", f"a message of AWS DMS; {_UNWRAP}", _member("metadata", "record-type")),
    _format("eventName dynamodb", f"a record of DynamoDB Streams; {_UNWRAP}", _member("dynamodb")),
    _format("message", f"a message of Qlik Replicate; {_UNWRAP}", _member("message", "data", "headers")),
    _format(
        "detail-type source detail", "an event of Amazon EventBridge; send its `detail` alone, and use `format: rows`"
    ),
    _format("change", f"changes as wal2json writes them; {_BY_DEBEZIUM}", _is_wal2json),
    _format("action", f"a change as wal2json writes it (format 2); {_BY_DEBEZIUM}", _is_second_wal2json),
    _format("_airbyte_data", "a record as Airbyte keeps it; send its `_airbyte_data` alone, and use `format: rows`"),
    _format(
        "type record",
        "a message of Airbyte's protocol; send its `record.data` alone, and use `format: rows`",
        lambda fields: _is_singer(fields) and _member("record", "stream", "data")(fields),
    ),
    _format("type stream record", "a message of Singer; send its `record` alone, and use `format: rows`", _is_singer),
    _format(
        "type",
        "a message of Singer or Airbyte beside its records, which holds no row; leave it out",
        _is_beside_records,
    ),
    _format(
        "event table",
        "an event of Hasura; send its `event.data.new` alone, and use `format: rows`",
        _member("event", "op", "data"),
    ),
    _format(
        "type table record old_record",
        "a webhook of Supabase; send its `record` alone, and use `format: rows`",
        _is_trigger,
    ),
    _format(
        "type",
        "a call of Segment or RudderStack; use `format: rows` with paths such as `traits.email` for the columns of "
        "`identify`, and keep the other calls out of the topic",
        _is_segment,
    ),
    _format(
        "event created connector_id destination_group_id",
        "a webhook of Fivetran, which holds no row; read the tables that it fills",
    ),
    _format(
        "Type MessageId TopicArn Message",
        "a notification of Amazon SNS; send its `Message` alone, and use `format: rows`",
    ),
    _format("Records", "events of AWS in one message; send each row as a message of its own", _is_batch_of_aws),
    _format(
        "message subscription",
        "a message of Google Pub/Sub; send its data alone, and use `format: rows`",
        lambda fields: _member("message", "messageId")(fields) or _member("message", "message_id")(fields),
    ),
    _format(
        "stream_name read_method payload",
        "an event of Google Datastream; send its `payload` alone, and use `format: rows`",
    ),
    _format("ChangeEventHeader", f"a change event of Salesforce; {_UNWRAP}", _member("ChangeEventHeader")),
    _format("payload", f"a change event of Salesforce; {_UNWRAP}", _member("payload", "ChangeEventHeader")),
    _format("metadata data", f"an event of Striim; {_UNWRAP}", _member("metadata", "TableName", "OperationName")),
    _format(
        "object type data",
        "an event of Stripe; send its `data.object` alone, and use `format: rows`",
        lambda fields: fields["object"] == "event" and _member("data", "object")(fields),
    ),
    _format(
        "records",
        "a request to Kafka's REST proxy; send it there, or each `value` as a message of its own",
        lambda fields: fields.keys() <= _OF_REST_PROXY and _all_have(fields["records"], "value"),
    ),
    _format(
        "topic partition offset payload",
        "a message as `kcat -J` prints it; send its `payload` alone, and use `format: rows`",
    ),
    _format(
        "messageType message",
        "a message of MassTransit; send its `message` alone, and use `format: rows`",
        _is_mass_transit,
    ),
    _format(
        "payload",
        "an envelope of Debezium inside of `payload`, without its `schema`; send the envelope alone, and use "
        "`format: debezium`",
        _member("payload", "op", "source"),
    ),
)
