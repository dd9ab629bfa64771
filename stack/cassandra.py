"""Apache Cassandra: one node, on which JanusGraph keeps its graph."""

import socket
import struct
from pathlib import Path

import yaml

from stack.artifacts import CASSANDRA, fetch
from stack.ports import HOST, Port
from stack.process import Command
from stack.server import Server
from stack.settings import CONFIGURATION

# The request OPTIONS (5) of version 4 of the native protocol, on stream 0, without a body.
OPTIONS_REQUEST = struct.pack(">BBhBi", 4, 0, 0, 5, 0)
#: What Cassandra 5.0 reaches into; its own start script has the same list for Java 17.
_EXPORTS = (
    "java.base/jdk.internal.misc",
    "java.base/jdk.internal.ref",
    "java.base/sun.nio.ch",
    "java.management.rmi/com.sun.jmx.remote.internal.rmi",
    "java.rmi/sun.rmi.registry",
    "java.rmi/sun.rmi.server",
    "java.sql/java.sql",
    "java.rmi/sun.rmi.transport",
    "java.rmi/sun.rmi.transport.tcp",
    "java.base/java.lang.ref",
    "java.base/java.lang.reflect",
    "java.base/jdk.internal.ref",
)
_OPENS = (
    "java.base/java.lang.module",
    "java.base/java.net",
    "java.base/jdk.internal.loader",
    "java.base/jdk.internal.ref",
    "java.base/jdk.internal.reflect",
    "java.base/jdk.internal.math",
    "java.base/jdk.internal.module",
    "java.base/jdk.internal.util.jar",
    "jdk.management/com.sun.management.internal",
    "java.base/sun.nio.ch",
    "java.base/java.io",
    "java.base/java.lang",
    "java.base/java.lang.reflect",
    "java.base/java.nio",
    "java.base/java.util",
    "java.base/java.util.concurrent",
    "java.base/java.util.concurrent.atomic",
)


class Cassandra(Server):
    """A Cassandra node of our own, as a local process; what it holds survives a restart."""

    part = "Cassandra"

    def __init__(self, folder: Path, cache: Path, *, port: int = 0, storage_port: int = 0) -> None:
        self.port = Port.named("cassandra", port)
        self.storage_port = Port.named("cassandra_storage", storage_port)
        super().__init__(folder, self.port, self.storage_port)
        self.cache = cache

    def describe(self) -> str:
        """Where it is reached, for a person."""
        return self.port.address

    def prepare(self) -> Command:
        """Writes the configuration, with the local addresses and folders."""
        settings = yaml.safe_load((CONFIGURATION / "cassandra.yaml").read_text())
        data = self.folder / "data"
        settings |= {
            "listen_address": HOST,
            "rpc_address": HOST,
            "native_transport_port": self.port.number,
            "storage_port": self.storage_port.number,
            "data_file_directories": [str(data / "tables")],
            "commitlog_directory": str(data / "commitlog"),
            "hints_directory": str(data / "hints"),
            "saved_caches_directory": str(data / "caches"),
            "cdc_raw_directory": str(data / "cdc"),
            "seed_provider": [
                {
                    "class_name": "org.apache.cassandra.locator.SimpleSeedProvider",
                    "parameters": [{"seeds": self.storage_port.address}],
                }
            ],
        }
        configuration = self.folder / "cassandra.yaml"
        configuration.write_text(yaml.safe_dump(settings))
        classes = fetch(CASSANDRA, self.cache)
        (agent,) = classes.glob("jamm-*.jar")
        options = (
            f"-Dcassandra.config={configuration.as_uri()}",
            f"-Dcassandra.storagedir={data}",
            "-Dcassandra.jmx.remote.port=0",
            "-Djava.library.path=",
            f"-Dlogback.configurationFile={CONFIGURATION / 'logback.xml'}",
            f"-javaagent:{agent}",
        )
        reached = [f"--add-exports={name}=ALL-UNNAMED" for name in _EXPORTS]
        reached += [f"--add-opens={name}=ALL-UNNAMED" for name in _OPENS]
        main = "org.apache.cassandra.service.CassandraDaemon"
        return Command(("java", "-Xmx1g", *reached, *options, "-cp", f"{classes}/*", main), self.folder)

    def is_ready(self) -> bool:
        """Whether it answers clients."""
        try:
            with socket.create_connection((HOST, self.port.number), timeout=1) as connection:
                connection.sendall(OPTIONS_REQUEST)
                return bool(connection.recv(4))
        except OSError:
            return False
