"""A graph that survives: JanusGraph over a real Cassandra."""

import asyncio
from collections.abc import Iterator

import pytest

from services.stores.gremlin.engines import Engine
from services.stores.gremlin.store import GremlinStore
from services.stores.port.errors import ClaimLost, CommitConflict, StoreError, StoreUnavailable
from stack.cassandra import Cassandra
from stack.errors import PortInUseError
from stack.janusgraph import JanusGraph, in_cassandra
from stack.process import wait_until
from stack.server import Server
from stack.settings import StackSettings
from tests.contract.builders import FINGERPRINT, person

pytestmark = [pytest.mark.janusgraph, pytest.mark.timeout(300)]

CREATIONS = 10


@pytest.fixture(scope="module")
def cassandra(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cassandra]:
    with Cassandra(tmp_path_factory.mktemp("cassandra"), StackSettings().cache) as node:
        yield node


@pytest.fixture(scope="module")
def server(cassandra: Cassandra, tmp_path_factory: pytest.TempPathFactory) -> Iterator[JanusGraph]:
    settings = in_cassandra(cassandra.port)
    with JanusGraph(tmp_path_factory.mktemp("graph"), StackSettings().cache, settings=settings) as running:
        yield running


def start_again(killed: Server) -> None:
    """Start a server that was killed, as soon as the system has let go of its ports."""

    def is_free() -> bool:
        try:
            for port in killed.ports:
                port.refuse_if_in_use(killed.part)
        except PortInUseError:
            return False
        return True

    assert wait_until(is_free, within=20)
    killed.start()


async def open_anew(server: JanusGraph) -> GremlinStore:
    return await GremlinStore.open(server.url, FINGERPRINT)


async def test_what_is_committed_is_there_after_both_servers_were_killed(
    server: JanusGraph, cassandra: Cassandra
) -> None:
    store = await open_anew(server)
    outbox = await store.claim_outbox("survivors")
    assert store.guarantees == Engine.JANUSGRAPH.guarantees
    await store.commit(person(1, "ann"), outbox)
    server.kill()
    cassandra.kill()
    with pytest.raises(StoreUnavailable):
        await store.read_profile("p1")
    for killed in (cassandra, server):
        await asyncio.to_thread(start_again, killed)
    assert await store.read_profile("p1") is not None  # by the same store, which was not opened again
    with pytest.raises(CommitConflict):
        await store.commit(person(1, "ann"), outbox)
    await store.close()


async def test_who_has_lost_the_claim_writes_nothing(server: JanusGraph) -> None:
    zombie, successor = await open_anew(server), await open_anew(server)
    lost = await zombie.claim_outbox("fenced")
    kept = await successor.claim_outbox("fenced")
    results = await asyncio.gather(
        zombie.commit(person(2, "bob"), lost), successor.commit(person(3, "eve"), kept), return_exceptions=True
    )
    assert isinstance(results[0], ClaimLost)
    assert results[1] is None
    assert await successor.read_profile("p2") is None
    await asyncio.gather(zombie.close(), successor.close())


async def test_of_two_processes_that_make_the_same_identifier_one_is_refused_each_time(server: JanusGraph) -> None:
    stores = [await open_anew(server) for _ in range(2)]
    claims = [await store.claim_outbox(f"maker{side}") for side, store in enumerate(stores)]
    for number in range(CREATIONS):
        made = [
            store.commit(person(100 + 2 * number + side, f"shared{number}"), claim)
            for side, (store, claim) in enumerate(zip(stores, claims, strict=True))
        ]
        results = await asyncio.gather(*made, return_exceptions=True)
        assert results.count(None) <= 1
        assert all(result is None or isinstance(result, CommitConflict) for result in results)
    for store in stores:
        await store.close()


async def test_reads_that_may_miss_a_commit_are_refused(
    cassandra: Cassandra, tmp_path_factory: pytest.TempPathFactory
) -> None:
    weak = in_cassandra(cassandra.port) | {"storage.cql.read-consistency-level": "ONE", "storage.cql.keyspace": "weak"}
    with (
        JanusGraph(tmp_path_factory.mktemp("weak"), StackSettings().cache, settings=weak) as server,
        pytest.raises(StoreError, match="read-consistency-level=QUORUM"),
    ):
        await open_anew(server)
