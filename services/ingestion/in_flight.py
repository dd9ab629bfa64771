"""What a store will say once a plan that is on its way to it is in force.

What the plan writes is laid over what the store says; all else the store says itself. So it makes no difference whether
a read meets the store before, after or in the midst of the commit: nothing that the commit changes is taken from it.
Where what the plan does cannot be told from the plan, the commit is waited for.

A plan over a plan rests on revisions that the first one gives. Where that does not come into force, they never were,
and the store refuses the second one.
"""

from collections import defaultdict
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from functools import cached_property

from msgspec import structs

from graph_model.records.record import Record, RecordAddress
from graph_model.resolution.hubs import BUCKETS
from graph_model.values.identifiers import Identifier
from services.ingestion.loading import Loaded
from services.stores.port.plan import BucketWrite, IdentifierWrite, Plan, ProfileWrite, RecordWrite
from services.stores.port.protocols import Revisions, SurroundingsReader
from services.stores.port.stored import (
    BucketsNeeded,
    Components,
    StoredBucket,
    StoredIdentifier,
    StoredProfile,
    StoredRecord,
    StoredVerdict,
    all_buckets,
)


class InFlight:
    """Reads a store as if a plan were in force; implements `SurroundingsReader`."""

    def __init__(
        self, store: SurroundingsReader, loaded: Loaded, plan: Plan, until_in_force: Callable[[], Awaitable[None]]
    ) -> None:
        """Prepare to read.

        Args:
            store: what the plan is on its way to.
            loaded: what the plan was made of.
            plan: what is on its way.
            until_in_force: returns once the plan is in force, and raises where it does not come into force.
        """
        self._store = store
        self._after = _After(loaded, plan, store.revisions)
        self._until_in_force = until_in_force

    @property
    def generation(self) -> int:
        """See `Store.generation`."""
        return self._store.generation

    @property
    def revisions(self) -> Revisions:
        """See `Store.revisions`."""
        return self._store.revisions

    async def read_records(self, addresses: Collection[RecordAddress]) -> Mapping[RecordAddress, StoredRecord]:
        """See `Store.read_records`."""
        if self._after.leaves_alone(addresses):
            return await self._store.read_records(addresses)
        found = {address: known for address in addresses if (known := self._after.record(address)) is not None}
        asked = [address for address in addresses if address not in found]
        stored = await self._store.read_records(asked) if asked else {}
        for address in asked:
            try:
                laid_over = self._after.record_over(address, stored.get(address))
            except _CannotTellError:
                await self._until_in_force()
                return await self._store.read_records(addresses)
            if laid_over is not None:
                found[address] = laid_over
        return found

    async def read_identifiers(
        self, wanted: Mapping[Identifier, int], needed: BucketsNeeded = all_buckets
    ) -> Mapping[Identifier, StoredIdentifier]:
        """See `Store.read_identifiers`."""
        written = {i: up_to for i, up_to in wanted.items() if i in self._after.lists}
        asked = {i: up_to for i, up_to in wanted.items() if i not in written}
        try:
            known = {i: self._after.listed(i, up_to) for i, up_to in written.items()}
            stored = await self._store.read_identifiers(asked, needed) if asked else {}
            over = {i: self._after.identifier_over(i, found, wanted[i], needed) for i, found in stored.items()}
        except _CannotTellError:
            await self._until_in_force()
            return await self._store.read_identifiers(wanted, needed)
        return {i: found for i, found in known.items() if found is not None} | over

    async def read_holders(self, identifier: Identifier) -> tuple[RecordAddress, ...]:
        """See `Store.read_holders`."""
        await self._until_in_force()
        return await self._store.read_holders(identifier)

    async def read_links(self, addresses: Collection[RecordAddress]) -> Mapping[RecordAddress, tuple[Identifier, ...]]:
        """See `Store.read_links`."""
        await self._until_in_force()
        return await self._store.read_links(addresses)

    async def read_components(self, profile_ids: Collection[str]) -> Components:
        """See `Store.read_components`."""
        asked = [profile_id for profile_id in profile_ids if profile_id not in self._after.profiles]
        stored = await self._store.read_components(asked) if asked else _NO_COMPONENTS
        return self._after.components_over(stored, profile_ids)

    async def read_verdicts(self, verdict_ids: Collection[str]) -> Mapping[str, StoredVerdict]:
        """See `Store.read_verdicts`."""
        if self._after.writes_verdicts:
            await self._until_in_force()
        return await self._store.read_verdicts(verdict_ids)


_NO_COMPONENTS = Components(profiles={}, records={}, memberships={})


class _CannotTellError(Exception):
    """What a plan makes of something cannot be told from the plan."""


@dataclass(frozen=True)  # not slotted: of cached properties
class _After:
    """What a plan makes of everything that it writes, and of what hangs together with that. Pure.

    A profile that a plan writes was loaded whole, with its component: so the records of these profiles are known,
    and with them who carries what there.
    """

    loaded: Loaded
    plan: Plan
    revisions: Revisions

    @cached_property
    def profiles(self) -> Mapping[str, StoredProfile]:
        """The profiles that it writes."""
        return {write.profile_id: self._profile(write) for write in self.plan.profiles}

    @cached_property
    def lists(self) -> Mapping[Identifier, IdentifierWrite]:
        """The identifiers that it writes, with how many holders they list."""
        return {write.identifier: write for write in self.plan.identifiers}

    @property
    def writes_verdicts(self) -> bool:
        """Whether the ledger changes."""
        return bool(self.plan.verdicts)

    def leaves_alone(self, addresses: Collection[RecordAddress]) -> bool:
        """Whether records are none of those that it writes, and it writes no profile that one could be of."""
        return not self.plan.profiles and self._written.keys().isdisjoint(addresses)

    def record(self, address: RecordAddress) -> StoredRecord | None:
        """A record that it writes, unless its profile is another's."""
        write = self._written.get(address)
        if write is None:
            return None
        if write.profile_id is None:
            return self._record(write, ())
        profile = self.profiles.get(write.profile_id)
        return None if profile is None else self._record(write, profile.component)

    def record_over(self, address: RecordAddress, stored: StoredRecord | None) -> StoredRecord | None:
        """What it makes of a record in the store of which `record` does not know all.

        Raises:
            _CannotTellError: the store does not tell the rest.
        """
        write = self._written.get(address)
        if write is not None:
            if stored is None or stored.profile_id != write.profile_id:
                raise _CannotTellError
            return self._record(write, stored.component)
        if stored is None:
            return None
        profile_id = stored.profile_id
        if not stored.record.is_tombstone:
            profile_id = self._members.get(address, profile_id)
        profile = self.profiles.get(profile_id) if profile_id is not None else None
        if profile is None:
            return stored
        return structs.replace(stored, profile_id=profile.profile_id, component=profile.component)

    def listed(self, identifier: Identifier, up_to: int) -> StoredIdentifier | None:
        """An identifier that it writes; None: it is gone.

        Raises:
            _CannotTellError: it gets or gives up buckets, or not all of its few holders are known.
        """
        write = self.lists[identifier]
        if write.is_hub or identifier in self._buckets:
            raise _CannotTellError
        if not write.holders:
            return None
        return StoredIdentifier(
            revision=self.revisions.of_identifier(identifier, self.plan.commit_id),
            holders=write.holders,
            component=self._component_of_all(identifier, write.holders) if write.holders <= up_to else (),
            buckets={},
        )

    def identifier_over(
        self, identifier: Identifier, stored: StoredIdentifier, up_to: int, needed: BucketsNeeded
    ) -> StoredIdentifier:
        """What it makes of an identifier in the store, other than one whose own list it writes.

        Raises:
            _CannotTellError: what it does to a hub makes other buckets sufficient, or few of its holders; or not all of
                its few holders are known.
        """
        if identifier in self._buckets:
            stored = self._hub_over(identifier, stored, needed)
            if stored.holders <= up_to:
                raise _CannotTellError
        is_elsewhere = identifier not in self._carriers and self.profiles.keys().isdisjoint(stored.component)
        if stored.holders > up_to or is_elsewhere:
            return stored
        return structs.replace(stored, component=self._component_of_all(identifier, stored.holders))

    def components_over(self, stored: Components, profile_ids: Collection[str]) -> Components:
        """Components of the store together with those of the profiles that it writes."""
        profiles, memberships = dict(stored.profiles), {}
        records: dict[RecordAddress, Record] = {}
        for address, record in stored.records.items():
            write = self._written.get(address)
            is_elsewhere = address in self._members or (write is not None and write.record.is_tombstone)
            if not is_elsewhere:
                records[address] = record if write is None else write.record
                memberships[address] = stored.memberships[address]
        for profile_id in profile_ids:
            if profile_id in self.profiles:
                profiles[profile_id] = self.profiles[profile_id]
                for address in self._members_of.get(profile_id, ()):
                    records[address] = self._content(address)
                    memberships[address] = profile_id
        return Components(profiles=profiles, records=records, memberships=memberships)

    @cached_property
    def _written(self) -> Mapping[RecordAddress, RecordWrite]:
        return {write.record.address: write for write in self.plan.records}

    @cached_property
    def _buckets(self) -> Mapping[Identifier, Mapping[int, BucketWrite]]:
        buckets: defaultdict[Identifier, dict[int, BucketWrite]] = defaultdict(dict)
        for write in self.plan.buckets:
            buckets[write.identifier][write.number] = write
        return buckets

    @cached_property
    def _members(self) -> Mapping[RecordAddress, str]:
        """The live records of the profiles that it writes."""
        members = {a: p for a, p in self.loaded.components.memberships.items() if a in self.loaded.mapped}
        members.update(self.plan.memberships)
        for address, write in self._written.items():
            if write.record.is_tombstone:
                members.pop(address, None)
            elif write.profile_id is not None and address in self.loaded.mapped:
                members[address] = write.profile_id
        return {address: profile_id for address, profile_id in members.items() if profile_id in self.profiles}

    @cached_property
    def _members_of(self) -> Mapping[str, Collection[RecordAddress]]:
        members: defaultdict[str, list[RecordAddress]] = defaultdict(list)
        for address, profile_id in self._members.items():
            members[profile_id].append(address)
        return members

    @cached_property
    def _carriers(self) -> Mapping[Identifier, Collection[RecordAddress]]:
        """Who carries what among the live records of the profiles that it writes."""
        carriers: defaultdict[Identifier, list[RecordAddress]] = defaultdict(list)
        for address in self._members:
            for identifier in self.loaded.mapped[address].identifiers:
                carriers[identifier].append(address)
        return carriers

    def _component_of_all(self, identifier: Identifier, holders: int) -> tuple[str, ...]:
        """The profiles of the components of so many holders, where all of them are known."""
        carriers = self._carriers.get(identifier, ())
        if len(carriers) != holders:
            raise _CannotTellError
        at = {self._members[address] for address in carriers}
        return tuple(sorted({profile_id for each in at for profile_id in self.profiles[each].component}))

    def _content(self, address: RecordAddress) -> Record:
        write = self._written.get(address)
        return self.loaded.mapped[address].record if write is None else write.record

    def _record(self, write: RecordWrite, component: tuple[str, ...]) -> StoredRecord:
        return StoredRecord(
            record=write.record,
            revision=self.revisions.of_record(write.record.address, self.plan.commit_id),
            profile_id=write.profile_id,
            component=component,
        )

    def _profile(self, write: ProfileWrite) -> StoredProfile:
        revision = self.revisions.of_profile(write.profile_id, self.plan.commit_id)
        if write.document is None:
            return structs.replace(self.loaded.components.profiles[write.profile_id], revision=revision)
        return StoredProfile(
            profile_id=write.profile_id,
            revision=revision,
            version=write.version,
            status=write.status,
            document=write.document,
            component=write.component,
            guests=write.guests,
        )

    def _hub_over(self, identifier: Identifier, stored: StoredIdentifier, needed: BucketsNeeded) -> StoredIdentifier:
        """A hub that stays one, with the buckets that are needed of it."""
        written = self._buckets[identifier]
        if not stored.is_hub:
            raise _CannotTellError
        buckets = dict(stored.buckets)
        for number in written.keys() & buckets.keys():
            holders = written[number].holders
            if holders is None:
                raise _CannotTellError
            revision = self.revisions.of_bucket(identifier, number, self.plan.commit_id)
            buckets[number] = StoredBucket(revision=revision, holders=holders)
        sufficient = needed(identifier)
        chosen = None if sufficient is None else sufficient.among(buckets)
        if chosen is None and len(buckets) < BUCKETS:
            raise _CannotTellError
        kept = chosen if chosen is not None else buckets
        return structs.replace(
            stored, buckets=kept, holders=sum(bucket.holders for bucket in kept.values()), component=()
        )
