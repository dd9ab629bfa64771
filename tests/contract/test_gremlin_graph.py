"""What the graph store makes of the graph: links, graphs of earlier versions, and what changes while it is read."""

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Iterable
from typing import Any

import pytest

from graph_model.records.record import RecordAddress
from graph_model.records.tasks import ReResolve
from graph_model.resolution.hubs import BUCKETS, bucket_of
from graph_model.values.identifiers import Identifier
from services.stores.gremlin import identifiers
from services.stores.gremlin.ids import STORE_ID, tally_id
from services.stores.gremlin.reads import Row
from services.stores.gremlin.socket import Credentials, GremlinSocket, Traversal, g
from services.stores.gremlin.spelling import BULK
from services.stores.gremlin.store import GremlinStore
from services.stores.port.errors import CatalogueChanged, ClaimLost, StoreError
from services.stores.port.plan import BucketWrite, Plan
from services.stores.port.stored import all_buckets
from tests.contract.builders import (
    FINGERPRINT,
    address,
    email,
    make_profile,
    person,
    plan,
    record,
    record_revision,
    write_bucket,
    write_identifier,
    write_profile,
    write_record,
    write_task,
)
from tests.contract.conftest import empty_graph

pytestmark = pytest.mark.gremlin

TILL = email("till")
HOLDERS = tuple(map(address, range(1, 4)))


@pytest.fixture
async def store(gremlin_url: str) -> AsyncIterator[GremlinStore]:
    await empty_graph(gremlin_url)
    store = await GremlinStore.open(gremlin_url, FINGERPRINT)
    yield store
    await store.close()


@pytest.fixture
async def ask(gremlin_url: str) -> AsyncIterator[Callable[[Traversal], Any]]:
    """Runs any traversal, as somebody with a console can."""
    socket = await GremlinSocket.open(gremlin_url, Credentials())
    yield socket.submit
    await socket.close()


def buckets_of(addresses: Iterable[RecordAddress]) -> tuple[BucketWrite, ...]:
    counts = Counter(map(bucket_of, addresses))
    return tuple(write_bucket(TILL, number, counts[number]) for number in range(BUCKETS))


async def make_hub(store: GremlinStore) -> None:
    """Each of `HOLDERS` is in `p1` and carries `TILL`, which is a hub."""
    made = plan(
        records=[write_record(record(at), "p1", [TILL]) for at in HOLDERS],
        identifiers=[write_identifier(TILL, 0, is_hub=True)],
        profiles=[write_profile("p1")],
        buckets=buckets_of(HOLDERS),
        hubs=frozenset({TILL}),
    )
    await store.commit(made, await store.claim_outbox("hub"))


async def dissolve(store: GremlinStore) -> Plan:
    """The hub lists its holders itself again."""
    stored = (await store.read_identifiers({TILL: 0}))[TILL]
    return plan(
        identifiers=[write_identifier(TILL, len(HOLDERS), expected=stored.revision)],
        buckets=tuple(
            write_bucket(TILL, number, None, expected=bucket.revision) for number, bucket in stored.buckets.items()
        ),
        moved_links=((TILL, HOLDERS),),
    )


async def test_a_record_that_gains_an_identifier_stays_on_its_hub(store: GremlinStore) -> None:
    await make_hub(store)
    gains = write_record(
        record(HOLDERS[0], offset=2), "p1", [TILL, email("ann")], expected=await record_revision(store, HOLDERS[0])
    )
    await store.commit(
        plan(records=[gains], identifiers=[write_identifier(email("ann"))]), await store.claim_outbox("tests")
    )
    assert await store.read_links([HOLDERS[0]]) == {HOLDERS[0]: (email("ann"), TILL)}
    assert await store.read_holders(TILL) == HOLDERS


async def test_a_record_redrawn_while_its_identifier_becomes_a_hub_is_linked_once(store: GremlinStore) -> None:
    outbox = await store.claim_outbox("tests")
    await make_profile(store, outbox, "p1", 1, 2, 3, of="till")
    stored = (await store.read_identifiers({TILL: 0}))[TILL]
    gains = write_record(
        record(HOLDERS[0], offset=2), "p1", [TILL, email("ann")], expected=await record_revision(store, HOLDERS[0])
    )
    await store.commit(
        plan(
            records=[gains],
            identifiers=[
                write_identifier(email("ann")),
                write_identifier(TILL, 0, expected=stored.revision, is_hub=True),
            ],
            buckets=buckets_of(HOLDERS),
            hubs=frozenset({TILL}),
            moved_links=((TILL, HOLDERS),),
        ),
        outbox,
    )
    assert await store.read_links([HOLDERS[0]]) == {HOLDERS[0]: (email("ann"), TILL)}
    assert await store.read_holders(TILL) == HOLDERS


async def test_a_hub_that_gave_up_its_buckets_leaves_nothing_of_them(
    store: GremlinStore, ask: Callable[[Traversal], Any]
) -> None:
    await make_hub(store)
    await store.commit(await dissolve(store), await store.claim_outbox("tests"))
    assert await ask(g.V().has_label("bucket", "tally").count()) == [0]
    assert await ask(g.E().has_label("has").count()) == [len(HOLDERS)]


@pytest.mark.parametrize("known", [(), (TILL,)])
async def test_a_hub_that_gives_up_its_buckets_while_it_is_read_is_read_again(
    store: GremlinStore, known: Collection[Identifier]
) -> None:
    await make_hub(store)
    hubs = identifiers.KnownHubs()
    hubs.add(known)
    outbox = await store.claim_outbox("tests")
    giving_up = [await dissolve(store)]

    async def read(traversal: Callable[[Collection[str]], Traversal], vertices: Iterable[str]) -> list[Row]:
        """The buckets go just before they are asked for."""
        wanted = list(vertices)
        if tally_id(TILL, 0) in wanted and giving_up:
            await store.commit(giving_up.pop(), outbox)
        return await store._submit(traversal(wanted))

    stored = (await identifiers.read_identifiers(read, BULK, {TILL: 5}, hubs, all_buckets))[TILL]
    assert (stored.is_hub, stored.holders, stored.component) == (False, len(HOLDERS), ("p1",))


async def test_a_hub_that_is_none_any_more_is_read_as_what_it_is(store: GremlinStore) -> None:
    await make_hub(store)
    await store.read_identifiers({TILL: 0})
    await store.commit(await dissolve(store), await store.claim_outbox("tests"))
    stored = (await store.read_identifiers({TILL: 5}))[TILL]
    assert (stored.is_hub, stored.holders) == (False, len(HOLDERS))


async def test_a_hub_that_somebody_took_a_bucket_from_is_reported(
    store: GremlinStore, ask: Callable[[Traversal], Any]
) -> None:
    await make_hub(store)
    await ask(g.V(tally_id(TILL, 7)).drop())
    with pytest.raises(StoreError, match="64 buckets") as reported:
        await store.read_identifiers({TILL: 0})
    assert TILL.value not in str(reported.value)


async def test_a_graph_of_an_earlier_version_is_read_and_can_change_its_catalogue(
    store: GremlinStore, ask: Callable[[Traversal], Any], gremlin_url: str
) -> None:
    await store.commit(person(1, "ann"), await store.claim_outbox("tests"))
    await ask(g.V().properties("generation", "hub", "claim").drop())
    opened = await GremlinStore.open(gremlin_url, FINGERPRINT)
    assert opened.generation == 0
    stored = (await opened.read_identifiers({email("ann"): 1}))[email("ann")]
    assert (stored.is_hub, stored.holders) == (False, 1)
    assert [found async for found in opened.scan_links()] == [(email("ann"), 1)]
    await opened.change_catalogue("a" * 64, write_task("t1", ReResolve()))
    assert opened.generation == 1
    await opened.close()


async def test_a_graph_can_be_opened_with_whatever_meaning_it_has(store: GremlinStore, gremlin_url: str) -> None:
    opened = await GremlinStore.open(gremlin_url, "a" * 64, any_meaning=True)
    assert opened.fingerprint == store.fingerprint
    await opened.close()


async def test_no_claim_made_while_the_catalogue_changes_outlives_the_change(
    store: GremlinStore, gremlin_url: str
) -> None:
    other = await GremlinStore.open(gremlin_url, FINGERPRINT)

    async def claim_and_write(number: int) -> bool:
        try:
            outbox = await other.claim_outbox(f"writer{number}")
        except CatalogueChanged:
            return False
        await changed.wait()
        with pytest.raises(ClaimLost):
            await other.commit(plan(profiles=[write_profile(f"p{number}")]), outbox)
        return True

    changed = asyncio.Event()
    early = [asyncio.create_task(claim_and_write(number)) for number in range(6)]
    await store.change_catalogue("a" * 64, write_task("t1", ReResolve()))
    changed.set()
    late = [asyncio.create_task(claim_and_write(number)) for number in range(6, 9)]
    await asyncio.gather(*early)
    assert await asyncio.gather(*late) == [False] * 3
    assert [stored async for stored in store.scan_profiles()] == []
    await other.close()


async def test_a_refused_claim_does_not_touch_the_store(
    store: GremlinStore, ask: Callable[[Traversal], Any], gremlin_url: str
) -> None:
    other = await GremlinStore.open(gremlin_url, FINGERPRINT)
    await store.change_catalogue("a" * 64, write_task("t1", ReResolve()))
    with pytest.raises(CatalogueChanged):
        await other.claim_outbox("tests")
    assert await ask(g.V(STORE_ID).out("outbox").count()) == [0]
    await other.close()
