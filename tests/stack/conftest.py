"""The real servers, one of each for the whole run."""

import asyncio
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

import pytest

from stack.debezium import KafkaConnect
from stack.gremlin_server import GremlinServer
from stack.kafka import KafkaBroker
from stack.postgres import PostgresServer
from stack.settings import StackSettings
from tests.stack.rights import ALL, grant
from tests.stack.secured_broker import KNOWN, USER, SecuredBroker
from tests.stack.tokens import CLIENT, TokenServer, serving_tokens


@pytest.fixture(scope="session")
def kafka_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[KafkaBroker]:
    with KafkaBroker(tmp_path_factory.mktemp("kafka"), StackSettings().cache) as broker:
        yield broker


@pytest.fixture(scope="session")
def secured_broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SecuredBroker]:
    """One where all but `limited` may do everything."""
    trusted = {USER, CLIENT, "CN=client", *KNOWN} - {"limited"}
    with SecuredBroker(tmp_path_factory.mktemp("secured"), StackSettings().cache) as broker:
        for user in trusted:
            asyncio.run(grant(broker.bootstrap_servers, user, ALL))
        yield broker


@pytest.fixture(scope="session")
def token_server(secured_broker: SecuredBroker) -> Iterator[TokenServer]:
    """The provider whose tokens that broker takes."""
    with serving_tokens(secured_broker.signer) as provider:
        yield provider


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PostgresServer]:
    with PostgresServer(tmp_path_factory.mktemp("postgres")) as server:
        yield server


@pytest.fixture(scope="session")
def connect(
    tmp_path_factory: pytest.TempPathFactory, kafka_broker: KafkaBroker, postgres: PostgresServer
) -> Iterator[KafkaConnect]:
    """Asks for PostgreSQL too, so that connectors end before the database they read."""
    folder = tmp_path_factory.mktemp("connect")
    with KafkaConnect(folder, StackSettings().cache, kafka_broker.bootstrap_servers) as worker:
        yield worker


@pytest.fixture(scope="session")
def gremlin_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GremlinServer]:
    """One that tests may stop and restart, which the shared one of `gremlin_url` must not be."""
    with GremlinServer(tmp_path_factory.mktemp("gremlin-server"), StackSettings().cache) as server:
        yield server


@pytest.fixture(scope="session")
def open_transaction(postgres: PostgresServer) -> Callable[[str], AbstractContextManager[None]]:
    """A context in which the statements have run in a transaction that stays open until its end."""

    @contextmanager
    def opened(sql: str) -> Iterator[None]:
        with subprocess.Popen(postgres.psql, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as session:
            assert session.stdin is not None
            assert session.stdout is not None
            session.stdin.write(f"BEGIN;\n{sql};\n\\echo open\n")
            session.stdin.flush()
            assert session.stdout.readline() == "open\n"
            yield
            session.stdin.write("COMMIT;\n")

    return opened
