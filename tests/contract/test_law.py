"""Whatever happens to rows, what is stored is what the records say; on every store, and with several workers."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from itertools import groupby
from pathlib import Path
from random import Random

import orjson
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test

from graph_model.catalogue.rules import Catalogue
from graph_model.profile.events import ProfileEvent
from graph_model.records.record import Change, RecordAddress
from graph_model.records.verdicts import Judgement, VerdictEntry
from services.clock import new_id
from services.ingestion.batches import Batch, gather
from services.ingestion.loading import load
from services.ingestion.planning import Commit, make_plan
from services.stores.gremlin.store import GremlinStore
from services.stores.port.protocols import Store
from services.stores.sqlite.store import SqliteStore
from tests.contract.conftest import Reopen, empty_graph
from tests.properties import worlds
from tests.properties.histories import Life
from tests.unit.services.people import CATALOGUE, Company

ROWS = [f"{source}{key}" for source in ("crm", "shop") for key in range(1, 7)]

#: Opens an empty store in a folder.
OpenEmpty = Callable[[Path, Catalogue], Awaitable[Store]]


@pytest.fixture(params=["sqlite", pytest.param("gremlin", marks=pytest.mark.gremlin)])
def open_empty(request: pytest.FixtureRequest) -> OpenEmpty:
    if request.param == "sqlite":
        return lambda folder, catalogue: SqliteStore.open(folder / "graph.sqlite", catalogue.fingerprint)
    url = request.getfixturevalue("gremlin_url")

    async def open_empty_graph(_folder: Path, catalogue: Catalogue) -> Store:
        await empty_graph(url)
        return await GremlinStore.open(url, catalogue.fingerprint)

    return open_empty_graph


@pytest.mark.timeout(3_600)  # a server takes its time where the machine is busy with other things
def test_after_any_history_the_store_is_what_its_records_say(open_empty: OpenEmpty) -> None:
    class LifeOfThisStore(Life):
        async def open_store(self, catalogue: Catalogue) -> Store:
            return await open_empty(self.folder, catalogue)

    run_state_machine_as_test(
        LifeOfThisStore,
        settings=settings(
            max_examples=settings().max_examples // 5,
            stateful_step_count=10,
            deadline=None,
            suppress_health_check=[HealthCheck.too_slow],
        ),
    )


def random_change(company: Company, random: Random, rows: Sequence[str]) -> Change:
    """A row gets values that few others have, or is deleted."""
    if random.random() < 0.25:
        return company.change(random.choice(rows))
    values = {column: random.choice("abcd") for column in ("email_1", "phone_1", "passport_1") if random.random() < 0.5}
    return company.change(random.choice(rows), None, **(values or {"email_2": random.choice("abcd")}))


class Crowd:
    """Workers that share people but no rows, and a steward, each with a connection of the own."""

    def __init__(self, workers: Sequence[Company], steward: Company, seed: int) -> None:
        self.workers = workers
        self.steward = steward
        self.seed = seed
        self.last: dict[RecordAddress, Change] = {}
        self.in_force: list[VerdictEntry] = []

    @classmethod
    async def over(cls, reopen: Reopen, seed: int, size: int) -> "Crowd":
        names = [*(f"worker{number}" for number in range(size)), "steward"]
        *workers, steward = [await Company.over(await reopen(CATALOGUE.fingerprint), writer=name) for name in names]
        return cls(workers, steward, seed)

    async def work(self, number: int, sizes: Sequence[int]) -> None:
        random = Random(f"{self.seed} {number}")  # noqa: S311 - a history that can be repeated
        rows = ROWS[number :: len(self.workers)]
        for size in sizes:
            changes = [random_change(self.workers[number], random, rows) for _ in range(size)]
            self.last |= {change.address: change for change in changes}
            await self.workers[number].apply(*changes)

    async def judge(self, times: int) -> None:
        random = Random(self.seed)  # noqa: S311 - a history that can be repeated
        for _ in range(times):
            if self.in_force and random.random() < 0.4:
                await self.steward.withdraw(self.in_force.pop(random.randrange(len(self.in_force))))
            else:
                one, other = random.sample(ROWS, 2)
                self.in_force.append(await self.steward.decide(random.choice(list(Judgement)), one, other))

    async def live(self) -> None:
        for number, worker in enumerate(self.workers):
            await worker.apply(*(worker.change(row) for row in ROWS[number :: len(self.workers)]))
        sizes = (1, 4, 2, 6, 1, 3, 1, 1)
        await asyncio.gather(*(self.work(number, sizes) for number in range(len(self.workers))), self.judge(6))

    @property
    def events(self) -> list[ProfileEvent]:
        told = [event for company in (*self.workers, self.steward) for event in company.events]
        return sorted(told, key=lambda event: (event.profile_id, event.version))


@pytest.fixture(params=range(3))
async def crowd(reopen: Reopen, request: pytest.FixtureRequest) -> Crowd:
    """Four workers and a steward who have done their work, each time in another way."""
    crowd = await Crowd.over(reopen, request.param, size=4)
    await crowd.live()
    return crowd


async def test_many_workers_leave_the_store_as_its_records_say(crowd: Crowd) -> None:
    rows = {
        address: {column: str(value) for column, value in change.row.items() if column != "id"}
        for address, change in crowd.last.items()
        if change.row is not None
    }
    expected = worlds.expected(rows, CATALOGUE, [entry.verdict for entry in crowd.in_force])
    names = [sorted(f"{source}{key[1:-1]}" for source, key in cluster) for cluster in expected.partition]
    assert await crowd.steward.profiles() == sorted(names)
    assert await crowd.steward.is_sound()


async def test_many_workers_tell_every_version_of_every_profile_once(crowd: Crowd) -> None:
    told = {i: list(events) for i, events in groupby(crowd.events, key=lambda event: event.profile_id)}
    for events in told.values():
        assert [event.version for event in events] == list(range(1, len(events) + 1))
    newest = {profile_id: Company.data(events[-1])["profile"] for profile_id, events in told.items()}
    assert newest == {p.profile_id: orjson.loads(p.document) async for p in crowd.steward.store.scan_profiles()}


async def test_a_row_that_only_moved_on_leaves_a_merge_beside_it_in_force(reopen: Reopen) -> None:
    """One worker has read a row whose values stay the same, and commits after another has merged its profile."""
    slow, quick = [await Company.over(await reopen(CATALOGUE.fingerprint), writer=name) for name in ("slow", "quick")]
    await quick.put("crm1", email_1="a", phone_1="b")
    await quick.put("crm2", email_1="z")
    await quick.put("shop1", phone_1="c")
    slow.offset = quick.offset
    loaded = await load(slow.store, CATALOGUE, Batch(changes=gather([slow.change("shop1", phone_1="c")])))
    await quick.put("crm2", email_1="a", phone_1="c")
    commit = Commit(commit_id="late", now=5_000, new_profile_id=new_id)
    await slow.store.commit(make_plan(loaded, CATALOGUE, commit), slow.outbox)
    assert await quick.is_sound()


async def test_a_record_that_ceases_to_contradict_itself_joins_who_shares_what_it_keeps(reopen: Reopen) -> None:
    rules = worlds.catalogue((4, 4, 4), (1, 1, 1), (True, False, False))
    company = await Company.over(await reopen(rules.fingerprint), rules)
    await company.put("shop1", email_1="a", email_2="b")
    await company.put("shop2", email_1="a")
    assert await company.profiles() == [["shop1"], ["shop2"]]
    await company.put("shop1", email_1="a")
    assert await company.profiles() == [["shop1", "shop2"]]
    assert await company.is_sound()
