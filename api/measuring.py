"""What the HTTP API counts of its requests. Labels hold the address of an operation, never that of a request."""

import time
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_SECONDS: Final = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
#: What callers can make up stands under one name.
_OTHER: Final = "other"


class HttpFigures:
    """Rate, errors, latency and saturation of one process of the API."""

    def __init__(self, registry: CollectorRegistry) -> None:
        """Count on a registry."""
        self.requests = Counter(
            "identity_graph_http_requests",
            "Requests answered, by the operation's address",
            ("method", "path", "status"),
            registry=registry,
        )
        self.seconds = Histogram(
            "identity_graph_http_request_seconds",
            "Time from a request until its answer began",
            ("path",),
            buckets=_SECONDS,
            registry=registry,
        )
        self.in_progress = Gauge(
            "identity_graph_http_requests_in_progress", "Requests that are worked on", registry=registry
        )
        self.most = Gauge(
            "identity_graph_http_requests_limit",
            "Most requests worked on at once; further ones are answered with 503",
            registry=registry,
        )
        self.streams = Gauge("identity_graph_http_streams", "Readers that follow the updates", registry=registry)
        self.held_bytes = Gauge(
            "identity_graph_http_held_bytes", "Bytes of bodies that are held until they are whole", registry=registry
        )
        #: Finding a series by its labels takes ten times as long as counting.
        self._series: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    def count(self, method: str, path: str, status: int, seconds: float) -> None:
        """Count a request, by its operation."""
        series = self._series.get((method, path, status))
        if series is None:
            series = self.requests.labels(method, path, str(status)), self.seconds.labels(path)
            self._series[method, path, status] = series
        requests, times = series
        requests.inc()
        times.observe(seconds)


class CountRequests:
    """Counts every request, when its answer begins."""

    def __init__(self, app: ASGIApp, *, figures: HttpFigures) -> None:
        self._app = app
        self._figures = figures

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass the request on."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()

        async def counting_send(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._count(scope, message["status"], time.perf_counter() - began)
            await send(message)

        await self._app(scope, receive, counting_send)

    def _count(self, scope: Scope, status: int, seconds: float) -> None:
        path: str = getattr(scope.get("route"), "path", _OTHER)
        method = scope["method"] if scope["method"] in _METHODS else _OTHER
        self._figures.count(method, path, status, seconds)
