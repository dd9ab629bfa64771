"""Single rows, as the store has them."""

from dataclasses import dataclass

from graph_model.catalogue.rules import Catalogue
from graph_model.records.record import RecordAddress
from graph_model.resolution.mapping import Issue, map_record
from services.ingestion.batches import UnknownRecord
from services.stores.port.protocols import StoreReader
from services.stores.port.stored import StoredRecord


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordAccount:
    """A row as it was received, and what could not be used of it."""

    stored: StoredRecord
    issues: tuple[Issue, ...]


async def look_up_record(store: StoreReader, catalogue: Catalogue, address: RecordAddress) -> RecordAccount:
    """Read one row, deleted or not.

    Raises:
        UnknownRecord: no source ever sent it.
    """
    stored = (await store.read_records([address])).get(address)
    if stored is None or not stored.record.was_ever_sent:
        raise UnknownRecord(address)
    return RecordAccount(stored=stored, issues=map_record(stored.record, catalogue).issues)
