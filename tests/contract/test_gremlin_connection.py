"""What the graph store does when the server or the way to it fails."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from enum import Enum, auto
from urllib.parse import urlsplit

import pytest

from services.stores.gremlin import outbox as gremlin_outbox
from services.stores.gremlin.outbox import GremlinOutbox
from services.stores.gremlin.store import GremlinStore
from services.stores.port.errors import ClaimLost, CommitTooLarge, StoreUnavailable
from tests.contract.builders import FINGERPRINT, document, event, person, plan, write_profile
from tests.contract.conftest import empty_graph

pytestmark = pytest.mark.gremlin


PONG = b"\x8a\x00"  #: a sign of life, which is no answer to a request


class Cut(Enum):
    """Where the next request is cut off."""

    BEFORE_THE_SERVER = auto()  #: the request is lost
    LATE = auto()  #: the request reaches the server only when the test says so
    BEFORE_THE_CLIENT = auto()  #: the answer is lost


class Wire:
    """A TCP connection to the server that can be cut at a chosen moment."""

    def __init__(self, host: str, port: int) -> None:
        self._upstream = (host, port)
        self._open: set[asyncio.StreamWriter] = set()
        self.cut: Cut | None = None
        self.broken = False  #: whether new connections are refused
        self.deliver_late: Callable[[], Awaitable[None]] | None = None

    async def connect(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.broken:
            writer.close()
            return
        server_reader, server_writer = await asyncio.open_connection(*self._upstream)
        self._open |= {writer, server_writer}
        answers = asyncio.create_task(self._answers(server_reader, writer))
        with suppress(ConnectionError):
            while request := await reader.read(2**20):
                if self.cut is Cut.BEFORE_THE_SERVER:
                    break
                if self.cut is Cut.LATE:
                    self.deliver_late = lambda late=request: self._deliver(late, server_reader, server_writer)
                    answers.cancel()
                    break
                server_writer.write(request)
        self.cut = None if self.cut is not Cut.BEFORE_THE_CLIENT else self.cut
        writer.close()
        if self.deliver_late is None:
            await asyncio.wait([answers], timeout=10)
            server_writer.close()

    async def _answers(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(ConnectionError):
            while answer := await reader.read(2**20):
                if self.cut is Cut.BEFORE_THE_CLIENT and answer != PONG:
                    self.cut = None
                    break
                writer.write(answer)
        writer.close()

    async def _deliver(self, request: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(request)
        await asyncio.wait_for(reader.read(1), timeout=10)
        writer.close()

    def close(self) -> None:
        for writer in self._open:
            writer.close()


@pytest.fixture
async def wire(gremlin_url: str) -> AsyncIterator[Wire]:
    await empty_graph(gremlin_url)
    address = urlsplit(gremlin_url)
    wire = Wire(str(address.hostname), int(address.port or 0))
    yield wire
    wire.close()


@pytest.fixture
async def store(wire: Wire) -> AsyncIterator[GremlinStore]:
    server = await asyncio.start_server(wire.connect, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    store = await GremlinStore.open(f"ws://127.0.0.1:{port}/gremlin", FINGERPRINT)
    yield store
    await store.close()
    wire.close()
    server.close()
    await server.wait_closed()


async def test_a_lost_connection_is_opened_again(store: GremlinStore, wire: Wire) -> None:
    wire.cut = Cut.BEFORE_THE_SERVER
    with pytest.raises(StoreUnavailable):
        await store.read_profile("p1")
    assert await store.read_profile("p1") is None


async def test_all_requests_in_flight_learn_of_a_lost_connection(store: GremlinStore, wire: Wire) -> None:
    wire.cut = Cut.BEFORE_THE_SERVER
    results = await asyncio.gather(*(store.read_profile("p1") for _ in range(5)), return_exceptions=True)
    assert any(isinstance(result, StoreUnavailable) for result in results)
    assert all(result is None or isinstance(result, StoreUnavailable) for result in results)


async def test_a_commit_whose_answer_is_lost_finds_out_that_it_is_in_force(store: GremlinStore, wire: Wire) -> None:
    outbox = await store.claim_outbox("tests")
    wire.cut = Cut.BEFORE_THE_CLIENT
    await store.commit(person(1, "ann"), outbox)
    assert await store.read_profile("p1") is not None


async def test_after_a_lost_answer_the_outbox_goes_on(store: GremlinStore, wire: Wire) -> None:
    outbox = await store.claim_outbox("tests")
    wire.cut = Cut.BEFORE_THE_CLIENT
    one = plan(profiles=[write_profile("p1")], events=[event("p1")])
    await store.commit(one, outbox)
    for number in range(2, 20):
        another = plan(profiles=[write_profile(f"p{number}")], events=[event(f"p{number}")])
        await store.commit(another, outbox)
        await outbox.acknowledge(another.commit_id)
    assert (await store.claim_outbox("tests")).pending[0].commit_id == one.commit_id


async def test_a_commit_that_never_arrived_is_reported_and_can_be_repeated(store: GremlinStore, wire: Wire) -> None:
    outbox = await store.claim_outbox("tests")
    wire.cut = Cut.BEFORE_THE_SERVER
    with pytest.raises(StoreUnavailable):
        await store.commit(person(1, "ann"), outbox)
    assert await store.read_profile("p1") is None
    await store.commit(person(1, "ann"), outbox)
    assert await store.read_profile("p1") is not None


async def test_a_commit_reported_as_lost_is_refused_when_it_arrives_late(store: GremlinStore, wire: Wire) -> None:
    outbox = await store.claim_outbox("tests")
    wire.cut = Cut.LATE
    with pytest.raises(StoreUnavailable):
        await store.commit(person(1, "ann"), outbox)
    assert wire.deliver_late is not None
    await wire.deliver_late()
    assert await store.read_profile("p1") is None


async def test_a_commit_found_in_force_later_makes_the_writer_claim_again(
    store: GremlinStore, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gremlin_outbox, "SETTLE_SECONDS", 0.1)
    monkeypatch.setattr(gremlin_outbox, "SLOTS", 1)
    outbox = await store.claim_outbox("tests")
    one = plan(profiles=[write_profile("p1")], events=[event("p1")])
    wire.cut, wire.broken = Cut.BEFORE_THE_CLIENT, True
    with pytest.raises(StoreUnavailable):
        await store.commit(one, outbox)
    wire.broken = False
    with pytest.raises(ClaimLost, match="claim the outbox again"):
        await store.commit(person(2, "bob"), outbox)
    assert [entry.commit_id for entry in (await store.claim_outbox("tests")).pending] == [one.commit_id]


async def test_a_commit_found_lost_later_does_not_stop_the_writer(
    store: GremlinStore, wire: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gremlin_outbox, "SETTLE_SECONDS", 0.1)
    monkeypatch.setattr(gremlin_outbox, "SLOTS", 1)
    outbox = await store.claim_outbox("tests")
    wire.cut, wire.broken = Cut.BEFORE_THE_SERVER, True
    with pytest.raises(StoreUnavailable):
        await store.commit(person(1, "ann"), outbox)
    wire.broken = False
    await store.commit(person(1, "ann"), outbox)
    assert await store.read_profile("p1") is not None
    await assert_commits_wait_for_the_only_place(store, outbox)


async def test_a_commit_waits_while_the_outbox_has_no_free_place(
    store: GremlinStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gremlin_outbox, "SLOTS", 1)
    await assert_commits_wait_for_the_only_place(store, await store.claim_outbox("tests"))


async def assert_commits_wait_for_the_only_place(store: GremlinStore, outbox: GremlinOutbox) -> None:
    first = plan(profiles=[write_profile("first")], events=[event("first")])
    await store.commit(first, outbox)
    waiting = asyncio.create_task(store.commit(plan(profiles=[write_profile("second")]), outbox))
    for _ in range(20):
        assert await store.read_profile("second") is None
    assert not waiting.done()
    await outbox.acknowledge(first.commit_id)
    await asyncio.wait_for(waiting, timeout=10)
    assert await store.read_profile("second") is not None


async def test_a_plan_too_large_for_one_request_asks_for_less_at_once(store: GremlinStore) -> None:
    outbox = await store.claim_outbox("tests")
    megabyte = "x" * 2**20
    profiles = [write_profile(f"p{number}", text=megabyte) for number in range(9)]
    with pytest.raises(CommitTooLarge, match="commit less at once"):
        await store.commit(plan(profiles=profiles), outbox)
    await store.commit(plan(profiles=profiles[:4]), outbox)
    stored = await store.read_profile("p0")
    assert stored is not None
    assert stored.document == document(megabyte)


async def test_reads_overtake_each_other_on_one_connection(store: GremlinStore) -> None:
    outbox = await store.claim_outbox("tests")
    await store.commit(plan(profiles=[write_profile(f"p{number}") for number in range(50)]), outbox)
    found = await asyncio.gather(*(store.read_profile(f"p{number}") for number in range(50)))
    assert [profile.profile_id for profile in found if profile] == [f"p{number}" for number in range(50)]


async def test_a_closed_store_says_so(store: GremlinStore) -> None:
    await store.close()
    with pytest.raises(StoreUnavailable, match="open it again"):
        await store.read_profile("p1")


async def test_where_nothing_answers_the_store_is_unavailable(unused_tcp_port: int) -> None:
    with pytest.raises(StoreUnavailable, match="cannot be reached"):
        await GremlinStore.open(f"ws://127.0.0.1:{unused_tcp_port}/gremlin", FINGERPRINT)
