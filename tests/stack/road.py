"""The whole road of one test module: three tables, a connector, a graph, a consumer and the API, all real."""

import asyncio
import json
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from stack.debezium import KafkaConnect, connector_configuration
from stack.gremlin_server import GremlinServer
from stack.kafka import KafkaBroker
from stack.postgres import PostgresServer
from stack.process import wait_until
from stack.service import Api, Consumer, wiring

NAME = "road"
TABLES = """
CREATE SCHEMA road;
CREATE TABLE road.customers (id int PRIMARY KEY, email text, full_name text, phone text);
CREATE TABLE road.subscribers (id int PRIMARY KEY, email text, full_name text);
CREATE TABLE road.leads (id int PRIMARY KEY, email text, full_name text);
INSERT INTO road.customers VALUES (1, 'first.customer@example.com', 'First Customer', NULL);
INSERT INTO road.subscribers VALUES (1, 'first.subscriber@example.com', 'First Subscriber');
INSERT INTO road.leads VALUES (1, 'first.lead@example.com', 'First Lead');
"""
CATALOGUE = """
version: 1
identifiers:
  email: {normalise: email, holders: few, priority: 90}
  phone: {normalise: phone, region: US, holders: few, priority: 60}
traits: {full_name: text, email: text}
sources:
  customers:
    topic: road.road.customers
    format: debezium
    key: [id]
    columns:
      email: {identifier: email, trait: email}
      full_name: {trait: full_name}
      phone: {identifier: phone}
  subscribers:
    topic: road.road.subscribers
    format: debezium
    key: [id]
    columns:
      email: {identifier: email, trait: email}
      full_name: {trait: full_name}
  leads:
    topic: road.road.leads
    format: debezium
    key: [id]
    columns:
      email: {identifier: email, trait: email}
      full_name: {trait: full_name}
"""
TOPICS = ("road.road.customers", "road.road.subscribers", "road.road.leads")
Profile = dict[str, Any]


def eventually(found: Callable[[], Any], within: float = 60.0) -> Any:  # noqa: ANN401 - what the condition answers
    """Ask again and again until the answer is true, and give it; fail after `within` seconds."""
    answers: list[Any] = []

    def is_there() -> bool:
        answers.append(found())
        return bool(answers[-1])

    assert wait_until(is_there, within), f"waited {within} s in vain for {found}"
    return answers[-1]


@dataclass
class Road:
    """What a test of the road can see and do."""

    folder: Path
    broker: KafkaBroker
    postgres: PostgresServer
    connect: KafkaConnect
    graph: GremlinServer
    connector: dict[str, str]
    environment: dict[str, str]
    consumer: Consumer
    api: Api

    def another_consumer(self) -> Consumer:
        """A second worker of the same group."""
        return Consumer(self.folder / "second-consumer", self.environment)

    def by_identifier(self, identifier: str) -> list[Profile]:
        """The profiles that the API finds by an identifier."""
        answer = httpx.get(f"{self.api.url}/v1/profiles", params={"identifier": identifier})
        assert answer.status_code in (200, 404), answer.text
        profiles: list[Profile] = answer.json().get("profiles", [])
        return profiles

    def command(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run `identity-graph` with the wiring of this road."""
        executable = str(Path(sys.executable).parent / "identity-graph")
        return subprocess.run(
            [executable, *arguments],
            env={"PATH": "/usr/bin:/bin", **self.environment},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def exported(self) -> dict[str, Profile]:
        """All live profiles, as the store has them."""
        lines = self.command("export").stdout.splitlines()
        return {profile["profile_id"]: profile for profile in map(json.loads, lines)}

    def partition(self) -> set[frozenset[str]]:
        """Which rows belong together, whatever the ids."""
        return {
            frozenset(f"{record['source']}{record['key']}" for record in profile["records"])
            for profile in self.exported().values()
        }

    def is_caught_up(self) -> bool:
        """Whether the group has committed everything that the topics hold."""
        return asyncio.run(self._lag()) == 0

    async def _lag(self) -> int:
        reader = AIOKafkaConsumer(
            bootstrap_servers=self.broker.bootstrap_servers, group_id=self.environment["IDENTITY_GRAPH_KAFKA_GROUP"]
        )
        await reader.start()
        try:
            partitions = [
                TopicPartition(topic, partition) for topic in TOPICS for partition in await self._partitions(topic)
            ]
            ends = await reader.end_offsets(partitions)
            done = [await reader.committed(each) or 0 for each in partitions]
            return int(sum(ends.values()) - sum(done))
        finally:
            await reader.stop()

    async def _partitions(self, topic: str) -> list[int]:
        admin = AIOKafkaAdminClient(bootstrap_servers=self.broker.bootstrap_servers)
        await admin.start()
        try:
            (described,) = await admin.describe_topics([topic])
            return [each["partition"] for each in described["partitions"]]
        finally:
            await admin.close()

    def told(self) -> list[Profile]:
        """Everything on `profile-updated`, from the start."""
        return asyncio.run(self._told())

    async def _told(self) -> list[Profile]:
        topic = self.environment["IDENTITY_GRAPH_KAFKA_UPDATES_TOPIC"]
        reader = AIOKafkaConsumer(bootstrap_servers=self.broker.bootstrap_servers, auto_offset_reset="earliest")
        await reader.start()
        try:
            partitions = [TopicPartition(topic, number) for number in await self._partitions(topic)]
            reader.assign(partitions)
            ends = await reader.end_offsets(partitions)
            told: list[Profile] = []
            while any([await reader.position(each) < ends[each] for each in partitions]):
                for messages in (await reader.getmany(timeout_ms=500)).values():
                    told += [json.loads(message.value) for message in messages]
            return told
        finally:
            await reader.stop()


def what_a_subscriber_holds(told: list[Profile]) -> tuple[dict[str, Profile], list[str]]:
    """Apply all updates as a subscriber would; answers the live profiles, and what is missing."""
    versions: dict[str, set[int]] = defaultdict(set)
    newest: dict[str, Profile] = {}
    for update in told:
        profile_id, version = update["profile_id"], update["version"]
        versions[profile_id].add(version)
        if version >= newest.get(profile_id, {"version": 0})["version"]:
            newest[profile_id] = update["profile"]
    missing = [
        f"{profile_id}: {sorted(found)}"
        for profile_id, found in versions.items()
        if found != set(range(1, max(found) + 1))
    ]
    return {i: p for i, p in newest.items() if p["status"] == "live"}, missing


@contextmanager
def opened_road(
    folder: Path, broker: KafkaBroker, postgres: PostgresServer, connect: KafkaConnect, graph: GremlinServer
) -> Iterator[Road]:
    """Make the tables, capture them, and start the consumer and the API."""
    postgres.run_sql(TABLES)
    connector = connector_configuration(
        postgres.port,
        topic__prefix=NAME,
        schema__include__list=NAME,
        slot__name=NAME,
        publication__name=NAME,
        # A truncate has no key: only a single partition orders it among the rows.
        topic__creation__groups="single",
        topic__creation__single__include=r"road\.road\.leads",
        topic__creation__single__partitions="1",
        topic__creation__single__replication__factor="1",
    )
    connect.register(NAME, connector)
    connect.wait_for_topics(NAME, set(TOPICS))
    catalogue = folder / "catalogue.yaml"
    catalogue.write_text(CATALOGUE)
    environment = {
        **wiring(catalogue, broker.bootstrap_servers, graph.url),
        "IDENTITY_GRAPH_KAFKA_GROUP": "road",
        "IDENTITY_GRAPH_KAFKA_UPDATES_TOPIC": "road-profile-updated",
        "IDENTITY_GRAPH_KAFKA_STATE_TOPIC": "road-profile-state",
        "IDENTITY_GRAPH_KAFKA_DEAD_LETTER_TOPIC": "road-dead-letters",
        "IDENTITY_GRAPH_KAFKA_BATCH_SIZE": "100",
    }
    with Consumer(folder / "consumer", environment) as consumer, Api(folder / "api", environment) as api:
        try:
            yield Road(folder, broker, postgres, connect, graph, connector, environment, consumer, api)
        finally:
            connect.remove(NAME)
