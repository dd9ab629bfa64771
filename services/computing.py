"""Computing that would keep the event loop from its other work."""

import asyncio
import gc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final, ParamSpec, TypeVar

#: So many rows are computed on the event loop at the most; each takes a few tenths of a millisecond.
ROWS_ON_LOOP: Final = 10

#: Others in the process make garbage meanwhile, and what a batch waits for may not come.
MOST_SECONDS_UNCOLLECTED: Final = 1.0

Arguments = ParamSpec("Arguments")
Result = TypeVar("Result")


async def computed(
    rows: int, compute: Callable[Arguments, Result], *arguments: Arguments.args, **named: Arguments.kwargs
) -> Result:
    """Compute on the event loop, or on a thread where there is much of it; a hand-over costs less than a row.

    Args:
        rows: how many rows it is about.
        compute: what to do; it touches nothing that others change meanwhile.
        arguments: of `compute`.
        named: of `compute`, by name.
    """
    if rows <= ROWS_ON_LOOP:
        return compute(*arguments, **named)
    return await asyncio.to_thread(compute, *arguments, **named)


@contextmanager
def collecting_later() -> Iterator[None]:
    """Let the garbage collector wait until a batch is done, but for no longer than `MOST_SECONDS_UNCOLLECTED`.

    What a batch makes holds no cycles and goes by itself at its end. Looking for garbage among it, while all of it is
    in use, takes a tenth of the time of a large one.
    """
    if not gc.isenabled():
        yield  # another batch is under way, or the collector is not wanted at all
        return
    gc.disable()
    again = asyncio.get_running_loop().call_later(MOST_SECONDS_UNCOLLECTED, gc.enable)
    try:
        yield
    finally:
        again.cancel()
        gc.enable()
