"""The whole stack: its parts in their order, started, stopped and looked at."""

import fcntl
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from stack import artifacts
from stack.cassandra import Cassandra
from stack.debezium import CONNECTOR, KafkaConnect, connector_configuration
from stack.errors import StackError
from stack.gremlin_server import GremlinServer
from stack.janusgraph import JanusGraph, in_cassandra
from stack.kafka import KafkaBroker
from stack.postgres import PostgresServer
from stack.process import is_running, stop_process
from stack.requirements import missing_requirements, require
from stack.server import Server, refuse_ports
from stack.service import Api, Consumer, wiring
from stack.settings import CONFIGURATION, StackSettings
from stack.state import StackState, StartedPart, read_state, write_state

SEED = CONFIGURATION / "inventory.sql"
TOPICS = {"shop.inventory.customers", "shop.inventory.newsletter_subscribers"}

Say = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Stack:
    """The parts, not yet started. Connect and the service are made to find the others."""

    kafka: KafkaBroker
    postgres: PostgresServer
    connect: KafkaConnect
    graph: tuple[Server, ...]  #: what keeps the graph, in the order in which it starts
    consumer: Consumer
    api: Api

    @property
    def servers(self) -> tuple[Server, ...]:
        """The foreign servers, in the order in which they start."""
        return (self.kafka, self.postgres, *self.graph, self.connect)

    @property
    def services(self) -> tuple[Server, ...]:
        """Our own processes, which need the servers."""
        return (self.consumer, self.api)


def stack_of(settings: StackSettings) -> Stack:
    """The stack that the settings describe; ports given as 0 are chosen here."""
    folder, cache = settings.folder.absolute(), settings.cache.absolute()
    kafka = KafkaBroker(
        folder / "kafka", cache, port=settings.kafka_port, controller_port=settings.kafka_controller_port
    )
    graph, url = _graph_of(settings)
    environment = wiring(settings.catalogue.absolute(), kafka.bootstrap_servers, url)
    return Stack(
        kafka=kafka,
        postgres=PostgresServer(folder / "postgres", port=settings.postgres_port),
        connect=KafkaConnect(folder / "connect", cache, kafka.bootstrap_servers, port=settings.connect_port),
        graph=graph,
        consumer=Consumer(folder / "consumer", environment, port=settings.consumer_port),
        api=Api(folder / "api", environment, port=settings.api_port),
    )


def _graph_of(settings: StackSettings) -> tuple[tuple[Server, ...], str]:
    """What keeps the graph, and the address at which it is served."""
    folder, cache = settings.folder.absolute(), settings.cache.absolute()
    if settings.graph == "tinkergraph":
        gremlin = GremlinServer(folder / "gremlin", cache, port=settings.gremlin_port)
        return (gremlin,), gremlin.url
    cassandra = Cassandra(
        folder / "cassandra", cache, port=settings.cassandra_port, storage_port=settings.cassandra_storage_port
    )
    janusgraph = JanusGraph(
        folder / "janusgraph", cache, settings=in_cassandra(cassandra.port), port=settings.gremlin_port
    )
    return (cassandra, janusgraph), janusgraph.url


def up(settings: StackSettings, say: Say, *, with_services: bool = True) -> StackState:
    """Starts every part with fresh data, in order, a line per part; what runs already is left as it is.

    Everything that was started is stopped again when one part fails.

    Raises:
        PortsInUseError: some parts cannot have their ports; nothing was started.
        StackError: a part cannot start; the message says which, why, and where its log is.
    """
    folder = settings.folder.absolute()
    with _only_one(folder):
        found = read_state(folder)
        if found.is_running:
            say(f"The stack in {folder} is already running.")
            return found
        _refuse_half_a_stack(found)
        require(missing_requirements())
        stack = stack_of(settings)
        refuse_ports((*stack.servers, *stack.services) if with_services else stack.servers)
        _fetch(settings, say)
        _remove_data(stack)
        try:
            for server in stack.servers:
                _start(folder, server, say)
            _capture_inventory(stack, say)
            for service in stack.services if with_services else ():
                _start(folder, service, say)
        except BaseException:  # an interrupt too must leave nothing running
            _stop_all(folder, say)
            raise
        started = read_state(folder).model_copy(update={"complete": True})
        write_state(folder, started)
        return started


def down(settings: StackSettings, say: Say) -> None:
    """Stops what this folder's list says was started, in reverse order, and nothing else.

    Raises:
        StackError: a part could not be stopped.
    """
    folder = settings.folder.absolute()
    with _only_one(folder):
        if not read_state(folder).parts:
            say(f"No stack was started in {folder}.")
        _stop_all(folder, say)


def status(settings: StackSettings, say: Say) -> bool:
    """A line for each part that was started; True when the whole stack runs."""
    folder = settings.folder.absolute()
    state = read_state(folder)
    if not state.parts:
        say(f"No stack was started in {folder}.")
    for part in state.parts:
        condition = "running" if is_running(part.process) else f"not running, see {part.process.log}"
        say(f"{part.process.part:<15} {part.address}  {condition}")
    return state.is_running


@contextmanager
def _only_one(folder: Path) -> Iterator[None]:
    """Refuses to start or stop a stack while another command does so in the same folder."""
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / "lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StackError(f"Another command starts or stops the stack in {folder}; wait for it.") from error
        yield


def _refuse_half_a_stack(state: StackState) -> None:
    if state.parts:
        ended = f"{', '.join(state.ended)} not any more" if state.ended else "its start was broken off"
        raise StackError(f"Only a part of the stack runs; {ended}. Run `make stack-down`, then start again.")


def _fetch(settings: StackSettings, say: Say) -> None:
    cache = settings.cache.absolute()
    for artifact in (artifacts.KAFKA, artifacts.DEBEZIUM, *artifacts.OF_GRAPHS[settings.graph]):
        if not artifact.folder(cache).exists():
            say(f"Fetching {artifact.name} (once, into {cache}) ...")
            artifacts.fetch(artifact, cache)


def _remove_data(stack: Stack) -> None:
    # A graph in memory is gone, so a stack always begins anew: offsets of an earlier one would fit no graph.
    for server in (*stack.servers, *stack.services):
        if server.log.exists():  # without it the folder is not one of ours
            shutil.rmtree(server.folder)


def _start(folder: Path, server: Server, say: Say) -> None:
    began = time.monotonic()
    server.launch()
    _record(folder, server)
    server.wait()
    say(f"{server.part:<15} {server.describe()}  ({time.monotonic() - began:.1f} s)")


def _record(folder: Path, server: Server) -> None:
    if server.process is not None:
        part = StartedPart(process=server.process, address=server.describe(), leftovers=server.leftovers)
        write_state(folder, StackState(parts=(*read_state(folder).parts, part)))


def _capture_inventory(stack: Stack, say: Say) -> None:
    began = time.monotonic()
    stack.postgres.run_sql(SEED.read_text())
    stack.connect.register(CONNECTOR, connector_configuration(stack.postgres.port))
    stack.connect.wait_for_topics(CONNECTOR, TOPICS)
    took = time.monotonic() - began
    say(f"{'Debezium':<15} schema inventory -> {', '.join(sorted(TOPICS))}  ({took:.1f} s)")


def _stop_all(folder: Path, say: Say) -> None:
    parts = read_state(folder).parts
    while parts:
        *earlier, last = parts
        stopped = stop_process(last.process)
        for leftover in last.leftovers:
            shutil.rmtree(leftover, ignore_errors=True)
        parts = tuple(earlier)
        write_state(folder, StackState(parts=parts))
        say(f"{last.process.part:<15} {'stopped' if stopped else 'was not running any more'}")
