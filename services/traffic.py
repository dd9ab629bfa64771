"""How much a store is asked, and how long it takes, whoever asks: shown with the figures of the process."""

import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

Answer = TypeVar("Answer")


class Traffic:
    """Requests of one store object, failed ones included."""

    def __init__(self) -> None:
        self.under_way = 0  #: requests that the store has not answered yet
        self._tell: Callable[[float], None] | None = None

    def tell(self, hears: Callable[[float], None]) -> None:
        """Tell of each request from now on how long it took, in seconds."""
        self._tell = hears

    async def timed(self, request: Awaitable[Answer]) -> Answer:
        """Await a request, and count it."""
        began = time.perf_counter()
        self.under_way += 1
        try:
            return await request
        finally:
            self.under_way -= 1
            if self._tell is not None:
                self._tell(time.perf_counter() - began)
