"""A Kafka broker: one node in KRaft mode."""

import socket
import struct
import subprocess
from pathlib import Path

from stack.artifacts import KAFKA, fetch
from stack.errors import PartFailedError
from stack.ports import HOST, Port
from stack.process import Command
from stack.server import Server
from stack.settings import CONFIGURATION

CLUSTER_ID = "aWRlbnRpdHktZ3JhcGgtMQ"
# Size, then the request ApiVersions (18), version 0, correlation 1, without a client's name.
API_VERSIONS_REQUEST = struct.pack(">ihhih", 10, 18, 0, 1, -1)


class KafkaBroker(Server):
    """Broker and controller in one process."""

    part = "Kafka"

    def __init__(self, folder: Path, cache: Path, *, port: int = 0, controller_port: int = 0) -> None:
        self.port = Port.named("kafka", port)
        self.controller_port = Port.named("kafka_controller", controller_port)
        super().__init__(folder, self.port, self.controller_port)
        self.cache = cache

    @property
    def bootstrap_servers(self) -> str:
        """What clients are given to find the broker."""
        return self.port.address

    @property
    def java_options(self) -> tuple[str, ...]:
        """What else the machine that runs the broker is told."""
        return ()

    @property
    def format_options(self) -> tuple[str, ...]:
        """What else a new data folder is made with."""
        return ()

    def describe(self) -> str:
        """Where it is reached, for a person."""
        return self.bootstrap_servers

    def prepare(self) -> Command:
        """Writes the configuration and formats the data folder when it is new."""
        configuration = self.folder / "server.properties"
        configuration.write_text((CONFIGURATION / "kafka.properties").read_text() + self._addresses())
        classes = f"{fetch(KAFKA, self.cache)}/*"
        if not (self.folder / "data/meta.properties").exists():
            self._format(classes, configuration)
        logging = f"-Dlog4j2.configurationFile={CONFIGURATION / 'log4j2.xml'}"
        options = ("-Xmx512m", "-cp", classes, logging, *self.java_options)
        arguments = ("java", *options, "kafka.Kafka", str(configuration))
        return Command(arguments, self.folder)

    def is_ready(self) -> bool:
        """Whether the broker answers a request, which it does once it is started and registered."""
        try:
            with socket.create_connection((HOST, self.port.number), timeout=1) as connection:
                connection.sendall(API_VERSIONS_REQUEST)
                return bool(connection.recv(4))
        except OSError:
            return False

    def _addresses(self) -> str:
        broker, controller = (
            f"PLAINTEXT://{self.port.address}",
            f"CONTROLLER://{self.controller_port.address}",
        )
        return (
            f"listeners={broker},{controller}\n"
            f"advertised.listeners={broker}\n"
            f"controller.quorum.bootstrap.servers={self.controller_port.address}\n"
            f"log.dirs={self.folder / 'data'}\n"
        )

    def _format(self, classes: str, configuration: Path) -> None:
        tool = ["java", "-Xmx256m", "-cp", classes, "kafka.tools.StorageTool", "format", "--standalone"]
        with self.log.open("wb") as output:
            done = subprocess.run(
                [*tool, "--cluster-id", CLUSTER_ID, "--config", str(configuration), *self.format_options],
                stdout=output,
                stderr=subprocess.STDOUT,
                check=False,
            )
        if done.returncode != 0:
            raise PartFailedError(self.part, "could not format its data folder", self.log)
