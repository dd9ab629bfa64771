"""Kafka Connect with Debezium's connector for PostgreSQL, driven over its REST interface."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from stack.artifacts import DEBEZIUM, KAFKA, fetch
from stack.errors import ConnectorFailedError
from stack.ports import HOST, Port, request
from stack.process import Command, wait_until
from stack.server import HttpServer
from stack.settings import CONFIGURATION

CHANGE_SECONDS = 60.0
CONNECTOR = "inventory"


def connector_configuration(postgres: Port, **changed: str) -> dict[str, str]:
    """The connector of `config/connector.json`, pointed at the PostgreSQL on this port.

    `changed` replaces or adds properties; a dot in a property's name is written as two underscores.
    """
    shipped: dict[str, str] = json.loads((CONFIGURATION / "connector.json").read_text())
    address = {"database.hostname": HOST, "database.port": str(postgres.number)}
    return {**shipped, **address, **{name.replace("__", "."): value for name, value in changed.items()}}


class KafkaConnect(HttpServer):
    """One worker in distributed mode: connectors and offsets are kept in Kafka and survive a restart."""

    part = "Kafka Connect"

    def __init__(self, folder: Path, cache: Path, bootstrap_servers: str, *, port: int = 0) -> None:
        self.port = Port.named("connect", port)
        super().__init__(folder, self.port)
        self.cache = cache
        self.bootstrap_servers = bootstrap_servers

    def prepare(self) -> Command:
        """Writes the worker's configuration."""
        configuration = self.folder / "worker.properties"
        configuration.write_text((CONFIGURATION / "connect.properties").read_text() + self._addresses())
        logging = f"-Dlog4j2.configurationFile={CONFIGURATION / 'log4j2.xml'}"
        main = "org.apache.kafka.connect.cli.ConnectDistributed"
        classes = f"{fetch(KAFKA, self.cache)}/*"
        return Command(("java", "-Xmx512m", "-cp", classes, logging, main, str(configuration)), self.folder)

    def is_ready(self) -> bool:
        """Whether it manages connectors."""
        try:
            self._call("GET", "/connectors")
        except ConnectorFailedError:
            return False
        return True

    def register(self, name: str, configuration: Mapping[str, str]) -> None:
        """Makes the connector, or gives it another configuration, and returns once its task runs.

        A connector that was stopped stays so; resume() starts it with the new configuration.

        Raises:
            ConnectorFailedError: Connect refused the configuration, or the task failed.
        """
        before = self.state(name)
        self._call("PUT", f"/connectors/{name}/config", configuration)
        self._wait_for(name, "STOPPED" if before == "STOPPED" else "RUNNING")

    def stop_connector(self, name: str) -> None:
        """Ends the connector's task; its replication slot stays, and with it what has yet to be read."""
        self._call("PUT", f"/connectors/{name}/stop")
        self._wait_for(name, "STOPPED")

    def resume(self, name: str) -> None:
        """Lets a stopped connector go on: from its stored offsets, else as its `snapshot.mode` says."""
        self._call("PUT", f"/connectors/{name}/resume")
        self._wait_for(name, "RUNNING")

    def forget_offsets(self, name: str) -> None:
        """Removes the stored offsets of a stopped connector."""
        self._call("DELETE", f"/connectors/{name}/offsets")

    def remove(self, name: str) -> None:
        """Removes the connector; its stored offsets and its replication slot stay."""
        self._call("DELETE", f"/connectors/{name}")

    def topics(self, name: str) -> set[str]:
        """The topics that the connector has written to."""
        answer = self._call("GET", f"/connectors/{name}/topics")
        return set(answer[name]["topics"])

    def wait_for_topics(self, name: str, topics: set[str]) -> None:
        """Returns once the connector has written to all of these topics.

        Raises:
            ConnectorFailedError: it has not within a minute.
        """
        if not wait_until(lambda: topics <= self.topics(name), CHANGE_SECONDS):
            lacking = ", ".join(sorted(topics - self.topics(name)))
            raise ConnectorFailedError(f"Connector {name} wrote nothing to {lacking}. Its log is {self.log}.")

    def state(self, name: str) -> str:
        """`RUNNING` once connector and task run, `STOPPED`, `FAILED: why`, or empty while it changes."""
        try:
            status = self._call("GET", f"/connectors/{name}/status")
        except ConnectorFailedError:  # it is not there yet
            return ""
        workers = [status["connector"], *status["tasks"]]
        for worker in workers:
            if worker["state"] == "FAILED":
                return f"FAILED: {worker.get('trace', '').splitlines()[0]}"
        states = {worker["state"] for worker in workers}
        if states == {"RUNNING"} and not status["tasks"]:
            return ""
        return str(states.pop()) if len(states) == 1 else ""

    def _wait_for(self, name: str, wanted: str) -> None:
        seen = [""]

        def settled() -> bool:
            seen[0] = self.state(name)
            return seen[0] == wanted or seen[0].startswith("FAILED")

        if not wait_until(settled, CHANGE_SECONDS) or seen[0] != wanted:
            raise ConnectorFailedError(
                f"Connector {name} should be {wanted} and is {seen[0] or 'not'}. Its log is {self.log}."
            )

    def _call(self, method: str, path: str, body: Mapping[str, str] | None = None) -> Any:  # noqa: ANN401 - JSON
        try:
            status, answer = request(self.port, path, method=method, body=body)
        except OSError as error:
            raise ConnectorFailedError(f"Kafka Connect does not answer at {self.url}: {error}") from error
        if status >= 400:
            reason = answer.decode(errors="replace")
            raise ConnectorFailedError(f"Kafka Connect answered {status} to {method} {path}: {reason}")
        return json.loads(answer) if answer else None

    def _addresses(self) -> str:
        return (
            f"bootstrap.servers={self.bootstrap_servers}\n"
            f"listeners=http://{self.port.address}\n"
            f"rest.advertised.host.name={HOST}\n"
            f"plugin.path={fetch(DEBEZIUM, self.cache)}\n"
        )
