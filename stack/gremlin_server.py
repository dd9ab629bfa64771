"""Gremlin Server with a transactional TinkerGraph, in memory: each start begins with an empty graph."""

import shutil
from pathlib import Path

import yaml

from stack.artifacts import GREMLIN_SERVER, fetch
from stack.ports import HOST, Port, answers
from stack.process import Command
from stack.server import Server
from stack.settings import CONFIGURATION

IMAGE = "tinkerpop/gremlin-server:3.7.5"
IMAGE_HOME = "/opt/gremlin-server"
# Our files, and the names by which the server's configuration refers to them.
FILES = {
    CONFIGURATION / "gremlin-server.yaml": "conf/identity-graph.yaml",
    CONFIGURATION / "gremlin-graph.properties": "conf/identity-graph.properties",
    CONFIGURATION / "gremlin-init.groovy": "scripts/identity-graph.groovy",
}
#: Names of properties and beginnings of ids come again with every vertex: kept once they take 6 % less heap.
LESS_HEAP = ("-XX:+UseG1GC", "-XX:+UseStringDeduplication", "-XX:StringDeduplicationAgeThreshold=1")
PROBE = "/?gremlin=g.inject(1)"


class GremlinServer(Server):
    """A Gremlin Server of our own, as a local process."""

    part = "Gremlin Server"

    def __init__(self, folder: Path, cache: Path, *, port: int = 0) -> None:
        self.port = Port.named("gremlin", port)
        super().__init__(folder, self.port)
        self.cache = cache

    @property
    def url(self) -> str:
        """The WebSocket address for drivers."""
        return f"ws://{self.port.address}/gremlin"

    def describe(self) -> str:
        """Where it is reached, for a person."""
        return self.url

    def prepare(self) -> Command:
        """Copies the configuration, with the local address in it."""
        for source, name in FILES.items():
            (self.folder / name).parent.mkdir(exist_ok=True)
            shutil.copyfile(source, self.folder / name)
        configuration = self.folder / "conf/identity-graph.yaml"
        settings = yaml.safe_load(configuration.read_text())
        configuration.write_text(yaml.safe_dump({**settings, "host": HOST, "port": self.port.number}))
        classes = f"{fetch(GREMLIN_SERVER, self.cache)}/*"
        logging = f"-Dlogback.configurationFile={CONFIGURATION / 'logback.xml'}"
        main = "org.apache.tinkerpop.gremlin.server.GremlinServer"
        arguments = ("java", "-Xmx2g", *LESS_HEAP, "-cp", classes, logging, main, str(configuration))
        return Command(arguments, self.folder)

    def is_ready(self) -> bool:
        """Whether it runs traversals."""
        return answers(self.port, PROBE)
