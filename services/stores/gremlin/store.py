"""The graph store: a Gremlin Server behind the port `services.stores.port.Store`."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable, Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, Self, TypeVar

from graph_model.identifiers import Identifier
from graph_model.records import RecordAddress
from services.stores.errors import CommitConflict, StoreError
from services.stores.gremlin import ids, reads
from services.stores.gremlin.bulk_writes import ACCEPTED, bulk_traversal
from services.stores.gremlin.connection import Connection, Submit
from services.stores.gremlin.opening import StoreIdentity, identify, require_same
from services.stores.gremlin.outbox import GremlinOutbox
from services.stores.gremlin.plan import graph_writes
from services.stores.gremlin.scans import WINDOW, windows
from services.stores.gremlin.socket import Credentials, Traversal
from services.stores.port import Components, Guarantees, Outbox, Plan, StoredIdentifier, StoredProfile, StoredRecord

CHUNK = 500  #: vertices asked for in one request

Item = TypeVar("Item")


class GremlinStore:
    """A store in a graph that a Gremlin Server serves; implements `Store`."""

    #: Of a TinkerTransactionGraph: nothing is lost by races, everything by a restart.
    guarantees = Guarantees(guarded_commits="safe", durable=False)

    def __init__(self, url: str, fingerprint: str, credentials: Credentials) -> None:
        self._fingerprint = fingerprint
        self._identity: StoreIdentity | None = None
        self._connection = Connection(url, credentials, self._greet)
        self._submit = self._connection.submit

    @classmethod
    async def open(cls, url: str, fingerprint: str, username: str = "", password: str = "") -> Self:
        """Connect to the graph at `url` (`ws://host:port/gremlin`); an empty graph becomes a new store.

        Raises:
            CatalogueChanged: the store was built with a catalogue of another meaning.
            StoreUnavailable: nothing answers there.
            StoreError: the graph cannot be used; the message says why.
        """
        store = cls(url, fingerprint, Credentials(username, password))
        try:
            await store._connection.connect()
        except BaseException:
            await store.close()
            raise
        return store

    @property
    def store_id(self) -> str:
        """See `Store.store_id`."""
        if self._identity is None:
            raise StoreError("this store was never opened; use `GremlinStore.open`")
        return self._identity.store_id

    async def read_records(self, addresses: Collection[RecordAddress]) -> Mapping[RecordAddress, StoredRecord]:
        """See `Store.read_records`."""
        rows = await self._read(reads.records_traversal, map(ids.record_id, addresses))
        found = map(reads.stored_record, rows)
        return {stored.record.address: stored for stored in found}

    async def read_identifiers(self, wanted: Mapping[Identifier, int]) -> Mapping[Identifier, StoredIdentifier]:
        """See `Store.read_identifiers`."""
        by_vertex = {ids.identifier_id(identifier): identifier for identifier in wanted}
        by_limit: defaultdict[int, list[str]] = defaultdict(list)
        for vertex, identifier in by_vertex.items():
            by_limit[wanted[identifier]].append(vertex)
        answers = await asyncio.gather(
            *(
                self._submit(reads.identifiers_traversal(chunk, up_to))
                for up_to, vertices in by_limit.items()
                for chunk in _chunks(vertices)
            )
        )
        return {by_vertex[row["id"]]: reads.stored_identifier(row) for row in chain.from_iterable(answers)}

    async def read_components(self, profile_ids: Collection[str]) -> Components:
        """See `Store.read_components`."""
        return reads.components_of(await self._read(reads.components_traversal, map(ids.profile_id, profile_ids)))

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
            answer = await self._submit(bulk_traversal(graph_writes(plan, place)))
            if answer != ACCEPTED:
                raise CommitConflict("something that the plan rests on has changed since; read again")

    async def read_profile(self, profile_id: str) -> StoredProfile | None:
        """See `Store.read_profile`."""
        rows = await self._submit(reads.profiles_traversal([ids.profile_id(profile_id)]))
        return reads.stored_profile(rows[0]) if rows else None

    async def read_profiles(self, profile_ids: Collection[str]) -> Mapping[str, StoredProfile]:
        """See `Store.read_profiles`."""
        rows = await self._read(reads.profiles_traversal, map(ids.profile_id, profile_ids))
        return {row["profile_id"]: reads.stored_profile(row) for row in rows}

    async def read_versions(self, profile_ids: Collection[str]) -> Mapping[str, int]:
        """See `Store.read_versions`."""
        rows = await self._read(reads.versions_traversal, map(ids.profile_id, profile_ids))
        return {row["profile_id"]: row["version"] for row in rows}

    async def find_profiles(self, identifier: Identifier, limit: int) -> tuple[StoredProfile, ...]:
        """See `Store.find_profiles`."""
        rows = await self._submit(reads.holders_profiles_traversal(ids.identifier_id(identifier), limit))
        return tuple(map(reads.stored_profile, rows))

    async def scan_records(self) -> AsyncIterator[StoredRecord]:
        """See `Store.scan_records`."""
        async for names in windows(self._submit, ids.Label.RECORD, WINDOW):
            addresses = [RecordAddress(source, key) for source, key in names]
            for chunk in _chunks(addresses):
                found = await self.read_records(chunk)
                for address in chunk:
                    if address in found:
                        yield found[address]

    async def scan_profiles(self) -> AsyncIterator[StoredProfile]:
        """See `Store.scan_profiles`."""
        async for names in windows(self._submit, ids.Label.PROFILE, WINDOW):
            for chunk in _chunks([profile for (profile,) in names]):
                found = await self.read_profiles(chunk)
                for profile in chunk:
                    if profile in found:
                        yield found[profile]

    async def scan_identifiers(self) -> AsyncIterator[tuple[Identifier, int]]:
        """See `Store.scan_identifiers`."""
        async for names in windows(self._submit, ids.Label.IDENTIFIER, WINDOW):
            for chunk in _chunks([Identifier(kind, value) for kind, value in names]):
                found = await self.read_identifiers(dict.fromkeys(chunk, 0))
                for identifier in chunk:
                    if identifier in found:
                        yield identifier, found[identifier].holders

    async def scan_links(self) -> AsyncIterator[tuple[Identifier, int]]:
        """See `Store.scan_links`."""
        async for names in windows(self._submit, ids.Label.IDENTIFIER, WINDOW):
            for chunk in _chunks([Identifier(kind, value) for kind, value in names]):
                rows = await self._read(reads.links_traversal, map(ids.identifier_id, chunk))
                links = {row["id"]: row["links"] for row in rows}
                for identifier in chunk:
                    yield identifier, links.get(ids.identifier_id(identifier), 0)

    async def claim_outbox(self, writer: str) -> GremlinOutbox:
        """See `Store.claim_outbox`."""
        return await GremlinOutbox.claim(self._submit, writer)

    async def close(self) -> None:
        """See `Store.close`."""
        await self._connection.close()

    async def _greet(self, submit: Submit) -> None:
        if self._identity is None:
            self._identity = await identify(submit, self._fingerprint)
        else:
            await require_same(submit, self._identity)

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
