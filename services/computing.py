"""Computing that would keep the event loop from its other work."""

import asyncio
from collections.abc import Callable
from typing import Final, ParamSpec, TypeVar

#: So many rows are computed on the event loop at the most; each takes a few tenths of a millisecond.
ROWS_ON_LOOP: Final = 10

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
