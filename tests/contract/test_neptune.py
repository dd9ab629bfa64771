"""What only a stand-in for Amazon Neptune shows: its errors, its limits, and that the law holds through all of them."""

import asyncio
import socket
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest

from graph_model.profile.document import ProfileStatus
from services.stores.gremlin import connection, engines
from services.stores.gremlin.store import GremlinStore
from services.stores.port.errors import ClaimLost, StoreError, StoreUnavailable
from services.stores.port.protocols import Store
from tests.contract import test_law
from tests.contract.builders import FINGERPRINT, address, make_profile, person, plan, profile_revision, write_profile
from tests.contract.conftest import Reopen
from tests.neptune.double import STATUS, Moods, NeptuneDouble, neptune_double
from tests.unit.services.people import CATALOGUE, Company

pytestmark = [pytest.mark.gremlin, pytest.mark.parametrize("reopen", ["neptune"], indirect=True)]


@pytest.fixture
def moody(neptune: NeptuneDouble) -> Iterator[NeptuneDouble]:
    """A cluster under more load than any, whose writer moves now and then; AWS speaks of up to 4 % conflicts."""
    neptune.happened.clear()
    neptune.moods = Moods(throttled=0.03, conflicts=0.2, moved=0.02)
    yield neptune
    neptune.moods = Moods()


@pytest.mark.parametrize("seed", range(3))
async def test_many_workers_on_a_cluster_under_load_leave_the_store_as_its_records_say(
    reopen: Reopen, moody: NeptuneDouble, seed: int
) -> None:
    crowd = await test_law.Crowd.over(reopen, seed, size=4)
    await crowd.live()
    assert moody.happened["ConcurrentModificationException"]
    moody.moods = Moods()
    await test_law.test_many_workers_leave_the_store_as_its_records_say(crowd)


@pytest.mark.parametrize(
    ("moods", "expected"),
    [
        (Moods(lost=0.3), {"lost"}),
        (Moods(failed_over=0.3), {"failed over, done", "failed over, not done"}),
    ],
    ids=["lost", "failed over"],
)
async def test_connections_that_are_lost_in_the_midst_of_commits_lose_and_double_nothing(
    reopen: Reopen, neptune: NeptuneDouble, moods: Moods, expected: set[str]
) -> None:
    company = await Company.over(await reopen(CATALOGUE.fingerprint))
    neptune.happened.clear()
    neptune.moods = moods
    names = [f"crm{number}" for number in range(1, 21)]
    for number, name in enumerate(names):
        await until_done(company, name, email_1=f"{number // 2}")
    assert expected <= neptune.happened.keys()
    neptune.moods = Moods()
    assert await company.profiles() == sorted(sorted(names[start : start + 2]) for start in range(0, 20, 2))
    assert await company.is_sound()


async def until_done(company: Company, name: str, **row: str) -> None:
    """Apply a change as a worker would: again, until it is in force."""
    change = company.change(name, **row)
    while True:
        try:
            await company.apply(change)
        except ClaimLost:
            company.outbox = await company.store.claim_outbox("test")
        except StoreUnavailable:
            await asyncio.sleep(0.05)
        else:
            return


async def test_a_writer_that_has_moved_is_found_again(reopen: Reopen, neptune: NeptuneDouble) -> None:
    store = await reopen()
    outbox = await store.claim_outbox("tests")
    neptune.happened.clear()
    neptune.moods = Moods(moved=0.5)
    for number in range(10):
        await store.commit(person(number, f"name{number}"), outbox)
    assert neptune.happened["connected"] >= neptune.happened["ReadOnlyViolationException"] > 0


async def test_after_a_fail_over_the_name_of_the_cluster_is_asked_where_it_leads(
    reopen: Reopen, neptune: NeptuneDouble, gremlin_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    del reopen
    writer = [neptune]
    found = socket.getaddrinfo

    def resolve(host: str, port: int, *rest: Any, **more: Any) -> list[Any]:  # noqa: ANN401 - passed on
        address = urlsplit(writer[0].url)
        return found(*((address.hostname, address.port) if host == "graph.test" else (host, port)), *rest, **more)

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with neptune_double(gremlin_url) as other:
        store = await GremlinStore.open("ws://graph.test:8182/gremlin", FINGERPRINT)
        outbox = await store.claim_outbox("tests")
        neptune.moods, writer[0] = Moods(moved=1.0), other
        await store.commit(person(1, "ann"), outbox)
        assert other.happened["done"]
        await store.close()


@pytest.mark.parametrize("due", ["oldest_seconds", "idle_seconds"])
async def test_a_connection_is_renewed_before_neptune_closes_it_and_what_is_under_way_ends_on_it(
    reopen: Reopen, neptune: NeptuneDouble, due: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "NEPTUNE_UPKEEP", replace(engines.NEPTUNE_UPKEEP, **{due: -1.0}))
    store = await reopen()
    neptune.happened.clear()
    reads = []
    for _ in range(20):
        reads.append(asyncio.create_task(store.read_profile("p1")))
        await asyncio.sleep(0.003)
    assert await asyncio.gather(*reads) == [None] * len(reads)
    assert neptune.happened["connected"] > 1
    await store.close()
    assert not [client for client in neptune.clients if not client.closed]


async def test_a_cluster_that_takes_no_further_connection_says_so(
    reopen: Reopen, neptune: NeptuneDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(connection, "PATIENCE_SECONDS", 0.0)
    monkeypatch.setattr(neptune, "is_full", True)
    with pytest.raises(StoreUnavailable, match="429"):
        await reopen()


async def test_a_cluster_that_never_has_time_is_unavailable_after_a_while(
    reopen: Reopen, neptune: NeptuneDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = await reopen()
    monkeypatch.setattr(connection, "PATIENCE_SECONDS", 0.0)
    neptune.moods = Moods(throttled=1.0)
    with pytest.raises(StoreUnavailable, match="too much to do"):
        await store.read_profile("p1")


async def test_a_graph_on_neptune_keeps_what_is_committed(reopen: Reopen) -> None:
    assert (await reopen()).guarantees.durable


async def test_groups_of_five_hundred_records_are_joined_and_split_by_one_commit_each(store: Store) -> None:
    outbox = await store.claim_outbox("tests")
    halves = {"p1": range(500), "p2": range(500, 1_000)}
    for profile, numbers in halves.items():
        await make_profile(store, outbox, profile, *numbers)
    for joined in (True, False):
        profiles = [
            write_profile("p1", expected=await profile_revision(store, "p1"), version=2),
            write_profile(
                "p2",
                expected=await profile_revision(store, "p2"),
                version=2,
                status=ProfileStatus.ABSORBED if joined else ProfileStatus.LIVE,
            ),
        ]
        moved = [(address(number), "p1" if joined else "p2") for number in halves["p2"]]
        await store.commit(plan(memberships=moved, profiles=profiles), outbox)
        members = list((await store.read_components(["p1", "p2"])).memberships.values())
        assert {profile: members.count(profile) for profile in set(members)} == (
            {"p1": 1_000} if joined else {"p1": 500, "p2": 500}
        )


async def test_a_version_that_is_too_old_is_refused_before_anything_is_written(
    reopen: Reopen, neptune: NeptuneDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(neptune, "status", {**STATUS, "dbEngineVersion": "1.2.1.0.R6"})
    with pytest.raises(StoreError, match=r"1\.3\.2\.0"):
        await GremlinStore.open(neptune.url, FINGERPRINT)
