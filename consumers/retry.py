"""Repeats what fails only for now, until it works or nobody needs it any more."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final, TypeVar

from tenacity import AsyncRetrying, RetryCallState, retry_if_exception_type, wait_random_exponential

from consumers.errors import BrokerUnavailable, MessageTooLarge
from consumers.health import WorkerHealth
from services.stores.port.errors import ClaimLost, StoreUnavailable

T = TypeVar("T")

#: What waiting can help against: it comes back, or somebody changes a setting while we wait.
TRANSIENT: Final = (BrokerUnavailable, StoreUnavailable, MessageTooLarge, ClaimLost)
_FIRST_SECONDS: Final = 0.1
_LONGEST_SECONDS: Final = 10.0


class Retry:
    """Retries with growing pauses of random length, without limit, and says so to readiness."""

    def __init__(self, health: WorkerHealth, stopping: asyncio.Event) -> None:
        self._health = health
        self._stopping = stopping

    async def until_done(self, part: str, step: Callable[[], Awaitable[T]]) -> T:
        """Run `step` until it does not fail with one of `TRANSIENT`.

        Args:
            part: whose readiness it is while it fails.
            step: what to do; safe to do again.

        Raises:
            IdentityGraphError: what `step` raised last, where it will stay so or we are stopping.
        """

        def report(state: RetryCallState) -> None:
            error = state.outcome.exception() if state.outcome is not None else None
            self._health.report(part, str(error))

        retrying = AsyncRetrying(
            retry=retry_if_exception_type(TRANSIENT),
            wait=wait_random_exponential(multiplier=_FIRST_SECONDS, max=_LONGEST_SECONDS),
            stop=lambda _: self._stopping.is_set(),
            sleep=self._pause,
            before_sleep=report,
            reraise=True,
        )
        try:
            return await retrying(step)
        finally:
            self._health.clear(part)

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
