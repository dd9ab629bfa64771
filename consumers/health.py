"""What the consumer says of itself over HTTP: alive, ready (or why not), and its figures."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager

import structlog
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST

from consumers.errors import ConsumerError
from services.failures import cause_of, reason_of
from services.maintenance.heartbeat import Heartbeat
from services.metrics import Metrics
from services.stores.port.errors import is_failure

_log = structlog.get_logger()


class WorkerHealth:
    """What keeps the worker from doing its work at the moment, by the part that has the problem."""

    def __init__(self, metrics: Metrics | None = None) -> None:
        """Begin without problems; failures are counted in `metrics`."""
        self._metrics = metrics or Metrics()
        self._problems: dict[str, str] = {}
        self._missing_topics: dict[str, str] = {}
        self.partitions: set[str] = set()  #: `topic/partition` that are being read
        self.tasks_owed = 0  #: keeps nobody from their work, so it is no problem

    @property
    def problems(self) -> dict[str, str]:
        """Part -> what is wrong with it; empty: ready."""
        return dict(self._problems)

    def tell(self, heartbeat: Heartbeat) -> None:
        """Take over what a look at the store has found."""
        self.tasks_owed = heartbeat.tasks_owed
        for part, found in (("connection to the store", heartbeat.problem), ("catalogue", heartbeat.refusal)):
            if found is None:
                self.clear(part)
            else:
                self.report(part, str(found), cause_of(found))

    def fail(self, part: str, failure: BaseException) -> None:
        """Say that a part has failed, and count it."""
        if is_failure(failure):
            self._metrics.store_failures.labels(type(failure).__name__).inc()
        elif isinstance(failure, ConsumerError):
            self._metrics.broker_failures.labels(type(failure).__name__).inc()
        self.report(part, reason_of(failure), cause_of(failure))

    def report(self, part: str, problem: str, cause: str = "") -> None:
        """Say that a part does not work; logged when it is new, and once where it is the same of several parts."""
        if problem not in self._problems.values():
            _log.warning("not ready", part=part, problem=problem, **({"cause": cause} if cause else {}))
        self._problems[part] = problem

    def clear(self, part: str) -> None:
        """Say that a part works."""
        problem = self._problems.pop(part, None)
        if problem is not None and problem not in self._problems.values():
            _log.info("ready again", part=part)

    @property
    def missing_topics(self) -> dict[str, str]:
        """Topic or pattern of the catalogue that nothing can be read of -> why; a worker is ready all the same."""
        return dict(self._missing_topics)

    def miss_topics(self, missing: Mapping[str, str]) -> None:
        """Say which topics of the catalogue cannot be read now; each is logged when it is new."""
        for topic, why in missing.items():
            if self._missing_topics.get(topic) != why:
                _log.warning("a topic of the catalogue cannot be read", topic=topic, reason=why)
        for topic in self._missing_topics.keys() - missing.keys():
            _log.info("a topic of the catalogue can be read now", topic=topic)
        self._missing_topics = dict(missing)
        self._metrics.topics_missing.set(len(missing))


@asynccontextmanager
async def serve_health(health: WorkerHealth, metrics: Metrics, host: str, port: int) -> AsyncIterator[int]:
    """Serve `/healthz`, `/readyz` and `/metrics`; gives the port, which is chosen where 0 was asked for.

    Raises:
        ConsumerError: the port is in use.
    """

    async def alive(_: web.Request) -> web.Response:
        return web.json_response({"status": "alive"})

    async def ready(_: web.Request) -> web.Response:
        problems = health.problems
        body = {
            "status": "unavailable" if problems else "ready",
            "reasons": problems,
            "partitions": sorted(health.partitions),
            "missing_topics": health.missing_topics,
            "tasks_owed": health.tasks_owed,
        }
        return web.json_response(body, status=503 if problems else 200)

    async def figures(_: web.Request) -> web.Response:
        metrics.show_readiness(health.problems)
        return web.Response(body=metrics.render(), headers={"Content-Type": CONTENT_TYPE_LATEST})

    app = web.Application()
    app.add_routes([web.get("/healthz", alive), web.get("/readyz", ready), web.get("/metrics", figures)])
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port)
        try:
            await site.start()
        except OSError as error:
            raise ConsumerError(
                f"readiness cannot be served on {host}:{port} ({error.strerror}); set IDENTITY_GRAPH_CONSUMER_PORT "
                "to a free port (0: any)"
            ) from error
        bound: int = runner.addresses[0][1]
        yield bound
    finally:
        await runner.cleanup()
