"""Events in the embedded store: a head for each, what it said as long as that is needed, and who must still publish it.

The exact data of an event are kept until it is acknowledged, and afterwards while it is among the newest. Then only its
head remains: which version of which profile it told, and when.
"""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final

from graph_model.profile.events import ProfileEvent, ProfileEventType, told_previous
from services.clock import now_milliseconds
from services.stores.port.stored import EventHead, OutboxEntry, PendingEvents
from services.stores.sqlite.connection import StoreConnection, transaction
from services.stores.sqlite.packing import pack_id, unpack_id

#: Of so many events, the newest, everything is kept, so that readers who are connected miss nothing.
EXACT_EVENTS: Final = 10_000
#: Heads of published events are kept so long, and at most so many of them, for readers that resume.
_KEPT_MILLISECONDS: Final = 7 * 24 * 3600 * 1000
_KEPT_EVENTS: Final = 1_000_000

#: How the file writes the type of an event.
_TYPES: Final = {
    ProfileEventType.DELETED: 1,
    ProfileEventType.MERGED: 2,
    ProfileEventType.SPLIT: 3,
    ProfileEventType.CREATED: 4,
    ProfileEventType.UPDATED: 5,
}
_TYPE_OF: Final = {number: event_type for event_type, number in _TYPES.items()}

_COLUMNS: Final = (
    "o.sequence, o.profile_id, o.version, o.previous, o.type, o.occurred_at, plain(b.data) AS data, b.trace"
)
#: Events after a sequence number, at most so many.
READ_OUTBOX: Final = f"""
SELECT {_COLUMNS} FROM outbox AS o LEFT JOIN outbox_body AS b ON b.sequence = o.sequence
WHERE o.sequence > ? ORDER BY o.sequence LIMIT ?
"""  # noqa: S608 - only constants are put together
_READ_PENDING: Final = f"""
SELECT p.commit_id, {_COLUMNS} FROM pending AS p
JOIN outbox AS o ON o.sequence BETWEEN p.first_sequence AND p.last_sequence
JOIN outbox_body AS b ON b.sequence = o.sequence
WHERE p.writer = ? ORDER BY o.sequence
"""  # noqa: S608 - only constants are put together
_WRITE_HEADS: Final = "INSERT INTO outbox VALUES (?, ?, ?, ?, ?, ?)"
_WRITE_BODIES: Final = "INSERT INTO outbox_body VALUES (?, ?, ?)"
_WRITE_PENDING: Final = "INSERT INTO pending VALUES (?, ?, ?, ?, ?)"
#: One row, or none where there never was an event.
NEWEST: Final = "SELECT seq FROM sqlite_sequence WHERE name = 'outbox'"
_PENDING: Final = "SELECT first_sequence, last_sequence FROM pending ORDER BY first_sequence"


def write_events(connection: StoreConnection, events: Sequence[ProfileEvent], writer: str, commit_id: str) -> None:
    """Write the events of one commit, which this writer must publish; the caller holds the transaction."""
    if not events:
        return
    first = newest_event(connection) + 1
    pack = connection.documents.pack
    connection.executemany(_WRITE_HEADS, [head_row(number, event) for number, event in enumerate(events, first)])
    connection.executemany(
        _WRITE_BODIES, [(number, pack(event.data), event.trace) for number, event in enumerate(events, first)]
    )
    connection.execute(_WRITE_PENDING, (writer, first, first + len(events) - 1, pack_id(commit_id), now_milliseconds()))


def head_row(sequence: int, event: ProfileEvent) -> tuple[object, ...]:
    """A row of `outbox`."""
    previous = told_previous(event.data)
    is_usual = previous is None or previous == event.version - 1
    return (
        sequence,
        pack_id(event.profile_id),
        event.version,
        None if is_usual else previous,
        _TYPES[event.type],
        event.occurred_at,
    )


def read_pending(connection: sqlite3.Connection, writer: str) -> tuple[PendingEvents, ...]:
    """Read what a writer committed and may not have published, oldest first."""
    commits: dict[str, list[ProfileEvent]] = {}
    for commit_id, *columns in connection.execute(_READ_PENDING, (writer,)):
        event = outbox_entry(columns).event
        if event is not None:
            commits.setdefault(unpack_id(commit_id), []).append(event)
    return tuple(PendingEvents(commit_id=commit_id, events=tuple(events)) for commit_id, events in commits.items())


def acknowledge(connection: sqlite3.Connection, writer: str, commit_id: str) -> None:
    """Write down that the events of a commit are published, and forget what need not be told exactly any more.

    It need not reach the disk before the next commit does: where it is lost with the power, the events come again.
    """
    connection.execute("PRAGMA synchronous = NORMAL")
    try:
        with transaction(connection):
            connection.execute("DELETE FROM pending WHERE writer = ? AND commit_id = ?", (writer, pack_id(commit_id)))
            _forget_bodies(connection, newest_event(connection) - EXACT_EVENTS)
    finally:
        connection.execute("PRAGMA synchronous = FULL")


def trim(connection: sqlite3.Connection) -> None:
    """Forget published events that are old, and the oldest where there are very many.

    Heads are kept from the oldest on that may not have been published: readers learn by where they begin what they have
    missed, and cannot see a gap among them.
    """
    with transaction(connection):
        newest = newest_event(connection)
        young = connection.execute(
            "SELECT sequence FROM outbox WHERE occurred_at >= ? ORDER BY sequence LIMIT 1",
            (now_milliseconds() - _KEPT_MILLISECONDS,),
        ).fetchone()
        last_old = newest if young is None else young[0] - 1
        last = max(last_old, newest - _KEPT_EVENTS)
        _forget_bodies(connection, last)
        (oldest_pending,) = connection.execute("SELECT min(first_sequence) FROM pending").fetchone()
        if oldest_pending is not None:
            last = min(last, oldest_pending - 1)
        connection.execute("DELETE FROM outbox WHERE sequence <= ?", (last,))


def _forget_bodies(connection: sqlite3.Connection, last: int) -> None:
    """Forget what events up to a sequence number said, but those that may not have been published."""
    # What waits is walked around, not through: there may be very much of it when a broker comes back.
    published = _between(connection.execute(_PENDING).fetchall(), last)
    connection.executemany("DELETE FROM outbox_body WHERE sequence BETWEEN ? AND ?", published)


def _between(pending: Iterable[tuple[int, int]], last: int) -> Iterator[tuple[int, int]]:
    """The sequence numbers up to the last that are in none of these ranges, as ranges."""
    first = 1
    for first_pending, last_pending in pending:
        if first_pending > last:
            break
        if first < first_pending:
            yield first, first_pending - 1
        first = max(first, last_pending + 1)
    if first <= last:
        yield first, last


def leave_gap(connection: sqlite3.Connection) -> None:
    """See `DurableOutbox.leave_gap`."""
    with transaction(connection):
        skipped = connection.execute("UPDATE sqlite_sequence SET seq = seq + 1 WHERE name = 'outbox'")
        if not skipped.rowcount:
            connection.execute("INSERT INTO sqlite_sequence (name, seq) VALUES ('outbox', 1)")


def newest_event(connection: sqlite3.Connection) -> int:
    """The sequence number of the newest event there ever was; 0: none."""
    (newest,) = connection.execute(NEWEST).fetchone() or (0,)
    return int(newest)


def outbox_entry(columns: Sequence[Any]) -> OutboxEntry:
    """Read a row of `READ_OUTBOX`."""
    sequence, profile_id, version, previous, event_type, occurred_at, data, trace = columns
    head = EventHead(
        profile_id=unpack_id(profile_id),
        version=version,
        previous_version=version - 1 if previous is None else previous,
        type=_TYPE_OF[event_type],
        occurred_at=occurred_at,
    )
    if data is None:
        return OutboxEntry(sequence=sequence, head=head, event=None)
    event = ProfileEvent(
        profile_id=head.profile_id,
        version=version,
        type=head.type,
        occurred_at=occurred_at,
        data=data,
        trace=trace,
    )
    return OutboxEntry(sequence=sequence, head=head, event=event)
