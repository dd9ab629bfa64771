"""The two processes of the identity graph itself, started as a user would: by the installed command."""

import sys
from abc import abstractmethod
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar

from stack.errors import StackError
from stack.ports import Port, answers
from stack.process import Command
from stack.server import HttpServer
from stack.settings import CHECKOUT

COMMAND = "identity-graph"


def wiring(catalogue: Path, bootstrap_servers: str, gremlin_url: str) -> dict[str, str]:
    """The environment variables by which the service finds its catalogue, Kafka and the graph."""
    return {
        "IDENTITY_GRAPH_CATALOGUE": str(catalogue),
        "IDENTITY_GRAPH_STORE": gremlin_url,
        "IDENTITY_GRAPH_KAFKA_BOOTSTRAP_SERVERS": bootstrap_servers,
    }


class ServiceProcess(HttpServer):
    """One process of the service; `environment` is its wiring, to which its own port is added."""

    subcommand: ClassVar[str]

    def __init__(self, folder: Path, port: Port, environment: Mapping[str, str]) -> None:
        super().__init__(folder, port)
        self.port = port
        self.environment = dict(environment)

    @property
    @abstractmethod
    def port_variable(self) -> str:
        """The environment variable that tells the process its port."""

    def prepare(self) -> Command:
        """Finds the command beside the Python that runs now.

        Raises:
            StackError: the package is not installed there.
        """
        command = Path(sys.executable).parent / COMMAND
        if not command.exists():
            raise StackError(f"{self.part}: there is no command {command}. Run `make install`.")
        environment = {**self.environment, self.port_variable: str(self.port.number)}
        return Command((str(command), self.subcommand), CHECKOUT, environment)

    def is_ready(self) -> bool:
        """Whether the process says that it is ready."""
        return answers(self.port, "/readyz")


class Consumer(ServiceProcess):
    """`identity-graph consume`: from the topics into the graph."""

    part = "Consumer"
    subcommand = "consume"
    port_variable = "IDENTITY_GRAPH_CONSUMER_PORT"

    def __init__(self, folder: Path, environment: Mapping[str, str], *, port: int = 0) -> None:
        super().__init__(folder, Port.named("consumer", port), environment)


class Api(ServiceProcess):
    """`identity-graph serve`: the HTTP API."""

    part = "API"
    subcommand = "serve"
    port_variable = "IDENTITY_GRAPH_PORT"

    def __init__(self, folder: Path, environment: Mapping[str, str], *, port: int = 0) -> None:
        super().__init__(folder, Port.named("api", port), environment)
