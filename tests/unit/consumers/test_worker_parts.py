"""Parts of the worker that need no broker."""

import asyncio
from dataclasses import replace
from pathlib import Path

import aiohttp
import pytest
from aiokafka import AIOKafkaConsumer
from structlog.testing import capture_logs

from consumers.errors import BrokerUnavailable, ConsumerError, KafkaNotConfigured, LoginRefused
from consumers.health import WorkerHealth, serve_health
from consumers.retry import Retry
from consumers.subscription import Subscription
from graph_model.catalogue.rules import Catalogue
from graph_model.records.tasks import ReResolve
from graph_model.values.patterns import Pattern
from services.ingestion.ingest import Ingest
from services.maintenance.heartbeat import Heartbeat
from services.metrics import Metrics
from services.stores.port.errors import StoreUnavailable
from services.stores.port.plan import TaskWrite
from services.stores.sqlite.store import SqliteStore


def with_patterns(catalogue: Catalogue, *patterns: str) -> Catalogue:
    source = catalogue.sources["people"]
    sources = [
        replace(source, name=f"p{number}", topic=None, topic_pattern=Pattern(pattern))
        for number, pattern in enumerate(patterns)
    ]
    return replace(catalogue, sources={**catalogue.sources, **{each.name: each for each in sources}})


@pytest.mark.parametrize(
    ("topic", "wanted"),
    [
        ("customers", True),
        ("shop.crm.customers", True),
        ("capcrm.crm.customer", True),
        ("capcrm_crm_customer", False),
        ("customers.old", False),
        ("my.shop.crm.customers", False),
    ],
)
def test_names_and_patterns_are_taken_whole(topic: str, wanted: bool, catalogue: Catalogue) -> None:
    assert Subscription.of(with_patterns(catalogue, r"shop\..*")).match(topic) == wanted


def test_flags_of_one_pattern_are_not_those_of_another(catalogue: Catalogue) -> None:
    subscription = Subscription.of(with_patterns(catalogue, "(?i)shop", "till"))
    assert subscription.match("SHOP")
    assert not subscription.match("TILL")


async def test_no_name_of_a_topic_keeps_the_client_busy(catalogue: Catalogue) -> None:
    consumer = AIOKafkaConsumer(group_id="anyone")
    Subscription.of(with_patterns(catalogue, r"(\d+[-.]?)+")).give(consumer, None)
    matches = consumer._subscription.subscribed_pattern.match
    await consumer.stop()
    assert [topic for topic in ("1-2.3", "1" * 248 + "x", "customers") if matches(topic)] == ["1-2.3", "customers"]


def test_a_catalogue_without_topics_has_nothing_to_consume(catalogue: Catalogue) -> None:
    with pytest.raises(KafkaNotConfigured, match="nothing to consume"):
        Subscription.of(replace(catalogue, sources={}))


async def test_a_step_that_fails_for_now_is_repeated_and_reported() -> None:
    health, seen = WorkerHealth(), []

    async def step() -> str:
        seen.append(health.problems)
        if len(seen) < 3:
            raise BrokerUnavailable("away")
        return "done"

    assert await Retry(health, asyncio.Event()).until_done("broker", step) == "done"
    assert seen == [{}, {"broker": "away"}, {"broker": "away"}]
    assert health.problems == {}


async def test_stopping_ends_the_patience() -> None:
    stopping = asyncio.Event()

    async def step() -> None:
        stopping.set()
        raise BrokerUnavailable("away")

    with pytest.raises(BrokerUnavailable):
        await Retry(WorkerHealth(), stopping).until_done("broker", step)


async def test_readiness_tells_what_is_wrong() -> None:
    health = WorkerHealth()
    async with (
        serve_health(health, Metrics(), "127.0.0.1", 0) as port,
        aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session,
    ):
        async with session.get("/readyz") as answer:
            assert answer.status == 200
        health.report("store", "does not answer")
        async with session.get("/readyz") as answer:
            assert answer.status == 503
            assert (await answer.json())["reasons"] == {"store": "does not answer"}
        async with session.get("/healthz") as answer:
            assert answer.status == 200


async def test_work_owed_is_told_and_leaves_the_worker_ready(tmp_path: Path, catalogue: Catalogue) -> None:
    health, metrics = WorkerHealth(), Metrics()
    store = await SqliteStore.open(tmp_path / "graph.sqlite", catalogue.fingerprint)
    ingest = Ingest(store, catalogue, await store.claim_outbox("test"), metrics=metrics)
    await ingest.apply((), tasks=[TaskWrite(task_id="1", expected=None, task=ReResolve())])
    heartbeat = Heartbeat(store, metrics, tell=health.tell)
    await heartbeat.beat()
    assert heartbeat.tasks_owed == 1
    await store.close()
    async with (
        serve_health(health, metrics, "127.0.0.1", 0) as port,
        aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session,
    ):
        async with session.get("/readyz") as answer:
            assert (answer.status, (await answer.json())["tasks_owed"]) == (200, 1)
        async with session.get("/metrics") as answer:
            assert "identity_graph_tasks_owed 1.0" in await answer.text()


async def test_figures_are_served_as_prometheus_reads_them() -> None:
    metrics = Metrics()
    metrics.commits.inc()
    async with (
        serve_health(WorkerHealth(), metrics, "127.0.0.1", 0) as port,
        aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session,
        session.get("/metrics") as answer,
    ):
        assert answer.content_type == "text/plain"
        assert "identity_graph_commits_total 1.0" in await answer.text()


async def test_a_port_in_use_is_named() -> None:
    async with serve_health(WorkerHealth(), Metrics(), "127.0.0.1", 0) as port:
        with pytest.raises(ConsumerError, match=f"127.0.0.1:{port}.*IDENTITY_GRAPH_CONSUMER_PORT"):
            async with serve_health(WorkerHealth(), Metrics(), "127.0.0.1", port):
                pass


async def test_a_store_that_fails_is_told_once_by_a_worker_of_many_partitions() -> None:
    metrics = Metrics()
    health = WorkerHealth(metrics)
    with capture_logs() as logs:
        for number in range(34):
            health.fail(f"people/{number}", StoreUnavailable("away"))
        for number in range(34):
            health.clear(f"people/{number}")
    assert [(entry["event"], entry.get("cause")) for entry in logs] == [
        ("not ready", "StoreUnavailable"),
        ("ready again", None),
    ]
    assert b'identity_graph_store_failures_total{kind="StoreUnavailable"} 34.0' in metrics.render()


async def test_a_refused_login_is_given_up_at_the_start_and_waited_for_later() -> None:
    seen: list[int] = []

    async def step() -> str:
        seen.append(1)
        if len(seen) < 3:
            raise LoginRefused("wrong password")
        return "done"

    health = WorkerHealth()
    with pytest.raises(LoginRefused):
        await Retry(health, asyncio.Event()).until_done("broker", step, gives_up_on=(LoginRefused,))
    assert await Retry(health, asyncio.Event()).until_done("broker", step) == "done"


async def test_missing_topics_are_listed_warned_of_once_and_leave_the_worker_ready() -> None:
    health, metrics = WorkerHealth(), Metrics()
    with capture_logs() as logs:
        for _ in range(3):
            health.miss_topics({"peple": "it does not exist", "shop": "may not be seen"})
    assert [(entry["log_level"], entry["topic"]) for entry in logs] == [("warning", "peple"), ("warning", "shop")]
    async with (
        serve_health(health, metrics, "127.0.0.1", 0) as port,
        aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session,
        session.get("/readyz") as answer,
    ):
        assert answer.status == 200
        assert (await answer.json())["missing_topics"].keys() == {"peple", "shop"}
