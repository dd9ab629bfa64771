"""A Gremlin Server that hangs, that is out of memory, that takes too long: seen within seconds, and named."""

import asyncio
import os
import signal
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml
from gremlin_python.process.graph_traversal import __

from services.maintenance.heartbeat import Heartbeat
from services.metrics import Metrics
from services.stores.gremlin.socket import Traversal, g
from services.stores.gremlin.store import GremlinStore
from services.stores.port.errors import NoRoom, StoreUnavailable
from stack.gremlin_server import GremlinServer
from stack.process import Command
from stack.settings import StackSettings
from tests.contract.builders import FINGERPRINT, person

pytestmark = pytest.mark.gremlin

#: Within which a server that hangs is seen; and what a machine that is busy with other tests may add.
SEEN_SECONDS = 3.0
LEEWAY_SECONDS = 2.0


class SmallServer(GremlinServer):
    """A server with little memory and little patience."""

    def prepare(self) -> Command:
        command = super().prepare()
        file = self.folder / "conf/identity-graph.yaml"
        file.write_text(yaml.safe_dump({**yaml.safe_load(file.read_text()), "evaluationTimeout": 3_000}))
        arguments = tuple("-Xmx96m" if argument == "-Xmx2g" else argument for argument in command.arguments)
        return Command(arguments, command.folder)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SmallServer]:
    with SmallServer(tmp_path_factory.mktemp("small"), StackSettings().cache) as started:
        yield started


@pytest.fixture
async def store(server: SmallServer) -> AsyncIterator[GremlinStore]:
    opened = await GremlinStore.open(server.url, FINGERPRINT)
    yield opened
    await opened.close()


@contextmanager
def stopped(server: GremlinServer) -> Iterator[None]:
    """The server does nothing any more, and its connections stay open."""
    assert server.process is not None
    os.kill(server.process.pid, signal.SIGSTOP)
    os.waitid(os.P_PID, server.process.pid, os.WSTOPPED | os.WNOWAIT)  # all of its threads
    try:
        yield
    finally:
        os.kill(server.process.pid, signal.SIGCONT)


async def seconds_until_refused(store: GremlinStore) -> float:
    began = time.monotonic()
    with pytest.raises(StoreUnavailable):
        await store.read_profile("p1")
    return time.monotonic() - began


async def test_reads_of_a_server_that_hangs_fail_within_seconds_however_many_wait(
    server: SmallServer, store: GremlinStore
) -> None:
    with stopped(server):
        under_way = await asyncio.gather(*(seconds_until_refused(store) for _ in range(40)))
        afterwards = await asyncio.gather(*(seconds_until_refused(store) for _ in range(40)))
    assert max(under_way) < SEEN_SECONDS + LEEWAY_SECONDS
    assert max(afterwards) < SEEN_SECONDS + LEEWAY_SECONDS
    assert await store.read_profile("p1") is None


async def test_a_large_request_that_a_server_does_not_take_fails_as_soon(
    server: SmallServer, store: GremlinStore
) -> None:
    large = g.inject("x" * 7_000_000).count()
    with stopped(server):
        began = time.monotonic()
        with pytest.raises(StoreUnavailable, match="hangs"):
            await store._submit(large)
        assert time.monotonic() - began < SEEN_SECONDS + LEEWAY_SECONDS


async def test_a_commit_that_a_server_does_not_answer_fails_within_seconds_and_can_be_made_later(
    server: SmallServer, store: GremlinStore
) -> None:
    outbox = await store.claim_outbox("tests")
    with stopped(server):
        began = time.monotonic()
        with pytest.raises(StoreUnavailable):
            await store.commit(person(5, "fay"), outbox)
        # It looks for what has become of it, once the server is seen to hang.
        assert time.monotonic() - began < 3 * SEEN_SECONDS + LEEWAY_SECONDS
    outbox = await store.claim_outbox("tests")
    if await store.read_profile("p5") is None:
        await store.commit(person(5, "fay"), outbox)


async def test_the_heartbeat_sees_a_server_that_hangs_within_seconds(server: SmallServer, store: GremlinStore) -> None:
    heartbeat = Heartbeat(store, Metrics())
    beating = asyncio.create_task(heartbeat.run())
    await heartbeat.next_beat()
    with stopped(server):
        began = time.monotonic()
        async with asyncio.timeout(30):
            while heartbeat.problem is None:  # noqa: ASYNC110 - what is measured is when it turns
                await asyncio.sleep(0.02)
        assert time.monotonic() - began < SEEN_SECONDS + LEEWAY_SECONDS
    async with asyncio.timeout(30):
        while heartbeat.problem is not None:
            await heartbeat.next_beat()
    beating.cancel()


async def test_a_server_that_works_on_something_long_does_not_hang(store: GremlinStore) -> None:
    with pytest.raises(StoreUnavailable, match="evaluationTimeout") as told:
        await store._submit(endless())
    assert "598" in str(told.value)


def endless() -> Traversal:
    return g.inject(1).repeat(__.constant(1)).until(__.is_(2)).count()


async def test_a_server_without_memory_is_named_as_what_it_says(store: GremlinStore) -> None:
    doubled = __.union(__.identity(), __.identity())
    with pytest.raises(NoRoom, match="OutOfMemoryError"):
        await store._submit(g.inject("x" * 1_000).repeat(doubled).times(24).as_("a").fold())


async def test_a_proof_that_the_graph_can_be_written_leaves_nothing_behind(store: GremlinStore) -> None:
    before = await store._submit(g.V().count())
    await store.prove_writable()
    assert await store._submit(g.V().count()) == before
    assert time.monotonic() - store.written_at < 10


async def test_a_commit_is_the_newest_proof(store: GremlinStore, tmp_path: Path) -> None:
    assert store.written_at < 0
    await store.commit(person(7, "eve"), await store.claim_outbox("tests"))
    assert time.monotonic() - store.written_at < 10
