"""What a steward decides: that two records are one person, that they are two, or that a profile is several people.

IdentityGraphError
├── UnknownRecord           no source ever sent this record (`services.batches`)
└── DecisionRefused
    ├── UnknownVerdict      no verdict ever had this id
    ├── VerdictWithdrawn    it has been withdrawn before
    ├── OneRecord           a verdict is about two records
    ├── Contradiction       verdicts in force say the opposite
    └── WrongGroups         the groups of a split are not the records of the profile
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import orjson

from graph_model.catalogue import Catalogue
from graph_model.errors import IdentityGraphError
from graph_model.identifiers import Identifier
from graph_model.mapping import MappedRecord
from graph_model.profiles import document_generic
from graph_model.records import Judgement, Record, RecordAddress, Verdict
from graph_model.resolve import resolve
from graph_model.splitting import Pair, separating_verdicts
from graph_model.verdicts import VerdictEntry, Withdrawal, contradicting
from services.batches import UnknownRecord
from services.clock import new_id, now_milliseconds
from services.loading import map_records
from services.lookup import one_by_id
from services.stores.port import Store, StoredVerdict, VerdictWrite
from services.writer import Writer


class DecisionRefused(IdentityGraphError):
    """The decision cannot be brought into force."""


class UnknownVerdict(DecisionRefused):
    """There is no verdict of this id."""

    def __init__(self) -> None:
        super().__init__("no verdict has this id; GET /v1/verdicts lists all of them")


class VerdictWithdrawn(DecisionRefused):
    """The verdict has been withdrawn before."""

    def __init__(self, entry: VerdictEntry) -> None:
        author = "somebody" if entry.withdrawal is None else entry.withdrawal.author
        super().__init__(f"this verdict was withdrawn by {author} before; give a new one where it is to hold again")


class OneRecord(DecisionRefused):
    """A verdict names one record twice."""

    def __init__(self, address: RecordAddress) -> None:
        super().__init__(f"a verdict is about two records, but both sides are {address}")


class Contradiction(DecisionRefused):
    """Verdicts in force say the opposite."""

    def __init__(self, verdicts: Sequence[Verdict]) -> None:
        listed = "; ".join(f"{v.verdict_id} ({v.low} and {v.high} are {v.judgement})" for v in verdicts)
        super().__init__(f"verdicts in force say the opposite: {listed}. Withdraw one of them first")
        self.verdicts = tuple(verdicts)


class WrongGroups(DecisionRefused):
    """The groups are not the records of the profile, each in one group."""

    def __init__(self, faults: Mapping[str, Iterable[RecordAddress]]) -> None:
        listed = "; ".join(f"{fault}: {', '.join(map(str, sorted(found)))}" for fault, found in faults.items() if found)
        super().__init__(
            "each record of the profile is expected in exactly one of at least two groups"
            + (f"; {listed}" if listed else "")
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """A profile split by a steward."""

    verdicts: tuple[VerdictEntry, ...]  #: those that were needed
    profile_ids: tuple[str, ...]  #: the profile of each group now


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """Who decides, and why."""

    author: str
    reason: str


class Stewardship:
    """Gives and withdraws verdicts, and splits profiles."""

    def __init__(
        self, store: Store, catalogue: Catalogue, writer: Writer, *, clock: Callable[[], int] = now_milliseconds
    ) -> None:
        self._store = store
        self._catalogue = catalogue
        self._writer = writer
        self._clock = clock

    async def give(
        self, judgement: Judgement, one: RecordAddress, other: RecordAddress, signature: Signature
    ) -> VerdictEntry:
        """Bring a verdict into force; where the same one is in force already, that one is the answer.

        Raises:
            OneRecord: both sides are the same record.
            UnknownRecord: a record was never there.
            Contradiction: verdicts in force say the opposite.
            NobodyPublishes, StoreError: see `Writer.lend` and `Ingest.decide`.
        """
        if one == other:
            raise OneRecord(one)
        async with self._writer.lend() as ingest:
            entry = self._entry((min(one, other), max(one, other), judgement), signature)
            in_force = await self._verdicts_around([one, other])
            for verdict in in_force:
                if (verdict.low, verdict.high, verdict.judgement) == (entry.verdict.low, entry.verdict.high, judgement):
                    return (await self._stored(verdict.verdict_id)).entry
            if against := contradicting(entry.verdict, in_force):
                raise Contradiction(against)
            await ingest.decide([VerdictWrite(entry=entry, expected=None)])
            return entry

    async def withdraw(self, verdict_id: str, author: str) -> VerdictEntry:
        """Take a verdict back.

        Raises:
            UnknownVerdict: there is none of this id.
            VerdictWithdrawn: it was withdrawn before.
            NobodyPublishes, StoreError: see `Writer.lend` and `Ingest.decide`.
        """
        async with self._writer.lend() as ingest:
            stored = await self._stored(verdict_id)
            if not stored.entry.is_in_force:
                raise VerdictWithdrawn(stored.entry)
            withdrawal = Withdrawal(author=author, withdrawn_at=self._clock())
            entry = replace(stored.entry, withdrawal=withdrawal)
            await ingest.decide([VerdictWrite(entry=entry, expected=stored.revision)])
            return entry

    async def split(self, profile_id: str, groups: Sequence[Sequence[RecordAddress]], signature: Signature) -> Split:
        """Write the verdicts that make a profile into one for each group.

        Raises:
            UnknownProfile, ScatteredProfile, ProfileGone: there is no such live profile.
            WrongGroups: records are missing, repeated, or not the profile's.
            Contradiction: verdicts in force join records of two groups, or separate records of one.
            NobodyPublishes, StoreError: see `Writer.lend` and `Ingest.decide`.
        """
        async with self._writer.lend() as ingest:
            profile = await one_by_id(self._store, profile_id)
            components = await self._store.read_components(profile.component)
            members = {a for a, owner in components.memberships.items() if owner == profile.profile_id}
            _check_groups(groups, members)
            if against := _against_groups(groups, components.records.values()):
                raise Contradiction(against)
            mapped = await map_records(self._store, self._catalogue, components.records)
            documents = [orjson.loads(known.document) for known in components.profiles.values()]
            generic = frozenset(identifier for document in documents for identifier in document_generic(document))
            pairs = separating_verdicts(groups, self._partition(mapped, generic))
            entries = tuple(self._entry(pair, signature) for pair in pairs)
            await ingest.decide([VerdictWrite(entry=entry, expected=None) for entry in entries])
            firsts = [min(group) for group in groups]
            stored = await self._store.read_records(firsts)
            return Split(verdicts=entries, profile_ids=tuple(stored[first].profile_id or "" for first in firsts))

    def _partition(
        self, mapped: Mapping[RecordAddress, MappedRecord], generic: frozenset[Identifier]
    ) -> Callable[[Sequence[Pair]], list[tuple[RecordAddress, ...]]]:
        in_force = {verdict for each in mapped.values() for verdict in each.record.verdicts}

        def with_verdicts(pairs: Sequence[Pair]) -> list[tuple[RecordAddress, ...]]:
            verdicts = in_force | {Verdict(*pair, verdict_id="") for pair in pairs}
            components = resolve(mapped, verdicts, generic, self._catalogue)
            return [cluster.members for component in components for cluster in component.clusters]

        return with_verdicts

    def _entry(self, pair: Pair, signature: Signature) -> VerdictEntry:
        return VerdictEntry(
            verdict=Verdict(*pair, verdict_id=new_id()),
            reason=signature.reason,
            author=signature.author,
            given_at=self._clock(),
        )

    async def _stored(self, verdict_id: str) -> StoredVerdict:
        stored = (await self._store.read_verdicts([verdict_id])).get(verdict_id)
        if stored is None:
            raise UnknownVerdict
        return stored

    async def _verdicts_around(self, addresses: Sequence[RecordAddress]) -> set[Verdict]:
        """The verdicts about records, and about those that "same" verdicts join with them."""
        found: set[Verdict] = set()
        seen: set[RecordAddress] = set()
        frontier = set(addresses)
        while frontier:
            stored = await self._store.read_records(frontier)
            for address in addresses if not seen else ():
                if address not in stored:
                    raise UnknownRecord(address)
            seen |= frontier
            around = {verdict for record in stored.values() for verdict in record.record.verdicts}
            found |= around
            joined = {end for v in around if v.judgement is Judgement.SAME for end in (v.low, v.high)}
            frontier = joined - seen
        return found


def _check_groups(groups: Sequence[Sequence[RecordAddress]], members: set[RecordAddress]) -> None:
    named = Counter(address for group in groups for address in group)
    faults = {
        "missing": members - named.keys(),
        "repeated": [address for address, count in named.items() if count > 1],
        "not of this profile": named.keys() - members,
    }
    if len(groups) < 2 or any(faults.values()) or not all(groups):
        raise WrongGroups(faults)


def _against_groups(groups: Sequence[Sequence[RecordAddress]], records: Iterable[Record]) -> list[Verdict]:
    """The verdicts in force that join records of two groups, or separate records of one."""
    group_of = {address: index for index, group in enumerate(groups) for address in group}
    in_force = {verdict for record in records for verdict in record.verdicts}
    return sorted(
        verdict
        for verdict in in_force
        if verdict.low in group_of
        and verdict.high in group_of
        and (group_of[verdict.low] == group_of[verdict.high]) != (verdict.judgement is Judgement.SAME)
    )
