"""Random lives of a store: rows come, change, move and go, stewards judge, and anything may be told twice.

After every step, what is stored is compared with what follows from the law, and what was told with what happened.
"""

import asyncio
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from contextlib import ExitStack
from dataclasses import dataclass, field, replace
from itertools import product
from pathlib import Path

import orjson
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, rule

from graph_model.catalogue.rules import Catalogue
from graph_model.profile.codec import decode_profile
from graph_model.profile.document import ProfileStatus
from graph_model.profile.events import ProfileEvent, ProfileEventType
from graph_model.records.record import Change, RecordAddress
from graph_model.records.verdicts import Judgement, Verdict, VerdictEntry, Withdrawal
from graph_model.values.equality import JsonObject, JsonValue
from services.ingestion.ingest import Ingest, IngestResult
from services.maintenance.verification.verify import verify
from services.metrics import Metrics
from services.stores.port.plan import VerdictWrite
from services.stores.port.protocols import Store
from tests.properties import oracle, worlds
from tests.properties.oracle import Address
from tests.properties.survival import Ids, present
from tests.properties.values import VALUES, nearly, one_of_many, written
from tests.properties.worlds import Row, Step

#: Where files are as fast as memory, if there is such a place.
FAST_FOLDER = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 - folders in it get random names


@dataclass(frozen=True, slots=True)
class Move:
    """The key of a row changes, if there is such a row and the new key is free; its values may change with it."""

    source: str
    key: int
    to: int
    row: Row | None  #: None: as they were


# One choice for each cell: drawing what happens must not take longer than letting it happen.
_COLUMNS = (*(f"{kind}_{place}" for kind in worlds.KINDS for place in (1, 1, 1, 2)), *worlds.TRAITS)
_rows: st.SearchStrategy[Row] = st.lists(one_of_many(product(_COLUMNS, VALUES)), max_size=4).map(dict)
_places = st.sampled_from(tuple(product(worlds.SOURCES, worlds.KEYS)))
_puts = st.builds(lambda place, row: Step(place[0], place[1], row), _places, st.none() | _rows | _rows)
moves = st.builds(
    lambda place, to, row: Move(place[0], place[1], to, row), _places, st.sampled_from(worlds.KEYS), st.none() | _rows
)
batches = st.lists(_puts | _puts | _puts | moves, min_size=1, max_size=6)

#: Chooses one of however many there are then.
_choices = st.integers(0, 99)


@dataclass
class Truth:
    """The plainest account of a history: the last word about every row, and the verdicts that hold."""

    catalogue: Catalogue
    rows: dict[RecordAddress, Row | None] = field(default_factory=dict)  #: None: deleted
    left: set[RecordAddress] = field(default_factory=set)  #: those that are empty because their row has another key
    offsets: dict[RecordAddress, int] = field(default_factory=dict)  #: of these words in the log
    log: list[Change] = field(default_factory=list)
    verdicts: dict[str, VerdictEntry] = field(default_factory=dict)

    @property
    def live(self) -> dict[RecordAddress, Row]:
        return {address: row for address, row in self.rows.items() if row is not None}

    def write(self, acts: Iterable[Step | Move]) -> list[Change]:
        """The changes that the log carries when these things happen to rows."""
        rows, touched = dict(self.live), set[RecordAddress]()
        steps = [step for act in acts for step in _steps(act, rows, touched)]
        changes = worlds.changes(steps, self.catalogue, first_offset=len(self.log) + 1)
        self.log += changes
        return changes

    def take(self, changes: Iterable[Change]) -> dict[Address, Address]:
        """Let changes come true, but for old ones; answers which rows have which new key.

        A row that takes the key of one that has left comes from nowhere.
        """
        moved: dict[Address, Address] = {}
        for change in changes:
            if change.position.log_offset > self.offsets.get(change.address, 0):
                self.offsets[change.address] = change.position.log_offset
                self.rows[change.address] = None if change.row is None else _values(change.row)
                if change.row is not None and change.address in self.left:
                    self.left.discard(change.address)
                    moved[RecordAddress("nowhere", change.address.key)] = change.address
                if change.previous is not None:
                    moved[change.previous] = change.address
                if change.moved_to is not None:
                    self.left.add(change.address)
                    self._follow(change.address, change.moved_to)
        return moved

    def _follow(self, old: RecordAddress, new: RecordAddress) -> None:
        """Let the verdicts that hold speak of a row by the key that it has now."""
        for verdict_id, verdict in self.in_force.items():
            places = {address: number for number, group in enumerate(verdict.groups) for address in group}
            if old in places:
                places[new] = places.pop(old)
                groups = tuple(
                    tuple(sorted(address for address, place in places.items() if place == number))
                    for number in range(len(verdict.groups))
                )
                entry = self.verdicts[verdict_id]
                self.verdicts[verdict_id] = replace(entry, verdict=replace(verdict, groups=groups))

    @property
    def in_force(self) -> dict[str, Verdict]:
        return {i: entry.verdict for i, entry in self.verdicts.items() if entry.is_in_force}

    def resolve(self) -> oracle.Answer:
        return worlds.expected(self.live, self.catalogue, self.in_force.values())


def _values(row: Mapping[str, JsonValue]) -> Row:
    return {column: value for column, value in row.items() if column != "id"}


def _steps(act: Step | Move, rows: dict[RecordAddress, Row], touched: set[RecordAddress]) -> list[Step]:
    """What an act does to the rows that there are, and has touched in this batch; it changes both."""
    if isinstance(act, Step):
        steps = [act]
    else:
        old, new = RecordAddress.of(act.source, [act.key]), RecordAddress.of(act.source, [act.to])
        row = rows.get(old)
        # A key changes hands once in a batch; otherwise it would not be clear whose id it has.
        if row is None or new in rows or touched & {old, new}:
            return []
        moved = row if act.row is None else act.row
        steps = [
            Step(act.source, act.key, None, moved_to=act.to),
            Step(act.source, act.to, moved, moved_from=act.key),
        ]
    for step in steps:
        address = RecordAddress.of(step.source, [step.key])
        touched.add(address)
        rows.pop(address, None)
        if step.row is not None:
            rows[address] = step.row
    return steps


@dataclass
class Subscriber:
    """Applies every event from the start, and checks that the chain of versions and ids has no gap."""

    profiles: dict[str, JsonObject] = field(default_factory=dict)
    history: dict[str, list[int]] = field(default_factory=dict)  #: id -> its versions that changed which ids there are

    def hear(
        self,
        events: Sequence[ProfileEvent],
        before: Mapping[Address, str],
        after: Mapping[Address, str],
        came_back: Mapping[str, AbstractSet[str]],
    ) -> None:
        """Hear what one commit tells.

        Args:
            events: what it tells.
            before: which row had which id, under present addresses.
            after: which row has which id.
            came_back: deleted id -> the ids that its own rows have come back to.
        """
        merged = {e.profile_id for e in events if e.type is ProfileEventType.MERGED}
        assert came_back.keys() <= merged
        for event in events:
            profile_id, data = event.profile_id, orjson.loads(event.data)
            known = self.profiles.get(profile_id, {"version": 0, "status": ""})
            assert (data["previous_version"], event.version) == (known["version"], known["version"] + 1)
            had, has = rows_of(profile_id, before), rows_of(profile_id, after)
            was_live = known["status"] == ProfileStatus.LIVE
            came_from = {before[row] for row in has if row in before} | ({profile_id} if was_live else set())
            went_to = {after[row] for row in had if row in after} | ({profile_id} if has else set())
            went_to |= came_back.get(profile_id, set())
            assert (set(data["ids_before"]), set(data["ids_after"])) == (came_from, went_to)
            returned = event.type is ProfileEventType.CREATED and known["version"] > 0
            if (
                event.type is ProfileEventType.DELETED
                or returned
                or profile_id in came_back
                or len(came_from | went_to) > 1
            ):
                self.history.setdefault(profile_id, []).append(event.version)
            self.profiles[profile_id] = data["profile"]
        assert self.ids == after

    @property
    def ids(self) -> dict[Address, str]:
        """Which row has which id, as far as told."""
        return {
            address: profile_id
            for profile_id, document in self.profiles.items()
            if document["status"] == ProfileStatus.LIVE
            for address in decode_profile(orjson.dumps(document)).members
        }


def rows_of(profile_id: str, ids: Mapping[Address, str]) -> set[Address]:
    return {row for row, found in ids.items() if found == profile_id}


class Life(RuleBasedStateMachine):
    """A store of a random catalogue, to which random things happen."""

    def __init__(self) -> None:
        super().__init__()
        self.open = ExitStack()
        self.folder = Path(self.open.enter_context(tempfile.TemporaryDirectory(dir=FAST_FOLDER)))
        self.runner = self.open.enter_context(asyncio.Runner())

    async def open_store(self, catalogue: Catalogue) -> Store:
        """Open an empty store; of each kind of store there is a machine that does."""
        raise NotImplementedError

    @initialize(catalogue=worlds.catalogues)
    def begin(self, catalogue: Catalogue) -> None:
        self.truth, self.ids, self.told = Truth(catalogue), Ids(), Subscriber()
        self.store = self.runner.run(self.open_store(catalogue))
        self.open.callback(lambda: self.runner.run(self.store.close()))
        self.outbox = self.runner.run(self.store.claim_outbox("life"))
        self.ingest = Ingest(self.store, catalogue, self.outbox, metrics=Metrics())

    def teardown(self) -> None:
        self.open.close()

    @rule(acts=batches, times=st.sampled_from([1, 1, 1, 2]))
    def rows_change(self, acts: Sequence[Step | Move], times: int) -> None:
        self.apply([change for change in self.truth.write(acts) for _ in range(times)])

    @rule(move=moves, new_key_first=st.booleans())
    def a_key_changes_in_two_batches(self, move: Move, new_key_first: bool) -> None:
        changes = self.truth.write([move])
        for change in reversed(changes) if new_key_first else changes:
            self.apply([change])

    @rule(source=st.sampled_from(worlds.SOURCES), at_once=st.booleans())
    def a_table_is_deleted_and_filled_again(self, source: str, at_once: bool) -> None:
        rows = {address: row for address, row in self.truth.live.items() if address.source == source}
        keys = {address: int(address.key.strip("[]")) for address in rows}
        deletions = self.truth.write(Step(source, keys[address], None) for address in rows)
        insertions = self.truth.write(Step(source, keys[address], row) for address, row in rows.items())
        for batch in [[*deletions, *insertions]] if at_once else [deletions, insertions]:
            self.apply(batch)

    @rule(choice=_choices)
    def a_value_becomes_one_that_is_nearly_the_same(self, choice: int) -> None:
        cells = [
            (address, {**row, column: other})
            for address, row in sorted(self.truth.live.items(), key=lambda item: item[0])
            for column, value in sorted(row.items(), key=lambda item: item[0])
            for other in nearly(value)
        ]
        if cells:
            address, row = cells[choice % len(cells)]
            self.apply(self.truth.write([Step(address.source, int(address.key.strip("[]")), row)]))

    @rule(start=_choices)
    def the_past_is_replayed(self, start: int) -> None:
        self.apply(self.truth.log[start % (len(self.truth.log) + 1) :])

    @rule(one=_choices, other=_choices, judgement=st.sampled_from(Judgement))
    def a_steward_judges(self, one: int, other: int, judgement: Judgement) -> None:
        known = sorted(self.truth.rows)
        if len(known) < 2:
            return
        first = known.pop(one % len(known))
        low, high = sorted((first, known[other % len(known)]))
        verdict = Verdict.pair(judgement, low, high, f"verdict{len(self.truth.verdicts):02}")
        entry = VerdictEntry(verdict=verdict, reason="random", author="steward", given_at=0)
        self.truth.verdicts[verdict.verdict_id] = entry
        self.decide(VerdictWrite(entry=entry, expected=None))

    @rule(places=st.lists(st.tuples(_choices, st.integers(0, 2)), min_size=2, max_size=6), together=st.booleans())
    def a_steward_puts_records_into_groups(self, places: Sequence[tuple[int, int]], together: bool) -> None:
        known = sorted(self.truth.rows)
        if not known:
            return
        verdict = worlds.grouped({known[choice % len(known)]: group for choice, group in places}, together)
        verdict = replace(verdict, verdict_id=f"verdict{len(self.truth.verdicts):02}")
        entry = VerdictEntry(verdict=verdict, reason="random", author="steward", given_at=0)
        self.truth.verdicts[verdict.verdict_id] = entry
        self.decide(VerdictWrite(entry=entry, expected=None))

    @rule(choice=_choices)
    def a_steward_takes_a_verdict_back(self, choice: int) -> None:
        verdict_ids = sorted(self.truth.in_force)
        if not verdict_ids:
            return
        verdict_id = verdict_ids[choice % len(verdict_ids)]
        stored = self.runner.run(self.store.read_verdicts([verdict_id]))[verdict_id]
        entry = replace(stored.entry, withdrawal=Withdrawal(author="steward", withdrawn_at=1))
        self.truth.verdicts[verdict_id] = entry
        self.decide(VerdictWrite(entry=entry, expected=stored.revision))

    def apply(self, changes: Sequence[Change]) -> None:
        moved = self.truth.take(changes)
        result = self.runner.run(self.ingest.apply(changes))
        assert sum(result.outcomes.values()) == len(changes)
        self.runner.run(self.compare(result, moved))

    def decide(self, write: VerdictWrite) -> None:
        self.runner.run(self.compare(self.runner.run(self.ingest.decide([write])), {}))

    async def compare(self, result: IngestResult, moved: Mapping[Address, Address]) -> None:
        """Everything that must hold after a commit; `moved` leads from former to present addresses."""
        assert len(result.committed) <= 1
        records = [stored async for stored in self.store.scan_records() if not stored.record.is_tombstone]
        ids: dict[Address, str] = {stored.record.address: str(stored.profile_id) for stored in records}
        values = {stored.record.address: written(stored.record.values) for stored in records}
        assert values == {address: written(row) for address, row in self.truth.live.items()}
        documents = {p.profile_id: orjson.loads(p.document) async for p in self.store.scan_profiles()}
        self.compare_with_the_law(ids, documents)
        self.compare_with_the_rule_of_ids(ids, moved)
        for committed in result.committed:
            came_back = self.ids.came_back_elsewhere(ids, moved)
            self.told.hear(committed.events, present(self.ids.live, moved), ids, came_back)
            await self.outbox.acknowledge(committed.commit_id)
            for profile_id in {event.profile_id for event in committed.events}:
                steps = await self.store.read_history(profile_id)
                assert [step.version for step in steps] == self.told.history.get(profile_id, [])
        assert written(self.told.profiles) == written(documents)
        self.ids.follow(ids, moved, self.truth.left)
        assert (await verify(self.store, self.truth.catalogue)).problems == ()
        assert {entry.verdict_id: entry async for entry in self.store.scan_verdicts()} == self.truth.verdicts

    def compare_with_the_law(self, ids: Mapping[Address, str], documents: Mapping[str, JsonObject]) -> None:
        answer = self.truth.resolve()
        live = {i: document for i, document in documents.items() if document["status"] == ProfileStatus.LIVE}
        clusters = {profile_id: frozenset(rows_of(profile_id, ids)) for profile_id in live}
        assert set(clusters.values()) == answer.partition
        for profile_id, cluster in clusters.items():
            expected = {conflict for sides, conflict in answer.conflicts if cluster in sides}
            assert set(map(_in_oracle_words, live[profile_id]["conflicts"])) == expected

    def compare_with_the_rule_of_ids(self, ids: Mapping[Address, str], moved: Mapping[Address, Address]) -> None:
        clusters = {frozenset(rows_of(profile_id, ids)): profile_id for profile_id in ids.values()}
        kept = self.ids.expected(clusters, moved)

        assert {cluster: clusters[cluster] for cluster in kept} == kept
        new = {profile_id for cluster, profile_id in clusters.items() if cluster not in kept}
        assert not new & self.told.profiles.keys()


def _in_oracle_words(conflict: JsonObject) -> oracle.Conflict:
    addresses = [RecordAddress.of(record["source"], record["key"]) for record in conflict["records"]]
    return oracle.Conflict(
        constraint=conflict["constraint"],
        name=conflict["name"],
        said=frozenset(zip(addresses, conflict["values"], strict=True)),
        refused=conflict["refused"],
    )
