"""How much a store is asked, and how long it takes, whoever asks: shown with the figures of the process."""

import time
from collections.abc import Awaitable
from typing import Final, TypeVar

from prometheus_client import Gauge, Histogram
from prometheus_client.metrics import MetricWrapperBase

Answer = TypeVar("Answer")

_SECONDS: Final = (0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30)


class Traffic:
    """Requests of one store object: those that have ended, failed ones included, and those under way."""

    def __init__(self) -> None:
        self._under_way = 0
        self._seconds = Histogram(
            "identity_graph_store_request_seconds",
            "Time until the store answered a request, or failed",
            buckets=_SECONDS,
            registry=None,
        )
        in_progress = Gauge(
            "identity_graph_store_requests_in_progress",
            "Requests that the store has not answered yet",
            registry=None,
        )
        in_progress.set_function(lambda: self._under_way)
        self.figures: tuple[MetricWrapperBase, ...] = (self._seconds, in_progress)  #: on no registry yet

    async def timed(self, request: Awaitable[Answer]) -> Answer:
        """Await a request, and count it."""
        began = time.perf_counter()
        self._under_way += 1
        try:
            return await request
        finally:
            self._under_way -= 1
            self._seconds.observe(time.perf_counter() - began)
