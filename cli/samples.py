"""Samples to draft a catalogue from: the first rows of a file, or messages of a topic."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Final, TypeAlias

import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition

from cli.exit_codes import UsageRefused
from cli.input_files import open_path
from cli.output import warn
from consumers.decoders.documents import Schema, open_document
from consumers.decoders.logical_types import convert_row
from consumers.decoders.message import Message
from consumers.decoders.recognition import looks_like
from consumers.decoders.tables import default_topics
from consumers.kafka_admin import KafkaAdmin
from consumers.kafka_clients import close_quietly, connection_options, kafka_errors, start
from graph_model.catalogue.rules import MessageFormat
from graph_model.errors import MessageRejected
from graph_model.values.equality import JsonValue
from services.files.console_messages import as_message
from services.files.lines import BadLine, FileRow
from services.files.reading import Wanted, read_rows
from services.settings import KafkaSettings

#: So many rows are enough to guess from.
SAMPLE_ROWS: Final = 1_000

_POLL_MILLISECONDS: Final = 2_000
_CLOSE_SECONDS: Final = 5.0

Row = Mapping[str, JsonValue]
_Message: TypeAlias = tuple[bytes | None, bytes | None]  #: key and value


@dataclass(frozen=True, slots=True)
class Sample:
    """Rows of one table."""

    rows: Sequence[Row]
    format: MessageFormat = "rows"  #: how they were written
    topic: str | None = None  #: the topic that a connector sends such envelopes to, unless it was told otherwise
    bad_lines: Sequence[BadLine] = ()  #: lines of the file among them that could not be read
    key: tuple[str, ...] = ()  #: columns of the key, where messages tell them
    encoding: str | None = None  #: what the file was found to be encoded in

    @property
    def columns(self) -> Sequence[str]:
        """All columns, in the order in which they first appear."""
        return list(dict.fromkeys(column for row in self.rows for column in row))


def sample_file(path: Path) -> Sample:
    """Read the first rows of a file; bad lines are passed over, and kept to be told.

    Raises:
        UsageRefused: it cannot be read, or holds no row.
    """
    with open_path(path) as stream:
        found = read_rows(path.name, stream, Wanted(used=()), lambda told: warn(f"{path} {told}"))
        read = list(islice(found.entries, SAMPLE_ROWS))
    bad = [entry for entry in read if isinstance(entry, BadLine)]
    if bad and len(bad) == len(read):
        raise UsageRefused(f"{path} cannot be drafted from; line {bad[0].line}: {bad[0].reason}")
    rows = [entry.values for entry in read if isinstance(entry, FileRow)]
    return replace(_sample(str(path), map(_key_and_value, rows)), bad_lines=bad, encoding=found.encoding)


def _key_and_value(row: Row) -> _Message:
    """The key and the value of a line that is a message, else the line."""
    message = as_message(row)
    if message is None:
        return None, orjson.dumps(row)
    key, value = message.get("key"), message["value"]
    return None if key is None else orjson.dumps(key), None if value is None else orjson.dumps(value)


async def sample_topic(settings: KafkaSettings, topic: str) -> Sample:
    """Read the newest messages of a topic; those that hold no row are passed over.

    Raises:
        UsageRefused: there is no such topic, or no row in it.
        ConsumerError: Kafka cannot be reached.
    """
    with kafka_errors(f"reading topic {topic!r}"):
        async with _reader(settings) as reader:
            # Asking for a topic by its name could make it.
            if topic not in await reader.topics():
                raise UsageRefused(f"Kafka has no topic {topic!r}; name one that carries the changes of a table")
            values = await _newest_messages(reader, await _partitions(settings, topic))
    return _sample(f"topic {topic!r}", values)


@asynccontextmanager
async def _reader(settings: KafkaSettings) -> AsyncIterator[AIOKafkaConsumer]:
    """A consumer outside of any group."""
    reader = AIOKafkaConsumer(**connection_options(settings), group_id=None, enable_auto_commit=False)
    try:
        await start(reader)
        yield reader
    finally:
        await close_quietly(reader, _CLOSE_SECONDS)


async def _partitions(settings: KafkaSettings, topic: str) -> list[TopicPartition]:
    admin = KafkaAdmin(settings)
    try:
        await admin.connect()
        return [TopicPartition(topic, number) for number in range(await admin.partition_count(topic))]
    finally:
        await admin.close()


async def _newest_messages(reader: AIOKafkaConsumer, partitions: list[TopicPartition]) -> list[_Message]:
    first, end = await reader.beginning_offsets(partitions), await reader.end_offsets(partitions)
    share = SAMPLE_ROWS // len(partitions) + 1
    reader.assign(partitions)
    for partition in partitions:
        reader.seek(partition, max(first[partition], end[partition] - share))
    values: list[_Message] = []
    while len(values) < SAMPLE_ROWS:
        fetched = await reader.getmany(timeout_ms=_POLL_MILLISECONDS)
        values += [(message.key, message.value) for messages in fetched.values() for message in messages]
        if not fetched:
            break
    return values[:SAMPLE_ROWS]


def _sample(where: str, messages: Iterable[_Message]) -> Sample:
    """The newest row of each key, where there are keys; rows of envelopes, where there is any."""
    rows: dict[bytes | int, Row] = {}
    of_envelopes: dict[bytes | int, Row] = {}
    topic, keys, other = None, set[tuple[str, ...]](), None
    for number, (key, value) in enumerate(messages):
        hint = None if value is None else looks_like(Message(topic="", offset=number, timestamp=0, value=value))
        try:
            document = open_document(value or b"null", "value")
        except MessageRejected:
            other = other or hint
            continue
        payload, schema = document.payload, document.schema
        if hint is not None or not isinstance(payload, Mapping):
            other = other or hint
            continue
        keys.add(_key_columns(key))
        if "op" not in payload or "source" not in payload:
            rows[key or number] = convert_row(payload, schema)
        elif isinstance(after := payload.get("after"), Mapping):
            of_envelopes[key or number] = convert_row(after, _schema_of_after(schema))
            topic = topic or _default_topic(payload["source"])
    if not rows and not of_envelopes:
        found = "" if other is None else f" ({other})"
        raise UsageRefused(f"{where} holds no row that could be read; rows, or Debezium envelopes, are expected{found}")
    told = keys.pop() if len(keys) == 1 else ()
    # Between envelopes, a connector writes messages of its own.
    if of_envelopes:
        return Sample(list(of_envelopes.values()), "debezium", topic, key=told)
    return Sample(list(rows.values()), key=told)


def _key_columns(key: bytes | None) -> tuple[str, ...]:
    """The columns of a message's key; none where it has none, or tells no names."""
    try:
        payload = None if key is None else open_document(key, "key").payload
    except MessageRejected:
        return ()
    return tuple(payload) if isinstance(payload, Mapping) else ()


def _default_topic(source: JsonValue) -> str | None:
    topics = default_topics(source) if isinstance(source, Mapping) else ()
    return topics[0] if topics else None


def _schema_of_after(schema: Schema | None) -> Schema | None:
    fields = None if schema is None else schema.get("fields")
    if not isinstance(fields, list):
        return None
    return next((field for field in fields if isinstance(field, Mapping) and field.get("field") == "after"), None)
