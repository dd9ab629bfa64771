"""Tells a story to an empty store, in one of several ways, and compares what became of it with what was expected."""

import difflib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import orjson

from graph_model.catalogue.rules import Catalogue
from graph_model.profile.document import ProfileStatus
from graph_model.records.record import Change, Outcome, RecordAddress
from graph_model.records.verdicts import Judgement, Verdict, VerdictEntry, Withdrawal
from graph_model.resolution.row_changes import Origin, row_change
from graph_model.values.equality import JsonObject, JsonValue
from graph_model.values.positions import Position
from services.clock import new_id
from services.ingestion.ingest import Ingest
from services.lookup.explain import LARGE_PART
from services.lookup.profiles import (
    AmbiguousIdentifier,
    known_profile,
    list_by_identifier,
    one_by_id,
    one_by_identifier,
    read_identifier,
    whereabouts,
)
from services.maintenance.suspicious import suspicious_profiles
from services.maintenance.verification.verify import no_progress, verify
from services.metrics import Metrics
from services.stores.port.plan import VerdictWrite
from services.stores.port.protocols import Store
from tests.stories.reading import Chapter, Happening, Person, Story, What, written

_ROW_KINDS = (What.ADDED, What.CHANGES, What.LATE, What.DELETED, What.BECOMES)
_VERDICTS = {What.SAME: Judgement.SAME, What.DIFFERENT: Judgement.DIFFERENT}
_ID_OF = "id of "
_DAY = 86_400_000
_FIRST_DAY = 1_767_225_600_000  #: 2026-01-01


class Manner(StrEnum):
    """How a story is told; what is true in the end is the same in every manner."""

    AS_WRITTEN = "as written"
    TWICE = "every change twice"
    AT_ONCE = "everything in one batch"
    BACKWARDS = "the last record first"


@dataclass
class Teller:
    """Brings happenings into force, and remembers which person had which id."""

    store: Store
    ingest: Ingest
    catalogue: Catalogue
    told: list[Change] = field(default_factory=list)
    verdicts: dict[tuple[RecordAddress, RecordAddress], str] = field(default_factory=dict)
    ids: dict[str, str] = field(default_factory=dict)  #: person -> the last id
    live: frozenset[str] = frozenset()  #: the ids that were live when last looked at

    @classmethod
    async def over(cls, store: Store, catalogue: Catalogue) -> "Teller":
        return cls(store, Ingest(store, catalogue, await store.claim_outbox("story"), metrics=Metrics()), catalogue)

    async def tell(self, happening: Happening, *, times: int = 1) -> None:
        """Let one thing happen, and check that it is what the story calls it."""
        if happening.what not in (*_ROW_KINDS, What.REPLAYED):
            await self.judge(happening)
            return
        expected = Outcome.STALE if happening.what in (What.LATE, What.REPLAYED) else Outcome.APPLIED
        changes = self.changes(happening)
        for change in changes:
            result = await self.ingest.apply([change])
            assert result.outcomes == {(change.address.source, expected): 1}, (
                f"step {happening.step}: {result.outcomes}"
            )
            for _ in range(1, times):
                await self.ingest.apply([change])

    async def tell_all(self, story: Story, *, backwards: bool) -> None:
        """Let everything happen in one batch, or record by record from the last; verdicts come when all rows did."""
        happenings = [happening for chapter in story.chapters for happening in chapter.happenings]
        rows = [h for h in happenings if h.what in (*_ROW_KINDS, What.REPLAYED)]
        changes = [change for happening in rows for change in self.changes(happening)]
        if backwards:
            of_record: dict[RecordAddress, list[Change]] = {}
            for change in changes:
                of_record.setdefault(change.address, []).append(change)
            for versions in reversed(of_record.values()):
                for change in versions:
                    await self.ingest.apply([change])
        else:
            await self.ingest.apply(changes)
        for happening in happenings:
            if happening not in rows:
                await self.judge(happening)

    def changes(self, happening: Happening) -> list[Change]:
        """The changes of rows that a happening stands for."""
        if happening.what is What.REPLAYED:
            return list(self.told)
        changes = []
        for place, address in enumerate(happening.records):
            if happening.what is What.BECOMES and happening.other is not None:
                changes.append(self._change(happening, address, 2 * place, deleted=True))
                changes.append(self._change(happening, happening.other, 2 * place + 1, previous=address))
            else:
                changes.append(self._change(happening, address, place, deleted=happening.what is What.DELETED))
        self.told += changes
        return changes

    def _change(
        self,
        happening: Happening,
        address: RecordAddress,
        place: int,
        *,
        deleted: bool = False,
        previous: RecordAddress | None = None,
    ) -> Change:
        source = self.catalogue.sources[address.source]
        unknown = happening.row.keys() - source.columns
        assert not unknown, f"step {happening.step}: {source.name} has no columns {sorted(unknown)}"
        origin = Origin(
            position=Position(1, 1_000 * happening.step + place),
            observed_at=_FIRST_DAY + _DAY * happening.step,
            previous=previous,
        )
        row: dict[str, JsonValue] = {"id": address.key_parts[0], **happening.row}
        return row_change(source, row, origin, deleted=deleted)

    async def judge(self, happening: Happening) -> None:
        """Give a verdict, or take it back."""
        assert happening.other is not None
        low, high = sorted((happening.records[0], happening.other))
        if happening.what is What.WITHDRAWN:
            verdict_id = self.verdicts.pop((low, high))
            stored = (await self.store.read_verdicts([verdict_id]))[verdict_id]
            entry = VerdictEntry(
                verdict=stored.entry.verdict,
                reason=stored.entry.reason,
                author=stored.entry.author,
                given_at=stored.entry.given_at,
                withdrawal=Withdrawal(author="steward", withdrawn_at=_FIRST_DAY + _DAY * happening.step),
            )
            await self.ingest.decide([VerdictWrite(entry=entry, expected=stored.revision)])
            return
        verdict = Verdict.pair(_VERDICTS[happening.what], low, high, new_id())
        self.verdicts[low, high] = verdict.verdict_id
        entry = VerdictEntry(
            verdict=verdict, reason="a story", author="steward", given_at=_FIRST_DAY + _DAY * happening.step
        )
        await self.ingest.decide([VerdictWrite(entry=entry, expected=None)])

    async def differences(self, chapter: Chapter, *, with_ids: bool) -> list[str]:
        """Compare what is in the store with what a chapter expects; answers nothing, or a readable comparison."""
        people = [person if with_ids else Person(person.name, person.records, "") for person in chapter.people]
        documents = [
            orjson.loads(profile.document)
            async for profile in self.store.scan_profiles()
            if profile.status is ProfileStatus.LIVE
        ]
        clusters = await self._clusters()
        names = {
            profile_id: person.name
            for person in people
            for profile_id, members in clusters.items()
            if members == person.records
        }
        found = [self._person_line(i, members, names, people) for i, members in clusters.items()]
        found += {_conflict_line(conflict) for document in documents for conflict in document["conflicts"]}
        expected = [_line(person.name, person.records, person.profile_id) for person in people]
        expected += {_expected_conflict_line(conflict) for conflict in chapter.conflicts}
        for look_up in chapter.look_ups:
            if look_up["look-up"].startswith(_ID_OF) and not with_ids:
                continue
            expected.append(_look_up_line(look_up["look-up"], look_up["finds"], look_up["context"]))
            found.append(await self._looked_up(look_up, names))
        if chapter.doubtful is not None:
            expected += [_doubtful_line(each["doubtful"], each["by"], each["differs"]) for each in chapter.doubtful]
            found += await self._doubted()
        self.ids |= {name: profile_id for profile_id, name in names.items()}
        self.live = frozenset(clusters)
        found += (await verify(self.store, self.catalogue)).problems
        return _comparison(expected, found)

    async def _clusters(self) -> dict[str, frozenset[RecordAddress]]:
        members: dict[str, set[RecordAddress]] = {}
        async for stored in self.store.scan_records():
            if not stored.record.is_tombstone:
                members.setdefault(str(stored.profile_id), set()).add(stored.record.address)
        return {profile_id: frozenset(found) for profile_id, found in members.items()}

    def _person_line(
        self, profile_id: str, members: frozenset[RecordAddress], names: Mapping[str, str], people: Sequence[Person]
    ) -> str:
        name = names.get(profile_id, "together")
        asked = any(person.name == name and person.profile_id for person in people)
        return _line(name, members, self._id_since(profile_id, name) if asked else "")

    def _id_since(self, profile_id: str, name: str) -> str:
        former = [other for other, last in self.ids.items() if last == profile_id]
        if not former:
            return "new"
        word = "stays" if profile_id in self.live else "returns"
        return word if name in former else f"{word}, but was of {former[0]}"

    async def _doubted(self) -> list[str]:
        """Who may be two people, as a steward would be told."""
        suspicions = await suspicious_profiles(self.store, self.catalogue, LARGE_PART, 100, no_progress)
        return [
            _doubtful_line(
                f"{written(pair.one)}, {written(pair.other)}", str(pair.identifier), ", ".join(pair.differing)
            )
            for profile in suspicions.listed
            for pair in profile.doubtful
        ]

    async def _looked_up(self, look_up: Mapping[str, str], names: Mapping[str, str]) -> str:
        asked = look_up["look-up"]
        if asked.startswith(_ID_OF):
            profile = await known_profile(self.store, self.ids[asked.removeprefix(_ID_OF)])
            ids = [profile.profile_id]
            if profile.status is not ProfileStatus.LIVE:
                ids = [share.profile_id for share in await whereabouts(self.store, profile.read())]
            reading = one_by_id(self.store, profile.profile_id)
        else:
            identifier = read_identifier(asked, self.catalogue)
            ids = [profile.profile_id for profile in await list_by_identifier(self.store, identifier)]
            reading = one_by_identifier(self.store, identifier)
        try:
            await reading
            context = "yes"
        except AmbiguousIdentifier:
            context = "no"
        finds = ", ".join(sorted(names.get(profile_id, "somebody") for profile_id in ids))
        return _look_up_line(asked, finds if look_up["finds"] else "", context)


def _line(name: str, records: Iterable[RecordAddress], profile_id: str) -> str:
    together = ", ".join(written(address) for address in sorted(records, key=lambda a: (a.source, a.key_parts)))
    return f"{name}: {together}" + (f" (id {profile_id})" if profile_id else "")


def _look_up_line(asked: str, finds: str, context: str) -> str:
    return f"{asked} finds {finds or '...'}; gives context: {context}"


def _doubtful_line(records: str, identifier: str, differing: str) -> str:
    return f"doubtful: {records} by {identifier}; differ in {differing}"


def _conflict_line(conflict: JsonObject) -> str:
    records = ", ".join(f"{record['source']} {record['key'][0]}" for record in conflict["records"])
    name = "" if conflict["constraint"] == "verdict" else conflict["name"]
    values = ", ".join(filter(None, conflict["values"]))
    return f"conflict of {records}: {conflict['constraint']} {name} {values}; refused: {conflict['refused'] or ''}"


def _expected_conflict_line(cells: Mapping[str, str]) -> str:
    said = f"{cells['constraint']} {cells.get('name', '')} {cells.get('values', '')}"
    return f"conflict of {cells['conflict']}: {said}; refused: {cells['refused']}"


def _comparison(expected: Iterable[str], found: Iterable[str]) -> list[str]:
    """Nothing where both say the same, else both in one: `-` was expected and is not so, `+` is so instead."""
    before, after = sorted(expected), sorted(found)
    return [] if before == after else [line for line in difflib.ndiff(before, after) if not line.startswith("?")]
