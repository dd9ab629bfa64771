"""Whatever rows and full snapshots come, in the end there is what the last state loaded from scratch would be."""

import asyncio
import tempfile
from collections.abc import Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graph_model.catalogue.document import parse_catalogue
from graph_model.records.record import Change, RecordAddress
from graph_model.resolution.row_changes import Origin, row_change
from graph_model.values.positions import Position
from services.ingestion.ingest import Ingest
from services.ingestion.snapshots import PresentRows, absent_rows, deletions_owed
from services.maintenance.tasks import work_off
from services.maintenance.verification.verify import verify
from services.metrics import Metrics
from services.stores.sqlite.store import SqliteStore
from tests.properties.histories import FAST_FOLDER

pytestmark = pytest.mark.timeout(3_600)

CATALOGUE: Final = parse_catalogue(
    """\
version: 1
identifiers:
  mail: {normalise: exact, holders: 3}
sources:
  crm:
    file: "crm*"
    key: [id]
    columns: {mail: {identifier: mail}}
  erp:
    file: "erp*"
    key: [id]
    version: rev
    columns: {mail: {identifier: mail}}
""",
    "catalogue.yaml",
)
#: Milliseconds since 1970 of the first step; one step takes a second.
BEGIN: Final = 1_700_000_000_000


@dataclass(frozen=True, slots=True)
class Put:
    """A row of a source, with its version where the source has one; without a mail it is deleted."""

    source: str
    key: int
    rev: int
    mail: str | None


@dataclass(frozen=True, slots=True)
class Table:
    """A full snapshot of a source."""

    source: str
    rows: tuple[Put, ...]


_sources = st.sampled_from(("crm", "erp"))
_puts = st.builds(Put, _sources, st.integers(1, 5), st.integers(1, 3), st.none() | st.sampled_from("abc"))


def _table(source: str) -> st.SearchStrategy[Table]:
    rows = st.builds(Put, st.just(source), st.integers(1, 5), st.integers(1, 3), st.sampled_from("abc"))
    return st.lists(rows, max_size=5, unique_by=lambda row: row.key).map(lambda found: Table(source, tuple(found)))


_steps = st.lists(_puts | _sources.flatmap(_table), max_size=10)


@dataclass
class Account:
    """The plainest account of what there is: the last word about every row, and its version."""

    rows: dict[tuple[str, int], Put] = field(default_factory=dict)
    absent: set[tuple[str, int]] = field(default_factory=set)

    def take(self, step: Put | Table) -> None:
        if isinstance(step, Put):
            self._put(step)
            return
        for row in step.rows:
            self._put(row)
        held = {(row.source, row.key) for row in step.rows}
        self.absent |= {a for a, row in self.rows.items() if a[0] == step.source and a not in held and row.mail}

    def _put(self, row: Put) -> None:
        where = (row.source, row.key)
        known = self.rows.get(where)
        if row.source == "erp" and known is not None:
            is_new = row.rev >= known.rev if where in self.absent else row.rev > known.rev
            if not is_new:
                return
        self.absent.discard(where)
        self.rows[where] = row

    @property
    def live(self) -> list[Put]:
        return [row for where, row in sorted(self.rows.items()) if row.mail is not None and where not in self.absent]


@dataclass
class Life:
    """A store, and its clock."""

    store: SqliteStore
    ingest: Ingest
    steps: int = 0

    @classmethod
    async def begin(cls, path: Path) -> "Life":
        store = await SqliteStore.open(path, CATALOGUE.fingerprint)
        return cls(store, Ingest(store, CATALOGUE, await store.claim_outbox("test"), metrics=Metrics()))

    async def take(self, step: Put | Table, *, late: bool = False) -> None:
        """Let a step come true; what it owes is done at once, unless it is to come late."""
        self.steps += 1
        began = self._now
        for row in (step,) if isinstance(step, Put) else step.rows:
            await self.ingest.apply([self._change(row)])
        if isinstance(step, Table):
            present, source = PresentRows(), CATALOGUE.sources[step.source]
            for row in step.rows:
                present.add(RecordAddress.of(row.source, [row.key]))
            found = await absent_rows(self.store, source, present, began, live=0)
            await self.ingest.apply((), tasks=deletions_owed(source, found, began))
            if not late:
                await self.finish()

    async def finish(self) -> None:
        await work_off(self.store, lambda: nullcontext(self.ingest))

    def _change(self, row: Put) -> Change:
        self.steps += 1
        values = {"id": row.key, "rev": row.rev, "mail": row.mail}
        origin = Origin(position=Position(0, self._now * 1_000), observed_at=self._now, undated=True)
        return row_change(CATALOGUE.sources[row.source], values, origin, deleted=row.mail is None)

    @property
    def _now(self) -> int:
        return BEGIN + 1_000 * self.steps + 1

    async def people(self) -> list[list[str]]:
        """The rows of each profile."""
        found: dict[str | None, list[str]] = {}
        async for stored in self.store.scan_records():
            if not stored.record.is_tombstone:
                found.setdefault(stored.profile_id, []).append(str(stored.record.address))
        return sorted(found.values())


async def lived(steps: Sequence[Put | Table], *, late: bool) -> None:
    account = Account()
    with tempfile.TemporaryDirectory(dir=FAST_FOLDER) as folder:
        life, other = [await Life.begin(Path(folder) / name) for name in ("life.sqlite", "scratch.sqlite")]
        for step in steps:
            account.take(step)
            await life.take(step, late=late)
        await life.finish()
        for row in account.live:
            await other.take(row)
        people, problems = await life.people(), (await verify(life.store, CATALOGUE)).problems
        assert (people, problems) == (await other.people(), ())
        for each in (life, other):
            await each.store.close()


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(_steps)
def test_rows_and_snapshots_lead_to_what_the_last_state_leads_to(steps: list[Put | Table]) -> None:
    asyncio.run(lived(steps, late=False))


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(_steps)
def test_deletions_that_are_done_late_lead_to_the_same_where_rows_are_numbered(steps: list[Put | Table]) -> None:
    asyncio.run(lived([step for step in steps if step.source == "crm"], late=True))
