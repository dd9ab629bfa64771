"""From a commit in PostgreSQL to a published profile, at 200 changes a second, beside Debezium's own share of it.

Both ends are times at which the broker has appended a message to its log, which it writes into each: nobody listens
meanwhile who would take processor time from those that are measured. A profile is readable before its event is
published, so the time measured is an upper bound of both.
"""

import asyncio
import subprocess
import time
from pathlib import Path
from tempfile import TemporaryDirectory

import orjson
from aiokafka import AIOKafkaConsumer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from benchmarks.figures import ROUNDS, Figure, Goal, Sense, percentile
from benchmarks.kafka_to_graph import PARTITIONS, topic_of, wait_for_changes
from benchmarks.workload import CATALOGUE_TEXT, SOURCES
from stack.debezium import KafkaConnect, connector_configuration
from stack.gremlin_server import GremlinServer
from stack.kafka import KafkaBroker
from stack.postgres import PostgresServer
from stack.service import Consumer, wiring
from stack.settings import StackSettings

PEOPLE = 1_000
PER_ROUND = 1_000  #: changes
PER_SECOND = 200
#: Changes that are not counted. The compilers of the four servers, which work on each method once it was called often
#: enough, take most of two cores for the first minute.
WARM_UP = 60 * PER_SECOND
CHANGES = WARM_UP + ROUNDS * PER_ROUND
UPDATES = "profile-updated"
TABLES = f"""
CREATE TABLE public.crm (id int PRIMARY KEY, email text, phone text, name text, city text);
CREATE TABLE public.shop (id int PRIMARY KEY, email text, phone text, name text, city text);
INSERT INTO public.crm
    SELECT n, 'person' || n || '@example.com', NULL, 'n', 'Oslo' FROM generate_series(1, {PEOPLE}) AS n;
INSERT INTO public.shop SELECT * FROM public.crm;
"""


async def measure() -> list[Figure]:
    """Percentiles of the time until the event is published, and until Debezium has put the change on Kafka."""
    with TemporaryDirectory() as name:
        folder, cache = Path(name), StackSettings().cache
        with (
            KafkaBroker(folder / "kafka", cache) as broker,
            PostgresServer(folder / "postgres") as postgres,
            GremlinServer(folder / "graph", cache) as graph,
            KafkaConnect(folder / "connect", cache, broker.bootstrap_servers) as connect,
        ):
            await _make_topics(broker)
            postgres.run_sql(TABLES)
            connector = connector_configuration(
                postgres.port, topic__prefix="benchmark", schema__include__list="public"
            )
            connect.register("benchmark", connector)
            connect.wait_for_topics("benchmark", {topic_of("crm"), topic_of("shop")})
            file = folder / "catalogue.yaml"
            file.write_text(CATALOGUE_TEXT)
            environment = wiring(file, broker.bootstrap_servers, graph.url)
            with Consumer(folder / "consumer", environment) as consumer:
                await asyncio.to_thread(wait_for_changes, consumer.url, 2 * PEOPLE)
                sent = await asyncio.to_thread(_change, postgres)
                captured, published = await _appended(broker)
            connect.remove("benchmark")
    rounds = [range(start, start + PER_ROUND) for start in range(WARM_UP, CHANGES, PER_ROUND)]
    ours = [[(published[number] - sent[number]) * 1000 for number in counted] for counted in rounds]
    debezium = [[(captured[number] - sent[number]) * 1000 for number in counted] for counted in rounds]
    return [
        Figure(
            what=f"PostgreSQL commit → event published, {PER_SECOND}/s, p{round(share * 100)}",
            unit="ms",
            ours=tuple(percentile(times, share) for times in ours),
            raw=tuple(percentile(times, share) for times in debezium),
            raw_limit="PostgreSQL commit to Kafka, by Debezium alone",
            goal=Goal(Sense.ABOVE_RAW_AT_MOST, must, aim),
        )
        for share, must, aim in ((0.5, 30, 10), (0.99, 100, 40))
    ]


async def _make_topics(broker: KafkaBroker) -> None:
    """Make the topics, with the broker's time in their messages instead of the sender's."""
    admin = AIOKafkaAdminClient(bootstrap_servers=broker.bootstrap_servers)
    await admin.start()
    names, config = (*map(topic_of, SOURCES), UPDATES), {"message.timestamp.type": "LogAppendTime"}
    await admin.create_topics([NewTopic(name, PARTITIONS, 1, topic_configs=config) for name in names])
    await admin.close()


def _change(postgres: PostgresServer) -> dict[int, float]:
    """Change one row after the other; answers by number of the change when it was sent, seconds since 1970."""
    sent: dict[int, float] = {}
    with subprocess.Popen(postgres.psql, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True) as session:
        if session.stdin is None:
            raise RuntimeError("psql has no input")
        started = time.perf_counter()
        for number in range(CHANGES):
            time.sleep(max(0.0, started + number / PER_SECOND - time.perf_counter()))
            sent[number] = time.time()
            session.stdin.write(f"UPDATE public.crm SET city = 'City {number}' WHERE id = {number % PEOPLE + 1};\n")
            session.stdin.flush()
    return sent


async def _appended(broker: KafkaBroker) -> tuple[dict[int, float], dict[int, float]]:
    """By number of the change when it, and its event, were appended to their topics, once all of them are."""
    captured: dict[int, float] = {}
    published: dict[int, float] = {}
    listener = AIOKafkaConsumer(
        topic_of("crm"), UPDATES, bootstrap_servers=broker.bootstrap_servers, auto_offset_reset="earliest"
    )
    await listener.start()
    try:
        async with asyncio.timeout(60 + CHANGES / PER_SECOND * 3):
            async for message in listener:
                at, body = message.timestamp / 1000, orjson.loads(message.value)
                if message.topic == UPDATES:
                    said = body["profile"].get("traits", {}).get("city", {}).get("value", "")
                    _note(published, said, at)
                elif body.get("after"):
                    _note(captured, body["after"]["city"], at)
                if len(published) == CHANGES:
                    break
    finally:
        await listener.stop()
    return captured, published


def _note(seen: dict[int, float], city: str, at: float) -> None:
    """A change is known by the city that it sets; with it earlier ones of the same person are in force, too."""
    if city.startswith("City "):
        number = int(city.removeprefix("City "))
        while number >= 0 and number not in seen:
            seen[number] = at
            number -= PEOPLE
