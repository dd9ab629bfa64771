"""What the consumer says of itself over HTTP: alive, ready (or why not), and its figures."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from aiohttp import web
from prometheus_client import CONTENT_TYPE_LATEST

from consumers.errors import ConsumerError
from services.maintenance.heartbeat import Heartbeat
from services.metrics import Metrics

_log = structlog.get_logger()


class WorkerHealth:
    """What keeps the worker from doing its work at the moment, by the part that has the problem."""

    def __init__(self) -> None:
        self._problems: dict[str, str] = {}
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
                self.report(part, str(found))

    def report(self, part: str, problem: str) -> None:
        """Say that a part does not work; logged when it is new."""
        if self._problems.get(part) != problem:
            _log.warning("not ready", part=part, problem=problem)
        self._problems[part] = problem

    def clear(self, part: str) -> None:
        """Say that a part works."""
        if self._problems.pop(part, None) is not None:
            _log.info("ready again", part=part)


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
            "tasks_owed": health.tasks_owed,
        }
        return web.json_response(body, status=503 if problems else 200)

    async def figures(_: web.Request) -> web.Response:
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
