"""Whatever is wrong in a store, verify names it."""

import sqlite3
from pathlib import Path

import pytest

from services.stores.sqlite import SqliteStore
from services.verify import verify
from tests.unit.services.people import CATALOGUE, Company


async def _problems_after(statement: str, company: Company, tmp_path: Path) -> tuple[str, ...]:
    await company.put("crm1", email_1="a")
    await company.put("shop1", email_1="a")
    await company.put("crm2", email_1="b")
    with sqlite3.connect(tmp_path / "graph.sqlite") as connection:
        connection.execute(statement)
    return (await verify(company.store, CATALOGUE)).problems


async def test_a_sound_store_has_no_problems(company: Company, store: SqliteStore) -> None:
    await company.put("crm1", email_1="a")
    await company.put("crm2", email_1="a")
    await company.put("crm2")
    report = await verify(store, CATALOGUE)
    assert (report.records, report.graves, report.profiles, report.identifiers) == (1, 1, 1, 1)
    assert report.problems == ()


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        ("UPDATE identifier SET holders = 7 WHERE value = 'a'", "wrong number of holders"),
        ("DELETE FROM has", "are not linked with the records that carry them"),
        ("UPDATE record SET profile_id = NULL WHERE key = '[2]'", "belongs to no profile"),
        ("DELETE FROM profile WHERE CAST(document AS TEXT) LIKE '%shop%'", "is not live"),
        (
            "UPDATE record SET profile_id = (SELECT profile_id FROM record WHERE key = '[2]')",
            "joins 3 records that the law joins otherwise",
        ),
        (
            "UPDATE profile SET document = json_set(document, '$.traits.name', 'Eve')",
            "shows other traits than its records say",
        ),
        ("UPDATE profile SET version = 9", "shows another version than 9"),
        ("UPDATE profile SET component = '[]'", "does not name all profiles of its component"),
    ],
)
async def test_verify_names_what_is_wrong(statement: str, expected: str, company: Company, tmp_path: Path) -> None:
    problems = await _problems_after(statement, company, tmp_path)
    assert any(expected in problem for problem in problems), problems
