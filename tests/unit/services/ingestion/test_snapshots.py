"""Which rows a full snapshot takes away: those that it does not hold, and that had come before it was taken."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from graph_model.catalogue.document import parse_catalogue
from graph_model.records.record import Change, RecordAddress
from graph_model.values.positions import Position
from services.ingestion.ingest import Ingest
from services.ingestion.snapshots import (
    AbsentRows,
    PresentRows,
    absent_rows,
    count_live,
    deletions_owed,
)
from services.metrics import Metrics
from services.stores.port.protocols import Store
from services.stores.sqlite.store import SqliteStore

CATALOGUE = parse_catalogue(
    """\
version: 1
identifiers: {mail: {normalise: exact}}
sources:
  crm: {file: "crm*", key: [id], columns: {mail: {identifier: mail}}}
  erp: {file: "erp*", key: [id], version: rev, columns: {mail: {identifier: mail}}}
""",
    "catalogue.yaml",
)
AS_OF = 1_700_000_000_000


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    opened = await SqliteStore.open(tmp_path / "graph.sqlite", CATALOGUE.fingerprint)
    yield opened
    await opened.close()


def came(
    source: str, key: int, accepted_at: int, *, rev: int = 1, dated: int | None = None, live: bool = True
) -> Change:
    """What came over HTTP or from a file, numbered at acceptance where its source has no versions."""
    observed_at = accepted_at if dated is None else dated
    return Change(
        address=RecordAddress.of(source, [key]),
        position=Position(0, rev if source == "erp" else accepted_at * 1_000),
        row={"id": key} if live else None,
        observed_at=observed_at,
        accepted_at=None if accepted_at == observed_at else accepted_at,
        is_numbered=source == "crm",
    )


async def bring(store: Store, *changes: Change) -> None:
    await Ingest(store, CATALOGUE, await store.claim_outbox("test"), metrics=Metrics()).apply(changes)


async def absent(store: Store, source: str, *present: int) -> list[str]:
    held = PresentRows()
    for key in present:
        held.add(RecordAddress.of(source, [key]))
    found = await absent_rows(store, CATALOGUE.sources[source], held, AS_OF, live=0)
    return [key for key, _ in found.rows]


async def test_rows_that_came_before_and_are_not_held_are_absent(store: Store) -> None:
    await bring(store, *(came("crm", key, AS_OF - 1) for key in (1, 2, 3)))
    assert await absent(store, "crm", 2) == ["[1]", "[3]"]


async def test_rows_that_came_later_are_not(store: Store) -> None:
    await bring(store, came("crm", 1, AS_OF), came("erp", 1, AS_OF))
    assert await absent(store, "crm") == await absent(store, "erp") == []


async def test_a_row_that_came_again_later_with_the_same_values_is_not(store: Store) -> None:
    """Its values count as accepted when they first were, but its number tells when it came last."""
    await bring(store, came("crm", 1, AS_OF - 1), came("crm", 1, AS_OF + 1))
    assert await absent(store, "crm") == []


async def test_versions_are_no_times(store: Store) -> None:
    await bring(store, came("erp", 1, AS_OF - 1, rev=AS_OF * 10_000))
    assert await absent(store, "erp") == ["[1]"]


async def test_the_time_of_the_source_is_not_that_of_acceptance(store: Store) -> None:
    await bring(store, came("erp", 1, AS_OF + 1, dated=1), came("erp", 2, AS_OF - 1, dated=AS_OF + 5))
    assert await absent(store, "erp") == ["[2]"]


async def test_deleted_rows_and_those_of_other_sources_do_not_count(store: Store) -> None:
    await bring(store, came("crm", 1, 1), came("crm", 2, 1), came("crm", 2, 2, live=False), came("erp", 3, 1))
    assert await count_live(store, CATALOGUE.sources["crm"]) == 1
    assert await absent(store, "crm") == ["[1]"]


@pytest.mark.parametrize(("absent_of_hundred", "most", "is_refused"), [(5, 5, False), (6, 5, True), (100, 100, False)])
def test_more_than_the_allowed_share_is_refused(absent_of_hundred: int, most: float, is_refused: bool) -> None:
    rows = [(f"[{key}]", Position(0, 1)) for key in range(absent_of_hundred)]
    refusal = AbsentRows(rows=rows, live=100).refusal(most)
    assert (refusal is not None) is is_refused
    if refusal is not None:
        assert "6 of its 100 rows" in refusal
        assert "--most-deleted 6" in refusal


def test_deletions_are_owed_in_portions_and_none_where_nothing_is_absent() -> None:
    source = CATALOGUE.sources["crm"]
    rows = [(f"[{key}]", Position(0, 1)) for key in range(450)]
    owed = deletions_owed(source, AbsentRows(rows=rows, live=450), AS_OF)
    assert len({write.task_id for write in owed}) == 3
    nothing = AbsentRows(rows=[], live=0)
    assert (deletions_owed(source, nothing, AS_OF), nothing.refusal(0)) == ([], None)
