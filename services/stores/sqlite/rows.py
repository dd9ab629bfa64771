"""The rows that a plan comes to in the tables of the embedded store.

`pack` is `Documents.pack` of the connection that writes, and a revision the id of the commit as `pack_id` writes it.
"""

from collections.abc import Callable, Iterable
from typing import TypeAlias

from graph_model.values.identifiers import Identifier
from services.stores.port.plan import ProfileWrite, RecordWrite
from services.stores.port.stored import HistoryEntry
from services.stores.port.stored_forms import write_addresses, write_record
from services.stores.sqlite.packing import pack_component, pack_id

Pack: TypeAlias = Callable[[bytes], bytes]
Row: TypeAlias = tuple[object, ...]


def record_rows(records: Iterable[RecordWrite], revision: object, pack: Pack) -> list[Row]:
    """Rows of `record`: source, key, document, deleted, profile_id, revision."""
    return [
        (
            w.record.address.source,
            w.record.address.key,
            pack(write_record(w.record)),
            w.record.is_tombstone,
            pack_id(w.profile_id),
            revision,
        )
        for w in records
    ]


def identifier_rows(holders: Iterable[tuple[Identifier, int]], revision: object) -> list[Row]:
    """Rows of `identifier`: kind, value, holders, revision."""
    return [(identifier.kind, identifier.value, count, revision) for identifier, count in holders]


def profile_rows(profiles: Iterable[ProfileWrite], revision: object, pack: Pack) -> list[Row]:
    """Rows of `profile`: profile_id, version, status, document, component, guests, revision.

    Those without a document have none: only their revision changes.
    """
    return [
        (
            pack_id(w.profile_id),
            w.version,
            w.status.value,
            pack(w.document),
            pack_component(w.profile_id, w.component),
            write_addresses(w.guests) if w.guests else None,
            revision,
        )
        for w in profiles
        if w.document is not None
    ]


def history_rows(steps: Iterable[HistoryEntry], pack: Pack) -> list[Row]:
    """Rows of `history`: profile_id, version, document."""
    return [(pack_id(step.profile_id), step.version, pack(step.document)) for step in steps]
