"""Whatever is wrong in a store, verify names it and repairs it; whatever only moves meanwhile, it does not blame."""

import sqlite3
from contextlib import closing, nullcontext
from dataclasses import replace
from pathlib import Path

import pytest

from graph_model.profile.document import ProfileStatus
from graph_model.records.record import RecordAddress
from graph_model.records.tasks import ReResolve, TruncateSource
from graph_model.records.verdicts import Judgement
from graph_model.values.positions import Position
from services.ingestion.ingest import Ingest
from services.maintenance.re_resolve import change_meaning
from services.maintenance.tasks import work_off
from services.maintenance.verification.verify import VerificationReport, verify, verify_and_repair
from services.metrics import Metrics
from services.stores.port.errors import CommitConflict
from services.stores.port.plan import Plan, TaskWrite
from services.stores.port.protocols import Outbox
from services.stores.sqlite.store import SqliteStore
from tests.properties import worlds
from tests.unit.services.people import CATALOGUE, Company

#: Damage that SQL can do to the company of `small_company`, and what verify says of it.
DAMAGE = {
    "wrong count": (
        "UPDATE identifier SET holders = 7 WHERE value = 'ann'",
        "an identifier of kind 'email' that record crm[1] carries counts 7 holders, and 2 carry it",
    ),
    "count of nothing": (
        "INSERT INTO identifier (kind, value, holders, revision) VALUES ('phone', 'eve', 1, 'r')",
        "an identifier of kind 'phone' that no record carries counts 1 holders, and 0 carry it",
    ),
    "unknown identifier": (
        "DELETE FROM identifier WHERE value = 'bob'",
        "an identifier of kind 'email' that record crm[2] carries is not known to the store",
    ),
    "missing link": (
        "DELETE FROM has WHERE record = (SELECT id FROM record WHERE source = 'shop')",
        "record shop[1] is not linked with the identifiers that it carries",
    ),
    "no links at all": ("DELETE FROM has", "record crm[2] is not linked with the identifiers that it carries"),
    "exchanged links": (
        """
        UPDATE has SET identifier = (SELECT i.id FROM identifier AS i WHERE i.value = 'bob')
        WHERE record = (SELECT id FROM record WHERE source = 'shop')
        """,
        "record shop[1] is not linked with the identifiers that it carries",
    ),
    "linked tombstone": (
        "INSERT INTO has SELECT i.id, r.id FROM identifier AS i, record AS r WHERE i.value = 'bob' AND r.key = '[3]'",
        "record crm[3] is deleted and still linked with identifiers",
    ),
    "no profile": ("UPDATE record SET profile_id = NULL WHERE key = '[2]'", "record crm[2] belongs to no profile"),
    "lost profile": ("DELETE FROM profile WHERE CAST(document AS TEXT) LIKE '%shop%'", "has 2 records and is not live"),
    "merged by nobody": (
        "UPDATE record SET profile_id = (SELECT profile_id FROM record WHERE key = '[2]') WHERE deleted = 0",
        "joins 3 records that the law joins otherwise",
    ),
    "moved by nobody": (
        "UPDATE record SET profile_id = (SELECT profile_id FROM record WHERE key = '[2]') WHERE source = 'shop'",
        "joins 2 records that the law joins otherwise",
    ),
    "empty profile": (
        "UPDATE record SET profile_id = (SELECT profile_id FROM record WHERE key = '[1]' LIMIT 1) WHERE key = '[2]'",
        "is live and has no record",
    ),
    "wrong traits": (
        "UPDATE profile SET document = json_set(document, '$.traits.name', 'Eve') WHERE status = 'live'",
        "shows other traits than its records say",
    ),
    "traits that are none": (
        "UPDATE profile SET document = json_set(document, '$.traits', 1) WHERE status = 'live'",
        "shows other traits than its records say",
    ),
    "identifiers that are none": (
        "UPDATE profile SET document = json_set(document, '$.identifiers', json('[1]')) WHERE status = 'live'",
        "shows other identifiers than its records say",
    ),
    "records that are none": (
        "UPDATE profile SET document = json_remove(document, '$.records') WHERE status = 'live'",
        "shows other records than its records say",
    ),
    "time that is none": (
        "UPDATE profile SET document = json_set(document, '$.records[0].observed_at', 1) WHERE status = 'live'",
        "shows other records than its records say",
    ),
    "wrong flag": (
        """
        UPDATE profile SET document = json_set(document, '$.identifiers[0].generic', json('true'))
        WHERE status = 'live'
        """,
        "shows other identifiers than its records say",
    ),
    "lost component": (
        "UPDATE profile SET component = '[]' WHERE status = 'live'",
        "does not name all profiles of its component",
    ),
    "document that is none": (
        "UPDATE profile SET document = x'7b22' WHERE status = 'live'",
        "shows other traits, identifiers, records, conflicts, dropped_evidence than its records say",
    ),
}  # fmt: skip


async def small_company(company: Company) -> None:
    await company.put("crm1", email_1="ann", name="Ann")
    await company.put("shop1", email_1="ann")
    await company.put("crm2", email_1="bob", name="Bob")
    await company.put("crm3", email_1="cleo")
    await company.put("crm3")


def damage(tmp_path: Path, *statements: str) -> None:
    with closing(sqlite3.connect(tmp_path / "graph.sqlite")) as connection, connection:
        for statement in statements:
            connection.execute(statement)


async def _repaired(company: Company) -> VerificationReport:
    ingest = Ingest(company.store, company.catalogue, company.outbox, metrics=company.metrics)
    _, left = await verify_and_repair(company.store, company.catalogue, ingest)
    return left


@pytest.mark.parametrize("shown", ["1", "1.0", "'1.0'"])
async def test_a_value_that_is_only_nearly_the_right_one_is_a_problem(
    company: Company, tmp_path: Path, shown: str
) -> None:
    await company.put("crm1", email_1="ann", name=True)
    damage(tmp_path, f"UPDATE profile SET document = json_set(document, '$.traits.name.value', {shown})")  # noqa: S608
    assert len((await verify(company.store, CATALOGUE)).problems) == 1
    assert (await _repaired(company)).problems == ()


@pytest.mark.parametrize("written", ["json('[1234567890123456789]')", "json('[\"1234567890123456789.0\"]')"])
async def test_a_key_in_an_earlier_form_is_no_problem(company: Company, tmp_path: Path, written: str) -> None:
    await company.put("crm1234567890123456789", name="Ann")
    damage(tmp_path, f"UPDATE profile SET document = json_set(document, '$.records[0].key', {written})")  # noqa: S608
    assert (await verify(company.store, CATALOGUE)).problems == ()


async def test_a_document_in_an_earlier_form_is_written_anew_with_its_records_and_nobody_is_told(
    company: Company, tmp_path: Path
) -> None:
    await company.put("crm1234567890123456789", name="Ann")
    (before,) = await company.documents(ProfileStatus.LIVE)
    former = "json('[1234567890123456789]')"
    damage(tmp_path, f"UPDATE profile SET document = json_set(document, '$.records[0].key', {former})")  # noqa: S608
    ingest = Ingest(company.store, company.catalogue, company.outbox, metrics=company.metrics)
    result = await ingest.recompute({RecordAddress.of("crm", [1234567890123456789])})
    assert [commit.events for commit in result.committed] == [()]
    assert await company.documents(ProfileStatus.LIVE) == [before]


async def test_a_sound_store_has_no_problems(company: Company, store: SqliteStore) -> None:
    await small_company(company)
    report = await verify(store, CATALOGUE)
    assert (report.records, report.tombstones, report.profiles, report.identifiers) == (3, 1, 2, 2)
    assert report == replace(report, problems=(), unnamed=0, moved=0, waiting=0, owed=(), repairs=())


async def test_an_empty_store_has_no_problems(store: SqliteStore) -> None:
    assert (await verify(store, CATALOGUE)).problems == ()


@pytest.mark.parametrize(("statement", "expected"), DAMAGE.values(), ids=DAMAGE)
async def test_verify_names_what_is_wrong(statement: str, expected: str, company: Company, tmp_path: Path) -> None:
    await small_company(company)
    damage(tmp_path, statement)
    problems = (await verify(company.store, CATALOGUE)).problems
    assert any(expected in problem for problem in problems), problems


@pytest.mark.parametrize(("statement", "expected"), DAMAGE.values(), ids=DAMAGE)
async def test_what_is_wrong_is_repaired_from_the_records(
    statement: str, expected: str, company: Company, tmp_path: Path
) -> None:
    await small_company(company)
    damage(tmp_path, statement)
    assert (await _repaired(company)).problems == ()
    assert await company.profiles() == [["crm1", "shop1"], ["crm2"]]


async def test_a_repair_is_published_like_any_other_change(company: Company, tmp_path: Path) -> None:
    await small_company(company)
    damage(tmp_path, DAMAGE["wrong traits"][0])
    before = (await company.store.outbox_bounds())[1] if isinstance(company.store, SqliteStore) else 0
    await _repaired(company)
    assert isinstance(company.store, SqliteStore)
    told = await company.store.read_outbox(before, 10)
    assert {entry.head.type.value for entry in told} == {"updated"}


async def test_differences_are_told_without_any_value(company: Company, tmp_path: Path) -> None:
    await small_company(company)
    damage(tmp_path, *(statement for statement, _ in DAMAGE.values()))
    told = " ".join((await verify(company.store, CATALOGUE)).problems)
    assert told
    assert not any(value in told for value in ("ann", "Ann", "bob", "Bob", "eve"))


async def test_wrong_heads_of_profiles_are_named(company: Company, tmp_path: Path) -> None:
    await small_company(company)
    damage(tmp_path, "UPDATE profile SET version = 9")
    problems = (await verify(company.store, CATALOGUE)).problems
    assert [problem.split(" ", 2)[2] for problem in problems] == ["shows another version than 9"] * 3


@pytest.mark.parametrize("part", ["created_at", "updated_at", "lineage"])
async def test_what_is_unreadable_of_the_head_of_a_live_profile_is_named_and_mended(
    part: str, company: Company, tmp_path: Path
) -> None:
    await company.put("crm1", email_1="ann")
    damage(tmp_path, f"UPDATE profile SET document = json_set(document, '$.{part}', 1)")  # noqa: S608
    (problem,) = (await verify(company.store, CATALOGUE)).problems
    assert f"shows unreadable {part}" in problem
    assert (await _repaired(company)).problems == ()


async def absorbed_and_deleted(company: Company) -> None:
    """Two profiles without records: one went to the other's, one has been deleted."""
    await company.put("crm1", email_1="ann")
    await company.put("shop1", email_1="bob")
    await company.put("shop1", email_1="ann")
    await company.put("crm3", email_1="cleo")
    await company.put("crm3")


@pytest.mark.parametrize("status", ["absorbed", "deleted"])
@pytest.mark.parametrize("part", ["records", "records_total", "merged_into", "created_at", "updated_at"])
@pytest.mark.parametrize("change", ["json_set(document, '$.{}', json('[1]'))", "json_remove(document, '$.{}')"])
async def test_what_is_unreadable_of_a_former_profile_is_named_and_written_again(
    status: str, part: str, change: str, company: Company, tmp_path: Path
) -> None:
    await absorbed_and_deleted(company)
    damage(tmp_path, f"UPDATE profile SET document = {change.format(part)} WHERE status = '{status}'")  # noqa: S608
    (problem,) = (await verify(company.store, CATALOGUE)).problems
    assert f"shows unreadable {part}" in problem
    assert (await _repaired(company)).problems == ()
    assert all([stored.read() async for stored in company.store.scan_profiles()])


async def test_a_former_profile_of_which_nothing_is_readable_is_written_again(company: Company, tmp_path: Path) -> None:
    await absorbed_and_deleted(company)
    damage(tmp_path, "UPDATE profile SET document = x'7b22' WHERE status <> 'live'")
    assert (await verify(company.store, CATALOGUE)).problems
    assert (await _repaired(company)).problems == ()
    assert all([stored.read() async for stored in company.store.scan_profiles()])


async def test_more_differences_than_can_be_named_are_counted(
    company: Company, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.maintenance.verification.verify.NAMED_PROBLEMS", 1)
    await small_company(company)
    damage(tmp_path, DAMAGE["no links at all"][0])
    report = await verify(company.store, CATALOGUE)
    assert (len(report.problems), report.differences) == (1, 5)


# Verdicts: the ledger and both records say the same.


@pytest.mark.parametrize(
    ("statement", "expected"),
    [
        (
            "UPDATE record SET document = json_remove(document, '$.marks') WHERE source = 'shop'",
            ["record shop[1] does not carry the verdict verdict1, which is in force"],
        ),
        (
            "UPDATE record SET document = json_remove(document, '$.marks')",
            [
                "record crm[1] does not carry the verdict verdict1, which is in force",
                "record shop[1] does not carry the verdict verdict1, which is in force",
            ],
        ),
        (
            "DELETE FROM verdict",
            [
                "record crm[1] carries the verdict verdict1, which is not in force",
                "record shop[1] carries the verdict verdict1, which is not in force",
            ],
        ),
    ],
)
async def test_verdicts_that_do_not_stand_in_ledger_and_both_records_are_named(
    statement: str, expected: list[str], company: Company, tmp_path: Path
) -> None:
    await small_company(company)
    await company.decide(Judgement.DIFFERENT, "crm1", "shop1")
    assert (await verify(company.store, CATALOGUE)).problems == ()
    damage(tmp_path, statement)
    problems = (await verify(company.store, CATALOGUE)).problems
    assert [problem for problem in problems if "verdict" in problem] == expected


async def test_records_are_brought_in_line_with_the_ledger(company: Company, tmp_path: Path) -> None:
    await small_company(company)
    await company.decide(Judgement.DIFFERENT, "crm1", "shop1")
    damage(tmp_path, "UPDATE record SET document = json_remove(document, '$.marks')")
    assert (await _repaired(company)).problems == ()
    assert await company.profiles() == [["crm1"], ["crm2"], ["shop1"]]


async def test_a_verdict_that_the_ledger_does_not_know_is_withdrawn(company: Company, tmp_path: Path) -> None:
    await small_company(company)
    await company.decide(Judgement.DIFFERENT, "crm1", "shop1")
    damage(tmp_path, "DELETE FROM verdict")
    assert (await _repaired(company)).problems == ()
    assert await company.profiles() == [["crm1", "shop1"], ["crm2"]]
    assert not (await company.store.read_verdicts(["verdict1"]))["verdict1"].entry.is_in_force


async def test_records_joined_and_separated_by_verdicts_are_sound(company: Company) -> None:
    await small_company(company)
    await company.decide(Judgement.DIFFERENT, "crm1", "shop1")
    await company.decide(Judgement.SAME, "crm2", "shop1")
    await company.withdraw(await company.decide(Judgement.SAME, "crm1", "crm3"))
    await company.put("shop1")
    report = await verify(company.store, CATALOGUE)
    assert (report.verdicts, report.problems) == (2, ())


# Hubs: every bucket counts its own holders.


@pytest.fixture
async def hub(company: Company) -> Company:
    """Fourteen records carry one phone number, of which three are the limit."""
    for source in ("crm", "shop"):
        for key in range(7):
            await company.put(f"{source}{key}", phone_1="till", email_1=f"{key}")
    return company


async def test_a_hub_is_sound(hub: Company, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "graph.sqlite")) as connection:
        assert connection.execute("SELECT count(*) FROM bucket").fetchone() > (0,)
    assert await hub.is_sound()


async def test_a_bucket_that_counts_wrong_is_named_and_repaired(hub: Company, tmp_path: Path) -> None:
    damage(tmp_path, "UPDATE bucket SET holders = holders + 1 WHERE number = (SELECT min(number) FROM bucket)")
    (problem,) = (await verify(hub.store, CATALOGUE)).problems
    assert problem.startswith("bucket 0 of an identifier of kind 'phone' that record crm[0] carries counts ")
    assert (await _repaired(hub)).problems == ()


async def test_a_link_missing_from_a_hub_is_repaired(hub: Company, tmp_path: Path) -> None:
    damage(tmp_path, "DELETE FROM has WHERE record = (SELECT id FROM record WHERE source = 'crm' AND key = '[2]')")
    problems = (await verify(hub.store, CATALOGUE)).problems
    assert "record crm[2] is not linked with the identifiers that it carries" in problems
    assert (await _repaired(hub)).problems == ()


async def test_a_hub_with_too_few_holders_is_named_and_repaired(hub: Company, tmp_path: Path) -> None:
    damage(
        tmp_path,
        "DELETE FROM has WHERE record IN (SELECT id FROM record WHERE key > '[2]')",
        "UPDATE record SET document = json_remove(document, '$.values.phone_1', '$.values.email_1') WHERE key > '[2]'",
        "DELETE FROM has WHERE record IN (SELECT id FROM record WHERE source = 'shop')",
        "UPDATE record SET document = json_remove(document, '$.values.phone_1', '$.values.email_1')"
        " WHERE source = 'shop'",
    )
    problems = (await verify(hub.store, CATALOGUE)).problems
    assert (
        "an identifier of kind 'phone' that record crm[0] carries has buckets, and too few holders for them" in problems
    )
    assert (await _repaired(hub)).problems == ()


# Work owed.


async def test_records_not_read_yet_by_the_present_catalogue_wait(company: Company, store: SqliteStore) -> None:
    await small_company(company)
    strict = replace(worlds.catalogue((1, 1, 1), (90, 50, 100), (False, False, True)), fingerprint="strict")
    await change_meaning(store, strict)
    waiting = await verify(store, strict)
    assert (waiting.waiting, waiting.problems, waiting.owed) == (3, (), (ReResolve(),))
    company = await Company.over(store, strict)
    ingest = Ingest(store, strict, company.outbox, metrics=Metrics())
    await work_off(store, lambda: nullcontext(ingest))
    done = await verify(store, strict)
    assert (done.waiting, done.problems, done.owed) == (0, (), ())
    assert done.profiles == 3


async def test_damage_beside_waiting_records_is_found(company: Company, store: SqliteStore, tmp_path: Path) -> None:
    await small_company(company)
    strict = replace(worlds.catalogue((1, 1, 1), (90, 50, 100), (False, False, True)), fingerprint="strict")
    await change_meaning(store, strict)
    damage(tmp_path, DAMAGE["wrong count"][0])
    assert (await verify(store, strict)).problems == (DAMAGE["wrong count"][1],)


async def test_a_truncation_that_is_owed_is_told_and_checked_all_the_same(company: Company) -> None:
    await small_company(company)
    task = TruncateSource(source="crm", topic=None, position=Position(1, 99), source_position=None, observed_at=9_000)
    ingest = Ingest(company.store, CATALOGUE, company.outbox, metrics=Metrics())
    await ingest.apply((), tasks=(TaskWrite(task_id="t1", expected=None, task=task),))
    report = await verify(company.store, CATALOGUE)
    assert (report.owed, report.problems) == ((task,), ())


@pytest.mark.parametrize(("statement", "expected"), DAMAGE.values(), ids=DAMAGE)
async def test_a_repair_that_collides_is_done_in_smaller_steps(
    statement: str, expected: str, company: Company, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await small_company(company)
    damage(tmp_path, statement)
    commit, collisions = company.store.commit, iter((True, True))

    async def sometimes(plan: Plan, outbox: Outbox) -> None:
        if next(collisions, False):
            raise CommitConflict("somebody else was faster")
        await commit(plan, outbox)

    monkeypatch.setattr(company.store, "commit", sometimes)
    assert (await _repaired(company)).problems == ()
