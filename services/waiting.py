"""Waiting for the first of several things."""

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

Result = TypeVar("Result")


async def first_of(*waiting: Coroutine[Any, Any, object]) -> None:
    """Wait until one of them ends; the others are cancelled. What they raise is not asked for."""
    tasks = [asyncio.ensure_future(each) for each in waiting]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


async def unless(ended: asyncio.Event, doing: Coroutine[Any, Any, Result]) -> Result | None:
    """Wait for something, which is cancelled where `ended` is set first; the answer is None then."""
    task, ending = asyncio.ensure_future(doing), asyncio.ensure_future(ended.wait())
    try:
        await asyncio.wait({task, ending}, return_when=asyncio.FIRST_COMPLETED)
        return task.result() if task.done() else None
    finally:
        task.cancel()
        ending.cancel()
        await asyncio.gather(task, ending, return_exceptions=True)
