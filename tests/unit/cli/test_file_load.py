"""When and where a first load of files is done."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from cli import bootstrap, file_load
from cli.file_load import PAYS_FROM, FileLoad, spool_beside
from cli.ingest_summary import IngestSummary
from cli.input_files import choose_sources
from graph_model.catalogue.document import parse_catalogue
from graph_model.records.tasks import AnnounceProfiles
from services.bootstrap.loaded import Loaded
from services.ingestion.ingest import Ingest
from services.metrics import Metrics
from services.settings import Settings
from services.stores.port.plan import TaskWrite
from services.stores.sqlite.store import SqliteStore

CATALOGUE = parse_catalogue(
    """
version: 1
identifiers: {email: {normalise: email}}
sources:
  crm: {file: "*.csv", key: [id], columns: {email: {identifier: email}}}
""",
    "catalogue.yaml",
)


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    opened = await SqliteStore.open(tmp_path / "graph.sqlite", CATALOGUE.fingerprint)
    yield opened
    await opened.close()


def load_of(folder: Path, *names: str, size: int = PAYS_FROM) -> FileLoad:
    for name in names:
        if name != "-":
            (folder / name).write_bytes(b"x" * (size // len(names)))
    files = choose_sources([Path(name) if name == "-" else folder / name for name in names], "crm", CATALOGUE)
    settings = Settings(store=f"sqlite:{folder / 'graph.sqlite'}")
    return FileLoad(settings, CATALOGUE, files, IngestSummary(CATALOGUE))


async def test_files_that_are_large_together_are_loaded(store: SqliteStore, tmp_path: Path) -> None:
    assert await load_of(tmp_path, "a.csv", "b.csv").suits(store)


async def test_small_files_are_not_worth_the_processes_of_a_load(store: SqliteStore, tmp_path: Path) -> None:
    assert not await load_of(tmp_path, "a.csv", size=PAYS_FROM - 1).suits(store)


async def test_packed_files_are_as_large_as_what_is_in_them(store: SqliteStore, tmp_path: Path) -> None:
    assert await load_of(tmp_path, "a.csv.gz", size=PAYS_FROM // 10).suits(store)


async def test_standard_input_does_not_say_how_large_it_is(store: SqliteStore, tmp_path: Path) -> None:
    assert not await load_of(tmp_path, "a.csv", "-", size=2 * PAYS_FROM).suits(store)


async def test_a_store_that_somebody_has_claimed_has_no_first_load(store: SqliteStore, tmp_path: Path) -> None:
    await store.claim_outbox("api")
    assert not await load_of(tmp_path, "a.csv").suits(store)


async def test_no_load_is_begun_where_its_spool_has_no_place(store: SqliteStore, tmp_path: Path) -> None:
    (tmp_path / "graph.sqlite-load").write_text("of somebody else")
    assert not await load_of(tmp_path, "a.csv").suits(store)


async def test_no_load_is_begun_where_the_disk_has_too_little_room(
    store: SqliteStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(file_load, "_ROOM", 2**50)
    assert not await load_of(tmp_path, "a.csv").suits(store)


async def test_profiles_of_a_former_load_that_nobody_was_told_of_are_told_of(
    store: SqliteStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    load, told = load_of(tmp_path, "a.csv"), list[str]()

    async def tell(_load: FileLoad) -> int:
        told.append("all")
        return 1

    monkeypatch.setattr(FileLoad, "tell", tell)
    await load.tell_owed(store)
    assert told == []
    owed = TaskWrite(task_id="t", expected=None, task=AnnounceProfiles(version=1, last="f" * 32))
    await Ingest(store, CATALOGUE, await store.claim_outbox("bootstrap"), metrics=Metrics()).apply([], tasks=[owed])
    await load.tell_owed(store)
    assert told == ["all"]


async def test_a_load_of_nothing_tells_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def loaded(_load: FileLoad) -> Loaded:
        return Loaded()

    async def tell(_load: FileLoad) -> int:
        raise AssertionError("who tells claims the store")

    monkeypatch.setattr(FileLoad, "load", loaded)
    monkeypatch.setattr(FileLoad, "tell", tell)
    report = bootstrap._Report(IngestSummary(CATALOGUE))
    await bootstrap._bootstrap(load_of(tmp_path, "a.csv"), report)
    assert report.told == 0


def test_who_tells_of_a_former_load_does_not_say_that_the_store_is_empty(capsys: pytest.CaptureFixture[str]) -> None:
    bootstrap._Report(IngestSummary(CATALOGUE), told=3).print()
    said = capsys.readouterr().out
    assert "Told of: 3 profiles" in said
    assert "can have its first load yet" not in said


def test_the_spool_of_a_file_is_beside_it() -> None:
    assert spool_beside("sqlite:data/shop.sqlite", "1") == Path("data/shop.sqlite-load")


def test_two_graphs_that_are_loaded_from_one_folder_have_two_spools() -> None:
    assert spool_beside("ws://one/gremlin", "1") != spool_beside("ws://one/gremlin", "2")
