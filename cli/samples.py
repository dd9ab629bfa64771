"""Samples to draft a catalogue from: the first rows of a file, or messages of a topic."""

from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Final

import orjson
from aiokafka import AIOKafkaConsumer, TopicPartition

from cli.exit_codes import UsageRefused
from cli.input_files import open_path
from cli.output import warn
from consumers.decoders.documents import Schema, open_document
from consumers.decoders.logical_types import convert_row
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


@dataclass(frozen=True, slots=True)
class Sample:
    """Rows of one table."""

    rows: Sequence[Row]
    format: MessageFormat = "rows"  #: how they were written
    topic: str | None = None  #: the topic that a connector sends such envelopes to, unless it was told otherwise
    bad_lines: Sequence[BadLine] = ()  #: lines of the file among them that could not be read

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
        _, entries = read_rows(path.name, stream, Wanted(used=()), lambda told: warn(f"{path} {told}"))
        read = list(islice(entries, SAMPLE_ROWS))
    rows = [entry.values for entry in read if isinstance(entry, FileRow)]
    sample = _sample(str(path), (orjson.dumps(_value(row)) for row in rows))
    return replace(sample, bad_lines=[entry for entry in read if isinstance(entry, BadLine)])


def _value(row: Row) -> JsonValue:
    """The value of a line that is a message, else the line."""
    message = as_message(row)
    return row if message is None else message["value"]


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
            values = await _newest_values(reader, await _partitions(settings, topic))
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


async def _newest_values(reader: AIOKafkaConsumer, partitions: list[TopicPartition]) -> list[bytes]:
    first, end = await reader.beginning_offsets(partitions), await reader.end_offsets(partitions)
    share = SAMPLE_ROWS // len(partitions) + 1
    reader.assign(partitions)
    for partition in partitions:
        reader.seek(partition, max(first[partition], end[partition] - share))
    values: list[bytes] = []
    while len(values) < SAMPLE_ROWS:
        fetched = await reader.getmany(timeout_ms=_POLL_MILLISECONDS)
        values += [message.value for messages in fetched.values() for message in messages if message.value is not None]
        if not fetched:
            break
    return values[:SAMPLE_ROWS]


def _sample(where: str, values: Iterable[bytes]) -> Sample:
    rows: list[Row] = []
    of_envelopes: list[Row] = []
    topic = None
    for value in values:
        try:
            document = open_document(value, "value")
        except MessageRejected:
            continue
        payload, schema = document.payload, document.schema
        if not isinstance(payload, Mapping):
            continue
        if "op" not in payload or "source" not in payload:
            rows.append(convert_row(payload, schema))
        elif isinstance(after := payload.get("after"), Mapping):
            of_envelopes.append(convert_row(after, _schema_of_after(schema)))
            topic = topic or _default_topic(payload["source"])
    if not rows and not of_envelopes:
        raise UsageRefused(f"{where} holds no row that could be read; rows, or Debezium envelopes, are expected")
    # Between envelopes, a connector writes messages of its own.
    return Sample(of_envelopes, "debezium", topic) if of_envelopes else Sample(rows)


def _default_topic(source: JsonValue) -> str | None:
    if not isinstance(source, Mapping):
        return None
    parts = (source.get("name"), source.get("schema") or source.get("db"), source.get("table"))
    return ".".join(map(str, parts)) if all(parts) else None


def _schema_of_after(schema: Schema | None) -> Schema | None:
    fields = None if schema is None else schema.get("fields")
    if not isinstance(fields, list):
        return None
    return next((field for field in fields if isinstance(field, Mapping) and field.get("field") == "after"), None)
