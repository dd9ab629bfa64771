"""The graph store: a Gremlin Server behind the port `services.stores.port.protocols.Store`."""

import asyncio
import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from functools import partial
from itertools import chain
from operator import itemgetter
from typing import Any, Self, TypeVar

from graph_model.records.record import RecordAddress
from graph_model.records.verdicts import VerdictEntry
from graph_model.values.identifiers import Identifier
from services.stores.gremlin import ids, opening, reads
from services.stores.gremlin.catalogue_change import change_catalogue, restored
from services.stores.gremlin.connection import Connection, Submit
from services.stores.gremlin.engines import AUTO, JANUSGRAPHS, Endpoint, Engine
from services.stores.gremlin.identifiers import KnownHubs, count_links, find_profiles, read_holders, read_identifiers
from services.stores.gremlin.janusgraph.opening import served_by
from services.stores.gremlin.janusgraph.reads import without_torn_rows
from services.stores.gremlin.janusgraph.writes import unique_properties
from services.stores.gremlin.opening import (
    StoreIdentity,
    identify,
    read_catalogue,
    read_identity,
    read_pulse,
    require_same,
)
from services.stores.gremlin.outbox import GremlinOutbox, read_writers
from services.stores.gremlin.plan import graph_writes
from services.stores.gremlin.reads import formed
from services.stores.gremlin.scans import WINDOW, windows
from services.stores.gremlin.socket import NOBODY, Credentials, Traversal
from services.stores.gremlin.spelling import spelling_for
from services.stores.port.errors import CatalogueChanged, CommitConflict, StoreError
from services.stores.port.identity import KeptCatalogue, Pulse, WriterState
from services.stores.port.plan import Plan, TaskWrite
from services.stores.port.protocols import Guarantees, Heap, Outbox
from services.stores.port.stored import (
    BucketsNeeded,
    Components,
    HistoryEntry,
    StoredIdentifier,
    StoredProfile,
    StoredRecord,
    StoredTask,
    StoredVerdict,
    all_buckets,
)
from services.traffic import Traffic

CHUNK = 2_000  #: vertices asked for in one request

Item = TypeVar("Item")
Key = TypeVar("Key")

_ONLY: Callable[[tuple[str, ...]], str] = itemgetter(0)  #: of what has one name only


class GremlinStore:
    """A store in a graph that a Gremlin Server serves; implements `Store`."""

    revisions = ids.GraphRevisions()

    def __init__(
        self,
        endpoint: Endpoint,
        identify_store: Callable[[Submit], Awaitable[StoreIdentity]],
        credentials: Credentials,
        migrator: str | None = None,
    ) -> None:
        self._engine = endpoint.engine
        self._spelling = spelling_for(endpoint.engine)
        self._identify = identify_store
        self._migrator = migrator
        self._identity: StoreIdentity | None = None
        self._connection = Connection(endpoint, credentials, self._greet)
        submit = self._connection.submit
        self._submit = without_torn_rows(submit) if endpoint.engine in JANUSGRAPHS else submit
        self._hubs = KnownHubs()
        self._claiming = asyncio.Lock()  #: all claims write on the store, so that two at once refuse each other
        self._written_at = -math.inf

    @classmethod
    async def open(
        cls,
        url: str,
        fingerprint: str,
        *,
        catalogue: KeptCatalogue | None = None,
        credentials: Credentials = NOBODY,
        any_meaning: bool = False,
        migrator: str | None = None,
        engine: str = AUTO,
    ) -> Self:
        """Connect to the graph at `url` (`ws://host:port/gremlin`); an empty graph becomes a new store.

        Args:
            url: where the Gremlin Server answers.
            fingerprint: the meaning of the catalogue to work with.
            catalogue: the one of this fingerprint, to be kept where it is, or comes, into force.
            credentials: for servers that ask.
            any_meaning: work with the meaning that is in force in the graph, where that is another one.
            migrator: of who migrates the graph: the id by which it does.
            engine: what serves the graph (an `Engine`), or `AUTO`: that is found out.

        Raises:
            CatalogueChanged: another meaning of the catalogue is in force in the graph.
            OtherForm, MigrationUnderWay, MigrationTaken: see `StoredForm.require`.
            StoreUnavailable: nothing answers there.
            StoreError: the graph cannot be used; the message says why.
        """
        endpoint = await served_by(url, engine, credentials)
        identify_store = partial(
            identify,
            fingerprint=fingerprint,
            catalogue=catalogue,
            any_meaning=any_meaning,
            migrator=migrator,
            has_transactions=endpoint.engine is not Engine.GREMLIN_SERVER,
            unique=unique_properties(endpoint.engine),
        )
        store = cls(endpoint, identify_store, credentials, migrator)
        try:
            await store._connection.connect()
        except BaseException:
            await store.close()
            raise
        return store

    @property
    def guarantees(self) -> Guarantees:
        """See `Store.guarantees`."""
        return self._engine.guarantees

    @property
    def store_id(self) -> str:
        """See `Store.store_id`."""
        return self._known_identity.store_id

    @property
    def former_ids(self) -> frozenset[str]:
        """See `Store.former_ids`."""
        return self._known_identity.former_ids

    @property
    def version_floor(self) -> int:
        """See `Store.version_floor`."""
        return self._known_identity.version_floor

    @property
    def fingerprint(self) -> str:
        """See `Store.fingerprint`."""
        return self._known_identity.fingerprint

    @property
    def generation(self) -> int:
        """See `Store.generation`; as it was when the store was connected, or an outbox last claimed."""
        return self._known_identity.generation

    @property
    def traffic(self) -> Traffic:
        """See `Store.traffic`."""
        return self._connection.traffic

    @property
    def written_at(self) -> float:
        """See `Store.written_at`."""
        return self._written_at

    async def read_heap(self) -> Heap | None:
        """See `StoreInMemory.read_heap`."""
        return None if self.guarantees.durable else await self._connection.read_heap()

    async def prove_writable(self) -> None:
        """See `Store.prove_writable`."""
        with suppress(CommitConflict):  # whoever loses to another commit has seen that one written
            await self._submit(opening.written_and_removed())
        self._written_at = time.monotonic()

    async def read_pulse(self) -> Pulse:
        """See `Store.read_pulse`."""
        return await read_pulse(self._submit, self._known_identity)

    async def read_catalogue(self) -> KeptCatalogue | None:
        """See `Store.read_catalogue`."""
        return await read_catalogue(self._submit)

    async def adopt(self, fingerprint: str) -> None:
        """See `Store.adopt`."""
        found = await read_identity(self._submit, self._known_identity)
        if found.fingerprint != fingerprint:
            raise CatalogueChanged(found.fingerprint, fingerprint)
        self._identity = found

    async def read_records(self, addresses: Collection[RecordAddress]) -> Mapping[RecordAddress, StoredRecord]:
        """See `Store.read_records`."""
        rows = await self._read(reads.records_traversal, map(ids.record_id, addresses))
        return await formed(rows, reads.records_of)

    async def read_identifiers(
        self, wanted: Mapping[Identifier, int], needed: BucketsNeeded = all_buckets
    ) -> Mapping[Identifier, StoredIdentifier]:
        """See `Store.read_identifiers`."""
        return await read_identifiers(self._read, self._spelling, wanted, self._hubs, needed)

    async def read_holders(self, identifier: Identifier) -> tuple[RecordAddress, ...]:
        """See `Store.read_holders`."""
        return await read_holders(self._submit, identifier, self._spelling.row_key)

    async def read_links(self, addresses: Collection[RecordAddress]) -> Mapping[RecordAddress, tuple[Identifier, ...]]:
        """See `Store.read_links`."""
        by_vertex = {ids.record_id(address): address for address in addresses}
        rows = await self._spelling.link_rows(self._read, by_vertex)
        return await formed(rows, lambda found: {by_vertex[row["id"]]: reads.linked_identifiers(row) for row in found})

    async def read_components(self, profile_ids: Collection[str]) -> Components:
        """See `Store.read_components`."""
        rows = await self._spelling.component_rows(self._read, map(ids.profile_id, profile_ids))
        return await formed(rows, reads.components_of, sum(len(row["records"]) for row in rows))

    async def commit(self, plan: Plan, outbox: Outbox) -> None:
        """See `Store.commit`.

        Raises:
            CommitConflict: something was changed by another commit, or the plan is too large for one request
                (`CommitTooLarge`: commit less at once); nothing was written.
            ClaimLost: another worker has taken over the outbox; nothing was written.
            StoreUnavailable: the connection was lost, and it could not be found out whether the plan is in force.
        """
        if not isinstance(outbox, GremlinOutbox):
            raise TypeError(f"an outbox claimed from this store is expected, not {type(outbox).__name__}")
        async with outbox.place_for(plan) as place:
            request = self._spelling.commit(graph_writes(plan, place), divisible=plan.divisible)
            if not request.is_accepted(await self._submit(request.traversal)):
                raise CommitConflict("something that the plan rests on has changed since; read again")
        self._written_at = time.monotonic()

    async def read_profile(self, profile_id: str) -> StoredProfile | None:
        """See `Store.read_profile`."""
        rows = await self._submit(reads.profiles_traversal([ids.profile_id(profile_id)]))
        return reads.stored_profile(rows[0]) if rows else None

    async def read_profiles(self, profile_ids: Collection[str]) -> Mapping[str, StoredProfile]:
        """See `Store.read_profiles`."""
        rows = await self._read(reads.profiles_traversal, map(ids.profile_id, profile_ids))
        return await formed(rows, lambda found: {row["profile_id"]: reads.stored_profile(row) for row in found})

    async def read_versions(self, profile_ids: Collection[str]) -> Mapping[str, int]:
        """See `Store.read_versions`."""
        rows = await self._read(reads.versions_traversal, map(ids.profile_id, profile_ids))
        return {row["profile_id"]: row["version"] for row in rows}

    async def find_profiles(self, identifier: Identifier, limit: int) -> tuple[StoredProfile, ...]:
        """See `Store.find_profiles`."""
        return await find_profiles(self._submit, identifier, limit)

    async def read_history(self, profile_id: str) -> tuple[HistoryEntry, ...]:
        """See `Store.read_history`."""
        return tuple(map(reads.history_entry, await self._submit(reads.history_traversal(ids.profile_id(profile_id)))))

    async def read_verdicts(self, verdict_ids: Collection[str]) -> Mapping[str, StoredVerdict]:
        """See `Store.read_verdicts`."""
        rows = await self._read(reads.verdicts_traversal, map(ids.verdict_id, verdict_ids))
        return await formed(rows, reads.verdicts_of)

    async def read_tasks(self) -> tuple[StoredTask, ...]:
        """See `Store.read_tasks`."""
        await require_same(self._submit, self._known_identity, self._migrator)
        return tuple(map(reads.stored_task, await self._submit(reads.tasks_traversal())))

    async def change_catalogue(self, fingerprint: str, task: TaskWrite, catalogue: KeptCatalogue | None = None) -> None:
        """See `Store.change_catalogue`."""
        self._identity = await change_catalogue(
            self._submit, self._spelling.change, self._known_identity, fingerprint, task, catalogue
        )

    async def restored(self) -> None:
        """See `Store.restored`."""
        self._identity = await restored(self._submit, self._spelling.restore, self._known_identity)

    async def scan_records(self, after: RecordAddress | None = None) -> AsyncIterator[StoredRecord]:
        """See `Store.scan_records`."""
        async for _, stored in self._scan(ids.Label.RECORD, RecordAddress._make, self.read_records, after):
            yield stored

    async def scan_profiles(self, after: str = "") -> AsyncIterator[StoredProfile]:
        """See `Store.scan_profiles`."""
        async for _, stored in self._scan(ids.Label.PROFILE, _ONLY, self.read_profiles, (after,) if after else None):
            yield stored

    async def scan_identifiers(self) -> AsyncIterator[tuple[Identifier, StoredIdentifier]]:
        """See `Store.scan_identifiers`."""

        async def read(identifiers: Sequence[Identifier]) -> Mapping[Identifier, StoredIdentifier]:
            return await self.read_identifiers(dict.fromkeys(identifiers, 0))

        async for found in self._scan(ids.Label.IDENTIFIER, Identifier._make, read):
            yield found

    async def scan_verdicts(self, after: str = "") -> AsyncIterator[VerdictEntry]:
        """See `Store.scan_verdicts`."""
        async for _, stored in self._scan(ids.Label.VERDICT, _ONLY, self.read_verdicts, (after,) if after else None):
            yield stored.entry

    async def scan_links(self) -> AsyncIterator[tuple[Identifier, int]]:
        """See `Store.scan_links`."""
        async for found in self._scan(ids.Label.IDENTIFIER, Identifier._make, partial(count_links, self._read)):
            yield found

    async def claim_outbox(self, writer: str) -> GremlinOutbox:
        """See `Store.claim_outbox`."""
        while True:
            async with self._claiming:
                outbox = await GremlinOutbox.claim(
                    self._submit, self._spelling.claim, writer, self.fingerprint, self._migrator
                )
            self._identity = await require_same(self._submit, self._known_identity, self._migrator)
            if outbox is not None:
                return outbox

    async def remove_tombstones(self, addresses: Collection[RecordAddress]) -> None:
        """See `Store.remove_tombstones`."""
        for chunk in _chunks(list(map(ids.record_id, addresses))):
            await self._submit(self._spelling.removal(chunk))

    async def read_writers(self) -> Mapping[str, WriterState]:
        """See `Store.read_writers`."""
        return await read_writers(self._submit)

    async def close(self) -> None:
        """See `Store.close`."""
        await self._connection.close()

    @property
    def _known_identity(self) -> StoreIdentity:
        if self._identity is None:
            raise StoreError("this store was never opened; use `GremlinStore.open`")
        return self._identity

    async def _greet(self, submit: Submit) -> None:
        if self._identity is None:
            self._identity = await self._identify(submit)
        else:
            # Whatever catalogue is in force by now: only who claims an outbox must work with that one.
            (await read_identity(submit, self._identity)).form.require(self._migrator)

    async def _scan(
        self,
        label: ids.Label,
        key: Callable[[tuple[str, ...]], Key],
        read: Callable[[Sequence[Key]], Awaitable[Mapping[Key, Item]]],
        after: Sequence[str] | None = None,
    ) -> AsyncIterator[tuple[Key, Item]]:
        """Everything of a label, in order; `key` makes of the names in a window what `read` asks for."""
        async for names in windows(self._submit, label, self._spelling.row_key, WINDOW, after):
            for chunk in _chunks([key(name) for name in names]):
                found = await read(chunk)
                for wanted in chunk:
                    if wanted in found:
                        yield wanted, found[wanted]

    async def _read(
        self, traversal: Callable[[Collection[str]], Traversal], vertices: Iterable[str]
    ) -> list[Mapping[str, Any]]:
        """Ask for vertices by id, in chunks that are in flight together."""
        chunks = _chunks(list(vertices))
        answers = await asyncio.gather(*(self._submit(traversal(chunk)) for chunk in chunks))
        return list(chain.from_iterable(answers))


def _chunks(items: Sequence[Item]) -> Iterator[Sequence[Item]]:
    for start in range(0, len(items), CHUNK):
        yield items[start : start + CHUNK]
