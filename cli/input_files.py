"""Files given on the command line: which source each one belongs to, and the changes that its lines stand for."""

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fnmatch import fnmatch
from io import BufferedReader
from itertools import chain
from pathlib import Path, PurePath
from typing import Final, cast

import orjson

from cli.exit_codes import UsageRefused
from cli.file_columns import header_refusal, missing_columns
from cli.options import STANDARD_STREAM
from cli.repeated_keys import RepeatedKeys
from consumers.decoders import decode_as, decode_row, source_of
from consumers.decoders.message import Decoded, Headers, Message, time_sent
from consumers.routing import sources_of_topic
from graph_model.catalogue.document import NO_VERSION
from graph_model.catalogue.rules import Catalogue, Source
from graph_model.errors import MessageRejected
from graph_model.records.record import Change, RecordAddress
from graph_model.records.tasks import TruncateSource
from graph_model.resolution.row_changes import Origin, key_address
from graph_model.values.equality import JsonValue
from graph_model.values.paths import has_column, root_of
from graph_model.values.patterns import Pattern
from graph_model.values.positions import Position
from services.files.console_messages import LogPlace, as_message, log_place
from services.files.lines import BadLine, FileEntry, FileRow, Warn
from services.files.reading import Wanted, read_rows

#: What entries are counted under while it is not known which source they belong to.
UNKNOWN_SOURCE: Final = "unknown"

_ANY_TOPIC: Final = Pattern("(?s).*")

#: JSON rows may leave out what they have no value for, so a column counts as missing only if all of these do.
_FIRST_JSON_ROWS: Final = 100

#: Gives the next acceptance number and the present time in milliseconds.
Accept = Callable[[], tuple[int, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class InputFile:
    """A file, or standard input, and the sources that its lines may belong to."""

    path: Path
    sources: Mapping[str, Source]
    rows_of: Source | None  #: the source whose plain rows it holds; None: it holds envelopes of changes

    @property
    def name(self) -> str:
        """How it is called in messages."""
        return "standard input" if self.path == STANDARD_STREAM else str(self.path)

    @property
    def size(self) -> int | None:
        """Its length in bytes; None where that is not known."""
        return self.path.stat().st_size if self.path.is_file() else None

    @property
    def label(self) -> str:
        """What a line is counted under that does not tell its source."""
        return next(iter(self.sources)) if len(self.sources) == 1 else UNKNOWN_SOURCE


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What one line of a file stands for."""

    line: int
    source: str  #: what it is counted under
    changes: tuple[Change, ...] = ()
    tasks: tuple[TruncateSource, ...] = ()  #: without changes and tasks it is ignored by rule, or rejected
    reason: str | None = None  #: why it was rejected
    address: RecordAddress | None = None  #: of a rejected row: its address, where that could be read
    place: LogPlace | None = None  #: where it stands in a log of the catalogue's, where that was asked for


def choose_sources(paths: list[Path], source: str | None, catalogue: Catalogue) -> list[InputFile]:
    """Find out what every file holds, before anything is read.

    Args:
        paths: the files, `-` for standard input.
        source: the source that all of them belong to; None: told by their names, or by the envelopes in them.
        catalogue: the sources, with the file name patterns that they take.

    Raises:
        UsageRefused: a file cannot be read, or it is not clear what it holds.
    """
    return [_input_file(path, source, catalogue) for path in paths]


def warn_of_order(files: list[InputFile], warn: Warn) -> None:
    """Say of which sources nothing but the order of their files orders the rows."""
    names = sorted({file.rows_of.name for file in files if file.rows_of is not None and file.rows_of.version is None})
    if names:
        warn(f"{', '.join(names)}: {NO_VERSION}")


@contextmanager
def open_path(path: Path) -> Iterator[BufferedReader]:
    """Open a file, or standard input, for reading.

    Raises:
        UsageRefused: it cannot be opened.
    """
    if path == STANDARD_STREAM:
        yield cast("BufferedReader", sys.stdin.buffer)
        return
    try:
        stream = path.open("rb")
    except OSError as error:
        raise UsageRefused(f"{path} cannot be read: {error.strerror}; a readable file is expected") from error
    with stream:
        yield stream


def read_entries(
    file: InputFile,
    stream: BufferedReader,
    catalogue: Catalogue,
    accept: Accept,
    warn: Warn,
    *,
    as_logs: bool = False,
) -> Iterator[Entry]:
    """Read the lines of an open file; a bad one is told and costs the others nothing.

    Args:
        file: what the stream holds.
        stream: the file's bytes.
        catalogue: what the columns mean.
        accept: called for every change, in the order of the lines.
        warn: called once for each thing to be said of the whole file.
        as_logs: take messages whose place in a topic of the catalogue is told as if they came from there.
    """
    read = read_rows(file.path.name, stream, _wanted(file), lambda told: warn(f"{file.name} {told}"))
    lines = read.entries
    if file.rows_of is not None:
        is_json = read.format == "json"
        first = _first_rows(lines, _FIRST_JSON_ROWS if is_json else 1)
        # JSON rows have no header: each has columns of its own, and is refused by itself.
        refusal = None if is_json else header_refusal(file.rows_of, _columns(first))
        if refusal is not None:
            yield Entry(line=1, source=file.label, reason=refusal)
            return
        lines = _told_missing(file, file.rows_of, first, lines, warn)
    repeated = RepeatedKeys()
    yield from _entries(file, lines, catalogue, accept, repeated, as_logs=as_logs)
    told = repeated.told()
    if told is not None:
        warn(f"{file.name} {told}")


def _entries(
    file: InputFile,
    lines: Iterator[FileEntry],
    catalogue: Catalogue,
    accept: Accept,
    repeated: RepeatedKeys,
    *,
    as_logs: bool,
) -> Iterator[Entry]:
    """What each line stands for; keys that come again are noted where nothing else orders the rows."""
    decode = _decoder(file, replace(catalogue, sources=file.sources))
    for line in lines:
        if isinstance(line, BadLine):
            yield Entry(line=line.line, source=file.label, reason=line.reason)
            continue
        number, now = accept()
        place = _log_place(line, catalogue) if as_logs else None
        try:
            found = decode(line, place, number, now)
        except MessageRejected as rejection:
            address = _address(file.rows_of, line)
            yield Entry(line=line.line, source=file.label, reason=rejection.reason, address=address, place=place)
            continue
        changes = tuple(each for each in found if isinstance(each, Change))
        if file.rows_of is not None and file.rows_of.version is None:
            repeated.note(line.line, changes)
        yield Entry(
            line=line.line,
            source=source_of(found[0]) if found else file.label,
            changes=changes,
            tasks=tuple(each for each in found if isinstance(each, TruncateSource)),
            place=place,
        )


def _log_place(line: FileRow, catalogue: Catalogue) -> LogPlace | None:
    place = log_place(line.values)
    return place if place is not None and sources_of_topic(catalogue, place.topic) else None


def _address(source: Source | None, line: FileRow) -> RecordAddress | None:
    """The address of a row that cannot be used otherwise."""
    try:
        return None if source is None else key_address(source, line.values)
    except MessageRejected:
        return None


def _wanted(file: InputFile) -> Wanted:
    source = file.rows_of
    if source is None:
        return Wanted(only_json=True)
    used = frozenset({*source.named, *map(root_of, source.named)})
    return Wanted(needed=source.key, used=used, encoding=source.encoding)


def _columns(lines: list[FileEntry]) -> dict[str, None]:
    return dict.fromkeys(column for line in lines if isinstance(line, FileRow) for column in line.values)


def _told_missing(
    file: InputFile, source: Source, first: list[FileEntry], lines: Iterator[FileEntry], warn: Warn
) -> Iterator[FileEntry]:
    """All lines, after telling which columns of the catalogue the first ones do not have."""
    missing = missing_columns(source, _columns(first))
    if missing is not None and not any(isinstance(line, FileRow) and as_message(line.values) for line in first):
        warn(f"{file.name} has {missing}")
    return chain(first, lines)


def _first_rows(lines: Iterator[FileEntry], number: int) -> list[FileEntry]:
    """The lines up to the given number of rows, bad ones between them included."""
    first: list[FileEntry] = []
    rows = 0
    for line in lines:
        first.append(line)
        rows += isinstance(line, FileRow)
        if rows == number:
            break
    return first


def _input_file(path: Path, source: str | None, catalogue: Catalogue) -> InputFile:
    if path != STANDARD_STREAM and (path.is_dir() or not path.exists()):
        found = "a folder" if path.is_dir() else "missing"
        raise UsageRefused(f"{path} is {found}; a readable file is expected, or `-` for standard input")
    if source is not None:
        return _file_of(path, _named(source, catalogue))
    sources = catalogue.sources.values()
    fitting = [each for each in sources if each.file is not None and fits(path, each.file)]
    if len(fitting) > 1 and any(each.format == "rows" for each in fitting):
        names = ", ".join(each.name for each in fitting)
        raise UsageRefused(f"{path} fits the `file` patterns of several sources ({names}); name one with --source")
    if len(fitting) == 1 and fitting[0].format == "rows":
        return _file_of(path, fitting[0])
    envelopes = fitting or [each for each in sources if each.format != "rows"]
    if not envelopes:
        patterns = ", ".join(f"{each.file} ({each.name})" for each in sources if each.file is not None)
        raise UsageRefused(
            f"{path} fits no `file` pattern of the catalogue ({patterns or 'there are none'}); name its source with "
            f"--source: {', '.join(catalogue.sources)}"
        )
    return InputFile(path=path, sources={each.name: each for each in envelopes}, rows_of=None)


def fits(path: Path, pattern: str) -> bool:
    """Tell whether the end of a path is what a name pattern says, folder by folder.

    `Path.match` does the same, but tries again and again in some versions of Python where a pattern has many stars.
    """
    parts = PurePath(pattern).parts
    ends = path.parts[-len(parts) :] if parts else ()
    whole = not PurePath(pattern).is_absolute() or len(path.parts) == len(parts)
    return bool(parts) and len(ends) == len(parts) and whole and all(map(fnmatch, ends, parts))


def _named(name: str, catalogue: Catalogue) -> Source:
    if name not in catalogue.sources:
        raise UsageRefused(f"the catalogue has no source {name!r}; it has: {', '.join(catalogue.sources)}")
    return catalogue.sources[name]


def _file_of(path: Path, source: Source) -> InputFile:
    """A file of one source; its messages are taken whatever the topic that they were sent to."""
    # The topic is a part of the key where the source has a pattern; else no topic is needed.
    topic = source.topic if source.topic_pattern is not None else source.topic or ""
    of_any_topic = replace(source, topic=topic, topic_pattern=_ANY_TOPIC)
    return InputFile(
        path=path, sources={source.name: of_any_topic}, rows_of=source if source.format == "rows" else None
    )


def _decoder(
    file: InputFile, narrowed: Catalogue
) -> Callable[[FileRow, LogPlace | None, int, int], tuple[Decoded, ...]]:
    """What makes changes of the lines of a file: of rows, of messages with rows, or of envelopes."""
    formats = {source.format for source in file.sources.values()}
    if len(formats) > 1:
        raise UsageRefused(
            f"{file.name} may hold changes of several formats ({', '.join(sorted(formats))}); name its source "
            "with --source"
        )
    written = formats.pop()
    source = file.rows_of

    def decoded(line: FileRow, place: LogPlace | None, number: int, now: int) -> tuple[Decoded, ...]:
        message = as_message(line.values)
        if source is not None and (message is None or _has_key(source, line.values)):
            origin = Origin(position=Position(0, number), observed_at=now, undated=True)
            return (decode_row(source, line.values, origin),)
        read = _message(message, line.values, number, now)
        return decode_as(written, read if place is None else _in_log(read, place, now), narrowed)

    return decoded


def _has_key(source: Source, row: Mapping[str, JsonValue]) -> bool:
    """Whether a line is a row itself, although it has columns as a message has."""
    return all(has_column(row, column) for column in source.key)


def _message(said: Mapping[str, JsonValue] | None, line: Mapping[str, JsonValue], number: int, now: int) -> Message:
    """The message that a line holds: the bare value, or key, value and headers where it says them."""
    if said is None:
        return Message(topic="", offset=number, timestamp=now, value=orjson.dumps(line))
    return Message(
        topic="",
        offset=number,
        timestamp=now,
        key=message_bytes(said.get("key")),
        value=message_bytes(said["value"]),
        headers=_headers(said.get("headers")),
    )


def _in_log(message: Message, place: LogPlace, now: int) -> Message:
    """The message as its topic has it."""
    sent = time_sent(place.timestamp, now)
    return replace(
        message,
        topic=place.topic,
        partition=place.partition,
        offset=place.offset,
        timestamp=now if sent is None else sent,
        is_timed=sent is not None,
    )


def message_bytes(value: JsonValue) -> bytes | None:
    """The bytes of a key, a value or a header that a line holds as JSON; None where it says null."""
    return None if value is None else orjson.dumps(value)


def _headers(value: JsonValue) -> Headers:
    """Headers as an object, or as a list of pairs; text stands for itself, all else for its JSON."""
    listed = value if isinstance(value, list) else []
    pairs = value.items() if isinstance(value, Mapping) else (pair for pair in listed if _is_pair(pair))
    return tuple(
        (str(name), content.encode() if isinstance(content, str) else message_bytes(content)) for name, content in pairs
    )


def _is_pair(value: JsonValue) -> bool:
    return isinstance(value, list) and len(value) == 2
