"""Servers that restart, that ask for credentials, and that cannot be used."""

from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from services.stores.gremlin.socket import Credentials
from services.stores.gremlin.store import GremlinStore
from services.stores.port.errors import StoreError, StoreReplaced, StoreUnavailable
from stack.errors import PortInUseError
from stack.gremlin_server import GremlinServer
from stack.process import Command, wait_until
from stack.settings import StackSettings
from tests.contract.builders import FINGERPRINT, person

pytestmark = pytest.mark.gremlin

GRAPH = "conf/identity-graph.properties"
CONFIGURATION = "conf/identity-graph.yaml"
# A user whose password hash is a published test vector of bcrypt.
USER, PASSWORD, HASH = "reader", "U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW"
USERS = f"""<?xml version="1.0"?>
<graphml xmlns="http://graphml.graphdrawing.org/xmlns">
  <key id="labelV" for="node" attr.name="labelV" attr.type="string"/>
  <key id="username" for="node" attr.name="username" attr.type="string"/>
  <key id="password" for="node" attr.name="password" attr.type="string"/>
  <graph id="G" edgedefault="directed"><node id="1">
    <data key="labelV">user</data><data key="username">{USER}</data><data key="password">{HASH}</data>
  </node></graph>
</graphml>"""


class GuardedServer(GremlinServer):
    """A server that asks for a name and a password."""

    def prepare(self) -> Command:
        command = super().prepare()
        (self.folder / "users.xml").write_text(USERS)
        (self.folder / "users.properties").write_text(
            "gremlin.graph=org.apache.tinkerpop.gremlin.tinkergraph.structure.TinkerGraph\n"
            "gremlin.tinkergraph.vertexIdManager=LONG\n"
            f"gremlin.tinkergraph.graphLocation={self.folder}/users.xml\n"
            "gremlin.tinkergraph.graphFormat=graphml\n"
        )
        settings = yaml.safe_load((self.folder / CONFIGURATION).read_text())
        settings["authentication"] = {
            "authenticator": "org.apache.tinkerpop.gremlin.server.auth.SimpleAuthenticator",
            "config": {"credentialsDb": f"{self.folder}/users.properties"},
        }
        settings["channelizer"] = "org.apache.tinkerpop.gremlin.server.channel.WebSocketChannelizer"
        (self.folder / CONFIGURATION).write_text(yaml.safe_dump(settings))
        return command

    def is_ready(self) -> bool:
        return "Channel started at port" in self.log.read_text()


class ServerWithoutTransactions(GremlinServer):
    """A server with the graph that Gremlin Server ships with."""

    def prepare(self) -> Command:
        command = super().prepare()
        graph = self.folder / GRAPH
        graph.write_text(graph.read_text().replace("TinkerTransactionGraph", "TinkerGraph"))
        return command


def is_free(server: GremlinServer) -> bool:
    try:
        server.port.refuse_if_in_use(server.part)
    except PortInUseError:
        return False
    return True


@pytest.fixture(scope="module")
def guarded_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with GuardedServer(tmp_path_factory.mktemp("guarded"), StackSettings().cache) as server:
        yield server.url


async def test_a_server_that_asks_gets_name_and_password(guarded_url: str) -> None:
    store = await GremlinStore.open(guarded_url, FINGERPRINT, credentials=Credentials(USER, PASSWORD))
    await store.commit(person(1, "ann"), await store.claim_outbox("tests"))
    assert await store.read_profile("p1") is not None
    await store.close()


async def test_wrong_credentials_are_refused_by_the_names_of_their_settings(guarded_url: str) -> None:
    with pytest.raises(StoreError, match="IDENTITY_GRAPH_STORE_PASSWORD") as refused:
        await GremlinStore.open(guarded_url, FINGERPRINT, credentials=Credentials(USER, "wrong-secret"))
    assert "wrong-secret" not in str(refused.value)


async def test_a_graph_without_transactions_is_refused(tmp_path: Path) -> None:
    with ServerWithoutTransactions(tmp_path, StackSettings().cache) as server:
        for _ in range(2):
            with pytest.raises(StoreError, match="TinkerTransactionGraph"):
                await GremlinStore.open(server.url, FINGERPRINT)


async def test_a_graph_that_was_restarted_is_another_store(tmp_path: Path) -> None:
    with GremlinServer(tmp_path, StackSettings().cache) as server:
        store = await GremlinStore.open(server.url, FINGERPRINT)
        outbox = await store.claim_outbox("tests")
        server.kill()
        with pytest.raises(StoreUnavailable):
            await store.read_profile("p1")
        assert wait_until(lambda: is_free(server), within=10)  # a killed process lets go of its port a little later
        server.start()
        for _ in range(2):
            with pytest.raises(StoreReplaced, match="consume --rewind"):
                await store.read_profile("p1")
        with pytest.raises(StoreReplaced):
            await store.commit(person(1, "ann"), outbox)
        successor = await GremlinStore.open(server.url, FINGERPRINT)
        assert successor.store_id != store.store_id
        with pytest.raises(StoreReplaced, match=successor.store_id):
            await store.read_profile("p1")
        await successor.close()
        await store.close()
