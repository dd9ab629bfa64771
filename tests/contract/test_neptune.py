"""What only a stand-in for Amazon Neptune shows: its errors, its limits, and that the law holds through all of them."""

import asyncio
import socket
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

import pytest

from graph_model.profile.document import ProfileStatus
from graph_model.resolution.hubs import BUCKETS, bucket_of
from services.stores.gremlin import connection, engines
from services.stores.gremlin.migration import GremlinMigration
from services.stores.gremlin.socket import NOBODY, Upkeep
from services.stores.gremlin.store import GremlinStore
from services.stores.port.errors import ClaimLost, MigrationTaken, StoreError, StoreUnavailable
from services.stores.port.migration import DocumentKind, StoredDocument
from services.stores.port.protocols import Store
from services.stores.port.stored_form import SCHEMA_VERSION
from tests.contract import test_law
from tests.contract.builders import (
    FINGERPRINT,
    address,
    email,
    person,
    plan,
    profile_revision,
    record,
    step,
    write_bucket,
    write_identifier,
    write_profile,
    write_record,
)
from tests.contract.conftest import Reopen
from tests.neptune.double import STATUS, Moods, NeptuneDouble, neptune_double
from tests.stack.worker_world import eventually
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


@pytest.mark.parametrize(
    "upkeep",
    [replace(engines.NEPTUNE_UPKEEP, oldest_seconds=-1.0), replace(engines.NEPTUNE_UPKEEP, idle_seconds=-1.0)],
    ids=["old", "idle"],
)
async def test_a_connection_is_renewed_before_neptune_closes_it_and_what_is_under_way_ends_on_it(
    reopen: Reopen, neptune: NeptuneDouble, upkeep: Upkeep, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engines, "NEPTUNE_UPKEEP", upkeep)
    store = await reopen()
    neptune.happened.clear()
    reads = []
    for _ in range(20):
        reads.append(asyncio.create_task(store.read_profile("p1")))
        await asyncio.sleep(0.003)
    assert await asyncio.gather(*reads) == [None] * len(reads)
    assert neptune.happened["connected"] > 1
    await store.close()

    async def are_closed() -> bool:
        return all(client.closed for client in [*neptune.clients])

    await eventually(are_closed)  # the stand-in hears of it on a thread of its own


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


async def test_a_thousand_single_profiles_are_joined_and_split_by_one_commit_each(store: Store) -> None:
    outbox = await store.claim_outbox("tests")
    people = range(1_000)
    for half in (people[:500], people[500:]):
        records = [write_record(record(address(number)), f"p{number}") for number in half]
        await store.commit(plan(records=records, profiles=[write_profile(f"p{n}") for n in half]), outbox)
    revisions = {found.profile_id: found.revision async for found in store.scan_profiles()}
    absorbed = [
        write_profile(name, expected=expected, version=2, status=ProfileStatus.ABSORBED)
        for name, expected in revisions.items()
        if name != "p0"
    ]
    joined = plan(
        memberships=[(address(number), "p0") for number in people],
        profiles=[write_profile("p0", expected=revisions["p0"], version=2), *absorbed],
        history=tuple(step(f"p{number}", 2) for number in people),
    )
    split = plan(
        memberships=[(address(number), f"q{number}") for number in people[1:]],
        profiles=[
            write_profile("p0", expected=store.revisions.of_profile("p0", joined.commit_id), version=3),
            *(write_profile(f"q{number}") for number in people[1:]),
        ],
        history=tuple(step(f"q{number}", 1) for number in people[1:]),
    )
    await store.commit(joined, outbox)
    assert await memberships(store) == {"p0": 1_000}
    await store.commit(split, outbox)
    assert await memberships(store) == {"p0": 1, **{f"q{number}": 1 for number in people[1:]}}


async def memberships(store: Store) -> Counter[str]:
    """How many records each profile has, by its side and by theirs."""
    profiles = [found.profile_id async for found in store.scan_profiles() if found.status is ProfileStatus.LIVE]
    by_record = Counter([found.profile_id async for found in store.scan_records()])
    assert by_record == Counter((await store.read_components(profiles)).memberships.values())
    return Counter({str(profile): count for profile, count in by_record.items()})


async def test_a_key_of_thirteen_hundred_records_becomes_a_hub_and_is_one_no_more(store: Store) -> None:
    outbox = await store.claim_outbox("tests")
    key, holders = email("till"), [address(number) for number in range(1_300)]
    revision, profile = None, None
    for end in (650, 1_300):
        written = plan(
            records=[write_record(record(at), "p1", [key]) for at in holders[end - 650 : end]],
            identifiers=[write_identifier(key, end, expected=revision)],
            profiles=[write_profile("p1", expected=profile, version=end)],
        )
        await store.commit(written, outbox)
        revision = (await store.read_identifiers({key: 0}))[key].revision
        profile = await profile_revision(store, "p1")
    counts = Counter(map(bucket_of, holders))
    to_hub = plan(
        identifiers=[write_identifier(key, 0, expected=revision, is_hub=True)],
        buckets=tuple(write_bucket(key, number, counts[number]) for number in range(BUCKETS)),
        moved_links=((key, tuple(holders)),),
        hubs=frozenset({key}),
    )
    await store.commit(to_hub, outbox)
    hub = (await store.read_identifiers({key: 0}))[key]
    assert (hub.is_hub, hub.holders, len(await store.read_holders(key))) == (True, 1_300, 1_300)
    back = plan(
        identifiers=[write_identifier(key, 1_300, expected=hub.revision)],
        buckets=tuple(
            write_bucket(key, number, None, expected=bucket.revision) for number, bucket in hub.buckets.items()
        ),
        moved_links=((key, tuple(holders)),),
    )
    await store.commit(back, outbox)
    key_again = (await store.read_identifiers({key: 0}))[key]
    assert (key_again.is_hub, key_again.holders, len(await store.read_holders(key))) == (False, 1_300, 1_300)


async def test_documents_are_written_anew_by_who_has_marked_the_graph_last(
    store: Store, neptune: NeptuneDouble
) -> None:
    await store.commit(person(1, "ann"), await store.claim_outbox("tests"))
    first, second = [await GremlinMigration.open(neptune.url, NOBODY) for _ in range(2)]
    found = await first.read_form()
    assert found is not None
    await first.begin(found, "1")
    anew = [
        StoredDocument(each.name, '{"text":"anew"}')
        async for portion in first.read_documents(DocumentKind.PROFILE, None)
        for each in portion
    ]
    await first.write_documents(DocumentKind.PROFILE, anew, "2")
    with pytest.raises(MigrationTaken):
        await second.begin(found, "1")
    marked = await second.read_form()
    assert marked is not None
    await second.begin(marked, "3")
    with pytest.raises(MigrationTaken):
        await first.write_documents(DocumentKind.PROFILE, anew, "4")
    await second.move_mark(SCHEMA_VERSION, None)
    profile = await store.read_profile("p1")
    assert profile is not None
    assert (profile.document, await first.read_form()) == (b'{"text":"anew"}', found)
    for migration in (first, second):
        await migration.close()


async def test_a_version_that_is_too_old_is_refused_before_anything_is_written(
    reopen: Reopen, neptune: NeptuneDouble, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(neptune, "status", {**STATUS, "dbEngineVersion": "1.2.1.0.R6"})
    with pytest.raises(StoreError, match=r"1\.3\.2\.0"):
        await GremlinStore.open(neptune.url, FINGERPRINT)
