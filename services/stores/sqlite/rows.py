"""The rows that a plan comes to in the tables of the embedded store.

`pack` is `Documents.pack` of the connection that writes, and a revision the id of the commit as `pack_id` writes it.
"""

from collections.abc import Callable, Iterable
from typing import TypeAlias

from services.stores.port.plan import ProfileWrite, RecordWrite
from services.stores.port.stored import HistoryEntry
from services.stores.port.stored_forms import write_addresses, write_record
from services.stores.sqlite.packing import pack_component, pack_id

Pack: TypeAlias = Callable[[bytes], bytes]
Row: TypeAlias = tuple[object, ...]


def record_rows(ids: Iterable[int], records: Iterable[RecordWrite], revision: object, pack: Pack) -> list[Row]:
    """New rows of `record`: id, source, key, document, deleted, profile_id, revision."""
    return [
        (
            number,
            *w.record.address,
            pack(write_record(w.record)),
            w.record.is_tombstone,
            pack_id(w.profile_id),
            revision,
        )
        for number, w in zip(ids, records, strict=True)
    ]


def staying_record_rows(records: Iterable[RecordWrite], revision: object, pack: Pack) -> list[Row]:
    """What changes of rows of `record` whose edges stay: document, revision; source, key, revision before, deleted."""
    return [
        (
            pack(write_record(w.record)),
            revision,
            *w.record.address,
            pack_id(w.expected),
            w.record.is_tombstone,
        )
        for w in records
    ]


def relinked_record_rows(records: Iterable[RecordWrite], revision: object, pack: Pack) -> list[Row]:
    """What changes of rows of `record`: document, revision, profile_id, deleted; source, key, revision before."""
    return [
        (
            pack(write_record(w.record)),
            revision,
            pack_id(w.profile_id),
            w.record.is_tombstone,
            *w.record.address,
            pack_id(w.expected),
        )
        for w in records
    ]


def profile_rows(profiles: Iterable[ProfileWrite], revision: object, pack: Pack) -> list[Row]:
    """New rows of `profile`: profile_id, version, status, document, component, guests, revision."""
    return [(pack_id(w.profile_id), *_said(w, pack), revision) for w in profiles]


def known_profile_rows(profiles: Iterable[ProfileWrite], revision: object, pack: Pack) -> list[Row]:
    """What changes of rows of `profile`: version, ..., revision; profile_id, revision before."""
    return [(*_said(w, pack), revision, pack_id(w.profile_id), pack_id(w.expected)) for w in profiles]


def _said(write: ProfileWrite, pack: Pack) -> Row:
    return (
        write.version,
        write.status.value,
        None if write.document is None else pack(write.document),
        pack_component(write.profile_id, write.component),
        write_addresses(write.guests) if write.guests else None,
    )


def history_rows(steps: Iterable[HistoryEntry], pack: Pack) -> list[Row]:
    """Rows of `history`: profile_id, version, document."""
    return [(pack_id(step.profile_id), step.version, pack(step.document)) for step in steps]
