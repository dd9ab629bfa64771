"""The command beside a real broker: what `ingest` tells the world, and what `draft` learns from a topic."""

import shutil
import subprocess
import time
from pathlib import Path
from uuid import uuid4

import orjson
import pytest

from cli.file_load import PAYS_FROM
from services.stores.port.stored_form import SCHEMA_VERSION, StoredForm
from services.stores.sqlite.migration import SqliteMigration
from stack.kafka import KafkaBroker
from tests.acceptance.conftest import COMMAND, Run, command_in, environment, make_shop
from tests.contract.conftest import empty_graph
from tests.migration.kept import HERE, load_file
from tests.stack.worker_world import DEADLINE_SECONDS, World, eventually

pytestmark = [pytest.mark.stack, pytest.mark.timeout(120)]

CAPTURED = Path(__file__).parents[1] / "captures/debezium_postgres/schema_c.json"


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return command_in(make_shop(tmp_path))


@pytest.fixture
def world(kafka_broker: KafkaBroker, tmp_path: Path) -> World:
    return World(kafka_broker, tmp_path, f"t{uuid4().hex[:8]}")


def kafka(broker: KafkaBroker, name: str) -> dict[str, str]:
    return {
        "IDENTITY_GRAPH_KAFKA_BOOTSTRAP_SERVERS": broker.bootstrap_servers,
        "IDENTITY_GRAPH_KAFKA_UPDATES_TOPIC": f"{name}.updates",
        "IDENTITY_GRAPH_KAFKA_STATE_TOPIC": f"{name}.state",
        "IDENTITY_GRAPH_KAFKA_DEAD_LETTER_TOPIC": f"{name}.dead",
    }


async def test_what_ingest_changes_is_published(world: World, run: Run) -> None:
    assert run("ingest", "crm.csv", **kafka(world.broker, world.name)).returncode == 0
    updates = [orjson.loads(record.value) for record in await world.read(f"{world.name}.updates", 3)]
    assert [update["change"] for update in updates] == ["created"] * 3


def spools(folder: Path) -> list[Path]:
    return [*folder.glob("identity-graph-*.load")]


def kill_once_spooled(folder: Path, variables: dict[str, str]) -> None:
    process = subprocess.Popen([COMMAND, "ingest", "crm.csv"], cwd=folder, env={**environment(folder), **variables})
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not spools(folder):
        assert time.monotonic() < deadline
        assert process.poll() is None
        time.sleep(0.01)
    process.kill()
    process.wait()


@pytest.mark.timeout(300)
async def test_a_large_file_goes_into_a_new_graph_as_a_first_load_whoever_is_killed(
    world: World, run: Run, tmp_path: Path, gremlin_url: str
) -> None:
    await empty_graph(gremlin_url)
    count = PAYS_FROM // 1_000
    rows = "".join(f"{n},N,p{n}@example.com,,,{'x' * 1_000}\n" for n in range(count))
    (tmp_path / "crm.csv").write_text(f"id,name,email,phone,national_id,note\n{rows}")
    assert "would be lost" in run("ingest", "crm.csv", IDENTITY_GRAPH_STORE=gremlin_url).stderr
    variables = {**kafka(world.broker, world.name), "IDENTITY_GRAPH_STORE": gremlin_url}
    kill_once_spooled(tmp_path, variables)
    finished = run("ingest", "--json", "crm.csv", **variables)
    assert finished.returncode == 0, finished.stderr
    assert orjson.loads(finished.stdout)["profiles"] == {"created": count}
    updates = [orjson.loads(record.value) for record in await world.read(f"{world.name}.updates", count)]
    assert {(update["change"], update["version"]) for update in updates} == {("created", 1)}
    assert len({update["profile_id"] for update in updates}) == count
    assert spools(tmp_path) == []
    assert run("verify", **variables).returncode == 0


async def test_a_topic_of_envelopes_is_drafted(world: World, run: Run, tmp_path: Path) -> None:
    topic = f"{world.name}.crm.customer"
    await world.create(topic, 2)
    await world.produce([(topic, None, orjson.dumps(orjson.loads(CAPTURED.read_bytes())["value"]))])
    finished = run("catalogue", "draft", "--topic", topic, **kafka(world.broker, world.name))
    assert finished.returncode == 0, finished.stderr
    (tmp_path / "drafted.yaml").write_text(finished.stdout)
    assert f"topic: {topic}" in finished.stdout
    assert run("catalogue", "check", "drafted.yaml").returncode == 0


def test_a_topic_that_is_not_there_is_told(kafka_broker: KafkaBroker, run: Run) -> None:
    finished = run("catalogue", "draft", "--topic", "nowhere", **kafka(kafka_broker, "unused"))
    assert finished.returncode == 2
    assert finished.stderr.startswith("error: Kafka has no topic 'nowhere'")


def test_a_broker_that_does_not_answer_is_unavailable(run: Run) -> None:
    finished = run("ingest", "crm.csv", IDENTITY_GRAPH_KAFKA_BOOTSTRAP_SERVERS="127.0.0.1:9")
    assert finished.returncode == 3
    assert "error: Kafka does not answer while connecting" in finished.stderr


def consuming(world: World, folder: Path, *arguments: str) -> subprocess.Popen[bytes]:
    wiring = {
        **environment(folder),
        **kafka(world.broker, world.name),
        "IDENTITY_GRAPH_KAFKA_GROUP": world.name,
        "IDENTITY_GRAPH_CONSUMER_PORT": "0",
    }
    return subprocess.Popen([COMMAND, "consume", *arguments], env=wiring, stderr=subprocess.PIPE)


async def test_consume_brings_the_store_over_when_told_to(world: World, tmp_path: Path) -> None:
    shutil.copyfile(HERE / "catalogue.yaml", tmp_path / "catalogue.yaml")
    load_file(tmp_path / "graph.sqlite")
    process = consuming(world, tmp_path, "--migrate")
    migration = SqliteMigration(tmp_path / "graph.sqlite")

    async def is_over() -> bool:
        return process.poll() is not None or await migration.read_form() == StoredForm(SCHEMA_VERSION)

    try:
        await eventually(is_over)
        process.terminate()
        assert process.wait(timeout=60) == 0
    finally:
        process.kill()
        process.communicate()
        await migration.close()
