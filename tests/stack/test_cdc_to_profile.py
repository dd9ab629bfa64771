"""From a row changed in PostgreSQL to a profile in the graph and an update on Kafka, with nothing but real parts."""

import os
import re
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import httpx
import pytest

from stack.debezium import KafkaConnect
from stack.gremlin_server import GremlinServer
from stack.kafka import KafkaBroker
from stack.postgres import PostgresServer
from stack.server import HttpServer
from stack.settings import CHECKOUT, StackSettings
from tests.stack.road import NAME, Road, eventually, opened_road, what_a_subscriber_holds

ALERTS = CHECKOUT / "examples/operating/alerts.yml"

pytestmark = [pytest.mark.stack, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def road(
    tmp_path_factory: pytest.TempPathFactory, kafka_broker: KafkaBroker, postgres: PostgresServer, connect: KafkaConnect
) -> Iterator[Road]:
    folder = tmp_path_factory.mktemp("road")
    with (
        GremlinServer(folder / "graph", StackSettings().cache) as graph,
        opened_road(folder, kafka_broker, postgres, connect, graph) as opened,
    ):
        yield opened


def rows_of(road: Road, identifier: str) -> list[list[str]]:
    """The rows of each profile found by an identifier."""
    return [
        sorted(f"{record['source']}{record['key']}" for record in profile["records"])
        for profile in road.by_identifier(identifier)
    ]


def assert_sound_and_told(road: Road) -> None:
    """Nothing is wrong in the store, and a subscriber that heard everything holds exactly what it holds."""
    verified = road.command("verify")
    assert verified.returncode == 0, verified.stdout + verified.stderr
    held, missing = what_a_subscriber_holds(road.told())
    assert missing == []
    assert held == road.exported()


def test_rows_of_two_tables_that_share_an_email_are_one_profile(road: Road) -> None:
    road.postgres.run_sql(
        "INSERT INTO road.customers VALUES (10, 'ann@example.com', 'Ann Lee', '+12125550110');"
        "INSERT INTO road.subscribers VALUES (10, 'ANN@example.com', 'A. Lee')"
    )
    both = ["customers[10]", "subscribers[10]"]
    eventually(lambda: rows_of(road, "email:ann@example.com") == [both])
    assert rows_of(road, "phone:+12125550110") == [both]
    (profile,) = road.by_identifier("phone:+12125550110")
    told = eventually(lambda: [u for u in road.told() if u["profile_id"] == profile["profile_id"]])
    assert told[0]["change"] == "created"


def test_a_changed_email_splits_the_profile_and_says_which_id_went_where(road: Road) -> None:
    (before,) = road.by_identifier("email:ann@example.com")
    road.postgres.run_sql("UPDATE road.subscribers SET email = 'other@example.com' WHERE id = 10")
    eventually(lambda: rows_of(road, "email:other@example.com") == [["subscribers[10]"]])
    assert rows_of(road, "email:ann@example.com") == [["customers[10]"]]
    ids = {road.by_identifier(f"email:{name}@example.com")[0]["profile_id"] for name in ("ann", "other")}
    assert before["profile_id"] in ids
    split = eventually(lambda: [u for u in road.told() if u["change"] == "split"])[-1]
    assert split["profile_id"] == before["profile_id"]
    assert set(split["ids_after"]) == ids


def test_a_deleted_row_takes_its_profile_along(road: Road) -> None:
    (gone,) = road.by_identifier("email:other@example.com")
    road.postgres.run_sql("DELETE FROM road.subscribers WHERE id = 10")
    eventually(lambda: rows_of(road, "email:other@example.com") == [])
    told = eventually(lambda: [u for u in road.told() if u["change"] == "deleted"])
    assert told[-1]["profile_id"] == gone["profile_id"]
    assert httpx.get(f"{road.api.url}/v1/profiles/{gone['profile_id']}").status_code == 410


def test_a_truncated_table_takes_its_rows_along(road: Road) -> None:
    road.postgres.run_sql(
        "INSERT INTO road.leads VALUES (10, 'ann@example.com', 'Ann L.'), (11, 'lead@example.com', 'A Lead')"
    )
    eventually(lambda: rows_of(road, "email:ann@example.com") == [["customers[10]", "leads[10]"]])
    (gone,) = eventually(lambda: road.by_identifier("email:lead@example.com"))
    road.postgres.run_sql("TRUNCATE road.leads; INSERT INTO road.leads VALUES (12, 'later@example.com', 'B Lead')")
    eventually(lambda: rows_of(road, "email:lead@example.com") == [])
    eventually(lambda: rows_of(road, "email:ann@example.com") == [["customers[10]"]])
    eventually(lambda: rows_of(road, "email:later@example.com") == [["leads[12]"]])
    eventually(lambda: [u for u in road.told() if (u["profile_id"], u["change"]) == (gone["profile_id"], "deleted")])
    eventually(lambda: httpx.get(f"{road.consumer.url}/readyz").json()["tasks_owed"] == 0)
    eventually(road.is_caught_up)
    assert_sound_and_told(road)


def test_a_prompt_context_comes_from_the_graph(road: Road) -> None:
    answer = httpx.post(f"{road.api.url}/v1/context", json={"identifier": "email:ann@example.com", "token_budget": 200})
    assert answer.status_code == 200
    assert "Ann Lee" in answer.json()["text"]


@pytest.mark.parametrize("process", ["api", "consumer"])
def test_figures_are_as_prometheus_wants_them_and_tell_how_it_goes(road: Road, process: str) -> None:
    server: HttpServer = getattr(road, process)
    text = httpx.get(f"{server.url}/metrics").text
    checked = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, text=True, check=False)
    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")
    figures = dict(line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#"))
    assert figures["identity_graph_ready"] == "1.0"
    above_nothing = ["process_resident_memory_bytes", "identity_graph_store_request_seconds_count"]
    if process == "api":
        above_nothing.append('identity_graph_http_requests_total{method="POST",path="/v1/context",status="200"}')
        assert [name for name in figures if "profile_id" in name and "{profile_id}" not in name] == []
    else:
        above_nothing.append('identity_graph_change_delay_seconds_count{source="customers"}')
        assert float(figures['identity_graph_change_delay_seconds_bucket{le="60.0",source="customers"}']) > 0
        assert [name for name in figures if name.startswith("identity_graph_consumer_lateness_seconds{")] != []
    assert [name for name in above_nothing if float(figures[name]) <= 0] == []


def test_the_alert_rules_are_rules() -> None:
    checked = subprocess.run(["promtool", "check", "rules", str(ALERTS)], capture_output=True, text=True, check=False)
    assert checked.returncode == 0, checked.stdout + checked.stderr


def test_the_alert_rules_ask_only_for_figures_that_there_are(road: Road) -> None:
    served = "".join(httpx.get(f"{server.url}/metrics").text for server in (road.api, road.consumer))
    asked = set(re.findall(r"\bidentity_graph_\w+", ALERTS.read_text()))
    assert [name for name in sorted(asked) if name not in served] == []


def test_a_consumer_killed_in_the_middle_loses_nothing(road: Road) -> None:
    road.postgres.run_sql(
        "INSERT INTO road.customers SELECT n, 'person' || n % 2000 || '@example.com', 'Person ' || n, NULL"
        " FROM generate_series(1000, 3499) AS n;"
        "INSERT INTO road.subscribers SELECT n, 'person' || n % 2000 || '@example.com', 'Subscriber ' || n"
        " FROM generate_series(1000, 3499) AS n"
    )
    eventually(lambda: changes_in_force(road.consumer.url) >= 500)
    road.consumer.kill()
    assert not road.is_caught_up()
    road.consumer.start()
    eventually(road.is_caught_up, within=120)
    assert_sound_and_told(road)
    assert (
        rows_of(road, "email:person1500@example.com") == [["customers[1500]", "subscribers[1500]"]]
        or len(rows_of(road, "email:person1500@example.com")[0]) == 4
    )


def changes_in_force(url: str) -> float:
    """How many changes a consumer says it has brought into force."""
    lines = httpx.get(f"{url}/metrics").text.splitlines()
    return sum(float(line.rsplit(" ", 1)[1]) for line in lines if line.startswith("identity_graph_changes_total"))


def test_two_consumers_of_one_group_give_the_same_result(road: Road) -> None:
    with road.another_consumer() as second:
        road.postgres.run_sql(
            "UPDATE road.customers SET email = 'moved' || id % 700 || '@example.com' WHERE id >= 1000;"
            "UPDATE road.subscribers SET email = 'moved' || id % 700 || '@example.com' WHERE id >= 1000"
        )
        eventually(lambda: changes_in_force(second.url) > 0)
        eventually(road.is_caught_up, within=120)
        assert changes_in_force(road.consumer.url) > 0
    assert_sound_and_told(road)


def test_a_transaction_open_while_a_snapshot_was_taken_anew_is_in_force(
    road: Road, open_transaction: Callable[[str], AbstractContextManager[None]]
) -> None:
    road.connect.stop_connector(NAME)
    with open_transaction("UPDATE road.customers SET email = 'late@example.com' WHERE id = 10"):
        road.postgres.run_sql("INSERT INTO road.customers VALUES (11, 'snapshot@example.com', 'Snap Shot', NULL)")
        road.connect.forget_offsets(NAME)
        road.connect.register(NAME, {**road.connector, "snapshot.mode": "always"})
        road.connect.resume(NAME)
        eventually(lambda: rows_of(road, "email:snapshot@example.com") == [["customers[11]"]])
    eventually(lambda: rows_of(road, "email:late@example.com") == [["customers[10]"]])
    eventually(road.is_caught_up)
    assert_sound_and_told(road)


def test_a_graph_that_restarted_empty_is_refused_and_rebuilt_by_one_command(road: Road) -> None:
    before = road.partition()
    road.graph.restart()
    eventually(lambda: "identity-graph consume --rewind" in road.consumer.log.read_text())
    road.consumer.stop()
    command = [*road.consumer.prepare().arguments, "--rewind"]
    environment = {**os.environ, **road.environment, "IDENTITY_GRAPH_CONSUMER_PORT": str(road.consumer.port.number)}
    with subprocess.Popen(command, env=environment) as rebuilding:
        try:
            eventually(lambda: road.partition() == before, within=120)
            assert road.command("verify").returncode == 0
        finally:
            rebuilding.terminate()
    assert rebuilding.returncode == 0
