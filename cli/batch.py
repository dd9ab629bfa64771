"""Runs what has an end, so that Ctrl-C ends it at once."""

import asyncio
import signal
from collections.abc import Coroutine
from types import FrameType
from typing import Any, TypeVar

Result = TypeVar("Result")


def run_batch(batch: Coroutine[Any, Any, Result]) -> Result:
    """Run to the end. Ctrl-C also interrupts a read that waits for input, which asyncio alone would wait for."""
    signal.signal(signal.SIGINT, _interrupt)
    return asyncio.run(batch)


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt
