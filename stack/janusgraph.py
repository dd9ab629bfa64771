"""JanusGraph Server: its graph in memory, for tests, or in Cassandra, where it survives."""

import shutil
from collections.abc import Mapping
from pathlib import Path

import yaml

from stack.artifacts import JANUSGRAPH, fetch
from stack.gremlin_server import GremlinServer
from stack.ports import HOST, Port
from stack.process import Command
from stack.settings import CONFIGURATION

#: Both settings of ids are fixed when a graph is first opened.
_ANY = {
    "gremlin.graph": "org.janusgraph.core.JanusGraphFactory",
    "graph.set-vertex-id": "true",
    "graph.allow-custom-vid-types": "true",
}
#: One process serves the graph, so that a lock need not wait for claims of others that are still on their way.
IN_MEMORY = {**_ANY, "storage.backend": "inmemory", "storage.lock.wait-time": "2"}


def in_cassandra(port: Port) -> dict[str, str]:
    """Settings of a graph that the Cassandra node at `port` keeps."""
    return {
        **_ANY,
        "storage.backend": "cql",
        "storage.hostname": HOST,
        "storage.port": str(port.number),
        "storage.cql.local-datacenter": "datacenter1",
        "storage.cql.read-consistency-level": "QUORUM",
        "storage.cql.write-consistency-level": "QUORUM",
        "storage.cql.atomic-batch-mutate": "true",
        "storage.buffer-size": "1000000",
        # Longer than a claim of a lock takes to be written, which is given up else.
        "storage.lock.wait-time": "200",
    }


class JanusGraph(GremlinServer):
    """A JanusGraph Server of our own, as a local process: a Gremlin Server with another graph.

    One whose graph cannot be opened listens, and runs no traversals: so it never becomes ready.
    """

    part = "JanusGraph"

    def __init__(self, folder: Path, cache: Path, *, settings: Mapping[str, str] = IN_MEMORY, port: int = 0) -> None:
        super().__init__(folder, cache, port=port)
        self.settings = settings

    def prepare(self) -> Command:
        """Writes the configuration, with the local address and where the graph is kept."""
        for name in ("conf", "scripts"):
            (self.folder / name).mkdir(exist_ok=True)
        shutil.copyfile(CONFIGURATION / "gremlin-init.groovy", self.folder / "scripts/identity-graph.groovy")
        graph = "".join(f"{name}={value}\n" for name, value in self.settings.items())
        (self.folder / "conf/identity-graph.properties").write_text(graph)
        server = yaml.safe_load((CONFIGURATION / "janusgraph.yaml").read_text())
        configuration = self.folder / "conf/identity-graph.yaml"
        configuration.write_text(yaml.safe_dump({**server, "host": HOST, "port": self.port.number}))
        classes = f"{fetch(JANUSGRAPH, self.cache)}/*"
        logging = f"-Dlogback.configurationFile={CONFIGURATION / 'logback.xml'}"
        main = "org.janusgraph.graphdb.server.JanusGraphServer"
        arguments = ("java", "-Xmx2g", "-cp", classes, logging, main, str(configuration))
        return Command(arguments, self.folder)
