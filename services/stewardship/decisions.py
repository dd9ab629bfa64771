"""What a steward decides: that two records are one person, that they are two, or that a profile is several people.

DecisionRefused (`services.stewardship.verdict_look_up`)
├── UnknownVerdict      no verdict ever had this id
├── VerdictWithdrawn    it has been withdrawn before
├── OneRecord           a verdict is about two records
├── Unsigned            there is no author, or no reason
├── WrongGroups         the groups of a split are not the records of the profile
└── ProfileMoved        the profile has changed under the split
"""

from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Final, TypeVar

from graph_model.catalogue.rules import Catalogue
from graph_model.profile.codec import marks_generic
from graph_model.records.record import RecordAddress
from graph_model.records.verdicts import Judgement, Verdict, VerdictEntry, Withdrawal, verdicts_of
from graph_model.resolution.mapping import MappedRecord
from graph_model.resolution.resolve import resolve
from graph_model.values.identifiers import Identifier
from services.clock import new_id, now_milliseconds
from services.ingestion.batches import UnknownRecord
from services.ingestion.ingest import Ingest
from services.ingestion.loading import Loaded, map_records
from services.ingestion.writer import Writer
from services.lookup.profiles import LookupFailed, one_by_id
from services.stewardship.verdict_look_up import (
    Contradiction,
    DecisionRefused,
    RecordMoved,
    present_address,
    require_agreement,
    require_unmoved,
    verdicts_around,
)
from services.stores.port.errors import ClaimLost, CommitConflict, CommitTooLarge
from services.stores.port.plan import VerdictWrite
from services.stores.port.protocols import Store
from services.stores.port.stored import StoredVerdict

Answer = TypeVar("Answer")


class UnknownVerdict(DecisionRefused):
    """There is no verdict of this id."""

    def __init__(self) -> None:
        super().__init__("no verdict has this id; the list of verdicts shows all of them")


class VerdictWithdrawn(DecisionRefused):
    """The verdict has been withdrawn before."""

    def __init__(self, entry: VerdictEntry) -> None:
        author = "somebody" if entry.withdrawal is None else entry.withdrawal.author
        super().__init__(f"this verdict was withdrawn by {author} before; give a new one where it is to hold again")


class OneRecord(DecisionRefused):
    """A verdict names one record twice."""

    def __init__(self, address: RecordAddress) -> None:
        super().__init__(f"a verdict is about two records, but both sides are {address}")


class WrongGroups(DecisionRefused):
    """The groups are not the records of the profile, each in one group."""

    def __init__(self, faults: Mapping[str, Iterable[RecordAddress]]) -> None:
        listed = "; ".join(f"{fault}: {_listed(sorted(found))}" for fault, found in faults.items() if found)
        super().__init__(
            "each record of the profile is expected in exactly one of at least two groups"
            + (f"; {listed}" if listed else "")
        )


class ProfileMoved(DecisionRefused):
    """The profile has changed while its groups were looked at."""

    def __init__(self) -> None:
        super().__init__("the profile is changing all the time; read it again, and split what it is then")


class Unsigned(DecisionRefused):
    """Nobody, or for no reason."""

    def __init__(self, what: str) -> None:
        super().__init__(f"the {what} is empty; a verdict is kept with who gave it and why, so tell both")


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """A verdict in force."""

    entry: VerdictEntry
    is_new: bool  #: false: somebody had given it before, and nothing was written


@dataclass(frozen=True, slots=True, kw_only=True)
class DecidedSplit:
    """A profile split by a steward."""

    verdict: VerdictEntry
    profile_ids: tuple[str, ...]  #: the profile of each group now


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """Who decides, and why."""

    author: str
    reason: str

    def __post_init__(self) -> None:
        """Refuse what tells a later reader nothing.

        Raises:
            Unsigned: one of the two is empty.
        """
        _require_text(self.author, "author")
        _require_text(self.reason, "reason")


class _GivenBefore(DecisionRefused):
    """The same verdict is in force already."""

    def __init__(self, verdict_id: str) -> None:
        super().__init__("the same verdict is in force already")
        self.verdict_id = verdict_id


#: Raised before anything is written, so that the claim of the writer is still good.
_REFUSALS: Final = (DecisionRefused, LookupFailed, UnknownRecord)

#: A message names so many records of a kind at the most.
_LISTED: Final = 20

#: What changes under a decision is read again so many times.
_ATTEMPTS: Final = 10


class Stewardship:
    """Gives and withdraws verdicts, and splits profiles."""

    def __init__(
        self, store: Store, catalogue: Catalogue, writer: Writer, *, clock: Callable[[], int] = now_milliseconds
    ) -> None:
        self._store = store
        self._catalogue = catalogue
        self._writer = writer
        self._clock = clock

    async def give(self, judgement: Judgement, one: RecordAddress, other: RecordAddress, signature: Signature) -> Given:
        """Bring a verdict into force; where the same one is in force already, that one is the answer.

        Raises:
            OneRecord: both sides are the same record.
            UnknownRecord: a record was never there.
            Contradiction: verdicts in force say the opposite.
            NobodyPublishes, StoreError: see `Writer.lend` and `Ingest.decide`.
        """
        for _ in range(_ATTEMPTS - 1):
            with suppress(RecordMoved):
                return await self._decide(lambda ingest: self._give(ingest, judgement, one, other, signature))
        return await self._decide(lambda ingest: self._give(ingest, judgement, one, other, signature))

    async def _give(
        self, ingest: Ingest, judgement: Judgement, one: RecordAddress, other: RecordAddress, signature: Signature
    ) -> Given:
        ends = [await present_address(self._store, address) for address in (one, other)]
        if ends[0] == ends[1]:
            raise OneRecord(ends[0])
        entry = self._entry(Verdict.pair(judgement, ends[0], ends[1], new_id()), signature)

        async def check(loaded: Loaded) -> None:
            require_unmoved(loaded, ends)
            in_force = await verdicts_around(self._store, ends)
            for verdict in in_force:
                if verdict.says_same_as(entry.verdict):
                    raise _GivenBefore(verdict.verdict_id)
            require_agreement(entry.verdict, in_force)

        try:
            await ingest.decide([VerdictWrite(entry=entry, expected=None)], check)
        except _GivenBefore as before:
            return Given(entry=(await self._stored(before.verdict_id)).entry, is_new=False)
        return Given(entry=entry, is_new=True)

    async def withdraw(self, verdict_id: str, author: str) -> VerdictEntry:
        """Take a verdict back.

        Raises:
            Unsigned: nobody takes it back.
            UnknownVerdict: there is none of this id.
            VerdictWithdrawn: it was withdrawn before.
            NobodyPublishes, StoreError: see `Writer.lend` and `Ingest.decide`.
        """
        _require_text(author, "author")

        async def take_back(ingest: Ingest) -> VerdictEntry:
            while True:
                stored = await self._stored(verdict_id)
                if not stored.entry.is_in_force:
                    raise VerdictWithdrawn(stored.entry)
                entry = replace(stored.entry, withdrawal=Withdrawal(author=author, withdrawn_at=self._clock()))
                try:
                    await ingest.decide([VerdictWrite(entry=entry, expected=stored.revision)])
                except (ClaimLost, CommitTooLarge):
                    raise
                except CommitConflict:
                    continue  # one of its rows has got another key, or somebody else has withdrawn it
                return entry

        return await self._decide(take_back)

    async def split(
        self, profile_id: str, groups: Sequence[Sequence[RecordAddress]], signature: Signature
    ) -> DecidedSplit:
        """Write the verdict that makes a profile into one for each group.

        It keeps the groups apart, and joins the records of each where the evidence alone would not.

        Raises:
            UnknownProfile, ScatteredProfile, ProfileGone: there is no such live profile.
            WrongGroups: records are missing, repeated, or not the profile's.
            Contradiction: verdicts in force join records of two groups, or separate records of one.
            ProfileMoved: it changes all the time.
            NobodyPublishes, StoreError: see `Writer.lend` and `Ingest.decide`.
        """
        for _ in range(_ATTEMPTS - 1):
            with suppress(ProfileMoved):
                return await self._decide(lambda ingest: self._split(ingest, profile_id, groups, signature))
        return await self._decide(lambda ingest: self._split(ingest, profile_id, groups, signature))

    async def _split(
        self, ingest: Ingest, profile_id: str, groups: Sequence[Sequence[RecordAddress]], signature: Signature
    ) -> DecidedSplit:
        profile = await one_by_id(self._store, profile_id)
        components = await self._store.read_components(profile.component)
        members = {a for a, owner in components.memberships.items() if owner == profile.profile_id}
        _check_groups(groups, members)
        in_force = await verdicts_around(self._store, sorted(members))
        mapped = await map_records(self._store, self._catalogue, components.records)
        marking = [known for known in components.profiles.values() if marks_generic(known.document)]
        generic = frozenset(identifier for known in marking for identifier in known.read().generic)
        entry = self._entry(self._separating(groups, in_force, mapped, generic), signature)

        async def check(loaded: Loaded) -> None:
            if any(
                i not in loaded.components.profiles or loaded.components.profiles[i].revision != known.revision
                for i, known in components.profiles.items()
            ):
                raise ProfileMoved
            require_agreement(entry.verdict, await verdicts_around(self._store, sorted(members)))

        await ingest.decide([VerdictWrite(entry=entry, expected=None)], check)
        firsts = [min(group) for group in groups]
        stored = await self._store.read_records(firsts)
        return DecidedSplit(verdict=entry, profile_ids=tuple(stored[first].profile_id or "" for first in firsts))

    async def _decide(self, decision: Callable[[Ingest], Awaitable[Answer]]) -> Answer:
        async with self._writer.lend() as ingest:
            try:
                return await decision(ingest)
            except _REFUSALS as error:
                refusal = error
        raise refusal

    def _separating(
        self,
        groups: Sequence[Sequence[RecordAddress]],
        in_force: Collection[Verdict],
        mapped: Mapping[RecordAddress, MappedRecord],
        generic: frozenset[Identifier],
    ) -> Verdict:
        """The verdict that leaves the groups; it joins the records of each only where they would fall apart.

        Raises:
            Contradiction: verdicts in force say something else.
        """
        wanted = {frozenset(group) for group in groups}
        named = set[RecordAddress]().union(*wanted)
        known = verdicts_of(each.record for each in mapped.values())
        verdict = Verdict(tuple(tuple(sorted(group)) for group in groups), together=False, verdict_id=new_id())
        for candidate in (verdict, replace(verdict, together=True)):
            require_agreement(candidate, in_force)
            components = resolve(mapped, (*known, candidate), generic, self._catalogue)
            clusters = {frozenset(c.members) & named for component in components for c in component.clusters}
            if clusters - {frozenset()} == wanted:
                return candidate
        raise Contradiction([given for given in in_force if given.judgement is Judgement.DIFFERENT])

    def _entry(self, verdict: Verdict, signature: Signature) -> VerdictEntry:
        return VerdictEntry(verdict=verdict, reason=signature.reason, author=signature.author, given_at=self._clock())

    async def _stored(self, verdict_id: str) -> StoredVerdict:
        stored = (await self._store.read_verdicts([verdict_id])).get(verdict_id)
        if stored is None:
            raise UnknownVerdict
        return stored


def _listed(addresses: Sequence[RecordAddress]) -> str:
    named = ", ".join(map(str, addresses[:_LISTED]))
    return named if len(addresses) <= _LISTED else f"{named} and {len(addresses) - _LISTED:,} more"


def _require_text(text: str, what: str) -> None:
    if not text.strip():
        raise Unsigned(what)


def _check_groups(groups: Sequence[Sequence[RecordAddress]], members: set[RecordAddress]) -> None:
    named = Counter(address for group in groups for address in group)
    faults = {
        "missing": members - named.keys(),
        "repeated": [address for address, count in named.items() if count > 1],
        "not of this profile": named.keys() - members,
    }
    if len(groups) < 2 or any(faults.values()) or not all(groups):
        raise WrongGroups(faults)
