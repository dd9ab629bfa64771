"""Measures how long the event loop is kept from its work."""

import asyncio
import gc
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest


@dataclass
class LoopWatch:
    """What was seen of the loop."""

    lateness: list[float] = field(default_factory=list)  #: of timers of a millisecond, in seconds
    longest_call: float = 0.0  #: seconds of processor time, since others use the machine, too
    longest_called: str = ""

    @property
    def p99_lateness(self) -> float:
        """Only one timer of a hundred was later."""
        return sorted(self.lateness)[len(self.lateness) * 99 // 100]


@asynccontextmanager
async def watched_loop() -> AsyncIterator[LoopWatch]:
    """Watch the running loop inside the block."""
    watch = LoopWatch()
    run = asyncio.Handle._run

    def timed(handle: Any) -> None:  # noqa: ANN401 - of any kind
        started = time.thread_time()
        try:
            run(handle)
        finally:
            took = time.thread_time() - started
            if took > watch.longest_call:
                watch.longest_call, watch.longest_called = took, repr(handle)

    async def tick() -> None:
        while True:
            due = time.perf_counter() + 0.001
            try:
                await asyncio.sleep(0.001)
            finally:  # also when it is still waiting in the end
                watch.lateness.append(time.perf_counter() - due)

    gc.disable()  # it would look through all that other tests have left behind, in whichever call comes next
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(asyncio.Handle, "_run", timed)
        ticking = asyncio.create_task(tick())
        await asyncio.sleep(0)
        try:
            yield watch
        finally:
            ticking.cancel()
            await asyncio.gather(ticking, return_exceptions=True)
            gc.enable()
