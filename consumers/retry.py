"""Repeats what fails only for now, until it works or nobody needs it any more."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final, TypeVar

from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception_type,
    retry_if_not_exception_type,
    wait_random_exponential,
)

from consumers.errors import BrokerRefused, BrokerUnavailable, LoginRefused, MessageTooLarge
from consumers.health import WorkerHealth
from services.stores.port.errors import ClaimLost, StoreDamaged, StoreUnavailable

T = TypeVar("T")

#: What waiting can help against: it comes back, or somebody changes a right or a setting, or mends it, while we wait.
TRANSIENT: Final = (
    BrokerUnavailable,
    LoginRefused,
    BrokerRefused,
    StoreUnavailable,
    StoreDamaged,
    MessageTooLarge,
    ClaimLost,
)
_FIRST_SECONDS: Final = 0.1
_LONGEST_SECONDS: Final = 10.0


class Retry:
    """Retries with growing pauses of random length, without limit, and says so to readiness."""

    def __init__(self, health: WorkerHealth, stopping: asyncio.Event) -> None:
        self._health = health
        self._stopping = stopping

    async def until_done(
        self, part: str, step: Callable[[], Awaitable[T]], *, gives_up_on: tuple[type[Exception], ...] = ()
    ) -> T:
        """Run `step` until it does not fail with one of `TRANSIENT`.

        Args:
            part: whose readiness it is while it fails.
            step: what to do; safe to do again.
            gives_up_on: what this step is not repeated after, although it is one of `TRANSIENT`.

        Raises:
            IdentityGraphError: what `step` raised last, where it will stay so or we are stopping.
        """

        def report(state: RetryCallState) -> None:
            error = state.outcome.exception() if state.outcome is not None else None
            if error is not None:
                self._health.fail(part, error)

        retrying = AsyncRetrying(
            retry=retry_if_exception_type(TRANSIENT) & retry_if_not_exception_type(gives_up_on),
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
