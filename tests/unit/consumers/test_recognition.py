"""What a message is told to look like that is not what the catalogue says.

Messages of a real connector where one was captured; else the example of the format's documentation, whose place is
named beside it.
"""

import bz2
import gzip
import json
import lzma
import pickle
import time
import zlib
from base64 import b64decode, b64encode
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import cramjam
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from consumers.batch import decode_batch
from consumers.decoders import decode, decode_row
from consumers.decoders.message import Message
from consumers.decoders.recognition import looks_like, value_looks_like
from graph_model.catalogue.rules import Catalogue, DeletionFlag, MessageFormat
from graph_model.errors import MessageRejected
from graph_model.resolution.row_changes import Origin
from graph_model.values.positions import Position
from tests.unit.consumers.conftest import CAPTURES

Captured = Callable[..., Message]

JSON_CONVERTER = "org.apache.kafka.connect.json.JsonConverter"


def message(value: bytes | None, key: bytes | None = None, **headers: bytes) -> Message:
    return Message(topic="people", offset=1, timestamp=2, key=key, value=value, headers=tuple(headers.items()))


def refusal(refused: Message, catalogue: Catalogue) -> str:
    with pytest.raises(MessageRejected) as caught:
        decode(refused, catalogue)
    return caught.value.reason


def of_avro() -> list[tuple[bytes, bytes]]:
    stored = orjson.loads((CAPTURES / "debezium_avro" / "messages.json").read_bytes())
    return [(b64decode(each["key"]), b64decode(each["value"])) for each in stored if each["value"]]


@pytest.mark.parametrize("topic", ["customers", "people"])
@pytest.mark.parametrize("number", range(6))
def test_avro_of_a_schema_registry_is_named_with_the_id_of_its_schema(
    number: int, topic: str, catalogue: Catalogue
) -> None:
    key, value = of_avro()[number]
    reason = refusal(replace(message(value, key), topic=topic), catalogue)
    assert "Confluent wire format (Avro or Protobuf, schema id 2)" in reason
    assert f"set `value.converter` of its connector to {JSON_CONVERTER}" in reason


def test_a_key_of_a_schema_registry_beside_a_value_of_json_is_named(captured: Captured, catalogue: Catalogue) -> None:
    reason = refusal(replace(captured("c"), key=of_avro()[0][0]), catalogue)
    assert "the key looks like the Confluent wire format (Avro or Protobuf, schema id 1)" in reason
    assert f"set `key.converter` of its connector to {JSON_CONVERTER}" in reason


@pytest.mark.parametrize(
    ("key", "told"),
    [(b"ann", "bare text"), (b"Struct{id=1003}", "what Kafka Connect's StringConverter makes of a row")],
    ids=["text", "text of a row"],
)
def test_a_key_that_is_no_json_is_named(key: bytes, told: str, captured: Captured, catalogue: Catalogue) -> None:
    reason = refusal(replace(captured("c"), key=key), catalogue)
    assert f"the key looks like {told}" in reason
    assert "`key.converter`" in reason
    assert "ann" not in reason


#: Glue: https://docs.aws.amazon.com/glue/latest/dg/schema-registry-gs.html. GUID and headers: confluent-kafka 2.16
#: (`schema_registry/common/serde.py`). Apicurio: io.apicurio.registry.serde.SerdeHeaders, and its default of 8 bytes.
@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"\x00\x00\x00\x00\x2a" + b'{"id":1}', "Confluent wire format (JSON Schema, schema id 42)"),
        (b"\x00\x00\x00\x00\x2a\x00\x0a\x06Ann", "Confluent wire format (Avro or Protobuf, schema id 42)"),
        (b"\x00" + (7).to_bytes(8, "big") + b"\x0a\x06Ann", "Apicurio registry (schema id 7)"),
        (
            b"\x01" + bytes.fromhex("89791762233641868674299b90a802e2") + b"\x06Ann",
            "Confluent wire format (schema given by its GUID)",
        ),
        (
            b"\x03\x00" + bytes.fromhex("b7b4a7f09c964e4aa687fb5de9ef0c63") + b"\x06Ann",
            "wire format of the AWS Glue schema registry",
        ),
        (
            b"\x03\x05" + bytes.fromhex("b7b4a7f09c964e4aa687fb5de9ef0c63") + zlib.compress(b"\x06Ann"),
            "wire format of the AWS Glue schema registry",
        ),
        (b"Obj\x01\x04\x14avro.codec\x08null", "Avro file (object container)"),
        (b"\xc3\x01" + bytes(range(8)) + b"\x06Ann", "Avro message (single object encoding)"),
        (b"\xd2\x0f\x02\x06Ann\xff", "binary data without a mark"),
    ],
)
def test_what_is_written_by_a_schema_is_named(content: bytes, told: str) -> None:
    found = looks_like(message(content), "debezium")
    assert found is not None
    assert told in found
    assert JSON_CONVERTER in found


@pytest.mark.parametrize("header", ["__value_schema_id", "apicurio.value.globalId"])
def test_a_schema_that_a_header_names_is_told(header: str) -> None:
    found = looks_like(replace(message(b"\xd2\x0f\x02\x06Ann\xff"), headers=((header, b"\x00\x2a"),)), "rows")
    assert found is not None
    assert "the id of the schema stands in a header" in found


def bson(size: int) -> bytes:
    """A document with a text of so many characters at the least, so that it is as long as can be confused."""
    text = b"A" * max(0, size - 12) + b"nn"
    inside = b"\x02n\x00" + (len(text) + 1).to_bytes(4, "little") + text + b"\x00"
    return (len(inside) + 5).to_bytes(4, "little") + inside + b"\x00"


ROW = b'{"id": 1, "name": "Ann", "email": "ann@example.com", "note": "nothing"}'


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (gzip.compress(ROW, mtime=0), "packed with gzip"),
        (bytes(cramjam.zstd.compress(ROW)), "packed with zstd"),
        (bytes(cramjam.lz4.compress(ROW)), "packed with LZ4"),
        (bytes(cramjam.snappy.compress(ROW)), "packed with Snappy"),
        (b"\x82SNAPPY\x00\x00\x00\x00\x01\x00\x00\x00\x01", "packed with Snappy"),
        (zlib.compress(ROW), "packed with zlib"),
        (ROW.decode().encode("utf-16"), "UTF-16 text"),
        (ROW.decode().encode("utf-16-le"), "UTF-16 text"),
        (ROW.decode().encode("utf-16-be"), "UTF-16 text"),
        (ROW.replace(b"Ann", "Zoé".encode("latin-1")), "JSON in another encoding than UTF-8"),
        (lzma.compress(ROW), "packed with xz"),
        (lzma.compress(ROW, format=lzma.FORMAT_ALONE), "binary data"),
        (bz2.compress(ROW), "packed with bzip2"),
        (bytes(cramjam.snappy.compress_raw(ROW)), "packed with Snappy"),
        (bytes(cramjam.snappy.compress_raw(ROW.ljust(120))), "packed with Snappy"),
        (bytes(cramjam.snappy.compress_raw(ROW.ljust(195))), "packed with Snappy"),
        (pickle.dumps({"id": 1, "name": "Ann"}), "Python's pickle"),
        (ROW.decode().encode("utf-32"), "UTF-32 text"),
        (ROW.decode().encode("utf-32-le"), "UTF-32 text"),
        (bson(20), "BSON"),
        (bson(256), "BSON"),
        (bson(0x178), "BSON"),
        (b"\x02\x06Ann\x1eann@example.com", "binary data"),
        (b"\x02\x06Ann,\x1eann@example.com", "binary data"),
        (b"\x08\x01\x12\x03Ann\x1a\x0fann@example.com", "binary data"),
        (b"\n\x03Ann\x12\x0fann@example.com", "binary data"),
        (b"\x1e" + ROW + b"\n", "a sequence of JSON texts"),
        (b"", "an empty message"),
        (b"1;Ann;ann@example.com", "a line of CSV"),
        (b"id,name\n1,Ann\n", "a line of CSV"),
        (b"Ann Lee", "plain text"),
        (b"<person id='1'/>", "XML or HTML"),
        (b"Struct{id=1,name=Ann}", "Kafka Connect's StringConverter"),
        (b"{'id': 1, 'name': 'Ann'}", "an object as a program prints it, in single quotes"),
        (b"{ 'id': 1, 'name': 'Ann' }", "an object as a program prints it, in single quotes"),
        (b"[\n {'id': 1}]", "an object as a program prints it, in single quotes"),
        (b"""{"id": 'Ann'}""", "an object as a program prints it, in single quotes"),
        (b'{"id": 1, "score": NaN}', "NaN"),
        (b'{"id": 1, "name": "Ann",}', "a comma behind the last member"),
        (b'{"id": 1, "names": ["Ann", ]}', "a comma behind the last member"),
        (b'{"id": 1, /* Ann */ "a": "//"}', "JSON with comments"),
        (b'// Ann\n{"id": 1}', "JSON with comments"),
        (b'{id: 1, name: "Ann"}', "names without quotes"),
        (b'{"id": 1, "name": None, "vip": True}', "words such as None"),
        (b'{id: 1, "a": 1, // Ann\n}', "names without quotes and comments and a comma behind the last member"),
        (b'{"id": 1, "name": "Ann', "JSON that breaks off"),
        (b'{"id": 1, "name": ["Ann"]', "JSON that breaks off"),
        (b'{"id": 1, "name": "Ann\nLee"}', "line breaks, control characters or unknown escapes"),
        (b'{"id": 1, "name": "Ann\\x20"}', "line breaks, control characters or unknown escapes"),
        (ROW + b"\x00", "a JSON value with something else behind it"),
        (ROW + ROW, "several JSON values in one message"),
        (b'"1","Ann","ann@example.com"', "a line of CSV"),
        (ROW + b"\n" + ROW, "several JSON values in one message"),
        (b64encode(ROW), "JSON in base64"),
        (orjson.dumps(ROW.decode()), "JSON text inside a JSON string: its producer serialised it twice"),
        (orjson.dumps(orjson.dumps(ROW.decode()).decode()), "its producer serialised it 3 times"),
        (orjson.dumps(b64encode(ROW).decode()), "JSON in base64 inside a JSON string"),
        (b"[" + ROW + b"," + ROW + b"]", "a list of rows"),
        (orjson.dumps({"schema": {"type": "string"}, "payload": ROW.decode()}), "serialised it twice"),
    ],
)
@pytest.mark.parametrize("topic", ["customers", "people"])
def test_what_is_no_row_of_json_is_named_and_not_quoted(
    content: bytes, told: str, topic: str, catalogue: Catalogue
) -> None:
    (letter,) = decode_batch([replace(message(content), topic=topic)], catalogue, partitions=1).dead
    assert told in letter.error.reason.partition("; this looks like ")[2]
    assert "Ann" not in letter.error.reason
    assert "example" not in letter.error.reason


#: (the example of the documentation, what it is told to be)
DOCUMENTED: dict[str, tuple[dict[str, Any], str]] = {
    # https://nightlies.apache.org/flink/flink-docs-stable/docs/connectors/table/formats/canal/
    "canal": (
        {
            "data": [{"id": "111", "name": "scooter", "description": "Big 2-wheel scooter", "weight": "5.18"}],
            "database": "inventory",
            "es": 1589373560000,
            "id": 9,
            "isDdl": False,
            "mysqlType": {"id": "INTEGER", "name": "VARCHAR(255)", "weight": "FLOAT"},
            "old": [{"weight": "5.15"}],
            "pkNames": ["id"],
            "sql": "",
            "sqlType": {"id": 4, "name": 12, "weight": 7},
            "table": "products",
            "ts": 1589373560798,
            "type": "UPDATE",
        },
        "Canal",
    ),
    # https://docs.pingcap.com/tidb/stable/ticdc-canal-json
    "ticdc": (
        {
            "id": 0,
            "database": "test",
            "table": "tp_int",
            "pkNames": ["id"],
            "isDdl": False,
            "type": "INSERT",
            "es": 1639633141221,
            "ts": 1639633142960,
            "sql": "",
            "sqlType": {"id": 4},
            "mysqlType": {"id": "int"},
            "data": [{"id": "2"}],
            "old": None,
            "_tidb": {"commitTs": 163963314122145239},
        },
        "TiCDC",
    ),
    # What Flink itself writes: org.apache.flink.formats.json.canal.CanalJsonSerializationSchema, and maxwell beside it.
    "flink canal": ({"data": [{"id": 111, "name": "scooter"}], "type": "INSERT"}, "Flink"),
    "flink maxwell": ({"data": {"id": 111, "name": "scooter"}, "type": "delete"}, "Flink"),
    "flink ogg": ({"before": None, "after": {"id": 111, "name": "scooter"}, "op_type": "I"}, "Flink"),
    "flink debezium": ({"before": None, "after": {"id": 111, "name": "scooter"}, "op": "c"}, "Flink"),
    # https://maxwells-daemon.io/dataformat/
    "maxwell": (
        {
            "database": "test",
            "table": "maxwell",
            "type": "update",
            "ts": 1449786341,
            "xid": 940786,
            "commit": True,
            "data": {"id": 1, "daemon": "Firebus!  Firebus!"},
            "old": {"daemon": "Stanislaw Lem"},
        },
        "Maxwell",
    ),
    # https://www.mongodb.com/docs/manual/reference/change-events/insert/
    "mongodb": (
        {
            "_id": {"_data": "8263"},
            "operationType": "insert",
            "clusterTime": {"$timestamp": {"t": 1651082812, "i": 1}},
            "ns": {"db": "engineering", "coll": "users"},
            "documentKey": {"userName": "alice123", "_id": {"$oid": "599af247bb69cd89961c986d"}},
            "fullDocument": {"_id": {"$oid": "599af247bb69cd89961c986d"}, "userName": "alice123", "name": "Alice"},
        },
        "a change event of MongoDB itself",
    ),
    # https://debezium.io/documentation/reference/stable/connectors/mongodb.html#mongodb-create-events
    "debezium for mongodb": (
        {
            "after": '{"_id": {"$numberLong": "1004"},"first_name": "Anne","email": "annek@noanswer.org"}',
            "source": {
                "connector": "mongodb",
                "name": "fulfillment",
                "ts_ms": 1558965508000,
                "db": "inventory",
                "collection": "customers",
                "ord": 31,
                "h": 1546547425148721999,
            },
            "op": "c",
            "ts_ms": 1558965515240,
        },
        "Debezium's connector for MongoDB",
    ),
    # https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/formats/json-format.md#32-examples
    "cloudevents": (
        {
            "specversion": "1.0",
            "type": "com.example.someevent",
            "source": "/mycontext",
            "id": "C234-1234-1234",
            "time": "2018-04-05T17:31:00Z",
            "datacontenttype": "application/json",
            "data": {"appinfoA": "abc", "appinfoB": 123, "appinfoC": True},
        },
        "a CloudEvent; send its `data` alone",
    ),
    # https://debezium.io/documentation/reference/stable/integrations/cloudevents.html
    "debezium in a cloudevent": (
        {
            "id": "name:test_server;lsn:29274832;txId:565",
            "source": "/debezium/postgresql/test_server",
            "specversion": "1.0",
            "type": "io.debezium.connector.postgresql.DataChangeEvent",
            "time": "2020-01-13T13:55:39.738Z",
            "datacontenttype": "application/json",
            "iodebeziumop": "r",
            "data": {"before": None, "after": {"pk": 1, "name": "Bob"}},
        },
        "an envelope of Debezium inside of a CloudEvent",
    ),
    # https://docs.aws.amazon.com/dms/latest/userguide/CHAP_Target.Kafka.html
    "dms": (
        {
            "data": {"id": 100000161, "fname": "val61s", "lname": "val61s"},
            "metadata": {
                "timestamp": "2019-10-31T22:53:59.721201Z",
                "record-type": "data",
                "operation": "insert",
                "partition-key-type": "primary-key",
                "schema-name": "public",
                "table-name": "people",
            },
        },
        "AWS DMS",
    ),
    # https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/Streams.Lambda.html
    "dynamodb": (
        {
            "eventID": "7de3041dd709b024af6f29e4fa13d34c",
            "eventName": "INSERT",
            "eventSource": "aws:dynamodb",
            "dynamodb": {
                "ApproximateCreationDateTime": 1479499740,
                "Keys": {"Username": {"S": "John Doe"}},
                "NewImage": {"Username": {"S": "John Doe"}},
                "SequenceNumber": "13021600000000001596893679",
            },
        },
        "DynamoDB Streams",
    ),
    # https://nightlies.apache.org/flink/flink-docs-stable/docs/connectors/table/formats/ogg/
    "goldengate": (
        {
            "before": {"id": 111, "name": "scooter", "weight": 5.18},
            "after": {"id": 111, "name": "scooter", "weight": 5.15},
            "op_type": "U",
            "op_ts": "2020-05-13 15:40:06.000000",
            "current_ts": "2020-05-13 15:40:07.000000",
            "primary_keys": ["id"],
            "pos": "00000000000000000000143",
            "table": "PRODUCTS",
        },
        "Oracle GoldenGate",
    ),
    # https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-events-structure.html
    "eventbridge": (
        {
            "version": "0",
            "id": "6a7e8feb-b491-4cf7-a9f1-bf3703467718",
            "detail-type": "EC2 Instance State-change Notification",
            "source": "aws.ec2",
            "account": "111122223333",
            "time": "2017-12-22T18:43:48Z",
            "region": "us-west-1",
            "resources": ["arn:aws:ec2:us-west-1:123456789012:instance/i-1234567890abcdef0"],
            "detail": {"instance-id": "i-1234567890abcdef0", "state": "terminated"},
        },
        "Amazon EventBridge",
    ),
    # https://github.com/eulerto/wal2json#examples, format version 1, and 2 below
    "wal2json": (
        {
            "change": [
                {
                    "kind": "insert",
                    "schema": "public",
                    "table": "table2_with_pk",
                    "columnnames": ["a", "b", "c"],
                    "columntypes": ["integer", "character varying(30)", "timestamp without time zone"],
                    "columnvalues": [1, "Backup and Restore", "2018-03-27 11:58:28.988414"],
                }
            ]
        },
        "wal2json",
    ),
    "wal2json 2": (
        {
            "action": "I",
            "schema": "public",
            "table": "table3_with_pk",
            "columns": [{"name": "a", "type": "integer", "value": 1}],
        },
        "wal2json writes it (format 2)",
    ),
    "wal2json 2, deletion": (
        {
            "action": "D",
            "schema": "public",
            "table": "table3_with_pk",
            "identity": [{"name": "a", "type": "integer", "value": 1}],
        },
        "wal2json writes it (format 2)",
    ),
    "wal2json 2, begin": ({"action": "B"}, "wal2json writes it (format 2)"),
    # https://docs.airbyte.com/integrations/destinations/kafka#output-schema, and the protocol's record message
    "airbyte": (
        {
            "_airbyte_ab_id": "1",
            "_airbyte_emitted_at": 1,
            "_airbyte_stream": "users",
            "_airbyte_data": {"id": 1, "name": "Zoe"},
        },
        "Airbyte keeps it",
    ),
    "airbyte protocol": (
        {"type": "RECORD", "record": {"stream": "users", "data": {"id": 1, "name": "Zoe"}, "emitted_at": 1}},
        "Airbyte's protocol",
    ),
    # https://github.com/singer-io/getting-started/blob/master/docs/SPEC.md#example
    "singer": ({"type": "RECORD", "stream": "users", "record": {"id": 1, "name": "Zoe"}}, "a message of Singer"),
    "singer schema": (
        {
            "type": "SCHEMA",
            "stream": "users",
            "key_properties": ["id"],
            "schema": {"required": ["id"], "type": "object", "properties": {"id": {"type": "integer"}}},
        },
        "which holds no row",
    ),
    "singer state": (
        {"type": "STATE", "value": {"users": 2, "locations": 1}},
        "which holds no row",
    ),
    # https://hasura.io/docs/2.0/event-triggers/payload/
    "hasura": (
        {
            "event": {
                "session_variables": {"x-hasura-role": "admin"},
                "op": "INSERT",
                "data": {"old": None, "new": {"id": "42", "name": "Zoe"}},
            },
            "created_at": "2018-09-05T07:14:21.601701Z",
            "id": "85558393-c75d-4d2f-9c15-e80591b83894",
            "delivery_info": {"max_retries": 0, "current_retry": 0},
            "trigger": {"name": "insert_user_trigger"},
            "table": {"schema": "public", "name": "users"},
        },
        "Hasura",
    ),
    # https://supabase.com/docs/guides/database/webhooks#payload
    "supabase": (
        {
            "type": "INSERT",
            "table": "users",
            "schema": "public",
            "record": {"id": 1, "name": "Zoe"},
            "old_record": None,
        },
        "Supabase",
    ),
    # https://segment.com/docs/connections/spec/identify/
    "segment": (
        {
            "type": "identify",
            "traits": {"name": "Peter Gibbons", "email": "peter@example.com", "plan": "premium", "logins": 5},
            "userId": "97980cfea0067",
            "messageId": "ajs-next-1",
        },
        "Segment",
    ),
    "segment track": (
        {"type": "track", "event": "User Registered", "properties": {"plan": "Pro Annual"}, "anonymousId": "23a"},
        "Segment",
    ),
    # https://docs.aws.amazon.com/sns/latest/dg/sns-message-and-json-formats.html
    "sns": (
        {
            "Type": "Notification",
            "MessageId": "22b80b92-fdea-4c2c-8f9d-bdfb0c7bf324",
            "TopicArn": "arn:aws:sns:us-west-2:123456789012:MyTopic",
            "Message": "Hello world!",
            "Timestamp": "2012-05-02T00:54:06.655Z",
        },
        "Amazon SNS",
    ),
    # https://docs.aws.amazon.com/lambda/latest/dg/with-sqs.html
    "sqs": (
        {"Records": [{"messageId": "059f36b4", "body": "Test message.", "eventSource": "aws:sqs"}]},
        "events of AWS in one message",
    ),
    # https://cloud.google.com/pubsub/docs/push#receive_push
    "pubsub": (
        {
            "message": {"data": "SGVsbG8gQ2xvdWQgUHViL1N1YiE=", "messageId": "2070443601311540"},
            "subscription": "projects/myproject/subscriptions/mysubscription",
        },
        "Google Pub/Sub",
    ),
    # https://cloud.google.com/datastream/docs/events-and-streams
    "datastream": (
        {
            "stream_name": "projects/myProj/locations/myLoc/streams/Oracle-to-Source",
            "read_method": "oracle-cdc-logminer",
            "object": "SAMPLE.TBL",
            "uuid": "d7989206-380f-0e81-8056-240501101100",
            "read_timestamp": "2019-11-07T07:37:16.808Z",
            "source_timestamp": "2019-11-07T02:15:39Z",
            "source_metadata": {"log_file": ""},
            "payload": {"THIS_IS_MY_PK": "1231535353", "FIELD1": "foo"},
        },
        "Google Datastream",
    ),
    # https://developer.salesforce.com/docs/atlas.en-us.change_data_capture.meta/change_data_capture/cdc_message_structure.htm
    "salesforce": (
        {
            "schema": "IeRuaY6cbI_HsV8Rv1Mc5g",
            "payload": {
                "ChangeEventHeader": {"entityName": "Account", "recordIds": ["001xx"], "changeType": "CREATE"},
                "Name": "Acme",
            },
            "event": {"replayId": 6},
        },
        "Salesforce",
    ),
    # https://docs.stripe.com/api/events/object
    "stripe": (
        {
            "id": "evt_1NG8Du2eZvKYlo2CUI79vXWy",
            "object": "event",
            "api_version": "2019-02-19",
            "type": "customer.updated",
            "data": {"object": {"id": "cus_1", "name": "Zoe"}},
        },
        "Stripe",
    ),
    # https://masstransit.io/documentation/concepts/messages#message-envelope
    "masstransit": (
        {"messageId": "181c0000", "messageType": ["urn:message:Company:CustomerChanged"], "message": {"name": "Zoe"}},
        "MassTransit",
    ),
    # https://docs.confluent.io/platform/current/kafka-rest/api.html#topics
    "rest proxy": ({"records": [{"key": "k", "value": {"id": 1, "name": "Zoe"}}]}, "REST proxy"),
    "debezium without its schema": (
        {"payload": {"op": "c", "source": {"db": "a", "table": "b"}, "after": {"id": 1}, "before": None}},
        "an envelope of Debezium inside of `payload`",
    ),
    # https://help.qlik.com/en-US/replicate (metadata and data messages)
    "qlik": (
        {
            "magic": "atMSG",
            "type": "DT",
            "headers": None,
            "message": {"data": {"id": 1}, "beforeData": None, "headers": {"operation": "INSERT"}},
        },
        "Qlik Replicate",
    ),
}


@pytest.mark.parametrize("name", DOCUMENTED)
@pytest.mark.parametrize("topic", ["customers", "people"])
def test_formats_of_other_programs_are_named_and_not_quoted(name: str, topic: str, catalogue: Catalogue) -> None:
    """Also where a member is called as the key of the rows is (`id` of Canal and CloudEvents)."""
    value, told = DOCUMENTED[name]
    reason = refusal(replace(message(orjson.dumps(value)), topic=topic), catalogue)
    assert told in reason.partition("this looks like")[2]
    assert reason.count("this looks like") == 1
    assert not any(
        data in reason
        for data in ("scooter", "Firebus", "alice123", "Anne", "abc", "Bob", "val61s", "Doe", "Zoe", "peter")
    )


@pytest.mark.parametrize("name", DOCUMENTED)
def test_a_draft_is_told_of_other_formats_before_there_is_a_catalogue(name: str) -> None:
    assert value_looks_like(DOCUMENTED[name][0]) is not None


@pytest.mark.parametrize("name", ["c", "d", "schema_c", "full_c", "r_all_types", "pk_change_1_d"])
def test_envelopes_where_rows_are_declared_are_named(name: str, captured: Captured, catalogue: Catalogue) -> None:
    reason = refusal(captured(name, topic="people"), catalogue)
    assert reason.endswith("this looks like an envelope of Debezium; use `format: debezium`")


@pytest.mark.parametrize("name", ["unwrap_c", "unwrap_d", "unwrap_u", "unwrap_full_d", "unwrapt_d"])
def test_unwrapped_rows_where_envelopes_are_declared_are_named(
    name: str, captured: Captured, catalogue: Catalogue
) -> None:
    reason = refusal(captured(name), catalogue)
    assert "this looks like a row that Debezium's ExtractNewRecordState has unwrapped; use `format: rows`" in reason


def test_a_plain_row_where_envelopes_are_declared_is_named(catalogue: Catalogue) -> None:
    reason = refusal(replace(message(ROW), topic="customers"), catalogue)
    assert reason.endswith("this looks like a plain row without an envelope; use `format: rows`")


@pytest.mark.parametrize(
    ("name", "folder", "told"),
    [
        ("unwrap_m", "debezium_postgres", "a logical message of Debezium"),
        ("heartbeat", "debezium_postgres", "a heartbeat of Debezium"),
        ("tx_begin", "debezium_postgres", "a transaction marker of Debezium"),
        ("ddl_alter_table", "debezium_mariadb", "a change of a schema of Debezium"),
    ],
)
def test_what_a_connector_says_beside_rows_is_named(
    name: str, folder: str, told: str, captured: Captured, catalogue: Catalogue
) -> None:
    """A transaction marker has an `id`, as rows have."""
    assert told in refusal(captured(name, topic="people", folder=folder), catalogue)


def test_a_cloud_event_in_binary_mode_is_named() -> None:
    """Example: https://github.com/cloudevents/spec/blob/v1.0.2/cloudevents/bindings/kafka-protocol-binding.md#326-example."""
    found = looks_like(message(b'{"appinfoA": 1}', ce_specversion=b"1.0", ce_type=b"com.example.someevent"), "rows")
    assert found is not None
    assert "CloudEvent in binary mode" in found


def test_an_envelope_with_its_byte_order_mark_is_read(captured: Captured, catalogue: Catalogue) -> None:
    message = captured("c")
    marked = replace(message, value=b"\xef\xbb\xbf" + (message.value or b""))
    assert decode(marked, catalogue) == decode(message, catalogue)


def test_a_row_that_has_columns_of_its_source_is_a_row_whatever_else_it_has(catalogue: Catalogue) -> None:
    event = DOCUMENTED["cloudevents"][0] | {"name": "Ann"}
    assert len(decode(message(orjson.dumps(event)), catalogue)) == 1


@pytest.mark.parametrize(
    "row",
    [
        {"id": 1, "payload": {"id": 7, "first_name": "Ann", "email": "a@x.org"}},
        {"id": 1, "data": {"attributes": [{"id": 7, "first_name": "Ann", "email": "a@x.org"}]}},
        {"meta": {}, "body": {"row": {"id": 7, "first_name": "Ann", "note": None}}},
    ],
)
def test_an_envelope_that_nobody_knows_is_no_empty_row(row: dict[str, Any], catalogue: Catalogue) -> None:
    people = replace(catalogue.sources["customer"], topic="people", table=None, format="rows")
    reason = refusal(message(orjson.dumps(row)), replace(catalogue, sources={"people": people}))
    assert "an object inside of it has them" in reason
    assert "paths such as `data.name`" in reason


@pytest.mark.parametrize(
    "row",
    [
        {"id": 1, "company": {"id": 7, "note": "Acme"}},
        {"id": 1, "company": {"first_name": "Acme", "email": "a@x.org"}},
        {"id": 1, "email": None, "company": {"id": 7, "note": "Acme", "email": "a@x.org"}},
        {"id": 1, "gone": False, "before": {"id": 1, "note": "Acme", "email": "a@x.org"}},
        {"id": 1, "type": "group", "userId": 7, "action": "I", "metadata": {}, "records": [1]},
    ],
)
def test_a_row_with_objects_inside_is_a_row(row: dict[str, Any], catalogue: Catalogue) -> None:
    people = replace(
        catalogue.sources["customer"], topic="people", table=None, format="rows", deleted=DeletionFlag("gone", None)
    )
    assert len(decode(message(orjson.dumps(row)), replace(catalogue, sources={"people": people}))) == 1
    assert value_looks_like(row) is None


@pytest.mark.parametrize("pumped", ['"\\"', "'\\'", "/*", "//", ", ", '{"', "[", "a", "1", "'\\", '"\\'])
def test_hostile_text_keeps_nobody_busy(pumped: str) -> None:
    began = time.perf_counter()
    looks_like(message(b"{" + pumped.encode() * 200_000), "rows")
    assert time.perf_counter() - began < 5


def test_a_row_with_nothing_but_its_key_is_a_row(catalogue: Catalogue) -> None:
    assert len(decode(message(b'{"id": 1, "city": "Graz"}'), catalogue)) == 1


def test_a_line_of_a_file_is_named_too(captured: Captured, catalogue: Catalogue) -> None:
    envelope = orjson.loads(captured("c").value or b"")
    with pytest.raises(MessageRejected) as caught:
        decode_row(catalogue.sources["people"], envelope, Origin(position=Position(0, 1), observed_at=2))
    assert caught.value.reason.endswith("this looks like an envelope of Debezium; use `format: debezium`")


@pytest.mark.parametrize("declared", ["debezium", "rows"])
def test_what_is_as_declared_has_no_other_look(declared: MessageFormat, captured: Captured) -> None:
    assert looks_like(captured("c" if declared == "debezium" else "unwrap_c"), declared) is None


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from([*"abc", "op", "after", "data", "type"]), inner),
    max_leaves=8,
)


@given(content=st.binary(max_size=40) | st.text(max_size=40).map(str.encode) | _json.map(json.dumps).map(str.encode))
def test_whatever_comes_it_is_told_or_not_and_never_a_fault(content: bytes) -> None:
    for declared in ("debezium", "rows", None):
        found = looks_like(message(content, key=content), declared)
        assert found is None or found.startswith(("this looks like ", "the key looks like "))


@given(members=st.dictionaries(st.sampled_from(sorted({m for v, _ in DOCUMENTED.values() for m in v})), _json))
def test_members_with_any_values_are_no_fault(members: dict[str, Any]) -> None:
    value_looks_like(members, "rows")
    value_looks_like(members, "debezium")
