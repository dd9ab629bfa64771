"""Samples to draft a catalogue from: the first rows of a file, or messages of a topic."""

from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path
from typing import Final

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from cli.exit_codes import UsageRefused
from cli.input_files import message_bytes, open_path
from cli.options import STANDARD_STREAM
from cli.output import warn
from consumers.decoders.message import Message
from consumers.kafka_admin import KafkaAdmin
from consumers.kafka_clients import close_quietly, kafka_errors, make_reader, start
from consumers.sampling import sampled_tables
from graph_model.catalogue.draft.tables import SampledTable
from graph_model.errors import MessageRejected
from services.files.console_messages import as_message
from services.files.lines import BadLine, FileRow
from services.files.reading import PACKED_SUFFIXES, Wanted, read_rows
from services.settings import KafkaSettings

#: So many rows are enough to guess from.
SAMPLE_ROWS: Final = 10_000

_POLL_MILLISECONDS: Final = 2_000
_CLOSE_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class FileSample:
    """The tables of one file."""

    tables: list[SampledTable]
    rows: int  #: lines that were read as rows
    bad_lines: list[BadLine]  #: lines among them that could not be read


def sample_file(path: Path) -> FileSample:
    """Read the first rows of a file; bad lines are passed over, and kept to be told.

    Raises:
        UsageRefused: it cannot be read, or holds no row.
    """
    with open_path(path) as stream:
        found = read_rows(path.name, stream, Wanted(used=()), lambda told: warn(f"{path} {told}"))
        read = list(islice(found.entries, SAMPLE_ROWS))
    bad_lines = [entry for entry in read if isinstance(entry, BadLine)]
    rows = [entry for entry in read if isinstance(entry, FileRow)]
    file, is_whole = None if path == STANDARD_STREAM else path.name, len(read) < SAMPLE_ROWS
    try:
        tables = sampled_tables(map(_message, rows), _table_name(path), file=file, is_whole=is_whole)
    except MessageRejected as rejection:
        reason = f"line {bad_lines[0].line}: {bad_lines[0].reason}" if bad_lines else rejection.reason
        raise UsageRefused(f"{path} holds no row: {reason}") from None
    tables = [replace(table, origin=replace(table.origin, encoding=found.encoding)) for table in tables]
    return FileSample(tables, len(rows), bad_lines)


async def sample_topic(settings: KafkaSettings, topic: str) -> list[SampledTable]:
    """Read the newest messages of a topic; those that hold no row are passed over.

    Raises:
        UsageRefused: there is no such topic, or no row in it.
        ConsumerError: Kafka cannot be reached.
    """
    with kafka_errors(f"reading topic {topic!r}", name=topic):
        async with _reader(settings) as reader:
            # Asking for a topic by its name could make it.
            if topic not in await reader.topics():
                raise UsageRefused(f"Kafka has no topic {topic!r}; name one that carries the changes of a table")
            messages = await _newest_messages(reader, await _partitions(settings, topic))
    try:
        return sampled_tables(messages, topic.rpartition(".")[2], file=None, is_whole=False)
    except MessageRejected as rejection:
        raise UsageRefused(f"topic {topic!r} holds no row: {rejection.reason}") from None


def _table_name(path: Path) -> str:
    """The name of a file without its endings."""
    name = path.name
    for suffix in PACKED_SUFFIXES:
        name = name.removesuffix(suffix)
    return "input" if path == STANDARD_STREAM else Path(name).stem


def _message(row: FileRow) -> Message:
    """The message that a line stands for."""
    fields = as_message(row.values)
    is_row = fields is None or not isinstance(fields["value"], Mapping | None)
    key, value = (None, row.values) if fields is None or is_row else (fields.get("key"), fields["value"])
    return Message(topic="", offset=row.line, timestamp=0, key=message_bytes(key), value=message_bytes(value))


@asynccontextmanager
async def _reader(settings: KafkaSettings) -> AsyncIterator[AIOKafkaConsumer]:
    """A consumer outside of any group."""
    reader = make_reader(settings)
    try:
        await start(reader, settings)
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


async def _newest_messages(reader: AIOKafkaConsumer, partitions: list[TopicPartition]) -> list[Message]:
    first, end = await reader.beginning_offsets(partitions), await reader.end_offsets(partitions)
    share = SAMPLE_ROWS // len(partitions) + 1
    reader.assign(partitions)
    for partition in partitions:
        reader.seek(partition, max(first[partition], end[partition] - share))
    read: list[Message] = []
    while len(read) < SAMPLE_ROWS:
        fetched = await reader.getmany(timeout_ms=_POLL_MILLISECONDS)
        read += (message for records in fetched.values() for message in _messages(records))
        if not fetched:
            break
    return read[:SAMPLE_ROWS]


def _messages(records: list[ConsumerRecord]) -> Iterator[Message]:
    for record in records:
        yield Message(
            topic=record.topic,
            partition=record.partition,
            offset=record.offset,
            timestamp=record.timestamp,
            key=record.key,
            value=record.value,
        )
