"""How records, components, positions and events are kept as JSON strings in vertex properties."""

from collections.abc import Iterable
from functools import lru_cache
from typing import Final

import orjson

from graph_model.profile.events import ProfileEvent
from graph_model.records.record import Record, RecordAddress
from graph_model.values.positions import Position, position_fields, position_of
from services.stores.port.stored_forms import read_record, write_record

#: So many ids are read faster than looked up: those of some fifteen profiles.
_LENGTH_OF_FEW: Final = 500


def record_document(record: Record) -> str:
    """Everything that is needed to build the record again: its stored form, with its address in front."""
    address = orjson.dumps({"source": record.address.source, "key": record.address.key})
    return (address[:-1] + b"," + write_record(record)[1:]).decode()


def read_record_document(document: str) -> Record:
    """Build the record that `record_document` wrote."""
    fields = orjson.loads(document)
    return read_record(RecordAddress(fields["source"], fields["key"]), document)


def component_document(component: Iterable[str]) -> str:
    """The ids of all profiles of one component, as a JSON array."""
    return orjson.dumps(list(component)).decode()


def read_component(document: str) -> tuple[str, ...]:
    """Read what `component_document` wrote."""
    return _read_ids(document) if len(document) <= _LENGTH_OF_FEW else _read_many_ids(document)


def _read_ids(document: str) -> tuple[str, ...]:
    return tuple(orjson.loads(document))


#: Each profile of a component names all of them: those of a large one share one tuple.
_read_many_ids: Final = lru_cache(maxsize=4)(_read_ids)


def progress_document(progress: Position | None) -> str:
    """A log position as a JSON array `[epoch, offset]`, or `null`."""
    return orjson.dumps(None if progress is None else position_fields(progress)).decode()


def read_progress(document: str) -> Position | None:
    """Read what `progress_document` wrote."""
    stored = orjson.loads(document)
    return None if stored is None else position_of(stored)


def events_document(events: Iterable[ProfileEvent]) -> str:
    """Finished events, as a JSON array."""
    return orjson.dumps([event.to_json() for event in events]).decode()
