"""What only a JanusGraph shows: that it is told from a Gremlin Server, and refused where it could lose a commit."""

from pathlib import Path

import pytest
from gremlin_python.process.traversal import T

from services.stores.gremlin.engines import Engine
from services.stores.gremlin.migration import GremlinMigration
from services.stores.gremlin.socket import Credentials, GremlinSocket, g
from services.stores.gremlin.store import GremlinStore
from services.stores.port.errors import StoreError
from stack.janusgraph import IN_MEMORY, JanusGraph
from stack.settings import StackSettings
from tests.contract.builders import FINGERPRINT

pytestmark = pytest.mark.janusgraph


async def test_a_janusgraph_is_recognised_also_where_the_settings_name_a_gremlin_server(janusgraph_url: str) -> None:
    store = await GremlinStore.open(janusgraph_url, FINGERPRINT, engine=Engine.GREMLIN_SERVER, any_meaning=True)
    assert store.guarantees == Engine.JANUSGRAPH_IN_MEMORY.guarantees
    await store.close()


async def test_a_graph_whose_revisions_are_not_locked_is_refused(tmp_path: Path) -> None:
    with JanusGraph(tmp_path, StackSettings().cache) as server:
        socket = await GremlinSocket.open(server.url, Credentials())
        # JanusGraph makes what it does not know, as in a graph that was written to by a version that knew no better.
        await socket.submit(g.add_v("record").property(T.id, "record:1").property("rev", "1").id_())
        await socket.close()
        for opening in (GremlinStore.open(server.url, FINGERPRINT), GremlinMigration.open(server.url, Credentials())):
            with pytest.raises(StoreError, match="`rev` has no consistency LOCK"):
                await opening


@pytest.mark.parametrize(
    ("setting", "wrong"), [("graph.allow-custom-vid-types", "false"), ("storage.batch-loading", "true")]
)
async def test_a_server_whose_settings_break_the_law_is_refused_by_their_name(
    tmp_path: Path, setting: str, wrong: str
) -> None:
    with JanusGraph(tmp_path, StackSettings().cache, settings={**IN_MEMORY, setting: wrong}) as server:
        with pytest.raises(StoreError, match=setting) as refused:
            await GremlinStore.open(server.url, FINGERPRINT)
        assert "\n" not in str(refused.value)
