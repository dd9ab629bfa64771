"""Repeats what fails only for now, until it works or nobody needs it any more."""

import asyncio
import random
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

        The first try is written by hand: nearly all steps need no other one, and are spared making the retries.

        Args:
            part: whose readiness it is while it fails.
            step: what to do; safe to do again.
            gives_up_on: what this step is not repeated after, although it is one of `TRANSIENT`.

        Raises:
            IdentityGraphError: what `step` raised last, where it will stay so or we are stopping.
        """
        try:
            return await step()
        except TRANSIENT as error:
            if self._stopping.is_set() or isinstance(error, gives_up_on):
                raise
            self._health.fail(part, error)
            return await self._again(part, step, gives_up_on)
        finally:
            self._health.clear(part)

    async def _again(self, part: str, step: Callable[[], Awaitable[T]], gives_up_on: tuple[type[Exception], ...]) -> T:
        """Wait a moment, and run `step` until it does not fail."""

        def report(state: RetryCallState) -> None:
            error = state.outcome.exception() if state.outcome is not None else None
            if error is not None:
                self._health.fail(part, error)

        retrying = AsyncRetrying(
            retry=retry_if_exception_type(TRANSIENT) & retry_if_not_exception_type(gives_up_on),
            wait=wait_random_exponential(multiplier=_FIRST_SECONDS, max=_LONGEST_SECONDS),
            stop=lambda _: self._stopping.is_set(),
            sleep=self.pause,
            before_sleep=report,
            reraise=True,
        )
        await self.pause(random.uniform(0, _FIRST_SECONDS))  # noqa: S311 - nothing is secret
        return await retrying(step)

    async def pause(self, seconds: float) -> None:
        """Wait so long, and no longer than until we are stopping."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopping.wait()
