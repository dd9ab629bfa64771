"""While one piece of work is committed, the next is planned over it, and nothing of law or order is lost by that."""

import asyncio
from collections.abc import Awaitable
from typing import cast

import pytest

from graph_model.records.record import Change, Outcome
from graph_model.records.verdicts import Judgement, Verdict, VerdictEntry
from graph_model.values.positions import Position
from services.ingestion.ingest import Ingest, IngestResult
from services.ingestion.line import Line, NotBegunError
from services.ingestion.loading import Loaded
from services.stores.port.errors import ClaimLost, CommitConflict, StoreUnavailable
from services.stores.port.plan import VerdictWrite
from services.stores.port.protocols import Outbox, Store
from services.stores.sqlite.store import SqliteStore
from tests.unit.services.faults import HeldStore, RefusingStore
from tests.unit.services.people import CATALOGUE, Company

DEADLINE_SECONDS = 20


class Two:
    """Two pieces of work in one line, the second begun while the first one is committed."""

    def __init__(self, company: Company, store: HeldStore, outboxes: tuple[Outbox, Outbox]) -> None:
        self.company = company
        self.store = store
        self.outboxes = outboxes
        self.times_planned = 0
        self.both_planned = asyncio.Event()
        line = Line()
        self.first, self.second = (self._ingest(outbox, line) for outbox in outboxes)
        if outboxes[0] is outboxes[1]:
            self.second = self.first

    @classmethod
    async def of_two_claims(cls, store: SqliteStore) -> "Two":
        held, company = HeldStore(store), await Company.over(store, writer="watching")
        return cls(company, held, (await store.claim_outbox("first"), await store.claim_outbox("second")))

    @classmethod
    async def of_one_claim(cls, store: SqliteStore) -> "Two":
        held, company = HeldStore(store), await Company.over(store, writer="watching")
        outbox = await store.claim_outbox("first")
        return cls(company, held, (outbox, outbox))

    async def begin(
        self, first: Change, second: Change
    ) -> "tuple[asyncio.Future[Exception | None], asyncio.Task[IngestResult], asyncio.Task[IngestResult]]":
        """Let the first be committed as far as the store, and the second be planned over it."""
        one = asyncio.create_task(self.first.apply([first], Position(1, 1)))
        commit = await self.store.begun()
        other = asyncio.create_task(self.second.apply([second], Position(1, 2)))
        async with asyncio.timeout(DEADLINE_SECONDS):
            await self.both_planned.wait()
        assert len(self.store.plans) == 1
        return commit, one, other

    def _ingest(self, outbox: Outbox, line: Line) -> Ingest:
        def clock() -> int:
            self.times_planned += 1  # each plan is made at one time
            if self.times_planned == len(self.outboxes):
                self.both_planned.set()
            return 5_000

        store = cast("Store", self.store)
        return Ingest(store, CATALOGUE, outbox, metrics=self.company.metrics, clock=clock, line=line)


async def ended(work: Awaitable[IngestResult]) -> IngestResult:
    async with asyncio.timeout(DEADLINE_SECONDS):
        return await work


async def test_the_next_is_planned_over_what_is_on_its_way_and_committed_after_it(store: SqliteStore) -> None:
    two = await Two.of_two_claims(store)
    commit, one, other = await two.begin(
        two.company.change("crm1", email_1="a"), two.company.change("crm2", email_1="a")
    )
    commit.set_result(None)
    (await two.store.begun()).set_result(None)
    results = [await ended(one), await ended(other)]
    assert [result.refusals for result in results] == [[], []]
    assert two.times_planned == 2
    assert await two.company.profiles() == [["crm1", "crm2"]]
    assert await two.company.is_sound()


async def test_what_was_planned_over_a_refused_plan_is_planned_again_after_it(store: SqliteStore) -> None:
    two = await Two.of_two_claims(store)
    commit, one, other = await two.begin(
        two.company.change("crm1", email_1="a"), two.company.change("crm2", email_1="a")
    )
    commit.set_result(CommitConflict("refused for the test"))
    again = await two.store.begun()
    assert [write.record.address for write in two.store.plans[-1].records] == [two.company.address("crm1")]
    again.set_result(None)
    (await two.store.begun()).set_result(None)
    assert len((await ended(one)).refusals) == 1
    assert (await ended(other)).refusals == []
    assert await two.company.profiles() == [["crm1", "crm2"]]
    assert await two.company.is_sound()


async def test_after_a_refusal_nothing_is_planned_ahead_for_a_while(store: SqliteStore) -> None:
    two = await Two.of_two_claims(store)
    commit, one, other = await two.begin(
        two.company.change("crm1", email_1="a"), two.company.change("crm2", email_1="a")
    )
    commit.set_result(CommitConflict("refused for the test"))
    for _ in range(2):
        (await two.store.begun()).set_result(None)
    await ended(one)
    await ended(other)
    planned = two.times_planned
    one = asyncio.create_task(two.first.apply([two.company.change("crm1", email_1="b")]))
    commit = await two.store.begun()
    other = asyncio.create_task(two.second.apply([two.company.change("crm2", email_1="b")]))
    for _ in range(1_000):
        await asyncio.sleep(0)
    assert two.times_planned == planned + 1
    commit.set_result(None)
    (await two.store.begun()).set_result(None)
    await ended(one)
    await ended(other)
    assert await two.company.is_sound()


async def test_a_lost_claim_ends_the_work_of_that_claim_only(store: SqliteStore) -> None:
    two = await Two.of_two_claims(store)
    commit, one, other = await two.begin(
        two.company.change("crm1", email_1="a"), two.company.change("crm2", email_1="a")
    )
    await store.claim_outbox("first")
    commit.set_result(None)
    with pytest.raises(ClaimLost):
        await ended(one)
    (await two.store.begun()).set_result(None)
    await ended(other)
    assert await two.company.profiles() == [["crm2"]]
    assert await two.company.is_sound()


@pytest.mark.parametrize("failure", [ClaimLost("for the test"), StoreUnavailable("for the test")])
async def test_what_follows_a_failure_in_the_same_log_is_never_committed(
    store: SqliteStore, failure: Exception
) -> None:
    two = await Two.of_one_claim(store)
    commit, one, other = await two.begin(
        two.company.change("crm1", email_1="a"), two.company.change("crm2", email_1="a")
    )
    commit.set_result(failure)
    with pytest.raises(type(failure)):
        await ended(one)
    with pytest.raises(ClaimLost):
        await ended(other)
    assert len(two.store.plans) == 1
    assert (await store.claim_outbox("first")).progress is None


async def test_after_a_crash_between_two_commits_the_progress_is_that_of_the_first(store: SqliteStore) -> None:
    two = await Two.of_one_claim(store)
    commit, one, other = await two.begin(
        two.company.change("crm1", email_1="a"), two.company.change("crm2", email_1="a")
    )
    commit.set_result(None)
    await ended(one)
    await two.store.begun()
    other.cancel()
    with pytest.raises(asyncio.CancelledError):
        await other
    assert (await store.claim_outbox("first")).progress == Position(1, 1)
    assert await two.company.profiles() == [["crm1"]]
    assert await two.company.is_sound()


async def test_what_is_old_only_beside_a_plan_that_fails_is_applied(store: SqliteStore) -> None:
    two = await Two.of_two_claims(store)
    older, newer = two.company.change("crm1", email_1="a"), two.company.change("crm1", email_1="b")
    commit, one, other = await two.begin(newer, older)
    commit.set_result(StoreUnavailable("for the test"))
    with pytest.raises(StoreUnavailable):
        await ended(one)
    (await two.store.begun()).set_result(None)
    assert (await ended(other)).outcomes == {("crm", Outcome.APPLIED): 1}


async def test_what_changes_nothing_beside_a_plan_waits_for_that(store: SqliteStore) -> None:
    two = await Two.of_two_claims(store)
    older, newer = two.company.change("crm1", email_1="a"), two.company.change("crm1", email_1="b")
    commit, one, other = await two.begin(newer, older)
    assert not other.done()
    commit.set_result(None)
    await ended(one)
    (await two.store.begun()).set_result(None)
    assert (await ended(other)).outcomes == {("crm", Outcome.STALE): 1}


async def test_a_verdict_is_checked_on_what_is_in_force(store: SqliteStore) -> None:
    two = await Two.of_two_claims(store)
    await two.company.put("crm2", email_1="b")
    one = asyncio.create_task(two.first.apply([two.company.change("crm1", email_1="a")]))
    commit = await two.store.begun()
    seen: list[Loaded] = []

    async def check(loaded: Loaded) -> None:
        seen.append(loaded)

    verdict = Verdict.pair(Judgement.SAME, two.company.address("crm1"), two.company.address("crm2"), "verdict1")
    entry = VerdictEntry(verdict=verdict, reason="asked", author="kim", given_at=1)
    other = asyncio.create_task(two.second.decide([VerdictWrite(entry=entry, expected=None)], check))
    await asyncio.sleep(0)
    assert seen == []
    commit.set_result(None)
    await ended(one)
    (await two.store.begun()).set_result(None)
    await ended(other)
    assert await two.company.profiles() == [["crm1", "crm2"]]


async def test_work_that_comes_into_force_in_parts_is_followed_by_the_next(store: SqliteStore) -> None:
    refusing = RefusingStore(store, accepts_records=1)
    company, line = await Company.over(store, writer="watching"), Line()
    ingests = [
        Ingest(cast("Store", refusing), CATALOGUE, await store.claim_outbox(name), metrics=company.metrics, line=line)
        for name in ("first", "second")
    ]
    changes = [[company.change(f"{source}{key}", email_1="a") for key in range(1, 5)] for source in ("crm", "shop")]
    results = await asyncio.gather(*(i.apply(each) for i, each in zip(ingests, changes, strict=True)))
    assert all(result.refusals for result in results)
    assert sum(sum(result.outcomes.values()) for result in results) == 8
    assert await company.is_sound()


async def test_work_that_waits_for_its_turn_can_be_given_up_and_lets_others_pass(store: SqliteStore) -> None:
    two, leaving = await Two.of_two_claims(store), asyncio.Event()
    commit, one, other = await two.begin(
        two.company.change("crm1", email_1="a"), two.company.change("crm2", email_1="b")
    )
    waiting = asyncio.create_task(
        two.second.apply([two.company.change("crm3", email_1="c")], Position(1, 3), leaving=leaving)
    )
    last = asyncio.create_task(two.first.apply([two.company.change("crm4", email_1="d")], Position(1, 4)))
    await asyncio.sleep(0)
    leaving.set()
    commit.set_result(None)
    for _ in range(2):
        (await two.store.begun()).set_result(None)
    for work in (one, other, last):
        await ended(work)
    with pytest.raises(NotBegunError):
        await ended(waiting)
    assert await two.company.profiles() == [["crm1"], ["crm2"], ["crm4"]]


async def test_work_that_is_refused_while_its_writer_leaves_is_not_tried_again(store: SqliteStore) -> None:
    two, leaving = await Two.of_two_claims(store), asyncio.Event()
    change = two.company.change("crm1", email_1="a")
    work = asyncio.create_task(two.first.apply([change], Position(1, 1), leaving=leaving))
    commit = await two.store.begun()
    leaving.set()
    commit.set_result(CommitConflict("refused for the test"))
    with pytest.raises(NotBegunError):
        await ended(work)
    assert len(two.store.plans) == 1
    assert await two.company.profiles() == []
