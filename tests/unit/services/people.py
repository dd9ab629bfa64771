"""A small company whose records tests change, and what becomes of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import orjson

from graph_model.catalogue import Catalogue
from graph_model.events import ProfileEvent
from graph_model.mapping import Origin, row_change
from graph_model.profiles import Document, ProfileStatus
from graph_model.records import Change, JsonValue, Position, RecordAddress
from services.ingest import Ingest, IngestResult
from services.metrics import Metrics
from services.stores.port import Outbox, Store
from services.verify import verify
from tests.properties import worlds

#: E-mail goes before phone; a passport is exclusive; three records may share a value.
CATALOGUE = worlds.catalogue((3, 3, 3), (90, 50, 100), (False, False, True))


@dataclass
class Company:
    """Applies changes one after the other, each at the next position of one log."""

    store: Store
    outbox: Outbox
    catalogue: Catalogue = CATALOGUE
    events: list[ProfileEvent] = field(default_factory=list)
    metrics: Metrics = field(default_factory=Metrics)
    offset: int = 0

    @classmethod
    async def over(cls, store: Store, catalogue: Catalogue = CATALOGUE, writer: str = "test") -> "Company":
        return cls(store, await store.claim_outbox(writer), catalogue)

    def change(self, name: str, /, moved_from: str | None = None, **row: JsonValue) -> Change:
        """`change("crm1", email_1="x")` is a new version of the row 1 of crm; without columns it is deleted."""
        self.offset += 1
        source, key = name[:-1], int(name[-1])
        moved = None if moved_from is None else RecordAddress.of(source, [int(moved_from[-1])])
        origin = Origin(position=Position(1, self.offset), observed_at=1_000 * self.offset, previous=moved)
        values: Mapping[str, JsonValue] = {"id": key, **row}
        return row_change(self.catalogue.sources[source], values, origin, deleted=not row)

    async def apply(self, *changes: Change) -> IngestResult:
        ingest = Ingest(self.store, self.catalogue, self.outbox, metrics=self.metrics, clock=lambda: 5_000)
        result = await ingest.apply(changes)
        for committed in result.committed:
            self.events += committed.events
            await self.outbox.acknowledge(committed.commit_id)
        return result

    async def put(self, name: str, /, moved_from: str | None = None, **row: JsonValue) -> list[str]:
        """Apply one change; answers what was told, for example `["updated", "merged"]`."""
        told = len(self.events)
        await self.apply(self.change(name, moved_from, **row))
        return [event.type.value for event in self.events[told:]]

    async def profile_of(self, name: str) -> str | None:
        """The id of the profile that a live row belongs to."""
        address = RecordAddress.of(name[:-1], [int(name[-1])])
        stored = (await self.store.read_records([address])).get(address)
        return None if stored is None or stored.record.is_grave else stored.profile_id

    async def profiles(self) -> list[list[str]]:
        """The rows of every live profile."""
        found = [
            sorted(f"{r['source']}{r['key'][0]}" for r in document["records"])
            for document in await self.documents(ProfileStatus.LIVE)
        ]
        return sorted(found)

    async def documents(self, status: ProfileStatus) -> list[Document]:
        return [orjson.loads(p.document) async for p in self.store.scan_profiles() if p.status is status]

    async def is_sound(self) -> bool:
        return (await verify(self.store, self.catalogue)).problems == ()
