"""A small company whose records tests change, and what becomes of them."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import orjson

from graph_model.catalogue.rules import Catalogue
from graph_model.profile.document import ProfileStatus
from graph_model.profile.events import ProfileEvent
from graph_model.records.record import Change, RecordAddress
from graph_model.records.verdicts import Judgement, Verdict, VerdictEntry, Withdrawal
from graph_model.resolution.row_changes import Origin, row_change
from graph_model.values.equality import JsonObject, JsonValue
from graph_model.values.positions import Position
from services.ingestion.ingest import Ingest, IngestResult
from services.maintenance.verification.verify import verify
from services.metrics import Metrics
from services.stores.port.plan import VerdictWrite
from services.stores.port.protocols import Outbox, Store
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
    verdicts: int = 0

    @classmethod
    async def over(cls, store: Store, catalogue: Catalogue = CATALOGUE, writer: str = "test") -> "Company":
        return cls(store, await store.claim_outbox(writer), catalogue)

    def change(
        self, name: str, /, moved_from: str | None = None, moved_to: str | None = None, **row: JsonValue
    ) -> Change:
        """`change("crm1", email_1="x")` is a new version of the row 1 of crm; without columns it is deleted."""
        self.offset += 1
        address = self.address(name)
        moved, gone = (None if other is None else self.address(other) for other in (moved_from, moved_to))
        origin = Origin(
            position=Position(1, self.offset), observed_at=1_000 * self.offset, previous=moved, moved_to=gone
        )
        values: Mapping[str, JsonValue] = {"id": address.key_parts[0], **row}
        return row_change(self.catalogue.sources[address.source], values, origin, deleted=not row)

    async def apply(self, *changes: Change) -> IngestResult:
        ingest = Ingest(self.store, self.catalogue, self.outbox, metrics=self.metrics, clock=lambda: 5_000)
        return await self._tell(await ingest.apply(changes))

    async def _tell(self, result: IngestResult) -> IngestResult:
        for committed in result.committed:
            self.events += committed.events
            await self.outbox.acknowledge(committed.commit_id)
        return result

    async def decide(self, judgement: Judgement, one: str, other: str) -> VerdictEntry:
        """A steward says that two rows are the same person, or different ones."""
        low, high = sorted((self.address(one), self.address(other)))
        self.verdicts += 1
        verdict = Verdict.pair(judgement, low, high, f"verdict{self.verdicts}")
        entry = VerdictEntry(verdict=verdict, reason="asked them", author="kim", given_at=5_000)
        await self.write_verdict(VerdictWrite(entry=entry, expected=None))
        return entry

    async def withdraw(self, entry: VerdictEntry) -> None:
        stored = (await self.store.read_verdicts([entry.verdict_id]))[entry.verdict_id]
        withdrawn = replace(stored.entry, withdrawal=Withdrawal(author="kim", withdrawn_at=6_000))
        await self.write_verdict(VerdictWrite(entry=withdrawn, expected=stored.revision))

    async def write_verdict(self, write: VerdictWrite) -> None:
        ingest = Ingest(self.store, self.catalogue, self.outbox, metrics=self.metrics, clock=lambda: 5_000)
        await self._tell(await ingest.decide([write]))

    @staticmethod
    def data(event: ProfileEvent) -> JsonObject:
        """What an event says."""
        told: JsonObject = orjson.loads(event.data)
        return told

    @staticmethod
    def address(name: str) -> RecordAddress:
        """`crm1` is the row 1 of crm."""
        source = name.rstrip("0123456789")
        return RecordAddress.of(source, [int(name.removeprefix(source))])

    async def put(self, name: str, /, moved_from: str | None = None, **row: JsonValue) -> list[str]:
        """Apply one change; answers what was told, for example `["updated", "merged"]`."""
        told = len(self.events)
        await self.apply(self.change(name, moved_from, None, **row))
        return [event.type.value for event in self.events[told:]]

    async def profile_of(self, name: str) -> str | None:
        """The id of the profile that a live row belongs to."""
        address = self.address(name)
        stored = (await self.store.read_records([address])).get(address)
        return None if stored is None or stored.record.is_tombstone else stored.profile_id

    async def live_id(self, name: str) -> str:
        """The same, of a row that is there."""
        found = await self.profile_of(name)
        assert found is not None
        return found

    async def profiles(self) -> list[list[str]]:
        """The rows of every live profile."""
        found = [
            sorted(f"{r['source']}{r['key'][0]}" for r in document["records"])
            for document in await self.documents(ProfileStatus.LIVE)
        ]
        return sorted(found)

    async def documents(self, status: ProfileStatus) -> list[JsonObject]:
        return [orjson.loads(p.document) async for p in self.store.scan_profiles() if p.status is status]

    async def is_sound(self) -> bool:
        return (await verify(self.store, self.catalogue)).problems == ()
