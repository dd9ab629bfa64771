"""The first load of every store: whole or resumed, alone in it, and told of afterwards."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from graph_model.catalogue.rules import Catalogue
from graph_model.profile.events import ProfileEvent, ProfileEventType
from graph_model.records.record import Change
from graph_model.records.tasks import AnnounceProfiles, TruncateSource
from graph_model.values.positions import Position
from services.bootstrap.filling import Filling
from services.bootstrap.load import SpoolLost, StoreInUse
from services.bootstrap.spool import NoPlaceForSpool
from services.ingestion.claim import Claim
from services.ingestion.ingest import Committed, Ingest
from services.maintenance.tasks import Lend, work_off
from services.maintenance.verification.verify import verify
from services.metrics import Metrics
from services.stores.port.errors import CommitTooLarge, LoadUnderWay
from services.stores.port.plan import Plan, TaskWrite
from services.stores.port.protocols import DurableOutbox, Outbox, Store
from services.stores.sqlite.store import SqliteStore
from tests.dump import dump
from tests.first_load import Killed, Place, new_place
from tests.properties import worlds
from tests.properties.worlds import Step

#: Two records may share an e-mail; more than eight make a hub of it.
CATALOGUE: Catalogue = worlds.catalogue((2, 3, 3), (90, 50, 100), (False, False, True))

#: Two people, of whom one has three rows; one deleted row; a generic phone; and a passport that keeps two rows apart.
HISTORY: tuple[Step, ...] = (
    Step("crm", 1, {"email_1": "a", "phone_1": "x", "name": "Ann"}),
    Step("crm", 2, {"email_1": "a", "passport_1": "p"}),
    Step("shop", 1, {"phone_1": "x", "passport_1": "q"}),
    Step("shop", 2, {"email_1": "b"}),
    Step("shop", 3, {"email_1": "c"}),
    Step("shop", 3, None),
    Step("crm", 2, {"email_1": "a", "passport_1": "r", "name": "Ann Lee"}),
)
#: More rows with one e-mail than any portion has.
HUB: tuple[Step, ...] = tuple(
    Step(source, key, {"email_1": "hub"}) for key in range(20, 40) for source in worlds.SOURCES
)


@pytest.fixture(
    params=[
        "sqlite",
        pytest.param("gremlin", marks=pytest.mark.gremlin),
        pytest.param("neptune", marks=pytest.mark.gremlin),
    ]
)
async def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    return await new_place(CATALOGUE, request, tmp_path)


@pytest.fixture
def streamed(tmp_path: Path) -> Place:
    return Place(CATALOGUE, tmp_path / "unused", tmp_path / "streamed.sqlite")


def changes(*history: Step) -> list[Change]:
    return worlds.changes(history, CATALOGUE)


async def assert_same(place: Place, streamed: Place) -> None:
    async with place.opened() as one, streamed.opened() as other:
        assert await dump(one) == await dump(other)
        assert (await verify(one, CATALOGUE)).problems == ()


@pytest.mark.parametrize("portion", [1, 3, 1_000])
async def test_a_first_load_leaves_what_the_stream_leaves(place: Place, streamed: Place, portion: int) -> None:
    await place.load(place.filling(changes(*HISTORY, *HUB)), portion=portion)
    await streamed.stream(changes(*HISTORY, *HUB))
    await assert_same(place, streamed)


async def test_the_stream_goes_on_behind_a_first_load(place: Place, streamed: Place) -> None:
    further = [
        *HISTORY,
        *HUB,
        Step("crm", 9, {"email_1": "hub"}),
        Step("crm", 20, None),
        Step("shop", 2, {"email_1": "a"}),
    ]
    everything = changes(*further)
    await place.load(place.filling(everything[:-3]))
    await place.stream(everything)  # what is in force already comes again
    await streamed.stream(everything)
    await assert_same(place, streamed)


@pytest.mark.parametrize("writes", range(1, 6))
async def test_a_load_that_was_killed_goes_on_behind_what_is_in_force(
    place: Place, streamed: Place, writes: int
) -> None:
    left = writes

    def kill(_what: str, _done: int) -> None:
        nonlocal left
        left -= 1
        if not left:
            raise Killed

    everything = changes(*HISTORY, *HUB)
    with pytest.raises(Killed):
        await place.load(place.filling(everything), kill, portion=2)
    loaded = await place.load(never, portion=2)
    assert loaded.resumed
    await streamed.stream(everything)
    await assert_same(place, streamed)


async def never(_filling: Filling) -> None:
    raise AssertionError("what was to be loaded is in the spool")


async def test_a_load_that_was_killed_while_it_was_read_begins_again(place: Place) -> None:
    async def killed(filling: Filling) -> None:
        filling.take(changes(*HUB))
        raise Killed

    with pytest.raises(Killed):
        await place.load(killed)
    await place.load(place.filling(changes(Step("crm", 1, {"email_1": "a"}))))
    async with place.opened() as store:
        assert [each.record.address async for each in store.scan_records()] == [changes(*HISTORY)[0].address]


async def test_a_load_without_its_spool_is_refused(place: Place) -> None:
    def kill(_what: str, _done: int) -> None:
        raise Killed

    with pytest.raises(Killed):
        await place.load(place.filling(changes(*HISTORY)), kill)
    place.spool.unlink()
    with pytest.raises(SpoolLost):
        await place.load(place.filling(changes(*HISTORY)))


async def test_what_is_no_spool_is_left_as_it_is_and_nobody_is_shut_out(place: Place) -> None:
    place.spool.write_text("of somebody else")
    with pytest.raises(NoPlaceForSpool):
        await place.load(never)
    assert place.spool.read_text() == "of somebody else"
    async with place.opened() as store:
        await store.claim_outbox("somebody")


async def test_a_load_whose_spool_can_be_nowhere_shuts_nobody_out(place: Place) -> None:
    with pytest.raises(NoPlaceForSpool):
        await replace(place, spool=place.spool / "missing" / "spool").load(never)
    async with place.opened() as store:
        await store.claim_outbox("somebody")


async def test_nobody_else_works_with_a_store_that_is_being_loaded(place: Place) -> None:
    async def fill(filling: Filling) -> None:
        with pytest.raises(LoadUnderWay):
            await place.open()
        with pytest.raises(LoadUnderWay):
            await before.claim_outbox("somebody")
        filling.take(changes(*HISTORY))

    async with place.opened() as before:
        await place.load(fill)
        await before.claim_outbox("somebody")


async def test_a_store_that_a_writer_has_claimed_has_no_first_load(place: Place) -> None:
    async with place.opened() as store:
        await store.claim_outbox("api")
    with pytest.raises(StoreInUse, match="api"):
        await place.load(never)


async def test_a_store_that_was_loaded_has_no_first_load_again(place: Place) -> None:
    await place.load(place.filling(changes(*HISTORY)))
    with pytest.raises(StoreInUse, match="bootstrap"):
        await place.load(never)


async def test_a_truncated_table_is_empty_but_for_what_came_later(place: Place, streamed: Place) -> None:
    everything = changes(*HISTORY, Step("crm", 7, {"email_1": "b"}))
    position = Position(1, len(HISTORY))
    task = TruncateSource(source="crm", topic=None, position=position, source_position=None, observed_at=9_000)

    async def fill(filling: Filling) -> None:
        filling.take(everything)
        filling.truncate(task)

    await place.load(fill)
    async with streamed.opened() as store:
        ingest = Ingest(store, CATALOGUE, await store.claim_outbox("stream"), metrics=Metrics())
        await ingest.apply(everything, tasks=[TaskWrite(task_id="t", expected=None, task=task)])
        await work_off(store, lender(ingest))
    await assert_same(place, streamed)


class SmallRequests(SqliteStore):
    """Takes four records at once."""

    async def load(self, plan: Plan, outbox: Outbox) -> None:
        if len(plan.records) > 4:
            raise CommitTooLarge.of(len(plan.records), 4)
        await super().load(plan, outbox)


@dataclass(frozen=True, slots=True)
class SmallPlace(Place):
    async def open(self, migrator: str | None = None, *, any_meaning: bool = False) -> Store:
        assert self.file is not None
        return await SmallRequests.open(
            self.file, self.catalogue.fingerprint, any_meaning=any_meaning, migrator=migrator
        )


async def test_a_portion_that_is_too_large_for_one_request_is_halved(tmp_path: Path, streamed: Place) -> None:
    place = SmallPlace(CATALOGUE, tmp_path / "spool", tmp_path / "loaded.sqlite")
    await place.load(place.filling(changes(*HISTORY, *HUB)), portion=1_000)
    await streamed.stream(changes(*HISTORY, *HUB))
    await assert_same(place, streamed)


async def test_readers_of_the_outbox_have_missed_something(tmp_path: Path) -> None:
    place = Place(CATALOGUE, tmp_path / "spool", tmp_path / "loaded.sqlite")
    await place.load(place.filling(changes(*HISTORY)))
    async with place.opened() as store:
        assert isinstance(store, DurableOutbox)
        oldest, newest = await store.outbox_bounds()
        assert 0 < oldest <= newest


def lender(ingest: Ingest) -> Lend:
    @asynccontextmanager
    async def lend() -> AsyncIterator[Ingest]:
        yield ingest

    return lend


class Told:
    """What was told, in order."""

    def __init__(self) -> None:
        self.events: list[ProfileEvent] = []

    async def tell(self, commits: Sequence[Committed]) -> None:
        self.events += [event for commit in commits for event in commit.events]

    async def publish(self, outbox: Outbox, commits: Sequence[Committed]) -> None:
        await self.tell(commits)
        for commit in commits:
            await outbox.acknowledge(commit.commit_id)

    def claim(self, store: Store, name: str) -> Claim:
        return Claim(store, CATALOGUE, name, metrics=Metrics(), publish=self.publish)


async def test_every_profile_of_a_load_is_told_of_once(place: Place) -> None:
    await place.load(place.filling(changes(*HISTORY)), announce=True)
    told = Told()
    async with place.opened() as store:
        await work_off(store, told.claim(store, "agenda").lend, tell=told.tell)
        assert await store.read_tasks() == ()
        stored = {each.profile_id: each async for each in store.scan_profiles()}
    assert [event.profile_id for event in told.events] == sorted(stored)
    assert {(event.type, event.version) for event in told.events} == {(ProfileEventType.CREATED, 1)}
    assert all(stored[event.profile_id].document in event.data for event in told.events)


async def test_who_tells_nobody_leaves_it_owed(place: Place) -> None:
    await place.load(place.filling(changes(*HISTORY)), announce=True)
    told = Told()
    async with place.opened() as store:
        await work_off(store, told.claim(store, "agenda").lend)
        assert [type(owed.task) for owed in await store.read_tasks()] == [AnnounceProfiles]


async def test_a_profile_that_changes_before_its_turn_is_told_of_first(place: Place) -> None:
    everything = changes(*HISTORY, Step("crm", 1, {"email_1": "a", "name": "Ann Day"}))
    await place.load(place.filling(everything[:-1]), announce=True)
    told = Told()
    async with place.opened() as store:
        async with told.claim(store, "stream").lend() as ingest:
            await ingest.apply(everything[-1:])
        await work_off(store, told.claim(store, "agenda").lend, tell=told.tell)
        stored = {each.profile_id: each.version async for each in store.scan_profiles()}
    versions: dict[str, list[int]] = {}
    for event in told.events:
        versions.setdefault(event.profile_id, []).append(event.version)
    assert max(stored.values()) == 2
    assert versions == {profile_id: list(range(1, version + 1)) for profile_id, version in stored.items()}
