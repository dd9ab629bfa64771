"""An empty store of every kind, for each test anew."""

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from random import Random
from typing import TypeAlias

import pytest

from services.stores.gremlin.socket import Credentials, GremlinSocket, g
from services.stores.gremlin.store import GremlinStore
from services.stores.port.identity import KeptCatalogue
from services.stores.port.protocols import Outbox, Store
from services.stores.sqlite.store import SqliteStore
from tests.contract.builders import FINGERPRINT
from tests.neptune.double import Moods, NeptuneDouble, neptune_double

#: Opens the store of this test once more, as another process would, with the fingerprint of a catalogue.
Reopen: TypeAlias = Callable[..., Awaitable[Store]]


@pytest.fixture(scope="session")
def running_double(gremlin_url: str) -> Iterator[NeptuneDouble]:
    with neptune_double(gremlin_url) as double:
        yield double


@pytest.fixture
def neptune(running_double: NeptuneDouble) -> Iterator[NeptuneDouble]:
    """A stand-in for Amazon Neptune, which has too much to do now and then; nothing that it would refuse is asked."""
    running_double.refused.clear()
    running_double.moods, running_double.dice = Moods(throttled=0.02), Random(13)  # noqa: S311 - is to be foreseen
    yield running_double
    assert not running_double.refused


@pytest.fixture(
    params=[
        "sqlite",
        pytest.param("gremlin", marks=pytest.mark.gremlin),
        pytest.param("neptune", marks=pytest.mark.gremlin),
        pytest.param("janusgraph", marks=pytest.mark.janusgraph),
    ]
)
async def reopen(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Reopen]:
    opened: list[Store] = []
    url = ""
    if request.param != "sqlite":
        url = request.getfixturevalue("janusgraph_url" if request.param == "janusgraph" else "gremlin_url")
        await empty_graph(url)
    if request.param == "neptune":
        url = request.getfixturevalue("neptune").url

    async def open_once_more(fingerprint: str = FINGERPRINT, catalogue: KeptCatalogue | None = None) -> Store:
        store: Store
        if url:
            store = await GremlinStore.open(url, fingerprint, catalogue=catalogue)
        else:
            store = await SqliteStore.open(tmp_path / "graph.sqlite", fingerprint, catalogue=catalogue)
        opened.append(store)
        return store

    yield open_once_more
    for store in opened:
        await store.close()


@pytest.fixture
async def store(reopen: Reopen) -> Store:
    return await reopen()


@pytest.fixture
async def outbox(store: Store) -> Outbox:
    return await store.claim_outbox("tests")


async def empty_graph(url: str) -> None:
    socket = await GremlinSocket.open(url, Credentials())
    try:
        await socket.submit(g.V().drop())
    finally:
        await socket.close()
