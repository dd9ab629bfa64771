"""What is particular to the embedded store: files of earlier versions, and what a commit costs."""

import sqlite3
from contextlib import closing
from pathlib import Path

from graph_model.records.tasks import ReResolve
from services.stores.sqlite.store import SqliteStore
from tests.contract.builders import (
    FINGERPRINT,
    address,
    email,
    person,
    plan,
    step,
    verdict_entry,
    write_bucket,
    write_identifier,
    write_task,
    write_verdict,
)

#: What the first version of the schema did not have.
LATER_TABLES = ("bucket", "history", "verdict", "task")


async def file_of_the_first_version(path: Path) -> None:
    store = await SqliteStore.open(path, FINGERPRINT)
    await store.commit(person(1, "ann"), await store.claim_outbox("tests"))
    await store.close()
    with closing(sqlite3.connect(path)) as connection:
        for table in LATER_TABLES:
            connection.execute(f"DROP TABLE {table}")
        connection.execute("DELETE FROM store WHERE name = 'generation'")
        connection.commit()


async def test_a_file_of_the_first_version_is_read(tmp_path: Path) -> None:
    await file_of_the_first_version(tmp_path / "graph.sqlite")
    store = await SqliteStore.open(tmp_path / "graph.sqlite", FINGERPRINT)
    assert (store.generation, await store.read_tasks()) == (0, ())
    assert [stored.record.address async for stored in store.scan_records()] == [address(1)]
    stored = (await store.read_identifiers({email("ann"): 1}))[email("ann")]
    assert (stored.holders, stored.is_hub, stored.component) == (1, False, ("p1",))
    await store.close()


async def test_a_file_of_the_first_version_takes_everything_new(tmp_path: Path) -> None:
    await file_of_the_first_version(tmp_path / "graph.sqlite")
    store = await SqliteStore.open(tmp_path / "graph.sqlite", FINGERPRINT)
    revision = (await store.read_identifiers({email("ann"): 0}))[email("ann")].revision
    new = plan(
        identifiers=[write_identifier(email("ann"), 0, expected=revision, is_hub=True)],
        buckets=(write_bucket(email("ann"), 0, 1),),
        hubs=frozenset({email("ann")}),
        verdicts=(write_verdict(verdict_entry(1)),),
        tasks=(write_task("t1", ReResolve()),),
        history=(step("p1", 2),),
    )
    await store.commit(new, await store.claim_outbox("tests"))
    assert (await store.read_identifiers({email("ann"): 0}))[email("ann")].is_hub
    assert list(await store.read_verdicts(["v001"])) == ["v001"]
    assert [stored.task_id for stored in await store.read_tasks()] == ["t1"]
    assert await store.read_history("p1") == (step("p1", 2),)
    await store.close()


async def test_a_commit_runs_no_statement_for_what_it_does_not_have(tmp_path: Path) -> None:
    store = await SqliteStore.open(tmp_path / "graph.sqlite", FINGERPRINT)
    outbox = await store.claim_outbox("tests")
    statements: list[str] = []
    store._writes.set_trace_callback(statements.append)
    await store.commit(person(1, "ann"), outbox)
    assert any("INTO record" in statement for statement in statements)
    assert [statement for statement in statements for table in LATER_TABLES if table in statement] == []
    await store.close()


async def test_a_file_of_another_meaning_can_be_opened_to_change_it(tmp_path: Path) -> None:
    await (await SqliteStore.open(tmp_path / "graph.sqlite", FINGERPRINT)).close()
    store = await SqliteStore.open(tmp_path / "graph.sqlite", "a" * 64, any_meaning=True)
    assert store.fingerprint == FINGERPRINT
    await store.change_catalogue("a" * 64, write_task("t1", ReResolve()))
    await store.commit(person(1, "ann"), await store.claim_outbox("tests"))
    await store.close()
